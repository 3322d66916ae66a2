package peers

import (
	"encoding/json"
	"encoding/xml"
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/serve/assemble"
	"github.com/handsel-tls/handsel/internal/serve/config"
	"github.com/handsel-tls/handsel/internal/serve/endpoint"
)

var scanAll = flag.Bool("scan-all", false, "TestScanTestssl makes every check of testssl.sh, which takes minutes")

// served starts what handsel serve serves, with the default policy: a name with its
// certificate of the local CA, and the same for clients that send none. It gives
// the port and the file of the CA.
func served(t *testing.T, name string) (port int, ca string) {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port = l.Addr().(*net.TCPAddr).Port
	l.Close()
	dir := t.TempDir()
	data, err := assemble.Open(filepath.Join(dir, "data"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { data.Close() })
	if err := os.WriteFile(filepath.Join(dir, "index.html"), []byte("hello\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := config.Parse(filepath.Join(dir, "handsel.yaml"), fmt.Appendf(nil, `
listen: {https: ["127.0.0.1:%d"]}
certificates: [{name: c, local_ca: [%s]}]
sites: [{name: s, folder: .}]
bindings: [{on: "%[2]s:%[1]d", certificates: [c], site: s}, {on: "0.0.0.0:%[1]d", certificates: [c], site: s}]
`, port, name))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := assemble.FromFile(f, data)
	if err != nil {
		t.Fatal(err)
	}
	server := endpoint.New(endpoint.Options{})
	if err := server.Apply(plan.Setup); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Shutdown(t.Context()) })
	return port, data.CA.File()
}

// testssl.sh has a clean bill for the default policy: nothing that it calls worse than
// OK, no check that could not be made, and every check that was asked for is there.
func TestScanTestssl(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a dozen seconds of processor time")
	}
	const name = "scan.localhost"
	port, ca := served(t, name)
	report := filepath.Join(t.TempDir(), "report.json")
	args := []string{"--quiet", "--color", "0", "--warnings", "off", "--ip", "127.0.0.1", "--nodns", "none",
		"--add-ca", ca, "--jsonfile", report}
	if !*scanAll { // protocols, suites by their strength, forward secrecy, and the attacks with a name that take no minute
		args = append(args, "-p", "-s", "-f", "-H", "-I", "-T", "-BB", "-R", "-C", "-O", "-Z", "-W", "-A", "-L", "-F", "-J", "-D")
	}
	p := start(t, "testssl", append(args, "https://"+name+":"+strconv.Itoa(port)+"/")...)
	p.input.Close()
	select {
	case <-p.exited:
	case <-time.After(10 * time.Minute):
		t.Fatal("testssl.sh does not end")
	}
	// Its status is how many checks it did not like; the report says which.
	text, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	var found []struct{ ID, Severity, Finding string }
	if err := json.Unmarshal(text, &found); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	seen := map[string]bool{}
	for _, f := range found {
		seen[f.ID] = true
		if !slices.Contains([]string{"OK", "INFO"}, f.Severity) && !aboutSite(f.ID) {
			t.Errorf("%s %s: %s", f.Severity, f.ID, f.Finding)
		}
	}
	for _, id := range []string{"SSLv2", "SSLv3", "TLS1_2", "TLS1_3", "cipherlist_NULL", "cipherlist_EXPORT", "cipherlist_STRONG", "PFS",
		"heartbleed", "CCS", "ticketbleed", "ROBOT", "secure_renego", "CRIME_TLS", "POODLE_SSL", "fallback_SCSV", "SWEET32", "BEAST",
		"LUCKY13", "FREAK", "LOGJAM", "DROWN"} {
		if !seen[id] {
			t.Errorf("%s was not checked", id)
		}
	}
}

// aboutSite reports whether a finding is not about the policy: what a site says in
// its headers is the administrator's, and a local CA has neither revocation nor
// logs.
func aboutSite(id string) bool {
	for _, begin := range []string{"HSTS", "security_headers", "cert_", "OCSP_", "DNS_CAArecord", "certificate_transparency", "cert"} {
		if strings.HasPrefix(id, begin) {
			return true
		}
	}
	return false
}

// sslscan has a clean bill for the default policy: TLS 1.2 and 1.3 alone, no suite
// that it calls weaker than acceptable, no group below 128 bits, no Heartbleed, and
// no fallback to an older version.
func TestScanSslscan(t *testing.T) {
	const name = "scan.localhost"
	port, _ := served(t, name)
	report := filepath.Join(t.TempDir(), "report.xml")
	said := run(t, "sslscan", "--no-colour", "--xml="+report, "--sni-name="+name, "127.0.0.1:"+strconv.Itoa(port))
	text, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	var r struct {
		Tests []struct {
			Protocols []struct {
				Type    string `xml:"type,attr"`
				Version string `xml:"version,attr"`
				Enabled int    `xml:"enabled,attr"`
			} `xml:"protocol"`
			Heartbleed []struct {
				Vulnerable int `xml:"vulnerable,attr"`
			} `xml:"heartbleed"`
			Ciphers []struct {
				Cipher   string `xml:"cipher,attr"`
				Strength string `xml:"strength,attr"`
				Bits     int    `xml:"bits,attr"`
			} `xml:"cipher"`
			Groups []struct {
				Name string `xml:"name,attr"`
				Bits int    `xml:"bits,attr"`
			} `xml:"group"`
		} `xml:"ssltest"`
	}
	if err := xml.Unmarshal(text, &r); err != nil || len(r.Tests) != 1 {
		t.Fatalf("%v: %s", err, text)
	}
	test := r.Tests[0]
	if len(test.Protocols) < 6 || len(test.Ciphers) < 3 || len(test.Groups) < 2 || len(test.Heartbleed) < 2 {
		t.Fatalf("it has not looked at everything: %s", text)
	}
	for _, p := range test.Protocols {
		if enabled := p.Type == "tls" && (p.Version == "1.2" || p.Version == "1.3"); enabled != (p.Enabled == 1) {
			t.Errorf("%s %s: enabled %d", p.Type, p.Version, p.Enabled)
		}
	}
	for _, c := range test.Ciphers {
		if c.Strength != "acceptable" && c.Strength != "strong" || c.Bits < 128 {
			t.Errorf("%s is %s, with %d bits", c.Cipher, c.Strength, c.Bits)
		}
	}
	for _, g := range test.Groups {
		if g.Bits < 128 {
			t.Errorf("%s has %d bits", g.Name, g.Bits)
		}
	}
	for _, h := range test.Heartbleed {
		if h.Vulnerable != 0 {
			t.Error("Heartbleed")
		}
	}
	if !strings.Contains(said, "Server supports TLS Fallback SCSV") {
		t.Error("TLS_FALLBACK_SCSV")
	}
}
