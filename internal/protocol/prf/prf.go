// Package prf is the key derivation of TLS 1.2: RFC 5246, sections 5, 6.3 and
// 8.1; RFC 7627; RFC 5705.
package prf

import "github.com/handsel-tls/handsel/internal/protocol/schedule"

// A Function is the pseudorandom function of a version and suite: it fills out
// from the secret, the label and the seed.
type Function func(out, secret []byte, label string, seed ...[]byte)

// TLS12 gives the PRF of TLS 1.2 with the hash of the suite. RFC 5246, section
// 5.
func TLS12(h schedule.Hash) Function {
	if h == schedule.SHA384 {
		return sha384
	}
	return sha256
}

func sha256(out, secret []byte, label string, seed ...[]byte) {
	expand(schedule.SHA256, out, secret, label, seed)
}

func sha384(out, secret []byte, label string, seed ...[]byte) {
	expand(schedule.SHA384, out, secret, label, seed)
}

// expand is P_hash, RFC 5246, section 5.
func expand(h schedule.Hash, out, secret []byte, label string, seed [][]byte) {
	var parts [6][]byte // A(i), the label, the seed
	var name [32]byte
	parts[1] = append(name[:0], label...)
	n := 2 + copy(parts[2:], seed)
	var a, block [48]byte
	h.MAC(&a, secret, parts[1:n]...)
	for parts[0] = a[:h.Size()]; ; {
		h.MAC(&block, secret, parts[:n]...)
		if out = out[copy(out, block[:h.Size()]):]; len(out) == 0 {
			return
		}
		h.MAC(&a, secret, parts[0])
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
	f(m[:], premaster, "master secret", clientRandom, serverRandom)
	return m
}

// ExtendedMaster gives the master secret bound to the handshake: sessionHash is
// the transcript up to the ClientKeyExchange. RFC 7627, section 4.
func (f Function) ExtendedMaster(premaster, sessionHash []byte) (m [MasterLen]byte) {
	f(m[:], premaster, "extended master secret", sessionHash)
	return m
}

// KeyBlock fills out with the connection's keys. RFC 5246, section 6.3.
func (f Function) KeyBlock(out, master, clientRandom, serverRandom []byte) {
	f(out, master, "key expansion", serverRandom, clientRandom)
}

// Finished gives the verify_data of a side. RFC 5246, section 7.4.9.
func (f Function) Finished(master []byte, server bool, transcript []byte) (v [FinishedLen]byte) {
	label := "client finished"
	if server {
		label = "server finished"
	}
	f(v[:], master, label, transcript)
	return v
}

// Export gives n bytes of keying material. RFC 5705, section 4. A nil context
// differs from an empty one.
func (f Function) Export(master, clientRandom, serverRandom []byte, label string, context []byte, n int) []byte {
	out := make([]byte, n)
	if context == nil {
		f(out, master, label, clientRandom, serverRandom)
		return out
	}
	size := []byte{byte(len(context) >> 8), byte(len(context))}
	f(out, master, label, clientRandom, serverRandom, size, context)
	return out
}
