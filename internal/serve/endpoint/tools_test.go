package endpoint_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/serve/assemble"
	"github.com/handsel-tls/handsel/internal/serve/config"
	"github.com/handsel-tls/handsel/internal/serve/endpoint"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// A host runs a server with a folder of its own, and is its client.
type host struct {
	t      *testing.T
	dir    string
	data   *assemble.Data
	server *endpoint.Server
	roots  *x509.CertPool
	ports  map[string]string // of names such as $HTTPS
	down   bool

	mu         sync.Mutex
	handshakes []*endpoint.Handshake
}

// newHost starts a server with a configuration in which $HTTPS, $HTTP and
// $OTHER stand for free ports.
func newHost(t *testing.T, o endpoint.Options, text string) *host {
	t.Helper()
	h := &host{t: t, dir: t.TempDir(), ports: map[string]string{}}
	for _, name := range []string{"$HTTPS", "$HTTP_", "$OTHER"} {
		h.ports[name] = freePort(t)
	}
	for _, site := range []string{"a", "b", "c"} {
		h.write(site+"/index.html", "site "+site)
	}
	var err error
	if h.data, err = assemble.Open(filepath.Join(h.dir, "data")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.data.Close() })
	h.roots = x509.NewCertPool()
	h.roots.AddCert(h.data.CA.Certificate())
	o.OnHandshake = func(s *endpoint.Handshake) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.handshakes = append(h.handshakes, s)
	}
	h.server = endpoint.New(o)
	if err := h.apply(text); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if !h.down {
			h.shutdown(time.Second)
		}
	})
	return h
}

func freePort(t *testing.T) string {
	t.Helper()
	port, err := tlstest.Port()
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func (h *host) write(name, text string) {
	h.t.Helper()
	path := filepath.Join(h.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		h.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		h.t.Fatal(err)
	}
}

// apply has the server go over to a configuration.
func (h *host) apply(text string) error {
	for name, port := range h.ports {
		text = strings.ReplaceAll(text, name, port)
	}
	f, err := config.Parse(filepath.Join(h.dir, "handsel.yaml"), []byte(text))
	if err != nil {
		return err
	}
	plan, err := assemble.FromFile(f, h.data)
	if err != nil {
		return err
	}
	return h.server.Apply(plan.Setup)
}

func (h *host) shutdown(limit time.Duration) error {
	h.down = true
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	return h.server.Shutdown(ctx)
}

// handshake waits for the handshake number i and gives it.
func (h *host) handshake(i int) *endpoint.Handshake {
	h.t.Helper()
	for range 500 {
		if all := h.all(); len(all) > i {
			return all[i]
		}
		time.Sleep(10 * time.Millisecond)
	}
	h.t.Fatalf("there was no handshake number %d", i)
	return nil
}

// all gives the handshakes there were.
func (h *host) all() []*endpoint.Handshake {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.handshakes)
}

// client is an HTTP client that sends a name of its own choice, "" for none.
func (h *host) client(name string, change ...func(*tls.Config)) *http.Client {
	c := &tls.Config{RootCAs: h.roots, ServerName: name}
	if name == "" {
		c.ServerName, c.InsecureSkipVerify = "127.0.0.1", true // an address is not sent
	}
	for _, f := range change {
		f(c)
	}
	tr := &http.Transport{
		TLSClientConfig: c, ForceAttemptHTTP2: !slices.Equal(c.NextProtos, []string{"http/1.1"}),
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", "127.0.0.1:"+h.ports["$HTTPS"])
		},
	}
	h.t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: 10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func http1(c *tls.Config) { c.NextProtos = []string{"http/1.1"} }

// get gives status and body of a request with a Host.
func (h *host) get(c *http.Client, hostHeader, path string) (int, string) {
	h.t.Helper()
	r, err := http.NewRequest("GET", "https://"+hostHeader+path, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	res, err := c.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err.Error()
	}
	return res.StatusCode, string(body)
}

// told is get in one string.
func (h *host) told(c *http.Client, hostHeader string) string {
	status, body := h.get(c, hostHeader, "/")
	return fmt.Sprintf("%d %s", status, body)
}

// plain sends a request over plain HTTP and gives status, Location and body.
func (h *host) plain(hostHeader, path string) (int, string, string) {
	h.t.Helper()
	c, err := net.Dial("tcp", "127.0.0.1:"+h.ports["$HTTP_"])
	if err != nil {
		h.t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(5 * time.Second))
	fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", path, hostHeader)
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	return res.StatusCode, res.Header.Get("Location"), string(body)
}
