package tls

import (
	"bytes"
	"crypto/rand"
	stdtls "crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// certOf gives the certificate of a kind of key.
func certOf(kind string) Certificate {
	c := tlstest.Credentials()[kind]
	return Certificate{Certificate: c.Chain, PrivateKey: c.Key, Leaf: c.Leaf}
}

func roots() *x509.CertPool { return tlstest.Root().Pool() }

func testTime() time.Time { return tlstest.Now }

// tcpPair gives two ends of a loopback connection.
func tcpPair(t testing.TB) (client, server net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, err = net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err = l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []net.Conn{client, server} {
		c.SetDeadline(time.Now().Add(20 * time.Second))
		t.Cleanup(func() { c.Close() })
	}
	return client, server
}

type endpoint interface {
	net.Conn
	Handshake() error
	CloseWrite() error
}

// exchange sends data both ways and closes, each side in turn.
func exchange(t *testing.T, client, server endpoint) {
	t.Helper()
	data := make([]byte, 100_000)
	rand.Read(data)
	result := make(chan error, 1)
	go func() {
		got, err := io.ReadAll(server)
		if err == nil && !bytes.Equal(got, data) {
			err = fmt.Errorf("the server read something else: %d bytes", len(got))
		}
		if err == nil {
			_, err = server.Write(got)
		}
		if err == nil {
			err = server.CloseWrite()
		}
		if err != nil {
			server.Close()
		}
		result <- err
	}()
	if _, err := client.Write(data); err != nil {
		t.Error("client:", err)
	} else if err := client.CloseWrite(); err != nil {
		t.Error("client:", err)
	} else if got, err := io.ReadAll(client); err != nil || !bytes.Equal(got, data) {
		t.Error("client:", len(got), err)
	}
	if err := <-result; err != nil {
		t.Error("server:", err)
	}
}

func TestServerForStandardClient(t *testing.T) {
	for _, version := range []uint16{VersionTLS12, VersionTLS13} {
		for _, kind := range tlstest.KeyTypes {
			for _, curve := range []CurveID{X25519MLKEM768, X25519, CurveP256, CurveP384, CurveP521} {
				if version == VersionTLS12 && curve == X25519MLKEM768 {
					continue // a key encapsulation: TLS 1.3 only
				}
				t.Run(fmt.Sprint(VersionName(version), kind, curve), func(t *testing.T) {
					c, s := tcpPair(t)
					server := Server(s, &Config{Certificates: []Certificate{certOf(kind)}, Time: testTime, NextProtos: []string{"a", "b"}})
					client := stdtls.Client(c, &stdtls.Config{
						RootCAs: roots(), ServerName: "a.example", Time: testTime, NextProtos: []string{"b"},
						MinVersion: version, MaxVersion: version, CurvePreferences: []CurveID{curve},
					})
					if version == VersionTLS12 && otherCurve(kind, curve) {
						if err := handshakes(client, server); !errors.Is(err, fault.CurveNotOffered) {
							t.Errorf("the server: %v", err)
						}
						return
					}
					exchange(t, client, server)
					got, want := server.ConnectionState(), client.ConnectionState()
					if got.Version != version || got.NegotiatedProtocol != "b" || got.CurveID != curve || got.CipherSuite != want.CipherSuite {
						t.Errorf("%+v", got)
					}
					sameKeyingMaterial(t, got, want)
				})
			}
		}
	}
}

// otherCurve reports whether a key is on a curve of ECDSA and the client names
// another of these, and so does not take it before TLS 1.3: crypto/tls would, and
// RFC 8422, section 5.3, does not let a server show it.
func otherCurve(kind string, curve CurveID) bool {
	curves := map[string]CurveID{"P-256": CurveP256, "P-384": CurveP384, "P-521": CurveP521}
	on, ok := curves[kind]
	return ok && on != curve && curve != X25519
}

// handshakes makes a handshake and gives the server's error.
func handshakes(client, server endpoint) error {
	result := make(chan error, 1)
	go func() { result <- server.Handshake() }()
	client.Handshake()
	return <-result
}

func sameKeyingMaterial(t *testing.T, a, b ConnectionState) {
	t.Helper()
	if t.Failed() {
		return
	}
	x, err1 := a.ExportKeyingMaterial("EXPERIMENTAL", []byte("context"), 40)
	y, err2 := b.ExportKeyingMaterial("EXPERIMENTAL", []byte("context"), 40)
	if err1 != nil || err2 != nil || !bytes.Equal(x, y) {
		t.Errorf("keying material: %x, %x, %v, %v", x, y, err1, err2)
	}
}

func TestClientOfStandardServer(t *testing.T) {
	for _, version := range []uint16{VersionTLS12, VersionTLS13} {
		for _, kind := range tlstest.KeyTypes {
			for _, curve := range []CurveID{X25519MLKEM768, X25519, CurveP256, CurveP384, CurveP521} {
				if version == VersionTLS12 && curve == X25519MLKEM768 {
					continue // a key encapsulation: TLS 1.3 only
				}
				t.Run(fmt.Sprint(VersionName(version), kind, curve), func(t *testing.T) {
					c, s := tcpPair(t)
					server := stdtls.Server(s, &stdtls.Config{
						Certificates: []Certificate{certOf(kind)}, Time: testTime, NextProtos: []string{"b"},
						MinVersion: version, MaxVersion: version, CurvePreferences: []CurveID{curve},
					})
					client := Client(c, &Config{RootCAs: roots(), ServerName: "a.example", Time: testTime, NextProtos: []string{"a", "b"}})
					exchange(t, client, server)
					got, want := client.ConnectionState(), server.ConnectionState()
					if got.Version != version || got.NegotiatedProtocol != "b" || got.CurveID != curve || got.CipherSuite != want.CipherSuite || len(got.VerifiedChains) == 0 {
						t.Errorf("%+v", got)
					}
					sameKeyingMaterial(t, got, want)
				})
			}
		}
	}
}
