package engine_test

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"sync"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// mayDelegate marks a certificate whose owner may delegate. RFC 9345, section
// 4.2.
func mayDelegate(c *x509.Certificate) {
	c.NotBefore = tlstest.Now.Add(-time.Hour)
	c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 44363, 44}, Value: []byte{5, 0}}}
}

// delegating is the credential that delegates, and the key that it delegates to.
var delegating = sync.OnceValues(func() (*sign.Credential, crypto.Signer) {
	key := tlstest.NewKey("P-384")
	c, err := sign.NewCredential(tlstest.Root().Leaf(key, []string{"a.example"}, mayDelegate), nil, key, sign.Extra{})
	if err != nil {
		panic(err)
	}
	return c, tlstest.NewKey("P-256")
})

// delegated gives a delegated credential for so long from now on.
func delegated(left time.Duration, server bool) *sign.Credential {
	parent, key := delegating()
	raw, err := parent.Delegate(rand.Reader, key.Public(), tlstest.Now.Add(left), server)
	if err != nil {
		panic(err)
	}
	c, err := sign.NewDelegated(parent.Chain, nil, raw, key, sign.Extra{})
	if err != nil {
		panic(err)
	}
	return c
}

// delegates has the server show a delegated credential to a client that asks.
func delegates(left time.Duration) func(c, s *tlstest.Host) {
	return func(c, s *tlstest.Host) {
		c.Config.AcceptDelegated = true
		s.Credential = delegated(left, true)
	}
}

func delegationAttacks() []attack {
	good := hosts13("P-256", delegates(time.Hour))
	// The entry of a certificate with any delegated credential.
	entry := func(d *wire.DelegatedCredential) func(piece) pieces {
		parent, _ := delegating()
		list := wire.AppendCertificateEntry(nil, parent.Chain[0], d.Append(nil))
		return shown(wire.AppendCertificate13(nil, nil, append([]byte{0, byte(len(list) >> 8), byte(len(list))}, list...)))
	}
	return []attack{
		{code: fault.DelegationInvalid, name: "for longer than a week", at: atClient, hosts: hosts13("P-256", delegates(8*24*time.Hour))},
		{code: fault.DelegationInvalid, name: "of a client", at: atClient, hosts: hosts13("P-256", func(c, s *tlstest.Host) {
			c.Config.AcceptDelegated, s.Credential = true, delegated(time.Hour, false)
		})},
		{code: fault.DelegationInvalid, name: "another scheme in the signature", at: atClient, hosts: good, alter: scheme13(iana.ECDSASecp384r1SHA384)},
		{code: fault.DelegationInvalid, name: "no key", at: atClient, hosts: good, alter: entry(&wire.DelegatedCredential{
			VerifyScheme: iana.ECDSASecp256r1SHA256, PublicKey: []byte{0x30, 0}, Scheme: iana.ECDSASecp256r1SHA256, Signature: []byte{0}})},
		{code: fault.ExtensionForm, name: "delegated_credential of a certificate", at: atClient, hosts: good,
			alter: shown(entryWith(wire.AppendExtension(nil, iana.ExtDelegatedCredential, []byte{0, 0})))},
		{code: fault.DelegationUnasked, at: atClient, alter: shown(entryWith(wire.AppendExtension(nil, iana.ExtDelegatedCredential, []byte{0, 0})))},
		{code: fault.SignatureWrong, name: "of another key than the delegated one", at: atClient, hosts: good, alter: flip(iana.MsgCertificateVerify, 3)},
		{code: fault.NoSharedScheme, name: "a delegated credential that has expired", at: atServer, hosts: hosts13("P-256", delegates(-time.Minute))},
		{code: fault.NoSharedScheme, name: "a delegated credential for a client that does not ask", at: atServer, hosts: hosts13("P-256", func(_, s *tlstest.Host) {
			s.Credential = delegated(time.Hour, true)
		})},
		{code: fault.NoSharedScheme, name: "a delegation that the client cannot verify", at: atServer, hosts: hosts13("P-256", delegates(time.Hour), func(c, _ *tlstest.Host) {
			c.Config.Policy = with(c.Config.Policy, func(p *policy.Policy) { p.Schemes = []iana.SignatureScheme{iana.ECDSASecp256r1SHA256} })
		})},
		{code: fault.NoSharedScheme12, name: "a delegated credential in TLS 1.2", at: atServer, hosts: hosts12("P-256", delegates(time.Hour))},
		{code: fault.CertificateTypeUnasked, name: "a delegated credential in TLS 1.2", at: atClient, hosts: hosts12("P-256", wantsClient, func(c, s *tlstest.Host) {
			c.Credential = delegated(time.Hour, false)
		})},
	}
}

// TestDelegated signs with delegated credentials on both sides.
func TestDelegated(t *testing.T) {
	client, server := hosts13("P-256", delegates(time.Hour), wantsClient)(t)
	client.Credential, server.Config.AcceptDelegated = delegated(time.Hour, false), true
	p := run(t, client, server, 0)
	for side, e := range map[string]*handshake.Established{"client": p.Client.Established(), "server": p.Server.Established()} {
		if e.Peer.Delegated == nil || e.PeerScheme != iana.ECDSASecp256r1SHA256 || sign.KindOf(e.Peer.Key) != sign.ECDSA {
			t.Errorf("the %s has %+v", side, e.Peer)
		}
	}
	// Who does not ask is shown the certificate, if there is one.
	client.Config.AcceptDelegated = false
	parent, _ := delegating()
	server.Candidates = []*sign.Credential{server.Credential, parent}
	if p := run(t, client, server, 0); p.Client.Established().Peer.Delegated != nil || p.Client.Established().PeerScheme != iana.ECDSASecp384r1SHA384 {
		t.Errorf("%+v", p.Client.Established())
	}
}
