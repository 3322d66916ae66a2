package bindings

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// A table that came about by changes is the one that is made at once, and those
// from which it came have stayed as they were.
func TestChange(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var keys []Key
	for i := range 60 {
		keys = append(keys, must(t, fmt.Sprintf("host%d.example:443", i)), must(t, fmt.Sprintf("*.host%d.example:8443", i)))
		keys = append(keys, must(t, fmt.Sprintf("%s%d.example:443", strings.Repeat("long-label.", 6), i)))
	}
	keys = append(keys, must(t, "192.0.2.1:443"), must(t, "[2001:db8::1]:443"), must(t, "0.0.0.0:443"), must(t, "[::]:443"), must(t, "ccs=443"))
	is := map[Key]Binding{}
	table, err := NewTable(nil, Options{})
	if err != nil {
		t.Fatal(err)
	}
	same := func(table *Table, is map[Key]Binding) {
		t.Helper()
		fresh, err := NewTable(slices.Collect(maps.Values(is)), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(table.Bindings(), fresh.Bindings()) {
			t.Fatalf("%v, not %v", table.Bindings(), fresh.Bindings())
		}
		if table.rare != fresh.rare || table.SSL2() != (fresh.rare.ssl2 > 0) {
			t.Fatalf("%+v, not %+v", table.rare, fresh.rare)
		}
		for _, k := range keys {
			if !reflect.DeepEqual(table.Get(k), fresh.Get(k)) {
				t.Fatalf("%v: %v, not %v", k, table.Get(k), fresh.Get(k))
			}
			local := netip.AddrPortFrom(netip.MustParseAddr("198.51.100.7"), k.Port())
			if got, want := table.Lookup(local, k.Host()), fresh.Lookup(local, k.Host()); !reflect.DeepEqual(got, want) {
				t.Fatalf("%v: %v, not %v", k, got, want)
			}
		}
		if !slices.Equal(table.Addresses(), fresh.Addresses()) {
			t.Fatal(table.Addresses(), fresh.Addresses())
		}
	}
	for round := range 400 {
		before, was := table, maps.Clone(is)
		var put []Binding
		var remove []Key
		used := map[Key]bool{}
		for range 1 + random.IntN(4) {
			k := keys[random.IntN(len(keys))]
			if used[k] {
				continue
			}
			used[k] = true
			if _, there := is[k]; there && random.IntN(2) == 0 {
				remove = append(remove, k)
				delete(is, k)
			} else {
				b := Binding{Key: k, Settings: Settings{Site: fmt.Sprint(round), SSL2: random.IntN(9) == 0}}
				if random.IntN(9) == 0 {
					b.Settings.ClientAuth = ClientAuthRequire
				}
				put = append(put, b)
				is[k] = b
			}
		}
		if table, err = before.Change(put, remove); err != nil {
			t.Fatal(err)
		}
		if round%20 == 0 {
			same(table, is)
			same(before, was)
		}
	}
	if _, err := table.Change(nil, []Key{must(t, "nowhere.example:443")}); err == nil {
		t.Error("what is not there was removed")
	}
	if _, err := table.Change([]Binding{{Key: keys[0], Settings: Settings{Policy: "none"}}}, nil); err == nil {
		t.Error("a policy that does not exist was taken")
	}
}

// The default cannot be taken away.
func TestChangeKeepsTheDefault(t *testing.T) {
	all := must(t, "0.0.0.0:443")
	table, err := NewTable([]Binding{{Key: all}}, Options{NoMatch: NoMatchDefault, Default: all})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := table.Change(nil, []Key{all}); err == nil || !strings.Contains(err.Error(), "to be the default") {
		t.Error(err)
	}
	next, err := table.Change([]Binding{{Key: all, Settings: Settings{Site: "new"}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r := next.Lookup(netip.MustParseAddrPort("192.0.2.1:1"), ""); r.Binding == nil || r.Binding.Settings.Site != "new" {
		t.Error(r)
	}
}

// What CheckOne says of a binding, Check says of it among all.
func TestCheckOne(t *testing.T) {
	for _, texts := range [][]string{
		{"192.0.2.1:443", "www.example.com:443"}, {"192.0.2.1:443", "*.example.com:443", "0.0.0.0:443"}, {"www.example.com:443"}, {"[::]:443"}, {"0.0.0.0:443", "[::]:443"}, {"127.0.0.1:443"}, {"ccs=443"},
	} {
		var list []Binding
		for _, text := range texts {
			list = append(list, Binding{Key: must(t, text)})
		}
		table, err := NewTable(list, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range list {
			want := slices.DeleteFunc(table.Check(nil), func(w Warning) bool { return !slices.Contains(w.Keys, b.Key) })
			if got := table.CheckOne(b.Key, nil); !reflect.DeepEqual(got, want) {
				t.Errorf("%v among %v: %v, not %v", b.Key, texts, got, want)
			}
		}
	}
}

func BenchmarkChange(b *testing.B) {
	table, names := manyNames(b, 100_000)
	key := must(b, names[0]+":443")
	if table.Get(key) == nil {
		key = must(b, names[1]+":443")
	}
	for i := 0; b.Loop(); i++ {
		next, err := table.Change([]Binding{{Key: key, Settings: Settings{Site: fmt.Sprint(i)}}}, nil)
		if err != nil {
			b.Fatal(err)
		}
		table = next
	}
}
