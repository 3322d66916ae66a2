// Package kex is the key exchange: ephemeral keys of the groups, the shares
// that are sent, and the secrets that come out. RFC 9846, sections 4.3.8 and
// 7.4; RFC 7748; RFC 7919; RFC 8422; draft-ietf-tls-ecdhe-mlkem.
//
// The primitives are the standard library's, or those of circl and
// edwards25519 where these are faster: see BenchmarkAlternatives.
package kex

import (
	"crypto/ecdh"
	"io"
	"sync"

	"filippo.io/edwards25519"
	"github.com/cloudflare/circl/dh/x25519"
	"github.com/cloudflare/circl/kem"
	"github.com/cloudflare/circl/kem/mlkem/mlkem768"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// MaxShare and MaxSecret are lengths in bytes that every share and secret of
// the usual groups fits in. Those of RFC 7919 and of ML-KEM-1024 are longer.
const (
	MaxShare  = mlkem768.PublicKeySize + 65
	MaxSecret = 66
)

const (
	kemPublic     = mlkem768.PublicKeySize  // 1184
	kemCiphertext = mlkem768.CiphertextSize // 1088
	kemSecret     = mlkem768.SharedKeySize  // 32
)

// curve gives the elliptic curve of a group of its own or in a hybrid, nil if
// that is X25519; hybrid says whether ML-KEM-768 goes with it.
func curve(g iana.Group) (c ecdh.Curve, hybrid, ok bool) {
	switch g {
	case iana.X25519:
		return nil, false, true
	case iana.X25519MLKEM768:
		return nil, true, true
	case iana.Secp256r1:
		return ecdh.P256(), false, true
	case iana.SecP256r1MLKEM768:
		return ecdh.P256(), true, true
	case iana.Secp384r1:
		return ecdh.P384(), false, true
	case iana.Secp521r1:
		return ecdh.P521(), false, true
	}
	return nil, false, false
}

// Supported reports whether the group is implemented.
func Supported(g iana.Group) bool {
	_, _, ok := curve(g)
	return ok || alone(g) != nil || IsFinite(g)
}

// PostQuantum reports whether ML-KEM is in the group. Such groups are for TLS
// 1.3 only: they are a key encapsulation and no Diffie-Hellman exchange.
func PostQuantum(g iana.Group) bool {
	_, hybrid, _ := curve(g)
	return hybrid || alone(g) != nil
}

// Alike reports whether two groups are of about the same strength, so that a
// round trip is not worth the difference: both with ML-KEM or both without, and
// what is beside that of the same length (NIST SP 800-57, part 1, table 2).
func Alike(a, b iana.Group) bool {
	return PostQuantum(a) == PostQuantum(b) && strength[a] == strength[b]
}

// strength is that of the classical part in bits, of ML-KEM alone its own.
var strength = map[iana.Group]int{
	iana.X25519: 128, iana.Secp256r1: 128, iana.X448: 192, iana.Secp384r1: 192, iana.Secp521r1: 256,
	iana.X25519MLKEM768: 192, iana.SecP256r1MLKEM768: 192, iana.MLKEM768: 192, iana.MLKEM1024: 256,
	iana.FFDHE2048: 112, iana.FFDHE3072: 128, iana.FFDHE4096: 128, iana.FFDHE6144: 128, iana.FFDHE8192: 192,
}

// Curve reports whether the group is an elliptic curve and nothing more.
func Curve(g iana.Group) bool {
	_, hybrid, ok := curve(g)
	return ok && !hybrid
}

// A Key is an ephemeral private key.
type Key struct {
	group  iana.Group
	scalar x25519.Key           // X25519
	curve  *ecdh.PrivateKey     // the other curves
	kem    *mlkem768.PrivateKey // hybrids
	alone  kem.PrivateKey       // ML-KEM without a curve
	finite *finiteKey           // a group of integers
	public []byte               // ML-KEM's part of the share
}

// Group gives the key's group.
func (k *Key) Group() iana.Group { return k.group }

// Generate makes a key. A group that is not implemented is fault.Internal.
func Generate(g iana.Group, rand io.Reader) (Key, error) {
	k := Key{group: g}
	c, hybrid, ok := curve(g)
	if s := alone(g); s != nil {
		return k, k.generateAlone(s, rand)
	}
	if f := FiniteOf(g); f != nil {
		return f.Generate(rand)
	}
	if !ok {
		return k, fault.With(fault.Internal, "%v is not implemented", g)
	}
	if err := k.generate(c, rand); err != nil {
		return k, err
	}
	if hybrid {
		var seed [mlkem768.KeySeedSize]byte
		if err := fill(rand, seed[:]); err != nil {
			return k, err
		}
		defer cleanUpper()
		public, private := mlkem768.NewKeyFromSeed(seed[:])
		k.kem = private
		k.public = make([]byte, kemPublic)
		public.Pack(k.public)
	}
	return k, nil
}

// generate makes the part of the key that is on a curve.
func (k *Key) generate(c ecdh.Curve, rand io.Reader) error {
	if c == nil {
		return fill(rand, k.scalar[:])
	}
	// The standard library takes its randomness from elsewhere; a key of
	// given bytes it refuses if they are not below the order of the curve.
	size := scalarLen(c)
	var buf [66]byte
	for range 100 {
		if err := fill(rand, buf[:size]); err != nil {
			return err
		}
		if c == ecdh.P521() {
			buf[0] &= 1
		}
		var err error
		if k.curve, err = c.NewPrivateKey(buf[:size]); err == nil {
			return nil
		}
	}
	return fault.With(fault.Internal, "no private key in 100 attempts")
}

func scalarLen(c ecdh.Curve) int {
	switch c {
	case ecdh.P384():
		return 48
	case ecdh.P521():
		return 66
	}
	return 32
}

// scratch has the buffers of fill. What is handed to an io.Reader goes to the
// heap; with these, a key and what is made of it need not.
var scratch = sync.Pool{New: func() any { return new([128]byte) }}

// fill fills b, which has at most 128 bytes, with randomness.
func fill(rand io.Reader, b []byte) error {
	buf := scratch.Get().(*[128]byte)
	_, err := io.ReadFull(rand, buf[:len(b)])
	copy(b, buf[:len(b)])
	clear(buf[:])
	scratch.Put(buf)
	if err != nil {
		return fault.With(fault.Internal, "no randomness: %w", err)
	}
	return nil
}

// AppendPublic appends the share to be sent.
func (k *Key) AppendPublic(b []byte) []byte {
	if k.alone != nil {
		return append(b, k.public...)
	}
	if k.finite != nil {
		return k.finite.appendPublic(b)
	}
	if k.group == iana.X25519MLKEM768 { // ML-KEM's part comes first in this hybrid
		return k.appendCurve(append(b, k.public...))
	}
	return append(k.appendCurve(b), k.public...)
}

func (k *Key) appendCurve(b []byte) []byte {
	if k.curve != nil {
		return append(b, k.curve.PublicKey().Bytes()...)
	}
	return appendX25519(b, &k.scalar)
}

// appendX25519 appends the public value of a scalar. The curve's base point is
// multiplied in its Edwards form, for which there are tables.
func appendX25519(b []byte, scalar *x25519.Key) []byte {
	s, err := edwards25519.NewScalar().SetBytesWithClamping(scalar[:])
	if err != nil {
		panic("kex: " + err.Error()) // it has 32 bytes
	}
	return append(b, new(edwards25519.Point).ScalarBaseMult(s).BytesMontgomery()...)
}

// AppendSecret completes the exchange with the peer's share and appends the
// secret. A share that is not valid is fault.KeyShareInvalid.
func (k *Key) AppendSecret(b, peer []byte) ([]byte, error) {
	if k.alone != nil {
		return k.decapsulateAlone(b, peer)
	}
	if k.finite != nil {
		return k.finite.appendSecret(b, peer)
	}
	kem, point, err := k.split(peer, kemCiphertext)
	if err != nil {
		return b, err
	}
	if k.kem == nil {
		return k.appendShared(b, point)
	}
	var secret [kemSecret]byte
	k.kem.DecapsulateTo(secret[:], kem)
	cleanUpper()
	return k.join(b, secret[:], point)
}

// join appends both parts of a hybrid's secret in the group's order.
func (k *Key) join(b, secret, point []byte) ([]byte, error) {
	if k.group == iana.X25519MLKEM768 {
		return k.appendShared(append(b, secret...), point)
	}
	b, err := k.appendShared(b, point)
	return append(b, secret...), err
}

// split cuts a share into ML-KEM's part, of n bytes, and the curve's.
func (k *Key) split(share []byte, n int) (kem, point []byte, err error) {
	c, hybrid, _ := curve(k.group)
	if !hybrid {
		return nil, share, nil
	}
	size := 32
	if c != nil {
		size = 65
	}
	if len(share) != n+size {
		return nil, nil, fault.With(fault.KeyShareInvalid, "%v: %d bytes in place of %d", k.group, len(share), n+size)
	}
	if k.group == iana.X25519MLKEM768 {
		return share[:n], share[n:], nil
	}
	return share[size:], share[:size], nil
}

// appendShared appends the secret of the curve.
func (k *Key) appendShared(b, point []byte) ([]byte, error) {
	if k.curve == nil {
		return k.appendX25519Shared(b, point)
	}
	public, err := k.curve.Curve().NewPublicKey(point)
	if err != nil {
		return b, fault.With(fault.KeyShareInvalid, "%v: %w", k.group, err)
	}
	secret, err := k.curve.ECDH(public)
	if err != nil {
		return b, fault.With(fault.KeyShareInvalid, "%v: %w", k.group, err)
	}
	return append(b, secret...), nil
}

func (k *Key) appendX25519Shared(b, point []byte) ([]byte, error) {
	var secret, public x25519.Key
	if len(point) != len(public) {
		return b, fault.With(fault.KeyShareInvalid, "%v: %d bytes in place of 32", k.group, len(point))
	}
	copy(public[:], point)
	if !x25519.Shared(&secret, &k.scalar, &public) { // RFC 7748, section 6.1
		return b, fault.With(fault.KeyShareInvalid, "%v: a point of low order", k.group)
	}
	return append(b, secret[:]...), nil
}

// Respond makes a key, completes the exchange with the peer's share, and
// appends the share to be sent and the secret: all that a server of TLS 1.3
// needs.
func Respond(g iana.Group, rand io.Reader, peer, share, secret []byte) (outShare, outSecret []byte, err error) {
	k := Key{group: g}
	c, hybrid, ok := curve(g)
	if s := alone(g); s != nil {
		return respondAlone(s, rand, peer, share, secret)
	}
	if f := FiniteOf(g); f != nil {
		return f.respond(rand, peer, share, secret)
	}
	if !ok {
		return share, secret, fault.With(fault.Internal, "%v is not implemented", g)
	}
	kem, point, err := k.split(peer, kemPublic)
	if err == nil {
		err = k.generate(c, rand)
	}
	if err != nil {
		return share, secret, err
	}
	if !hybrid {
		secret, err = k.appendShared(secret, point)
		return k.appendCurve(share), secret, err
	}
	var buf [kemCiphertext + kemSecret]byte
	ciphertext, s := buf[:kemCiphertext], buf[kemCiphertext:]
	if err := encapsulate(kem, ciphertext, s, rand); err != nil {
		return share, secret, err
	}
	k.public = ciphertext
	secret, err = k.join(secret, s, point)
	return k.AppendPublic(share), secret, err
}

// encapsulate makes a secret for an ML-KEM key. The key is checked
// as FIPS 203, section 7.2, wants it.
func encapsulate(key, ciphertext, secret []byte, rand io.Reader) error {
	var seed [mlkem768.EncapsulationSeedSize]byte
	if err := fill(rand, seed[:]); err != nil {
		return err
	}
	defer cleanUpper()
	var pk mlkem768.PublicKey
	if err := pk.Unpack(key); err != nil {
		return fault.With(fault.KeyShareInvalid, "ML-KEM-768: %w", err)
	}
	pk.EncapsulateTo(ciphertext, secret, seed[:])
	return nil
}
