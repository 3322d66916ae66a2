package bindings

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// reference is the lookup as one would tell it: go through all keys, as text,
// once for each rule.
func reference(list []Binding, source Source, local netip.AddrPort, sni string) Result {
	ip := local.Addr().Unmap().WithZone("")
	port := fmt.Sprint(local.Port())
	sni = strings.ToLower(strings.TrimSuffix(sni, "."))
	_, parent, dotted := strings.Cut(sni, ".")
	_, err := netip.ParseAddr(sni)
	named := sni != "" && err != nil // an address in SNI is no name, though it reads like a key
	for _, rule := range []struct {
		Rule Rule
		fits func(key string) bool
	}{
		{RuleAddress, func(key string) bool { return key == netip.AddrPortFrom(ip, local.Port()).String() }},
		{RuleName, func(key string) bool { return named && key == sni+":"+port }},
		{RuleWildcardName, func(key string) bool {
			return dotted && !strings.HasPrefix(sni, ".") && parent != "" && key == "*."+parent+":"+port
		}},
		{RuleCentral, func(key string) bool { return key == "ccs="+port }},
		{RuleAnyIPv6, func(key string) bool { return ip.Is6() && key == "[::]:"+port }},
		{RuleAnyIPv4, func(key string) bool { return key == "0.0.0.0:"+port }},
	} {
		for i := range list {
			if !rule.fits(list[i].Key.String()) {
				continue
			}
			var certificates []string
			if rule.Rule == RuleCentral {
				if certificates = source.Certificates(&list[i], sni); !named {
					continue
				}
				if certificates == nil && dotted {
					certificates = source.Certificates(&list[i], "_."+parent)
				}
				if certificates == nil {
					continue
				}
			}
			return Result{Binding: &list[i], Rule: rule.Rule, central: certificates}
		}
	}
	return Result{}
}

// TestLookupIsTheReference compares the two on many small tables, small enough
// that every rule fires often.
func TestLookupIsTheReference(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	keys := strings.Fields("192.0.2.1:443 192.0.2.2:443 [2001:db8::1]:443 a.example:443 b.a.example:443 localhost:443 " +
		"*.example:443 *.a.example:443 *.localhost:443 ccs=443 [::]:443 0.0.0.0:443 " +
		"192.0.2.1:444 a.example:444 *.example:444 ccs=444 [::]:444 0.0.0.0:444")
	locals := strings.Fields("192.0.2.1:443 192.0.2.3:443 [2001:db8::1]:443 [2001:db8::2]:443 [::ffff:192.0.2.2]:443 " +
		"[fe80::1%lo]:443 192.0.2.1:444 [::1]:444 192.0.2.1:445")
	names := append(strings.Fields("a.example A.Example a.example. b.a.example c.b.a.example localhost x.localhost "+
		"example .example a..example . c.example 192.0.2.1"), "")
	source := store{"c.example": {"c"}, "_.b.a.example": {"d"}}
	fired := map[Rule]int{}
	for range 20_000 {
		var list []Binding
		for _, key := range keys {
			if random.IntN(3) == 0 {
				list = append(list, Binding{Key: must(t, key), Settings: Settings{Certificates: []string{key}}})
			}
		}
		random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		table, err := NewTable(list, Options{Source: source})
		if err != nil {
			t.Fatal(err)
		}
		local := netip.MustParseAddrPort(locals[random.IntN(len(locals))])
		sni := names[random.IntN(len(names))]
		want, got := reference(list, source, local, sni), table.Lookup(local, sni)
		fired[got.Rule]++
		if !sameRecord(want, got) {
			t.Fatalf("%s to %s, %q:\n%v\nwant %v", keysOfList(list), local, sni, got, want)
		}
		explainAgrees(t, table, list, local, sni, got)
	}
	for _, rule := range append(order[:], RuleNone) {
		if fired[rule] < 100 {
			t.Errorf("%s fired %d times only", rule, fired[rule])
		}
	}
}

// explainAgrees: the path ends where the lookup ends, and what it calls shadowed
// is what the lookup finds when the winners are taken away one after another.
func explainAgrees(t *testing.T, table *Table, list []Binding, local netip.AddrPort, sni string, got Result) {
	t.Helper()
	path := table.Explain(local, sni)
	if !sameResult(path.Result, got) || len(path.Steps) != len(order) {
		t.Fatalf("%v, but the lookup gives %v", path, got)
	}
	var next []*Binding
	rest := slices.Clone(list)
	for r := got; r.Binding != nil; {
		rest = slices.DeleteFunc(rest, func(b Binding) bool { return b.Key == r.Binding.Key })
		if r = reference(rest, table.opts.Source, local, sni); r.Binding != nil {
			next = append(next, table.Get(r.Binding.Key))
		}
	}
	if !slices.Equal(path.Shadowed(), next) {
		t.Fatalf("%v\nshadows %v, want %v", path, path.Shadowed(), next)
	}
}

func sameRecord(a, b Result) bool {
	if a.Binding == nil || b.Binding == nil {
		return a.Binding == b.Binding && a.Rule == b.Rule
	}
	return a.Binding.Key == b.Binding.Key && a.Rule == b.Rule && slices.Equal(a.Certificates(), b.Certificates())
}

func sameResult(a, b Result) bool {
	return a.Binding == b.Binding && a.NoMatch == b.NoMatch && sameRecord(a, b)
}

func keysOfList(list []Binding) string {
	var b strings.Builder
	for i := range list {
		b.WriteString(list[i].Key.String() + " ")
	}
	return b.String()
}
