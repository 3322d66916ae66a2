package endpoint_test

import (
	"crypto"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"net/http"
	"strings"
	"testing"

	"github.com/handsel-tls/handsel/internal/serve/endpoint"
	"github.com/handsel-tls/handsel/internal/tlstest"
	"github.com/handsel-tls/handsel/tls"
)

const openBinding = `listen: {https: ["127.0.0.1:$HTTPS"]}
certificates: [{name: all, local_ca: [open.localhost]}]
bindings: [{on: "open.localhost:$HTTPS", certificates: [all]}]
`

const rawBindings = `listen:
  https: ["127.0.0.1:$HTTPS"]
certificates:
  - {name: all, local_ca: [open.localhost, devices.localhost]}
sites:
  - {name: a, hosts: [open.localhost], folder: a}
  - {name: b, hosts: [devices.localhost, only.localhost], folder: b}
bindings:
  - {on: "open.localhost:$HTTPS", certificates: [all], site: a}
  - {on: "devices.localhost:$HTTPS", certificates: [all], raw_key: a/server.pem, site: b, client_auth: require, client_keys: [FIRST, a/second.pem]}
  - {on: "only.localhost:$HTTPS", raw_key: a/server.pem, site: b, client_auth: request, client_keys: [a/second.pem]}
`

// TestRawPublicKeys has bindings show a raw public key and know their clients by
// theirs.
func TestRawPublicKeys(t *testing.T) {
	server, first, second, other := tlstest.NewKey("P-256"), tlstest.NewKey("Ed25519"), tlstest.NewKey("P-384"), tlstest.NewKey("P-521")
	hash := func(key crypto.Signer) tls.PublicKeyHash {
		h, err := tls.HashPublicKey(key.Public())
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	text := func(kind string, der []byte, err error) string {
		if err != nil {
			t.Fatal(err)
		}
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	firstHash := hash(first)
	h := newHost(t, endpoint.Options{}, openBinding)
	der, err := x509.MarshalPKCS8PrivateKey(server)
	h.write("a/server.pem", text("PRIVATE KEY", der, err))
	der, err = x509.MarshalPKIXPublicKey(second.Public())
	h.write("a/second.pem", text("PUBLIC KEY", der, err))
	if err := h.apply(strings.Replace(rawBindings, "FIRST", hex.EncodeToString(firstHash[:]), 1)); err != nil {
		t.Fatal(err)
	}
	client := func(name string, key crypto.Signer) *http.Client {
		return h.knowing(&tls.Config{ServerName: name, RawPublicKey: key, PeerPublicKeys: []tls.PublicKeyHash{hash(server)}})
	}
	for what, test := range map[string]struct {
		client     *http.Client
		host, want string
	}{
		"the first key":            {client("devices.localhost", first), "devices.localhost", "200 site b"},
		"the second key":           {client("devices.localhost", second), "devices.localhost", "200 site b"},
		"another key":              {client("devices.localhost", other), "devices.localhost", "certificate_unknown"},
		"no key":                   {client("devices.localhost", nil), "devices.localhost", "unsupported_certificate"},
		"not of this binding":      {client("only.localhost", first), "only.localhost", "certificate_unknown"},
		"no certificate there":     {client("only.localhost", nil), "only.localhost", "200 site b"},
		"a server without the key": {client("open.localhost", nil), "open.localhost", "certificate"},
		"a way around":             {h.client("open.localhost"), "devices.localhost", "421 "},
		"back from it":             {client("devices.localhost", first), "open.localhost", "421 "},
		"certificates alone":       {h.client("only.localhost"), "only.localhost", "handshake failure"},
		"a certificate of theirs":  {h.client("devices.localhost"), "devices.localhost", "unsupported certificate"},
	} {
		if got := h.told(test.client, test.host); !strings.Contains(got, test.want) {
			t.Errorf("%s: %q, want %q", what, got, test.want)
		}
	}
}
