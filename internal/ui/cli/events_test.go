package cli

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	stdtls "crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/observe/eventlog"
	"github.com/handsel-tls/handsel/internal/serve/assemble"
	"github.com/handsel-tls/handsel/internal/serve/bindings"
	"github.com/handsel-tls/handsel/internal/serve/config"
	"github.com/handsel-tls/handsel/internal/serve/endpoint"
)

// serveConfig starts a server, in whose configuration PORT stands for its port, and
// gives that.
func serveConfig(t testing.TB, dir, text string, tell func(*endpoint.Handshake)) (port int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port = l.Addr().(*net.TCPAddr).Port
	l.Close()
	data, err := assemble.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { data.Close() })
	file, err := config.Parse(filepath.Join(dir, "handsel.yaml"), []byte(strings.ReplaceAll(text, "PORT", strconv.Itoa(port))))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := assemble.FromFile(file, data)
	if err != nil {
		t.Fatal(err)
	}
	server := endpoint.New(endpoint.Options{OnHandshake: tell})
	if err := server.Apply(plan.Setup); err != nil {
		t.Fatal(err)
	}
	return port
}

func kept(t testing.TB, dir string) (all []*eventlog.Event) {
	r, err := eventlog.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := r.Events(t.Context(), &eventlog.Filter{}, 0, func(e *eventlog.Event) bool { all = append(all, e); return true }); err != nil {
		t.Fatal(err)
	}
	return all
}

// certificateUntil writes a certificate for shop.example with its key.
func certificateUntil(t *testing.T, file string, until time.Time) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"shop.example"}, NotBefore: until.Add(-90 * 24 * time.Hour), NotAfter: until}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	b := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})...)
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

const shopConfig = `
listen: {https: ["127.0.0.1:PORT"]}
certificates: [{name: shop, %s}]
bindings: [{on: "shop.example:PORT", certificates: [shop], site: shop%s}]
sites: [{name: shop, redirect: "https://www.example.com"}]
`

// What a server says of handshakes with crypto/tls: the failures, the successes
// that should be known, and nothing of the others.
func TestEvents(t *testing.T) {
	const day = 24 * time.Hour
	for _, test := range []struct {
		what     string
		settings string
		until    time.Duration // the certificate ends so long after now
		client   func(*stdtls.Config)
		before   string // what the client sends before its ClientHello
		want     string
	}{
		{"nothing", "", 60 * day, nil, "", ""},
		{"an alert that is only a warning", "", 60 * day, nil, "\x15\x03\x01\x00\x02\x01\x5a", ""},
		{"a weak version", ", policy: legacy", 60 * day, func(c *stdtls.Config) { c.MinVersion, c.MaxVersion = stdtls.VersionTLS10, stdtls.VersionTLS10 }, "", "weak warning"},
		{"a certificate near its end", "", 3 * day, nil, "", "certificate-ends warning certificate-expires-soon"},
		{"one that has ended", "", -day, nil, "", "certificate-ended error certificate-expired"},
		{"no version in common", "", 60 * day, func(c *stdtls.Config) { c.MinVersion, c.MaxVersion = stdtls.VersionTLS10, stdtls.VersionTLS11 }, "", "alert-sent error no-common-version"},
		{"no cipher suite in common", ", max_version: \"1.2\"", 60 * day, func(c *stdtls.Config) {
			c.MaxVersion, c.CipherSuites = stdtls.VersionTLS12, []uint16{stdtls.TLS_RSA_WITH_AES_128_GCM_SHA256}
		}, "", "alert-sent error no-common-suite"},
		{"a name that nothing is bound to", "", 60 * day, func(c *stdtls.Config) { c.ServerName = "other.example" }, "", "closed-here error no-binding"},
		{"such a name, and no version in common", "", 60 * day, func(c *stdtls.Config) {
			c.ServerName, c.MinVersion, c.MaxVersion = "other.example", stdtls.VersionTLS10, stdtls.VersionTLS11
		}, "", "closed-here error no-binding"},
		{"a client that does not trust the certificate", "", 60 * day, func(c *stdtls.Config) { c.InsecureSkipVerify = false }, "", "alert-received error"},
		{"plain HTTP", "", 60 * day, nil, "GET / HTTP/1.1\r\n\r\n", "plain-http information http-to-tls-port"},
	} {
		t.Run(test.what, func(t *testing.T) {
			dir := t.TempDir()
			certificateUntil(t, filepath.Join(dir, "shop.pem"), time.Now().Add(test.until))
			feed := &eventFeed{dir: dir, err: io.Discard}
			feed.configure(config.Events{})
			seen := make(chan *endpoint.Handshake, 10)
			port := serveConfig(t, dir, fmt.Sprintf(shopConfig, "files: [shop.pem]", test.settings), func(h *endpoint.Handshake) {
				feed.tell(h)
				seen <- h
			})
			conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
			if err != nil {
				t.Fatal(err)
			}
			conn.Write([]byte(test.before))
			c := &stdtls.Config{ServerName: "shop.example", InsecureSkipVerify: true}
			if test.client != nil {
				test.client(c)
			}
			stdtls.Client(conn, c).Handshake()
			conn.Close()
			var h *endpoint.Handshake
			select {
			case h = <-seen:
			case <-time.After(10 * time.Second):
				t.Fatal("the server saw no handshake")
			}
			feed.close()
			got := ""
			for _, e := range kept(t, dir) {
				got += fmt.Sprintf("%v %v %s\n", e.ID, e.Level, e.Cause)
				if e.Message == "" || strings.Contains(e.Message, "{") || strings.Contains(e.Message, "(unknown)") {
					t.Errorf("the message is %q", e.Message)
				}
				live, stored := h.Explain(), e.Findings
				a, _ := json.Marshal(live)
				if b, _ := json.Marshal(stored); string(a) != string(b) {
					t.Errorf("a stored event is explained in another way:\n%s\n%s", b, a)
				}
				if e.ID == eventlog.ClosedHere && strings.Contains(e.Message, "Would have worked") {
					t.Errorf("what would not have worked is said to: %q", e.Message)
				}
			}
			if !strings.HasPrefix(got, test.want) || strings.Count(got, "\n") != min(len(test.want), 1) {
				t.Errorf("the events are\n%s, not %s", got, test.want)
			}
		})
	}
}

