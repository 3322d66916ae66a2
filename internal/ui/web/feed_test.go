package web

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/chromedp"

	"github.com/handsel-tls/handsel/internal/observe/eventlog"
	"github.com/handsel-tls/handsel/internal/serve/admin"
	"github.com/handsel-tls/handsel/internal/serve/assemble"
	"github.com/handsel-tls/handsel/internal/serve/config"
	"github.com/handsel-tls/handsel/internal/serve/endpoint"
)

const served = `
listen: {https: ["127.0.0.1:PORT"]}
certificates: [{name: shop, local_ca: [shop.example.com]}, {name: other, local_ca: [other.example.com]}]
sites: [{name: shop, hosts: [shop.example.com], redirect: "https://example.com"}]
bindings:
  - {on: "shop.example.com:PORT", certificates: [shop], site: shop}
  - {on: "0.0.0.0:PORT", certificates: [other], site: shop}
`

// A serving is a server whose handshakes go to a feed and an event log.
type serving struct {
	*Feed
	address, dir string
	estate       *admin.Estate
	log          *eventlog.Log
}

// serve starts a server.
func serve(t testing.TB) *serving {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &serving{Feed: NewFeed(nil), address: l.Addr().String(), dir: t.TempDir()}
	l.Close()
	_, port, _ := net.SplitHostPort(s.address)
	data, err := assemble.Open(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { data.Close() })
	if s.log, err = eventlog.Open(s.dir, eventlog.Settings{}, func(err error) { t.Log(err) }); err != nil {
		t.Fatal(err)
	}
	server := endpoint.New(endpoint.Options{KeepMessages: true, OnHandshake: func(h *endpoint.Handshake) {
		if h.Failure != nil {
			s.log.Tell(seen{h})
		}
		s.Tell(h)
	}})
	s.estate = admin.New(data, func() (*config.File, error) {
		return config.Parse(filepath.Join(s.dir, "handsel.yaml"), []byte(strings.ReplaceAll(served, "PORT", port)))
	}, server.Apply)
	if _, err := s.estate.Load(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, end := context.WithTimeout(context.Background(), time.Second)
		defer end()
		_ = server.Shutdown(ctx)
		s.log.Close()
	})
	return s
}

// options are those of a page of it.
func (s *serving) options() Options {
	return Options{Source: s.Feed, Estate: s.estate, Events: func() (*eventlog.Reader, error) { return eventlog.Read(s.dir) }}
}

// seen is a failure for the event log.
type seen struct{ h *endpoint.Handshake }

func (t seen) Describe(yield func(*eventlog.Entry)) {
	e := &eventlog.Entry{Event: eventlog.Event{ID: eventlog.AlertSent, Time: t.h.Started.Add(t.h.Duration), Peer: "192.0.2.1", ServerName: t.h.ServerName, Client: programOf(t.h.ClientHello)}}
	e.Fault, e.Sentence, e.Alert, e.AlertCode, e.Hello = t.h.Failure.Fault, t.h.Failure.Sentence, t.h.Failure.Alert, t.h.Failure.Number, t.h.ClientHello
	if b := t.h.Binding(); b != nil {
		e.Binding = b.Key.String()
	}
	if e.Findings = t.h.Explain(); len(e.Findings) > 0 {
		e.Cause = e.Findings[0].ID
	}
	yield(e)
}

// visit shakes hands, and reports whether it worked.
func visit(t testing.TB, address, name string, highest uint16) bool {
	t.Helper()
	c, err := tls.Dial("tcp", address, &tls.Config{ServerName: name, InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: highest})
	if err == nil {
		c.Close()
	}
	return err == nil
}

// arrived waits until the feed has had so many handshakes.
func arrived(t testing.TB, f *Feed, n uint64) {
	t.Helper()
	for start := time.Now(); time.Since(start) < 10*time.Second; time.Sleep(time.Millisecond) {
		f.mu.Lock()
		total := f.total
		f.mu.Unlock()
		if total >= n {
			return
		}
	}
	t.Fatal("the handshakes do not arrive")
}

