// Package quic reads what the Initial packets of QUIC connections say: the
// ClientHello, mostly the ServerHello, and why a connection was closed before there
// were other keys. Their protection hides nothing: its keys are made of a connection
// ID that is sent in the clear (RFC 9001, section 5.2).
package quic

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"net/netip"
	"slices"
	"time"

	"github.com/handsel-tls/handsel/internal/observe/packet"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

const (
	// mostConns is how many connections are followed at a time, and mostCrypto how
	// many bytes of either side's handshake.
	mostConns, mostCrypto = 4096, 1 << 16
	// mostPieces is how many pieces of a side wait for others before them.
	mostPieces = 1024
	// patience is after how long a connection is over of which no more Initials
	// come, in nanoseconds.
	patience = 10e9
)

// A Conn is a connection.
type Conn struct {
	ID             int // in the order of the first Initials, from 0
	Client, Server netip.AddrPort
	Version        Version
	Via            string
	First, Last    int64 // time of the first and of the last Initial, in nanoseconds since 1970
	Frame          int   // of the first
	Sides          [2]Side
	App            any // for the Handler

	id   []byte // that the client has chosen for the server: keys come from it
	keys [2]*keys
}

// A Side is what one side has sent.
type Side struct {
	Datagrams int // with Initials
	Bytes     int64

	next    int64   // offset of the handshake's byte that is told next
	pieces  []piece // by their offsets
	waiting int     // bytes of them
}

// A piece is a CRYPTO frame that waits for others before it.
type piece struct {
	at   int64
	data []byte
}

// A Handler is told what happens.
type Handler interface {
	// Crypto takes bytes of a side's handshake in their order.
	Crypto(c *Conn, from trace.Side, data []byte, u *packet.Datagram)
	// Closed takes the error code with which a side ends the connection: 0x0100
	// and an alert, if TLS is the reason (RFC 9001, section 4.8).
	Closed(c *Conn, by trace.Side, code uint64, u *packet.Datagram)
	// Ended comes once, and last.
	Ended(c *Conn)
}

// A Table follows connections.
type Table struct {
	to    Handler
	conns map[pair]*Conn
	order []*Conn // by their first Initial
	count int
	now   int64 // time of the last Initial, and what has passed since
}

type pair struct{ client, server netip.AddrPort }

// NewTable tells to of every connection that begins with an Initial that can be
// read.
func NewTable(to Handler) *Table { return &Table{to: to, conns: make(map[pair]*Conn)} }

// Add takes a datagram.
func (t *Table) Add(u *packet.Datagram) {
	if b := u.Payload; len(b) < 7 || b[0]&0xc0 != 0xc0 { // Initials have a long header
		return
	}
	counted := false
	for rest := u.Payload; len(rest) > 0; {
		var p initial
		var ok bool
		if p, rest, ok = next(rest); !ok {
			return
		}
		if p.initial {
			t.initial(&p, u, &counted)
		}
	}
}

// Close ends all connections.
func (t *Table) Close() {
	for len(t.order) > 0 {
		t.end()
	}
}

// Pass lets time pass without a datagram, in a live capture.
func (t *Table) Pass(d time.Duration) {
	t.now += int64(d)
	t.expire()
}

// expire ends connections of which no more Initials come.
func (t *Table) expire() {
	for len(t.order) > 0 && t.now-t.order[0].Last > patience {
		t.end()
	}
}

// end ends the oldest connection.
func (t *Table) end() {
	c := t.order[0]
	t.order = t.order[1:]
	delete(t.conns, pair{c.Client, c.Server})
	t.to.Ended(c)
}

// initial takes an Initial packet.
func (t *Table) initial(p *initial, u *packet.Datagram, counted *bool) {
	t.now = u.Time
	t.expire()
	from := trace.Client
	c := t.conns[pair{u.Src, u.Dst}]
	if c == nil {
		if c = t.conns[pair{u.Dst, u.Src}]; c != nil {
			from = trace.Server
		}
	}
	var plain []byte
	ok := false
	if c != nil && c.Version == p.version {
		plain, ok = c.keys[from-1].open(p.raw, p.number)
	} else if c != nil {
		plain, ok = c.changeVersion(from, p)
	}
	if !ok && from == trace.Client { // a new connection, or the client's answer to a Retry or to Version Negotiation
		if plain, ok = t.begin(&c, p, u); !ok {
			return
		}
	} else if !ok {
		return
	}
	side := &c.Sides[from-1]
	if !*counted {
		*counted = true
		side.Datagrams++
		side.Bytes += int64(len(u.Payload))
	}
	c.Last = max(c.Last, u.Time)
	t.frames(c, from, plain, u)
}

