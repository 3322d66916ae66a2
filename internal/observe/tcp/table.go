package tcp

import (
	"net/netip"
	"slices"
	"time"

	"github.com/handsel-tls/handsel/internal/observe/packet"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// Limits bound what a Table keeps. The zero value stands for the defaults.
type Limits struct {
	Conns   int           // that are open at a time; 0: 30,000
	Quiet   int           // of them, those in which nothing was said yet, as in a flood of SYN; 0: a fifth
	Waiting int           // bytes of a side that came before others; 0: 1 MiB
	Idle    time.Duration // after which a connection counts as silent; 0: 10 minutes
}

const (
	defaultConns   = 30_000
	defaultWaiting = 1 << 20
	defaultIdle    = 10 * time.Minute

	// mostComments is how many comments of a connection are kept.
	mostComments = 16
	// linger is for how long a connection is kept that was closed or reset: what
	// the other side had sent may come later.
	linger = int64(time.Second)
	// remembered is for how long a connection that is over is.
	remembered = int64(5 * time.Minute)
	// recent is how many connections that are over are remembered, so that a
	// late segment of one does not look like a new connection.
	recent = 4096
)

// A Table follows connections. It is for one goroutine.
type Table struct {
	limits  Limits
	handler Handler
	conns   map[key]*Conn
	quiet   queue // in which nothing was said yet
	talking queue // the others
	capped  int
	ending  []*Conn // that are over soon, in the order of finalAt
	next    int     // ID
	clock   clock
	over    map[key]past // connections that are over
	ring    [recent]key  // keys of over, the oldest at at
	at      int
	late    int
	texts   map[string]string // options in words
	text    []byte            // room for one
}

// past is a connection that is over: until when its late segments are left out.
type past struct {
	until int64
	id    int
}

// A key is both ends of a connection, the lower one first.
type key struct{ a, b netip.AddrPort }

// NewTable makes a table that tells h what it sees.
func NewTable(h Handler, l Limits) *Table {
	if l.Conns == 0 {
		l.Conns = defaultConns
	}
	if l.Quiet == 0 {
		l.Quiet = max(l.Conns/5, 1)
	}
	if l.Waiting == 0 {
		l.Waiting = defaultWaiting
	}
	if l.Idle == 0 {
		l.Idle = defaultIdle
	}
	return &Table{limits: l, handler: h, conns: make(map[key]*Conn), over: make(map[key]past), texts: make(map[string]string)}
}

// Late gives how many segments came for connections that were over.
func (t *Table) Late() int { return t.late }

// Capped gives how many connections were given up because too many were open.
func (t *Table) Capped() int { return t.capped }

// Limits gives what bounds the table.
func (t *Table) Limits() Limits { return t.limits }

// Len gives how many connections are followed now.
func (t *Table) Len() int { return len(t.conns) }

// Add takes the next segment of the capture and gives the ID of its connection,
// -1 if it has none. What is handed to the Handler meanwhile changes no IDs: the
// same capture gives the same ones.
func (t *Table) Add(s *packet.Segment) int {
	if s.Src == s.Dst {
		return -1
	}
	if t.clock.tick(s.Time) {
		t.jumped()
	}
	t.expire()
	k, swapped := key{s.Src, s.Dst}, false
	if s.Src.Compare(s.Dst) > 0 {
		k, swapped = key{s.Dst, s.Src}, true
	}
	opens := s.Flags&(packet.SYN|packet.ACK) == packet.SYN
	c := t.conns[k]
	if c != nil && opens && !c.repeatsSYN(s, swapped) {
		t.finish(c, Reused)
		c = nil
	}
	if c == nil {
		if p, ok := t.over[k]; ok && !opens && t.clock.now <= p.until {
			t.late++
			return p.id
		}
		c = t.open(k, swapped, s)
	} else {
		c.in.touch(c)
	}
	c.Last, c.heard = max(c.Last, s.Time), t.clock.now
	if s.Comment != "" && len(c.Comments) < mostComments {
		c.Comments = append(c.Comments, Comment{s.Frame, s.Time, s.Comment})
	}
	from := c.side(swapped)
	c.add(t, from, s)
	if c.in == &t.quiet && c.streams[0].offset+c.streams[1].offset > 0 {
		t.quiet.remove(c)
		t.talking.append(c)
	}
	t.closing(c, from, s)
	return c.ID
}

// jumped brings what came since the clock should have gone on to its time.
func (t *Table) jumped() {
	for _, q := range [...]*queue{&t.quiet, &t.talking} {
		for c := q.newest; c != nil && !far(c.Last-t.clock.last); c = c.older {
			c.heard = t.clock.now
		}
	}
	for _, c := range slices.Backward(t.ending) {
		if far(c.End.Time - t.clock.last) {
			break
		}
		c.finalAt = t.clock.now + linger
	}
}

// Pass lets time pass without a segment, in a live capture: what is over is told of.
func (t *Table) Pass(d time.Duration) {
	t.clock.pass(int64(d))
	t.expire()
}

// side gives the side that has sent a segment.
func (c *Conn) side(swapped bool) trace.Side {
	if swapped == c.turned {
		return trace.Client
	}
	return trace.Server
}

// open begins a connection with its first segment.
func (t *Table) open(k key, swapped bool, s *packet.Segment) *Conn {
	switch {
	case t.quiet.n >= t.limits.Quiet, len(t.conns) >= t.limits.Conns && t.quiet.n > 0:
		t.giveUp(t.quiet.oldest)
	case len(t.conns) >= t.limits.Conns:
		t.giveUp(t.talking.oldest)
	}
	c := &Conn{ID: t.next, key: k, Client: s.Src, Server: s.Dst, turned: swapped, Via: s.Via, First: s.Time, Frame: s.Frame}
	t.next++
	switch s.Flags & (packet.SYN | packet.ACK) {
	case packet.SYN:
	case packet.SYN | packet.ACK:
		c.Turn()
	default:
		c.Guessed = true
		if looksLikeServer(s.Src.Port(), s.Dst.Port()) {
			c.Turn()
		}
	}
	t.conns[k] = c
	t.quiet.append(c)
	t.handler.Opened(c)
	return c
}

// giveUp ends a connection because there are too many.
func (t *Table) giveUp(c *Conn) {
	t.capped++
	t.finish(c, Capped)
}

// looksLikeServer guesses that the port is the server's.
func looksLikeServer(port, other uint16) bool {
	known := func(p uint16) bool { return p < 1024 || p == 8443 || p == 8080 || p == 3306 || p == 5432 }
	if known(port) != known(other) {
		return known(port)
	}
	return port < other
}

// repeatsSYN reports whether a SYN is that of the connection, sent once more.
func (c *Conn) repeatsSYN(s *packet.Segment, swapped bool) bool {
	st := &c.streams[c.side(swapped)-1]
	return st.syn && st.first == s.Seq && c.End.How == Open
}

// closing looks whether the segment ends the connection. It is over at once if both
// sides have all that the other has sent; else there may come more.
func (t *Table) closing(c *Conn, from trace.Side, s *packet.Segment) {
	if c.End.How == Closed && c.streams[0].taken && c.streams[1].taken {
		t.finish(c, Closed)
	}
	if c.End.How != Open {
		return
	}
	switch {
	case s.Flags&packet.RST != 0:
		c.End = End{Reset, from, s.Frame, s.Time}
	case c.streams[0].done && c.streams[1].done:
		c.End = End{Closed, c.closedFirst(), s.Frame, s.Time}
	default:
		return
	}
	c.finalAt = t.clock.now + linger
	t.ending = append(t.ending, c)
}

// expire ends what was closed or reset, or has been silent for too long.
func (t *Table) expire() {
	for len(t.ending) > 0 && t.ending[0].finalAt < t.clock.now {
		c := t.ending[0]
		t.ending[0] = nil
		t.ending = t.ending[1:]
		if t.conns[c.key] == c {
			t.finish(c, c.End.How)
		}
	}
	for _, q := range [...]*queue{&t.quiet, &t.talking} {
		for q.oldest != nil && t.idle(q.oldest) {
			t.finish(q.oldest, Silent)
		}
	}
}

// idle reports whether nothing came on a connection for too long.
func (t *Table) idle(c *Conn) bool { return t.clock.now-c.heard > int64(t.limits.Idle) }

// Close ends all connections, in the order in which they began: the capture is
// over.
func (t *Table) Close() {
	if t.clock.end() {
		t.jumped()
	}
	for _, c := range byID(t.conns) {
		how := Open
		if t.idle(c) {
			how = Silent
		}
		t.finish(c, how)
	}
}

// finish ends a connection, with what still waits.
func (t *Table) finish(c *Conn, how How) {
	for _, from := range [...]trace.Side{trace.Client, trace.Server} {
		c.giveUp(t, from)
	}
	if c.End.How == Open {
		c.End.How = how
		if by := c.closedFirst(); by != 0 {
			c.End.By, c.End.Frame = by, c.Of(by).Fin
			if how == Open {
				c.End.How = Half
			}
		}
	}
	delete(t.conns, c.key)
	c.in.remove(c)
	if c.End.How == Closed || c.End.How == Reset {
		t.remember(c)
	}
	t.handler.Ended(c)
}

// closedFirst gives the side whose FIN came first, 0 if neither has sent one.
func (c *Conn) closedFirst() trace.Side {
	a, b := c.Sides[0].Fin, c.Sides[1].Fin
	switch {
	case a == 0 && b == 0:
		return 0
	case a == 0 || b != 0 && b < a:
		return trace.Server
	}
	return trace.Client
}

// remember notes that a connection is over.
func (t *Table) remember(c *Conn) {
	k := c.key
	if old := t.ring[t.at]; old != (key{}) && old != k {
		delete(t.over, old)
	}
	t.ring[t.at] = k
	t.at = (t.at + 1) % recent
	t.over[k] = past{t.clock.stamp() + remembered, c.ID}
}

// A queue is connections by their last segment.
type queue struct {
	oldest, newest *Conn
	n              int
}

func (q *queue) append(c *Conn) {
	c.in = q
	q.n++
	if c.older = q.newest; c.older != nil {
		c.older.newer = c
	} else {
		q.oldest = c
	}
	c.newer, q.newest = nil, c
}

func (q *queue) remove(c *Conn) {
	q.n--
	if c.older != nil {
		c.older.newer = c.newer
	} else {
		q.oldest = c.newer
	}
	if c.newer != nil {
		c.newer.older = c.older
	} else {
		q.newest = c.older
	}
	c.older, c.newer, c.in = nil, nil, nil
}

// touch puts a connection last.
func (q *queue) touch(c *Conn) {
	if q.newest != c {
		q.remove(c)
		q.append(c)
	}
}
