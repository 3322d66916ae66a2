package bench

import (
	"flag"
	"fmt"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/serve/bindings"
	"github.com/handsel-tls/handsel/tls"
)

var scenarios = []scenario{
	{"TLS 1.3 full, ECDSA P-256, X25519, server", tls.VersionTLS13, tls.X25519, true, false},
	{"TLS 1.3 full, X25519MLKEM768, server", tls.VersionTLS13, tls.X25519MLKEM768, true, false},
	{"TLS 1.2 full, ECDSA P-256, server", tls.VersionTLS12, tls.X25519, true, false},
	{"TLS 1.3 resumed (PSK-DHE), server", tls.VersionTLS13, tls.X25519, true, true},
	{"TLS 1.2 resumed by ticket, server", tls.VersionTLS12, tls.X25519, true, true},
	{"TLS 1.3 full, ECDSA P-256, X25519, client", tls.VersionTLS13, tls.X25519, false, false},
	{"TLS 1.3 full, X25519MLKEM768, client", tls.VersionTLS13, tls.X25519MLKEM768, false, false},
	{"TLS 1.2 full, ECDSA P-256, client", tls.VersionTLS12, tls.X25519, false, false},
	{"TLS 1.3 resumed (PSK-DHE), client", tls.VersionTLS13, tls.X25519, false, true},
	{"TLS 1.2 resumed by ticket, client", tls.VersionTLS12, tls.X25519, false, true},
}

// How often and how much: turns of a few handshakes each, one stack after the
// other, so that all see the same machine.
const (
	turns     = 15
	perTurn   = 60
	bulkTurns = 25
	bulkCount = 200
)

var only = flag.String("only", "", "measure the rows with this in their names only")

// BenchmarkTable measures everything and prints one table.
func BenchmarkTable(b *testing.B) {
	for range b.N {
		t := &table{}
		stacks := []stack{ours(true), standard()}
		for _, make := range others {
			s, err := make()
			if err != nil {
				b.Fatal(err)
			}
			stacks = append(stacks, s)
		}
		for _, s := range scenarios {
			if strings.Contains(s.name, *only) {
				t.handshakes(b, s, stacks)
			}
		}
		for name, rest := range map[string]func(*testing.B){
			"allocations": t.allocations, "bulk": t.bulk, "idle": t.idle, "lookup": t.lookups, "recording": t.recording,
		} {
			if strings.Contains(name, *only) {
				rest(b)
			}
		}
		if len(others) == 0 {
			t.add("OpenSSL is left out: go test -tags openssl, with libssl-dev installed", "")
		}
		fmt.Printf("\n%s\n", t)
	}
}

// table is what is printed.
type table struct{ rows [][2]string }

func (t *table) add(what, figures string) { t.rows = append(t.rows, [2]string{what, figures}) }

func (t *table) String() string {
	var s strings.Builder
	for _, r := range t.rows {
		fmt.Fprintf(&s, "%-58s %s\n", r[0], r[1])
	}
	return s.String()
}

// inTurns gives the median of each contender's turns.
func inTurns(b *testing.B, count int, run []func() (time.Duration, error)) []time.Duration {
	all := make([][]time.Duration, len(run))
	for range count {
		for i, r := range run {
			runtime.GC() // what one leaves behind the next does not sweep up
			d, err := r()
			if err != nil {
				b.Fatal(err)
			}
			all[i] = append(all[i], d)
		}
	}
	medians := make([]time.Duration, len(run))
	for i, ds := range all {
		slices.Sort(ds)
		medians[i] = ds[len(ds)/2]
	}
	return medians
}

func (t *table) handshakes(b *testing.B, s scenario, stacks []stack) {
	var names []string
	var run []func() (time.Duration, error)
	for _, st := range stacks {
		one, err := st.prepare(s)
		if err != nil {
			continue // the stack does not do it
		}
		names = append(names, st.name())
		run = append(run, func() (time.Duration, error) {
			m := &meter{}
			for range perTurn {
				if err := one(m); err != nil {
					return 0, fmt.Errorf("%s: %w", st.name(), err)
				}
			}
			return m.spent / perTurn, nil
		})
	}
	t.add(s.name, figures(names, inTurns(b, turns, run)))
}

// figures prints times, and the ratio of the first to each other.
func figures(names []string, d []time.Duration) string {
	var s strings.Builder
	for i, n := range names {
		fmt.Fprintf(&s, "%s %.1f µs  ", n, float64(d[i].Nanoseconds())/1000)
	}
	for i := 1; i < len(d); i++ {
		fmt.Fprintf(&s, " %.2f × %s", float64(d[0])/float64(d[i]), names[i])
	}
	return s.String()
}

