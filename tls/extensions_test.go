package tls

import (
	stdtls "crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// stapled gives a certificate with an OCSP response and an SCT.
func stapled(c Certificate) Certificate {
	c.OCSPStaple, c.SignedCertificateTimestamps = []byte("response"), [][]byte{{1, 2, 3}}
	return c
}

// NoStapling leaves the OCSP response out on either side.
func TestNoStapling(t *testing.T) {
	for _, v := range versions {
		for _, off := range []string{"", "client", "server"} {
			server := serverSide(v, func(c *stdtls.Config) { c.Certificates = []Certificate{stapled(certOf("P-256"))} })
			client := clientSide(nil)
			server.change = func(c *Config) { c.NoStapling = off == "server" }
			client.change = func(c *Config) { c.NoStapling = off == "client" }
			m := meet(t, pairing{true, true}, client, server).good(t)
			if got := m.client.ConnectionState().OCSPResponse; (got != nil) != (off == "") {
				t.Errorf("%s, off at %q: the response is %q", VersionName(v), off, got)
			}
		}
	}
}

// A server of TLS 1.3 can have clients staple.
func TestClientStaples(t *testing.T) {
	for _, p := range []pairing{{true, true}, {false, true}} {
		for _, asks := range []bool{false, true} {
			server := serverSide(VersionTLS13, func(c *stdtls.Config) { c.ClientAuth, c.ClientCAs = RequireAndVerifyClientCert, roots() })
			server.change = func(c *Config) { c.RequestClientStaples = asks }
			client := clientSide(func(c *stdtls.Config) { c.Certificates = []Certificate{stapled(certOf("P-256"))} })
			m := meet(t, p, client, server).good(t)
			s := m.server.ConnectionState()
			if shown := s.OCSPResponse != nil && len(s.SignedCertificateTimestamps) == 1; shown != asks {
				t.Errorf("%v, asked for: %v: %q and %x", p, asks, s.OCSPResponse, s.SignedCertificateTimestamps)
			}
		}
	}
}

// The schemes to sign with and to accept are settings of a side.
func TestSchemes(t *testing.T) {
	sha384 := []SignatureScheme{PSSWithSHA384}
	server := serverSide(VersionTLS13, func(c *stdtls.Config) { c.Certificates = []Certificate{certOf("RSA-2048")} })
	client := clientSide(nil)
	var offered []SignatureScheme
	server.change = func(c *Config) {
		c.GetConfigForClient = func(hello *ClientHelloInfo) (*Config, error) {
			offered = slices.DeleteFunc(hello.SignatureSchemes, func(s SignatureScheme) bool { return s&0x0f0f == 0x0a0a }) // GREASE
			return nil, nil
		}
	}
	client.change = func(c *Config) {
		c.VerifySchemes, c.CertificateSchemes = sha384, []SignatureScheme{ECDSAWithP256AndSHA256}
	}
	m := meet(t, pairing{true, true}, client, server).good(t)
	if got := m.client.(*Conn).engine.Established().Scheme; got != iana.RSAPSSRSAESHA384 || !slices.Equal(offered, sha384) {
		t.Errorf("offered %v, signed with %v", offered, got)
	}

	// PKCS #1 v1.5 of clients in TLS 1.3 is for those that name it.
	const legacy = SignatureScheme(0x0420)
	server = serverSide(VersionTLS13, func(c *stdtls.Config) { c.ClientAuth = RequireAnyClientCert })
	server.change = func(c *Config) { c.VerifySchemes = []SignatureScheme{legacy, ECDSAWithP256AndSHA256} }
	for _, signs := range [][]SignatureScheme{nil, {legacy}} {
		client = clientSide(func(c *stdtls.Config) { c.Certificates = []Certificate{certOf("RSA-2048")} })
		client.change = func(c *Config) {
			c.SigningSchemes = signs
			c.GetClientCertificate = func(*CertificateRequestInfo) (*Certificate, error) { return &c.Certificates[0], nil }
		}
		if m := meet(t, pairing{true, true}, client, server); (m.serverErr == nil) != (signs != nil) {
			t.Errorf("signing with %v: %v, %v", signs, m.clientErr, m.serverErr)
		}
	}
}

// manyNames makes a certificate that becomes smaller by any algorithm.
func manyNames(c *x509.Certificate) {
	for i := range 20 {
		c.DNSNames = append(c.DNSNames, fmt.Sprintf("%d.a.example", i))
	}
}

// Certificates are compressed from their second use for clients that say so,
// unless it is switched off.
func TestCertificateCompression(t *testing.T) {
	for _, off := range []bool{false, true} {
		server := serverSide(VersionTLS13, nil)
		server.std.Certificates = []Certificate{issued(tlstest.Root(), manyNames)}
		var records []*Record
		server.change = func(c *Config) {
			c.NoCertificateCompression = off
			c.OnHandshake = func(r *Record) { records = append(records, r) }
		}
		client := clientSide(nil)
		client.change = func(c *Config) { c.AcceptCompressedCertificates = true }
		for range 3 {
			meet(t, pairing{true, true}, client, server).good(t)
		}
		for i, r := range records {
			sent := slices.ContainsFunc(r.Steps(), func(s Step) bool { return s.Kind == "sent" && s.Name == "compressed_certificate" })
			if sent != (i > 0 && !off) {
				t.Errorf("handshake %d, off: %v, compressed: %v", i, off, sent)
			}
		}
	}
}

// Limits that the protocol does not know are refused before a handshake.
func TestLimits(t *testing.T) {
	for _, c := range []struct {
		size     uint16
		fragment int
		good     bool
	}{{0, 0, true}, {64, 0, true}, {16385, 4096, true}, {63, 0, false}, {16386, 0, false}, {0, 511, false}, {0, 8192, false}, {0, -1, false}} {
		server, client := serverSide(VersionTLS13, nil), clientSide(nil)
		client.change = func(config *Config) { config.RecordSizeLimit, config.MaxFragmentLength = c.size, c.fragment }
		if err := (&Config{RecordSizeLimit: c.size, MaxFragmentLength: c.fragment}).prepare().err; (err == nil) != c.good {
			t.Errorf("%+v: %v", c, err)
		}
		if c.good {
			meet(t, pairing{true, true}, client, server).good(t)
		}
	}
}

// A delegated credential is shown to peers that accept one, on either side.
func TestDelegatedCredentials(t *testing.T) {
	cert := issued(tlstest.Root(), func(c *x509.Certificate) {
		c.NotBefore = tlstest.Now.Add(-time.Hour)
		c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 44363, 44}, Value: []byte{5, 0}}}
	})
	key := tlstest.NewKey("Ed25519")
	of := func(server bool) []DelegatedCredential {
		raw, err := Delegate(&cert, key.Public(), tlstest.Now.Add(time.Hour), server)
		if err != nil {
			t.Fatal(err)
		}
		return []DelegatedCredential{{&cert, raw, key}}
	}
	for _, accepted := range []bool{false, true} {
		server := serverSide(VersionTLS13, func(c *stdtls.Config) {
			c.Certificates, c.ClientAuth, c.ClientCAs = []Certificate{cert}, RequireAndVerifyClientCert, roots()
		})
		client := clientSide(func(c *stdtls.Config) { c.Certificates = []Certificate{cert} })
		server.change = func(c *Config) { c.DelegatedCredentials, c.AcceptDelegatedCredentials = of(true), accepted }
		client.change = func(c *Config) { c.DelegatedCredentials, c.AcceptDelegatedCredentials = of(false), accepted }
		m := meet(t, pairing{true, true}, client, server).good(t)
		for _, c := range []conn{m.client, m.server} {
			if got := c.(*Conn).engine.Established(); (got.PeerScheme == iana.Ed25519) != accepted {
				t.Errorf("accepted: %v, signed with %v", accepted, got.PeerScheme)
			}
		}
	}
	bad := &Config{DelegatedCredentials: []DelegatedCredential{{&cert, []byte{1}, key}}}
	if bad.prepare().err == nil {
		t.Error("a delegated credential that cannot be read was taken")
	}
	if _, err := Delegate(new(Certificate), key.Public(), tlstest.Now, true); err == nil {
		t.Error("there is no certificate")
	}
}

// A side may set how long a certificate of the peer may be.
func TestMaxCertificateSize(t *testing.T) {
	for _, v := range versions {
		for _, most := range []int{0, 100, 10000} {
			server, client := serverSide(v, nil), clientSide(nil)
			client.change = func(c *Config) { c.MaxCertificateSize = most }
			m := meet(t, pairing{true, true}, client, server)
			if refused := errors.Is(m.clientErr, fault.MessageTooLong); refused != (most == 100) {
				t.Errorf("%s, %d: %v", VersionName(v), most, m.clientErr)
			}
		}
	}
}
