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
			master := new([MasterLen]byte)
			for b.Loop() {
				handshake(TLS12(h), master)
			}
		})
	}
}

func handshake(f Function, master *[MasterLen]byte) {
	var client, server [32]byte
	var block [40]byte
	*master = f.ExtendedMaster(client[:], server[:])
	k := f.With(master[:])
	defer k.Free()
	k.KeyBlock(block[:], client[:], server[:])
	k.Finished(false, client[:])
	k.Finished(true, client[:])
}
