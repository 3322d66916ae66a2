package session

import (
	"testing"
	"time"
)

// BenchmarkTicket seals and opens a ticket, without a client's certificates and
// with.
func BenchmarkTicket(b *testing.B) {
	for _, size := range []struct {
		name  string
		chain int
	}{{"plain", 0}, {"client certificate", 2000}} {
		s := example()
		s.Chain, s.OCSPStaple, s.SCTs = nil, nil, nil
		if size.chain > 0 {
			s.Chain = [][]byte{make([]byte, size.chain/2), make([]byte, size.chain/2)}
		}
		var k Keys
		ticket, err := k.Seal(zeros{}, now, s)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(size.name+"/Seal", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				k.Seal(zeros{}, now, s)
			}
		})
		b.Run(size.name+"/Open", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if s, _ := k.Open(now.Add(time.Hour), ticket); s == nil {
					b.Fatal("not opened")
				}
			}
		})
	}
}

func BenchmarkCache(b *testing.B) {
	c := NewCache(1000)
	s := example()
	id := make([]byte, 32)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		id[0], id[1] = byte(i), byte(i>>8)
		c.Put(id, s)
		if c.Get(id, now) == nil {
			b.Fatal("missing")
		}
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }
