//go:build !race

package record

// Without the race detector, with which the compiler leaves less on the stack.

import (
	"runtime"
	"testing"
	"unsafe"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/suite"
)

// No record costs an allocation, once there is room for it.
func TestNoAllocations(t *testing.T) {
	for name, k := range keysOf(t) {
		s, o := pair(t, k)
		s.SetRand(zeros{}) // so that only what is ours is counted
		data := make([]byte, 1000)
		buf := make([]byte, 0, 2000)
		n := testing.AllocsPerRun(20, func() {
			rec := s.Seal(buf, iana.ContentApplicationData, data)
			if _, _, err := o.Open(rec); err != nil {
				t.Fatal(err)
			}
		})
		if n != 0 {
			t.Errorf("%s: a record costs %v allocations", name, n)
		}
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// How much memory the protection of a connection takes, in bytes.
func TestMemory(t *testing.T) {
	const many = 500
	for _, name := range benched {
		k := keysOf(t)[name]
		sealers, openers := make([]Sealer, many), make([]Opener, many)
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		for i := range many {
			if sealers[i].Install(&k) != nil || openers[i].Install(&k) != nil {
				t.Fatal(name)
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		heap := int(after.HeapAlloc-before.HeapAlloc) / many
		embedded := int(unsafe.Sizeof(Sealer{}) + unsafe.Sizeof(Opener{}))
		t.Logf("%s: %d bytes on the heap, %d in the connection", name, heap, embedded)
		if p, _ := suite.Of(k.params.ID); p.Cipher == suite.AESGCM && heap+embedded > 2048 {
			t.Errorf("%s: %d bytes, should be at most 2048", name, heap+embedded)
		}
		runtime.KeepAlive(sealers)
		runtime.KeepAlive(openers)
	}
}
