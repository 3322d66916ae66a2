package tls

import (
	"errors"
	"testing"
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
