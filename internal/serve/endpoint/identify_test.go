package endpoint_test

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/handsel-tls/handsel/internal/serve/endpoint"
	ours "github.com/handsel-tls/handsel/tls"
)

const guardedPath = `listen:
  https: ["127.0.0.1:$HTTPS"]
  http: ["127.0.0.1:$HTTP_"]
certificates:
  - {name: all, local_ca: [open.localhost, mixed.localhost, asks.localhost]}
sites:
  - {name: a, hosts: [open.localhost], folder: a}
  - {name: b, hosts: [mixed.localhost, asks.localhost], folder: b}
bindings:
  - {on: "open.localhost:$HTTPS", certificates: [all], site: a}
  - on: "mixed.localhost:$HTTPS"
    certificates: [all]
    client_auth: require
    client_cas: [clients.pem]
    client_auth_paths: [/private/]
    early_data: true
  - {on: "asks.localhost:$HTTPS", certificates: [all], client_auth: request, client_cas: [clients.pem], client_auth_paths: [/private]}
  - {on: "0.0.0.0:$HTTPS", certificates: [all]}
`

// later is a client of TLS 1.3 that allows to be asked after the handshake.
func (h *host) later(name string, certificates ...tls.Certificate) *http.Client {
	return h.ours(&ours.Config{ServerName: name, PostHandshakeAuth: true, Certificates: certificates})
}

func (h *host) ours(c *ours.Config) *http.Client {
	c.RootCAs = h.roots
	return h.knowing(c)
}

// knowing is ours for a client that knows by other means than h.roots who it
// speaks to.
func (h *host) knowing(c *ours.Config) *http.Client {
	c.NextProtos = []string{"http/1.1"}
	client := h.client(c.ServerName)
	client.Transport.(*http.Transport).DialTLSContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		raw, err := new(net.Dialer).DialContext(ctx, "tcp", "127.0.0.1:"+h.ports["$HTTPS"])
		if err != nil {
			return nil, err
		}
		return ours.Client(raw, c), nil
	}
	return client
}

// old is a client of TLS 1.2 that renegotiates.
func (h *host) old(name string, certificates ...tls.Certificate) *http.Client {
	return h.client(name, http1, func(c *tls.Config) {
		c.MaxVersion, c.Renegotiation, c.Certificates = tls.VersionTLS12, tls.RenegotiateFreelyAsClient, certificates
	})
}

func newGuardedPath(t *testing.T) (h *host, pair tls.Certificate) {
	t.Helper()
	pair, text := clientPair(t)
	h = newHost(t, endpoint.Options{}, twoSites)
	h.write("clients.pem", text)
	h.write("b/private/index.html", "private")
	if err := h.apply(guardedPath); err != nil {
		t.Fatal(err)
	}
	return h, pair
}

// A path asks for a certificate on the open connection, by what its version has.
func TestGuardedPath(t *testing.T) {
	h, pair := newGuardedPath(t)
	for name, client := range map[string]func(string, ...tls.Certificate) *http.Client{"TLS 1.2": h.old, "TLS 1.3": h.later} {
		before := len(h.all())
		known := client("mixed.localhost", pair)
		for _, step := range []struct{ path, body string }{{"/", "site b"}, {"/private/", "private"}, {"/private/", "private"}, {"/", "site b"}} {
			if status, body := h.get(known, "mixed.localhost", step.path); status != 200 || body != step.body {
				t.Errorf("%s: %s: %d %q", name, step.path, status, body)
			}
		}
		if n := len(h.all()) - before; n != 2 {
			t.Errorf("%s: %d handshakes", name, n)
		}
		if last := h.all()[before+1]; last.Failure != nil || last.PostHandshake != (name == "TLS 1.3") {
			t.Errorf("%s: %+v", name, last.Record)
		}
		if status, body := h.get(client("mixed.localhost", stranger(t)), "mixed.localhost", "/private/"); status == 200 || body == "private" {
			t.Errorf("%s: with another: %d %q", name, status, body)
		}
		nobody := client("mixed.localhost")
		for range 2 {
			if status, _ := h.get(nobody, "mixed.localhost", "/private/"); status != 403 {
				t.Errorf("%s: without: %d", name, status)
			}
			if status, _ := h.get(nobody, "mixed.localhost", "/"); status != 200 {
				t.Errorf("%s: without, elsewhere: %d", name, status)
			}
		}
		if status, body := h.get(client("asks.localhost"), "asks.localhost", "/private/"); status != 200 || body != "private" {
			t.Errorf("%s: without, where none is required: %d %q", name, status, body)
		}
	}
	for name, client := range map[string]*http.Client{
		"is needed here": h.client("mixed.localhost", http1), // was asked in the handshake
		"renegotiate":    h.ours(&ours.Config{ServerName: "mixed.localhost", MaxVersion: tls.VersionTLS12}),
	} {
		if status, body := h.get(client, "mixed.localhost", "/private/"); status != 403 || !strings.Contains(body, name) {
			t.Errorf("%s: %d %q", name, status, body)
		}
	}
}

