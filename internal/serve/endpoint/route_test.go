package endpoint_test

import (
	"crypto/tls"
	"strings"
	"testing"

	"github.com/handsel-tls/handsel/internal/serve/endpoint"
)

const manySites = `listen:
  https: ["127.0.0.1:$HTTPS"]
  http: ["127.0.0.1:$HTTP_"]
certificates:
  - {name: both, local_ca: [a.localhost, b.localhost, old.localhost, private.localhost]}
  - {name: c, local_ca: [c.localhost]}
  - {name: wild, local_ca: ["*.wild.localhost"]}
  - {name: any, local_ca: [any.localhost, 127.0.0.1]}
sites:
  - {name: a, hosts: [a.localhost], folder: a}
  - {name: b, hosts: [b.localhost, private.localhost], folder: b}
  - {name: c, folder: c}
bindings:
  - {on: "a.localhost:$HTTPS", certificates: [both], site: a}
  - {on: "b.localhost:$HTTPS", certificates: [both], site: b}
  - {on: "old.localhost:$HTTPS", certificates: [both], site: b, policy: compatible}
  - {on: "private.localhost:$HTTPS", certificates: [both], client_auth: require, client_cas: [clients.pem]}
  - {on: "c.localhost:$HTTPS", certificates: [c], site: c}
  - {on: "*.wild.localhost:$HTTPS", certificates: [wild], site: c}
  - {on: "gone.localhost:$HTTPS", reject: true}
`

const fallback = `  - {on: "0.0.0.0:$HTTPS", certificates: [any], site: c}
`

// A connection serves the hosts that it is authoritative for: RFC 9110, section
// 15.5.20.
func TestMisdirected(t *testing.T) {
	tests := []struct {
		name, host string // in SNI and in the request
		without    int    // a record for every address
		with       int
	}{
		{"a.localhost", "a.localhost", 200, 200},
		{"a.localhost", "A.LocalHost.", 200, 200},
		{"a.localhost", "a.localhost:8443", 200, 200},
		{"a.localhost", "b.localhost", 200, 200},       // the certificate is for both, and nothing else differs
		{"a.localhost", "old.localhost", 421, 421},     // that asks less of clients
		{"old.localhost", "a.localhost", 421, 421},     // and that more
		{"a.localhost", "private.localhost", 421, 421}, // that asks for a client certificate
		{"a.localhost", "c.localhost", 421, 421},       // the certificate is not for it
		{"a.localhost", "gone.localhost", 421, 421},
		{"a.localhost", "d.localhost", 421, 421},
		{"x.wild.localhost", "x.wild.localhost", 200, 200},
		{"x.wild.localhost", "y.wild.localhost", 200, 200}, // of the same record
		{"x.wild.localhost", "x.y.wild.localhost", 421, 421},
		{"d.localhost", "d.localhost", 0, 200},
		{"d.localhost", "e.localhost", 0, 200}, // of the same record
		{"d.localhost", "a.localhost", 0, 421},
		{"", "127.0.0.1", 0, 200},
		{"", "a.localhost", 0, 200}, // the client could not say so
		{"", "private.localhost", 0, 421},
	}
	for _, final := range []string{"", fallback} {
		h := newHost(t, endpoint.Options{}, twoSites)
		h.write("clients.pem", mustClientPEM(t))
		if err := h.apply(manySites + final); err != nil {
			t.Fatal(err)
		}
		for _, tt := range tests {
			want := tt.without
			if final != "" {
				want = tt.with
			}
			for proto, change := range map[string]func(*tls.Config){"HTTP/1.1": http1, "HTTP/2": func(*tls.Config) {}} {
				client := h.client(tt.name, change, func(c *tls.Config) { c.InsecureSkipVerify = true })
				if status, body := h.get(client, tt.host, "/"); status != want {
					t.Errorf("%s, SNI %q, Host %q, fallback %t: %d %q, want %d", proto, tt.name, tt.host, final != "", status, body, want)
				}
			}
		}
	}
}

