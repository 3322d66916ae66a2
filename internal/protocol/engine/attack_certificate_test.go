package engine_test

import (
	"crypto/x509"
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/engine"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/protocol/verify"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// certificateAttacks are on certificates, signatures and Finished.
func certificateAttacks() []attack {
	tls12, asked12, asked13 := hosts12("P-256"), hosts12("P-256", wantsClient), hosts13("P-256", wantsClient)
	exchange := func(scheme iana.SignatureScheme, group iana.Group) func(piece) pieces {
		return first(iana.MsgServerKeyExchange, func(p piece) pieces {
			m, _ := wire.ParseServerKeyExchangeECDHE(p.Bytes[wire.HeaderLen:], true)
			return as(p, wire.AppendServerKeyExchange(nil, wire.AppendECDHEParams(nil, group, m.Point), scheme, m.Signature))
		})
	}
	rsa := wire.AppendCertificate12(nil, tlstest.Credentials()["RSA-2048"].List12())
	pss := tlstest.UncommonCredentials()["RSA-PSS"]
	pss12, pss13 := wire.AppendCertificate12(nil, pss.List12()), wire.AppendCertificate13(nil, nil, pss.List13(false, false))
	garbage := wire.AppendList(nil, 3, 3, [][]byte{{0x30, 1}})
	return []attack{
		{code: fault.SchemeNotOffered, name: "server", at: atClient, alter: scheme13(iana.ECDSASHA1)},
		{code: fault.SchemeNotOffered, name: "client, TLS 1.3", at: atServer, hosts: asked13, alter: scheme13(iana.ECDSASHA1)},
		{code: fault.SchemeNotOffered, name: "client, TLS 1.2", at: atServer, hosts: asked12, alter: scheme13(iana.ECDSASHA1)},
		{code: fault.SchemeNotOffered, name: "ServerKeyExchange", at: atClient, hosts: tls12, alter: exchange(iana.ECDSASHA1, iana.X25519)},
		{code: fault.GroupNotOffered, name: "ServerKeyExchange", at: atClient, hosts: tls12, alter: exchange(iana.ECDSASecp256r1SHA256, iana.X448)},
		{code: fault.GroupNotOffered, name: "a hybrid in TLS 1.2", at: atClient, hosts: tls12, alter: exchange(iana.ECDSASecp256r1SHA256, iana.X25519MLKEM768)},
		{code: fault.SignatureSchemeWrong, name: "server", at: atClient, alter: scheme13(iana.Ed25519)},
		{code: fault.SignatureSchemeWrong, name: "PKCS #1 in TLS 1.3", at: atClient, hosts: hosts13("RSA-2048"), alter: scheme13(iana.RSAPKCS1SHA256)},
		{code: fault.SignatureSchemeWrong, name: "client", at: atServer, hosts: asked13, alter: scheme13(iana.RSAPSSRSAESHA256)},
		{code: fault.SignatureSchemeWrong, name: "TLS 1.2", at: atClient, hosts: tls12, alter: exchange(iana.RSAPKCS1SHA256, iana.X25519)},
		{code: fault.SignatureWrong, name: "server", at: atClient, alter: flip(iana.MsgCertificateVerify, 3)},
		{code: fault.SignatureWrong, name: "client, TLS 1.3", at: atServer, hosts: asked13, alter: flip(iana.MsgCertificateVerify, 3)},
		{code: fault.SignatureWrong, name: "client, TLS 1.2", at: atServer, hosts: asked12, alter: flip(iana.MsgCertificateVerify, 3)},
		{code: fault.SignatureWrong, name: "ServerKeyExchange", at: atClient, hosts: tls12, alter: flip(iana.MsgServerKeyExchange, 3)},
		{code: fault.SignatureWrong, name: "altered hello", at: atClient, both: true, alter: clientHello(func(m *wire.ClientHello) { m.Random[0] ^= 1 })},
		{code: fault.FinishedWrong, name: "server, TLS 1.3", at: atClient, alter: flip(iana.MsgFinished, 0)},
		{code: fault.FinishedWrong, name: "client, TLS 1.3", at: atServer, alter: flip(iana.MsgFinished, 0)},
		{code: fault.FinishedWrong, name: "short", at: atServer, alter: body(iana.MsgFinished, 0)},
		{code: fault.FinishedWrong, name: "client, TLS 1.2", at: atServer, hosts: tls12, alter: flip(iana.MsgFinished, 0)},
		{code: fault.FinishedWrong, name: "server, TLS 1.2", at: atClient, hosts: tls12, alter: flip(iana.MsgFinished, 0)},
		{code: fault.FinishedWrong, name: "altered ticket, TLS 1.2", at: atClient, hosts: tls12, alter: flip(iana.MsgNewSessionTicket, 0)},
		{code: fault.KeyShareInvalid, name: "ClientKeyExchange", at: atServer, hosts: tls12, alter: body(iana.MsgClientKeyExchange, 1, 4)},
		{code: fault.DecodeError, name: "ClientKeyExchange", at: atServer, hosts: tls12, alter: body(iana.MsgClientKeyExchange)},
		{code: fault.DecodeError, name: "CertificateVerify", at: atServer, hosts: asked13, alter: body(iana.MsgCertificateVerify, 0)},
		{code: fault.FinishedWrong, name: "altered premaster secret", at: atServer, hosts: hosts12("RSA-2048", rsaOnly), alter: flip(iana.MsgClientKeyExchange, 0)},

		{code: fault.CertificateListEmpty, name: "TLS 1.3", at: atClient, alter: shown(wire.AppendCertificate13(nil, nil, []byte{0, 0, 0}))},
		{code: fault.DecodeError, name: "an empty certificate_list of TLS 1.2", at: atClient, hosts: tls12, alter: shown(wire.AppendCertificate12(nil, []byte{0, 0, 0}))},
		{code: fault.CertificateParse, name: "TLS 1.2", at: atClient, hosts: tls12, alter: shown(wire.AppendCertificate12(nil, garbage))},
		{code: fault.CertificateParse, name: "TLS 1.3", at: atServer, hosts: asked13,
			alter: shown(wire.AppendCertificate13(nil, nil, []byte{0, 0, 7, 0, 0, 2, 0x30, 1, 0, 0}))},
		{code: fault.CertificateTypeWrong, at: atClient, hosts: tls12, alter: shown(rsa)},
		{code: fault.CurveNotOffered, at: atServer, hosts: hosts12("P-384"), alter: clientHello(func(m *wire.ClientHello) {
			m.Extensions = set(m.Extensions, iana.ExtSupportedGroups, 0, 4, 0, 29, 0, 23)
		})},
		{code: fault.CertificateCurveWrong, at: atClient, hosts: hosts12("P-256", withoutP384),
			alter: shown(wire.AppendCertificate12(nil, tlstest.Credentials()["P-384"].List12()))},
		{code: fault.KeyAlgorithmNotOffered, name: "TLS 1.3", at: atClient, hosts: hosts13("RSA-2048", withoutPSSKeys), alter: shown(pss13)},
		{code: fault.KeyAlgorithmNotOffered, name: "TLS 1.2", at: atClient, hosts: hosts12("RSA-2048", withoutPSSKeys), alter: shown(pss12)},
		{code: fault.KeyAlgorithmNotOffered, name: "TLS 1.2, RSA key exchange", at: atClient, hosts: hosts12("RSA-2048", rsaOnly, withoutPSSKeys), alter: shown(pss12)},
		{code: fault.KeyAlgorithmNotOffered, name: "TLS 1.1", at: atClient, hosts: changed(iana.TLS11, "RSA-2048", []func(c, s *tlstest.Host){withoutPSSKeys}), alter: shown(pss12)},
		{code: fault.KeyAlgorithmNotOffered, name: "a client of TLS 1.3", at: atServer, hosts: hosts13("P-256", wantsClient, withoutPSSKeys), alter: shown(pss13)},
		{code: fault.KeyAlgorithmNotOffered, name: "a client of TLS 1.2", at: atServer, hosts: hosts12("P-256", wantsClient, withoutPSSKeys), alter: shown(pss12)},
		{code: fault.RequestContextWrong, name: "server", at: atClient, alter: shown(wire.AppendCertificate13(nil, []byte{1}, []byte{0, 0, 0}))},
		{code: fault.RequestContextWrong, name: "client", at: atServer, hosts: asked13, alter: shown(wire.AppendCertificate13(nil, []byte{1}, []byte{0, 0, 0}))},
		{code: fault.RequestContextWrong, name: "request", at: atClient, hosts: asked13, alter: body(iana.MsgCertificateRequest, 1, 1, 0, 0)},
		{code: fault.RequestSchemesMissing, at: atClient, hosts: asked13, alter: body(iana.MsgCertificateRequest, 0, 0, 0)},
		{code: fault.UnsolicitedExtension, name: "client's Certificate", at: atServer, hosts: asked13,
			alter: shown(wire.AppendCertificate13(nil, nil, []byte{0, 0, 12, 0, 0, 2, 0x30, 1, 0, 5, 0, 18, 0, 1, 0}))},
		{code: fault.CertificateMissing, at: atServer, hosts: hosts13("P-256", mustShow)},
		{code: fault.CertificateMissing12, at: atServer, hosts: hosts12("P-256", mustShow)},
		{code: fault.NoSharedScheme, name: "client", at: atClient, hosts: hosts13("P-256", wantsClient, func(c, s *tlstest.Host) {
			c.Credential = tlstest.Credentials()["Ed25519"]
			s.Config.Policy = with(s.Config.Policy, withoutEd25519)
		})},

		trusts(fault.UnknownCA, func(h *tlstest.Host) {
			other := tlstest.NewAuthority("other", nil)
			show(h, other, nil)
			h.Credential, _ = sign.NewCredential(append(h.Credential.Chain, other.DER), nil, h.Credential.Key, sign.Extra{})
		}),
		trusts(fault.SelfSigned, selfSigned),
		trusts(fault.MissingIntermediate, func(h *tlstest.Host) {
			show(h, tlstest.NewAuthority("intermediate", tlstest.Root()), func(c *x509.Certificate) {
				c.IssuingCertificateURL = []string{"http://ca.example/intermediate.cer"}
			})
			h.Credential.Chain = h.Credential.Chain[:1]
			h.Credential, _ = sign.NewCredential(h.Credential.Chain, nil, h.Credential.Key, sign.Extra{})
		}),
		trusts(fault.CertificateExpired, func(h *tlstest.Host) {
			show(h, tlstest.Root(), func(c *x509.Certificate) { c.NotAfter = tlstest.Now.AddDate(0, 0, -1) })
		}),
		trusts(fault.CertificateNotYetValid, func(h *tlstest.Host) {
			show(h, tlstest.Root(), func(c *x509.Certificate) { c.NotBefore = tlstest.Now.AddDate(0, 0, 1) })
		}),
		trusts(fault.NameMismatch, func(h *tlstest.Host) {
			show(h, tlstest.Root(), func(c *x509.Certificate) { c.DNSNames = []string{"b.example"} })
		}),
		trusts(fault.WrongPurpose, func(h *tlstest.Host) {
			show(h, tlstest.Root(), func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} })
		}),
		trusts(fault.WeakKey, func(h *tlstest.Host) {
			show(h, tlstest.Root(), func(c *x509.Certificate) { c.SignatureAlgorithm = x509.ECDSAWithSHA1 })
		}),
		trusts(fault.BadCertificate, func(h *tlstest.Host) {
			show(h, tlstest.Root(), nil)
			chain := [][]byte{append([]byte(nil), h.Credential.Chain[0]...)}
			chain[0][len(chain[0])-1] ^= 1
			h.Credential, _ = sign.NewCredential(chain, nil, h.Credential.Key, sign.Extra{})
		}),
		{code: fault.KeyUsageWrong, name: "TLS 1.3", at: atClient, hosts: hosts13("P-256", noSignatures)},
		{code: fault.KeyUsageWrong, name: "TLS 1.2", at: atClient, hosts: hosts12("P-256", noSignatures)},
		{code: fault.KeyUsageWrong, name: "client, TLS 1.3", at: atServer, hosts: hosts13("P-256", wantsClient, noClientSignatures)},
		{code: fault.KeyUsageWrong, name: "client, TLS 1.2", at: atServer, hosts: hosts12("P-256", wantsClient, noClientSignatures)},
		{code: fault.NoSharedScheme12, name: "without signature_algorithms in TLS 1.2", at: atServer, hosts: tls12,
			alter: clientHello(func(m *wire.ClientHello) { m.Extensions = without(m.Extensions, iana.ExtSignatureAlgorithms) })},
		{code: fault.FinishedWrong, name: "without extended_master_secret", at: atServer, hosts: tls12,
			alter: clientHello(func(m *wire.ClientHello) { m.Extensions = without(m.Extensions, iana.ExtExtendedMasterSecret) })},
		{code: fault.DecodeError, name: "status of a certificate", at: atClient, alter: shown(entryWith(wire.AppendExtension(nil, iana.ExtStatusRequest, []byte{1, 0, 0, 0})))},
		{code: fault.ExtensionForm, name: "SCTs of a certificate", at: atClient, alter: shown(entryWith(wire.AppendExtension(nil, iana.ExtSCT, []byte{0, 0})))},
		{code: fault.ExtensionForm, name: "status_request of a ServerHello", at: atClient, hosts: hosts12("P-256", stapled),
			alter: serverHello(func(m *wire.ServerHello) {
				m.Extensions = set(m.Extensions, iana.ExtStatusRequest, 0)
			})},
		{code: fault.DecodeError, name: "CertificateStatus", at: atClient, hosts: hosts12("P-256", stapled), alter: body(iana.MsgCertificateStatus, 1, 0, 0, 0)},
		{code: fault.DecodeError, name: "CertificateRequest, TLS 1.3", at: atClient, hosts: asked13, alter: body(iana.MsgCertificateRequest, 0, 0, 4, 0, 13, 0, 0)},
		{code: fault.ForbiddenExtension, name: "CertificateRequest", at: atClient, hosts: asked13, alter: body(iana.MsgCertificateRequest, 0, 0, 4, 0, 51, 0, 0)},
		{code: fault.DecodeError, name: "CertificateRequest, TLS 1.2", at: atClient, hosts: asked12, alter: body(iana.MsgCertificateRequest, 0)},
		{code: fault.KeyUsageWrong, name: "RSA key exchange", at: atClient, hosts: hosts12("RSA-2048", rsaOnly), alter: signingOnly()},
	}
}