func (t *table) allocations(b *testing.B) {
	s := scenarios[0]
	var parts []string
	for _, st := range []stack{ours(false), standard()} {
		one, err := st.prepare(s)
		if err != nil {
			b.Fatal(err)
		}
		const count = 200
		m := &meter{}
		for range 20 { // fill the pools
			if err := one(m); err != nil {
				b.Fatal(err)
			}
		}
		m = &meter{counting: true}
		for range count {
			if err := one(m); err != nil {
				b.Fatal(err)
			}
		}
		parts = append(parts, fmt.Sprintf("%s %.0f", st.name(), float64(m.mallocs)/count))
	}
	sign := testing.AllocsPerRun(100, func() { signOnce() })
	parts = append(parts, fmt.Sprintf("of these crypto/ecdsa's signature %.0f", sign))
	t.add("allocations, TLS 1.3 full, server", strings.Join(parts, "  "))
}

func (t *table) bulk(b *testing.B) {
	for _, send := range []bool{true, false} {
		names := []string{"Handsel", "bare AEAD", "crypto/tls"}
		run := []func() (time.Duration, error){
			func() (time.Duration, error) { return ours(true).bulkRun(bulkCount, send) },
			func() (time.Duration, error) { return bareRun(bulkCount, send) },
			func() (time.Duration, error) { return standard().bulkRun(bulkCount, send) },
		}
		if bulkOpenSSL != nil {
			names = append(names, "OpenSSL")
			run = append(run, func() (time.Duration, error) { return bulkOpenSSL(bulkCount, send) })
		}
		d := inTurns(b, bulkTurns, run)
		var s strings.Builder
		for i, n := range names {
			fmt.Fprintf(&s, "%s %.0f MB/s  ", n, float64(recordSize*bulkCount)/d[i].Seconds()/1e6)
		}
		for i := 1; i < len(d); i++ {
			fmt.Fprintf(&s, " %.2f of %s", float64(d[i])/float64(d[0]), names[i])
		}
		what := "receive"
		if send {
			what = "send"
		}
		t.add("bulk AES-128-GCM, records of 16 KB, "+what, s.String())
	}
}

func (t *table) idle(b *testing.B) {
	var parts []string
	for _, g := range []*goStack{ours(false), standard()} {
		n, err := g.idleBytes(scenarios[0], 1000)
		if err != nil {
			b.Fatal(err)
		}
		parts = append(parts, fmt.Sprintf("%s %d bytes", g.name(), n))
	}
	t.add("idle connection after 16 KB each way, one end", strings.Join(parts, "  "))
}

func (t *table) lookups(b *testing.B) {
	local := netip.MustParseAddrPort("192.0.2.1:443")
	var parts []string
	for _, count := range []int{1, 1000, 100_000} {
		list := make([]bindings.Binding, count)
		names := make([]string, count)
		for i := range list {
			names[i] = fmt.Sprintf("site%d.example.com", i)
			key, err := bindings.NameKey(names[i], 443)
			if err != nil {
				b.Fatal(err)
			}
			list[i] = bindings.Binding{Key: key}
		}
		table, err := bindings.NewTable(list, bindings.Options{})
		if err != nil {
			b.Fatal(err)
		}
		d := inTurns(b, 9, []func() (time.Duration, error){func() (time.Duration, error) {
			const n = 100_000
			start := time.Now()
			for i := range n {
				if table.Lookup(local, names[i*7919%count]).Binding == nil {
					return 0, fmt.Errorf("%s is not found", names[i*7919%count])
				}
			}
			return time.Since(start) / n, nil
		}})
		parts = append(parts, fmt.Sprintf("%d bindings: %d ns", count, d[0].Nanoseconds()))
	}
	t.add("certificate by SNI", strings.Join(parts, "  "))
}

func (t *table) recording(b *testing.B) {
	var run []func() (time.Duration, error)
	for _, record := range []bool{true, false} {
		one, err := ours(record).prepare(scenarios[0])
		if err != nil {
			b.Fatal(err)
		}
		run = append(run, func() (time.Duration, error) {
			m := &meter{}
			for range perTurn {
				if err := one(m); err != nil {
					return 0, err
				}
			}
			return m.spent / perTurn, nil
		})
	}
	d := inTurns(b, 2*turns, run)
	t.add("cost of recording", fmt.Sprintf("with a hook %.1f µs, without %.1f µs: %+.1f %%", us(d[0]), us(d[1]), 100*(us(d[0])/us(d[1])-1)))
}

func us(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }
