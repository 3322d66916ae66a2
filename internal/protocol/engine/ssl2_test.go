package engine_test

import (
	"fmt"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// A hello in the format of SSL 2.0 leads to newer versions, whatever the bytes
// are cut into, and never to TLS 1.3.
func TestSSL2Hello(t *testing.T) {
	for _, v := range []iana.Version{iana.TLS10, iana.TLS11, iana.TLS12} {
		for _, cut := range []int{0, 1, 7} {
			t.Run(fmt.Sprint(v, cut), func(t *testing.T) {
				client, server := changed(v, "RSA-2048", nil)(t)
				client.Config.SendSSL2Hello, client.Config.ServerName, client.Config.Protocols = true, "", nil
				server.Config.Policy = with(server.Config.Policy, func(p *policy.Policy) { p.SSL2Hello = true })
				server.Config.ClientAuth = handshake.RequestClientAuth
				client.Credential = tlstest.Credentials()["RSA-2048"]
				suites := func(p *policy.Policy) { p.Suites = []iana.Suite{iana.TLS_RSA_WITH_AES_128_CBC_SHA} }
				client.Config.Policy, server.Config.Policy = with(client.Config.Policy, suites), with(server.Config.Policy, suites)
				p, err := tlstest.NewPair(client, server)
				if err != nil {
					t.Fatal(err)
				}
				p.Cut = cut
				if v == iana.TLS12 {
					// Its signatures are of SHA-1, because the hello names no scheme.
					server.Config.Policy = with(server.Config.Policy, func(p *policy.Policy) {
						p.Schemes = append([]iana.SignatureScheme{iana.RSAPKCS1SHA1}, p.Schemes...)
					})
				}
				if err := p.Run(); err != nil {
					t.Fatal(err)
				}
				c, s := p.Client.Established(), p.Server.Established()
				if c.Version != v || s.Version != v || s.Peer == nil || c.EMS || c.Secure {
					t.Errorf("%+v", c)
				}
				if p.ToServer[0]&0x80 == 0 || p.ToServer[2] != 1 {
					t.Errorf("the hello begins with %x", p.ToServer[:5])
				}
				flows(t, p, "data")
			})
		}
	}
}
