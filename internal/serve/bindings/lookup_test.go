package bindings

import (
	"net/netip"
	"strings"
	"testing"
)

// store is a Source of fixed answers.
type store map[string][]string

func (s store) Certificates(_ *Binding, name string) []string { return s[name] }

// TestOrder has a row for each statement about the order of HTTP.SYS, and about
// what happens if nothing matches.
func TestOrder(t *testing.T) {
	const v4, v6 = "192.0.2.1:443", "[2001:db8::1]:443"
	central := store{"www.example.com": {"exact"}, "_.shop.example": {"wild"}, "ftp.example.com": {"ftp"}}
	for _, test := range []struct {
		statement string
		bindings  string
		local     string
		sni       string
		want      string // key, or no-match behaviour
		rule      Rule
	}{
		{"an exact address comes before everything",
			v4 + " www.example.com:443 *.example.com:443 ccs=443 [::]:443 0.0.0.0:443", v4, "www.example.com", v4, RuleAddress},
		{"the same over IPv6",
			v6 + " www.example.com:443 *.example.com:443 ccs=443 [::]:443 0.0.0.0:443", v6, "www.example.com", v6, RuleAddress},
		{"an exact address needs no SNI", v4 + " 0.0.0.0:443", v4, "", v4, RuleAddress},
		{"an address on another port is not exact", "192.0.2.1:444 www.example.com:443", v4, "www.example.com", "www.example.com:443", RuleName},
		{"another address is not exact", "192.0.2.2:443 www.example.com:443", v4, "www.example.com", "www.example.com:443", RuleName},
		{"an exact name comes before the wildcard name, the central store and the wildcards",
			"www.example.com:443 *.example.com:443 ccs=443 [::]:443 0.0.0.0:443", v4, "www.example.com", "www.example.com:443", RuleName},
		{"the same over IPv6",
			"www.example.com:443 *.example.com:443 ccs=443 [::]:443 0.0.0.0:443", v6, "www.example.com", "www.example.com:443", RuleName},
		{"a name on another port is another name", "www.example.com:444 0.0.0.0:443", v4, "www.example.com", "0.0.0.0:443", RuleAnyIPv4},
		{"names are compared without regard to case", "www.example.com:443", v4, "WWW.eXample.COM", "www.example.com:443", RuleName},
		{"a final dot is no part of the name", "www.example.com:443", v4, "www.example.com.", "www.example.com:443", RuleName},
		{"an A-label is a label", "xn--bcher-kva.example:443", v4, "xn--bcher-kva.example", "xn--bcher-kva.example:443", RuleName},
		{"the Kelvin sign is no k", "k.example:443", v4, "\u212a.example", "reset", RuleNone},
		{"this project: a wildcard name comes before the central store",
			"*.example.com:443 ccs=443 [::]:443 0.0.0.0:443", v4, "www.example.com", "*.example.com:443", RuleWildcardName},
		{"a wildcard stands for one label, not for two", "*.example.com:443", v4, "a.b.example.com", "reset", RuleNone},
		{"a wildcard stands for one label, not for none", "*.example.com:443", v4, "example.com", "reset", RuleNone},
		{"an empty label is none", "*.example.com:443", v4, ".example.com", "reset", RuleNone},
		{"wildcards ignore case as well", "*.example.com:443", v4, "A.EXAMPLE.com", "*.example.com:443", RuleWildcardName},
		{"the central store comes before the wildcards",
			"ccs=443 [::]:443 0.0.0.0:443", v4, "www.example.com", "ccs=443", RuleCentral},
		{"the central store on IPv6", "ccs=443 [::]:443 0.0.0.0:443", v6, "www.example.com", "ccs=443", RuleCentral},
		{"the central store files wildcards under _", "ccs=443 0.0.0.0:443", v4, "a.shop.example", "ccs=443", RuleCentral},
		{"the central store without a certificate falls back to the wildcards",
			"ccs=443 0.0.0.0:443", v4, "other.example", "0.0.0.0:443", RuleAnyIPv4},
		{"the central store without SNI has nothing to look up", "ccs=443 0.0.0.0:443", v4, "", "0.0.0.0:443", RuleAnyIPv4},
		{"the central store without SNI over IPv6", "ccs=443 [::]:443 0.0.0.0:443", v6, "", "[::]:443", RuleAnyIPv6},
		{"the central store of another port is not asked", "ccs=444 0.0.0.0:443", v4, "www.example.com", "0.0.0.0:443", RuleAnyIPv4},
		{"the IPv6 wildcard comes before the IPv4 wildcard", "[::]:443 0.0.0.0:443", v6, "", "[::]:443", RuleAnyIPv6},
		{"the IPv6 wildcard is for IPv6 only", "[::]:443 0.0.0.0:443", v4, "", "0.0.0.0:443", RuleAnyIPv4},
		{"the IPv6 wildcard alone leaves out IPv4", "[::]:443", v4, "www.example.com", "reset", RuleNone},
		{"the IPv4 wildcard serves IPv4", "0.0.0.0:443", v4, "", "0.0.0.0:443", RuleAnyIPv4},
		{"the IPv4 wildcard serves IPv6 as well", "0.0.0.0:443", v6, "", "0.0.0.0:443", RuleAnyIPv4},
		{"a name nobody has falls back to the wildcard", "www.example.com:443 0.0.0.0:443", v4, "other.example", "0.0.0.0:443", RuleAnyIPv4},
		{"the wildcards do not shadow names", "0.0.0.0:443 [::]:443 www.example.com:443", v6, "www.example.com", "www.example.com:443", RuleName},
		{"without SNI only addresses and wildcards count", "www.example.com:443 *.example.com:443 0.0.0.0:443", v4, "", "0.0.0.0:443", RuleAnyIPv4},
		{"an IPv4-mapped address is IPv4", v4 + " [::]:443", "[::ffff:192.0.2.1]:443", "", v4, RuleAddress},
		{"an IPv4-mapped address does not reach the IPv6 wildcard", "[::]:443 0.0.0.0:443", "[::ffff:192.0.2.1]:443", "", "0.0.0.0:443", RuleAnyIPv4},
		{"the zone of a link-local address does not matter", "[fe80::1]:443", "[fe80::1%eth0]:443", "", "[fe80::1]:443", RuleAddress},
		{"no SNI and no wildcard: reset", "www.example.com:443", v4, "", "reset", RuleNone},
		{"an unknown name and no wildcard: reset", "www.example.com:443", v4, "other.example", "reset", RuleNone},
		{"no record at all: reset", "", v4, "www.example.com", "reset", RuleNone},
		{"an IP address as SNI is no name", "www.example.com:443", v4, "192.0.2.1", "reset", RuleNone},
	} {
		table := newTable(t, test.bindings, Options{Source: central})
		local := netip.MustParseAddrPort(test.local)
		got := table.Lookup(local, test.sni)
		found := got.NoMatch.String()
		if got.Binding != nil {
			found = got.Binding.Key.String()
		}
		if found != test.want || got.Rule != test.rule {
			t.Errorf("%s: %s by %s, want %s by %s", test.statement, found, got.Rule, test.want, test.rule)
		}
		if path := table.Explain(local, test.sni); !sameResult(path.Result, got) {
			t.Errorf("%s: Explain says %+v, Lookup %+v", test.statement, path.Result, got)
		}
	}
}

