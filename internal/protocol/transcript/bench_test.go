package transcript

import (
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/schedule"
)

// BenchmarkHandshake is what a handshake does: nine messages, of which one is
// as long as certificates are, and five sums.
func BenchmarkHandshake(b *testing.B) {
	message := make([]byte, 3000)
	for _, h := range []schedule.Hash{schedule.SHA256, schedule.SHA384} {
		b.Run(h.String(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var t Transcript
				handshake(&t, h, message)
			}
		})
	}
}

func handshake(t *Transcript, h schedule.Hash, message []byte) {
	var sum [48]byte
	t.Start(h)
	for i := range 9 {
		if i == 3 {
			t.Write(message)
		} else {
			t.Write(message[:100])
		}
		if i%2 == 1 {
			t.Sum(sum[:0])
		}
	}
	t.Stop()
}

func BenchmarkSumWith(b *testing.B) {
	message := make([]byte, 300)
	for _, h := range []schedule.Hash{schedule.SHA256, schedule.SHA384} {
		b.Run(h.String(), func(b *testing.B) {
			b.ReportAllocs()
			var t Transcript
			var sum [48]byte
			t.Start(h)
			t.Write(message)
			for b.Loop() {
				t.SumWith(sum[:0], message)
			}
		})
	}
}
