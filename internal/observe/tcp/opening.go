package tcp

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/handsel-tls/handsel/internal/observe/packet"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// mostOpenings is how many segments of the three-way handshake are kept.
const mostOpenings = 8

// opening keeps the segments of the three-way handshake.
func (c *Conn) opening(from trace.Side, s *packet.Segment) {
	if c.confirmed || len(c.Opening) >= mostOpenings {
		return
	}
	if s.Flags&packet.SYN == 0 {
		if from != trace.Client || s.Flags&packet.ACK == 0 || !c.streams[trace.Server-1].syn {
			return
		}
		c.confirmed = true
	}
	o := Opening{
		From: from, Frame: s.Frame, Time: s.Time, Flags: s.Flags, Seq: s.Seq, Ack: s.Ack, Window: s.Window,
		Checksum: s.Checksum, Sum: s.Sum, Scale: -1,
	}
	o.Options = o.options(s.Options)
	c.Opening = append(c.Opening, o)
}

// The kinds of options. RFC 9293, section 3.2; RFC 7323; RFC 2018; RFC 7413.
const (
	optEnd, optNop, optMSS, optScale, optSACKPermitted, optSACK, optTimestamps, optFastOpen = 0, 1, 2, 3, 4, 5, 8, 34
)

// options reads the options, and gives them in words.
func (o *Opening) options(b []byte) string {
	var words []string
	for len(b) > 0 && b[0] != optEnd {
		if b[0] == optNop {
			b = b[1:]
			continue
		}
		if len(b) < 2 || b[1] < 2 || int(b[1]) > len(b) {
			words = append(words, "broken")
			break
		}
		kind, body := b[0], b[2:b[1]]
		b = b[b[1]:]
		switch {
		case kind == optMSS && len(body) == 2:
			o.MSS = binary.BigEndian.Uint16(body)
			words = append(words, fmt.Sprintf("mss %d", o.MSS))
		case kind == optScale && len(body) == 1:
			o.Scale = int8(min(body[0], 14)) // RFC 7323, section 2.3
			words = append(words, fmt.Sprintf("window scale %d", o.Scale))
		case kind == optSACKPermitted:
			words = append(words, "sack permitted")
		case kind == optSACK:
			words = append(words, "sack")
		case kind == optTimestamps:
			words = append(words, "timestamps")
		case kind == optFastOpen:
			words = append(words, "fast open")
		default:
			words = append(words, fmt.Sprintf("option %d", kind))
		}
	}
	return strings.Join(words, ", ")
}

// byID gives the connections in the order in which they began.
func byID(conns map[key]*Conn) []*Conn {
	list := make([]*Conn, 0, len(conns))
	for _, c := range conns {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b *Conn) int { return cmp.Compare(a.ID, b.ID) })
	return list
}
