package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/serve/bindings"
)

const good = `listen:
  https: ["127.0.0.1:8443", "[::1]:8443"]
  http: ["127.0.0.1:8080"]
no_match: unrecognized_name
certificates:
  - {name: www, files: [www.pem, www-key.pem]}
  - {name: old, thumbprint: 0123456789012345678901234567890123456789}
  - {name: dev, local_ca: [dev.example.com, 127.0.0.1]}
bindings:
  - on: www.example.com:8443
    certificates: [www, old]
    site: www
    min_version: "1.2"
    max_version: TLS 1.2
    suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]
    client_auth: require
    client_cas: [clients.pem]
    http2: false
    tickets: false
  - {on: "0.0.0.0:8443", certificates: [dev], policy: compatible}
  - {on: "*.gone.example.com:8443", reject: true}
sites:
  - {name: www, hosts: [www.example.com, "*.example.com", "::1"], folder: .}
  - {name: api, hosts: [www.example.com], path: /api/, proxy: "http://127.0.0.1:3000"}
  - {name: moved, redirect: "https://www.example.com"}
`

func TestGoodFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "handsel.yaml")
	if err := os.WriteFile(path, []byte(good), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	want := bindings.Settings{
		Site: "www", Certificates: []string{"www", "old"}, MinVersion: iana.TLS12, MaxVersion: iana.TLS12,
		Suites:     []iana.Suite{iana.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256},
		ClientAuth: bindings.ClientAuthRequire, ClientCAs: []string{"clients.pem"}, NoHTTP2: true, NoTickets: true,
	}
	if diff := cmp.Diff(want, f.Settings(0)); diff != "" {
		t.Error(diff)
	}
	if got := f.Abs("www.pem"); got != filepath.Join(dir, "www.pem") {
		t.Error(got)
	}
	if got := f.Abs("/etc/x"); got != "/etc/x" {
		t.Error(got)
	}
}

// A mistake is the good file with one thing replaced, and where it is found.
type mistake struct {
	old, new     string
	line, column int
	what         string
}

