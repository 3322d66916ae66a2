// Package prf is the key derivation of TLS 1.2 and below: RFC 5246 and RFC
// 2246, sections 5, 6.3 and 8.1; RFC 6101, section 6; RFC 7627; RFC 5705.
package prf

import (
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/schedule"
)

// A Function is the pseudorandom function of a version and suite. It is a
// number and not a func so that the compiler sees what becomes of secrets and
// seeds and leaves them on the stack: the derivations of a handshake take
// nothing from the heap, as a func they took eleven allocations.
type Function uint8

const (
	tls12       Function = iota // P_SHA256
	tls12SHA384                 // P_SHA384
	tls10                       // P_MD5 and P_SHA1
	ssl30                       // MD5 of SHA-1
)

// Of gives the PRF of a version, with the hash of the suite where that counts:
// in TLS 1.2.
func Of(v iana.Version, h schedule.Hash) Function {
	switch {
	case v == iana.SSL30:
		return SSL30(h)
	case v < iana.TLS12:
		return TLS10(h)
	}
	return TLS12(h)
}

// TLS10 gives the PRF of TLS 1.0 and 1.1, which is the same for all suites. RFC
// 2246, section 5.
func TLS10(schedule.Hash) Function { return tls10 }

// TLS12 gives the PRF of TLS 1.2 with the hash of the suite. RFC 5246, section
// 5.
func TLS12(h schedule.Hash) Function {
	if h == schedule.SHA384 {
		return tls12SHA384
	}
	return tls12
}

// Fill fills out from the secret, the label and the seeds.
func (f Function) Fill(out, secret []byte, label string, seed ...[]byte) {
	switch f {
	case tls12:
		expand(withSHA256, out, secret, label, seed)
	case tls12SHA384:
		expand(withSHA384, out, secret, label, seed)
	case tls10:
		fill10(out, secret, label, seed)
	case ssl30:
		fill30(out, secret, seed)
	}
}

// MasterLen and FinishedLen are the lengths of the master secret and of
// verify_data in bytes.
const (
	MasterLen   = 48
	FinishedLen = 12
)

// Master gives the master secret. RFC 5246, section 8.1.
func (f Function) Master(premaster, clientRandom, serverRandom []byte) (m [MasterLen]byte) {
	f.Fill(m[:], premaster, "master secret", clientRandom, serverRandom)
	return m
}

// ExtendedMaster gives the master secret bound to the handshake: sessionHash is
// the transcript up to the ClientKeyExchange. RFC 7627, section 4.
func (f Function) ExtendedMaster(premaster, sessionHash []byte) (m [MasterLen]byte) {
	f.Fill(m[:], premaster, "extended master secret", sessionHash)
	return m
}

// Export gives n bytes of keying material. RFC 5705, section 4. A nil context
// differs from an empty one.
func (f Function) Export(master, clientRandom, serverRandom []byte, label string, context []byte, n int) []byte {
	out := make([]byte, n)
	if context == nil {
		f.Fill(out, master, label, clientRandom, serverRandom)
		return out
	}
	size := []byte{byte(len(context) >> 8), byte(len(context))}
	f.Fill(out, master, label, clientRandom, serverRandom, size, context)
	return out
}