func TestFeed(t *testing.T) {
	s := serve(t)
	f, address := s.Feed, s.address
	if visit(t, address, "shop.example.com", tls.VersionTLS11) || !visit(t, address, "shop.example.com", tls.VersionTLS12) || !visit(t, address, "www.example.com", 0) {
		t.Fatal("it does not go as it should")
	}
	arrived(t, f, 3)
	_, port, _ := net.SplitHostPort(address)
	for _, c := range []struct {
		filter Filter
		want   int
	}{
		{Filter{}, 3}, {Filter{Failed: true}, 1}, {Filter{Site: "SHOP.example.com"}, 2}, {Filter{Site: ".example.com"}, 3}, {Filter{Site: "shop"}, 2}, {Filter{Site: "SHOP.example.com:" + port}, 2}, {Filter{Site: "0.0.0.0:" + port}, 1}, {Filter{Site: "0.0.0.0"}, 0}, {Filter{Version: "TLS 1.2"}, 1},
		{Filter{Cause: "no-common-version"}, 1}, {Filter{Cause: "no-common-suite"}, 0}, {Filter{Program: "t11"}, 1}, {Filter{Peer: "127."}, 3}, {Filter{Peer: "192."}, 0},
	} {
		rows, total := f.Rows(&c.filter, 0, 100)
		if total != c.want || len(rows) != c.want {
			t.Errorf("%+v: %d of %d", c.filter, len(rows), total)
		}
		if b, last := f.since(0, &c.filter); len(b.Rows) != c.want || last != 3 || b.All != 3 || b.Failed != 1 || b.More != 0 {
			t.Errorf("%+v: %+v", c.filter, b)
		}
	}
	rows, _ := f.Rows(&Filter{Failed: true}, 0, 1)
	if list, n := f.Rows(&Filter{Connection: strings.ToUpper(rows[0].Connection)}, 0, 9); n != 1 || list[0].ID != rows[0].ID {
		t.Errorf("%d handshakes of the connection %s", n, rows[0].Connection)
	}
	h := f.Find(rows[0].ID)
	if h == nil || h.Cause != "no-common-version" || len(h.Findings) == 0 || len(h.Findings[0].Changes) == 0 || len(h.Choices) == 0 || len(h.Messages) != 2 ||
		h.Messages[0].Tree == nil || h.Binding == "" {
		t.Errorf("%+v", h)
	}
	when, _, _ := strings.Cut(rows[0].ID, "-")
	for _, id := range []string{"", "x-1", "!-1", when, when + "-4", when + "-0", when + "--1", when + "-1-Other"} {
		if f.Find(id) != nil {
			t.Errorf("there is a handshake %q", id)
		}
	}
	var total [2]uint32
	for _, b := range f.all.slots[:3] {
		good, bad := f.Hour(b.handshake.Binding().Key)
		if b.handshake.ServerName == "shop.example.com" && (sum(good[:]) != 1 || sum(bad[:]) != 1) {
			t.Errorf("port %s: %v %v", port, good, bad)
		}
		total[0], total[1] = total[0]+sum(good[:]), total[1]+sum(bad[:])
	}
}

func sum(list []uint32) (n uint32) {
	for _, v := range list {
		n += v
	}
	return n
}

// TestFeedSamples: of many handshakes few are drawn, failures first, and all are
// counted; failures are kept when what succeeded is gone.
func TestFeedSamples(t *testing.T) {
	s := serve(t)
	f, address := s.Feed, s.address
	visit(t, address, "shop.example.com", tls.VersionTLS11)
	visit(t, address, "shop.example.com", tls.VersionTLS13)
	arrived(t, f, 2)
	bad, good := f.all.at(1).handshake, f.all.at(2).handshake
	if bad.Failure == nil {
		bad, good = good, bad
	}
	for i := range 1250 { // in a quarter of a second at 5,000 a second
		if f.Tell(good); i%100 == 0 {
			f.Tell(bad)
		}
	}
	b, last := f.since(2, &Filter{})
	if b.All != 1263 || b.Failed != 13 || len(b.Rows) != mostDrawn || b.More != 1263-mostDrawn || last != 1265 {
		t.Errorf("%d of %d, %d failed, %d more", len(b.Rows), b.All, b.Failed, b.More)
	}
	failed := slices.DeleteFunc(slices.Clone(b.Rows), func(r line) bool { return r.Look != "failed" })
	if len(failed) != mostDrawn-mostDrawn/4 {
		t.Errorf("%d failures are drawn", len(failed))
	}
	number := func(l line) uint64 {
		_, n, _, _ := readID(l.ID)
		return n
	}
	if !slices.IsSortedFunc(b.Rows, func(a, b line) int { return cmp.Compare(number(a), number(b)) }) {
		t.Error("they are out of order")
	}
	for range 2 * mostKept {
		f.Tell(good)
	}
	if rows, total := f.Rows(&Filter{Failed: true}, 0, 100); total != 14 || len(rows) != 14 || f.Find(rows[13].ID) == nil {
		t.Errorf("of 14 failures %d are there", total)
	}
	if b, _ := f.since(0, &Filter{}); b.All != 1265+2*mostKept {
		t.Errorf("%d are counted", b.All)
	}
	if f.all.at(3) != nil || f.find(3) != nil {
		t.Error("what is gone is there")
	}
}

