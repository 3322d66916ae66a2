package record

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/schedule"
)

var benched = []string{
	"TLS_AES_128_GCM_SHA256",
	"TLS_CHACHA20_POLY1305_SHA256",
	"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
	"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
	"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
	"TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384",
	"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA encrypt_then_mac",
}

func BenchmarkRecord(b *testing.B) {
	keys := keysOf(b)
	for _, name := range benched {
		for _, n := range []int{64, 1024, MaxPlaintext} {
			data := make([]byte, n)
			s, o := pair(b, keys[name])
			buf := make([]byte, 0, MaxPlaintext+512)
			b.Run(fmt.Sprintf("%s/%d/Seal", name, n), func(b *testing.B) {
				b.SetBytes(int64(n))
				b.ReportAllocs()
				for b.Loop() {
					s.Seal(buf, iana.ContentApplicationData, data)
				}
			})
			s.seq = 0
			rec := s.Seal(nil, iana.ContentApplicationData, data)
			b.Run(fmt.Sprintf("%s/%d/Open", name, n), func(b *testing.B) {
				b.SetBytes(int64(n))
				b.ReportAllocs()
				for b.Loop() { // the copy is part of what is measured
					o.seq = 0
					if _, _, err := o.Open(append(buf, rec...)); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkBareAEAD measures the record layer against the AEAD alone, in turns,
// so that what else the machine does falls on both: the metrics are the AEAD's
// best time by that of the record layer.
func BenchmarkBareAEAD(b *testing.B) {
	data := make([]byte, MaxPlaintext)
	buf := make([]byte, 0, MaxPlaintext+64)
	s, o := pair(b, Keys13(iana.TLS_AES_128_GCM_SHA256, schedule.NewSecret(schedule.SHA256, nil)))
	nonce, head := make([]byte, 12), make([]byte, HeaderLen)
	rec := s.Seal(nil, iana.ContentApplicationData, data)
	bare := s.aead.Seal(nil, nonce, data, head)
	runs := []func(){
		func() { s.aead.Seal(buf, nonce, data, head) },
		func() { s.aead.Seal(data[:0:0], nonce, data, head) }, // into memory of its own
		func() { s.Seal(buf, iana.ContentApplicationData, data) },
		func() { w := append(buf, bare...); s.aead.Open(w[:0], nonce, w, head) },
		func() { o.seq = 0; o.Open(append(buf, rec...)) },
	}
	best := make([]float64, len(runs))
	for i := range best {
		best[i] = math.Inf(1)
	}
	const batch = 16
	for b.Loop() {
		for i, run := range runs {
			start := time.Now()
			for range batch {
				run()
			}
			best[i] = min(best[i], float64(time.Since(start).Nanoseconds())/batch)
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(best[0], "ns/bare-seal")
	b.ReportMetric(best[1], "ns/allocating-seal")
	b.ReportMetric(best[2], "ns/Seal")
	b.ReportMetric(best[3], "ns/bare-open")
	b.ReportMetric(best[4], "ns/Open")
	b.ReportMetric(best[0]/best[2], "ratio-seal")
	b.ReportMetric(best[3]/best[4], "ratio-open")
}

func BenchmarkInstall(b *testing.B) {
	keys := keysOf(b)
	for _, name := range benched {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			k := keys[name]
			for b.Loop() {
				var s Sealer
				if err := s.Install(&k); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// The time does not depend on how long the padding is: the three should be
// equal.
func BenchmarkPadding(b *testing.B) {
	k := keysOf(b)["TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256"]
	_, o := pair(b, k)
	body := make([]byte, 1024)
	rand.Read(body)
	for _, pad := range []int{0, 31, 255} {
		b.Run(fmt.Sprint(pad), func(b *testing.B) {
			padded := append(bytes.Clone(body), bytes.Repeat([]byte{byte(pad)}, pad+1)...)
			padded = padded[len(padded)-1024:]
			for b.Loop() {
				n, _ := unpad(padded, o.cbc.size)
				o.cbc.lucky.check(o.head12(23, iana.TLS12, n), padded, n)
			}
		})
	}
}
