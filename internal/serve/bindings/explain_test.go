package bindings

import (
	"net/netip"
	"strings"
	"testing"
)

func TestExplain(t *testing.T) {
	const all = "www.example.com:443 *.example.com:443 ccs=443 [::]:443 0.0.0.0:443"
	for _, test := range []struct {
		keys, local, sni, want string
	}{
		{all, "192.0.2.1:443", "WWW.example.com", `
connection to 192.0.2.1:443, SNI "WWW.example.com"
  1  exact address     192.0.2.1:443        missing
  2  exact name        www.example.com:443  chosen    site www.example.com:443
  3  wildcard name     *.example.com:443    shadowed  site *.example.com:443  (a rule of this project)
  4  central store     ccs=443              missing   (there is a record, but no central store is set up)
  5  any IPv6                               skipped   (the connection came over IPv4)
  6  any IPv4 or IPv6  0.0.0.0:443          shadowed  site 0.0.0.0:443
  => www.example.com:443 (site www.example.com:443) by exact name; it shadows *.example.com:443, 0.0.0.0:443
`},
		{all + " [2001:db8::1]:443", "[2001:db8::1]:443", "", `
connection to [2001:db8::1]:443, no SNI
  1  exact address     [2001:db8::1]:443  chosen    site [2001:db8::1]:443
  2  exact name                           skipped   (the client sent no SNI)
  3  wildcard name                        skipped   (the client sent no SNI)
  4  central store                        skipped   (the client sent no SNI)
  5  any IPv6          [::]:443           shadowed  site [::]:443
  6  any IPv4 or IPv6  0.0.0.0:443        shadowed  site 0.0.0.0:443
  => [2001:db8::1]:443 (site [2001:db8::1]:443) by exact address; it shadows [::]:443, 0.0.0.0:443
`},
		{"www.example.com:443", "192.0.2.1:443", "192.0.2.1", `
connection to 192.0.2.1:443, SNI "192.0.2.1"
  1  exact address     192.0.2.1:443  missing
  2  exact name        192.0.2.1:443  missing   (SNI holds an IP address, which RFC 6066, section 3, does not allow)
  3  wildcard name     *.0.2.1:443    missing   (a rule of this project)
  4  central store     ccs=443        missing
  5  any IPv6                         skipped   (the connection came over IPv4)
  6  any IPv4 or IPv6  0.0.0.0:443    missing
  => no record: the connection is reset
`},
		{"", "192.0.2.1:443", "a\x1b[31m", `
connection to 192.0.2.1:443, SNI "a\x1b[31m"
  1  exact address     192.0.2.1:443    missing
  2  exact name        "a\x1b[31m":443  missing
  3  wildcard name                      skipped   (the name has one label)
  4  central store     ccs=443          missing
  5  any IPv6                           skipped   (the connection came over IPv4)
  6  any IPv4 or IPv6  0.0.0.0:443      missing
  => no record: the connection is reset
`},
	} {
		var list []Binding
		for s := range strings.FieldsSeq(test.keys) {
			list = append(list, Binding{Key: must(t, s), Settings: Settings{Site: s}})
		}
		table, err := NewTable(list, Options{})
		if err != nil {
			t.Fatal(err)
		}
		got := table.Explain(netip.MustParseAddrPort(test.local), test.sni).String()
		if got != strings.TrimPrefix(test.want, "\n") {
			t.Errorf("got\n%swant%s", got, test.want)
		}
	}
}

func TestExplainConclusions(t *testing.T) {
	local := netip.MustParseAddrPort("192.0.2.1:443")
	reject := []Binding{{must(t, "*:443"), Settings{Reject: true}}}
	for _, test := range []struct {
		list []Binding
		opts Options
		want string
	}{
		{nil, Options{NoMatch: NoMatchUnrecognizedName}, "=> no record: the alert unrecognized_name is sent"},
		{reject, Options{}, "=> 0.0.0.0:443 by any IPv4 or IPv6, which rejects the connection"},
		{[]Binding{{Key: must(t, "a.example:443")}}, Options{NoMatch: NoMatchDefault, Default: must(t, "a.example:443")},
			"=> a.example:443 by default record"},
		{[]Binding{{Key: must(t, "ccs=443")}}, Options{Source: store{}},
			"(there is a record, but the store has nothing under x.example or _.example)"},
	} {
		table, err := NewTable(test.list, test.opts)
		if err != nil {
			t.Fatal(err)
		}
		if got := table.Explain(local, "x.example").String(); !strings.Contains(got, test.want) {
			t.Errorf("%swant %s", got, test.want)
		}
	}
	var none *Table
	if got := none.Explain(local, "").String(); !strings.Contains(got, "the connection is reset") {
		t.Error(got)
	}
}
