// Package synth makes captures of TCP connections that were never on a wire:
// out of what the two sides say it makes the packets that would have carried it.
// Tests and benchmarks read them.
package synth

import (
	"encoding/binary"
	"net/netip"

	"github.com/handsel-tls/handsel/internal/observe/packet"
	"github.com/handsel-tls/handsel/internal/observe/pcap"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// A Conn is a connection. Its fields may be set before the first call, and
// changed between calls.
type Conn struct {
	Client, Server netip.AddrPort
	Link           pcap.Link             // pcap.LinkEthernet or pcap.LinkRaw
	Time           int64                 // of the next packet, in nanoseconds since 1970
	Step           int64                 // what Time grows by with each packet
	MSS            int                   // most bytes of a segment
	Delayed        bool                  // the receiver acknowledges with its own data or when the other side stops, not each segment
	Seq            [2]uint32             // of the next byte of either side, by trace.Side-1
	Packet         func(*pcap.Packet)    // gets the packets; what it gets is valid during the call only
	Change         func(*packet.Segment) // may change a segment before it becomes a packet; nil: none

	number  int
	buf     []byte
	payload packet.Segment
}

// New gives a connection over Ethernet with segments of 1460 bytes, one in 10
// microseconds.
func New(client, server string, each func(*pcap.Packet)) *Conn {
	return &Conn{
		Client: netip.MustParseAddrPort(client), Server: netip.MustParseAddrPort(server),
		Link: pcap.LinkEthernet, Time: 1_780_000_000e9, Step: 10_000, MSS: 1460,
		Seq: [2]uint32{1_000_000, 2_000_000}, Packet: each,
	}
}

// Open is the three-way handshake.
func (c *Conn) Open() {
	c.Segment(trace.Client, packet.SYN, nil)
	c.Segment(trace.Server, packet.SYN|packet.ACK, nil)
	c.Segment(trace.Client, packet.ACK, nil)
}

// Send sends bytes, and has the other side acknowledge them.
func (c *Conn) Send(from trace.Side, b []byte) {
	for len(b) > 0 {
		n := min(len(b), c.MSS)
		flags := packet.ACK
		if n == len(b) {
			flags |= packet.PSH
		}
		c.Segment(from, flags, b[:n])
		b = b[n:]
		if !c.Delayed {
			c.Segment(from.Other(), packet.ACK, nil)
		}
	}
}

// Close closes the connection; from begins.
func (c *Conn) Close(from trace.Side) {
	c.Segment(from, packet.FIN|packet.ACK, nil)
	c.Segment(from.Other(), packet.FIN|packet.ACK, nil)
	c.Segment(from, packet.ACK, nil)
}

// Reset breaks the connection off.
func (c *Conn) Reset(from trace.Side) { c.Segment(from, packet.RST|packet.ACK, nil) }

// Segment sends one segment with the next sequence number.
func (c *Conn) Segment(from trace.Side, flags packet.Flags, payload []byte) {
	s := &c.payload
	*s = packet.Segment{Src: c.Client, Dst: c.Server, Seq: c.Seq[from-1], Flags: flags, Window: 64240, Payload: payload}
	if from == trace.Server {
		s.Src, s.Dst = c.Server, c.Client
	}
	if flags&packet.ACK != 0 {
		s.Ack = c.Seq[from.Other()-1]
	}
	if flags&packet.SYN != 0 {
		options := [8]byte{2, 4, 0, 0, 1, 3, 3, 7} // MSS, and a window scaled by 7
		binary.BigEndian.PutUint16(options[2:], uint16(c.MSS))
		s.Options = options[:]
	}
	c.Seq[from-1] += uint32(len(payload))
	if flags&(packet.SYN|packet.FIN) != 0 {
		c.Seq[from-1]++
	}
	if c.Change != nil {
		c.Change(s)
	}
	c.Emit(s)
}

// Emit makes a packet of a segment as it is.
func (c *Conn) Emit(s *packet.Segment) {
	c.buf = s.Append(c.buf[:0], c.Link)
	c.number++
	c.Packet(&pcap.Packet{Number: c.number, Time: c.Time, Link: c.Link, Length: len(c.buf), Data: c.buf})
	c.Time += c.Step
}
