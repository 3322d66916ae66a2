package tcp

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strconv"

	"github.com/handsel-tls/handsel/internal/observe/packet"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// mostOpenings is how many segments of the three-way handshake are kept.
const mostOpenings = 8

// opening keeps the segments of the three-way handshake.
func (c *Conn) opening(t *Table, from trace.Side, s *packet.Segment) {
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
	o.Options = t.words(o.options(t.text[:0], s.Options))
	if c.Opening == nil {
		c.Opening = make([]Opening, 0, 3)
	}
	c.Opening = append(c.Opening, o)
}

// The kinds of options. RFC 9293, section 3.2; RFC 7323; RFC 2018; RFC 7413.
const (
	optEnd, optNop, optMSS, optScale, optSACKPermitted, optSACK, optTimestamps, optFastOpen = 0, 1, 2, 3, 4, 5, 8, 34
)

// options reads the options, and appends them in words.
func (o *Opening) options(text, b []byte) []byte {
	for len(b) > 0 && b[0] != optEnd {
		if b[0] == optNop {
			b = b[1:]
			continue
		}
		if len(text) > 0 {
			text = append(text, ", "...)
		}
		if len(b) < 2 || b[1] < 2 || int(b[1]) > len(b) {
			return append(text, "broken"...)
		}
		kind, body := b[0], b[2:b[1]]
		b = b[b[1]:]
		switch {
		case kind == optMSS && len(body) == 2:
			o.MSS = binary.BigEndian.Uint16(body)
			text = strconv.AppendUint(append(text, "mss "...), uint64(o.MSS), 10)
		case kind == optScale && len(body) == 1:
			o.Scale = int8(min(body[0], 14)) // RFC 7323, section 2.3
			text = strconv.AppendInt(append(text, "window scale "...), int64(o.Scale), 10)
		case kind == optSACKPermitted:
			text = append(text, "sack permitted"...)
		case kind == optSACK:
			text = append(text, "sack"...)
		case kind == optTimestamps:
			text = append(text, "timestamps"...)
		case kind == optFastOpen:
			text = append(text, "fast open"...)
		default:
			text = strconv.AppendUint(append(text, "option "...), uint64(kind), 10)
		}
	}
	return text
}

// words gives a text as a string, the same one for the same text: hosts have the
// same options in every connection.
func (t *Table) words(text []byte) string {
	t.text = text
	if s, ok := t.texts[string(text)]; ok {
		return s
	}
	s := string(text)
	if len(t.texts) < mostTexts {
		t.texts[s] = s
	}
	return s
}

// mostTexts is how many texts are kept.
const mostTexts = 1024

// byID gives the connections in the order in which they began.
func byID(conns map[key]*Conn) []*Conn {
	list := make([]*Conn, 0, len(conns))
	for _, c := range conns {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b *Conn) int { return cmp.Compare(a.ID, b.ID) })
	return list
}
