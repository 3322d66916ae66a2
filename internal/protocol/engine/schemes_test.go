package engine_test

import (
	"crypto/x509"
	"fmt"
	"slices"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/protocol/verify"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// schemeAttacks are on the signature schemes.
func schemeAttacks() []attack {
	accepts := func(side func(c, s *tlstest.Host) *tlstest.Host, schemes ...iana.SignatureScheme) func(c, s *tlstest.Host) {
		return func(c, s *tlstest.Host) {
			h := side(c, s)
			h.Config.Policy = with(h.Config.Policy, func(p *policy.Policy) { p.Schemes = schemes })
		}
	}
	client := func(c, _ *tlstest.Host) *tlstest.Host { return c }
	return []attack{
		// PKCS #1 v1.5 in TLS 1.3 is for clients, though a client may accept
		// anything by its policy.
		{code: fault.NoSharedScheme, name: "PKCS #1 of a server", at: atServer, hosts: hosts13("RSA-2048",
			accepts(client, iana.RSAPKCS1SHA256Legacy, iana.ECDSASecp256r1SHA256))},
		{code: fault.SignatureSchemeWrong, name: "rsae with an id-RSASSA-PSS key", at: atClient, hosts: hosts13("P-256", uncommon("RSA-PSS")),
			alter: scheme13(iana.RSAPSSRSAESHA256)},
		{code: fault.NoSharedScheme, name: "ML-DSA that is not offered", at: atServer, hosts: hosts13("P-256", uncommon("ML-DSA-44"),
			accepts(client, iana.ECDSASecp256r1SHA256))},
		// SLOTH: a signature over MD5 or SHA-1 is worth nothing to who has not
		// asked for one, whoever wants it so.
		{code: fault.SchemeNotOffered, name: "MD5 of a client in TLS 1.2", at: atServer, hosts: hosts12("P-256", wantsClient), alter: scheme13(iana.RSAPKCS1MD5)},
		{code: fault.SchemeNotOffered, name: "MD5 of a server in TLS 1.3", at: atClient, alter: scheme13(iana.RSAPKCS1MD5)},
		{code: fault.NoSharedScheme12, name: "nothing but MD5 and SHA-1 offered in TLS 1.2", at: atServer, hosts: hosts12("P-256"),
			alter: clientHello(func(m *wire.ClientHello) {
				m.Extensions = set(m.Extensions, iana.ExtSignatureAlgorithms, 0, 4, 1, 1, 2, 1)
			})},
		{code: fault.CertificateTypeUnasked, at: atClient, hosts: hosts12("P-256", wantsClient, func(c, _ *tlstest.Host) {
			c.Credential = tlstest.UncommonCredentials()["ML-DSA-44"]
		})},
		{code: fault.NoSharedScheme12, name: "ML-DSA in TLS 1.2", at: atServer, hosts: hosts12("P-256", uncommon("ML-DSA-44"))},
	}
}

// uncommon gives the server a key that crypto/x509 does not know; the client
// takes it.
func uncommon(kind string) func(c, s *tlstest.Host) {
	return func(c, s *tlstest.Host) {
		s.Credential = tlstest.UncommonCredentials()[kind]
		for _, h := range []*tlstest.Host{c, s} {
			h.Config.Policy = with(h.Config.Policy, func(p *policy.Policy) {
				p.Schemes = append(slices.Clone(p.Schemes), iana.MLDSA44, iana.MLDSA65, iana.MLDSA87)
			})
		}
	}
}

// TestUncommonKeys lets both sides show keys that crypto/x509 does not know, in
// certificates that verify.
func TestUncommonKeys(t *testing.T) {
	for _, kind := range tlstest.UncommonKeyTypes {
		for _, v := range bothVersions {
			if v < iana.TLS13 && kind != "RSA-PSS" {
				continue
			}
			t.Run(fmt.Sprint(v, kind), func(t *testing.T) {
				client, server := hostsOf(v, "P-256")
				uncommon(kind)(client, server)
				client.Credential, server.Config.ClientAuth = server.Credential, handshake.RequireClientAuth
				verified := func(p *handshake.PeerCertificates) error {
					_, err := verify.Chain(verify.Request{Chain: p.Chain, Roots: tlstest.Root().Pool(), Now: tlstest.Now})
					return err
				}
				client.Verify, server.Verify = verified, verified
				p := run(t, client, server, 0)
				c, s := p.Client.Established(), p.Server.Established()
				if c.PeerScheme == 0 || c.PeerScheme != s.PeerScheme || sign.KindOf(c.Peer.Key) != server.Credential.Kind() {
					t.Errorf("signed with %v and %v", c.PeerScheme, s.PeerScheme)
				}
			})
		}
	}
}

// TestClientPKCS1 lets a client of TLS 1.3 sign with PKCS #1 v1.5, which both
// sides have to allow. RFC 9963.
func TestClientPKCS1(t *testing.T) {
	client, server := hostsOf(iana.TLS13, "P-256")
	c := tlstest.Credentials()["RSA-2048"]
	client.Credential, _ = sign.NewCredential(c.Chain, nil, c.Key, sign.Extra{Schemes: []iana.SignatureScheme{iana.RSAPKCS1SHA256Legacy}})
	server.Config.ClientAuth = handshake.RequireClientAuth
	allow := func(p *policy.Policy) { p.Schemes = append(slices.Clone(p.Schemes), iana.RSAPKCS1SHA256Legacy) }
	client.Config.Policy, server.Config.Policy = with(client.Config.Policy, allow), with(server.Config.Policy, allow)
	if got := run(t, client, server, 0).Server.Established().PeerScheme; got != iana.RSAPKCS1SHA256Legacy {
		t.Errorf("signed with %v", got)
	}
	server.Config.Policy = policy.Modern()
	p, err := tlstest.NewPair(client, server)
	if err != nil {
		t.Fatal(err)
	}
	if p.Run(); !isFault(p.Client.Err(), fault.NoSharedScheme) {
		t.Errorf("the client ended with %v", p.Client.Err())
	}
}

// TestPeerSchemeIsKept: a connection that resumes knows with what the peer has
// signed.
func TestPeerSchemeIsKept(t *testing.T) {
	for _, v := range bothVersions {
		client, server := again(changed(v, "P-256", nil))(t)
		if p := run(t, client, server, 0); !p.Client.Established().Resumed || p.Client.Established().PeerScheme != iana.ECDSASecp256r1SHA256 {
			t.Errorf("%v: %+v", v, p.Client.Established())
		}
	}
}

// TestCertificateSchemes: what certificates may be signed with is said where it
// differs.
func TestCertificateSchemes(t *testing.T) {
	client, server := hostsOf(iana.TLS13, "P-256")
	certs := []iana.SignatureScheme{iana.ECDSASecp256r1SHA256, iana.RSAPKCS1SHA256}
	client.Config.Policy = with(client.Config.Policy, func(p *policy.Policy) { p.CertificateSchemes = certs })
	server.Asking = func(a *handshake.Ask) {
		if a.Question == handshake.Credential && !slices.Equal(a.Offer.SchemesCert.Values(), certs) {
			t.Errorf("signature_algorithms_cert is %v", a.Offer.SchemesCert.Values())
		}
	}
	run(t, client, server, 0)
}

// RSA keys that are for encipherment only do not sign, whatever a server
// thinks. RFC 5280, section 4.2.1.3.
func TestKeyUsageOfServer(t *testing.T) {
	key := tlstest.NewKey("RSA-2048")
	chain := tlstest.Root().Leaf(key, []string{"a.example"}, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment })
	for _, v := range bothVersions {
		client, server := hostsOf(v, "RSA-2048")
		server.Credential, _ = sign.NewCredential(chain, nil, key, sign.Extra{})
		p, err := tlstest.NewPair(client, server)
		if err != nil {
			t.Fatal(err)
		}
		if p.Run(); !isFault(p.Client.Err(), fault.KeyUsageWrong) {
			t.Errorf("%v: %v", v, p.Client.Err())
		}
	}
}

