package bindings

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	for _, test := range []struct {
		keys   string
		listen string
		want   string // codes, minor ones with a question mark
		text   string // a part of the first warning
	}{
		{"0.0.0.0:443 [::]:443 a.example:443 *.a.example:443", "", "", ""},
		{"192.0.2.1:443 a.example:443 0.0.0.0:443 [::]:443", "", "address-shadows-names",
			"on connections to 192.0.2.1:443, a.example:443 is not looked at"},
		{"192.0.2.1:443 a.example:443 0.0.0.0:443", "192.0.2.1:443", "never-reached",
			"a.example:443, 0.0.0.0:443 can never fire: every address the server listens on has a record of its own"},
		{"192.0.2.1:443 [::1]:443 a.example:443", "192.0.2.1:443 [::1]:443", "never-reached", "remove 192.0.2.1:443, [::1]:443"},
		{"192.0.2.1:443 0.0.0.0:443", "0.0.0.0:443", "", ""},
		{"192.0.2.1:443", "192.0.2.1:443", "", ""},
		{"192.0.2.1:443", "192.0.2.2:443", "nothing-listens", "does not listen on that address"},
		{"a.example:8443", "0.0.0.0:443", "nothing-listens", "nothing listens on port 8443"},
		{"a.example:443 b.example:443", "", "no-fallback", "a client that sends no SNI, or another name, finds no record"},
		{"a.example:443 0.0.0.0:443", "", "no-ipv6-wildcard?", "0.0.0.0:443 serves IPv6 too"},
		{"a.example:443 0.0.0.0:443", "0.0.0.0:443", "", ""},
		{"a.example:443 0.0.0.0:443", "127.0.0.1:443 [::1]:443", "no-ipv6-wildcard?", ""},
		{"a.example:443 [::]:443", "", "no-ipv4-wildcard", "[::]:443 is for IPv6 only"},
		{"a.example:443 [::]:443", "[::]:443", "", ""},
		{"[::]:443 0.0.0.0:443", "0.0.0.0:443", "never-reached", "[::]:443 can never fire: the server does not listen on IPv6"},
		{"127.0.0.1:443", "", "loopback-ipv4-only?", "takes localhost for ::1"},
		{"127.0.0.1:443 [::1]:443", "", "", ""},
		{"ccs=443 0.0.0.0:443 [::]:443", "", "no-central-store", "no central store is set up"},
	} {
		got := newTable(t, test.keys, Options{}).Check(addrPorts(test.listen))
		if codes(got) != test.want {
			t.Errorf("%s, listening on %s: %q, want %q\n%v", test.keys, test.listen, codes(got), test.want, got)
			continue
		}
		if len(got) > 0 && !strings.Contains(got[0].String(), test.text) {
			t.Errorf("%s: %s\nwant %s", test.keys, got[0], test.text)
		}
		for _, w := range got {
			if len(w.Keys) == 0 {
				t.Errorf("%s: no keys in %s", test.keys, w)
			}
		}
	}
	if (*Table)(nil).Check(nil) != nil {
		t.Error("a nil table has warnings")
	}
}

func TestCheckSettings(t *testing.T) {
	any4, any6 := must(t, "0.0.0.0:443"), must(t, "[::]:443")
	for _, test := range []struct {
		list []Binding
		want string
	}{
		{[]Binding{{any4, Settings{Certificates: []string{"a"}}}, {any6, Settings{Certificates: []string{"b"}}}}, "wildcards-differ"},
		{[]Binding{{any4, Settings{Certificates: []string{"a"}}}, {any6, Settings{Certificates: []string{"a"}}}}, ""},
		{[]Binding{{any4, Settings{ClientAuth: ClientAuthRequire}}, {any6, Settings{}}}, "no-client-cas"},
		{[]Binding{{any4, Settings{ClientAuth: ClientAuthRequire, ClientCAs: []string{"ca.pem"}}}, {any6, Settings{}}}, ""},
	} {
		table, err := NewTable(test.list, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := table.Check(nil); codes(got) != test.want {
			t.Errorf("%q, want %q: %v", codes(got), test.want, got)
		}
	}
}

// TestCheckIsShort: very many names make a sentence, not a page.
func TestCheckIsShort(t *testing.T) {
	var keys strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&keys, "n%d.example:443 ", i)
	}
	w := newTable(t, "192.0.2.1:443 0.0.0.0:443 [::]:443 "+keys.String(), Options{}).Check(nil)
	if len(w) != 1 || len(w[0].Keys) != 1001 || len(w[0].Text) > 400 || !strings.Contains(w[0].Text, "and 995 more") {
		t.Error(w)
	}
}

// TestNeverReachedIsTrue: no connection that can arrive leads to a record that
// Check says can never fire.
func TestNeverReachedIsTrue(t *testing.T) {
	table := newTable(t, "192.0.2.1:443 a.example:443 *.b.example:443 0.0.0.0:443 [::]:443", Options{})
	listening := addrPorts("192.0.2.1:443")
	dead := map[Key]bool{}
	for _, w := range table.Check(listening) {
		if w.Code == NeverReached {
			for _, k := range w.Keys {
				dead[k] = k.Kind() != KindAddress
			}
		}
	}
	for _, sni := range []string{"", "a.example", "x.b.example", "c.example"} {
		if r := table.Lookup(listening[0], sni); r.Binding == nil || dead[r.Binding.Key] {
			t.Errorf("%q leads to %+v", sni, r)
		}
	}
	if len(dead) != 5 {
		t.Error(dead)
	}
}

func codes(list []Warning) string {
	var names []string
	for _, w := range list {
		name := string(w.Code)
		if w.Minor {
			name += "?"
		}
		names = append(names, name)
	}
	return strings.Join(names, " ")
}

func addrPorts(s string) []netip.AddrPort {
	var list []netip.AddrPort
	for f := range strings.FieldsSeq(s) {
		list = append(list, netip.MustParseAddrPort(f))
	}
	return list
}
