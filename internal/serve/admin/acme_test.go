package admin

import (
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
	"github.com/miekg/dns"

	"github.com/handsel-tls/handsel/internal/serve/acme"
	"github.com/handsel-tls/handsel/internal/serve/certs"
	"github.com/handsel-tls/handsel/internal/serve/config"
)

// An authority is Let's Encrypt's test server, in this process. It looks for
// names on this computer.
type authority struct {
	directory string
	roots     string // PEM file of who vouches for its server
	ca        *ca.CAImpl
}

func newAuthority(t *testing.T, httpPort, tlsPort uint16) *authority {
	t.Helper()
	t.Setenv("PEBBLE_VA_NOSLEEP", "1")
	quiet := log.New(io.Discard, "", 0)
	if testing.Verbose() {
		quiet = log.New(os.Stderr, "authority: ", 0)
	}
	store := db.NewMemoryStore()
	a := &authority{ca: ca.New(quiet, store, "", "ecdsa", 0, 1, map[string]ca.Profile{"default": {Description: "for tests"}})}
	validator := va.New(quiet, int(httpPort), int(tlsPort), false, nameServer(t), store)
	front := wfe.New(quiet, store, validator, a.ca, []string{"ca.example"}, false, false, 1, 1)
	server := httptest.NewTLSServer(front.Handler())
	t.Cleanup(server.Close)
	a.directory = server.URL + wfe.DirectoryPath
	a.roots = filepath.Join(t.TempDir(), "authority.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(a.roots, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return a
}

// nameServer says that all names are on this computer.
func nameServer(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &dns.Server{Listener: l, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg)
		m.SetReply(q)
		if q.Question[0].Qtype == dns.TypeA {
			rr, err := dns.NewRR(q.Question[0].Name + " 60 IN A 127.0.0.1")
			if err != nil {
				panic(err)
			}
			m.Answer = append(m.Answer, rr)
		}
		w.WriteMsg(m)
	})}
	go s.ActivateAndServe()
	t.Cleanup(func() { s.Shutdown() })
	return l.Addr().String()
}

// told collects what a manager of certificates tells.
type told struct {
	mu    sync.Mutex
	texts []string
}

func (l *told) add(news acme.News) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.texts = append(l.texts, news.Text)
}

func (l *told) all() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.texts, "\n")
}

// awaitShown waits until a name is shown a certificate that the authority issued.
func (h *host) awaitShown(port uint16, name string) {
	h.t.Helper()
	var err error
	for range 300 {
		var c *tls.Conn
		if c, err = tls.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port), &tls.Config{ServerName: name, RootCAs: h.roots}); err == nil {
			c.Close()
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	h.t.Fatal(err)
}

// Certificates are issued by a real ACME server, over either kind of challenge, are
// shown at once, and are there after a restart without being issued again.
func TestACME(t *testing.T) {
	for _, kind := range []string{"TLS-ALPN-01", "HTTP-01"} {
		t.Run(kind, func(t *testing.T) { issue(t, kind == "HTTP-01") })
	}
}

func issue(t *testing.T, plain bool) {
	port, plainPort := freePort(t), freePort(t)
	text, challenged := "", uint16(1) // nobody is there
	if plain {
		text = fmt.Sprintf("listen: {http: [\"127.0.0.1:%d\"]}\n", plainPort)
	}
	a := newAuthority(t, plainPort, map[bool]uint16{true: challenged, false: port}[plain])
	h := newHost(t, text)
	h.roots.AddCert(a.ca.GetRootCert(0).Cert)
	on := fmt.Sprintf("www.example.com:%d", port)
	h.refused("wrong", "nobody has agreed to the terms", "POST", "/v1/bindings", config.Binding{On: on, Certificates: []string{"acme"}})
	h.refused("wrong", "have not agreed to its terms", "PUT", "/v1/acme", config.ACME{Directory: a.directory})
	h.mustDo("PUT", "/v1/acme", config.ACME{Agree: true, Email: "admin@example.com", Directory: a.directory, Roots: a.roots}, nil)
	h.refused("wrong", "for a wildcard", "POST", "/v1/bindings", config.Binding{On: fmt.Sprintf("*.example.com:%d", port), Certificates: []string{"acme"}})
	h.refused("wrong", "is an address", "POST", "/v1/bindings", config.Binding{On: on, Certificates: []string{"acme:192.0.2.1"}})
	var list told
	h.data.ACME.Start(t.Context(), list.add)
	h.mustDo("POST", "/v1/bindings", config.Binding{On: on, Certificates: []string{"acme"}}, nil)
	h.awaitShown(port, "www.example.com")
	if !strings.Contains(list.all(), "a certificate for www.example.com was issued") {
		t.Error(list.all())
	}
	var b Binding
	h.mustDo("GET", "/v1/bindings/"+on, nil, &b)
	for _, w := range b.Warnings {
		if w.Code == "no-certificate" || w.Code == "name-not-covered" {
			t.Error(w)
		}
	}
	if secret, err := os.ReadFile(filepath.Join(h.data.Dir, "handsel.db")); err != nil || strings.Contains(string(secret), "PRIVATE KEY") {
		t.Error("a private key stands in the database as it is", err)
	}
	// Another one is issued when that is asked for, and shown at once.
	var again IssuedCertificate
	h.mustDo("POST", "/v1/certificates/acme:www.example.com/renew", nil, &again)
	before, err := h.data.Certificate("acme:www.example.com")
	if err != nil || certs.ThumbprintOf(before.Leaf) != again.Thumbprint {
		t.Error(err, again)
	}
	h.mustDo("POST", "/v1/certificates/acme:www.example.com/renew", nil, &again)
	after, err := h.data.Certificate("acme:www.example.com")
	if err != nil || before == after || certs.ThumbprintOf(after.Leaf) != again.Thumbprint {
		t.Error(err, "it is the same")
	}
	if same, err := h.data.Certificate("acme:www.example.com"); err != nil || same != after {
		t.Error(err, "each handshake gets another certificate")
	}
	h.refused("failed", "no binding names a certificate that an authority issues", "POST", "/v1/certificates/acme:other.example.com/renew", nil)
	if !strings.Contains(list.all(), "the certificate for www.example.com was renewed") {
		t.Error(list.all())
	}
	// Read again as at the next start: nothing is issued, the same is shown.
	said := list.all()
	if _, err := h.estate.Load(); err != nil {
		t.Fatal(err)
	}
	h.awaitShown(port, "www.example.com")
	if list.all() != said {
		t.Error(list.all())
	}
	if plain { // nothing else is answered under the path of challenges
		res, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/.well-known/acme-challenge/none", plainPort))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != 400 {
			t.Error(res.Status)
		}
	}
}