func TestNoMatch(t *testing.T) {
	local := netip.MustParseAddrPort("192.0.2.1:443")
	list := []Binding{{Key: must(t, "a.example:443"), Settings: Settings{Certificates: []string{"aa"}}}}
	for _, test := range []struct {
		opts Options
		rule Rule
	}{
		{Options{}, RuleNone},
		{Options{NoMatch: NoMatchUnrecognizedName}, RuleNone},
		{Options{NoMatch: NoMatchDefault, Default: list[0].Key}, RuleDefault},
	} {
		table, err := NewTable(list, test.opts)
		if err != nil {
			t.Fatal(err)
		}
		// A port without any binding, and one where nothing fits.
		for _, at := range []netip.AddrPort{local, netip.MustParseAddrPort("192.0.2.1:80")} {
			r := table.Lookup(at, "b.example")
			if r.Rule != test.rule || (r.Binding == nil) != (test.rule == RuleNone) {
				t.Errorf("%s at %s: %+v", test.opts.NoMatch, at, r)
			}
			if r.Binding == nil && r.NoMatch != test.opts.NoMatch {
				t.Errorf("%s is reported as %s", test.opts.NoMatch, r.NoMatch)
			}
			if r.Binding != nil && r.Certificates()[0] != "aa" {
				t.Errorf("certificates %v", r.Certificates())
			}
		}
	}
	_, err := NewTable(list, Options{NoMatch: NoMatchDefault, Default: must(t, "b.example:443")})
	if err == nil || !strings.Contains(err.Error(), "no binding b.example:443 to be the default") {
		t.Error(err)
	}
	if r := (*Table)(nil).Lookup(local, "x"); r.Binding != nil {
		t.Error("a nil table finds a record")
	}
}

