package tls

import (
	stdtls "crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"testing"

	"github.com/handsel-tls/handsel/internal/tlstest"
)

// outcome is what two ends make of a client's certificate.
type outcome struct {
	client, server bool // succeeded
	shown, chains  int  // what the server has
}

func outcomeOf(m meeting) outcome {
	s := m.server.ConnectionState()
	o := outcome{client: m.clientErr == nil, server: m.serverErr == nil}
	if o.server {
		o.shown, o.chains = len(s.PeerCertificates), len(s.VerifiedChains)
	}
	return o
}

// TestClientAuth has every ClientAuthType meet clients of every kind, and
// compares the outcome with that of crypto/tls with itself.
func TestClientAuth(t *testing.T) {
	clients := map[string]*Certificate{"missing": {}}
	for name, c := range map[string]Certificate{
		"good": issued(tlstest.Root(), nil), "expired": issued(tlstest.Root(), expired), "untrusted": issued(otherRoot(), nil),
		"for servers": issued(tlstest.Root(), func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }),
	} {
		clients[name] = &c
	}
	alerts := map[string]AlertError{"expired": 45, "untrusted": 48, "for servers": 43}
	for auth := NoClientCert; auth <= RequireAndVerifyClientCert; auth++ {
		for name, cert := range clients {
			for _, v := range versions {
				server := serverSide(v, func(c *stdtls.Config) { c.ClientAuth, c.ClientCAs = auth, roots() })
				client := clientSide(func(c *stdtls.Config) {
					c.GetClientCertificate = func(*CertificateRequestInfo) (*Certificate, error) { return cert, nil }
				})
				want := outcomeOf(meet(t, pairing{}, client, server))
				for _, p := range pairings {
					t.Run(fmt.Sprint(auth, " ", name, " ", VersionName(v), " ", p), func(t *testing.T) {
						m := meet(t, p, client, server)
						if got := outcomeOf(m); got != want {
							t.Fatalf("%+v, crypto/tls has %+v; client: %v; server: %v", got, want, m.clientErr, m.serverErr)
						}
						if want.server {
							return
						}
						if p.server && name != "missing" {
							refusedFor(t, m.serverErr, name)
						}
						alert := alerts[name]
						if name == "missing" {
							alert = map[uint16]AlertError{VersionTLS12: 40, VersionTLS13: 116}[v]
						}
						if p.client && p.server {
							alertAt(t, m.clientErr, alert)
						}
					})
				}
			}
		}
	}
}

// refusedFor checks the errors within one about a certificate.
func refusedFor(t *testing.T, err error, why string) {
	t.Helper()
	var failed *CertificateVerificationError
	if !errors.As(err, &failed) || len(failed.UnverifiedCertificates) == 0 {
		t.Errorf("%T: %v", err, err)
		return
	}
	var (
		unknown x509.UnknownAuthorityError
		invalid x509.CertificateInvalidError
		name    x509.HostnameError
	)
	ok := false
	switch why {
	case "untrusted":
		ok = errors.As(err, &unknown)
	case "expired":
		ok = errors.As(err, &invalid) && invalid.Reason == x509.Expired
	case "for servers", "for clients":
		ok = errors.As(err, &invalid) && invalid.Reason == x509.IncompatibleUsage
	case "another name":
		ok = errors.As(err, &name)
	}
	if !ok {
		t.Errorf("%s: %v", why, err)
	}
}

