package bindings

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
)

// manyNames makes a table of n host names, of which each hundredth is a
// wildcard, with a record of one address and both wildcards beside them, and
// names to ask for in an order that no cache can guess.
func manyNames(tb testing.TB, n int) (*Table, []string) {
	list := []Binding{{Key: must(tb, "192.0.2.9:443")}, {Key: must(tb, "[::]:443")}, {Key: must(tb, "0.0.0.0:443")}}
	names := make([]string, 0, n)
	for i := range n {
		host := fmt.Sprintf("site%d.customers.example", i)
		if i%100 == 99 {
			list = append(list, Binding{Key: must(tb, "*."+host+":443")})
			host = "www." + host
		} else {
			list = append(list, Binding{Key: must(tb, host+":443")})
		}
		names = append(names, host)
	}
	table, err := NewTable(list, Options{})
	if err != nil {
		tb.Fatal(err)
	}
	rand.New(rand.NewPCG(3, 4)).Shuffle(n, func(i, j int) { names[i], names[j] = names[j], names[i] })
	// In a server the name was read a moment ago and is in the cache. Here the
	// names stand one after another, so that fetching them is not measured.
	joined, at := strings.Join(names, ""), 0
	for i, name := range names {
		names[i] = joined[at : at+len(name)]
		at += len(name)
	}
	return table, names
}

func BenchmarkLookup(b *testing.B) {
	local := netip.MustParseAddrPort("192.0.2.1:443")
	for _, n := range []int{1, 1_000, 100_000} {
		table, names := manyNames(b, n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if r := table.Lookup(local, names[i]); r.Rule != RuleName && r.Rule != RuleWildcardName {
					b.Fatal(r.Rule)
				}
				if i++; i == len(names) {
					i = 0
				}
			}
		})
	}
	b.Run("100000/in a map of Go", func(b *testing.B) { // the least that could be expected
		table, names := manyNames(b, 100_000)
		m := make(map[string]*Binding, len(names))
		for _, name := range names {
			m[strings.Clone(name)] = table.Lookup(local, name).Binding
		}
		i := 0
		for b.Loop() {
			if m[names[i]] == nil {
				b.Fatal(names[i])
			}
			if i++; i == len(names) {
				i = 0
			}
		}
	})
	table, names := manyNames(b, 100_000)
	for i := range names {
		names[i] = names[i][:len(names[i])-1] // .exampl: there is none of them
	}
	b.Run("100000/unknown", func(b *testing.B) {
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			if r := table.Lookup(local, names[i]); r.Rule != RuleAnyIPv4 {
				b.Fatal(r.Rule)
			}
			if i++; i == len(names) {
				i = 0
			}
		}
	})
	for _, test := range []struct {
		name, sni string
		rule      Rule
	}{{"100000/fallback", "unknown.example", RuleAnyIPv4}, {"100000/capitals", "Site7.Customers.Example", RuleName}} {
		b.Run(test.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if r := table.Lookup(local, test.sni); r.Rule != test.rule {
					b.Fatal(r.Rule)
				}
			}
		})
	}
}

// BenchmarkLookupAddress is a host with very many addresses of its own.
func BenchmarkLookupAddress(b *testing.B) {
	const n = 60_000
	list := make([]Binding, n)
	addrs := make([]netip.AddrPort, n)
	for i := range list {
		addrs[i] = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), 443)
		key, err := AddressKey(addrs[i])
		if err != nil {
			b.Fatal(err)
		}
		list[i].Key = key
	}
	table, err := NewTable(list, Options{})
	if err != nil {
		b.Fatal(err)
	}
	rand.New(rand.NewPCG(5, 6)).Shuffle(n, func(i, j int) { addrs[i], addrs[j] = addrs[j], addrs[i] })
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if r := table.Lookup(addrs[i%n], "www.example.com"); r.Rule != RuleAddress {
			b.Fatal(r.Rule)
		}
		i++
	}
}

func TestLookupAllocatesNothing(t *testing.T) {
	local := netip.MustParseAddrPort("[::ffff:192.0.2.1]:443")
	table, names := manyNames(t, 1000)
	i := 0
	if n := testing.AllocsPerRun(len(names), func() {
		table.Lookup(local, names[i%len(names)])
		table.Lookup(local, "unknown.example.")
		i++
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
