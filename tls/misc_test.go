package tls

import (
	"bytes"
	"context"
	stdtls "crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/tlstest"
)

// TestSeveralCertificates chooses by name and by what the client can verify.
func TestSeveralCertificates(t *testing.T) {
	named := func(name string) Certificate {
		key := tlstest.NewKey("P-256")
		return Certificate{Certificate: tlstest.Root().Leaf(key, []string{name}, nil), PrivateKey: key}
	}
	certs := []Certificate{named("b.example"), named("c.example"), certOf("RSA-2048"), certOf("P-256")}
	for _, v := range versions {
		for _, p := range []pairing{{false, true}, {true, true}} {
			for name, want := range map[string]int{"b.example": 0, "c.example": 1, "a.example": 2} {
				m := meet(t, p, clientSide(func(c *stdtls.Config) { c.ServerName = name }),
					serverSide(v, func(c *stdtls.Config) { c.Certificates = certs })).good(t)
				if got := m.client.ConnectionState().PeerCertificates[0]; !bytes.Equal(got.Raw, certs[want].Certificate[0]) {
					t.Errorf("%s: it is %v", name, got.DNSNames)
				}
			}
			m := meet(t, p, clientSide(func(c *stdtls.Config) { c.ServerName, c.InsecureSkipVerify = "d.example", true }),
				serverSide(v, func(c *stdtls.Config) { c.Certificates = certs })).good(t)
			if got := m.client.ConnectionState().PeerCertificates[0]; !bytes.Equal(got.Raw, certs[0].Certificate[0]) {
				t.Errorf("not the first, but %v", got.DNSNames)
			}
		}
	}
}

// TestRSAKeyExchange is off unless a policy or the config names it.
func TestRSAKeyExchange(t *testing.T) {
	ask := func(c *stdtls.Config) {
		c.CipherSuites, c.MaxVersion = []uint16{TLS_RSA_WITH_AES_128_GCM_SHA256}, VersionTLS12
	}
	for _, p := range pairings {
		server := serverSide(VersionTLS12, func(c *stdtls.Config) { c.Certificates = []Certificate{certOf("RSA-2048")} })
		if p.server {
			meet(t, p, clientSide(ask), server).bad(t)
			server = serverSide(VersionTLS12, func(c *stdtls.Config) { c.Certificates = []Certificate{certOf("RSA-2048")} })
			server.change = func(c *Config) { c.Policy = "compatible" }
		} else {
			server.std.CipherSuites = []uint16{TLS_RSA_WITH_AES_128_GCM_SHA256}
		}
		m := meet(t, p, clientSide(ask), server).good(t)
		for _, s := range []ConnectionState{m.client.ConnectionState(), m.server.ConnectionState()} {
			if s.CipherSuite != TLS_RSA_WITH_AES_128_GCM_SHA256 || s.CurveID != 0 {
				t.Errorf("%v: %x, %v", p, s.CipherSuite, s.CurveID)
			}
		}
	}
}

func TestUnusableCertificates(t *testing.T) {
	good := certOf("P-256")
	for name, cert := range map[string]Certificate{
		"empty":             {},
		"no key":            {Certificate: good.Certificate},
		"a key of no use":   {Certificate: good.Certificate, PrivateKey: "key"},
		"not a certificate": {Certificate: [][]byte{{1, 2, 3}}, PrivateKey: good.PrivateKey},
	} {
		for _, v := range versions {
			m := meet(t, pairing{false, true}, clientSide(nil), serverSide(v, func(c *stdtls.Config) { c.Certificates = []Certificate{cert} })).bad(t)
			if f := faultOf(m.serverErr); f != "CertificateUnusable" && f != "NoCertificate" {
				t.Errorf("%s: %v", name, m.serverErr)
			}
		}
	}
}

// TestOwnVerification sends the alert that a program's own verification calls
// for.
func TestOwnVerification(t *testing.T) {
	for alert, err := range map[AlertError]error{
		42: errors.New("I do not like it"), 48: x509.UnknownAuthorityError{}, 43: x509.CertificateInvalidError{Reason: x509.IncompatibleUsage},
		45: fmt.Errorf("wrapped: %w", x509.CertificateInvalidError{Reason: x509.Expired}),
	} {
		client := clientSide(func(c *stdtls.Config) {
			c.InsecureSkipVerify = true
			c.VerifyPeerCertificate = func([][]byte, [][]*x509.Certificate) error { return err }
		})
		m := meet(t, pairing{true, true}, client, serverSide(0, nil)).bad(t)
		alertAt(t, m.serverErr, alert)
		if m.clientErr == nil || !strings.Contains(m.clientErr.Error(), err.Error()) {
			t.Errorf("%v is not in %v", err, m.clientErr)
		}
	}
}

func TestDial(t *testing.T) {
	l, err := Listen("tcp", "127.0.0.1:0", serverSide(0, nil).config())
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { greet(c.(*Conn)); c.Close() }()
		}
	}()
	addr := l.Addr().String()
	config := &Config{RootCAs: roots(), Time: testTime} // the name is that of the address
	for name, dial := range map[string]func() (net.Conn, error){
		"Dial": func() (net.Conn, error) { return Dial("tcp", addr, config) },
		"DialWithDialer": func() (net.Conn, error) {
			return DialWithDialer(&net.Dialer{Deadline: time.Now().Add(time.Minute)}, "tcp", addr, config)
		},
		"Dialer": func() (net.Conn, error) { return (&Dialer{Config: config}).Dial("tcp", addr) },
		"DialContext": func() (net.Conn, error) {
			return (&Dialer{NetDialer: new(net.Dialer), Config: config}).DialContext(context.Background(), "tcp", addr)
		},
	} {
		c, err := dial()
		if err != nil {
			t.Fatal(name, err)
		}
		if err := greet(c.(*Conn)); err != nil {
			t.Error(name, err)
		}
		if c.LocalAddr() == nil || c.RemoteAddr().String() != addr {
			t.Errorf("%s: %v to %v", name, c.LocalAddr(), c.RemoteAddr())
		}
		c.Close()
	}
	if config.ServerName != "" {
		t.Error("Dial has changed the config")
	}
	if c, err := (&Dialer{}).Dial("tcp", addr); c != nil || err == nil {
		t.Errorf("nobody trusts this: %v, %v", c, err)
	}
	l.Close()
	if c, err := (&Dialer{Config: config}).Dial("tcp", addr); c != nil || !errors.As(err, new(*net.OpError)) {
		t.Errorf("nobody listens: %v, %v", c, err)
	}
}

