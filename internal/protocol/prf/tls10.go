package prf

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/subtle"
	"hash"
)

// fill10 is the PRF of TLS 1.0 and 1.1: P_MD5 with one half of the secret and
// P_SHA1 with the other, XORed. If the secret's length is odd, the byte in the
// middle is in both halves. RFC 2246, section 5.
func fill10(out, secret []byte, label string, seed [][]byte) {
	half := (len(secret) + 1) / 2
	input := []byte(label)
	for _, s := range seed {
		input = append(input, s...)
	}
	own := bytes.Clone(secret) // what goes to hmac leaves the stack; the caller's may not
	other := make([]byte, len(out))
	expandWith(md5.New, out, own[:half], input)
	expandWith(sha1.New, other, own[len(own)-half:], input)
	subtle.XORBytes(out, out, other)
	clear(other)
	clear(own)
}

// expandWith is P_hash with a hash that needs no speed. RFC 2246, section 5.
func expandWith(h func() hash.Hash, out, secret, seed []byte) {
	mac := hmac.New(h, secret)
	sum := func(parts ...[]byte) []byte {
		mac.Reset()
		for _, p := range parts {
			mac.Write(p)
		}
		return mac.Sum(nil)
	}
	for a := sum(seed); len(out) > 0; a = sum(a) {
		out = out[copy(out, sum(a, seed)):]
	}
}
