package bench

import (
	"fmt"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/serve/bindings"
	"github.com/handsel-tls/handsel/tls"
)

// How often and how much.
const (
	turns     = 31
	perTurn   = 40 // handshakes
	bulkTurns = 25
	bulkCount = 200 // records a turn
	idleCount = 400 // connections
)

func measured(b *testing.B, count int, all []contender) samples {
	b.Helper()
	got, err := inTurns(count, all)
	if err != nil {
		b.Fatal(err)
	}
	return got
}

// slice is a contender that runs handshakes.
func slice(name string, run func(*meter) error) contender {
	return contender{name, func() (time.Duration, error) {
		m := &meter{}
		for range perTurn {
			if err := run(m); err != nil {
				return 0, err
			}
		}
		return m.spent / perTurn, nil
	}}
}

func (t *table) handshakes(b *testing.B, s scenario, limit float64, text string, all []stack) {
	var run []contender
	for _, st := range all {
		one, err := st.prepare(s)
		if err != nil && cannot(st, s) {
			continue
		}
		if err != nil {
			b.Fatalf("%s: %s: %v", st.name(), s.name, err)
		}
		run = append(run, slice(st.name(), one))
	}
	got := measured(b, turns, run)
	r := row{what: s.name, cells: map[string]string{}, ratios: map[string]float64{}}
	for _, c := range run {
		r.cells[c.name] = fmt.Sprintf("%.1f µs", us(median(got[c.name])))
		r.ratios[c.name] = got.ratio("Handsel", c.name)
	}
	if limit > 0 {
		r.note = reach(r.ratios["crypto/tls"], limit, text+" × crypto/tls")
	}
	t.add(r)
}

// cannot says what stacks do not do. Anything else that goes wrong in setting
// up is a failure.
func cannot(st stack, s scenario) bool {
	return st.name() == "engine" && !s.server || st.name() == "OpenSSL" && s.group == tls.X25519MLKEM768
}

func (t *table) allocations(b *testing.B, all []stack) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // nobody else allocates
	s := scenarios[0].scenario
	signature, err := newSignature()
	if err != nil {
		b.Fatal(err)
	}
	counts := map[string]float64{}
	r := row{what: "allocations of the first row", cells: map[string]string{}}
	for _, st := range all {
		if st.name() == "OpenSSL" {
			continue // its heap is not Go's
		}
		n, err := mallocs(st, s, 200)
		if err != nil {
			b.Fatal(err)
		}
		counts[st.name()] = n
		r.cells[st.name()] = fmt.Sprintf("%.0f", n)
	}
	signing := testing.AllocsPerRun(100, func() {
		if err := signature(); err != nil {
			b.Fatal(err)
		}
	})
	unwatched, err := mallocs(ours(false), s, 200)
	if err != nil {
		b.Fatal(err)
	}
	r.ratios = map[string]float64{"crypto/tls": counts["Handsel"] / counts["crypto/tls"]}
	r.note = fmt.Sprintf("%s; without the hook %.0f, the signature alone %.0f", reach(counts["Handsel"], 60, "60"), unwatched, signing)
	t.add(r)
}

// mallocs gives what a handshake allocates on average on the side under test.
func mallocs(st stack, s scenario, count int) (float64, error) {
	run, err := st.prepare(s)
	if err != nil {
		return 0, err
	}
	m := &meter{counting: true}
	for i := range 20 + count {
		if i == 20 { // the pools are full
			m.mallocs = 0
		}
		if err := run(m); err != nil {
			return 0, err
		}
	}
	return float64(m.mallocs) / float64(count), nil
}

func (t *table) bulk(b *testing.B, all []stack) {
	bareAEAD, err := newAEAD()
	if err != nil {
		b.Fatal(err)
	}
	for _, send := range []bool{true, false} {
		const alone = "AEAD"
		run := []contender{{alone, func() (time.Duration, error) { return bareAEAD.bulk(bulkCount, send) }}}
		for _, st := range all {
			run = append(run, contender{st.name(), func() (time.Duration, error) { return st.bulk(bulkCount, send) }})
		}
		got := measured(b, bulkTurns, run)
		r := row{what: "AES-128-GCM, records of 16 KB, receive", cells: map[string]string{}, ratios: map[string]float64{}}
		if send {
			r.what = "AES-128-GCM, records of 16 KB, send"
		}
		rate := func(name string) string {
			return fmt.Sprintf("%.0f MB/s", recordSize*bulkCount/median(got[name]).Seconds()/1e6)
		}
		for _, st := range all {
			r.cells[st.name()] = rate(st.name())
			r.ratios[st.name()] = got.ratio("Handsel", st.name())
		}
		behind := max(r.ratios["crypto/tls"], r.ratios["OpenSSL"])
		ofBare, engine := got.ratio(alone, "Handsel"), got.ratio(alone, "engine")
		r.note = fmt.Sprintf("bare AEAD %s, %.2f of it, engine %.2f of it; %s; %s", rate(alone), ofBare, engine,
			reach(-engine, -0.95, "engine 0.95"), reach(behind, 1, "ahead of all"))
		t.add(r)
	}
}

