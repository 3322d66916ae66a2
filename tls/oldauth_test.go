package tls

import (
	"crypto/x509"
	"errors"
	"strings"
	"testing"

	"github.com/handsel-tls/handsel/internal/tlstest"
)

// A client shows its certificate in the versions whose requests name no signature
// schemes, if they ask for keys of its kind.
func TestClientCertificateBefore12(t *testing.T) {
	for _, version := range []uint16{VersionSSL30, VersionTLS10, VersionTLS11, VersionTLS12} {
		for _, kind := range []string{"P-256", "RSA-2048"} {
			cs, ss := tcpPair(t)
			client := Client(cs, &Config{
				RootCAs: roots(), ServerName: "a.example", Time: testTime, Policy: "museum", MinVersion: VersionSSL30, MaxVersion: version,
				Certificates: []Certificate{certOf(kind)},
			})
			server := Server(ss, &Config{
				Certificates: []Certificate{certOf("RSA-2048")}, Time: testTime, Policy: "museum", MinVersion: VersionSSL30,
				ClientAuth: RequireAndVerifyClientCert, ClientCAs: roots(),
			})
			done := make(chan error, 1)
			go func() { done <- server.Handshake() }()
			if err := errors.Join(client.Handshake(), <-done); err != nil {
				t.Errorf("%s with %s: %v", VersionName(version), kind, err)
				continue
			}
			if s := server.ConnectionState(); s.Version != version || len(s.VerifiedChains) == 0 {
				t.Errorf("%s with %s: %s, %d chains", VersionName(version), kind, VersionName(s.Version), len(s.VerifiedChains))
			}
		}
	}
}

// So it does in SSL 2.0, which knows RSA alone.
func TestClientCertificateInSSL2(t *testing.T) {
	cs, ss := tcpPair(t)
	client := Client(cs, &Config{RootCAs: roots(), ServerName: "a.example", Time: testTime, SSL2: true, Certificates: []Certificate{certOf("P-256"), certOf("RSA-2048")}})
	server := Server(ss, &Config{Certificates: []Certificate{certOf("RSA-2048")}, Time: testTime, SSL2: true, ClientAuth: RequireAndVerifyClientCert, ClientCAs: roots()})
	done := make(chan error, 1)
	go func() { done <- server.Handshake() }()
	if err := errors.Join(client.Handshake(), <-done); err != nil {
		t.Fatal(err)
	}
	if s := server.ConnectionState(); len(s.VerifiedChains) == 0 {
		t.Errorf("%d chains", len(s.VerifiedChains))
	}
}

// Keys that the standard library does not know are shown as others are, to servers
// that can verify them and know who has issued their certificate.
func TestUncommonClientCertificates(t *testing.T) {
	certs := map[string]Certificate{"DSA": certOf("DSA")}
	for kind, c := range tlstest.UncommonCredentials() {
		certs[kind] = Certificate{Certificate: c.Chain, PrivateKey: c.Key}
	}
	mldsa := []SignatureScheme{0x0904, 0x0905, 0x0906, ECDSAWithP256AndSHA256, PSSWithSHA256, 0x0809, 0x080a, 0x080b} // and rsa_pss_pss
	for kind, cert := range certs {
		for _, version := range []uint16{VersionTLS10, VersionTLS12, VersionTLS13} {
			known := kind == "DSA" && version < VersionTLS13 || strings.HasPrefix(kind, "RSA-PSS") && version > VersionTLS10 ||
				strings.HasPrefix(kind, "ML-DSA") && version == VersionTLS13
			for _, cas := range []*x509.CertPool{roots(), otherRoot().Pool()} {
				cs, ss := tcpPair(t)
				client := Client(cs, &Config{
					RootCAs: roots(), ServerName: "a.example", Time: testTime, Policy: "museum", MinVersion: VersionTLS10, MaxVersion: version,
					Certificates: []Certificate{cert},
				})
				sc := &Config{
					Certificates: []Certificate{certOf("P-256")}, Time: testTime, Policy: "museum", MinVersion: VersionTLS10,
					ClientAuth: RequestClientCert, ClientCAs: cas,
				}
				if version == VersionTLS13 {
					sc.VerifySchemes = mldsa
				}
				server := Server(ss, sc)
				done := make(chan error, 1)
				go func() { done <- server.Handshake() }()
				if err := errors.Join(client.Handshake(), <-done); err != nil {
					t.Errorf("%s in %s: %v", kind, VersionName(version), err)
					continue
				}
				want := known && cas.Equal(roots())
				if shown := len(server.ConnectionState().PeerCertificates) > 0; shown != want {
					t.Errorf("%s in %s is shown: %v, want %v", kind, VersionName(version), shown, want)
				}
			}
		}
	}
}
