package packet

import (
	"encoding/binary"
	"math"
	"net/netip"

	"github.com/handsel-tls/handsel/internal/observe/pcap"
)

// maxLayers is how many headers of tunnels and labels are taken off one frame.
const maxLayers = 16

// A Decoder takes frames apart. It keeps fragments of IP until they are whole.
// Use one for each source.
type Decoder struct {
	// NoSums leaves Segment.Sum to Segment.Verify.
	NoSums bool
	// Count has how many frames there were of each kind.
	Count [kinds]int
	// Tagged is how many frames had a tag of a VLAN.
	Tagged int
	// Strange is how many frames had a link layer that is not read, and which.
	Strange     int
	StrangeLink pcap.Link
	// Dropped is how many datagrams of IP were given up because fragments were
	// missing, cut or too many.
	Dropped int

	frags fragments
	vias  map[string]string

	// Of the frame at hand.
	p       *pcap.Packet
	s       *Segment
	u       *Datagram
	missing int // bytes of the frame that were not captured
	most    int // of them that IP can lack: the link layer may say how much it carries
	layers  int
	via     [96]byte
	viaLen  int
	frames  []int // that the fragments of the IP datagram at hand came in
}

// Decode takes p apart. It fills s if there is a TCP segment in it, or u if
// there is a UDP datagram, and says what it is. Everything in s is a view of
// p.Data, but for what came in fragments.
func (d *Decoder) Decode(p *pcap.Packet, s *Segment, u *Datagram) Kind {
	d.p, d.s, d.u = p, s, u
	d.missing = max(p.Length-len(p.Data), 0)
	d.layers, d.viaLen, d.frames, d.most = 0, 0, nil, math.MaxInt
	k := d.link(p.Link, p.Data)
	d.Count[k]++
	return k
}

// link takes the link layer off.
func (d *Decoder) link(l pcap.Link, b []byte) Kind {
	switch l {
	case pcap.LinkEthernet:
		return d.ethernet(b)
	case pcap.LinkRaw, pcap.LinkRawOld1, pcap.LinkRawOld2, pcap.LinkIPv4, pcap.LinkIPv6:
		return d.ip(b)
	case pcap.LinkNull, pcap.LinkLoop:
		return d.family(b)
	case pcap.LinkSLL:
		if len(b) < 16 {
			return Cut
		}
		d.countTag(b[14:])
		return d.etherType(binary.BigEndian.Uint16(b[14:]), b[16:])
	case pcap.LinkSLL2:
		if len(b) < 20 {
			return Cut
		}
		d.countTag(b)
		return d.etherType(binary.BigEndian.Uint16(b), b[20:])
	case pcap.LinkPPP, pcap.LinkPPPHDLC:
		return d.ppp(b)
	}
	d.Strange++
	d.StrangeLink = l
	return Other
}

// ethernet takes destination, source (6 bytes each) and type (2) off.
func (d *Decoder) ethernet(b []byte) Kind {
	if len(b) < 14 {
		return Cut
	}
	t := binary.BigEndian.Uint16(b[12:])
	if t == etherIPv4 {
		return d.ipv4(b[14:])
	}
	if d.viaLen == 0 {
		d.countTag(b[12:])
	}
	return d.etherType(t, b[14:])
}

func (d *Decoder) countTag(b []byte) {
	switch binary.BigEndian.Uint16(b) {
	case etherVLAN, etherQinQ, etherQinQOld:
		d.Tagged++
	}
}

// ip looks at the version.
func (d *Decoder) ip(b []byte) Kind {
	if len(b) == 0 {
		return Cut
	}
	switch b[0] >> 4 {
	case 4:
		return d.ipv4(b)
	case 6:
		return d.ipv6(b)
	}
	return Other
}

// Numbers of the protocols that IP carries.
const (
	protoHopByHop = 0
	protoIPv4     = 4
	protoTCP      = 6
	protoUDP      = 17
	protoIPv6     = 41
	protoRouting  = 43
	protoFragment = 44
	protoGRE      = 47
	protoAuth     = 51
	protoDest     = 60
	protoMobility = 135
	protoHIP      = 139
	protoShim6    = 140
)

// An address pair as it came from IP, with what the checksums need of it.
type ends struct {
	src, dst netip.Addr
	pseudo   uint64 // sum of the pseudo-header without protocol and length
	id       uint16
	ttl      uint8
}

// ipv4 reads the header of RFC 791.
func (d *Decoder) ipv4(b []byte) Kind {
	if len(b) < 20 {
		return Cut
	}
	header := int(b[0]&15) * 4
	if b[0]>>4 != 4 || header < 20 {
		return Malformed
	}
	if len(b) < header {
		return Cut
	}
	total := int(binary.BigEndian.Uint16(b[2:]))
	if total < header && total != 0 {
		return Malformed
	}
	b, cut := d.within(b, total)
	e := ends{
		netip.AddrFrom4([4]byte(b[12:16])), netip.AddrFrom4([4]byte(b[16:20])),
		uint64(binary.BigEndian.Uint32(b[12:])) + uint64(binary.BigEndian.Uint32(b[16:])),
		binary.BigEndian.Uint16(b[4:]), b[8],
	}
	if part := binary.BigEndian.Uint16(b[6:]); part&0x3fff != 0 { // more fragments, or not the first
		key := fragKey{e.src, e.dst, uint32(e.id), b[9]}
		return d.fragment(key, e, b[9], int(part&0x1fff)*8, part&0x2000 != 0, b[header:], cut)
	}
	return d.transport(e, b[9], b[header:], cut)
}