// TestServerCertificates has a client meet servers that it should not trust,
// and looks at the checks in the record.
func TestServerCertificates(t *testing.T) {
	for name, kind := range map[string]struct {
		cert  Certificate
		alert AlertError
		check string
	}{
		"good":         {issued(tlstest.Root(), nil), 0, ""},
		"expired":      {issued(tlstest.Root(), expired), 45, "dates"},
		"untrusted":    {issued(otherRoot(), nil), 48, "issuer"},
		"for clients":  {issued(tlstest.Root(), func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }), 43, "purpose"},
		"another name": {issued(tlstest.Root(), func(c *x509.Certificate) { c.DNSNames = []string{"b.example"} }), 42, "name"},
	} {
		for _, v := range versions {
			for _, p := range []pairing{{true, false}, {true, true}} {
				t.Run(fmt.Sprint(name, " ", VersionName(v), " ", p), func(t *testing.T) {
					var record *Record
					client := clientSide(nil)
					client.change = func(c *Config) { c.OnHandshake = func(r *Record) { record = r } }
					m := meet(t, p, client, serverSide(v, func(c *stdtls.Config) { c.Certificates = []Certificate{kind.cert} }))
					if kind.alert == 0 {
						m.good(t)
					} else {
						m.bad(t)
						refusedFor(t, m.clientErr, name)
						if p.server {
							alertAt(t, m.serverErr, kind.alert)
						}
					}
					checksOf(t, record, kind.check)
				})
			}
		}
	}
}

// checksOf looks for the one check that failed; empty: none did.
func checksOf(t *testing.T, r *Record, failed string) {
	t.Helper()
	if r == nil || len(r.Checks()) == 0 {
		t.Fatal("there are no checks in the record")
	}
	var found []string
	for _, c := range r.Checks() {
		if c.Name == "" || c.Subject == "" || c.Detail == "" {
			t.Errorf("a check that says nothing: %+v", c)
		}
		if !c.OK {
			found = append(found, c.Name)
		}
	}
	if failed == "" && len(found) > 0 || failed != "" && (len(found) != 1 || found[0] != failed) {
		t.Errorf("the checks that failed are %v, want %q", found, failed)
	}
	if (r.Failure != nil) != (failed != "") {
		t.Errorf("the failure is %v", r.Failure)
	}
}

// TestRecordWithoutHook keeps the record of a failure though nobody has asked.
func TestRecordWithoutHook(t *testing.T) {
	m := meet(t, pairing{true, true}, clientSide(func(c *stdtls.Config) { c.RootCAs = otherRoot().Pool() }), serverSide(VersionTLS13, nil)).bad(t)
	client, server := m.client.(*Conn).Record(), m.server.(*Conn).Record()
	checksOf(t, client, "issuer")
	if server == nil || server.Failure == nil || server.Failure.By != "the peer" || server.Failure.Number != 48 {
		t.Errorf("the server's record: %+v", server)
	}
	if len(server.Checks()) != 0 {
		t.Errorf("the server has checked %v", server.Checks())
	}
}

func TestInsecureSkipVerify(t *testing.T) {
	forEach(t, func(t *testing.T, v uint16, p pairing) {
		client := clientSide(func(c *stdtls.Config) { c.RootCAs, c.InsecureSkipVerify, c.ServerName = x509.NewCertPool(), true, "" })
		m := meet(t, p, client, serverSide(v, nil)).good(t)
		if s := m.client.ConnectionState(); len(s.PeerCertificates) == 0 || len(s.VerifiedChains) != 0 {
			t.Errorf("%d certificates, %d chains", len(s.PeerCertificates), len(s.VerifiedChains))
		}
	})
}

// TestSystemRoots has no pool: nothing in the tests is known to the system.
func TestSystemRoots(t *testing.T) {
	m := meet(t, pairing{true, true}, clientSide(func(c *stdtls.Config) { c.RootCAs = nil }), serverSide(VersionTLS13, nil)).bad(t)
	refusedFor(t, m.clientErr, "untrusted")
}

// TestCertificateOfEveryClient shows each kind of key as a client, to servers
// of both packages.
func TestCertificateOfEveryClient(t *testing.T) {
	forEach(t, func(t *testing.T, v uint16, p pairing) {
		for _, kind := range tlstest.KeyTypes {
			server := serverSide(v, func(c *stdtls.Config) { c.ClientAuth, c.ClientCAs = RequireAndVerifyClientCert, roots() })
			client := clientSide(func(c *stdtls.Config) { c.Certificates = []Certificate{issued(otherRoot(), nil), certOf(kind)} })
			m := meet(t, p, client, server).good(t)
			if got := m.server.ConnectionState().PeerCertificates; !got[0].Equal(certOf(kind).Leaf) {
				t.Errorf("%s: another certificate was shown", kind)
			}
		}
	})
}
