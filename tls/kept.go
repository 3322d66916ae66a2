package tls

import (
	"sync"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// mostSaid is how many bytes of a handshake a record holds: of its messages, and of
// what they were on the wire.
const mostSaid = 64 << 10

// A Message is one of a handshake in the clear: a handshake message with its header
// of 4 bytes, a ChangeCipherSpec or an alert.
type Message struct {
	Sent        bool // by this side
	ContentType uint8
	Bytes       []byte
}

// A Passage is what one side sent at a time, as it went over the network.
type Passage struct {
	Sent  bool // by this side
	At    time.Duration
	Bytes []byte
}

// said collects what is said in a handshake.
type said struct {
	mu       sync.Mutex
	began    time.Time
	messages []Message
	passages []Passage
	size     [2]int // of messages and passages
	chunk    []byte // what they are copied into, as far as it is in use
}

// chunkSize is enough for most handshakes.
const chunkSize = 5 << 10

// copied gives a copy of bytes.
func (s *said) copied(b []byte) []byte {
	if cap(s.chunk)-len(s.chunk) < len(b) {
		s.chunk = make([]byte, 0, max(chunkSize, len(b)))
	}
	from := len(s.chunk)
	s.chunk = append(s.chunk, b...)
	return s.chunk[from:len(s.chunk):len(s.chunk)]
}

// watched gives settings with which what is said is collected, if it is to be kept.
func (c *Conn) watched(settings *handshake.Config, now time.Time) *handshake.Config {
	if !c.config.KeepMessages {
		return settings
	}
	s := &said{began: now, messages: make([]Message, 0, 12), passages: make([]Passage, 0, 6)}
	c.said.Store(s)
	with := *settings
	with.Messages = s.message
	return &with
}

// message notes one that the engine sends or has received.
func (s *said) message(sent bool, ct iana.ContentType, content []byte) {
	switch ct {
	case iana.ContentHandshake, iana.ContentChangeCipherSpec, iana.ContentAlert:
	default:
		return // a hello within another, or of SSL 2.0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.size[0] += len(content); s.size[0] <= mostSaid {
		s.messages = append(s.messages, Message{sent, uint8(ct), s.copied(content)})
	}
}

// passage notes what went over the network. Once something was too much, the rest is
// left out as well, so that there is no gap.
func (s *said) passage(sent bool, now time.Time, b []byte) {
	if len(b) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.size[1] += len(b); s.size[1] <= mostSaid {
		s.passages = append(s.passages, Passage{sent, now.Sub(s.began), s.copied(b)})
	}
}

// fillIn reads from the network, and notes it while the handshake lasts.
func (c *Conn) fillIn() error {
	had := len(c.in.bytes())
	err := c.in.fill(c.engine.Need(c.in.bytes()))
	if s := c.said.Load(); s != nil && err == nil {
		s.passage(false, c.config.now(), c.in.bytes()[had:])
	}
	return err
}

// keep gives a record what was said, and ends collecting it.
func (s *said) keep(r *Record) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r.Messages, r.Passages = s.messages, s.passages
}
