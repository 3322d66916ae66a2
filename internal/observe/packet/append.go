package packet

import (
	"encoding/binary"
	"net/netip"

	"github.com/handsel-tls/handsel/internal/observe/pcap"
)

// Append appends the frame of a segment, for tests and for captures of
// connections that were never on a wire: Ethernet for pcap.LinkEthernet, else
// the bare packet of IP. Addresses, ports, numbers, flags, window, ID, TTL (64 if
// it is 0), options (whose length is a multiple of 4 bytes) and payload are those
// of s; the checksums are right. Via and Frames are not looked at.
func (s *Segment) Append(b []byte, link pcap.Link) []byte {
	six := !s.Src.Addr().Unmap().Is4()
	if link == pcap.LinkEthernet {
		b = append(b, 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0)
		if six {
			binary.BigEndian.PutUint16(b[len(b)-2:], etherIPv6)
		}
	}
	length := 20 + len(s.Options) + len(s.Payload)
	if six {
		b = append(b, 0x60, 0, 0, 0)
		b = binary.BigEndian.AppendUint16(b, uint16(length))
		b = append(b, protoTCP, s.hops())
	} else {
		header := len(b)
		b = append(b, 0x45, 0)
		b = binary.BigEndian.AppendUint16(b, uint16(length+20))
		b = binary.BigEndian.AppendUint16(b, s.ID)
		b = append(b, 0x40, 0, s.hops(), protoTCP, 0, 0)
		defer func() { binary.BigEndian.PutUint16(b[header+10:], ^fold(words(b[header:header+20]))) }()
	}
	b = appendAddress(b, s.Src.Addr())
	b = appendAddress(b, s.Dst.Addr())
	n := 8
	if six {
		n = 32
	}
	pseudo := words(b[len(b)-n:]) + protoTCP + uint64(length)
	at := len(b)
	b = binary.BigEndian.AppendUint16(b, s.Src.Port())
	b = binary.BigEndian.AppendUint16(b, s.Dst.Port())
	b = binary.BigEndian.AppendUint32(b, s.Seq)
	b = binary.BigEndian.AppendUint32(b, s.Ack)
	b = append(b, byte(20+len(s.Options))<<2, byte(s.Flags))
	b = binary.BigEndian.AppendUint16(b, s.Window)
	b = append(b, 0, 0, 0, 0)
	b = append(b, s.Options...)
	b = append(b, s.Payload...)
	binary.BigEndian.PutUint16(b[at+16:], ^fold(pseudo+words(b[at:])))
	return b
}

func (s *Segment) hops() uint8 {
	if s.TTL == 0 {
		return 64
	}
	return s.TTL
}

func appendAddress(b []byte, a netip.Addr) []byte {
	return append(b, a.Unmap().AsSlice()...)
}
