package eventlog

import (
	"context"
	"fmt"
	"testing"
	"time"
)

func TestFilters(t *testing.T) {
	weak := list{{Event: Event{ID: WeakUsed, Cause: "weak", Time: start.Add(4 * time.Minute), Peer: "2001:db8::1", ServerName: "old.example.com", Fields: Fields{Weak: []string{"TLS 1.0"}}}}}
	dir := written(t, Settings{},
		failure(1*time.Minute, "192.0.2.1", "shop.example.com", "NoSharedSuite", func(e *Event) { e.Client, e.Connections = "t13d1516h2_8daaf6152771", []string{"00000000000000aa"} }),
		failure(2*time.Minute, "192.0.2.77", "Shop.Example.com", "PeerAlert", func(e *Event) { e.ID, e.Binding = AlertReceived, "shop.example.com:443" }),
		failure(3*time.Minute, "198.51.100.3", "", "NoBytes", func(e *Event) { e.ID = NothingSent }),
		weak)
	for _, test := range []struct {
		what string
		f    Filter
		most int
		want string // numbers
	}{
		{"all", Filter{}, 0, "[1 2 3 4]"},
		{"the latest", Filter{}, 2, "[3 4]"},
		{"a name", Filter{ServerName: "shop.example.com"}, 0, "[1 2]"},
		{"names below", Filter{ServerName: "*.example.com"}, 0, "[1 2 4]"},
		{"no such name", Filter{ServerName: "example.com"}, 0, "[]"},
		{"an address", Filter{Peer: "192.0.2.1"}, 0, "[1]"},
		{"an IPv4 address in IPv6", Filter{Peer: "::ffff:192.0.2.1"}, 0, "[1]"},
		{"a network", Filter{Peer: "192.0.2.0/26"}, 0, "[1]"},
		{"an IPv6 network", Filter{Peer: "2001:db8::/32"}, 0, "[4]"},
		{"a cause", Filter{Cause: "nosharedsuite"}, 0, "[1]"},
		{"causes", Filter{Cause: "*a*"}, 0, "[1 2 4]"},
		{"a cause with what SQLite takes for a pattern", Filter{Cause: "[a-z]*"}, 0, "[]"},
		{"since", Filter{Since: start.Add(3 * time.Minute)}, 0, "[3 4]"},
		{"until", Filter{Until: start.Add(2 * time.Minute)}, 0, "[1 2]"},
		{"a binding", Filter{Binding: "SHOP.example.com:443"}, 0, "[2]"},
		{"a program", Filter{Client: "t13d1516"}, 0, "[1]"},
		{"a connection", Filter{Connection: "00000000000000AA"}, 0, "[1]"},
		{"a connection that left no event", Filter{Connection: "00000000000000ab"}, 0, "[]"},
		{"a class", Filter{Classes: []Class{Probe, Scanner}}, 0, "[3]"},
		{"a level", Filter{Levels: []Level{Warning}}, 0, "[4]"},
		{"ids", Filter{IDs: []ID{WeakUsed, AlertReceived}}, 0, "[2 4]"},
		{"a name that is SQL", Filter{ServerName: "' OR 1=1 --"}, 0, "[]"},
	} {
		numbers := []int64{}
		for _, e := range read(t, dir, test.f, test.most) {
			numbers = append(numbers, e.Number)
		}
		if fmt.Sprint(numbers) != test.want {
			t.Errorf("%s: %v, not %s", test.what, numbers, test.want)
		}
	}
	r, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := r.Events(context.Background(), &Filter{Peer: "shop.example.com"}, 0, func(*Event) bool { return true }); err == nil {
		t.Error("a name is taken for an address")
	}
}

func TestGroups(t *testing.T) {
	dir := written(t, Settings{},
		failure(0, "192.0.2.1", "a.example", "NoSharedSuite"),
		failure(time.Minute, "192.0.2.1", "a.example", "NoSharedSuite"),
		failure(time.Minute, "192.0.2.2", "a.example", "NoSharedSuite"),
		failure(time.Minute, "192.0.2.2", "b.example", "NoSharedSuite"),
		failure(time.Minute, "192.0.2.2", "b.example", "NoSharedVersion"))
	r, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for by, want := range map[string]string{
		"cause":   "[nosharedsuite ×4 (3 events, 2 addresses, 2 names, mostly a.example ×3) nosharedversion ×1 (1 events, 1 addresses, 1 names, mostly b.example ×1)]",
		"client":  "[192.0.2.2 ×3 (3 events, 1 addresses, 2 names, mostly nosharedsuite ×2) 192.0.2.1 ×2 (1 events, 1 addresses, 1 names, mostly nosharedsuite ×2)]",
		"sni":     "[a.example ×3 (2 events, 2 addresses, 1 names, mostly nosharedsuite ×3) b.example ×2 (2 events, 1 addresses, 1 names, mostly nosharedsuite ×1)]",
		"binding": "[0.0.0.0:443 ×5 (4 events, 2 addresses, 2 names, mostly nosharedsuite ×4)]",
		"class":   "[client ×5 (4 events, 2 addresses, 2 names, mostly nosharedsuite ×4)]",
	} {
		groups, err := r.Groups(context.Background(), &Filter{}, by)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, g := range groups {
			got = append(got, fmt.Sprintf("%s ×%d (%d events, %d addresses, %d names, mostly %s ×%d)", g.Value, g.Count, g.Events, g.Peers, g.Names, g.Top, g.TopCount))
		}
		if fmt.Sprint(got) != want {
			t.Errorf("by %s: %v", by, got)
		}
	}
	if _, err := r.Groups(context.Background(), &Filter{}, "message; DROP TABLE events"); err == nil {
		t.Error("there are groups by anything")
	}
}
