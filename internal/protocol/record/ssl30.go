package record

import (
	"bytes"
	"crypto/md5"
	"crypto/subtle"
	"hash"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// Rules is what a version does with records in its own way.
type Rules struct {
	// Chained: CBC goes on from record to record, so that whoever sees a record
	// knows the initialization vector of the next (BEAST, CVE-2011-3389). TLS 1.0
	// and SSL 3.0.
	Chained bool
	// Pads: the MAC is the forerunner of HMAC that SSL 3.0 has, without the
	// version in it; and the padding of CBC is any bytes with their number at
	// the end. RFC 6101, section 5.2.3.
	Pads bool
}

// RulesOf gives the rules of a version.
func RulesOf(v iana.Version) Rules {
	switch v {
	case iana.SSL30:
		return Rules{Chained: true, Pads: true}
	case iana.TLS10:
		return Rules{Chained: true}
	}
	return Rules{}
}

// padMAC is the MAC of SSL 3.0:
//
//	hash(secret + pad_2 + hash(secret + pad_1 + content))
type padMAC struct {
	hash.Hash
	inner, outer []byte // the secret and the pad
}

func newPadMAC(h hash.Hash, secret []byte) *padMAC {
	m := &padMAC{Hash: h}
	m.inner, m.outer = pads(h.Size(), secret)
	m.Reset()
	return m
}

// pads gives the secret with either pad after it: 48 bytes for MD5, 40 for
// SHA-1.
func pads(size int, secret []byte) (inner, outer []byte) {
	n := 40
	if size == md5.Size {
		n = 48
	}
	inner = append(bytes.Clone(secret), bytes.Repeat([]byte{0x36}, n)...)
	return inner, append(bytes.Clone(secret), bytes.Repeat([]byte{0x5c}, n)...)
}

func (m *padMAC) Reset() {
	m.Hash.Reset()
	m.Hash.Write(m.inner)
}

// Sum ends the MAC: Reset has to come before the next one.
func (m *padMAC) Sum(b []byte) []byte {
	var buf [20]byte
	sum := m.Hash.Sum(buf[:0])
	m.Hash.Reset()
	m.Hash.Write(m.outer)
	m.Hash.Write(sum)
	return m.Hash.Sum(b)
}

// unpadFree gives the length of the content before a MAC and the padding of SSL
// 3.0, in constant time, and 1 if the padding is right: all that can be checked
// is that there is less than a block of it. Nothing protects what it holds, and
// whoever can have requests sent and put a block in the place of the last
// learns a byte from every 256th record that is not refused (POODLE,
// CVE-2014-3566). No implementation can help that: it is why SSL 3.0 is off
// unless it is named.
func unpadFree(body []byte, macLen, block int) (n, good int) {
	pad := int(body[len(body)-1])
	good = subtle.ConstantTimeLessOrEq(pad+1, block) & subtle.ConstantTimeLessOrEq(pad+1+macLen, len(body))
	pad = subtle.ConstantTimeSelect(good, pad, 0)
	return len(body) - macLen - 1 - pad, good
}
