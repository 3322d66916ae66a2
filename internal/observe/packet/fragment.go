package packet

import (
	"net/netip"
)

// Limits of what is kept of datagrams that are not whole.
const (
	maxDatagrams = 256
	maxParts     = 256             // of a datagram
	maxDatagram  = 65535           // bytes
	maxFragAge   = 60 * 1e9        // nanoseconds: RFC 8200, section 4.5
	maxFragBytes = 4 * 1024 * 1024 // of all
)

// A fragKey is what the fragments of a datagram share.
type fragKey struct {
	src, dst netip.Addr
	id       uint32
	proto    byte // of IPv4
}

// fragments are datagrams that are not whole.
type fragments struct {
	open  map[fragKey]*datagram
	bytes int // of their data
	begun int // datagrams so far
}

// A datagram is one that is not whole yet.
type datagram struct {
	number int  // in the order of their first fragments
	proto  byte // of the first fragment
	began  int64
	data   []byte
	total  int // 0: the last fragment has not come
	have   []span
	frames []int // that its parts came in
	bad    bool  // it was given up: what comes of it is passed over
}

// A span is a range of bytes, in their order and not touching each other.
type span struct{ from, to int }

// fragment takes a fragment, and goes on with the whole datagram if it was the
// last one that was missing. What has come first stands, where two overlap.
func (d *Decoder) fragment(key fragKey, e ends, proto byte, at int, more bool, b []byte, cut int) Kind {
	if cut > 0 && at == 0 && more && proto == protoTCP && len(b) >= 20 {
		// The rest can never be joined to it: what is there is shown as cut off.
		return d.transport(e, proto, b, cut)
	}
	if cut > 0 {
		d.Dropped++
		return Cut
	}
	if at+len(b) > maxDatagram || more && len(b)%8 != 0 || len(b) == 0 {
		return Malformed
	}
	g := d.frags.get(d, key)
	if g.bad {
		return Fragment
	}
	if g.frames = append(g.frames, d.p.Number); len(g.frames) > maxParts || d.frags.bytes > maxFragBytes {
		d.frags.giveUp(d, g)
		return Fragment
	}
	if at == 0 {
		g.proto = proto
	}
	if !more {
		g.total = at + len(b)
	}
	d.frags.bytes += g.add(at, b)
	if g.total == 0 || len(g.have) != 1 || g.have[0] != (span{0, g.total}) {
		return Fragment
	}
	d.frags.bytes -= cap(g.data)
	delete(d.frags.open, key)
	d.frames = g.frames
	return d.transport(e, g.proto, g.data[:g.total], 0)
}

// get gives the datagram of a key. It forgets what it has of it if that is too
// old, and the oldest of all if there are too many.
func (f *fragments) get(d *Decoder, key fragKey) *datagram {
	now := d.p.Time
	if g := f.open[key]; g != nil && now-g.began < maxFragAge && g.began-now < maxFragAge {
		return g
	} else if g != nil {
		f.forget(d, key, g)
	}
	if len(f.open) >= maxDatagrams {
		f.forgetOldest(d)
	}
	if f.open == nil {
		f.open = map[fragKey]*datagram{}
	}
	f.begun++
	g := &datagram{began: now, number: f.begun}
	f.open[key] = g
	return g
}

func (f *fragments) forgetOldest(d *Decoder) {
	var key fragKey
	var oldest *datagram
	for k, g := range f.open {
		if oldest == nil || g.number < oldest.number {
			key, oldest = k, g
		}
	}
	f.forget(d, key, oldest)
}

func (f *fragments) forget(d *Decoder, key fragKey, g *datagram) {
	if !g.bad {
		d.Dropped++
	}
	f.bytes -= cap(g.data)
	delete(f.open, key)
}

func (f *fragments) giveUp(d *Decoder, g *datagram) {
	d.Dropped++
	f.bytes -= cap(g.data)
	*g = datagram{began: g.began, number: g.number, bad: true}
}

// add puts bytes in their place, and gives by how many the memory has grown.
func (g *datagram) add(at int, b []byte) int {
	before := cap(g.data)
	end := at + len(b)
	if end > len(g.data) {
		g.data = append(g.data, make([]byte, end-len(g.data))...)
	}
	var have []span
	next := at // what is before it was dealt with
	for _, s := range g.have {
		if s.from > next && next < end {
			n := min(s.from, end)
			copy(g.data[next:n], b[next-at:])
		}
		if s.to > next && s.from < end {
			next = max(next, s.to)
		}
	}
	if next < end {
		copy(g.data[next:end], b[next-at:])
	}
	join := span{at, end}
	placed := false
	for _, s := range g.have {
		switch {
		case s.to < join.from:
			have = append(have, s)
		case s.from > join.to:
			if !placed {
				have, placed = append(have, join), true
			}
			have = append(have, s)
		default:
			join = span{min(s.from, join.from), max(s.to, join.to)}
		}
	}
	if !placed {
		have = append(have, join)
	}
	g.have = have
	return cap(g.data) - before
}
