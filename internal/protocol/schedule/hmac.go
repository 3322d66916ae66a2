// Package schedule is the key schedule of TLS 1.3: RFC 9846, section 7.1. Its
// stages are types, so that a secret cannot be derived from the wrong one.
package schedule

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"hash"
)

// Hash is the hash function of a cipher suite.
type Hash uint8

const (
	SHA256 Hash = iota
	SHA384
	// MD5SHA1 is both, one after the other: the transcript of TLS 1.1 and
	// below. There is no HMAC with it.
	MD5SHA1
)

// Size is the length of the hash in bytes.
func (h Hash) Size() int { return [...]int{32, 48, 36}[h] }

// New gives a hash.Hash.
func (h Hash) New() hash.Hash {
	switch h {
	case SHA384:
		return sha512.New384()
	case MD5SHA1:
		return newBoth()
	}
	return sha256.New()
}

func (h Hash) String() string { return [...]string{"SHA-256", "SHA-384", "MD5 and SHA-1"}[h] }

// maxBlock and maxHash are the largest block and output of the two, in bytes.
const (
	maxBlock = 128
	maxHash  = 48
)

func (h Hash) block() int { return [...]int{64, 128}[h] }

// sum writes the hash of data to out.
func (h Hash) sum(out *[maxHash]byte, data []byte) {
	if h == SHA384 {
		*out = sha512.Sum384(data)
		return
	}
	sum := sha256.Sum256(data)
	copy(out[:], sum[:])
}

// Sum appends the hash of data.
func (h Hash) Sum(dst, data []byte) []byte {
	var out [maxHash]byte
	h.sum(&out, data)
	return append(dst, out[:h.Size()]...)
}

// empty is the hash of nothing, the context of secrets that do not depend on a
// transcript.
func (h Hash) empty() []byte { return emptyHashes[h][:h.Size()] }

var emptyHashes = [...][maxHash]byte{SHA256: hashOf(SHA256, nil), SHA384: hashOf(SHA384, nil)}

func hashOf(h Hash, data []byte) (out [maxHash]byte) {
	h.sum(&out, data)
	return out
}

// maxMessage is the longest message whose HMAC is computed on the stack: the
// label of an HKDF expansion, or a transcript hash.
const maxMessage = 352

// MAC writes the HMAC (RFC 2104) of the message, given in parts. The standard
// library's hmac and hkdf are made for streams: an HMAC costs six allocations
// and 512 bytes with SHA-256, and a handshake needs about thirty. With
// everything on the stack there are none, and it takes half the time with
// SHA-256, two thirds of it with SHA-384 (BenchmarkMAC).
func (h Hash) MAC(out *[maxHash]byte, key []byte, message ...[]byte) {
	var inner [maxBlock + maxMessage]byte
	var outer [maxBlock + maxHash]byte
	block := h.block()
	if len(key) > block {
		var short [maxHash]byte
		h.sum(&short, key)
		key = short[:h.Size()]
	}
	copy(inner[:block], innerPad[:])
	copy(outer[:block], outerPad[:])
	subtle.XORBytes(inner[:], inner[:len(key)], key)
	subtle.XORBytes(outer[:], outer[:len(key)], key)
	n := block
	for _, m := range message {
		if n+len(m) > len(inner) {
			h.longMAC(out, key, message)
			return
		}
		n += copy(inner[n:], m)
	}
	h.sum(out, inner[:n])
	n = block + copy(outer[block:], out[:h.Size()])
	h.sum(out, outer[:n])
}

// The key is padded with zeros to the block and then goes under these.
var innerPad, outerPad = [maxBlock]byte(bytes.Repeat([]byte{0x36}, maxBlock)), [maxBlock]byte(bytes.Repeat([]byte{0x5c}, maxBlock))

// longMAC is for messages that do not fit the stack, such as the context of an
// exporter. It copies what it is given, so that nothing of MAC's has to move
// to the heap.
func (h Hash) longMAC(out *[maxHash]byte, key []byte, message [][]byte) {
	m := hmac.New(h.New, bytes.Clone(key))
	for _, part := range message {
		m.Write(bytes.Clone(part))
	}
	copy(out[:], m.Sum(nil))
}
