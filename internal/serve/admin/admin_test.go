package admin

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/handsel-tls/handsel/internal/serve/assemble"
	"github.com/handsel-tls/handsel/internal/serve/bindings"
	"github.com/handsel-tls/handsel/internal/serve/config"
	"github.com/handsel-tls/handsel/internal/serve/endpoint"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

var update = flag.Bool("update", false, "write docs/openapi.json")

// docs/openapi.json is what the server says of itself.
func TestOpenAPI(t *testing.T) {
	const file = "../../../docs/openapi.json"
	if *update {
		if err := os.WriteFile(file, OpenAPI(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	there, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(there, OpenAPI()) {
		t.Error("docs/openapi.json is out of date: go test ./internal/serve/admin -run OpenAPI -update")
	}
}

// What is described can be asked for, and nothing else can: a path that is not
// described gets the answer for those that there are not.
func TestOpenAPIHasEveryRoute(t *testing.T) {
	var described struct {
		Paths map[string]map[string]any
	}
	if err := json.Unmarshal(OpenAPI(), &described); err != nil {
		t.Fatal(err)
	}
	h := newHost(t, "")
	fill := strings.NewReplacer("{key}", "nowhere.localhost:1", "{name}", "nowhere")
	operations := 0
	for path, methods := range described.Paths {
		for _, method := range []string{"get", "post", "put", "patch", "delete"} {
			err := h.Do(strings.ToUpper(method), fill.Replace(path), nil, nil)
			there := err == nil || !strings.Contains(err.Error(), "GET /v1/openapi.json says what there is")
			if _, said := methods[method]; said != there {
				t.Errorf("%s %s: described %t, there %t (%v)", method, path, said, there, err)
			}
			if there {
				operations++
			}
		}
	}
	if want := len(routes) + 1; operations != want {
		t.Errorf("%d operations are described, and there are %d", operations, want)
	}
}

// A host is a server that runs with an estate, and a client of its API.
type host struct {
	*Client
	t      *testing.T
	estate *Estate
	data   *assemble.Data
	roots  *x509.CertPool
}

// newHost starts a server with a data folder, and a configuration file if there
// is a text for one.
func newHost(t *testing.T, text string) *host {
	t.Helper()
	dir := t.TempDir()
	data, err := assemble.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { data.Close() })
	var load func() (*config.File, error)
	if text != "" {
		load = func() (*config.File, error) { return config.Parse(filepath.Join(dir, "handsel.yaml"), []byte(text)) }
	}
	server := endpoint.New(endpoint.Options{})
	h := &host{t: t, data: data, estate: New(data, load, server.Apply), roots: x509.NewCertPool()}
	h.roots.AddCert(data.CA.Certificate())
	if _, err := h.estate.Load(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Shutdown(t.Context()) })
	l, err := h.estate.Listen(filepath.Join(dir, SocketFile))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	if h.Client, err = Dial(dir); err != nil {
		t.Fatal(err)
	}
	if !h.Running {
		t.Fatal("the socket is not found")
	}
	t.Cleanup(func() { h.Client.Close() })
	return h
}

func freePort(t *testing.T) uint16 {
	t.Helper()
	port, err := tlstest.Port()
	if err != nil {
		t.Fatal(err)
	}
	n, _ := strconv.ParseUint(port, 10, 16)
	return uint16(n)
}

// shown connects and gives the first name of the certificate.
func (h *host) shown(port uint16, name string) (string, error) {
	c, err := tls.Dial("tcp", netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port).String(), &tls.Config{ServerName: name, RootCAs: h.roots})
	if err != nil {
		return "", err
	}
	defer c.Close()
	return c.ConnectionState().PeerCertificates[0].DNSNames[0], nil
}

func (h *host) mustDo(method, path string, in, out any) {
	h.t.Helper()
	if err := h.Do(method, path, in, out); err != nil {
		h.t.Fatalf("%s %s: %v", method, path, err)
	}
}

// refused asks for what is refused, and compares the code.
func (h *host) refused(code, text, method, path string, in any) {
	h.t.Helper()
	err := h.Do(method, path, in, nil)
	var e *Error
	if !errors.As(err, &e) || e.Code != code || !strings.Contains(e.Message, text) || e.Status != statuses[code] {
		h.t.Errorf("%s %s: %v (%+v)", method, path, err, e)
	}
}

func local(name string, port uint16) config.Binding {
	return config.Binding{On: fmt.Sprintf("%s:%d", name, port), Certificates: []string{"local-ca"}}
}

