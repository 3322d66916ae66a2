package prf

import (
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/schedule"
)

// BenchmarkHandshake is all that one side derives in a handshake of TLS 1.2:
// the master secret, the key block of an AEAD suite, two Finished.
func BenchmarkHandshake(b *testing.B) {
	for _, h := range []schedule.Hash{schedule.SHA256, schedule.SHA384} {
		b.Run(h.String(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				handshake(TLS12(h))
			}
		})
	}
}

func handshake(f Function) {
	var client, server [32]byte
	var block [40]byte
	master := f.ExtendedMaster(client[:], server[:])
	f.KeyBlock(block[:], master[:], client[:], server[:])
	f.Finished(master[:], false, client[:])
	f.Finished(master[:], true, client[:])
}