// A client whose session no server can open, because its key is gone, is an event.
func TestEventOfAnUnexpectedFullHandshake(t *testing.T) {
	for _, max := range []uint16{stdtls.VersionTLS12, stdtls.VersionTLS13} {
		client := &stdtls.Config{ServerName: "shop.example", InsecureSkipVerify: true, MaxVersion: max, ClientSessionCache: stdtls.NewLRUClientSessionCache(4)}
		dir := ""
		for range 2 { // two servers, each with ticket keys of its own
			dir = t.TempDir()
			feed := &eventFeed{dir: dir, err: io.Discard}
			feed.configure(config.Events{})
			seen := make(chan bool, 10)
			port := serveConfig(t, dir, fmt.Sprintf(shopConfig, "local_ca: [shop.example]", ""), func(h *endpoint.Handshake) {
				feed.tell(h)
				seen <- h.Resumed
			})
			for i := range 2 {
				c, err := stdtls.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port), client)
				if err != nil {
					t.Fatal(err)
				}
				io.WriteString(c, "GET / HTTP/1.0\r\n\r\n")
				io.Copy(io.Discard, c) // the ticket comes first
				c.Close()
				if resumed := <-seen; resumed != (i == 1) {
					t.Fatalf("connection %d is resumed: %v", i, resumed)
				}
			}
			feed.close()
		}
		all := kept(t, dir)
		if len(all) != 1 || all[0].ID != eventlog.NotResumed || all[0].Count != 1 || all[0].Session != "unknown here" {
			t.Errorf("with %s the events of the second server are %v", stdtls.VersionName(max), all)
		}
	}
}

// Of a certificate that expires soon is told once a day, also if the server goes
// over to another setup each hour.
func TestCertificateOnceADay(t *testing.T) {
	dir := t.TempDir()
	certificateUntil(t, filepath.Join(dir, "shop.pem"), time.Now().Add(10*24*time.Hour))
	seen := make(chan *endpoint.Handshake, 1)
	port := serveConfig(t, dir, fmt.Sprintf(shopConfig, "files: [shop.pem]", ""), func(h *endpoint.Handshake) { seen <- h })
	c, err := stdtls.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port), &stdtls.Config{ServerName: "shop.example", InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	h := <-seen
	var all looks
	told := 0
	for hour := range 50 {
		all.look(h, time.Now().Add(time.Duration(hour)*time.Hour), func(_ *bindings.Binding, c *x509.Certificate, expired bool) {
			told++
			if expired || c.DNSNames[0] != "shop.example" {
				t.Errorf("it is said of %v that it expired: %v", c.DNSNames, expired)
			}
		})
		clear(all.at) // the bindings are others
	}
	if told != 3 {
		t.Errorf("in 50 hours it was said %d times", told)
	}
}

func TestKebab(t *testing.T) {
	for name, want := range map[string]string{"NoBinding": "no-binding", "HTTPRequest": "http-request", "BadRecordMAC": "bad-record-mac", "ECHRejected": "ech-rejected", "NotTLS": "not-tls", "SSL2Hello": "ssl2-hello"} {
		if got := kebab(name); got != want {
			t.Errorf("%s is %s", name, got)
		}
	}
}

func TestMoment(t *testing.T) {
	now := time.Date(2026, 11, 24, 14, 30, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"":                     "0001-01-01 00:00:00",
		"90s":                  "2026-11-24 14:28:30",
		"1.5d":                 "2026-11-23 02:30:00",
		"6h":                   "2026-11-24 08:30:00",
		"2026-11-01":           "2026-11-01 00:00:00",
		"2026-11-01 09:15":     "2026-11-01 09:15:00",
		"2026-11-01T09:15:16Z": "2026-11-01 09:15:16",
		"13:00":                "2026-11-24 13:00:00",
		"-1h":                  "",
		"-1d":                  "",
		"soon":                 "",
	} {
		got, err := moment(text, now)
		if (err != nil) != (want == "") || err == nil && got.Format(time.DateTime) != want {
			t.Errorf("%q is %v, %v", text, got, err)
		}
	}
}
