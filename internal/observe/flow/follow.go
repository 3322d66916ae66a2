package flow

import (
	"github.com/handsel-tls/handsel/internal/observe/field"
	"github.com/handsel-tls/handsel/internal/observe/tcp"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// Options say what a Follower keeps.
type Options struct {
	Plain bool  // tell of connections without TLS, too
	Keys  *Keys // open what is encrypted; nil: nothing is
	// KeepData is how many bytes of decrypted application data of a connection are
	// kept.
	KeepData int
}

const (
	// mostMessages is how many messages of a connection are kept.
	mostMessages = 1000
	// mostRaw is how many bytes of a message are kept, and mostRawConn of all
	// messages of a connection.
	mostRaw, mostRawConn = 1 << 17, 1 << 19
	// mostGaps is how many gaps of a connection are noted: that there were more, and of
	// how many bytes, is with its sides.
	mostGaps = 4
	// mostNotes is how many notes of a connection are kept.
	mostNotes = 100
)

// A Follower is a tcp.Handler that tells the story of each connection when it is
// over.
type Follower struct {
	options Options
	tell    func(*Story)
	spare   []*conn // of connections that are over, for their buffers
}

// mostSpare is how many connections that are over are kept for their buffers.
const mostSpare = 64

// NewFollower tells each story once, at its end. A story is the receiver's.
func NewFollower(tell func(*Story), o Options) *Follower { return &Follower{options: o, tell: tell} }

// UseKeys has connections opened with the keys whose ClientHello is still to come.
func (f *Follower) UseKeys(k *Keys) { f.options.Keys = k }

// conn is what is known of a connection so far.
type conn struct {
	story  *Story
	sides  [2]half
	raw    int    // bytes of messages that are kept
	room   []byte // for the next ones: messages are short, and many
	v13    bool   // TLS 1.3 was chosen: what follows is encrypted
	packed bool   // records are compressed
	hello  bool   // a ClientHello came
	finder finder

	gaps    int
	carried int // bytes of application data that are kept
	options *Options
	unlock  *unlocking // nil if there are no keys
}

// half is one side of a connection.
type half struct {
	records reader
	began   bool // TLS was found
	first2  bool // it begins with a hello in the format of SSL 2.0
	broken  bool // what came is no record
	sealed  bool // its records are encrypted from here on
	ccs     bool // it has sent a ChangeCipherSpec
	sealedN int  // encrypted records that it has sent
	mac     int  // its suite encrypts nothing: how long the MAC behind what it says is

	// A handshake message that is not yet whole.
	partial []byte
	message *Message
	skip    bool // the rest of it is lost or too long: records are left out until one begins anew
}

// Opened does nothing: most connections of a flood never say anything.
func (f *Follower) Opened(*tcp.Conn) {}

// conn gives what is known of a connection.
func (f *Follower) conn(c *tcp.Conn) *conn {
	if c.App != nil {
		return c.App.(*conn)
	}
	var k *conn
	if n := len(f.spare); n > 0 {
		k, f.spare = f.spare[n-1], f.spare[:n-1]
	} else {
		k = new(conn)
	}
	k.story, k.options = &Story{TCP: c}, &f.options
	c.App = k
	return k
}

// release keeps the buffers of a connection that is over for another one.
func (f *Follower) release(k *conn) {
	if len(f.spare) == mostSpare {
		return
	}
	*k = conn{sides: [2]half{k.sides[0].emptied(), k.sides[1].emptied()}}
	f.spare = append(f.spare, k)
}

// emptied gives a half with the buffers of this one.
func (h *half) emptied() half {
	const most = 1 << 15 // bytes of a buffer that is kept
	r := reader{frames: h.records.frames[:0], segs: h.records.segs[:0]}
	if cap(h.records.buf) <= most {
		r.buf = h.records.buf[:0]
	}
	e := half{records: r}
	if cap(h.partial) <= most {
		e.partial = h.partial[:0]
	}
	return e
}

// Data takes bytes of a side in their order.
func (f *Follower) Data(c *tcp.Conn, from trace.Side, data []byte, at tcp.Chunk) {
	k := f.conn(c)
	h := &k.sides[from-1]
	if h.broken {
		return
	}
	if !h.began {
		k.find(from, data, at)
		return
	}
	h.records.take(k, from, data, at)
}

// Gap notes that bytes are missing.
func (f *Follower) Gap(c *tcp.Conn, from trace.Side, n int64, taken bool, at tcp.Chunk) {
	k := f.conn(c)
	h := &k.sides[from-1]
	k.story.Holed = k.story.Holed || taken && !k.over()
	if !h.began {
		k.interrupted(from)
		k.finder.blind[from-1] = true
		return
	}
	if h.broken {
		return
	}
	if k.gaps++; k.gaps <= mostGaps {
		k.note(Note{at.Time, at.Frame, from, "gap", plural(n, "byte") + " of the " + from.String() + " were not captured"})
	}
	k.recordPart(from, at)
	k.lose(from, taken)
	h.records.skip(k, from, n, at)
	k.missed(from, n)
}

// over reports whether the handshake was over, as far as it can be seen: both sides
// have gone on.
func (k *conn) over() bool {
	if k.v13 || k.story.Version == 0 { // the first that is encrypted is of the handshake
		return k.story.Data[0].Records > 1 && k.story.Data[1].Records > 1
	}
	return k.sides[0].sealedN > 0 && k.sides[1].sealedN > 0
}

// Ended tells the story.
func (f *Follower) Ended(c *tcp.Conn) {
	k := f.conn(c)
	c.App = nil
	defer f.release(k)
	for _, from := range [...]trace.Side{trace.Client, trace.Server} {
		k.undecided(from)
	}
	if !k.story.TLS {
		k.wanted(c)
		if !k.story.Wanted && !f.options.Plain {
			return
		}
	}
	for _, from := range [...]trace.Side{trace.Client, trace.Server} {
		h := &k.sides[from-1]
		if h.message != nil || h.records.pending() {
			k.cut(from, c.Last)
		}
	}
	k.conclude(c)
	f.tell(k.story)
}

// isServersHello reports whether the bytes are what a server says first.
func (k *conn) isServersHello(from trace.Side, b []byte) bool {
	if len(b) < 6 {
		return from == trace.Server
	}
	switch {
	case b[0] == byte(iana.ContentHandshake) && b[5] == byte(iana.MsgServerHello), b[0]&0x80 != 0 && b[2] == serverHello2:
		return true
	case b[0] == byte(iana.ContentHandshake) && b[5] == byte(iana.MsgClientHello), b[0]&0x80 != 0 && b[2] == clientHello2:
		return false
	}
	return from == trace.Server
}

func (k *conn) note(n Note) {
	if len(k.story.Notes) < mostNotes {
		k.story.Notes = append(k.story.Notes, n)
	}
}

// lose gives up the handshake message that is under way; uncaptured, if its side has
// said it whole.
func (k *conn) lose(from trace.Side, uncaptured bool) {
	h := &k.sides[from-1]
	if m := h.message; m != nil {
		m.Cut, m.Uncaptured = true, uncaptured
		k.keepPart(m, h.partial)
	}
	h.partial, h.message, h.skip = h.partial[:0], nil, true
}

// keepPart keeps the beginning of a message, and what a hello says there.
func (k *conn) keepPart(m *Message, b []byte) {
	if len(b) <= wire.HeaderLen {
		return
	}
	m.Raw = k.keep(b)
	if f := field.Handshake(b, field.Context{From: m.From}).Find("ClientHello.extensions.server_name"); f != nil && f.Error == "" {
		if list, err := wire.ParseServerNameClient(b[f.Start+4 : f.End]); err == nil {
			k.story.ServerName = string(list)
		}
	}
}

// cut tells of what a side had begun to say.
func (k *conn) cut(from trace.Side, at int64) {
	h := &k.sides[from-1]
	if h.message != nil {
		h.message.Cut = true
		k.keepPart(h.message, h.partial)
		return
	}
	if h.broken {
		return
	}
	if len(h.records.buf) > 0 && h.records.headLen == 0 {
		_, n := header2(h.records.buf)
		k.note(Note{at, 0, from, "cut", "the " + from.String() + "'s stream ends within a record of SSL 2.0 of " + plural(int64(n), "byte")})
		return
	}
	if head, ok := h.records.header(); ok {
		k.note(Note{at, 0, from, "cut", "the " + from.String() + "'s stream ends within a record of " + plural(int64(head.Length), "byte")})
	}
}
