package tls

import (
	stdtls "crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

const publicName = "public.example"

var (
	echKey   = tlstest.NewECHKey(1, publicName)
	freshKey = tlstest.NewECHKey(2, publicName)
)

func keysOf(keys ...tlstest.ECHKey) (list []EncryptedClientHelloKey) {
	for _, k := range keys {
		list = append(list, EncryptedClientHelloKey{Config: k.Config, PrivateKey: k.Private, SendAsRetry: true})
	}
	return list
}

// publicCert is for the public name.
func publicCert() Certificate {
	key := tlstest.NewKey("P-256")
	return Certificate{Certificate: tlstest.Root().Leaf(key, []string{publicName}, nil), PrivateKey: key}
}

// echServer has a certificate for a.example and one for the public name.
func echServer(change func(*stdtls.Config), keys ...tlstest.ECHKey) *side {
	return serverSide(VersionTLS13, func(c *stdtls.Config) {
		c.EncryptedClientHelloKeys = keysOf(keys...)
		c.Certificates = append(c.Certificates, publicCert())
		if change != nil {
			change(c)
		}
	})
}

func echClient(change func(*stdtls.Config), keys ...tlstest.ECHKey) *side {
	return clientSide(func(c *stdtls.Config) {
		c.EncryptedClientHelloConfigList = tlstest.ECHList(keys...)
		if change != nil {
			change(c)
		}
	})
}

func forPairings(t *testing.T, test func(*testing.T, pairing)) {
	for _, p := range pairings {
		t.Run(p.String(), func(t *testing.T) { test(t, p) })
	}
}

func echIsAccepted(t *testing.T, m meeting) {
	t.Helper()
	for _, c := range []conn{m.client, m.server} {
		if s := c.ConnectionState(); !s.ECHAccepted || s.ServerName != "a.example" {
			t.Errorf("accepted %v for %q", s.ECHAccepted, s.ServerName)
		}
	}
}

func TestECH(t *testing.T) {
	p384 := func(c *stdtls.Config) { c.CurvePreferences = []CurveID{stdtls.CurveP384} }
	both := func(c *stdtls.Config) { c.CurvePreferences = []CurveID{stdtls.X25519, stdtls.CurveP384} }
	forPairings(t, func(t *testing.T, p pairing) {
		t.Run("resumed", func(t *testing.T) {
			client, server := echClient(nil, echKey).cached(), echServer(nil, freshKey, echKey)
			for i := range 2 {
				m := meet(t, p, client, server).good(t)
				echIsAccepted(t, m)
				if got := m.client.ConnectionState().DidResume; got != (i == 1) {
					t.Errorf("handshake %d: resumed %v", i, got)
				}
			}
		})
		t.Run("retry", func(t *testing.T) {
			client, server := echClient(both, echKey).cached(), echServer(p384, echKey)
			for range 2 {
				m := meet(t, p, client, server).good(t)
				echIsAccepted(t, m)
				if !m.client.ConnectionState().HelloRetryRequest {
					t.Error("there was no retry")
				}
			}
		})
		t.Run("keys on demand", func(t *testing.T) {
			var names []string
			server := echServer(func(c *stdtls.Config) {
				c.GetEncryptedClientHelloKeys = func(hello *ClientHelloInfo) ([]EncryptedClientHelloKey, error) {
					names = append(names, hello.ServerName)
					return keysOf(echKey), nil
				}
			})
			echIsAccepted(t, meet(t, p, echClient(nil, echKey), server).good(t))
			if len(names) == 0 || names[0] != publicName {
				t.Errorf("it was asked for the keys of %q", names)
			}
		})
		t.Run("client certificate", func(t *testing.T) {
			client := echClient(func(c *stdtls.Config) { c.Certificates = []Certificate{certOf("Ed25519")} }, echKey)
			server := echServer(func(c *stdtls.Config) { c.ClientAuth = stdtls.RequireAnyClientCert }, echKey)
			m := meet(t, p, client, server).good(t)
			echIsAccepted(t, m)
			if len(m.server.ConnectionState().PeerCertificates) == 0 {
				t.Error("the client showed none")
			}
		})
	})
}

// A client that is rejected learns which configurations to use, and from nobody
// but the server of the public name.
func TestECHRejected(t *testing.T) {
	forPairings(t, func(t *testing.T, p pairing) {
		server := echServer(nil, freshKey)
		for name, change := range map[string]func(*stdtls.Config){
			"verified": nil,
			"verified though nothing else is": func(c *stdtls.Config) {
				c.InsecureSkipVerify = true
				c.VerifyConnection = func(ConnectionState) error { t.Error("VerifyConnection is called"); return nil }
				c.VerifyPeerCertificate = func([][]byte, [][]*x509.Certificate) error { t.Error("VerifyPeerCertificate is called"); return nil }
			},
			"verified by the program": func(c *stdtls.Config) {
				c.RootCAs = otherRoot().Pool()
				c.EncryptedClientHelloRejectionVerify = func(s ConnectionState) error {
					if len(s.PeerCertificates) == 0 || s.PeerCertificates[0].VerifyHostname(publicName) != nil {
						if !p.client {
							return nil // crypto/tls gives the program no certificates here
						}
						t.Errorf("the program sees %+v", s)
					}
					return nil
				}
			},
		} {
			m := meet(t, p, echClient(change, echKey), server).bad(t)
			var rejected *ECHRejectionError
			if !errors.As(m.clientErr, &rejected) {
				t.Fatalf("%s: %v", name, m.clientErr)
			}
			client := clientSide(func(c *stdtls.Config) { c.EncryptedClientHelloConfigList = rejected.RetryConfigList })
			echIsAccepted(t, meet(t, p, client, server).good(t))
			if p.server {
				alertAt(t, m.serverErr, 121)
			}
		}

		refused := errors.New("not this one")
		for name, change := range map[string]func(*stdtls.Config){
			"another authority": func(c *stdtls.Config) { c.RootCAs, c.InsecureSkipVerify = otherRoot().Pool(), true },
			"the program": func(c *stdtls.Config) {
				c.EncryptedClientHelloRejectionVerify = func(ConnectionState) error { return refused }
			},
		} {
			m := meet(t, p, echClient(change, echKey), server).bad(t)
			var rejected *ECHRejectionError
			var unverified *CertificateVerificationError
			if errors.As(m.clientErr, &rejected) || !errors.As(m.clientErr, &unverified) && !errors.Is(m.clientErr, refused) {
				t.Errorf("%s: %v", name, m.clientErr)
			}
		}
		// A server whose only certificate is that of the name inside.
		one := serverSide(VersionTLS13, func(c *stdtls.Config) { c.EncryptedClientHelloKeys = keysOf(freshKey) })
		var unverified *CertificateVerificationError
		if m := meet(t, p, echClient(nil, echKey), one).bad(t); !errors.As(m.clientErr, &unverified) {
			t.Error(m.clientErr)
		}
	})
}

// A server without keys, and one of TLS 1.2, have no configurations to give.
func TestECHUnknown(t *testing.T) {
	for _, version := range versions {
		server := serverSide(version, func(c *stdtls.Config) { c.Certificates = []Certificate{publicCert()} })
		for _, p := range []pairing{{true, false}, {true, true}} {
			m := meet(t, p, echClient(nil, echKey), server).bad(t)
			var rejected *ECHRejectionError
			if !errors.As(m.clientErr, &rejected) || rejected.RetryConfigList != nil {
				t.Errorf("%s, %v: %v, %x", VersionName(version), p, m.clientErr, rejected)
			}
		}
	}
}

// What is wrong in the settings shows before anything is sent.
func TestECHConfig(t *testing.T) {
	list := tlstest.ECHList(echKey)
	for name, change := range map[string]func(*stdtls.Config){
		"a list that cannot be read": func(c *stdtls.Config) { c.EncryptedClientHelloConfigList = list[1:] },
		"an empty list":              func(c *stdtls.Config) { c.EncryptedClientHelloConfigList = []byte{} },
		"nothing usable": func(c *stdtls.Config) {
			c.EncryptedClientHelloConfigList = tlstest.ECHList(tlstest.NewECHKey(1, "no_name"))
		},
		"TLS 1.2 allowed": func(c *stdtls.Config) { c.MinVersion = VersionTLS12 },
		"TLS 1.2 only":    func(c *stdtls.Config) { c.MaxVersion = VersionTLS12 },
	} {
		if err := unheard(Client, echClient(change, echKey)); err == nil || errors.Is(err, fault.Reset) || errors.Is(err, fault.Truncated) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, keys := range map[string][]EncryptedClientHelloKey{
		"another key": {{Config: echKey.Config, PrivateKey: freshKey.Private}}, "no configuration": {{PrivateKey: freshKey.Private}},
	} {
		server := echServer(func(c *stdtls.Config) { c.EncryptedClientHelloKeys = keys })
		if err := unheard(Server, server); err == nil || errors.Is(err, fault.Reset) || errors.Is(err, fault.Truncated) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// unheard runs a handshake with a peer that is gone.
func unheard(end func(net.Conn, *Config) *Conn, s *side) error {
	ours, gone := net.Pipe()
	gone.Close()
	return end(ours, s.config()).Handshake()
}

// The record tells what became of it, and both names.
func TestECHRecord(t *testing.T) {
	for _, c := range []struct {
		name   string
		key    tlstest.ECHKey
		config func(*Config)
		client string
		server string
		outer  string
	}{
		{"accepted", echKey, nil, "accepted", "accepted", publicName},
		{"rejected", freshKey, nil, "rejected", "rejected", publicName},
		{"no keys", echKey, func(c *Config) { c.EncryptedClientHelloKeys = nil }, "rejected", "ignored", publicName},
	} {
		var records [2]*Record
		client, server := echClient(nil, c.key), echServer(nil, echKey)
		client.change = func(c *Config) { c.OnHandshake = func(r *Record) { records[0] = r } }
		server.change = func(config *Config) {
			if c.config != nil {
				c.config(config)
			}
			config.OnHandshake = func(r *Record) { records[1] = r }
		}
		meet(t, pairing{true, true}, client, server)
		for i, want := range []string{c.client, c.server} {
			if r := records[i]; r == nil || r.ECH != want || r.OuterName != c.outer {
				t.Errorf("%s: record %d says %+v", c.name, i, r)
			}
		}
		if f := records[0].Failure; c.client == "rejected" && (f == nil || f.Fault != fault.ECHRejected.Name() || f.Alert != "ech_required") {
			t.Errorf("%s: %+v", c.name, f)
		}
		found := false
		for _, choice := range records[1].Choices() {
			found = found || choice.Topic == "encrypted ClientHello"
		}
		if want := c.server != "ignored"; found != want {
			t.Errorf("%s: the server's choices are %+v", c.name, records[1].Choices())
		}
	}
}

func TestECHGrease(t *testing.T) {
	for _, p := range []pairing{{true, false}, {true, true}} {
		for _, server := range []*side{echServer(nil, echKey), serverSide(VersionTLS13, nil), serverSide(VersionTLS12, nil)} {
			var record *Record
			client := clientSide(nil)
			client.change = func(c *Config) {
				c.EncryptedClientHelloGREASE = true
				c.OnHandshake = func(r *Record) { record = r }
			}
			m := meet(t, p, client, server).good(t)
			if record.ECH != "grease" || m.client.ConnectionState().ECHAccepted {
				t.Errorf("%v: %q", p, record.ECH)
			}
		}
	}
}
