package prf

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding"
	"hash"
	"sync"
)

// A phash is P_hash, RFC 5246, section 5: HMACs of one key. It hashes the padded
// key once and not for every HMAC, and has all that goes through package hash's
// interfaces in memory of its own, so that secrets and seeds of callers stay on
// their stacks. A handshake takes nothing from the heap for it, and three quarters of
// the time of as many calls of schedule.Hash.MAC.
type phash struct {
	hash.Hash
	load  encoding.BinaryUnmarshaler // the hash
	start []byte                     // state of the hash when it has read nothing
	inner []byte                     // state when it has read the key under the inner pad
	outer []byte                     // and under the outer
	key   [sha512.BlockSize]byte
	input []byte // A(i), the label, the seed
	sum   [sha512.Size]byte
}

var (
	withSHA256 = pool(sha256.New)
	withSHA384 = pool(sha512.New384)
	withMD5    = pool(md5.New)
	withSHA1   = pool(sha1.New)
)

func pool(h func() hash.Hash) *sync.Pool {
	return &sync.Pool{New: func() any {
		p := &phash{Hash: h()}
		p.load = p.Hash.(encoding.BinaryUnmarshaler)
		p.start = p.state(nil)
		return p
	}}
}

// expand fills out from the secret, the label and the seeds with P_hash.
func expand(with *sync.Pool, out, secret []byte, label string, seed [][]byte) {
	p := take(with, secret)
	p.fill(out, label, seed)
	p.free(with)
}

// take gives a phash with the secret for a key.
func take(from *sync.Pool, secret []byte) *phash {
	p := from.Get().(*phash)
	p.setKey(secret)
	return p
}

func (p *phash) free(to *sync.Pool) {
	p.wipe()
	to.Put(p)
}

// fill fills out from the label and the seeds.
func (p *phash) fill(out []byte, label string, seed [][]byte) {
	size := p.Size()
	p.input = append(p.input[:0], p.sum[:size]...) // room for A(i)
	p.input = append(p.input, label...)
	for _, s := range seed {
		p.input = append(p.input, s...)
	}
	a := p.input[:size]
	for p.mac(a, p.input[size:]); ; p.mac(a, a) {
		p.mac(p.sum[:0], p.input)
		if out = out[copy(out, p.sum[:size]):]; len(out) == 0 {
			return
		}
	}
}

// setKey is the beginning of HMAC, RFC 2104, section 2.
func (p *phash) setKey(secret []byte) {
	block := p.key[:p.BlockSize()]
	if len(secret) > len(block) {
		p.input = append(p.input[:0], secret...)
		p.Write(p.input)
		p.Sum(block[:0])
		p.set(p.start)
	} else {
		copy(block, secret)
	}
	xor(block, 0x36)
	p.Write(block)
	p.inner = p.state(p.inner)
	xor(block, 0x36^0x5c)
	p.set(p.start)
	p.Write(block)
	p.outer = p.state(p.outer)
}

func xor(b []byte, with byte) {
	for i := range b {
		b[i] ^= with
	}
}

// mac writes the HMAC of the message to the beginning of out, which has room for
// it and may be a part of the message.
func (p *phash) mac(out, message []byte) {
	p.set(p.inner)
	p.Write(message)
	sum := p.Sum(out[:0])
	p.set(p.outer)
	p.Write(sum)
	p.Sum(out[:0])
}

// state appends the state of the hash to the empty beginning of b.
func (p *phash) state(b []byte) []byte {
	b, err := p.Hash.(encoding.BinaryAppender).AppendBinary(b[:0])
	if err != nil {
		panic(err) // no hash of the standard library gives one
	}
	return b
}

func (p *phash) set(state []byte) {
	if err := p.load.UnmarshalBinary(state); err != nil {
		panic(err) // it was made by the same hash
	}
}

// wipe leaves nothing of a secret behind.
func (p *phash) wipe() {
	p.set(p.start)
	clear(p.inner)
	clear(p.outer)
	clear(p.key[:])
	clear(p.input[:cap(p.input)])
	clear(p.sum[:])
	if cap(p.input) > 1024 {
		p.input = nil // an exporter's context
	}
}

// fill10 is the PRF of TLS 1.0 and 1.1: P_MD5 with one half of the secret and
// P_SHA1 with the other, XORed. If the secret's length is odd, the byte in the
// middle is in both halves. RFC 2246, section 5.
func fill10(out, secret []byte, label string, seed [][]byte) {
	half := (len(secret) + 1) / 2
	expand(withMD5, out, secret[:half], label, seed)
	other := bytes.Clone(out)
	expand(withSHA1, other, secret[len(secret)-half:], label, seed)
	for i, b := range other {
		out[i] ^= b
	}
	clear(other)
}
