package kex

import (
	"bytes"
	"crypto/ecdh"
	"crypto/mlkem"
	"crypto/rand"
	"errors"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

var groups = []iana.Group{
	iana.X25519MLKEM768, iana.SecP256r1MLKEM768, iana.X25519, iana.Secp256r1, iana.Secp384r1, iana.Secp521r1,
}

func TestBothSidesAgree(t *testing.T) {
	for _, g := range append([]iana.Group{iana.MLKEM768, iana.MLKEM1024}, groups...) {
		for range 5 {
			k, err := Generate(g, rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			share, secret, err := Respond(g, rand.Reader, k.AppendPublic(nil), nil, nil)
			if err != nil {
				t.Fatal(g, err)
			}
			got, err := k.AppendSecret(nil, share)
			if err != nil || !bytes.Equal(got, secret) || len(share) > MaxShare && g != iana.MLKEM1024 || len(secret) > MaxSecret {
				t.Errorf("%v: %x, %x, %v", g, got, secret, err)
			}
		}
	}
}

// ML-KEM-1024 alone agrees with the standard library, and a key of another length is refused.
func TestMLKEM1024(t *testing.T) {
	kem, err := mlkem.GenerateKey1024()
	if err != nil {
		t.Fatal(err)
	}
	share, secret, err := Respond(iana.MLKEM1024, rand.Reader, kem.EncapsulationKey().Bytes(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if want, err := kem.Decapsulate(share); err != nil || !bytes.Equal(secret, want) {
		t.Errorf("%x, want %x, %v", secret, want, err)
	}
	if _, _, err := Respond(iana.MLKEM1024, rand.Reader, share[1:], nil, nil); !errors.Is(err, fault.KeyShareInvalid) {
		t.Error(err)
	}
	k, err := Generate(iana.MLKEM1024, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.AppendSecret(nil, share[1:]); !errors.Is(err, fault.KeyShareInvalid) {
		t.Error(err)
	}
}

// X25519 and ML-KEM agree with the standard library.
func TestAgainstStandardLibrary(t *testing.T) {
	kem, err := mlkem.GenerateKey768()
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		x, _ := ecdh.X25519().GenerateKey(rand.Reader)
		peer := append(kem.EncapsulationKey().Bytes(), x.PublicKey().Bytes()...)
		share, secret, err := Respond(iana.X25519MLKEM768, rand.Reader, peer, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		want, err := kem.Decapsulate(share[:kemCiphertext])
		if err != nil {
			t.Fatal(err)
		}
		public, err := ecdh.X25519().NewPublicKey(share[kemCiphertext:])
		if err != nil {
			t.Fatal(err)
		}
		shared, err := x.ECDH(public)
		if err != nil || !bytes.Equal(secret, append(want, shared...)) {
			t.Fatalf("the secrets differ: %v", err)
		}
	}
}

func TestInvalidShares(t *testing.T) {
	for _, g := range groups {
		k, _ := Generate(g, rand.Reader)
		good := k.AppendPublic(nil)
		bad := [][]byte{nil, {0}, good[:len(good)-1], append(bytes.Clone(good), 0), make([]byte, len(good)), bytes.Repeat([]byte{0xff}, len(good))}
		for i, share := range bad {
			if g == iana.X25519 && i == 5 {
				continue // every string of 32 bytes but a few is a point
			}
			if _, _, err := Respond(g, rand.Reader, share, nil, nil); !errors.Is(err, fault.KeyShareInvalid) {
				t.Errorf("%v: share %d is answered: %v", g, i, err)
			}
		}
		for i, share := range bad[:4] {
			if _, err := k.AppendSecret(nil, share); !errors.Is(err, fault.KeyShareInvalid) {
				t.Errorf("%v: share %d is accepted: %v", g, i, err)
			}
		}
	}
	if _, err := Generate(iana.X448, rand.Reader); !errors.Is(err, fault.Internal) {
		t.Error(err)
	}
}

func FuzzRespond(f *testing.F) {
	for i, g := range groups {
		k, _ := Generate(g, rand.Reader)
		f.Add(k.AppendPublic(nil), uint8(i))
	}
	f.Fuzz(func(t *testing.T, share []byte, which uint8) {
		_, _, err := Respond(groups[int(which)%len(groups)], rand.Reader, share, nil, nil)
		if err != nil && !errors.Is(err, fault.KeyShareInvalid) {
			t.Error(err)
		}
	})
}

func BenchmarkRespond(b *testing.B) {
	for _, g := range groups {
		k, _ := Generate(g, rand.Reader)
		peer := k.AppendPublic(nil)
		share, secret := make([]byte, 0, MaxShare), make([]byte, 0, MaxSecret)
		b.Run(g.String(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Respond(g, rand.Reader, peer, share, secret)
			}
		})
	}
}
