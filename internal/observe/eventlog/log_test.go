package eventlog

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/observe/explain"
)

// list is a handshake with the events that are given.
type list []*Entry

func (l list) Describe(yield func(*Entry)) {
	for _, e := range l {
		yield(e)
	}
}

// failure is a handshake that failed, at a time after start.
func failure(at time.Duration, peer, name, fault string, change ...func(*Event)) list {
	e := &Entry{Event: Event{ID: AlertSent, Cause: strings.ToLower(fault), Time: start.Add(at), Peer: peer, ServerName: name, Binding: "0.0.0.0:443",
		Fields: Fields{Fault: fault, Sentence: "it did not work", Alert: "handshake_failure", AlertCode: 40}}}
	for _, c := range change {
		c(&e.Event)
	}
	return list{e}
}

// written tells a log what happened, and closes it.
func written(t testing.TB, s Settings, told ...list) string {
	t.Helper()
	dir := t.TempDir()
	if s.Age == 0 {
		s.Age = 1000 * 24 * time.Hour // what happened is older than today
	}
	l, err := Open(dir, s, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range told {
		l.Tell(x)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// read gives the events that a filter chooses.
func read(t testing.TB, dir string, f Filter, most int) (all []*Event) {
	t.Helper()
	r, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := r.Events(context.Background(), &f, most, func(e *Event) bool { all = append(all, e); return true }); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	hello := helloWithSecrets()
	dir := written(t, Settings{}, failure(0, "192.0.2.1", "shop.example.com", "NoSharedSuite", func(e *Event) {
		e.Client, e.Hello, e.Milliseconds, e.Detail = "t13d", hello, 1.5, "nothing fits"
	}))
	all := read(t, dir, Filter{}, 0)
	if len(all) != 1 {
		t.Fatalf("there are %d events", len(all))
	}
	e := all[0]
	host, _ := os.Hostname()
	if e.Number != 1 || e.ID != AlertSent || e.Level != Error || e.Source != "Handsel" || e.Computer != host || !e.Time.Equal(start) ||
		e.Count != 1 || e.Class != Client || e.Client != "t13d" || e.Milliseconds != 1.5 || string(e.Hello) != string(Redact(hello, true)) {
		t.Errorf("it is %+v", e)
	}
	if want := "A handshake with 192.0.2.1 for shop.example.com failed: it did not work: nothing fits. The fatal alert handshake_failure (40) was sent."; e.Message != want {
		t.Errorf("the message is\n%s", e.Message)
	}
	for name, mode := range map[string]os.FileMode{FileName: 0o600, keyFile: 0o600} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}

func TestFolding(t *testing.T) {
	var told []list
	for i := range 10 { // the same client again and again
		told = append(told, failure(time.Duration(i)*time.Minute, "192.0.2.1", "a.example", "PeerAlert", func(e *Event) { e.Connections = []string{fmt.Sprintf("%016x", i)} }))
	}
	told = append(told,
		failure(11*time.Minute, "192.0.2.1", "b.example", "PeerAlert"), // for another site
		failure(11*time.Minute, "192.0.2.2", "a.example", "PeerAlert"), // another client
		failure(11*time.Minute, "192.0.2.1", "a.example", "BadAlert"),  // with another failure
		failure(40*time.Minute, "192.0.2.1", "a.example", "PeerAlert")) // after a long while
	all := read(t, written(t, Settings{}, told...), Filter{}, 0)
	var counts []int
	for _, e := range all {
		counts = append(counts, e.Count)
	}
	if fmt.Sprint(counts) != "[10 1 1 1 1]" {
		t.Errorf("the events happened %v times", counts)
	}
	if e := all[0]; !e.Time.Equal(start) || !e.Last.Equal(start.Add(9*time.Minute)) || len(e.Connections) != 10 || e.Connections[9] != "0000000000000009" {
		t.Errorf("the first is from %v to %v, of %v", e.Time, e.Last, e.Connections)
	}
}

// An attack from very many addresses, each with a name of its own, fills neither
// the disk nor the memory.
func TestFlood(t *testing.T) {
	f := newFolder()
	const n = 50_000
	for i := range n {
		e := &failure(time.Duration(i)*time.Millisecond, fmt.Sprintf("2001:db8::%x", i), fmt.Sprintf("n%d.example", i), "NoBinding")[0].Event
		f.add(e)
	}
	if most := newByFault + 1; len(f.written) > most {
		t.Errorf("there are %d events, not %d at most", len(f.written), most)
	}
	last, sum := f.written[len(f.written)-1].event, 0
	for _, w := range f.written {
		sum += w.event.Count
	}
	if sum != n {
		t.Errorf("they are counted %d times", sum)
	}
	if last.Peer != "" || last.ServerName != "" || last.Addresses != last.Count || last.Addresses != n-newByFault {
		t.Errorf("the last one is %+v", last)
	}
	if got := last.compose(); !strings.Contains(got, fmt.Sprintf("A handshake with %d addresses failed", n-newByFault)) {
		t.Errorf("the message is %s", got)
	}

	f = newFolder() // of very many causes as well
	for i := range n {
		f.add(&failure(time.Duration(i)*time.Millisecond, fmt.Sprint(i), "a", "NoBinding", func(e *Event) { e.Binding = fmt.Sprint(i) })[0].Event)
	}
	if most := newAltogether + 1; len(f.written) > most || len(f.open) > mostFolds {
		t.Errorf("of many bindings there are %d events, not %d at most; %d are open", len(f.written), most, len(f.open))
	}
}

// A scanner is known after some failures, and what it did before is mended.
func TestScannerIsMended(t *testing.T) {
	var told []list
	for i := range 25 {
		l := failure(time.Duration(i)*time.Second, "192.0.2.66", fmt.Sprintf("n%d.example", i), "NoBinding")
		l[0].Offer = []byte("one")
		told = append(told, l)
	}
	told = append(told, failure(0, "192.0.2.1", "a.example", "PeerAlert"),
		failure(0, "192.0.2.66", "a.example", "PeerAlert", func(e *Event) { e.ID = AlertReceived })) // of somebody behind the same address
	dir := written(t, Settings{}, told...)
	n := 0
	for _, e := range read(t, dir, Filter{Classes: []Class{Scanner}}, 0) {
		n += e.Count
		if e.Level != Information {
			t.Errorf("event %d of a scanner has level %v", e.Number, e.Level)
		}
	}
	if people := read(t, dir, Filter{Classes: []Class{Client}}, 0); n != 25 || len(people) != 2 {
		t.Errorf("%d of the scanner, %d of people", n, len(people))
	}
}

func TestPrivacyInTheFile(t *testing.T) {
	told := func() list {
		return failure(0, "192.0.2.1", "shop.example.com", "UnrecognizedName", func(e *Event) {
			e.Detail, e.Hello, e.OuterName = `192.0.2.1 wants "shop.example.com"`, helloWithSecrets(), "outer.example.com"
			e.Findings = []explain.Finding{{
				ID: "unrecognized-name", Cause: "Nothing is bound to SHOP.example.com.", For: []string{"192.0.2.1 asked for it"},
				Evidence: []explain.Evidence{{Message: "ClientHello", Value: "shop.example.com"}},
				Remedies: []explain.Remedy{{For: "client's operator", Commands: []explain.Command{{Program: "curl", Line: "curl https://shop.example.com/"}}}},
			}}
		})
	}
	dir := written(t, Settings{Privacy: Privacy{KeepNone, KeepNone}}, told())
	for _, tail := range []string{"", "-wal"} {
		b, _ := os.ReadFile(filepath.Join(dir, FileName+tail))
		if strings.Contains(strings.ToLower(string(b)), "example.com") || strings.Contains(string(b), "192.0.2.1") {
			t.Errorf("%s%s holds a name or an address", FileName, tail)
		}
	}
	if e := read(t, dir, Filter{}, 0)[0]; len(e.Findings) != 1 || e.Findings[0].Remedies[0].Commands[0].Line != "curl https://(withheld)/" {
		t.Errorf("of the findings is left %+v", e.Findings)
	}
	// What a certificate says of a client goes with the names.
	dir = written(t, Settings{Privacy: Privacy{Names: KeepNone}}, failure(0, "192.0.2.1", "shop.example.com", "UnknownCA", func(e *Event) {
		e.Whose, e.Detail = "trust", "CN=Jane Doe"
		e.Findings = []explain.Finding{{ID: "client-certificate-untrusted", Cause: "CN=Jane Doe is not trusted.", For: []string{"CN=Jane Doe"}}}
	}))
	if e := read(t, dir, Filter{}, 0)[0]; strings.Contains(fmt.Sprintf("%+v", e), "Jane") || e.Findings[0].ID != "client-certificate-untrusted" {
		t.Errorf("it tells of a client: %+v", e)
	}
	dir = written(t, Settings{Privacy: Privacy{KeepHash, KeepHash}}, told())
	for what, f := range map[string]Filter{"name": {ServerName: "SHOP.example.com"}, "address": {Peer: "192.0.2.1"}} {
		if all := read(t, dir, f, 0); len(all) != 1 || !strings.HasPrefix(all[0].ServerName, "#") || !strings.HasPrefix(all[0].Peer, "#") {
			t.Errorf("by its %s it is not found: %v", what, all)
		}
	}
	if all := read(t, dir, Filter{Peer: "192.0.2.2"}, 0); len(all) != 0 {
		t.Error("by another address it is found")
	}
}

func TestRetention(t *testing.T) {
	dir := t.TempDir()
	s, err := openStore(filepath.Join(dir, FileName))
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	var folds []*fold
	const n = 6000
	for i := range n {
		e := failure(time.Duration(i)*time.Second, "192.0.2.1", "a.example", "PeerAlert", func(e *Event) { e.Hello = make([]byte, 300) })[0].Event
		e.Count, e.Last, e.Level = 1, e.Time, Error
		folds = append(folds, &fold{event: &e})
	}
	if err := s.write(folds, nil); err != nil {
		t.Fatal(err)
	}
	full, _ := s.size()
	more, err := s.trim(start.Add(n/2*time.Second), 0)
	if err != nil || more {
		t.Fatal(more, err)
	}
	all := read(t, dir, Filter{}, 0)
	if len(all) != n/2 || all[0].Time.Before(start.Add(n/2*time.Second)) {
		t.Errorf("%d events are left, the first of %v", len(all), all[0].Time)
	}
	for more := true; more; {
		if more, err = s.trim(time.Time{}, full/8); err != nil {
			t.Fatal(err)
		}
	}
	if size, _ := s.size(); size > full/8 {
		t.Errorf("the log has %d bytes, not %d", size, full/8)
	}
}

// A log that cannot be read is put aside, and the server starts.
func TestDamagedLog(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, FileName)
	if err := os.WriteFile(path, []byte(strings.Repeat("this is no database", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	said := ""
	l, err := Open(dir, Settings{Age: 1e18}, func(err error) { said += err.Error() })
	if err != nil {
		t.Fatal(err)
	}
	l.Tell(failure(0, "192.0.2.1", "a", "PeerAlert"))
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	aside, _ := filepath.Glob(path + ".damaged-*")
	if len(aside) != 1 || !strings.Contains(said, aside[0]) || len(read(t, dir, Filter{}, 0)) != 1 {
		t.Errorf("aside are %v, it said %q", aside, said)
	}
}

// What a full disk keeps from being written is written when there is room.
func TestWritingFailsAndRecovers(t *testing.T) {
	dir := t.TempDir()
	complaints := make(chan error, 10)
	l, err := Open(dir, Settings{Age: 1e18}, func(err error) { complaints <- err })
	if err != nil {
		t.Fatal(err)
	}
	other, err := connect(filepath.Join(dir, FileName), true)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := other.Exec("ALTER TABLE events RENAME TO away"); err != nil {
		t.Fatal(err)
	}
	l.Tell(failure(0, "192.0.2.1", "a", "PeerAlert"))
	select {
	case <-complaints:
	case <-time.After(10 * time.Second):
		t.Fatal("nobody was told")
	}
	if _, err := other.Exec("ALTER TABLE away RENAME TO events"); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if n := len(read(t, dir, Filter{}, 0)); n != 1 || len(complaints) > 0 {
		t.Errorf("%d events are there; it complained %d times more", n, len(complaints))
	}
}

// slow is a handshake that takes long to describe.
type slow struct{ wait chan struct{} }

func (s slow) Describe(func(*Entry)) { <-s.wait }

// Whoever tells the log of a handshake never waits for it, and what is lost is
// counted.
func TestTellDoesNotBlock(t *testing.T) {
	dir := t.TempDir()
	l, err := Open(dir, Settings{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	wait := make(chan struct{})
	l.Tell(slow{wait})
	done := make(chan struct{})
	go func() {
		time.Sleep(3 * lookEvery) // it looks at the first
		for range 2 * queueLength {
			l.Tell(list{})
		}
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("it blocks")
	}
	close(wait)
	l.Close()
	all := read(t, dir, Filter{IDs: []ID{EventsLost}}, 0)
	lost := 0
	for _, e := range all {
		lost += e.Lost
	}
	if lost < queueLength-1 || lost > queueLength+1 {
		t.Errorf("%d are said to be lost", lost)
	}
}

func TestFollow(t *testing.T) {
	dir := t.TempDir()
	l, err := Open(dir, Settings{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	now := func(list list) list { list[0].Time = time.Now(); return list }
	l.Tell(now(failure(0, "192.0.2.1", "before.example", "PeerAlert")))
	time.Sleep(2 * flushEvery)
	r, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	got := make(chan string, 10)
	l.Tell(now(failure(0, "192.0.2.1", "between.example", "PeerAlert"))) // after it was opened
	time.Sleep(2 * flushEvery)
	go r.Follow(ctx, &Filter{ServerName: "*.example"}, func(e *Event) bool {
		got <- fmt.Sprintf("%s ×%d", e.ServerName, e.Count)
		return true
	})
	if s := <-got; s != "between.example ×1" {
		t.Errorf("it gave %q first", s)
	}
	for _, step := range []struct{ name, want string }{{"after.example", "after.example ×1"}, {"other.test", ""}, {"after.example", "after.example ×2"}} {
		l.Tell(now(failure(0, "192.0.2.1", step.name, "PeerAlert")))
		if step.want == "" {
			continue
		}
		select {
		case s := <-got:
			if s != step.want {
				t.Errorf("it gave %q, not %q", s, step.want)
			}
		case <-ctx.Done():
			t.Fatalf("%q did not come", step.want)
		}
	}
}

// A folder may have a name that means something in an address.
func TestFolderWithAnOddName(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a b#c?mode=memory&x%20y")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	l, err := Open(dir, Settings{Age: 1e18}, nil)
	if err != nil {
		t.Fatal(err)
	}
	l.Tell(failure(0, "192.0.2.1", "a.example", "PeerAlert"))
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, FileName)); err != nil || len(read(t, dir, Filter{}, 0)) != 1 {
		t.Errorf("it is not there: %v", err)
	}
}