// TestFollow reads the feed as a browser does.
func TestFollow(t *testing.T) {
	s := serve(t)
	address := s.address
	p, _ := open(t, s.options())
	base, token, _ := strings.Cut(p.URL(), "/?token=")
	// What happens between the list and the feed is not lost.
	req, err := http.NewRequestWithContext(t.Context(), "GET", base+"/feed?failed=1&after="+s.Mark(), nil)
	if err != nil {
		t.Fatal(err)
	}
	visit(t, address, "shop.example.com", tls.VersionTLS11)
	arrived(t, s.Feed, 1)
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	id := ""
	for lines.Scan() {
		if mark, ok := strings.CutPrefix(lines.Text(), "id: "); ok {
			id = mark
		}
		var b beat
		text, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		if err := json.Unmarshal([]byte(text), &b); err != nil {
			t.Fatal(err)
		}
		if len(b.Rows) > 0 {
			if r := b.Rows[0]; len(b.Rows) != 1 || r.Look != "failed" || !strings.Contains(r.Reason, "no protocol version") || r.Site != "shop.example.com" {
				t.Errorf("%s", text)
			}
			break
		}
	}
	if id != s.Mark() {
		t.Errorf("the id is %q", id)
	}
	for mark, want := range map[string]uint64{"": 1, s.Mark(): 1, s.mark(0): 0, s.mark(7): 1, "other-0": 1, s.run: 1} {
		if got := s.after(mark); got != want {
			t.Errorf("after %q comes what is after %d", mark, got)
		}
	}
	done := make(chan struct{})
	go func() { p.Close(); close(done) }()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		t.Error("who follows the feed keeps the page from closing")
	}
}

// TestLiveInBrowser opens a failing handshake from the live feed, reads the cause,
// expands the ClientHello and follows its bytes.
func TestLiveInBrowser(t *testing.T) {
	t.Parallel()
	s := serve(t)
	address := s.address
	p, _ := open(t, s.options())
	b := newBrowser(t, p)
	b.run(visible("#pause"))
	visit(t, address, "shop.example.com", 0)
	visit(t, address, "shop.example.com", tls.VersionTLS11)
	b.run(visible("#handshakes tr.failed a"))
	if row := b.text("#handshakes tr.failed"); !strings.Contains(row, "shop.example.com") || !strings.Contains(row, "no protocol version in common") {
		t.Errorf("the row: %s", row)
	}
	b.accessible("now")
	b.run(chromedp.Click(chromedp.CSS("#pause")))
	before := b.eval(`String(document.querySelectorAll("#handshakes tbody tr").length)`)
	visit(t, address, "shop.example.com", 0)
	b.run(chromedp.Sleep(3 * tick))
	if after := b.eval(`String(document.querySelectorAll("#handshakes tbody tr").length)`); after != before || b.eval(`document.getElementById("pause").getAttribute("aria-pressed")`) != "true" {
		t.Errorf("it goes on from %s to %s rows in spite of the pause", before, after)
	}
	b.run(chromedp.Click(chromedp.CSS("#pause")))
	if after := b.eval(`String(document.querySelectorAll("#handshakes tbody tr").length)`); after == before {
		t.Error("what happened in the pause is not drawn")
	}
	b.click("#handshakes tr.failed .reason", ".why")
	if why := b.text(".why"); !strings.Contains(why, "Would have worked") || !strings.Contains(why, "TLS 1.2") {
		t.Errorf("why: %s", why)
	}
	if text := b.text(".choices"); !strings.Contains(text, "version") || !strings.Contains(text, "not offered") {
		t.Errorf("the choices: %s", text)
	}
	b.accessible("a handshake of the server")
	b.click(`svg a.message[href*="m=0"]`, "#hex")
	b.click(`a.field[data-path="ClientHello.legacy_version"]`, "#hex mark")
	if marked := b.text("#hex mark"); marked != "03 02" {
		t.Errorf("marked: %q", marked)
	}
	// A filter chooses what is drawn, from the start and live.
	b.run(chromedp.Navigate(b.eval("location.origin")+"/?failed=1&version=&name=shop.example.com"), visible("#pause"))
	if n := b.eval(`String(document.querySelectorAll("#handshakes tbody tr:not(.failed)").length)`); n != "0" {
		t.Errorf("%s rows that did not fail", n)
	}
	visit(t, address, "shop.example.com", 0)
	visit(t, address, "shop.example.com", tls.VersionTLS11)
	b.run(visible("#handshakes tr.failed:nth-child(2)"))
	if n := b.eval(`String(document.querySelectorAll("#handshakes tbody tr:not(.failed)").length)`); n != "0" {
		t.Errorf("%s rows that did not fail come live", n)
	}
}