var mistakes = []mistake{
	// YAML
	{"listen:\n", "listen:\n\t", 2, 1, "YAML is indented with spaces"},
	{`"[::1]:8443"]`, `"[::1]:8443"`, 3, 3, "must be specified"},
	{`[www.example.com, "*.example.com", "::1"]`, `[www.example.com:443]`, 23, 40, "this has to be a text: put it in quotes"},
	{`["127.0.0.1:8080"]`, `"127.0.0.1:8080"`, 3, 9, "this has to be a list: put it in brackets"},
	{"http2: false", "http2: perhaps", 18, 12, "this has to be true or false"},
	{"no_match:", "listen:", 4, 1, "already defined"},

	// keys
	{"no_match:", "nomatch:", 4, 1, `there is no key "nomatch" here; did you mean "no_match"?`},
	{"  https:", "  htps:", 2, 3, `did you mean "https"?`},
	{"min_version", "minversion", 13, 5, `did you mean "min_version"?`},
	{"reject: true", "rejects: true", 21, 37, `did you mean "reject"?`},
	{"policy: compatible", "folder: x", 20, 47, `there is no key "folder" here; there are on, site, certificates`},

	// addresses
	{`"[::1]:8443"`, `"::1:8443"`, 2, 29, "is not an IP address and a port"},
	{`"127.0.0.1:8080"`, `"localhost:8080"`, 3, 10, "is not an IP address and a port"},
	{`"127.0.0.1:8080"`, `"127.0.0.1:0"`, 3, 10, "is not an IP address and a port"},
	{`"127.0.0.1:8080"`, `"127.0.0.1:8443"`, 3, 10, "stands in listen.https already"},
	{"no_match: unrecognized_name", "no_match: alert", 4, 11, "write reset, unrecognized_name or default"},
	{"no_match: unrecognized_name", "no_match: default", 4, 11, "write default: with the binding"},
	{"no_match: unrecognized_name", "default: a.example.com:1", 4, 10, "there is no binding on a.example.com:1"},
	{"no_match: unrecognized_name", "default: a.example.com", 4, 10, "the port is missing"},

	// who is believed, and what is written down
	{"  http: [", "  proxy_protocol: [{on: '127.0.0.1:1', from: [10.0.0.1]}]\n  http: [", 3, 25, "stands in neither https nor http"},
	{"  http: [", "  proxy_protocol: [{on: '127.0.0.1:8443'}]\n  http: [", 3, 20, "from has to name who is believed"},
	{"  http: [", "  proxy_protocol: [{on: '127.0.0.1:8443', from: [10.0.0.0/33]}]\n  http: [", 3, 50, "neither an IP address nor a network"},
	{"  http: [", "  proxy_protocol: [{on: '127.0.0.1:8443', form: [10.0.0.1]}]\n  http: [", 3, 43, `did you mean "from"?`},
	{"no_match: unrecognized_name", "access_log: {format: json}", 4, 13, "to has to say where"},
	{"no_match: unrecognized_name", "access_log: {to: none/a.log}", 4, 18, "there is no folder"},
	{"no_match: unrecognized_name", "access_log: {to: a.log, format: jsno}", 4, 33, `did you mean "json"?`},
	{"no_match: unrecognized_name", "access_log: {to: a.log, megabytes: -1}", 4, 36, "or nothing"},
	{"no_match: unrecognized_name", "access_log: {to: stdout, megabytes: 1}", 4, 37, "only a file"},
	{"no_match: unrecognized_name", "access_log: {to: a.log, keep: 1}", 4, 31, "unless megabytes says"},
	{"no_match: unrecognized_name", "access_log: {too: a.log}", 4, 14, `did you mean "to"?`},

	// certificates
	{"name: www, files", "files", 6, 5, "a certificate needs a name"},
	{"name: old", "name: www", 7, 12, `there is a certificate "www" already`},
	{"{name: dev, ", "{name: dev, thumbprint: ab, ", 8, 5, "one of files, thumbprint, local_ca and acme"},

	// bindings
	{"on: www.example.com:8443", "on: www.example.com", 10, 9, "the port is missing"},
	{`on: "*.gone.example.com:8443"`, `on: www.example.com:8443`, 21, 10, "there is a binding on www.example.com:8443 already"},
	{`on: "*.gone.example.com:8443", `, ``, 21, 5, "a binding needs on"},
	{"certificates: [www, old]", "certificates: [www, odl]", 11, 25, `there is no certificate "odl"; did you mean "old"?`},
	{"    site: www\n", "    site: wwww\n", 12, 11, `there is no site "wwww"; did you mean "www"?`},
	{"certificates: [dev], ", "", 20, 5, "a binding needs certificates"},
	{"policy: compatible", "policy: lax", 20, 55, `no policy is called "lax"`},
	{"policy: compatible", "ssl2: true, policy: compatible", 20, 53, "SSL 2.0 is spoken alone"},
	{`min_version: "1.2"`, `min_version: "1.9"`, 13, 18, `no version is called "1.9"`},
	{"max_version: TLS 1.2", "max_version: TLS 1.9", 14, 18, `no version is called "TLS 1.9"`},
	{`min_version: "1.2"`, `min_version: "1.3"`, 10, 5, "above the highest"},
	{"[TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]", "[TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA265]", 15, 14, `did you mean "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"?`},
	{"[TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]", "[TLS_RSA_EXPORT_WITH_RC4_40_MD5]", 15, 14, "cannot be used here"},
	{"client_auth: require", "client_auth: yes", 16, 18, "write none, request, require"},
	{"    client_cas: [clients.pem]\n", "", 16, 18, "client_cas has to name"},
	{"    client_auth: require\n", "", 16, 17, "client_auth has to be request or require"},
	{"    http2: false\n", "    client_auth_paths: [/ok, ../up]\n", 18, 30, `"../up" is not a path`},
	{"    http2: false\n", "    client_keys: [a.pem]\n    client_auth_paths: [/]\n", 18, 18, "agreed on in the handshake"},
	{"policy: compatible", "client_keys: [a.pem]", 20, 60, "or clients are not asked for a key"},
	{"policy: compatible", "psk_hint: x", 20, 57, "there is no psk_file"},
	{"policy: compatible", "ssl2: true, raw_key: a.pem", 20, 53, "SSL 2.0 knows certificates only"},
	{"certificates: [dev], ", "certificates: [dev], client_auth_paths: [/], ", 20, 66, "client_auth has to be request or require"},

	// sites
	{"{name: moved, ", "{", 25, 5, "a site needs a name"},
	{"name: moved", "name: www", 25, 12, `there is a site "www" already`},
	{"path: /api/", "path: api/", 24, 49, `write "/api/"`},
	{"path: /api/, ", "", 24, 25, `site "www" has this host and path already`},
	{"[www.example.com, \"*", "[\"www.example.com:443\", \"*", 23, 25, "without scheme and port"},
	{`"*.example.com"`, `"www.*.com"`, 23, 42, "a wildcard is the whole first label"},
	{"folder: .", "folder: nowhere", 23, 75, "there is no folder"},
	{"folder: .", "folder: handsel.yaml", 23, 75, "is not a folder"},
	{`folder: .`, `folder: ., redirect: "https://x"`, 23, 5, "one of folder, proxy and redirect"},
	{`proxy: "http://127.0.0.1:3000"`, `proxy: "127.0.0.1:3000"`, 24, 63, "is not an address such as http://127.0.0.1:3000"},
	{`"http://127.0.0.1:3000"`, `"http://127.0.0.1:3000", proxy_ca: ca.pem`, 24, 98, "proxy_ca is for a proxy with https"},
	{`"http://127.0.0.1:3000"`, `["http://127.0.0.1:3000", "http://127.0.0.1:3000"]`, 24, 89, "is there twice"},
	{`"http://127.0.0.1:3000"`, `["http://127.0.0.1:3000", "ftp://x"]`, 24, 89, "is not an address such as"},
	{`"http://127.0.0.1:3000"`, `{a: b}`, 24, 63, "put it in brackets"},
	{`"http://127.0.0.1:3000"`, `"http://127.0.0.1:3000", balance: random`, 24, 97, "neither round_robin nor least_connections"},
	{`"http://127.0.0.1:3000"`, `"http://127.0.0.1:3000", balance: round-robin`, 24, 97, `did you mean "round_robin"?`},
	{`"http://127.0.0.1:3000"`, `"http://127.0.0.1:3000", answer_within: 10`, 24, 103, "is not a time such as 10s"},
	{`"http://127.0.0.1:3000"`, `"http://127.0.0.1:3000", connect_within: 100h`, 24, 104, "of a day at most"},
	{`"http://127.0.0.1:3000"`, `"http://127.0.0.1:3000", health_every: 1s`, 24, 102, "write health_path as well"},
	{`"http://127.0.0.1:3000"`, `"http://127.0.0.1:3000", health_path: health`, 24, 101, `write "/health"`},
	{`"http://127.0.0.1:3000"`, `"http://127.0.0.1:3000", send_proxy: v3`, 24, 100, "write v1 or v2"},
	{`"http://127.0.0.1:3000"`, `"h2c://127.0.0.1:3000", send_proxy: v1`, 24, 99, "write http in place of h2c"},
	{`"http://127.0.0.1:3000"`, `"http://127.0.0.1:3000", down_after: -1`, 24, 100, "write after how many failures"},
	{`folder: .`, `folder: ., balance: round_robin`, 23, 87, "balance is for a proxy, and there is none"},
	{`folder: .`, `folder: ., health_within: 1s`, 23, 93, "health_within is for a proxy"},
	{`folder: .`, `folder: ., client_certificate_headers: true`, 23, 106, "is for a proxy"},
	{`folder: .`, `folder: ., redirect_status: 308`, 23, 95, "with redirect"},
	{`redirect: "https://www.example.com"`, `redirect: "https://www.example.com", redirect_status: 200`, 25, 73, "has to be one of"},
	{`redirect: "https://www.example.com"`, `redirect: "https://www.example.com", compress: true`, 25, 66, "nothing to compress"},
	{`redirect: "https://www.example.com"`, `redirect: www.example.com`, 25, 29, "is not an address such as https://www.example.com"},
}

