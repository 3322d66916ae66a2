package assemble

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/handsel-tls/handsel/internal/serve/certs"
	"github.com/handsel-tls/handsel/internal/serve/config"
)

func mustOpen(t *testing.T, dir string) *Data {
	t.Helper()
	d, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func plan(d *Data, dir, text string) (*Plan, error) {
	f, err := config.Parse(filepath.Join(dir, "handsel.yaml"), []byte(text))
	if err != nil {
		return nil, err
	}
	return FromFile(f, d)
}

func TestCertificatesFromTheStore(t *testing.T) {
	dir := t.TempDir()
	d := mustOpen(t, filepath.Join(dir, "data"))
	leaf, err := d.CA.Leaf("www.localhost")
	if err != nil {
		t.Fatal(err)
	}
	want, err := leaf.Certificate()
	if err != nil {
		t.Fatal(err)
	}
	text := func(thumbprint string) string {
		return "listen: {https: [\"127.0.0.1:8443\"]}\ncertificates: [{name: www, thumbprint: \"" + thumbprint + "\"}]\n" +
			"bindings: [{on: \"www.localhost:8443\", certificates: [www]}]\n"
	}
	for _, thumbprint := range []certs.Thumbprint{certs.ThumbprintOf(want.Leaf), certs.SHA1Of(want.Leaf)} {
		p, err := plan(d, dir, text(string(thumbprint)))
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.Setup.Certificates["www"]()
		if err != nil || !got.Leaf.Equal(want.Leaf) {
			t.Errorf("%s: %v, %v", thumbprint, got, err)
		}
	}
	for _, bad := range []string{"12", "zz", strings.Repeat("0", 64)} {
		if _, err := plan(d, dir, text(bad)); err == nil || !strings.Contains(err.Error(), "handsel.yaml:2:40: ") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestExample(t *testing.T) {
	dir := t.TempDir()
	d := mustOpen(t, dir)
	if !d.MadeCA {
		t.Error("the CA is not new")
	}
	f, err := Example(d, 8443, 8080)
	if err != nil {
		t.Fatal(err)
	}
	p, err := FromFile(f, d)
	if err != nil {
		t.Fatal(err)
	}
	if p.Setup.Table.Len() != 2 || p.Setup.HTTPS[0].String() != "127.0.0.1:8443" || p.Setup.HTTP[0].String() != "127.0.0.1:8080" {
		t.Errorf("%+v", p.Setup)
	}
	// What somebody has written there stays.
	index := filepath.Join(dir, "sites", "one", "index.html")
	if err := os.WriteFile(index, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Example(d, 8443, 8080); err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(index); string(b) != "mine" {
		t.Errorf("%q", b)
	}
	d.Close()
	if again := mustOpen(t, dir); again.MadeCA {
		t.Error("the CA was made again")
	}
}

// A check leaves the folder as it is, even if a server is using it.
func TestOpenToCheck(t *testing.T) {
	text := "listen: {https: [\"127.0.0.1:8443\"]}\n" +
		"certificates: [{name: dev, local_ca: [www.localhost]}, {name: www, thumbprint: \"" + strings.Repeat("0", 64) + "\"}]\n" +
		"bindings: [{on: \"www.localhost:8443\", certificates: [dev, www]}]\n"
	dir := filepath.Join(t.TempDir(), "data")
	check := func(what string) {
		t.Helper()
		d, err := OpenToCheck(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		p, err := plan(d, dir, text)
		if err != nil {
			t.Fatal(err)
		}
		if notices := strings.Join(p.Notices, "\n"); !strings.Contains(notices, what) {
			t.Errorf("%q does not say %q", notices, what)
		}
	}
	check("there is no certificate store")
	if _, err := os.Stat(dir); err == nil {
		t.Error("the folder was made")
	}
	d := mustOpen(t, dir)
	check("a running server has the certificate store open")
	if list, err := d.Store.List(); err != nil || len(list) != 0 {
		t.Errorf("the check issued certificates: %v, %v", list, err)
	}
}

func TestAuthorities(t *testing.T) {
	dir := t.TempDir()
	d := mustOpen(t, filepath.Join(dir, "data"))
	for name, text := range map[string]string{
		"empty.pem":  "",
		"text.pem":   "no PEM at all",
		"broken.pem": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct{ file, want string }{
		{"empty.pem", "holds no certificate"}, {"text.pem", "holds no certificate"},
		{"broken.pem", "broken.pem: x509"}, {"none.pem", "none.pem"}, {"data/local-ca.pem", ""},
	}
	for _, tt := range tests {
		_, err := plan(d, dir, "listen: {https: [\"127.0.0.1:8443\"]}\ncertificates: [{name: dev, local_ca: [www.localhost]}]\n"+
			"bindings: [{on: \"www.localhost:8443\", certificates: [dev], client_auth: request, client_cas: ["+tt.file+"]}]\n"+
			"sites: [{name: x, proxy: \"https://127.0.0.1:1\", proxy_ca: "+tt.file+"}]\n")
		if tt.want == "" {
			if err != nil {
				t.Errorf("%s: %v", tt.file, err)
			}
			continue
		}
		if err == nil || strings.Count(err.Error(), tt.want) < 2 ||
			!strings.Contains(err.Error(), "handsel.yaml:3:95: ") || !strings.Contains(err.Error(), "handsel.yaml:4:59: ") {
			t.Errorf("%s: %v", tt.file, err)
		}
	}
}

// What is weak in a binding is said when the configuration is read: by its
// policy, or by single settings.
func TestNoticesOfWeakBindings(t *testing.T) {
	dir := t.TempDir()
	d := mustOpen(t, filepath.Join(dir, "data"))
	for settings, what := range map[string]string{
		"policy: modern":                           "",
		"policy: compatible":                       "",
		"policy: legacy":                           "TLS 1.0 signs",
		"policy: museum":                           "RC4 gives",
		`min_version: "1.1"`:                       "TLS 1.1 signs",
		"suites: [TLS_RSA_WITH_3DES_EDE_CBC_SHA]":  "3DES has blocks",
		"suites: [TLS_ECDHE_RSA_WITH_RC4_128_SHA]": "RC4 gives",
		"policy: museum, max_version: \"ssl3\"":    "SSL 3.0 does not",
	} {
		p, err := plan(d, dir, "listen: {https: [\"127.0.0.1:8443\"]}\ncertificates: [{name: www, local_ca: [www.localhost]}]\n"+
			"bindings: [{on: \"www.localhost:8443\", certificates: [www], "+settings+"}]\n")
		if err != nil {
			t.Fatalf("%s: %v", settings, err)
		}
		if said := strings.Join(p.Notices, "\n"); !strings.Contains(said, what) || what == "" && strings.Contains(said, "binding www") {
			t.Errorf("%s: %q", settings, said)
		}
	}
}
