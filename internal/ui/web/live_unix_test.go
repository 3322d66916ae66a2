//go:build unix

package web

import (
	"crypto/tls"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/serve/endpoint"
)

// processorTime is how long the process has kept a processor busy.
func processorTime(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkLive is what the live feed costs the server at 1,000 handshakes a second,
// ten of them failures, with one who follows it over HTTP, as a part of a core: the
// time of the processor that the whole process takes in two seconds, reader and all,
// less what it takes without the page.
func BenchmarkLive(b *testing.B) {
	s := serve(b)
	visit(b, s.address, "shop.example.com", tls.VersionTLS11)
	visit(b, s.address, "shop.example.com", 0)
	arrived(b, s.Feed, 2)
	bad, good := s.all.at(1).handshake, s.all.at(2).handshake
	p, err := Listen("127.0.0.1:0", s.options())
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	const length, rate, pace = 2 * time.Second, 1000, 10 * time.Millisecond
	run := func(tell func(*endpoint.Handshake)) time.Duration {
		before := processorTime(b)
		clock := time.NewTicker(pace)
		defer clock.Stop()
		for n := 0; n < int(length/time.Second)*rate; {
			<-clock.C
			for range int(pace * rate / time.Second) {
				if n++; n%100 == 50 {
					tell(bad)
				} else {
					tell(good)
				}
			}
		}
		return processorTime(b) - before
	}
	for b.Loop() {
		idle := run(func(*endpoint.Handshake) {})
		base, _, _ := strings.Cut(p.URL(), "/?")
		req, err := http.NewRequestWithContext(b.Context(), "GET", base+"/feed", nil)
		if err != nil {
			b.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+p.guard.token)
		res, err := http.DefaultClient.Do(req)
		if err != nil || res.StatusCode != http.StatusOK {
			b.Fatal(res, err)
		}
		read := make(chan int64)
		go func() { n, _ := io.Copy(io.Discard, res.Body); read <- n }()
		cost := run(s.Tell)
		res.Body.Close()
		if n := <-read; n < 1000 {
			b.Errorf("the reader got %d bytes", n)
		}
		b.ReportMetric(100*float64(cost-idle)/float64(length), "%core")
	}
}