func mustClientPEM(t *testing.T) string {
	t.Helper()
	_, text := clientPair(t)
	return text
}

const guarded = `listen:
  https: ["127.0.0.1:$HTTPS"]
  http: ["127.0.0.1:$HTTP_"]
certificates:
  - {name: all, local_ca: [open.localhost, private.localhost, hosts.localhost]}
sites:
  - {name: a, hosts: [open.localhost], folder: a}
  - {name: b, folder: b}
  - {name: c, hosts: [hosts.localhost], folder: c}
bindings:
  - {on: "open.localhost:$HTTPS", certificates: [all], site: a}
  - {on: "private.localhost:$HTTPS", certificates: [all], site: b, client_auth: require, client_cas: [clients.pem]}
  - {on: "hosts.localhost:$HTTPS", certificates: [all], client_auth: require, client_cas: [clients.pem]}
  - {on: "0.0.0.0:$HTTPS", certificates: [all]}
`

// What is behind client certificates cannot be had without one: not by plain
// HTTP, nor by a connection to another name.
func TestGuardedSites(t *testing.T) {
	pair, text := clientPair(t)
	h := newHost(t, endpoint.Options{}, twoSites)
	h.write("clients.pem", text)
	if err := h.apply(guarded); err != nil {
		t.Fatal(err)
	}
	for _, site := range []struct{ host, body string }{{"private.localhost", "site b"}, {"hosts.localhost", "site c"}} {
		known := h.client(site.host, func(c *tls.Config) { c.Certificates = []tls.Certificate{pair} })
		if status, body := h.get(known, site.host, "/"); status != 200 || body != site.body {
			t.Errorf("with the certificate: %d %q", status, body)
		}
		if status, body := h.get(h.client(site.host), site.host, "/"); status != 0 {
			t.Errorf("without: %d %q", status, body)
		}
		other := h.client(site.host, func(c *tls.Config) { c.Certificates = []tls.Certificate{stranger(t)} })
		if status, body := h.get(other, site.host, "/"); status != 0 {
			t.Errorf("with another: %d %q", status, body)
		}
		for _, name := range []string{"open.localhost", "x.localhost", ""} {
			client := h.client(name, func(c *tls.Config) { c.InsecureSkipVerify = true })
			if status, body := h.get(client, site.host, "/"); status != 421 {
				t.Errorf("by way of %q: %d %q", name, status, body)
			}
		}
		want := "https://" + site.host + ":" + h.ports["$HTTPS"] + "/x"
		if status, location, _ := h.plain(site.host, "/x"); status != 308 || location != want {
			t.Errorf("%s by plain HTTP: %d %q", site.host, status, location)
		}
	}
	// Site b has no hosts, so that any host leads to it.
	client := h.client("x.localhost", func(c *tls.Config) { c.InsecureSkipVerify = true })
	if status, body := h.get(client, "x.localhost", "/"); status != 421 {
		t.Errorf("%d %q", status, body)
	}
	if status, _, body := h.plain("x.localhost", "/"); status != 308 {
		t.Errorf("%d %q", status, body)
	}
	if status, _, body := h.plain("open.localhost", "/"); status != 200 {
		t.Errorf("the open one: %d %q", status, body)
	}
}

func stranger(t *testing.T) tls.Certificate {
	t.Helper()
	pair, _ := clientPair(t)
	return pair
}

func TestRedirectHTTP(t *testing.T) {
	h := newHost(t, endpoint.Options{}, strings.Replace(twoSites, "  http:", "  redirect_http: true\n  http:", 1))
	status, location, _ := h.plain("a.localhost", "/x?y=z")
	if want := "https://a.localhost:" + h.ports["$HTTPS"] + "/x?y=z"; status != 308 || location != want {
		t.Errorf("%d %q, want %q", status, location, want)
	}
	if status, _, _ := h.plain("c.localhost", "/"); status != 400 {
		t.Error("no site:", status)
	}
}
