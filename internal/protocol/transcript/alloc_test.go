//go:build !race

package transcript

import "testing"

// Without the race detector, which empties pools at random.
func TestNoAllocations(t *testing.T) {
	message := make([]byte, 3000)
	for _, h := range both {
		var tr Transcript
		if n := testing.AllocsPerRun(50, func() { handshake(&tr, h, message) }); n >= 1 {
			t.Errorf("%v: the transcript of a handshake takes %v allocations", h, n)
		}
		var sum [48]byte
		tr.Start(h)
		if n := testing.AllocsPerRun(50, func() { tr.SumWith(sum[:0], message) }); n != 0 {
			t.Errorf("%v: SumWith takes %v allocations", h, n)
		}
		tr.Stop()
	}
}
