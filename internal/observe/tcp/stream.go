package tcp

import (
	"bytes"
	"slices"

	"github.com/handsel-tls/handsel/internal/observe/packet"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// A stream is the bytes of one side, put in order.
type stream struct {
	started bool   // next is known
	syn     bool   // the SYN came
	first   uint32 // its sequence number
	next    uint32 // of the byte that comes next
	offset  int64  // of that byte
	highest uint32 // sequence number after the last byte that was seen
	fin     bool   // the FIN came
	finAt   uint32 // its sequence number
	done    bool   // all bytes up to it were delivered
	taken   bool   // the other side has acknowledged it

	waiting []piece // what came too early, by sequence number; they do not overlap
	held    int     // bytes of it
	heard   uint32  // the highest number that the other side has acknowledged, if it has any
	hears   bool    // it has
	acked   int     // segments since the other side acknowledged what is missing; 0: it has not
}

// A piece is bytes that wait for others.
type piece struct {
	seq     uint32
	data    []byte
	snapped int
	frame   int
	time    int64
}

func (p *piece) end() uint32 { return p.seq + uint32(p.length()) }

const (
	// farthest is how far a segment may be from where the stream is.
	farthest = 1 << 26
	// patience is how many segments of a connection are waited for once the
	// other side has acknowledged what is missing: the capture may have put the
	// acknowledgement first.
	patience = 16
)

// after gives how many bytes a comes after b, less than 0 if before. RFC 9293,
// section 3.4.
func after(a, b uint32) int32 { return int32(a - b) }

// add takes a segment of a side.
func (c *Conn) add(t *Table, from trace.Side, s *packet.Segment) {
	side, st := c.Of(from), &c.streams[from-1]
	side.Segments++
	if s.Sum == packet.SumWrong {
		side.WrongSums++
	}
	c.opening(t, from, s)
	seq := s.Seq
	if s.Flags&packet.SYN != 0 {
		if !st.syn && !st.started || st.first != seq && !c.confirmed && st.offset == 0 && len(st.waiting) == 0 {
			*st = stream{started: true, syn: true, first: seq, next: seq + 1, highest: seq + 1}
		} else if st.syn && st.first == seq {
			side.Retransmitted++
		}
		seq++
	}
	if s.Flags&packet.RST != 0 {
		if side.Rst == 0 {
			side.Rst = s.Frame
		}
		return // what it carries is not data (RFC 9293, section 3.5.3)
	}
	length := len(s.Payload) + s.Snapped
	if !st.started && (length > 0 || s.Flags&packet.FIN != 0 || !c.Guessed) { // the SYN of this side was not captured
		*st = stream{started: true, first: seq - 1, next: seq, highest: seq}
	}
	if s.Flags&packet.ACK != 0 {
		c.acknowledged(t, from.Other(), s)
		other := &c.streams[from.Other()-1]
		other.taken = other.taken || other.fin && after(s.Ack, other.finAt) == 1
	}
	if !st.started {
		return
	}
	if s.Flags&packet.FIN != 0 {
		if side.Fin == 0 {
			side.Fin = s.Frame
			st.fin, st.finAt = true, seq+uint32(length)
		} else if length == 0 && seq == st.finAt {
			side.Retransmitted++
		}
	}
	if length > 0 {
		c.data(t, from, s, seq)
	}
	c.settle(st)
}

// settle looks whether all bytes up to the FIN are there.
func (c *Conn) settle(st *stream) {
	st.done = st.fin && after(st.next, st.finAt) >= 0
}

// data puts the bytes of a segment in their place.
func (c *Conn) data(t *Table, from trace.Side, s *packet.Segment, seq uint32) {
	side, st := c.Of(from), &c.streams[from-1]
	p := piece{seq: seq, data: s.Payload, snapped: s.Snapped, frame: s.Frame, time: s.Time}
	switch d := after(seq, st.next); {
	case d > farthest || d < -farthest:
		side.Strange++
		return
	case len(p.data)+p.snapped <= 1 && d == -1:
		side.KeepAlives++
		return
	case after(p.end(), st.next) <= 0:
		side.Retransmitted++
		return
	case after(seq, st.highest) < 0 && len(st.waiting) > 0 && !st.has(seq, p.end()):
		side.Reordered++
	}
	if after(p.end(), st.highest) > 0 {
		st.highest = p.end()
	}
	if after(seq, st.next) > 0 {
		c.wait(t, from, p)
		return
	}
	c.deliver(t, from, p)
	c.drain(t, from)
}

// has reports whether all of the bytes wait already.
func (st *stream) has(from, to uint32) bool {
	return slices.ContainsFunc(st.waiting, func(p piece) bool { return after(from, p.seq) >= 0 && after(to, p.end()) <= 0 })
}

// reached reports whether the other side has all bytes before a sequence number.
func (st *stream) reached(seq uint32) bool { return st.hears && after(st.heard, seq) >= 0 }

// deliver hands on a piece that begins where the stream is, or before.
func (c *Conn) deliver(t *Table, from trace.Side, p piece) {
	side, st := c.Of(from), &c.streams[from-1]
	if after(p.seq, st.next) < 0 {
		side.Overlaps++
		p = p.since(st.next)
	}
	at := Chunk{p.frame, p.time, st.offset}
	if n := len(p.data); n > 0 {
		side.Bytes += int64(n)
		st.next += uint32(n)
		st.offset += int64(n)
		turned := c.turned
		t.handler.Data(c, from, p.data, at)
		if c.turned != turned { // the sides were exchanged meanwhile
			from = from.Other()
			side, st = c.Of(from), &c.streams[from-1]
		}
	}
	if n := int64(p.snapped); n > 0 {
		at.Offset = st.offset
		side.Snapped += n
		st.next += uint32(n)
		st.offset += n
		t.handler.Gap(c, from, n, true, at)
	}
}

// drain delivers what has waited for what came.
func (c *Conn) drain(t *Table, from trace.Side) {
	turned := c.turned
	for {
		if c.turned != turned {
			from, turned = from.Other(), c.turned
		}
		st := &c.streams[from-1]
		if len(st.waiting) == 0 || after(st.waiting[0].seq, st.next) > 0 {
			if len(st.waiting) == 0 {
				st.acked = 0
			}
			return
		}
		p := st.waiting[0]
		st.waiting = slices.Delete(st.waiting, 0, 1)
		st.held -= len(p.data)
		if after(p.end(), st.next) > 0 {
			c.deliver(t, from, p)
		}
	}
}

// wait keeps what is new of a piece that came too early: the first bytes stand.
func (c *Conn) wait(t *Table, from trace.Side, p piece) {
	side, st := c.Of(from), &c.streams[from-1]
	overlaps, fresh, conflicts := false, false, false
	i := 0
	for ; i < len(st.waiting) && p.length() > 0; i++ {
		w := &st.waiting[i]
		if after(w.end(), p.seq) <= 0 {
			continue
		}
		if after(p.end(), w.seq) <= 0 {
			break
		}
		overlaps = true
		conflicts = conflicts || p.differs(w)
		end := w.end()
		if before := p.until(w.seq); before.length() > 0 {
			fresh = true
			st.insert(i, before)
			i++
		}
		p = p.since(end)
	}
	if p.length() > 0 {
		fresh = true
		st.insert(i, p)
	}
	switch {
	case conflicts:
		side.Conflicts++
		side.Overlaps++
	case overlaps && fresh:
		side.Overlaps++
	case overlaps:
		side.Retransmitted++
	}
	for st := &c.streams[from-1]; st.held > t.limits.Waiting || len(st.waiting) > t.limits.Waiting/64; st = &c.streams[from-1] {
		c.skip(t, from)
	}
}

func (p *piece) length() int { return len(p.data) + p.snapped }

// until gives the bytes of the piece before a sequence number.
func (p piece) until(seq uint32) piece {
	n := max(0, int(after(seq, p.seq)))
	p.snapped = max(0, min(p.snapped, n-len(p.data)))
	p.data = p.data[:min(n, len(p.data))]
	return p
}

// since gives the bytes of the piece from a sequence number on.
func (p piece) since(seq uint32) piece {
	n := int(after(seq, p.seq))
	if n <= 0 {
		return p
	}
	if n >= p.length() {
		return piece{seq: seq}
	}
	if n > len(p.data) {
		p.snapped -= n - len(p.data)
		n = len(p.data)
	}
	p.data, p.seq = p.data[n:], seq
	return p
}

// differs reports whether two pieces that overlap do so with other bytes.
func (p *piece) differs(w *piece) bool {
	start := max(after(p.seq, w.seq), 0)
	a, b := p.since(w.seq).data, w.data
	if int(start) > len(b) {
		return false
	}
	b = b[start:]
	n := min(len(a), len(b))
	return !bytes.Equal(a[:n], b[:n])
}

// insert keeps a copy of a piece.
func (st *stream) insert(i int, p piece) {
	if len(p.data)+p.snapped == 0 {
		return
	}
	p.data = bytes.Clone(p.data)
	st.held += len(p.data)
	st.waiting = slices.Insert(st.waiting, i, p)
}

// acknowledged notes what the other side has received: if bytes of it are
// missing, they were not captured.
func (c *Conn) acknowledged(t *Table, of trace.Side, s *packet.Segment) {
	st := &c.streams[of-1]
	if !st.hears || after(s.Ack, st.heard) > 0 {
		st.heard, st.hears = s.Ack, true
	}
	if !st.started || len(st.waiting) == 0 {
		return
	}
	if st.acked == 0 && after(s.Ack, st.waiting[0].seq) < 0 {
		return
	}
	if st.acked++; st.acked > patience {
		c.skip(t, of)
		c.settle(&c.streams[of-1])
	}
}

// skip gives up what is missing before the first piece that waits.
func (c *Conn) skip(t *Table, from trace.Side) {
	side, st := c.Of(from), &c.streams[from-1]
	if len(st.waiting) == 0 {
		return
	}
	p := &st.waiting[0]
	n := int64(after(p.seq, st.next))
	at := Chunk{p.frame, p.time, st.offset}
	side.Lost += n
	taken := st.reached(p.seq)
	st.next, st.offset, st.acked = p.seq, st.offset+n, 0
	t.handler.Gap(c, from, n, taken, at)
	c.drain(t, from)
}

// giveUp delivers all that waits, and tells of what is missing at the end: up to the
// FIN, or to what the other side has acknowledged.
func (c *Conn) giveUp(t *Table, from trace.Side) {
	for len(c.streams[from-1].waiting) > 0 {
		c.skip(t, from)
	}
	st := &c.streams[from-1]
	end := st.next
	switch {
	case st.fin:
		end = st.finAt
	case st.started && st.hears && after(st.heard, st.next) > 1: // one may be a FIN
		end = st.heard
	}
	if missing := int64(after(end, st.next)); missing > 0 && missing < farthest {
		c.Of(from).Lost += missing
		t.handler.Gap(c, from, missing, st.reached(end), Chunk{c.Of(from).Fin, c.Last, st.offset})
		st.next, st.offset = end, st.offset+missing
	}
}
