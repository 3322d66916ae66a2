package tls

import (
	"bytes"
	stdtls "crypto/tls"
	"crypto/x509"
	"errors"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/negotiate"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

func TestGetCertificate(t *testing.T) {
	cert, mistake := issued(tlstest.Root(), nil), errors.New("no such site")
	for _, v := range versions {
		for _, p := range []pairing{{false, true}, {true, true}} {
			get := func(answer *Certificate, err error) meeting {
				return meet(t, p, clientSide(nil), serverSide(v, func(c *stdtls.Config) {
					c.GetCertificate = func(h *ClientHelloInfo) (*Certificate, error) {
						if h.ServerName != "a.example" || h.Context() == nil || h.Conn == nil {
							t.Errorf("the hello is %+v", h)
						}
						return answer, err
					}
				}))
			}
			if got := get(&cert, nil).good(t).client.ConnectionState().PeerCertificates[0]; !bytes.Equal(got.Raw, cert.Certificate[0]) {
				t.Error("another certificate")
			}
			if got := get(nil, nil).good(t).client.ConnectionState().PeerCertificates[0]; !got.Equal(certOf("P-256").Leaf) {
				t.Error("not the first of Certificates")
			}
			m := get(nil, mistake).bad(t)
			if !errors.Is(m.serverErr, mistake) {
				t.Error(m.serverErr)
			}
			if p.client {
				alertAt(t, m.clientErr, 80)
			}
			none := serverSide(v, func(c *stdtls.Config) {
				c.Certificates, c.GetCertificate = nil, func(*ClientHelloInfo) (*Certificate, error) { return nil, nil }
			})
			meet(t, p, clientSide(nil), none).bad(t)
		}
	}
}

func TestGetConfigForClient(t *testing.T) {
	mistake := errors.New("no such host")
	for name, row := range map[string]struct {
		change func(*stdtls.Config)
		err    error
		check  func(client, server ConnectionState) bool
	}{
		"version": {func(c *stdtls.Config) { c.MaxVersion = VersionTLS12 }, nil,
			func(c, s ConnectionState) bool { return c.Version == VersionTLS12 && s.Version == VersionTLS12 }},
		"protocol": {func(c *stdtls.Config) { c.NextProtos = []string{"b"} }, nil,
			func(c, s ConnectionState) bool { return c.NegotiatedProtocol == "b" && s.NegotiatedProtocol == "b" }},
		"client auth": {func(c *stdtls.Config) { c.ClientAuth, c.ClientCAs = RequireAndVerifyClientCert, roots() }, nil,
			func(_, s ConnectionState) bool { return len(s.VerifiedChains) > 0 }},
		"certificate": {func(c *stdtls.Config) { c.Certificates = []Certificate{certOf("Ed25519")} }, nil,
			func(c, _ ConnectionState) bool { return c.PeerCertificates[0].Equal(certOf("Ed25519").Leaf) }},
		"nothing":      {nil, nil, func(c, _ ConnectionState) bool { return c.NegotiatedProtocol == "a" }},
		"a mistake":    {nil, mistake, nil},
		"verification": {func(c *stdtls.Config) { c.VerifyConnection = func(ConnectionState) error { return mistake } }, mistake, nil},
	} {
		for _, p := range []pairing{{false, true}, {true, true}} {
			t.Run(name+", "+p.String(), func(t *testing.T) {
				server := serverSide(0, func(c *stdtls.Config) {
					c.NextProtos = []string{"a"}
					c.GetConfigForClient = func(h *ClientHelloInfo) (*stdtls.Config, error) {
						if row.change == nil {
							return nil, row.err
						}
						inner := serverSide(0, row.change)
						return inner.std, nil
					}
				})
				client := clientSide(func(c *stdtls.Config) {
					c.NextProtos, c.Certificates = []string{"a", "b"}, []Certificate{certOf("RSA-2048")}
				})
				m := meet(t, p, client, server)
				if row.err != nil {
					if m.bad(t); !errors.Is(m.serverErr, row.err) {
						t.Error(m.serverErr)
					}
					return
				}
				if m.good(t); !row.check(m.client.ConnectionState(), m.server.ConnectionState()) {
					t.Errorf("%+v", m.server.ConnectionState())
				}
			})
		}
	}
}

// TestHelloOfNoVersion has a ClientHello name a version far above all there
// are, as it may (RFC 5246, appendix E.1): a callback hears of real ones only.
func TestHelloOfNoVersion(t *testing.T) {
	var o negotiate.Offer
	o.Hello.Version = 0xfeff
	h := host{conn: new(Conn), config: new(Config)}
	if got := h.helloInfo(&o).SupportedVersions; len(got) == 0 || got[0] != VersionTLS12 || len(got) > 4 {
		t.Errorf("%d versions, the first %#x", len(got), got[0])
	}
}

func TestGetClientCertificate(t *testing.T) {
	cert, mistake := certOf("P-384"), errors.New("the card is not there")
	for _, v := range versions {
		for _, p := range []pairing{{true, false}, {true, true}} {
			server := serverSide(v, func(c *stdtls.Config) { c.ClientAuth, c.ClientCAs = RequestClientCert, roots() })
			get := func(answer *Certificate, err error) meeting {
				return meet(t, p, clientSide(func(c *stdtls.Config) {
					c.GetClientCertificate = func(r *CertificateRequestInfo) (*Certificate, error) {
						if r.Version != v || r.Context() == nil || len(r.SignatureSchemes) == 0 || len(r.AcceptableCAs) != 1 ||
							r.SupportsCertificate(&cert) != nil {
							t.Errorf("%+v", r)
						}
						return answer, err
					}
				}), server)
			}
			if got := get(&cert, nil).good(t).server.ConnectionState().PeerCertificates; len(got) != 1 || !got[0].Equal(cert.Leaf) {
				t.Errorf("%d certificates", len(got))
			}
			if got := get(new(Certificate), nil).good(t).server.ConnectionState().PeerCertificates; len(got) != 0 {
				t.Errorf("%d certificates", len(got))
			}
			if m := get(nil, mistake).bad(t); !errors.Is(m.clientErr, mistake) {
				t.Error(m.clientErr)
			}
			get(nil, nil).bad(t)
		}
	}
}

// TestVerifyCallbacks has each verification callback at each end refuse.
func TestVerifyCallbacks(t *testing.T) {
	refuse := errors.New("I do not like it")
	forEach(t, func(t *testing.T, v uint16, p pairing) {
		for _, which := range []string{"VerifyPeerCertificate", "VerifyConnection"} {
			for _, at := range []string{"client", "server"} {
				client := clientSide(func(c *stdtls.Config) { c.Certificates = []Certificate{certOf("P-256")} })
				server := serverSide(v, func(c *stdtls.Config) { c.ClientAuth, c.ClientCAs = RequireAndVerifyClientCert, roots() })
				c := client.std
				if at == "server" {
					c = server.std
				}
				if which == "VerifyConnection" {
					c.VerifyConnection = func(ConnectionState) error { return refuse }
				} else {
					c.VerifyPeerCertificate = func(raw [][]byte, chains [][]*x509.Certificate) error {
						if len(raw) != 1 || len(chains) != 1 {
							t.Errorf("%d certificates, %d chains", len(raw), len(chains))
						}
						return refuse
					}
				}
				m := meet(t, p, client, server).bad(t)
				ours, theirs, peer := m.clientErr, m.serverErr, p.server
				if at == "server" {
					ours, theirs, peer = m.serverErr, m.clientErr, p.client
				}
				if !errors.Is(ours, refuse) {
					t.Errorf("%s at the %s: %v", which, at, ours)
				}
				if peer {
					alertAt(t, theirs, 42)
				}
			}
		}
	})
}
