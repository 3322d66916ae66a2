package tls

import (
	"errors"
	"testing"

	"github.com/handsel-tls/handsel/internal/tlstest"
)

// certFor gives a certificate for a name.
func certFor(name, kind string) Certificate {
	key := tlstest.NewKey(kind)
	return Certificate{Certificate: tlstest.Root().Leaf(key, []string{name}, nil), PrivateKey: key}
}

// A server with several certificates shows the first that is for the name and
// that the client can verify; its record says why those before it lost.
func TestWhyAnotherCertificate(t *testing.T) {
	list := []Certificate{certFor("b.example", "P-256"), certFor("a.example", "P-256"), certFor("a.example", "RSA-2048")}
	pss := []SignatureScheme{PSSWithSHA256}
	for name, c := range map[string]struct {
		verify  []SignatureScheme
		version uint16
		chosen  string
		refused []Refusal
	}{
		"anything":        {nil, VersionTLS13, "ECDSA for a.example", nil},
		"RSA in TLS 1.3":  {pss, VersionTLS13, "RSA for a.example", []Refusal{{"ECDSA for a.example", "the peer cannot verify such a signature"}}},
		"RSA in TLS 1.2":  {pss, VersionTLS12, "RSA for a.example", []Refusal{{"ECDSA for a.example", "the peer cannot verify such a signature"}}},
		"the other alone": {nil, VersionTLS13, "ECDSA for b.example", nil},
	} {
		for _, asked := range []bool{false, true} {
			server := &Config{Time: testTime, OnHandshake: func(*Record) {}}
			client := &Config{
				RootCAs: roots(), ServerName: "a.example", Time: testTime, MaxVersion: c.version,
				VerifySchemes: c.verify, CertificateSchemes: []SignatureScheme{ECDSAWithP256AndSHA256},
			}
			if name == "the other alone" {
				client.ServerName = "b.example"
			}
			if asked {
				server.GetCertificates = func(*ClientHelloInfo) ([]*Certificate, error) {
					return []*Certificate{&list[0], &list[1], &list[2]}, nil
				}
			} else {
				server.Certificates = list
			}
			cs, ss := tcpPair(t)
			a, b := Client(cs, client), Server(ss, server)
			done := make(chan error, 1)
			go func() { done <- b.Handshake() }()
			if err := errors.Join(a.Handshake(), <-done); err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			var choice Choice
			for _, made := range b.Record().Choices() {
				if made.Topic == "certificate" {
					choice = made
				}
			}
			one := name == "the other alone" // there is no choice
			if choice.Chosen != c.chosen && !one || len(choice.Refused) != len(c.refused) {
				t.Errorf("%s: %+v of %+v", name, choice, b.Record().Choices())
			}
			for i := range min(len(choice.Refused), len(c.refused)) {
				if choice.Refused[i] != c.refused[i] {
					t.Errorf("%s: %+v", name, choice.Refused[i])
				}
			}
			if got := a.ConnectionState().PeerCertificates[0].DNSNames[0]; got != client.ServerName {
				t.Errorf("%s: the certificate is for %s", name, got)
			}
		}
	}
}

// Without a certificate for the name, the first is shown, as crypto/tls does; and
// a function that gives none, or fails, ends the handshake.
func TestNoCertificateForTheName(t *testing.T) {
	list := []Certificate{certFor("b.example", "P-256"), certFor("c.example", "P-256")}
	try := func(server *Config) (shown string, err error) {
		server.Time = testTime
		cs, ss := tcpPair(t)
		a, b := Client(cs, &Config{ServerName: "a.example", InsecureSkipVerify: true, Time: testTime}), Server(ss, server)
		done := make(chan error, 1)
		go func() { done <- b.Handshake() }()
		a.Handshake()
		if err := <-done; err != nil {
			return "", err
		}
		return a.ConnectionState().PeerCertificates[0].DNSNames[0], nil
	}
	if shown, err := try(&Config{Certificates: list}); err != nil || shown != "b.example" {
		t.Errorf("%s, %v", shown, err)
	}
	if shown, err := try(&Config{GetCertificates: func(*ClientHelloInfo) ([]*Certificate, error) {
		return []*Certificate{{Certificate: [][]byte{{1}}}, &list[1], nil}, nil
	}}); err != nil || shown != "c.example" {
		t.Errorf("beside those that cannot be used: %s, %v", shown, err)
	}
	broken := errors.New("the store is closed")
	for _, want := range []error{nil, broken} {
		_, err := try(&Config{GetCertificates: func(*ClientHelloInfo) ([]*Certificate, error) { return nil, want }})
		if err == nil || want != nil && !errors.Is(err, broken) {
			t.Error(err)
		}
	}
}
