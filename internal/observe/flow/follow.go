package flow

import (
	"github.com/handsel-tls/handsel/internal/observe/tcp"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
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
	raw    int       // bytes of messages that are kept
	room   []byte    // for the next ones: messages are short, and many
	fresh  []Message // likewise
	v13    bool      // TLS 1.3 was chosen: what follows is encrypted
	packed bool      // records are compressed
	hello  bool      // a ClientHello came
	finder finder

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
func (f *Follower) Gap(c *tcp.Conn, from trace.Side, n int64, at tcp.Chunk) {
	k := f.conn(c)
	h := &k.sides[from-1]
	if !h.began {
		k.interrupted(from)
		return
	}
	if h.broken {
		return
	}
	k.note(Note{at.Time, at.Frame, from, "gap", plural(n, "byte") + " of the " + from.String() + " were not captured"})
	h.lose()
	h.records.skip(n)
	k.missed(from, n)
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

// lose gives up the handshake message that is under way.
func (h *half) lose() {
	if h.message != nil {
		h.message.Cut = true
	}
	h.partial, h.message, h.skip = h.partial[:0], nil, true
}

// cut tells of what a side had begun to say.
func (k *conn) cut(from trace.Side, at int64) {
	h := &k.sides[from-1]
	if h.message != nil {
		h.message.Cut = true
		h.message.Raw = append([]byte(nil), h.partial...)
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
