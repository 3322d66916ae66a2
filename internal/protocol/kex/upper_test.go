package kex

import (
	"crypto/rand"
	"crypto/sha256"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// BenchmarkHashAfter shows what a SHA-256 takes that follows a key exchange: it
// should be the same for both groups.
func BenchmarkHashAfter(b *testing.B) {
	for _, g := range []iana.Group{iana.X25519, iana.X25519MLKEM768} {
		k, err := Generate(g, rand.Reader)
		if err != nil {
			b.Fatal(err)
		}
		share, _, err := Respond(g, rand.Reader, k.AppendPublic(nil), nil, nil)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(g.String(), func(b *testing.B) {
			data := make([]byte, 1<<10)
			for b.Loop() {
				b.StopTimer()
				k.AppendSecret(nil, share)
				b.StartTimer()
				for range 20 {
					sha256.Sum256(data)
				}
			}
		})
	}
}
