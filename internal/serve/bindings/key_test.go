package bindings

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

func TestParseKey(t *testing.T) {
	long := strings.Repeat("a", 63)
	for _, test := range []struct {
		in   string
		kind Kind
		out  string // as String writes it
	}{
		{"192.0.2.1:443", KindAddress, "192.0.2.1:443"},
		{"[::1]:443", KindAddress, "[::1]:443"},
		{"[2001:DB8::1]:8443", KindAddress, "[2001:db8::1]:8443"},
		{"[2001:db8:0:0:0:0:0:1]:8443", KindAddress, "[2001:db8::1]:8443"},
		{"[::ffff:192.0.2.1]:443", KindAddress, "192.0.2.1:443"},
		{"0.0.0.0:443", KindAnyIPv4, "0.0.0.0:443"},
		{"*:443", KindAnyIPv4, "0.0.0.0:443"},
		{"[::]:443", KindAnyIPv6, "[::]:443"},
		{"[::ffff:0.0.0.0]:443", KindAnyIPv4, "0.0.0.0:443"},
		{"www.example.com:443", KindName, "www.example.com:443"},
		{"WWW.Example.COM.:443", KindName, "www.example.com:443"},
		{"localhost:65535", KindName, "localhost:65535"},
		{"xn--bcher-kva.example:1", KindName, "xn--bcher-kva.example:1"},
		{"_x.example:443", KindName, "_x.example:443"},
		{long + "." + long + "." + long + "." + long[:61] + ":443", KindName, long + "." + long + "." + long + "." + long[:61] + ":443"},
		{"*.api.example.com:443", KindWildcardName, "*.api.example.com:443"},
		{"*.LOCALHOST:443", KindWildcardName, "*.localhost:443"},
		{"ccs=443", KindCentral, "ccs=443"},
		{"CCS=443", KindCentral, "ccs=443"},
		{"ccs:443", KindName, "ccs:443"},
		{"ipport=0.0.0.0:443", KindAnyIPv4, "0.0.0.0:443"},
		{"IPPort=[fe80::1]:443", KindAddress, "[fe80::1]:443"},
		{"hostnameport=www.example.com:443", KindName, "www.example.com:443"},
	} {
		key, err := ParseKey(test.in)
		if err != nil {
			t.Errorf("%s: %v", test.in, err)
			continue
		}
		if key.Kind() != test.kind || key.String() != test.out {
			t.Errorf("%s: %s %s, want %s %s", test.in, key.Kind(), key, test.kind, test.out)
		}
		again, err := ParseKey(key.String())
		if err != nil || again != key {
			t.Errorf("%s: %s is read back as %v, %v", test.in, key, again, err)
		}
	}
}

func TestParseKeyErrors(t *testing.T) {
	long := strings.Repeat("a", 63)
	for in, want := range map[string]string{
		"":                                  "it is empty",
		"www.example.com":                   "the port is missing: write www.example.com:443",
		"www.example.com:":                  "the port after the colon is missing",
		"192.0.2.1":                         "the port is missing",
		":443":                              "the host before the colon is missing: write *:443",
		"www.example.com:0":                 `port "0"`,
		"www.example.com:65536":             `port "65536"`,
		"www.example.com:https":             `port "https"`,
		"www.example.com:+443":              `port "+443"`,
		"www.example.com:0443":              "without leading zeros",
		"::1:443":                           "stands in brackets",
		"[::1:443":                          "not closed",
		"[::1]":                             "the port after [::1] is missing",
		"[::1]443":                          "the port after [::1] is missing",
		"[www.example.com]:443":             "which the brackets promise",
		"[192.0.2.1]:443":                   "which the brackets promise",
		"[]:443":                            "which the brackets promise",
		"[fe80::1%eth0]:443":                `leave "%eth0" out`,
		"https://www.example.com:443/":      "it is a URL",
		"192.0.2.256:443":                   "neither an IPv4 address nor a name",
		"192.0.2:443":                       "neither an IPv4 address nor a name",
		"www..example.com:443":              "empty label",
		".example.com:443":                  "empty label",
		".:443":                             "no name in it",
		"*.:443":                            "a wildcard is the whole first label",
		"w*.example.com:443":                "a wildcard is the whole first label",
		"*.*.example.com:443":               "a wildcard is the whole first label",
		"www.*.com:443":                     "a wildcard is the whole first label",
		"b\u00fccher.example:443":           "write the name as it stands in DNS",
		"\u200ewww.example.com:443":         "(U+200E)",
		"-www.example.com:443":              "begins or ends with a hyphen",
		"www-.example.com:443":              "begins or ends with a hyphen",
		"www example.com:443":               `the character ' '`,
		"www.example.com/x:443":             `the character '/'`,
		"\xff.example:443":                  "the character",
		long + "a.example:443":              "has 64 bytes, 63 are allowed",
		strings.Repeat("a.", 127) + "a:443": "the host name has 255 bytes",
		"ccs=":                              "the port after the colon is missing",
		"ccs=x":                             `port "x"`,
		"ipport=www.example.com:443":        "use hostnameport=",
		"hostnameport=192.0.2.1:443":        "use ipport=",
	} {
		key, err := ParseKey(in)
		if err == nil {
			t.Errorf("%q is read as %s, want an error with %q", in, key, want)
			continue
		}
		if !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "binding ") {
			t.Errorf("%q: %v, want %q", in, err, want)
		}
	}
}