// What a path guards cannot be had in another way: not by another spelling, by
// plain HTTP, by a connection to another name, or by a session of before.
func TestGuardedPathFromBehind(t *testing.T) {
	h, pair := newGuardedPath(t)
	for _, path := range []string{"/private", "//private/", "/x/../private/", "/%70rivate/", "/./private/index.html", "/private/.", "/x/%2e%2e/private/"} {
		if status, body := h.get(h.later("mixed.localhost"), "mixed.localhost", path); status != 403 {
			t.Errorf("%s: %d %q", path, status, body)
		}
	}
	if status, _, _ := h.plain("mixed.localhost", "/private/"); status != 308 {
		t.Error("by plain HTTP:", status)
	}
	for _, name := range []string{"open.localhost", "asks.localhost", ""} {
		client := h.client(name, func(c *tls.Config) { c.InsecureSkipVerify = true })
		if status, body := h.get(client, "mixed.localhost", "/private/"); status != 421 {
			t.Errorf("by way of %q: %d %q", name, status, body)
		}
	}
	sessions := tls.NewLRUClientSessionCache(10)
	again := func() *http.Client {
		client := h.client("mixed.localhost", http1, func(c *tls.Config) {
			c.ClientSessionCache, c.MaxVersion, c.Renegotiation = sessions, tls.VersionTLS12, tls.RenegotiateFreelyAsClient
			c.Certificates = []tls.Certificate{pair}
		})
		pair = tls.Certificate{} // only the first has it
		return client
	}
	if status, _ := h.get(again(), "mixed.localhost", "/private/"); status != 200 {
		t.Error("the first:", status)
	}
	if status, _ := h.get(again(), "mixed.localhost", "/private/"); status != 403 {
		t.Error("resumed, and nobody:", status)
	}
}

// A site behind client certificates is not to be had by a binding that asks for
// them elsewhere only.
func TestGuardedPathIsNoWayAround(t *testing.T) {
	pair, text := clientPair(t)
	h := newHost(t, endpoint.Options{}, twoSites)
	h.write("clients.pem", text)
	if err := h.apply(`listen: {https: ["127.0.0.1:$HTTPS"]}
certificates: [{name: all, local_ca: [all.localhost, paths.localhost]}]
sites:
  - {name: admin, hosts: [all.localhost], folder: a}
  - {name: there, hosts: [paths.localhost], path: /admin/, redirect: "https://all.localhost"}
  - {name: shop, hosts: [paths.localhost], folder: b}
bindings:
  - {on: "all.localhost:$HTTPS", certificates: [all], site: admin, client_auth: require, client_cas: [clients.pem]}
  - {on: "all.localhost:$OTHER", certificates: [all], site: there, client_auth: require, client_cas: [clients.pem]}
  - {on: "paths.localhost:$HTTPS", certificates: [all], site: shop, client_auth: require, client_cas: [clients.pem], client_auth_paths: [/private/]}
`); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{"/": 200, "/admin/": 421} {
		if status, body := h.get(h.later("paths.localhost"), "paths.localhost", path); status != want {
			t.Errorf("%s: %d %q", path, status, body)
		}
	}
	if status, body := h.get(h.client("all.localhost", func(c *tls.Config) { c.Certificates = []tls.Certificate{pair} }), "all.localhost", "/"); status != 200 {
		t.Errorf("with a certificate: %d %q", status, body)
	}
}