func (t *table) idle(b *testing.B, _ []stack) {
	for _, c := range []struct {
		what            string
		server, reading bool
	}{
		{"idle after 16 KB each way, server, in Read", true, true},
		{"idle after 16 KB each way, server", true, false},
		{"idle after 16 KB each way, client, in Read", false, true},
	} {
		r := row{what: c.what, cells: map[string]string{}}
		sizes := map[string]int{}
		for name, g := range map[string]*goStack{"Handsel": ours(true), "crypto/tls": standard(), "unwatched": ours(false)} {
			n, err := g.idleBytes(c.server, c.reading, idleCount)
			if err != nil {
				b.Fatal(err)
			}
			sizes[name] = n
			r.cells[name] = fmt.Sprintf("%d B", n)
		}
		r.ratios = map[string]float64{"crypto/tls": float64(sizes["Handsel"]) / float64(sizes["crypto/tls"])}
		r.note = fmt.Sprintf("%s; without the hook %d B, %s", reach(float64(sizes["Handsel"]), 4096, "4096 B"),
			sizes["unwatched"], verdict(float64(sizes["unwatched"]), 4096))
		t.add(r)
	}
}

func (t *table) lookups(b *testing.B, _ []stack) {
	local := netip.MustParseAddrPort("192.0.2.1:443")
	for _, count := range []int{1, 100, 10_000, 100_000} {
		list, names := make([]bindings.Binding, count), make([]string, count)
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
		got := measured(b, 9, []contender{{"Handsel", func() (time.Duration, error) { return lookups(table, local, names) }}})
		d := median(got["Handsel"])
		t.add(row{
			what: fmt.Sprintf("certificate by SNI, %d of them", count), cells: map[string]string{"Handsel": fmt.Sprintf("%d ns", d.Nanoseconds())},
			note: reach(float64(d.Nanoseconds()), 200, "200 ns"),
		})
	}
}

// lookups gives the time of one lookup. The names are asked for in an order
// that no cache guesses, but each was just read, as in a ClientHello.
func lookups(table *bindings.Table, local netip.AddrPort, names []string) (time.Duration, error) {
	const count, batch = 100_000, 50
	var spent time.Duration
	var fresh [batch]string
	at := 0
	for range count / batch {
		for i := range fresh {
			at = (at + 7919) % len(names)
			fresh[i] = strings.Clone(names[at])
		}
		start := time.Now()
		for _, name := range fresh {
			if table.Lookup(local, name).Binding == nil {
				return 0, fmt.Errorf("%s is not found", name)
			}
		}
		spent += time.Since(start)
	}
	return spent / count, nil
}

func (t *table) recording(b *testing.B, _ []stack) {
	var run []contender
	for _, c := range []struct {
		name   string
		record bool
	}{{"on", true}, {"off", false}} {
		one, err := ours(c.record).prepare(scenarios[0].scenario)
		if err != nil {
			b.Fatal(err)
		}
		run = append(run, slice(c.name, one))
	}
	got := measured(b, 3*turns, run)
	cost := got.ratio("on", "off") - 1
	t.add(row{
		what:  "recording: the first row with the hook",
		cells: map[string]string{"Handsel": fmt.Sprintf("%.1f µs", us(median(got["on"])))},
		note:  fmt.Sprintf("without %.1f µs, %+.1f %%; %s", us(median(got["off"])), 100*cost, reach(cost, 0.03, "3 %")),
	})
	events, each, err := logged(scenarios[0].scenario)
	if err != nil {
		b.Fatal(err)
	}
	t.notes = append(t.notes, fmt.Sprintf("The log, which is always kept: %d events of %.1f ns are %.2f %% of the first row.",
		events, each, 100*float64(events)*each/float64(median(got["off"]).Nanoseconds())))
}

// logged gives how many events the log of a handshake has and the time of one
// in nanoseconds.
func logged(s scenario) (events int, each float64, err error) {
	p, err := newPeer(s, settings(s))
	if err != nil {
		return 0, 0, err
	}
	config := settings(s)
	config.Record = true
	c, err := bareHandshake(&meter{}, config, p)
	if err != nil {
		return 0, 0, err
	}
	r := c.Record()
	events = len(r.Steps) + r.Lost
	for _, choice := range r.Choices {
		events += 1 + len(choice.Refused)
	}
	const count = 1_000_000
	log := trace.NewLog()
	defer log.Free()
	start := time.Now()
	for i := range count {
		log.Refused(trace.Suite, uint16(i), trace.NotOffered)
	}
	return events, float64(time.Since(start).Nanoseconds()) / count, nil
}

func (t *table) primitives(b *testing.B, _ []stack) {
	all, err := primitives()
	if err != nil {
		b.Fatal(err)
	}
	var run []contender
	for _, p := range all {
		run = append(run, p.contender())
	}
	got := measured(b, turns, run)
	for _, p := range all {
		column := "Handsel"
		if strings.Contains(p.name, "crypto/") {
			column = "crypto/tls"
		}
		t.add(row{what: p.name, cells: map[string]string{column: fmt.Sprintf("%.1f µs", us(median(got[p.name])))}})
	}
}
