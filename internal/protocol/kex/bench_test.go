package kex

import (
	"crypto/ecdh"
	"crypto/mlkem"
	"crypto/mlkem/mlkemtest"
	"crypto/rand"
	"slices"
	"testing"
	"time"

	"filippo.io/edwards25519"
	"github.com/cloudflare/circl/dh/x25519"
	"github.com/cloudflare/circl/kem/mlkem/mlkem768"
)

// alternatives runs the ways to do one operation in turn, so that whatever
// else the machine does touches all alike, and reports the median of each in
// nanoseconds and its allocations. The package uses the fastest.
func alternatives(b *testing.B, names []string, ways ...func()) {
	b.Helper()
	took := make([][]time.Duration, len(ways))
	for _, way := range ways {
		way() // tables and self-tests of the first time
	}
	for b.Loop() {
		for i, way := range ways {
			start := time.Now()
			way()
			took[i] = append(took[i], time.Since(start))
		}
	}
	b.ReportMetric(0, "ns/op")
	for i, way := range ways {
		slices.Sort(took[i])
		b.ReportMetric(float64(took[i][len(took[i])/2].Nanoseconds()), names[i]+"-ns")
		b.ReportMetric(testing.AllocsPerRun(20, way), names[i]+"-allocs")
	}
}

func BenchmarkAlternatives(b *testing.B) {
	b.Run("X25519Generate", alternativesX25519Generate)
	b.Run("X25519Shared", alternativesX25519Shared)
	b.Run("MLKEM768Generate", alternativesMLKEMGenerate)
	b.Run("MLKEM768Encapsulate", alternativesMLKEMEncapsulate)
	b.Run("MLKEM768Decapsulate", alternativesMLKEMDecapsulate)
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

func alternativesX25519Generate(b *testing.B) {
	seed := random(32)
	alternatives(b, []string{"std", "circl", "edwards"},
		func() {
			k, _ := ecdh.X25519().NewPrivateKey(seed)
			k.PublicKey().Bytes()
		},
		func() {
			var public x25519.Key
			x25519.KeyGen(&public, (*x25519.Key)(seed))
		},
		func() {
			var s edwards25519.Scalar
			s.SetBytesWithClamping(seed)
			var p edwards25519.Point
			p.ScalarBaseMult(&s).BytesMontgomery()
		})
}

func alternativesX25519Shared(b *testing.B) {
	seed := random(32)
	var public, shared x25519.Key
	x25519.KeyGen(&public, (*x25519.Key)(random(32)))
	k, _ := ecdh.X25519().NewPrivateKey(seed)
	alternatives(b, []string{"std", "circl"},
		func() {
			p, _ := ecdh.X25519().NewPublicKey(public[:])
			k.ECDH(p)
		},
		func() {
			x25519.Shared(&shared, (*x25519.Key)(seed), &public)
		})
}

func alternativesMLKEMGenerate(b *testing.B) {
	seed := random(64)
	var buf [1184]byte
	alternatives(b, []string{"std", "circl"},
		func() {
			k, _ := mlkem.NewDecapsulationKey768(seed)
			k.EncapsulationKey().Bytes()
		},
		func() {
			p, _ := mlkem768.NewKeyFromSeed(seed)
			p.Pack(buf[:])
		})
}

func alternativesMLKEMEncapsulate(b *testing.B) {
	p, _ := mlkem768.NewKeyFromSeed(random(64))
	peer := make([]byte, 1184)
	p.Pack(peer)
	seed, ct, ss := random(32), make([]byte, 1088), make([]byte, 32)
	alternatives(b, []string{"std", "stdtest", "circl"},
		func() {
			ek, _ := mlkem.NewEncapsulationKey768(peer)
			ek.Encapsulate()
		},
		func() {
			ek, _ := mlkem.NewEncapsulationKey768(peer)
			mlkemtest.Encapsulate768(ek, seed)
		},
		func() {
			var ek mlkem768.PublicKey
			ek.Unpack(peer)
			ek.EncapsulateTo(ct, ss, seed)
		})
}

func alternativesMLKEMDecapsulate(b *testing.B) {
	seed, ct, ss := random(64), make([]byte, 1088), make([]byte, 32)
	p, k := mlkem768.NewKeyFromSeed(seed)
	p.EncapsulateTo(ct, ss, nil)
	std, _ := mlkem.NewDecapsulationKey768(seed)
	alternatives(b, []string{"std", "circl"},
		func() { std.Decapsulate(ct) },
		func() { k.DecapsulateTo(ss, ct) })
}
