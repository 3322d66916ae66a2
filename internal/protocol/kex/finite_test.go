package kex

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math/big"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// The groups of RFC 7919 are safe primes of the length in their name, begin and
// end as their form says, and 2 generates the subgroup of prime order.
func TestFiniteGroups(t *testing.T) {
	one := big.NewInt(1)
	for bits, g := range map[int]iana.Group{
		2048: iana.FFDHE2048, 3072: iana.FFDHE3072, 4096: iana.FFDHE4096, 6144: iana.FFDHE6144, 8192: iana.FFDHE8192,
	} {
		f := FiniteOf(g)
		ones := bytes.Repeat([]byte{0xff}, 8)
		if f.Bits() != bits || f.Group != g || !bytes.HasPrefix(f.P, ones) || !bytes.HasSuffix(f.P, ones) {
			t.Fatalf("%v: %d bits, %x", g, f.Bits(), f.P)
		}
		// 0xadf85458a2bb4a9a are the first digits of e after its integer part.
		if got := hex.EncodeToString(f.P[8:16]); got != "adf85458a2bb4a9a" {
			t.Errorf("%v: %s", g, got)
		}
		p := new(big.Int).SetBytes(f.P)
		q := new(big.Int).Rsh(p, 1)
		if bits <= 3072 && (!p.ProbablyPrime(1) || !q.ProbablyPrime(1)) {
			t.Errorf("%v is no safe prime", g)
		}
		if new(big.Int).Exp(big.NewInt(2), q, p).Cmp(one) != 0 { // Euler: true of a prime with 2 as a square
			t.Errorf("%v: 2 has another order, or the modulus is no prime", g)
		}
		if same, err := ReadFinite(append([]byte{0}, f.P...), []byte{2}); err != nil || same != f {
			t.Errorf("%v is not recognized: %v", g, err)
		}
	}
}

// TestFinitePrimes holds a prime to the one that is printed in RFC 7919, by its
// SHA-256.
func TestFinitePrimes(t *testing.T) {
	sum := sha256.Sum256(FiniteOf(iana.FFDHE2048).P)
	const want = "9cd3b7f336872f46c09428d1bbc19877a4d440512cda8d1c1cf0cd6e33698966"
	if got := hex.EncodeToString(sum[:]); got != want {
		t.Errorf("ffdhe2048 is another: %s", got)
	}
}

func TestFiniteExchange(t *testing.T) {
	for _, f := range []*Finite{FiniteOf(iana.FFDHE2048), unnamed(t)} {
		a, errA := f.Generate(rand.Reader)
		b, errB := f.Generate(rand.Reader)
		if err := errors.Join(errA, errB); err != nil {
			t.Fatal(err)
		}
		shareA, shareB := a.AppendPublic(nil), b.AppendPublic(nil)
		one, errA := a.AppendSecret(nil, shareB)
		two, errB := b.AppendSecret(nil, shareA)
		if err := errors.Join(errA, errB); err != nil || !bytes.Equal(one, two) || len(one) != len(f.P) || len(shareA) != len(f.P) {
			t.Errorf("%d bits: %v, secrets of %d and %d bytes", f.Bits(), err, len(one), len(two))
		}
		x, p := new(big.Int).SetBytes(a.finite.x), new(big.Int).SetBytes(f.P)
		if want := new(big.Int).Exp(new(big.Int).SetBytes(shareB), x, p); want.Cmp(new(big.Int).SetBytes(one)) != 0 {
			t.Errorf("%d bits: the secret is not y^x", f.Bits())
		}
	}
}

// A prime that a server has made up costs a client no more than the longest that
// has a name, or not much.
func TestLongPrimeIsCheap(t *testing.T) {
	p := make([]byte, 1024)
	for i := range p {
		p[i] = 0xff // odd, and of 8192 bits: that is all that is looked at
	}
	f, err := ReadFinite(p, []byte{2})
	if err != nil || f.Bits() != 8192 {
		t.Fatalf("%v", err)
	}
	k, err := f.Generate(rand.Reader)
	if err != nil || len(k.finite.x) != maxExponent {
		t.Errorf("an exponent of %d bytes, %v", len(k.finite.x), err)
	}
}

// unnamed is a group that has no name.
func unnamed(t *testing.T) *Finite {
	t.Helper()
	p, err := rand.Prime(rand.Reader, 512)
	if err != nil {
		t.Fatal(err)
	}
	f, err := ReadFinite(p.Bytes(), []byte{5})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Public values that give the secret away, and groups that are none. RFC 7919,
// section 5.1.
func TestFiniteValuesThatAreRefused(t *testing.T) {
	f := FiniteOf(iana.FFDHE2048)
	p := new(big.Int).SetBytes(f.P)
	k, err := f.Generate(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, y := range map[string][]byte{
		"0": {0}, "nothing": nil, "1": {1}, "p-1": new(big.Int).Sub(p, big.NewInt(1)).Bytes(), "p": f.P,
		"2p": new(big.Int).Lsh(p, 1).Bytes(),
	} {
		if _, err := k.AppendSecret(nil, y); !errors.Is(err, fault.KeyShareInvalid) {
			t.Errorf("the public value %s: %v", name, err)
		}
		if _, err := ReadFinite(f.P, y); !errors.Is(err, fault.KeyShareInvalid) {
			t.Errorf("the generator %s: %v", name, err)
		}
	}
	for _, bad := range [][]byte{nil, {0}, {1}, {2}, new(big.Int).Sub(p, big.NewInt(1)).Bytes()} {
		if _, err := ReadFinite(bad, []byte{2}); !errors.Is(err, fault.KeyShareInvalid) {
			t.Errorf("the modulus %x: %v", bad, err)
		}
	}
	if _, _, err := Respond(iana.FFDHE2048, rand.Reader, []byte{4}, nil, nil); !errors.Is(err, fault.KeyShareInvalid) {
		t.Errorf("a share of one byte in TLS 1.3: %v", err)
	}
}

// FuzzReadFinite: whatever group and share a server sends, it is refused or
// leads to a secret as long as the prime.
func FuzzReadFinite(f *testing.F) {
	f.Add([]byte{0, 23}, []byte{5}, []byte{4})
	f.Add(bytes.Repeat([]byte{0xff}, 65), []byte{2}, bytes.Repeat([]byte{0x7f}, 65))
	f.Add([]byte{3}, []byte{2}, []byte{2})
	f.Fuzz(func(t *testing.T, p, g, share []byte) {
		if len(p) > 128 {
			return // it takes its time
		}
		group, err := ReadFinite(p, g)
		if err != nil {
			return
		}
		k, err := group.Generate(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		secret, err := k.AppendSecret(nil, share)
		if want := len(bytes.TrimLeft(p, "\x00")); err == nil && len(secret) != want || len(k.AppendPublic(nil)) != want {
			t.Errorf("%d bytes of a prime of %d", len(secret), want)
		}
	})
}