func TestCentral(t *testing.T) {
	local := netip.MustParseAddrPort("192.0.2.1:443")
	asked := recorder{}
	table := newTable(t, "ccs=443", Options{Source: &asked})
	for sni, want := range map[string]string{
		"Www.Example.com": "www.example.com _.example.com",
		"localhost":       "localhost",
		"../../etc":       "",
		"a/b.example":     "",
		"..":              "",
		"":                "",
		"192.0.2.1":       "",
		"*.example.com":   "",
	} {
		asked = nil
		table.Lookup(local, sni)
		if got := strings.Join(asked, " "); got != want {
			t.Errorf("%q: the store is asked for %q, want %q", sni, got, want)
		}
	}
	r := newTable(t, "ccs=443", Options{Source: store{"_.example.com": {"rsa", "ecdsa"}}}).Lookup(local, "a.example.com")
	if len(r.Certificates()) != 2 || r.Certificates()[0] != "rsa" {
		t.Errorf("%+v", r)
	}
}

type recorder []string

func (r *recorder) Certificates(_ *Binding, name string) []string { *r = append(*r, name); return nil }

func TestNewTableRefuses(t *testing.T) {
	for _, test := range []struct {
		list []Binding
		want string
	}{
		{[]Binding{{}}, "there is a binding without a key"},
		{[]Binding{
			{must(t, "*:443"), Settings{Site: "a"}},
			{must(t, "0.0.0.0:443"), Settings{Site: "b"}},
		}, `binding 0.0.0.0:443 is there twice, for site "a" and for site "b"`},
		{[]Binding{{must(t, "A.example:443"), Settings{}}, {must(t, "a.example.:443"), Settings{}}}, "twice, for no site"},
		{[]Binding{{must(t, "a.example:443"), Settings{Policy: "x"}}}, `binding a.example:443: no policy is called "x"`},
	} {
		if _, err := NewTable(test.list, Options{}); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v, want %s", err, test.want)
		}
	}
}

// TestTableIsASnapshot: changing the list afterwards changes nothing.
func TestTableIsASnapshot(t *testing.T) {
	list := []Binding{{must(t, "a.example:443"), Settings{Site: "a"}}}
	table, err := NewTable(list, Options{})
	if err != nil {
		t.Fatal(err)
	}
	list[0].Settings.Site = "b"
	if got := table.Get(list[0].Key).Settings.Site; got != "a" {
		t.Error(got)
	}
	if table.Len() != 1 || table.Get(must(t, "b.example:443")) != nil || table.Get(must(t, "a.example:80")) != nil {
		t.Error("wrong bindings")
	}
}

// newTable makes a table of keys that stand between spaces.
func newTable(t testing.TB, keys string, opts Options) *Table {
	t.Helper()
	var list []Binding
	for s := range strings.FieldsSeq(keys) {
		list = append(list, Binding{Key: must(t, s)})
	}
	table, err := NewTable(list, opts)
	if err != nil {
		t.Fatal(err)
	}
	return table
}