// shown puts another Certificate in the place of the first.
func shown(b []byte) func(piece) pieces {
	return first(iana.MsgCertificate, func(p piece) pieces { return as(p, b) })
}

// scheme13 alters the scheme of a CertificateVerify.
func scheme13(s iana.SignatureScheme) func(piece) pieces {
	return certificateVerify(func(m *wire.CertificateVerify) { m.Scheme = s })
}

// withoutPSSKeys has neither side take keys of id-RSASSA-PSS.
func withoutPSSKeys(c, s *tlstest.Host) {
	for _, h := range []*tlstest.Host{c, s} {
		h.Config.Policy = with(h.Config.Policy, func(p *policy.Policy) {
			p.Schemes = slices.DeleteFunc(slices.Clone(p.Schemes), func(s iana.SignatureScheme) bool {
				return s == iana.RSAPSSPSSSHA256 || s == iana.RSAPSSPSSSHA384 || s == iana.RSAPSSPSSSHA512
			})
		})
	}
}

func withoutP384(c, _ *tlstest.Host) {
	c.Config.Policy = with(c.Config.Policy, func(p *policy.Policy) {
		p.Groups = slices.DeleteFunc(slices.Clone(p.Groups), func(g iana.Group) bool { return g == iana.Secp384r1 })
	})
}

