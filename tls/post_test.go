package tls

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"testing"
	"time"
)

// laterPair gives a connected pair of TLS 1.3 that allows authentication after
// the handshake.
func laterPair(t *testing.T, change func(client, server *Config)) (client, server *Conn) {
	t.Helper()
	return renegotiators(t, func(client, server *Config) {
		client.MaxVersion = 0
		client.PostHandshakeAuth, server.PostHandshakeAuth = true, true
		client.Certificates = []Certificate{certOf("P-256")}
		change(client, server)
	})
}

// wanting gives the config of a server that wants a certificate.
func wanting(server *Conn, auth ClientAuthType) *Config {
	with := server.config.Clone()
	with.ClientAuth, with.ClientCAs = auth, roots()
	return with
}

// A server asks for a certificate once it needs one, whether or not somebody
// else is in Read, in every version.
func TestRequestCertificate(t *testing.T) {
	for _, version := range []uint16{VersionTLS12, VersionTLS13} {
		for _, reading := range []bool{false, true} {
			var told atomic.Int32
			client, server := laterPair(t, func(client, server *Config) {
				client.MaxVersion, client.Renegotiation = version, RenegotiateOnceAsClient
				server.OnHandshake = func(r *Record) {
					if r.PostHandshake {
						told.Add(1)
					}
				}
			})
			serverChain := client.ConnectionState().VerifiedChains
			go func() {
				client.Write([]byte("data on its way"))
				io.Copy(io.Discard, client) // answers
			}()
			got := make(chan string, 1)
			read := func() {
				b := make([]byte, 15)
				io.ReadFull(server, b)
				got <- string(b)
			}
			if reading {
				go read()
				time.Sleep(10 * time.Millisecond)
			}
			if err := server.RequestCertificate(context.Background(), wanting(server, RequireAndVerifyClientCert)); err != nil {
				t.Fatal(err)
			}
			if s := server.ConnectionState(); len(s.PeerCertificates) != 1 || len(s.VerifiedChains) == 0 || s.Version != version {
				t.Errorf("the client is not known: %d certificates", len(s.PeerCertificates))
			}
			if !reading {
				read()
			}
			if s := <-got; s != "data on its way" {
				t.Errorf("%q", s)
			}
			if _, err := server.Write([]byte("on")); err != nil {
				t.Error(err)
			}
			if want := version == VersionTLS13; (told.Load() == 1) != want {
				t.Errorf("it was told %d times", told.Load())
			}
			if len(serverChain) == 0 || len(client.ConnectionState().VerifiedChains) != len(serverChain) {
				t.Error("the client does not know the server any more")
			}
			sameKeyingMaterial(t, client.ConnectionState(), server.ConnectionState())
		}
	}
}

// A client that has no certificate says so; one that cannot be verified is
// refused.
func TestRequestCertificateDeclined(t *testing.T) {
	client, server := laterPair(t, func(client, _ *Config) { client.Certificates = nil })
	go io.Copy(io.Discard, client)
	if err := server.RequestCertificate(context.Background(), wanting(server, VerifyClientCertIfGiven)); err != nil {
		t.Fatal(err)
	}
	if n := len(server.ConnectionState().PeerCertificates); n != 0 {
		t.Errorf("%d certificates", n)
	}
	if err := server.RequestCertificate(context.Background(), wanting(server, RequireAnyClientCert)); err == nil {
		t.Error("a certificate is required, and there is none")
	}
	client, server = laterPair(t, func(client, _ *Config) { client.Certificates = []Certificate{issued(otherRoot(), nil)} })
	go io.Copy(io.Discard, client)
	if err := server.RequestCertificate(context.Background(), wanting(server, RequireAndVerifyClientCert)); err == nil {
		t.Error("nobody has issued that certificate")
	}
	if n := len(server.ConnectionState().VerifiedChains); n != 0 {
		t.Errorf("%d chains were verified", n)
	}
}

// A client that cannot be asked is told apart, and the connection goes on.
func TestRequestCertificateImpossible(t *testing.T) {
	for name, change := range map[string]func(client, server *Config){
		"the client did not say so": func(client, _ *Config) { client.PostHandshakeAuth = false },
		"the server keeps nothing":  func(_, server *Config) { server.PostHandshakeAuth = false },
		"HTTP/2": func(client, server *Config) {
			client.NextProtos, server.NextProtos = []string{"h2"}, []string{"h2"}
		},
	} {
		client, server := laterPair(t, change)
		if err := server.RequestCertificate(context.Background(), wanting(server, RequireAnyClientCert)); !errors.Is(err, ErrNoPostHandshakeAuth) {
			t.Errorf("%s: %v", name, err)
		}
		go client.Write([]byte("as before"))
		reads(t, server, "as before")
		if client.RequestCertificate(context.Background(), wanting(server, RequireAnyClientCert)) == nil ||
			server.RequestCertificate(context.Background(), nil) == nil || server.RequestCertificate(context.Background(), server.config) == nil {
			t.Error("that asks for nothing")
		}
	}
}

// Both sides write, read and look at the connection while it goes on.
func TestRequestCertificateAmidTraffic(t *testing.T) {
	client, server := laterPair(t, func(_, _ *Config) {})
	stop := make(chan struct{})
	for _, c := range []*Conn{client, server} {
		go io.Copy(io.Discard, c)
		go func() {
			for {
				select {
				case <-stop:
					return
				default:
					c.Write(make([]byte, 100))
					c.ConnectionState()
					c.ExportKeyingMaterial("label", nil, 16)
					time.Sleep(100 * time.Microsecond)
				}
			}
		}()
	}
	for range 5 {
		if err := server.RequestCertificate(context.Background(), wanting(server, RequireAndVerifyClientCert)); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
}
