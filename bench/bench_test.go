package bench

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/handsel-tls/handsel/tls"
)

var (
	only   = flag.String("only", "", "measure the rows with this in their names only")
	update = flag.Bool("update", false, "write the table to results.txt")
)

// scenarios are the handshakes with the reach of each: the part of the time of
// crypto/tls that it may take, 0 if none was set.
var scenarios = []struct {
	scenario
	reach float64
	text  string
	own   bool // measure it with a goroutine for each connection, too
}{
	{scenario{"TLS 1.3 full, ECDSA P-256, X25519, server", tls.VersionTLS13, tls.X25519, true, false}, 0.75, "0.75", false},
	{scenario{"TLS 1.3 full, X25519MLKEM768, server", tls.VersionTLS13, tls.X25519MLKEM768, true, false}, 0.65, "0.65", false},
	{scenario{"TLS 1.2 full, ECDSA P-256, server", tls.VersionTLS12, tls.X25519, true, false}, 0.75, "0.75", false},
	{scenario{"TLS 1.3 resumed (PSK-DHE), server", tls.VersionTLS13, tls.X25519, true, true}, 0.6, "0.60", false},
	{scenario{"TLS 1.2 resumed by ticket, server", tls.VersionTLS12, tls.X25519, true, true}, 0.5, "0.50", true},
	{scenario{"TLS 1.3 full, ECDSA P-256, X25519, client", tls.VersionTLS13, tls.X25519, false, false}, 0, "", false},
	{scenario{"TLS 1.3 full, X25519MLKEM768, client", tls.VersionTLS13, tls.X25519MLKEM768, false, false}, 0, "", false},
	{scenario{"TLS 1.2 full, ECDSA P-256, client", tls.VersionTLS12, tls.X25519, false, false}, 0, "", false},
	{scenario{"TLS 1.3 resumed (PSK-DHE), client", tls.VersionTLS13, tls.X25519, false, true}, 0, "", false},
	{scenario{"TLS 1.2 resumed by ticket, client", tls.VersionTLS12, tls.X25519, false, true}, 0, "", false},
}

// stacks are those that there are, this project's first.
func stacks(tb testing.TB) []stack {
	all := []stack{ours(true), bare{}, standard()}
	for _, open := range others {
		s, err := open()
		if err != nil {
			tb.Fatal(err)
		}
		if c, ok := s.(interface{ close() error }); ok {
			tb.Cleanup(func() { c.close() })
		}
		all = append(all, s)
	}
	return all
}

// onNewGoroutines are stacks whose connections have a goroutine each.
func onNewGoroutines() []stack {
	a, b := ours(true), standard()
	a.own, b.own = true, true
	return []stack{a, b}
}

// BenchmarkTable measures everything and prints one table.
func BenchmarkTable(b *testing.B) {
	for range b.N {
		t := &table{}
		all := stacks(b)
		for _, s := range scenarios {
			if strings.Contains(s.name, *only) {
				t.handshakes(b, s.scenario, s.reach, s.text, all)
				if s.own {
					s.name = "  the same on a new goroutine"
					t.handshakes(b, s.scenario, s.reach, s.text, onNewGoroutines())
				}
			}
		}
		for _, rest := range []struct {
			name    string
			measure func(*testing.B, []stack)
		}{
			{"allocations", t.allocations}, {"bulk", t.bulk}, {"idle", t.idle},
			{"lookup", t.lookups}, {"recording", t.recording}, {"primitives", t.primitives},
		} {
			if strings.Contains(rest.name, *only) {
				rest.measure(b, all)
			}
		}
		if len(others) == 0 {
			t.notes = append(t.notes, "OpenSSL is left out: it needs -tags openssl, and libssl-dev installed.")
		}
		text := machine() + "\n\n" + t.String()
		fmt.Printf("\n%s\n", text)
		if *update {
			if err := os.WriteFile("results.txt", []byte(text), 0o644); err != nil {
				b.Fatal(err)
			}
		}
	}
}