// begin makes keys of a client's Initial, and begins a connection if there is none.
func (t *Table) begin(at **Conn, p *initial, u *packet.Datagram) (plain []byte, ok bool) {
	keys, err := p.dialect.both(p.id)
	if err != nil {
		return nil, false
	}
	if plain, ok = keys[trace.Client-1].open(p.raw, p.number); !ok {
		return nil, false
	}
	c := *at
	if c == nil {
		if len(t.order) >= mostConns {
			t.end()
		}
		c = &Conn{ID: t.count, Client: u.Src, Server: u.Dst, Via: u.Via, First: u.Time, Frame: u.Frame}
		t.count++
		t.conns[pair{c.Client, c.Server}] = c
		t.order = append(t.order, c)
	}
	c.Version, c.id, c.keys = p.version, bytes.Clone(p.id), keys
	*at = c
	return plain, true
}

// changeVersion opens a packet of another version than the connection began with: the
// server may choose one that the client offers as compatible, and the keys come from
// the same ID. RFC 9369, section 4.1.
func (c *Conn) changeVersion(from trace.Side, p *initial) (plain []byte, ok bool) {
	keys, err := p.dialect.both(c.id)
	if err != nil {
		return nil, false
	}
	if plain, ok = keys[from-1].open(p.raw, p.number); ok {
		c.Version, c.keys = p.version, keys
	}
	return plain, ok
}

// frames reads the frames of an Initial: RFC 9000, sections 12.4 and 19.
func (t *Table) frames(c *Conn, from trace.Side, b []byte, u *packet.Datagram) {
	r := reader{b: b}
	for len(r.b) > 0 && !r.bad {
		switch kind := r.varint(); kind {
		case 0, 1: // PADDING, PING
		case 2, 3: // ACK
			r.varint()
			r.varint()
			ranges := r.varint()
			r.varint()
			for i := uint64(0); i < ranges && !r.bad; i++ {
				r.varint()
				r.varint()
			}
			if kind == 3 {
				r.varint()
				r.varint()
				r.varint()
			}
		case 6: // CRYPTO
			at := r.varint()
			if data := r.bytes(r.varint()); !r.bad && at < mostCrypto {
				t.crypto(c, from, int64(at), data, u)
			}
		case 0x1c: // CONNECTION_CLOSE
			if code := r.varint(); !r.bad {
				t.to.Closed(c, from, code, u)
			}
			return
		default:
			return
		}
	}
}

// crypto puts the handshake of a side into its order. RFC 9000, section 19.6.
func (t *Table) crypto(c *Conn, from trace.Side, at int64, data []byte, u *packet.Datagram) {
	s := &c.Sides[from-1]
	if at > s.next {
		if len(s.pieces) < mostPieces && s.waiting+len(data) <= mostCrypto {
			i, _ := slices.BinarySearchFunc(s.pieces, at, func(p piece, at int64) int { return cmp.Compare(p.at, at) })
			s.pieces = slices.Insert(s.pieces, i, piece{at, bytes.Clone(data)})
			s.waiting += len(data)
		}
		return
	}
	t.tell(c, from, at, data, u)
	for len(s.pieces) > 0 && s.pieces[0].at <= s.next {
		p := s.pieces[0]
		s.pieces = s.pieces[1:]
		s.waiting -= len(p.data)
		t.tell(c, from, p.at, p.data, u)
	}
}

func (t *Table) tell(c *Conn, from trace.Side, at int64, data []byte, u *packet.Datagram) {
	s := &c.Sides[from-1]
	if known := s.next - at; known < int64(len(data)) {
		data = data[known:]
		s.next += int64(len(data))
		t.to.Crypto(c, from, data, u)
	}
}

// An initial is a packet with a long header, as far as it can be read without keys.
type initial struct {
	initial bool // else it is a packet of another type
	version Version
	dialect dialect
	id      []byte // of the destination
	raw     []byte
	number  int // where in raw the packet's number begins
}

// next takes a packet off a datagram. RFC 9000, section 17.2.
func next(b []byte) (p initial, rest []byte, ok bool) {
	if len(b) < 7 || b[0]&0xc0 != 0xc0 { // another form, or what fills up the datagram
		return p, nil, false
	}
	p.version = Version(binary.BigEndian.Uint32(b[1:]))
	if p.dialect, ok = p.version.dialect(); !ok {
		return p, nil, false
	}
	r := reader{b: b[5:]}
	p.id = r.bytes(uint64(r.byte()))
	r.bytes(uint64(r.byte()))
	kind := (b[0]>>4 - p.dialect.initial) & 3 // 0: Initial, 1: 0-RTT, 2: Handshake, 3: Retry
	if kind == 3 || len(p.id) > 20 {
		return p, nil, false
	}
	if p.initial = kind == 0; p.initial {
		r.bytes(r.varint()) // token
	}
	length := r.varint()
	p.number = len(b) - len(r.b)
	r.bytes(length)
	if r.bad {
		return p, nil, false
	}
	n := len(b) - len(r.b)
	p.raw = b[:n]
	return p, b[n:], true
}

// A reader reads the numbers of QUIC. RFC 9000, section 16.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) bytes(n uint64) []byte {
	if r.bad || n > uint64(len(r.b)) {
		r.bad = true
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

func (r *reader) byte() byte {
	if b := r.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) varint() uint64 {
	first := r.byte()
	v := uint64(first & 0x3f)
	for range 1<<(first>>6) - 1 {
		v = v<<8 | uint64(r.byte())
	}
	return v
}
