// Package transcript is the hash over the handshake's messages. RFC 9846,
// section 4.5; RFC 5246, section 7.4.9.
package transcript

import (
	"encoding"
	"hash"
	"sync"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/schedule"
)

// A Transcript is a running hash. Messages that come before the hash is known
// are kept by whoever owns them and written after Start.
type Transcript struct {
	*state
	kept []byte // every message, if Keep was called
	keep bool
}

// A state is what goes back to the pool. What passes through the interface of
// a hash is on the heap for the compiler, so it has room for that too: a
// handshake takes nothing from the heap for its transcript.
type state struct {
	hash hash.Hash
	kind schedule.Hash
	sum  [4 + 48]byte // of the hash, behind a header
	save [256]byte    // the hash's state, encoded
}

var pools = [...]sync.Pool{
	schedule.SHA256:  {New: func() any { return newState(schedule.SHA256) }},
	schedule.SHA384:  {New: func() any { return newState(schedule.SHA384) }},
	schedule.MD5SHA1: {New: func() any { return newState(schedule.MD5SHA1) }},
}

func newState(h schedule.Hash) *state { return &state{hash: h.New(), kind: h} }

// Start chooses the hash and begins anew.
func (t *Transcript) Start(h schedule.Hash) {
	t.Stop()
	t.state = pools[h].Get().(*state)
}

// Started reports whether the hash is known.
func (t *Transcript) Started() bool { return t.state != nil }

// Keep keeps the messages to come as they are, after those that were already
// written, for signatures over them with a hash of their own (TLS 1.2 client
// authentication).
func (t *Transcript) Keep(written []byte) { t.keep, t.kept = true, append(t.kept, written...) }

// Kept gives all messages since Keep.
func (t *Transcript) Kept() []byte { return t.kept }

// Drop forgets the messages kept.
func (t *Transcript) Drop() { t.keep, t.kept = false, nil }

// Write adds a message with its header.
func (t *Transcript) Write(raw []byte) {
	t.hash.Write(raw)
	if t.keep {
		t.kept = append(t.kept, raw...)
	}
}

// Sum appends the hash of the messages so far.
func (t *Transcript) Sum(dst []byte) []byte { return append(dst, t.hash.Sum(t.sum[:0])...) }

// SumWith appends the hash of the messages so far and of one more, which is
// not added, such as a ClientHello up to its binders.
func (t *Transcript) SumWith(dst, raw []byte) []byte {
	// Every hash of the standard library can be put back like this. To clone it
	// would allocate, and is not faster (BenchmarkSumWith).
	saved, err := t.hash.(encoding.BinaryAppender).AppendBinary(t.save[:0])
	t.hash.Write(raw)
	dst = t.Sum(dst)
	if err == nil {
		err = t.hash.(encoding.BinaryUnmarshaler).UnmarshalBinary(saved)
	}
	if err != nil {
		panic("transcript: " + err.Error())
	}
	return dst
}

// Save gives the hash's state, for going on with it later.
func (t *Transcript) Save() ([]byte, error) {
	return t.hash.(encoding.BinaryAppender).AppendBinary(nil)
}

// Restore goes on with what Save gave of the same hash.
func (t *Transcript) Restore(h schedule.Hash, saved []byte) error {
	t.Start(h)
	return t.hash.(encoding.BinaryUnmarshaler).UnmarshalBinary(saved)
}

// Retry replaces the first ClientHello by the message_hash that stands for it
// after a HelloRetryRequest. RFC 9846, section 4.5 (transcript hash).
func (t *Transcript) Retry() {
	message := t.hash.Sum(t.sum[:4])
	t.sum[0], t.sum[1], t.sum[2], t.sum[3] = byte(iana.MsgMessageHash), 0, 0, byte(t.kind.Size())
	t.hash.Reset()
	t.hash.Write(message)
}

// Stop gives the hash back. What was kept is forgotten.
func (t *Transcript) Stop() {
	if t.state != nil {
		t.hash.Reset()
		pools[t.kind].Put(t.state)
	}
	*t = Transcript{}
}
