package kex

import (
	"bytes"
	"io"
	"math/big"
	"sync"

	"filippo.io/bigmod"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// Finite is a group of Diffie-Hellman over the integers modulo a prime: one of
// RFC 7919, or one that a server has made up.
type Finite struct {
	Group    iana.Group // 0: none of RFC 7919's
	P, G     []byte     // the prime and the generator, big-endian
	exponent int        // length of private exponents, in bytes
	modulus  *bigmod.Modulus
	negative *bigmod.Nat // -1: an element of order 2
}

// named says how the groups of RFC 7919 are made: their length in bits, the
// number that makes the prime one, and the length of exponents in bytes, which
// is above what appendix A of the RFC wants for the group's strength.
var named = map[iana.Group]func() *Finite{
	iana.FFDHE2048: once(iana.FFDHE2048, 2048, 560316, 32),
	iana.FFDHE3072: once(iana.FFDHE3072, 3072, 2625351, 40),
	iana.FFDHE4096: once(iana.FFDHE4096, 4096, 5736041, 48),
	iana.FFDHE6144: once(iana.FFDHE6144, 6144, 15705020, 52),
	iana.FFDHE8192: once(iana.FFDHE8192, 8192, 10965728, 56),
}

// ofLength gives the group whose prime has a length in bytes.
var ofLength = map[int]iana.Group{
	256: iana.FFDHE2048, 384: iana.FFDHE3072, 512: iana.FFDHE4096, 768: iana.FFDHE6144, 1024: iana.FFDHE8192,
}

func once(g iana.Group, bits uint, x int64, exponent int) func() *Finite {
	return sync.OnceValue(func() *Finite {
		f, err := newFinite(prime(bits, x), []byte{2})
		if err != nil {
			panic("kex: " + err.Error()) // the tests make all of them
		}
		f.Group, f.exponent = g, exponent
		return f
	})
}

// prime gives the prime of RFC 7919, appendix A, which leaves no choice to
// whoever made it but x:
//
//	p = 2^b - 2^(b-64) + {[2^(b-130) e] + x} 2^64 - 1
func prime(b uint, x int64) []byte {
	one := big.NewInt(1)
	power := func(n uint) *big.Int { return new(big.Int).Lsh(one, n) }

	const guard = 64 // more bits than the rounding of the terms can reach
	term, e := power(b-130+guard), new(big.Int)
	for k := int64(1); term.Sign() > 0; k++ { // e is the sum of 1/n!
		e.Add(e, term)
		term.Quo(term, big.NewInt(k))
	}
	e.Rsh(e, guard).Add(e, big.NewInt(x)).Lsh(e, 64)

	p := power(b)
	return p.Sub(p, power(b-64)).Add(p, e).Sub(p, one).Bytes()
}

// FiniteOf gives a group of RFC 7919, nil if it is none.
func FiniteOf(g iana.Group) *Finite {
	if f, ok := named[g]; ok {
		return f()
	}
	return nil
}

// IsFinite reports whether the group is one of RFC 7919's.
func IsFinite(g iana.Group) bool {
	_, ok := named[g]
	return ok
}

// ReadFinite takes the group that a server sends. It is recognized if it is one
// of RFC 7919. A prime that is even or a generator out of its range is
// fault.KeyShareInvalid. Whether the prime is one is not tested: that would take
// as long as the rest, and the server, which signs it, could as well give the
// secret away.
func ReadFinite(p, g []byte) (*Finite, error) {
	p, g = bytes.TrimLeft(p, "\x00"), bytes.TrimLeft(g, "\x00")
	if make, ok := named[ofLength[len(p)]]; ok {
		if f := make(); bytes.Equal(p, f.P) && bytes.Equal(g, f.G) {
			return f, nil
		}
	}
	return newFinite(bytes.Clone(p), bytes.Clone(g))
}

func newFinite(p, g []byte) (*Finite, error) {
	if len(p) == 0 || p[len(p)-1]&1 == 0 {
		return nil, fault.With(fault.KeyShareInvalid, "the prime of DHE is even")
	}
	m, err := bigmod.NewModulus(p)
	if err != nil {
		return nil, fault.With(fault.KeyShareInvalid, "the prime of DHE: %w", err)
	}
	f := &Finite{P: p, G: g, exponent: min(len(p), maxExponent), modulus: m}
	f.negative = bigmod.NewNat().ExpandFor(m)
	f.negative.SubOne(m)
	if _, err := f.element(g); err != nil {
		return nil, err
	}
	return f, nil
}

// maxExponent is the length in bytes of the longest private exponent. Whatever the
// prime, nobody computes logarithms of 2^512 possible ones; and a server cannot
// make up a prime of 8192 bits and have a client spend a second on it.
const maxExponent = 64

// Bits is the length of the prime in bits.
func (f *Finite) Bits() int { return f.modulus.BitLen() }

// element reads a number and checks that it is between 1 and p-1, both
// excluded: the others give an exchange away. RFC 7919, section 5.1.
func (f *Finite) element(b []byte) (*bigmod.Nat, error) {
	y, err := bigmod.NewNat().SetBytes(bytes.TrimLeft(b, "\x00"), f.modulus)
	if err != nil || y.IsZero() == 1 || y.IsOne() == 1 || y.Equal(f.negative) == 1 {
		return nil, fault.With(fault.KeyShareInvalid, "a number of DHE is not between 1 and p-1")
	}
	return y, nil
}

// finiteKey is a private exponent.
type finiteKey struct {
	*Finite
	x []byte
}

// Generate makes a key in the group.
func (f *Finite) Generate(rand io.Reader) (Key, error) {
	x := make([]byte, f.exponent)
	if _, err := io.ReadFull(rand, x); err != nil {
		return Key{}, fault.With(fault.Internal, "no randomness: %w", err)
	}
	return Key{group: f.Group, finite: &finiteKey{f, x}}, nil
}

// appendPublic appends g^x, as long as the prime. RFC 9846, section 4.3.8.1.
func (k *finiteKey) appendPublic(b []byte) []byte {
	g, err := k.element(k.G)
	if err != nil {
		panic("kex: " + err.Error()) // it was checked when the group was made
	}
	return append(b, k.power(g)...)
}

// appendSecret appends y^x, as long as the prime. RFC 9846, section 7.4.1.
func (k *finiteKey) appendSecret(b, peer []byte) ([]byte, error) {
	y, err := k.element(peer)
	if err != nil {
		return b, err
	}
	return append(b, k.power(y)...), nil
}

// power gives y^x in time that does not depend on x.
func (k *finiteKey) power(y *bigmod.Nat) []byte {
	return bigmod.NewNat().Exp(y, k.x, k.modulus).Bytes(k.modulus)
}

// respond does what Respond does. In TLS 1.3 a share is as long as the prime.
func (f *Finite) respond(rand io.Reader, peer, share, secret []byte) (outShare, outSecret []byte, err error) {
	if len(peer) != len(f.P) {
		return share, secret, fault.With(fault.KeyShareInvalid, "%v: %d bytes in place of %d", f.Group, len(peer), len(f.P))
	}
	k, err := f.Generate(rand)
	if err != nil {
		return share, secret, err
	}
	secret, err = k.finite.appendSecret(secret, peer)
	return k.finite.appendPublic(share), secret, err
}