func mustShow(_, server *tlstest.Host) { server.Config.ClientAuth = handshake.RequireClientAuth }

// trusts makes the attack of a server whose certificate the client, which
// knows one root, does not accept.
func trusts(code fault.Code, change func(server *tlstest.Host)) attack {
	return attack{code: code, name: "verified", at: atClient, hosts: hosts13("P-256", func(c, s *tlstest.Host) {
		change(s)
		c.Verify = func(p *handshake.PeerCertificates) error {
			_, err := verify.Chain(verify.Request{Chain: p.Chain, Roots: tlstest.Root().Pool(), Name: "a.example", Now: tlstest.Now})
			return err
		}
	})}
}

// show gives a host a certificate that an authority issues.
func show(h *tlstest.Host, a *tlstest.Authority, change func(*x509.Certificate)) {
	key := tlstest.NewKey("P-256")
	c, err := sign.NewCredential(a.Leaf(key, []string{"a.example"}, change), nil, key, sign.Extra{})
	if err != nil {
		panic(err)
	}
	h.Credential = c
}

// selfSigned gives a host the certificate of an authority that nobody knows.
func selfSigned(h *tlstest.Host) {
	a := tlstest.NewAuthority("a.example", nil)
	c, err := sign.NewCredential([][]byte{a.DER}, nil, a.Key, sign.Extra{})
	if err != nil {
		panic(err)
	}
	h.Credential = c
}