func TestLRU(t *testing.T) {
	c := NewLRUClientSessionCache(2)
	states := []*ClientSessionState{{}, {}, {}}
	for i, s := range states[:2] {
		c.Put(fmt.Sprint(i), s)
	}
	c.Get("0")
	c.Put("2", states[2]) // 1 has to go
	for i, want := range []bool{true, false, true} {
		if got, ok := c.Get(fmt.Sprint(i)); ok != want || ok && got != states[i] {
			t.Errorf("%d: %v", i, ok)
		}
	}
	c.Put("0", states[1])
	if got, _ := c.Get("0"); got != states[1] {
		t.Error("the old one is still there")
	}
	c.Put("0", nil)
	c.Put("nothing", nil)
	if _, ok := c.Get("0"); ok {
		t.Error("it was not removed")
	}
	many := NewLRUClientSessionCache(0)
	for i := range 65 {
		many.Put(fmt.Sprint(i), new(ClientSessionState))
	}
	if _, ok := many.Get("0"); ok {
		t.Error("more than 64 were kept")
	}
}

func TestErrorTexts(t *testing.T) {
	m := meet(t, pairing{true, true}, clientSide(func(c *stdtls.Config) { c.ServerName = "b.example" }), serverSide(0, nil)).bad(t)
	for _, want := range []string{"tls: ", "not for the name", "a.example", "x509: certificate is valid for a.example, localhost, not b.example"} {
		if !strings.Contains(m.clientErr.Error(), want) {
			t.Errorf("%q is not in %q", want, m.clientErr)
		}
	}
	r := m.client.(*Conn).Record()
	if !strings.Contains(r.Failure.Error(), "not for the name") || len(r.Steps()) < 5 || len(r.Choices()) == 0 {
		t.Errorf("%v, %d steps, %d choices", r.Failure, len(r.Steps()), len(r.Choices()))
	}
	if strings.Count(r.Failure.Error(), r.Failure.Sentence) != 1 {
		t.Errorf("it repeats itself: %v", r.Failure)
	}
	if s := m.serverErr.Error(); !strings.HasPrefix(s, "remote error: tls: ") || !strings.Contains(s, "bad_certificate") {
		t.Error(s)
	}
	if (errTimeout{}).Error() == "" || !(errTimeout{}).Temporary() {
		t.Error("a timeout is said to be temporary by crypto/tls too")
	}
}

func TestLoadX509KeyPair(t *testing.T) {
	cert := certOf("P-256")
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "cert"), filepath.Join(dir, "key")
	if err := errors.Join(os.WriteFile(certFile, certPEM, 0o600), os.WriteFile(keyFile, keyPEM, 0o600)); err != nil {
		t.Fatal(err)
	}
	a, err1 := X509KeyPair(certPEM, keyPEM)
	b, err2 := LoadX509KeyPair(certFile, keyFile)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	for _, c := range []Certificate{a, b} {
		meet(t, pairing{true, true}, clientSide(nil), serverSide(0, func(s *stdtls.Config) { s.Certificates = []Certificate{c} })).good(t)
	}
	if CipherSuiteName(CipherSuites()[0].ID) != CipherSuites()[0].Name || len(InsecureCipherSuites()) == 0 {
		t.Error("the lists of suites")
	}
}

func TestStaple(t *testing.T) {
	cert := certOf("P-256")
	cert.OCSPStaple = []byte("response")
	forEach(t, func(t *testing.T, v uint16, p pairing) {
		m := meet(t, p, clientSide(nil), serverSide(v, func(c *stdtls.Config) { c.Certificates = []Certificate{cert} })).good(t)
		got := m.client.ConnectionState().OCSPResponse
		if ours, ok := m.client.(*Conn); ok {
			got = ours.OCSPResponse()
		}
		if string(got) != "response" {
			t.Errorf("%q", got)
		}
	})
}

// TestHTTPServerChangesItsMind has a server that speaks HTTP/2 first and
// HTTP/1.1 later, and the other way round.
func TestHTTPServerChangesItsMind(t *testing.T) {
	var protocol atomic.Value
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Proto) })}
	defer srv.Close()
	go Serve(srv, l, &Config{
		NextProtos: []string{"h2", "http/1.1"},
		GetConfigForClient: func(*ClientHelloInfo) (*Config, error) {
			return &Config{Certificates: []Certificate{certOf("P-256")}, NextProtos: []string{protocol.Load().(string)}}, nil
		},
	})
	rt := NewTransport(&Config{RootCAs: roots(), Time: testTime})
	for _, p := range []string{"h2", "http/1.1", "h2"} {
		protocol.Store(p)
		want := map[string]string{"h2": "HTTP/2.0", "http/1.1": "HTTP/1.1"}[p]
		if got := get(t, rt, "https://"+l.Addr().String()+"/"); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		rt.CloseIdleConnections()
	}
}