func TestMistakes(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "handsel.yaml")
	if err := os.WriteFile(path, []byte(good), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, m := range mistakes {
		if strings.Count(good, m.old) == 0 {
			t.Fatalf("%q is not in the file", m.old)
		}
		text := strings.Replace(good, m.old, m.new, 1)
		_, err := Parse(path, []byte(text))
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%q: %v", m.new, err)
			continue
		}
		if e.Line != m.line || e.Column != m.column || !strings.Contains(e.What, m.what) {
			t.Errorf("%q: %d:%d %s, want %d:%d %s", m.new, e.Line, e.Column, e.What, m.line, m.column, m.what)
		}
		line := strings.Split(text, "\n")[m.line-1]
		if !strings.Contains(e.Excerpt, fmt.Sprintf("%6d | %s\n", m.line, line)) {
			t.Errorf("%q: the excerpt is\n%s", m.new, e.Excerpt)
		}
		if want := fmt.Sprintf("%s:%d:%d: ", path, m.line, m.column); !strings.HasPrefix(e.Error(), want) {
			t.Errorf("%q: %q does not begin with %q", m.new, e.Error(), want)
		}
	}
}

func TestAllMistakesAreSaid(t *testing.T) {
	text := strings.NewReplacer("min_version: \"1.2\"", "min_version: 7", "folder: .", "folder: nowhere", "[www, old]", "[www, none]").Replace(good)
	_, err := Parse("handsel.yaml", []byte(text))
	if err == nil {
		t.Fatal("no error")
	}
	var places []string
	for line := range strings.SplitSeq(err.Error(), "\n") {
		if rest, ok := strings.CutPrefix(line, "handsel.yaml:"); ok {
			places = append(places, strings.SplitN(rest, ": ", 2)[0])
		}
	}
	if diff := cmp.Diff([]string{"11:25", "13:18", "23:75"}, places); diff != "" {
		t.Error(diff)
	}
}

func TestFilesThatSayNothing(t *testing.T) {
	for _, text := range []string{"", "\n", "# only a comment\n", "---\n", "listen: {}"} {
		_, err := Parse("handsel.yaml", []byte(text))
		if err == nil || !strings.HasPrefix(err.Error(), "handsel.yaml") || !strings.Contains(err.Error(), "no address to listen on") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := Load(filepath.Join(t.TempDir(), "none.yaml")); err == nil || !strings.Contains(err.Error(), "none.yaml") {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(good)
	for _, m := range mistakes {
		f.Add(strings.Replace(good, m.old, m.new, 1))
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Parse("handsel.yaml", []byte(text))
		if err != nil {
			_ = err.Error()
			return
		}
		for i := range c.Bindings {
			c.Settings(i)
		}
	})
}