func noSignatures(_, server *tlstest.Host) {
	show(server, tlstest.Root(), func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyAgreement })
}

func noClientSignatures(client, _ *tlstest.Host) {
	show(client, tlstest.Root(), func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyAgreement })
}

// entryWith makes a Certificate of TLS 1.3 with extensions.
func entryWith(exts wire.Extensions) []byte {
	list := wire.AppendCertificateEntry(nil, tlstest.Credentials()["P-256"].Chain[0], exts)
	return wire.AppendCertificate13(nil, nil, append([]byte{0, byte(len(list) >> 8), byte(len(list))}, list...))
}

// signingOnly shows a certificate whose key may not decrypt in place of the
// server's.
func signingOnly() func(piece) pieces {
	key := tlstest.NewKey("RSA-2048")
	chain := tlstest.Root().Leaf(key, []string{"a.example"}, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageDigitalSignature })
	return first(iana.MsgCertificate, func(p piece) pieces {
		return as(p, wire.AppendCertificate12(nil, wire.AppendList(nil, 3, 3, chain)))
	})
}

// noRandom has no randomness after the first bytes.
type noRandom struct{ left int }

func (r *noRandom) Read(b []byte) (int, error) {
	if r.left -= len(b); r.left < 0 {
		return 0, io.ErrUnexpectedEOF
	}
	return len(b), nil
}