// within cuts b to the length that a header of IP gives, which takes the
// padding of the link layer off. A length of 0 is that of a segment that a
// network card has still to cut: it is as long as the frame. The second result
// is how many bytes of it were not captured.
func (d *Decoder) within(b []byte, length int) ([]byte, int) {
	if length == 0 {
		return b, d.missing
	}
	if length <= len(b) {
		return b[:length], 0
	}
	return b, min(length-len(b), d.most)
}

// ipv6 reads the header of RFC 8200.
func (d *Decoder) ipv6(b []byte) Kind {
	if len(b) < 40 {
		return Cut
	}
	if b[0]>>4 != 6 {
		return Malformed
	}
	length := int(binary.BigEndian.Uint16(b[4:]))
	if length > 0 {
		length += 40
	}
	b, cut := d.within(b, length)
	e := ends{netip.AddrFrom16([16]byte(b[8:24])), netip.AddrFrom16([16]byte(b[24:40])), words(b[8:40]), 0, b[7]}
	return d.extensions(e, b[6], b[40:], cut)
}

// extensions reads the extension headers of IPv6. RFC 8200, section 4.
func (d *Decoder) extensions(e ends, next byte, b []byte, cut int) Kind {
	for range maxLayers {
		var n int
		switch next {
		case protoHopByHop, protoRouting, protoDest, protoMobility, protoHIP, protoShim6:
			if len(b) < 8 {
				return short(cut)
			}
			n = 8 + int(b[1])*8
		case protoFragment:
			if len(b) < 8 {
				return short(cut)
			}
			part := binary.BigEndian.Uint16(b[2:])
			if part&^6 == 0 { // the only one
				next, b = b[0], b[8:]
				continue
			}
			key := fragKey{e.src, e.dst, binary.BigEndian.Uint32(b[4:]), 0}
			return d.fragment(key, e, b[0], int(part&^7), part&1 != 0, b[8:], cut)
		default:
			return d.transport(e, next, b, cut)
		}
		if len(b) < n {
			return short(cut)
		}
		if next == protoRouting {
			e.route(b[:n])
		}
		next, b = b[0], b[n:]
	}
	return Malformed
}

// route puts the last address of a routing header that is not worked off yet
// into the sum: the checksum is over that. RFC 8200, section 8.1.
func (e *ends) route(b []byte) {
	if b[3] == 0 || len(b) < 24 {
		return
	}
	last := b[len(b)-16:]
	if b[2] == 4 { // segment routing has the addresses from the last to the first: RFC 8754, section 2
		last = b[8:24]
	}
	src, dst := e.src.As16(), [16]byte(last)
	e.pseudo = words(src[:]) + words(dst[:])
}

// short says why a header is not whole: the capture has cut it off, or it
// contradicts the header before it.
func short(cut int) Kind {
	if cut > 0 {
		return Cut
	}
	return Malformed
}

// transport reads what IP carries.
func (d *Decoder) transport(e ends, proto byte, b []byte, cut int) Kind {
	switch proto {
	case protoTCP:
		return d.tcp(e, b, cut)
	case protoUDP:
		return d.udp(e, b, cut)
	case protoAuth: // next header 1 byte, length in words less 2. RFC 4302, section 2
		if len(b) < 12 || len(b) < int(b[1])*4+8 {
			return short(cut)
		}
		if !d.deeper() {
			return Malformed
		}
		return d.transport(e, b[0], b[int(b[1])*4+8:], cut)
	}
	d.missing = cut
	return d.tunnel(proto, b)
}

// tcp reads the header of RFC 9293, section 3.1.
func (d *Decoder) tcp(e ends, b []byte, cut int) Kind {
	if len(b) < 20 {
		return short(cut)
	}
	header := int(b[12]>>4) * 4
	if header < 20 {
		return Malformed
	}
	if len(b) < header {
		return short(cut)
	}
	s := d.s
	s.Frame, s.Time = d.p.Number, d.p.Time
	s.Src = netip.AddrPortFrom(e.src, binary.BigEndian.Uint16(b))
	s.Dst = netip.AddrPortFrom(e.dst, binary.BigEndian.Uint16(b[2:]))
	s.Seq, s.Ack = binary.BigEndian.Uint32(b[4:]), binary.BigEndian.Uint32(b[8:])
	s.Flags = Flags(b[13])
	s.Window, s.Checksum = binary.BigEndian.Uint16(b[14:]), binary.BigEndian.Uint16(b[16:])
	s.ID, s.TTL = e.id, e.ttl
	s.Options, s.Payload = b[20:header:header], b[header:len(b):len(b)]
	s.Snapped, s.Frames = cut, d.frames
	s.Via, s.Comment = d.viaText(), d.p.Comment
	s.whole, s.pseudo, s.Sum = b, e.pseudo+protoTCP, SumUnknown
	if !d.NoSums {
		s.Verify()
	}
	return TCP
}

// udp reads the header of RFC 768.
func (d *Decoder) udp(e ends, b []byte, cut int) Kind {
	if len(b) < 8 {
		return short(cut)
	}
	src, dst := binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
	if n := int(binary.BigEndian.Uint16(b[4:])); n >= 8 && n < len(b) {
		b, cut = b[:n], 0
	} else if n > 0 && n < 8 {
		return Malformed
	}
	if k := d.udpTunnel(dst, b[8:], cut); k != Other {
		return k
	}
	u := d.u
	u.Frame, u.Time = d.p.Number, d.p.Time
	u.Src, u.Dst = netip.AddrPortFrom(e.src, src), netip.AddrPortFrom(e.dst, dst)
	u.Payload, u.Via = b[8:len(b):len(b)], d.viaText()
	return UDP
}
