package endpoint_test

import (
	"encoding/hex"
	"net/http"
	"strings"
	"testing"

	"github.com/handsel-tls/handsel/internal/serve/endpoint"
	"github.com/handsel-tls/handsel/tls"
)

const pskBindings = `listen:
  https: ["127.0.0.1:$HTTPS"]
  http: ["127.0.0.1:$HTTP_"]
certificates:
  - {name: all, local_ca: [open.localhost, both.localhost]}
sites:
  - {name: a, hosts: [open.localhost, both.localhost], folder: a}
  - {name: b, hosts: [keys.localhost, alias.localhost], folder: b}
bindings:
  - {on: "open.localhost:$HTTPS", certificates: [all], site: a}
  - {on: "both.localhost:$HTTPS", certificates: [all], psk_file: a/keys.psk, site: a}
  - {on: "keys.localhost:$HTTPS", psk_file: a/keys.psk, psk_hint: x, site: b}
  - {on: "0.0.0.0:$HTTPS", certificates: [all]}
`

// TestPreSharedKeys has bindings know their clients by pre-shared keys. What is
// behind them is not to be had in another way.
func TestPreSharedKeys(t *testing.T) {
	h := newHost(t, endpoint.Options{}, openBinding)
	const key, other = "000102030405060708090a0b0c0d0e0f", "f00102030405060708090a0b0c0d0e0f"
	h.write("a/keys.psk", "one:"+key+"\nold:"+other+":tls12\n")
	if err := h.apply(pskBindings); err != nil {
		t.Fatal(err)
	}
	client := func(name, identity, digits string, old bool) *http.Client {
		b, err := hex.DecodeString(digits)
		if err != nil {
			t.Fatal(err)
		}
		k := tls.PreSharedKey{Identity: []byte(identity), Key: b, TLS12: old}
		return h.knowing(&tls.Config{ServerName: name, PreSharedKeys: []tls.PreSharedKey{k}, RequirePreSharedKey: true})
	}
	for what, test := range map[string]struct {
		client     *http.Client
		host, want string
	}{
		"TLS 1.3":                  {client("keys.localhost", "one", key, false), "keys.localhost", "200 site b"},
		"TLS 1.2":                  {client("keys.localhost", "old", other, true), "keys.localhost", "200 site b"},
		"beside certificates":      {client("both.localhost", "one", key, false), "both.localhost", "200 site a"},
		"certificates beside it":   {h.client("both.localhost"), "both.localhost", "200 site a"},
		"another key":              {client("keys.localhost", "one", other, false), "keys.localhost", "decrypt_error"},
		"another identity":         {client("keys.localhost", "two", key, false), "keys.localhost", "handshake_failure"},
		"no key":                   {h.client("keys.localhost"), "keys.localhost", "failure"},
		"a server without keys":    {client("open.localhost", "one", key, false), "open.localhost", "tls: "},
		"a way around":             {h.client("both.localhost"), "keys.localhost", "421 "},
		"a way around by the site": {h.client("open.localhost"), "alias.localhost", "421 "},
		"back from it":             {client("keys.localhost", "one", key, false), "both.localhost", "421 "},
	} {
		if got := h.told(test.client, test.host); !strings.Contains(got, test.want) {
			t.Errorf("%s: %q, want %q", what, got, test.want)
		}
	}
	if status, location, _ := h.plain("keys.localhost", "/"); status < 300 || !strings.HasPrefix(location, "https:") {
		t.Errorf("without TLS: %d, %q", status, location)
	}
}
