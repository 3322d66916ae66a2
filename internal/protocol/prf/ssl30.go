package prf

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"slices"

	"github.com/handsel-tls/handsel/internal/protocol/schedule"
)

// SSL30 gives the derivation of SSL 3.0, which is the same for all suites and
// has no labels. RFC 6101, sections 6.1 and 6.2.2.
func SSL30(schedule.Hash) Function { return ssl30 }

// fill30 is what SSL 3.0 derives the master secret and the keys with:
//
//	MD5(secret + SHA('A' + secret + seed)) + MD5(secret + SHA('BB' + secret + seed)) + ...
func fill30(out, secret []byte, seed [][]byte) {
	own := bytes.Clone(secret) // what goes to the hashes leaves the stack; the caller's may not
	rest := bytes.Clone(own)
	for _, s := range seed {
		rest = append(rest, s...)
	}
	for i := byte(0); len(out) > 0; i++ {
		inner := sha1.Sum(append(bytes.Repeat([]byte{'A' + i}, int(i)+1), rest...))
		block := md5.Sum(append(bytes.Clone(own), inner[:]...))
		out = out[copy(out, block[:]):]
	}
	clear(own)
	clear(rest)
}

// MaxFinishedLen is the length of the longest verify_data in bytes: SSL 3.0's,
// which is a hash of MD5 and one of SHA-1.
const MaxFinishedLen = md5.Size + sha1.Size

// Digest30 gives what SSL 3.0 has in Finished, and signs in CertificateVerify:
//
//	hash(master + pad_2 + hash(messages + sender + master + pad_1))
//
// with MD5 and with SHA-1. messages gives both hashes of the messages and of
// what it is given. RFC 6101, sections 5.6.8 and 5.6.9.
func Digest30(master []byte, sender string, messages func(dst, more []byte) []byte) (d [MaxFinishedLen]byte) {
	inner := func(pad int) []byte {
		return messages(nil, slices.Concat([]byte(sender), master, bytes.Repeat([]byte{0x36}, pad)))
	}
	outer := func(pad int, sum []byte) []byte {
		return slices.Concat(master, bytes.Repeat([]byte{0x5c}, pad), sum)
	}
	m := md5.Sum(outer(48, inner(48)[:md5.Size]))
	s := sha1.Sum(outer(40, inner(40)[md5.Size:]))
	copy(d[copy(d[:], m[:]):], s[:])
	return d
}
