package tls

import (
	"context"
	stdtls "crypto/tls"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

// renegotiators gives a connected pair of TLS 1.2.
func renegotiators(t *testing.T, change func(client, server *Config)) (client, server *Conn) {
	t.Helper()
	c, s := tcpPair(t)
	cc := &Config{RootCAs: roots(), ServerName: "a.example", Time: testTime, MaxVersion: VersionTLS12}
	sc := &Config{Certificates: []Certificate{certOf("P-256")}, Time: testTime}
	change(cc, sc)
	client, server = Client(c, cc), Server(s, sc)
	done := make(chan error, 1)
	go func() { done <- server.Handshake() }()
	if err := errors.Join(client.Handshake(), <-done); err != nil {
		t.Fatal(err)
	}
	return client, server
}

func reads(t *testing.T, c io.Reader, want string) {
	t.Helper()
	b := make([]byte, len(want))
	if _, err := io.ReadFull(c, b); err != nil || string(b) != want {
		t.Errorf("%q, %v", b, err)
	}
}

func TestRenegotiateAsClient(t *testing.T) {
	client, server := renegotiators(t, func(_, server *Config) { server.AllowRenegotiation = true })
	first := client.ConnectionState().TLSUnique
	go server.Write([]byte("before"))
	answered := make(chan error, 1)
	go func() {
		b := make([]byte, 5)
		_, err := io.ReadFull(server, b) // meets the wish
		answered <- err
	}()
	if err := client.Renegotiate(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	client.Write([]byte("after"))
	if err := <-answered; err != nil {
		t.Error(err)
	}
	reads(t, client, "before")
	a, b := client.ConnectionState(), server.ConnectionState()
	if string(a.TLSUnique) == string(first) || string(a.TLSUnique) != string(b.TLSUnique) {
		t.Errorf("tls-unique: %x, then %x and %x", first, a.TLSUnique, b.TLSUnique)
	}
	sameKeyingMaterial(t, a, b)
}

// A server asks for a certificate once it needs one, whether or not somebody
// else is in Read.
func TestRenegotiateForCertificate(t *testing.T) {
	for _, reading := range []bool{false, true} {
		client, server := renegotiators(t, func(client, _ *Config) {
			client.Certificates, client.Renegotiation = []Certificate{certOf("P-256")}, RenegotiateOnceAsClient
		})
		go func() {
			client.Write([]byte("data on its way"))
			io.Copy(io.Discard, client) // meets the wish
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
		with := server.config.Clone()
		with.ClientAuth, with.ClientCAs = RequireAndVerifyClientCert, roots()
		if err := server.Renegotiate(context.Background(), with); err != nil {
			t.Fatal(err)
		}
		if s := server.ConnectionState(); len(s.PeerCertificates) != 1 || len(s.VerifiedChains) == 0 {
			t.Errorf("the client is not known: %d certificates", len(s.PeerCertificates))
		}
		if !reading {
			read()
		}
		if s := <-got; s != "data on its way" {
			t.Errorf("%q", s)
		}
	}
}

// A client that was known shows a certificate that nobody has verified, and then
// none: what was verified before is not said of it any more.
func TestRenegotiateAsSomebodyElse(t *testing.T) {
	shown := []Certificate{certOf("P-256"), issued(otherRoot(), nil), {}}
	client, server := renegotiators(t, func(client, server *Config) {
		client.Renegotiation = RenegotiateFreelyAsClient
		client.GetClientCertificate = func(*CertificateRequestInfo) (*Certificate, error) {
			next := shown[0]
			shown = shown[1:]
			return &next, nil
		}
		server.ClientAuth, server.ClientCAs = RequireAndVerifyClientCert, roots()
	})
	go io.Copy(io.Discard, client)
	if len(server.ConnectionState().VerifiedChains) == 0 {
		t.Fatal("the client was not verified at first")
	}
	for certificates := 1; certificates >= 0; certificates-- {
		with := server.config.Clone()
		with.ClientAuth = RequestClientCert
		if err := server.Renegotiate(context.Background(), with); err != nil {
			t.Fatal(err)
		}
		if s := server.ConnectionState(); len(s.VerifiedChains) != 0 || len(s.PeerCertificates) != certificates {
			t.Errorf("%d chains of %d certificates", len(s.VerifiedChains), len(s.PeerCertificates))
		}
	}
}

// Who does not want to renegotiate says so, and the connection goes on.
func TestRenegotiateRefused(t *testing.T) {
	client, server := renegotiators(t, func(_, _ *Config) {})
	go io.Copy(io.Discard, client)
	if err := server.Renegotiate(context.Background(), nil); !errors.Is(err, ErrRenegotiationRefused) {
		t.Errorf("the client: %v", err)
	}
	client, server = renegotiators(t, func(_, _ *Config) {})
	go io.Copy(server, server)
	if err := client.Renegotiate(context.Background(), nil); !errors.Is(err, ErrRenegotiationRefused) {
		t.Errorf("the server: %v", err)
	}
	client.Write([]byte("as before"))
	reads(t, client, "as before")
}

// A peer that neither agrees nor refuses keeps nobody waiting.
func TestRenegotiateHasALimit(t *testing.T) {
	_, server := renegotiators(t, func(_, _ *Config) {})
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := server.Renegotiate(ctx, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

// crypto/tls renegotiates as a client.
func TestRenegotiateWithStandardClient(t *testing.T) {
	c, s := tcpPair(t)
	server := Server(s, &Config{Certificates: []Certificate{certOf("P-256")}, Time: testTime})
	client := stdtls.Client(c, &stdtls.Config{
		RootCAs: roots(), ServerName: "a.example", Time: testTime, MaxVersion: VersionTLS12,
		Certificates: []Certificate{certOf("P-256")}, Renegotiation: stdtls.RenegotiateFreelyAsClient,
	})
	go func() {
		client.Handshake()
		io.Copy(client, client)
	}()
	for _, auth := range []ClientAuthType{NoClientCert, RequireAndVerifyClientCert} {
		with := server.config.Clone()
		with.ClientAuth, with.ClientCAs = auth, roots()
		if err := server.Renegotiate(context.Background(), with); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(server.ConnectionState().PeerCertificates); n != 1 {
		t.Errorf("%d certificates", n)
	}
	server.Write([]byte("echo"))
	reads(t, server, "echo")
}

// A wait that was given up leaves the connection as it was: its deadlines, its
// data, and the wish, which is met later.
func TestWaitGivenUp(t *testing.T) {
	for name, version := range map[string]uint16{"renegotiation": VersionTLS12, "post-handshake authentication": VersionTLS13} {
		client, server := laterPair(t, func(client, _ *Config) {
			client.MaxVersion, client.Renegotiation = version, RenegotiateOnceAsClient
		})
		with := wanting(server, RequireAndVerifyClientCert)
		server.SetReadDeadline(time.Now().Add(time.Minute))
		for range 3 { // of which the last ones wait for the same
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
			if err := server.RequestCertificate(ctx, with); !errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("%s: %v", name, err)
			}
			cancel()
		}
		go client.Write([]byte("before"))
		reads(t, server, "before")
		if _, err := server.Write([]byte("and back")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if n := len(server.ConnectionState().PeerCertificates); n != 0 {
			t.Errorf("%s: %d certificates", name, n)
		}
		go func() { // answers
			reads(t, client, "and back")
			io.Copy(io.Discard, client)
		}()
		if err := server.RequestCertificate(context.Background(), with); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if n := len(server.ConnectionState().VerifiedChains); n == 0 {
			t.Errorf("%s: the client is not known", name)
		}
	}
}

// The program's deadline holds while a wait is given up, and after it.
func TestDeadlineWhileWaiting(t *testing.T) {
	_, server := renegotiators(t, func(_, _ *Config) {})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	server.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if err := server.Renegotiate(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	start := time.Now()
	if _, err := server.Read(make([]byte, 1)); !timedOut(err) || time.Since(start) < 10*time.Millisecond {
		t.Errorf("%v after %v", err, time.Since(start))
	}
}

// A client whose context is done amid the handshake has broken the connection
// off, and said so.
func TestRenegotiateGivenUpAmid(t *testing.T) {
	client, server := renegotiators(t, func(_, server *Config) { server.AllowRenegotiation = true })
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if err := client.Renegotiate(ctx, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	if _, err := server.Read(make([]byte, 1)); err == nil || timedOut(err) {
		t.Errorf("the server: %v", err)
	}
	if _, err := client.Write([]byte("x")); err == nil {
		t.Error("the client writes on")
	}
}

// A client that is in Read cannot begin, and gives up when it is to.
func TestRenegotiateWhileReading(t *testing.T) {
	client, server := renegotiators(t, func(_, server *Config) { server.AllowRenegotiation = true })
	got := make(chan error, 1)
	go func() {
		_, err := client.Read(make([]byte, 1))
		got <- err
	}()
	time.Sleep(10 * time.Millisecond)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if err := client.Renegotiate(ctx, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	server.Write([]byte("x"))
	if err := <-got; err != nil {
		t.Error(err)
	}
}

// Each handshake is told of once, with its own record, whichever config asks for
// it; a wish that is refused is no handshake.
func TestRenegotiationIsToldOnce(t *testing.T) {
	var told []*Record
	_, server := func() (*Conn, *Conn) {
		client, server := renegotiators(t, func(client, server *Config) {
			client.Certificates, client.Renegotiation = []Certificate{certOf("P-256")}, RenegotiateOnceAsClient
			server.OnHandshake = func(r *Record) { told = append(told, r) }
		})
		go io.Copy(io.Discard, client)
		return client, server
	}()
	with := wanting(server, RequireAndVerifyClientCert)
	with.OnHandshake = nil
	if err := server.Renegotiate(context.Background(), with); err != nil {
		t.Fatal(err)
	}
	if err := server.Renegotiate(context.Background(), with); !errors.Is(err, ErrRenegotiationRefused) {
		t.Error(err)
	}
	if len(told) != 2 || string(told[0].ClientHello) == string(told[1].ClientHello) {
		t.Errorf("%d records", len(told))
	}
}

// What is refused in another handshake is said once.
func TestRenegotiationErrors(t *testing.T) {
	client, server := renegotiators(t, func(client, _ *Config) {
		client.Renegotiation = RenegotiateOnceAsClient
		client.GetClientCertificate = func(*CertificateRequestInfo) (*Certificate, error) {
			unknown := issued(otherRoot(), nil)
			return &unknown, nil
		}
	})
	go io.Copy(io.Discard, client)
	err := server.Renegotiate(context.Background(), wanting(server, RequireAndVerifyClientCert))
	var refused *CertificateVerificationError
	if !errors.As(err, &refused) || strings.Count(err.Error(), "tls: ") != 1 {
		t.Error(err)
	}
	if err := server.Renegotiate(context.Background(), nil); err == nil || strings.Count(err.Error(), "tls: ") != 1 {
		t.Error(err)
	}
}