func disapproves(h, _ *tlstest.Host) {
	h.Config.AskApproval = true
	h.Fail = map[handshake.Question]error{handshake.Approval: errors.New("no")}
}

// hostAttacks are on the host, or come from it.
func hostAttacks() []attack {
	fails := func(q handshake.Question, err error) func(*testing.T) (c, s *tlstest.Host) {
		return hosts13("P-256", func(_, s *tlstest.Host) {
			s.Config.AskSettings = true
			s.Fail = map[handshake.Question]error{q: err}
		})
	}
	ended := func(code fault.Code) func(*testing.T, *tlstest.Pair, *tlstest.Middle) {
		return func(_ *testing.T, p *tlstest.Pair, _ *tlstest.Middle) { p.Server.Abort(code, tlstest.Now) }
	}
	broken := errors.New("broken")
	return []attack{
		{code: fault.Internal, name: "no randomness", at: atServer, hosts: hosts13("P-256", func(_, s *tlstest.Host) { s.Config.Rand = &noRandom{} })},
		{code: fault.Internal, name: "the session store", at: atServer, hosts: func(t *testing.T) (c, s *tlstest.Host) {
			c, s = again13()(t)
			s.Fail = map[handshake.Question]error{handshake.Session: broken}
			return c, s
		}},
		{code: fault.NoCertificate, name: "TLS 1.3", at: atServer, hosts: hosts13("P-256", func(_, s *tlstest.Host) { s.Credential = nil })},
		{code: fault.NoCertificate, name: "TLS 1.2", at: atServer, hosts: hosts12("P-256", func(_, s *tlstest.Host) { s.Credential = nil })},
		{code: fault.CertificateUnusable, at: atServer, hosts: fails(handshake.Credential, broken)},
		{code: fault.SigningFailed, at: atServer, hosts: fails(handshake.Signature, broken)},
		{code: fault.ConfigFailed, at: atServer, hosts: fails(handshake.Settings, broken)},
		{code: fault.Rejected, at: atServer, hosts: fails(handshake.Settings, fault.Rejected)},
		{code: fault.NoSharedIssuer, at: atServer, hosts: hosts13("P-256", matchesIssuer)},
		{code: fault.NoSharedIssuer, name: "TLS 1.2", at: atServer, hosts: hosts12("P-256", matchesIssuer)},
		{code: fault.CertificateRefused, name: "verified again", at: atClient, hosts: again(hosts13("P-256", reverifies), func(client, _ *tlstest.Host) {
			client.Verify = func(*handshake.PeerCertificates) error { return fault.CertificateRefused }
		})},
		{code: fault.RefusedByProgram, at: atServer, hosts: fails(handshake.Settings, fault.RefusedByProgram)},
		{code: fault.NoBinding, at: atServer, hosts: fails(handshake.Settings, fault.NoBinding)},
		{code: fault.CertificateRefused, name: "verdict", at: atClient, hosts: hosts13("P-256", func(c, _ *tlstest.Host) {
			c.Verify = func(*handshake.PeerCertificates) error { return broken }
		})},
		{code: fault.CertificateRefused, name: "approval", at: atServer, hosts: hosts12("P-256", func(_, s *tlstest.Host) {
			s.Config.AskApproval = true
			s.Fail = map[handshake.Question]error{handshake.Approval: broken}
		})},
		{code: fault.CertificateRefused, name: "approval of a client, TLS 1.3", at: atClient, hosts: hosts13("P-256", disapproves)},
		{code: fault.CertificateRefused, name: "approval of a client, TLS 1.2", at: atClient, hosts: hosts12("P-256", disapproves)},
		{code: fault.CertificateRefused, name: "approval of a client, resumed", at: atClient, hosts: again(hosts12("P-256"), disapproves)},
		{code: fault.CertificateRefused, name: "approval of a server, TLS 1.3", at: atServer, hosts: hosts13("P-256", func(c, s *tlstest.Host) { disapproves(s, c) })},
		{code: fault.StatusUnavailable, at: atServer, hosts: fails(handshake.Credential, fault.StatusUnavailable)},
		{code: fault.StatusRefused, at: atClient, hosts: hosts13("P-256", func(c, _ *tlstest.Host) {
			c.Verify = func(p *handshake.PeerCertificates) error {
				if p.OCSPStaple == nil {
					return fault.StatusRefused
				}
				return nil
			}
		})},
		{code: fault.HandshakeTime, at: atServer, alter: nothing, after: ended(fault.HandshakeTime)},
		{code: fault.Canceled, at: atServer, alter: nothing, after: ended(fault.Canceled)},
		{code: fault.EMSRequired, err: func(*testing.T) error { return engine.ExportWithoutEMS() }},
	}
}

// matchesIssuer has the server keep its certificate for clients that ask for its
// issuer.
func matchesIssuer(_, server *tlstest.Host) {
	c := server.Credential
	only, err := sign.NewCredential(c.Chain, nil, c.Key, sign.Extra{MatchIssuer: true})
	if err != nil {
		panic(err)
	}
	server.Credential = only
}
