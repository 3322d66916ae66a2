package engine_test

import (
	"fmt"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// through makes a handshake with a Middle in between.
func through(t *testing.T, client, server *tlstest.Host, m *tlstest.Middle) *tlstest.Pair {
	t.Helper()
	p, err := tlstest.NewPairThrough(client, server, m)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestCutting puts messages into records in every way: one into each, many
// into one, and each over many; and hands the records over whole, byte by byte
// and in pieces that fit nothing.
func TestCutting(t *testing.T) {
	kinds := map[string]func() (client, server *tlstest.Host){
		"TLS 1.3": func() (client, server *tlstest.Host) { return hostsOf(iana.TLS13, "P-256") },
		"TLS 1.2": func() (client, server *tlstest.Host) { return hostsOf(iana.TLS12, "P-256") },
		"retry":   func() (client, server *tlstest.Host) { return retrying(iana.Secp384r1) },
		"TLS 1.2 CBC": func() (client, server *tlstest.Host) {
			client, server = hostsOf(iana.TLS12, "RSA-2048")
			client.Config.Policy = only(iana.TLS12, iana.TLS_RSA_WITH_AES_128_CBC_SHA, iana.X25519)
			return client, server
		},
	}
	for name, hosts := range kinds {
		for _, fragment := range []int{0, tlstest.Packed, 1, 7, 1000} {
			for _, cut := range []int{0, 1, 7} {
				t.Run(fmt.Sprint(name, fragment, cut), func(t *testing.T) {
					client, server := hosts()
					client.Credential = tlstest.Credentials()["Ed25519"]
					server.Config.ClientAuth = handshake.RequireClientAuth
					cutting(t, client, server, fragment, cut)
					client.Config.Session = nil
				})
			}
		}
	}
}

func cutting(t *testing.T, client, server *tlstest.Host, fragment, cut int) {
	for range 2 { // a full handshake, and a resumed one
		p := through(t, client, server, &tlstest.Middle{Fragment: fragment})
		p.Cut = cut
		if err := p.Run(); err != nil {
			t.Fatal(err)
		}
		if !p.Client.Complete() || !p.Server.Complete() {
			t.Fatalf("the client is in %s, the server in %s", p.Client.State(), p.Server.State())
		}
		exchange(t, p)
		if p.Client.Established().Version == iana.TLS13 {
			if err := p.Client.KeyUpdate(true); err != nil {
				t.Fatal(err)
			}
			exchange(t, p)
		}
		if p.Client.Established().Resumed != (client.Config.Session != nil) {
			t.Error("resumed, or not")
		}
		if client.Config.Session == nil {
			client.Config.Session = sessionOf(t, p)
		}
	}
}
