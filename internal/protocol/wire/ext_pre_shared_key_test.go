package wire

import (
	"testing"
	"time"
)

// A ClientHello has room for thousands of identities; what it costs to count
// them must not grow with their square.
func TestCountsOfManyIdentities(t *testing.T) {
	var ids, binders []byte
	for range 9000 {
		ids = append(ids, 0, 1, 'i', 0, 0, 0, 0)
	}
	for range 50 {
		binders = vec(binders, 1, make([]byte, 32))
	}
	p, err := ParsePreSharedKeyClient(vec(vec(nil, 2, ids), 2, binders))
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if i, b := p.Counts(); i != 9000 || b != 50 {
		t.Errorf("counted %d identities and %d binders, want 9000 and 50", i, b)
	}
	if d := time.Since(start); d > 100*time.Millisecond { // 0.2 ms; two seconds when each was looked up from the start
		t.Errorf("counting took %v", d)
	}
}