func TestKeyParts(t *testing.T) {
	for _, test := range []struct {
		in, addr, host string
		port           uint16
	}{
		{"192.0.2.1:443", "192.0.2.1", "", 443},
		{"*:444", "0.0.0.0", "", 444},
		{"[::]:443", "::", "", 443},
		{"*.example.com:443", "invalid IP", "*.example.com", 443},
		{"example.com:443", "invalid IP", "example.com", 443},
	} {
		k := must(t, test.in)
		if k.Addr().String() != test.addr || k.Host() != test.host || k.Port() != test.port {
			t.Errorf("%s: %s %q %d", test.in, k.Addr(), k.Host(), k.Port())
		}
	}
	if _, err := (Key{}).MarshalText(); err == nil {
		t.Error("the zero key is written")
	}
	var k Key
	if err := json.Unmarshal([]byte(`"*:443"`), &k); err != nil || k != must(t, "0.0.0.0:443") {
		t.Errorf("%v, %v", k, err)
	}
}

func TestCompareKeys(t *testing.T) {
	want := []string{
		"*.example.com:80", "192.0.2.1:443", "192.0.2.10:443", "[::1]:443", "a.example:443", "b.example:443",
		"*.a.example:443", "ccs=443", "[::]:443", "0.0.0.0:443",
	}
	keys := make([]Key, len(want))
	for i, s := range want {
		keys[len(want)-1-i] = must(t, s)
	}
	slices.SortFunc(keys, Key.Compare)
	for i, k := range keys {
		if k.String() != want[i] {
			t.Errorf("%d: %s, want %s", i, k, want[i])
		}
	}
}

// FuzzParseKey: what is accepted is written and read back as the same key, and
// a lookup of it finds it.
func FuzzParseKey(f *testing.F) {
	for _, seed := range []string{
		"192.0.2.1:443", "[::1]:443", "*:443", "[::]:1", "www.example.com:443", "*.a.b:443", "ccs=443",
		"ipport=1.2.3.4:5", "hostnameport=a:1", "[fe80::1%x]:1", "a.:1", "[::ffff:1.2.3.4]:1", "[:]:1", "\u212a:1",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		key, err := ParseKey(s)
		if err != nil {
			return
		}
		again, err := ParseKey(key.String())
		if err != nil || again != key {
			t.Fatalf("%q is %s, read back as %s, %v", s, key, again, err)
		}
		table, err := NewTable([]Binding{{Key: key}}, Options{})
		if err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		local, sni := netip.MustParseAddrPort("203.0.113.77:1"), ""
		switch key.Kind() {
		case KindAddress, KindAnyIPv6:
			local = netip.AddrPortFrom(key.Addr(), 1)
		case KindName:
			sni = key.Host()
		case KindWildcardName:
			sni = "x" + key.Host()[1:]
		case KindCentral:
			return
		}
		local = netip.AddrPortFrom(local.Addr(), key.Port())
		if r := table.Lookup(local, sni); r.Binding == nil || r.Binding.Key != key {
			t.Fatalf("%q is not found at %s %q", s, local, sni)
		}
	})
}

func must(t testing.TB, s string) Key {
	t.Helper()
	k, err := ParseKey(s)
	if err != nil {
		t.Fatal(err)
	}
	return k
}
