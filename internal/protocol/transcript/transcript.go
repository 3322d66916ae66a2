// Package transcript is the hash over the handshake's messages. RFC 9846,
// section 4.5; RFC 5246, section 7.4.9.
package transcript

import (
	"hash"
	"sync"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/schedule"
)

// A Transcript is a running hash. Messages that come before the hash is known
// are kept by whoever owns them and written after Start.
type Transcript struct {
	hash hash.Hash
	kind schedule.Hash
	kept []byte // every message, if Keep was called
	keep bool
}

var pools = [2]sync.Pool{
	{New: func() any { return schedule.SHA256.New() }},
	{New: func() any { return schedule.SHA384.New() }},
}

// Start chooses the hash.
func (t *Transcript) Start(h schedule.Hash) {
	t.Stop()
	t.kind = h
	t.hash = pools[h].Get().(hash.Hash)
	t.hash.Reset()
}

// Started reports whether the hash is known.
func (t *Transcript) Started() bool { return t.hash != nil }

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
func (t *Transcript) Sum(dst []byte) []byte { return t.hash.Sum(dst) }

// SumWith appends the hash of the messages so far and of one more, which is
// not added.
func (t *Transcript) SumWith(dst, raw []byte) []byte {
	c, err := t.hash.(hash.Cloner).Clone()
	if err != nil {
		panic("transcript: " + err.Error()) // the standard library's hashes can be cloned
	}
	c.Write(raw)
	return c.Sum(dst)
}

// Retry replaces the first ClientHello by the message_hash that stands for it
// after a HelloRetryRequest. RFC 9846, section 4.5 (transcript hash).
func (t *Transcript) Retry() {
	var b [4 + 48]byte
	sum := t.hash.Sum(b[:4])
	sum[0], sum[3] = byte(iana.MsgMessageHash), byte(t.kind.Size())
	t.hash.Reset()
	t.hash.Write(sum)
}

// Stop gives the hash back.
func (t *Transcript) Stop() {
	if t.hash != nil {
		t.hash.Reset()
		pools[t.kind].Put(t.hash)
	}
	*t = Transcript{}
}