// What stands in the file is shown, and changed only there.
func TestBindingOfTheFile(t *testing.T) {
	port := freePort(t)
	h := newHost(t, fmt.Sprintf("listen: {https: [\"127.0.0.1:%d\"]}\ncertificates: [{name: a, local_ca: [a.localhost]}]\nbindings: [{on: \"a.localhost:%[1]d\", certificates: [a]}]\n", port))
	key := fmt.Sprintf("/v1/bindings/a.localhost:%d", port)
	h.refused("in_file", "configuration file", "PATCH", key, map[string]any{"policy": "legacy"})
	h.refused("in_file", "configuration file", "DELETE", key, nil)
	h.refused("in_file", "configuration file", "POST", "/v1/bindings", local("A.localhost", port))
	h.mustDo("POST", "/v1/bindings", local("b.localhost", port), nil)
	var list BindingList
	h.mustDo("GET", "/v1/bindings", nil, &list)
	if len(list.Bindings) != 2 || list.Bindings[0].Origin != "file" || list.Bindings[1].Origin != "store" {
		t.Error(list)
	}
	for _, name := range []string{"a.localhost", "b.localhost"} {
		if got, err := h.shown(port, name); err != nil || got != name {
			t.Error(got, err)
		}
	}
	// Reading the file again keeps what was added.
	if _, err := h.estate.Load(); err != nil {
		t.Fatal(err)
	}
	if got, err := h.shown(port, "b.localhost"); err != nil || got != "b.localhost" {
		t.Error(got, err)
	}
}

// A change that cannot be carried out leaves everything as it was, in the server
// and in the store.
func TestChangeThatFails(t *testing.T) {
	h, port, taken := newHost(t, ""), freePort(t), freePort(t)
	l, err := net.Listen("tcp4", fmt.Sprintf("0.0.0.0:%d", taken))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	h.mustDo("POST", "/v1/bindings", local("a.localhost", port), nil)
	h.refused("failed", "cannot listen on 0.0.0.0", "POST", "/v1/bindings", local("b.localhost", taken))
	h.refused("wrong", "did you mean \"policy\"", "PATCH", fmt.Sprintf("/v1/bindings/a.localhost:%d", port), map[string]any{"polcy": "legacy"})
	h.refused("wrong", "has to be a list", "PATCH", fmt.Sprintf("/v1/bindings/a.localhost:%d", port), map[string]any{"suites": "x"})
	h.refused("wrong", "what a binding is bound to does not change", "PATCH", fmt.Sprintf("/v1/bindings/a.localhost:%d", port), map[string]any{"on": "b.localhost:1"})
	h.refused("wrong", "SSL 2.0 send no name", "PATCH", fmt.Sprintf("/v1/bindings/a.localhost:%d", port), map[string]any{"ssl2": true})
	h.refused("not_found", "/v1/openapi.json", "GET", "/v1/nothing", nil)
	all, err := h.data.Parts.All()
	if err != nil || len(all.Bindings) != 1 || len(all.Bindings[0].Suites) != 0 {
		t.Error(all, err)
	}
	if got, err := h.shown(port, "a.localhost"); err != nil || got != "a.localhost" {
		t.Error(got, err)
	}
	var list BindingList
	if h.mustDo("GET", "/v1/bindings", nil, &list); len(list.Bindings) != 1 {
		t.Error(list)
	}
}

// What a binding of the store names may be gone at the next start. That keeps
// nothing else from being served, and its connections reach no other binding.
func TestBindingThatBroke(t *testing.T) {
	h, port := newHost(t, ""), freePort(t)
	ca := filepath.Join(t.TempDir(), "clients.pem")
	text, err := os.ReadFile(h.data.CA.File())
	if err != nil || os.WriteFile(ca, text, 0o600) != nil {
		t.Fatal(err)
	}
	strict := local("strict.localhost", port)
	strict.ClientAuth, strict.ClientCAs = "require", []string{ca}
	h.mustDo("POST", "/v1/bindings", strict, nil)
	everybody := config.Binding{On: fmt.Sprintf("0.0.0.0:%d", port), Certificates: []string{"local-ca:strict.localhost,open.localhost"}}
	h.mustDo("POST", "/v1/bindings", everybody, nil)
	if err := os.Remove(ca); err != nil {
		t.Fatal(err)
	}
	plan, err := h.estate.Load()
	if err != nil || !strings.Contains(strings.Join(plan.Notices, "\n"), "clients.pem") {
		t.Fatal(err, plan.Notices)
	}
	if got, err := h.shown(port, "open.localhost"); err != nil || got != "open.localhost" {
		t.Error(got, err)
	}
	if got, err := h.shown(port, "strict.localhost"); err == nil {
		t.Error(got)
	}
	key, _ := bindings.ParseKey(strict.On)
	if b, err := h.estate.Binding(key); err != nil || b.ClientAuth != "require" {
		t.Error(b, err)
	}
}

// The socket is the owner's, and one that was left behind is replaced.
func TestSocket(t *testing.T) {
	data, err := assemble.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	path := filepath.Join(data.Dir, SocketFile)
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	e := New(data, nil, nil)
	l, err := e.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 || info.Mode()&os.ModeSocket == 0 {
		t.Error(info.Mode(), err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := e.Listen(filepath.Join(data.Dir, strings.Repeat("x", 200))); err == nil || !strings.Contains(err.Error(), "too long") {
		t.Error(err)
	}
}