// TestChainSignatures: of several certificates the one is shown whose chain the
// client can verify by what it says; if there is none, the first. RFC 9846,
// section 4.5.1.1.
func TestChainSignatures(t *testing.T) {
	of := func(a x509.SignatureAlgorithm) *sign.Credential {
		key := tlstest.NewKey("P-256")
		chain := tlstest.Root().Leaf(key, []string{"a.example"}, func(c *x509.Certificate) { c.SignatureAlgorithm = a })
		c, err := sign.NewCredential(chain, nil, key, sign.Extra{})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	first, second := of(x509.ECDSAWithSHA384), of(x509.ECDSAWithSHA256)
	for _, v := range bothVersions {
		for _, c := range []struct {
			certs []iana.SignatureScheme
			want  *sign.Credential
		}{
			{nil, first}, {[]iana.SignatureScheme{iana.ECDSASecp256r1SHA256}, second},
			{[]iana.SignatureScheme{iana.ECDSASecp384r1SHA384, iana.ECDSASecp256r1SHA256}, first},
			{[]iana.SignatureScheme{iana.Ed25519}, first},
		} {
			client, server := hostsOf(v, "P-256")
			client.Config.Policy = with(client.Config.Policy, func(p *policy.Policy) { p.CertificateSchemes = c.certs })
			server.Candidates = []*sign.Credential{first, second}
			if run(t, client, server, 0).Server.Established().Local != c.want {
				t.Errorf("%v, %v: it showed the other certificate", v, c.certs)
			}
		}
	}
}

// A client chooses among its certificates by the same rule.
func TestClientChainSignatures(t *testing.T) {
	var all []*sign.Credential
	for _, a := range []x509.SignatureAlgorithm{x509.ECDSAWithSHA384, x509.ECDSAWithSHA256} {
		key := tlstest.NewKey("P-256")
		chain := tlstest.Root().Leaf(key, []string{"a.example"}, func(c *x509.Certificate) { c.SignatureAlgorithm = a })
		c, err := sign.NewCredential(chain, nil, key, sign.Extra{})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	for i, certs := range [][]iana.SignatureScheme{nil, {iana.ECDSASecp256r1SHA256}} {
		client, server := hostsOf(iana.TLS13, "P-256")
		client.Candidates, server.Config.ClientAuth = all, handshake.RequireClientAuth
		server.Config.Policy = with(server.Config.Policy, func(p *policy.Policy) { p.CertificateSchemes = certs })
		if got := run(t, client, server, 0).Client.Established().Local; got != all[i] {
			t.Errorf("%v: it showed the other certificate", certs)
		}
	}
}

// A key that its certificate says is for RSASSA-PSS alone signs nothing before
// TLS 1.2, though the private key could.
func TestPSSKeyBefore12(t *testing.T) {
	client, server := changed(iana.TLS11, "P-256", []func(c, s *tlstest.Host){uncommon("RSA-PSS")})(t)
	p, err := tlstest.NewPair(client, server)
	if err != nil {
		t.Fatal(err)
	}
	if p.Run(); !isFault(p.Server.Err(), fault.NoSharedScheme12) {
		t.Errorf("the server: %v; the client: %v", p.Server.Err(), p.Client.Err())
	}
}