// TestFloodInBrowser: at 5,000 handshakes a second the page draws some, counts all, does
// not grow, and has most of its time for who uses it.
func TestFloodInBrowser(t *testing.T) {
	s := serve(t)
	visit(t, s.address, "shop.example.com", tls.VersionTLS11)
	visit(t, s.address, "shop.example.com", 0)
	arrived(t, s.Feed, 2)
	bad, good := s.all.at(1).handshake, s.all.at(2).handshake
	p, _ := open(t, s.options())
	b := newBrowser(t, p)
	b.run(visible("#pause"), chromedp.Sleep(2*tick)) // the feed is open
	const seconds, rate = 2, 5000
	call(b, performance.Enable, performance.EnableParams{})
	before, from := b.busy(), time.Now()
	clock := time.NewTicker(10 * time.Millisecond)
	defer clock.Stop()
	for n := 0; n < seconds*rate; {
		<-clock.C
		for range rate / 100 {
			if n++; n%100 == 0 {
				s.Tell(bad)
			} else {
				s.Tell(good)
			}
		}
	}
	for start := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		rate := b.text("#rate")
		if strings.HasPrefix(rate, "10,000 since this page was opened, 100 failed") && strings.Contains(rate, "not drawn") {
			break
		}
		if time.Since(start) > 10*time.Second {
			t.Fatalf("it says %q", rate)
		}
	}
	busy := b.busy() - before
	took := time.Since(from).Seconds()
	t.Logf("the browser is busy for %.2f of %.2f s", busy, took)
	if busy > took/2 {
		t.Errorf("the browser is busy for %.2f of %.2f s", busy, took)
	}
	rows, failed := b.eval(`String(document.querySelectorAll("#handshakes tbody tr").length)`), b.eval(`String(document.querySelectorAll("#handshakes tbody tr.failed").length)`)
	if n, _ := strconv.Atoi(rows); n > 200 || n < mostDrawn || failed == "0" {
		t.Errorf("%s rows, %s of them failed", rows, failed)
	}
}

// busy is how many seconds the page has spent on its script, its style and its layout.
func (b *browser) busy() (seconds float64) {
	b.Helper()
	got, err := chromedp.Call(b.ctx, performance.GetMetrics, cdp.Empty{})
	if err != nil {
		b.Fatal(err)
	}
	for _, m := range got.Metrics {
		switch m.Name {
		case "ScriptDuration", "LayoutDuration", "RecalcStyleDuration":
			seconds += m.Value
		}
	}
	return seconds
}

// BenchmarkTell is what a handshake costs the server for being shown.
func BenchmarkTell(b *testing.B) {
	s := serve(b)
	f, address := s.Feed, s.address
	visit(b, address, "shop.example.com", 0)
	arrived(b, f, 1)
	h := f.all.at(1).handshake
	b.ReportAllocs()
	for b.Loop() {
		f.Tell(h)
	}
}

// BenchmarkFeed is what a reader of the feed costs at 1,000 handshakes a second, ten
// of them failures, as a part of a core: the handshakes of a tick are told and drawn.
func BenchmarkFeed(b *testing.B) {
	s := serve(b)
	f, address := s.Feed, s.address
	visit(b, address, "shop.example.com", tls.VersionTLS11)
	visit(b, address, "shop.example.com", 0)
	arrived(b, f, 2)
	bad, good := f.all.at(1).handshake, f.all.at(2).handshake
	last, n := uint64(2), 0
	b.ReportAllocs()
	for b.Loop() {
		for i := range 250 {
			if i%100 == 50 {
				f.Tell(bad)
			} else {
				f.Tell(good)
			}
		}
		var beat beat
		beat, last = f.since(last, &Filter{})
		text, err := json.Marshal(&beat)
		if err != nil {
			b.Fatal(err)
		}
		n += len(text)
	}
	b.ReportMetric(100*float64(b.Elapsed())/float64(b.N)/float64(tick), "%core")
	b.ReportMetric(float64(n)/float64(b.N), "B/tick")
}
