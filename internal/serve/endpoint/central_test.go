package endpoint_test

import (
	"crypto"
	"crypto/x509"
	"strings"
	"testing"

	"github.com/handsel-tls/handsel/internal/serve/bindings"
	"github.com/handsel-tls/handsel/internal/serve/certs"
	"github.com/handsel-tls/handsel/internal/serve/endpoint"
)

// file puts a certificate of the local CA into a file.
func (h *host) file(name string, hosts ...string) {
	h.t.Helper()
	leaf, err := h.data.CA.Leaf(hosts...)
	if err != nil {
		h.t.Fatal(err)
	}
	c, err := leaf.Certificate()
	if err != nil {
		h.t.Fatal(err)
	}
	pfx, err := (&certs.Pair{Chain: []*x509.Certificate{c.Leaf}, Key: c.PrivateKey.(crypto.Signer)}).PFX("secret")
	if err != nil {
		h.t.Fatal(err)
	}
	h.write(name, string(pfx))
}

// A record of the central store finds a certificate for each name, in a folder.
// Names that it has none for go on to the wildcards.
func TestCentralStore(t *testing.T) {
	h := newHost(t, endpoint.Options{}, twoSites)
	h.file("share/www.localhost.pfx", "www.localhost")
	h.file("share/api.localhost.pfx", "api.localhost")
	h.file("share/_.shop.localhost.pfx", "*.shop.localhost")
	h.write("share/broken.localhost.pfx", "0")
	h.write("password.txt", "secret\n")
	text := `
listen: {https: ["127.0.0.1:$HTTPS"]}
certificates: [{name: rest, local_ca: [rest.localhost]}, {name: own, local_ca: [own.localhost]}]
sites: [{name: a, folder: a}, {name: b, folder: b}]
bindings:
  - {on: "ccs=$HTTPS", central: share, central_password_file: password.txt, site: a}
  - {on: "own.localhost:$HTTPS", certificates: [own], site: b}
  - {on: "0.0.0.0:$HTTPS", certificates: [rest], site: b}
`
	if err := h.apply(text); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		host, shown string
		rule        bindings.Rule
	}{
		{"www.localhost", "www.localhost", bindings.RuleCentral},
		{"api.localhost", "api.localhost", bindings.RuleCentral},
		{"any.shop.localhost", "*.shop.localhost", bindings.RuleCentral},
		{"own.localhost", "own.localhost", bindings.RuleName},
		{"rest.localhost", "rest.localhost", bindings.RuleAnyIPv4},
	} {
		count := len(h.all())
		res, err := h.client(test.host).Get("https://" + test.host + "/")
		if err != nil {
			t.Errorf("%s: %v", test.host, err)
			continue
		}
		res.Body.Close()
		if got := res.TLS.PeerCertificates[0].DNSNames[0]; got != test.shown || res.StatusCode != 200 {
			t.Errorf("%s is shown %s, %s", test.host, got, res.Status)
		}
		shake := h.handshake(count)
		if path, ok := shake.Path(); !ok || path.Result.Rule != test.rule {
			t.Errorf("%s: %v", test.host, path)
		}
		if list := shake.Certificates(shake.Binding()); len(list) != 1 || list[0].DNSNames[0] != test.shown {
			t.Errorf("%s: %v", test.host, list)
		}
	}
	// A certificate that is there and cannot be used is said to be so, and is not
	// replaced by another.
	count := len(h.all())
	if status, body := h.get(h.client("broken.localhost"), "broken.localhost", "/"); status != 0 {
		t.Error(status, body)
	}
	if f := h.handshake(count).Failure; f == nil || !strings.Contains(f.Detail, "broken.localhost.pfx") {
		t.Errorf("%+v", f)
	}
	// Another name on a connection: the record is the same, the certificate is not.
	if status, _ := h.get(h.client("www.localhost"), "own.localhost", "/"); status != 421 {
		t.Error(status)
	}
}
