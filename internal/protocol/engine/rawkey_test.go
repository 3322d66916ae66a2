package engine_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

var rawTypes = []iana.CertificateType{iana.CertRawPublicKey}

func rawCredential(kind string) *sign.Credential {
	c, err := sign.NewRawCredential(tlstest.Credentials()[kind].Key, sign.Extra{})
	if err != nil {
		panic(err)
	}
	return c
}

// rawKeys has both sides show raw public keys and no certificates.
func rawKeys(client, server *tlstest.Host) {
	server.Credential, client.Credential = rawCredential("P-256"), rawCredential("RSA-2048")
	server.Config.ClientAuth = handshake.RequireClientAuth
	for _, h := range []*tlstest.Host{client, server} {
		h.Config.PeerTypes, h.Config.OwnTypes = rawTypes, rawTypes
	}
}

// A raw public key takes the place of the certificate on both sides, and is
// kept with the session.
func TestRawPublicKeys(t *testing.T) {
	for _, v := range []iana.Version{iana.TLS10, iana.TLS12, iana.TLS13} {
		t.Run(fmt.Sprint(v), func(t *testing.T) {
			client, server := changed(v, "P-256", []func(c, s *tlstest.Host){rawKeys})(t)
			seen := 0
			for _, h := range []*tlstest.Host{client, server} {
				h.Verify = func(p *handshake.PeerCertificates) error {
					if p.RawPublicKey == nil || p.Chain != nil || p.Leaf != nil {
						t.Errorf("asked about %+v", p)
					}
					seen++
					return nil
				}
			}
			p := run(t, client, server, 0)
			for round := range 2 {
				c, e := p.Client.Established(), p.Server.Established()
				if c.Resumed != (round == 1) || !bytes.Equal(c.Peer.RawPublicKey, server.Credential.Chain[0]) ||
					!bytes.Equal(e.Peer.RawPublicKey, client.Credential.Chain[0]) {
					t.Errorf("resumed %v, the client saw %x, the server %x", c.Resumed, c.Peer.RawPublicKey, e.Peer.RawPublicKey)
				}
				if round == 0 {
					client.Config.Session = sessionOf(t, p)
					p = run(t, client, server, 0)
				}
			}
			if seen != 2 {
				t.Errorf("%d verdicts were asked for", seen)
			}
		})
	}
}

// rawKeyAttacks are on the forms of certificates.
func rawKeyAttacks() []attack {
	const server, client = iana.ExtServerCertificateType, iana.ExtClientCertificateType
	return []attack{
		{code: fault.NoSharedCertificateType, name: "of the client", at: atServer, hosts: hosts13("P-256", wantsClient), alter: clientHello(adds(client, 1, 2))},
		{code: fault.NoSharedCertificateType, name: "not one that the client offers", at: atClient, hosts: hosts13("P-256", func(c, s *tlstest.Host) {
			c.Config.PeerTypes, s.Credential = []iana.CertificateType{iana.CertRawPublicKey}, rawCredential("P-256")
		}), alter: encryptedExtensions(func(m *wire.EncryptedExtensions) {
			m.Extensions = set(m.Extensions, server, 0)
		})},
		{code: fault.NoSharedCertificateType, name: "of the server", at: atServer, hosts: hosts13("P-256", func(c, _ *tlstest.Host) { c.Config.PeerTypes = rawTypes })},
		{code: fault.CertificateTypeRefused, at: atServer, hosts: hosts12("P-256", func(_, s *tlstest.Host) { s.Credential = rawCredential("P-256") })},
		{code: fault.RawKeyUnknown, at: atServer, hosts: hosts13("P-256", rawKeys, func(_, s *tlstest.Host) {
			s.Verify = func(*handshake.PeerCertificates) error { return fault.RawKeyUnknown }
		})},
		{code: fault.CertificateTypesWrong, name: "X.509 alone", at: atServer, alter: clientHello(adds(server, 1, 0))},
		{code: fault.CertificateTypesWrong, name: "none", at: atServer, alter: clientHello(adds(client, 0))},
		{code: fault.CertificateKeyUnsupported, at: atClient, hosts: changed(iana.TLS11, "P-256", nil),
			alter: shown(wire.AppendCertificate12(nil, tlstest.Credentials()["Ed25519"].List12()))},
	}
}

// adds gives a change that adds an extension.
func adds(t iana.ExtensionType, b ...byte) func(*wire.ClientHello) {
	return func(m *wire.ClientHello) { m.Extensions = set(m.Extensions, t, b...) }
}
