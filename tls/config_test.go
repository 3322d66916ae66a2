package tls

import (
	"bytes"
	"context"
	stdtls "crypto/tls"
	"errors"
	"io"
	"net"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/tlstest"
)

func TestHelloRetryRequest(t *testing.T) {
	for _, p := range pairings {
		client := clientSide(func(c *stdtls.Config) { c.CurvePreferences = []CurveID{X25519, CurveP256} })
		server := serverSide(VersionTLS13, func(c *stdtls.Config) { c.CurvePreferences = []CurveID{CurveP256} })
		m := meet(t, p, client.cached(), server).good(t)
		for _, s := range []ConnectionState{m.client.ConnectionState(), m.server.ConnectionState()} {
			if !s.HelloRetryRequest || s.CurveID != CurveP256 {
				t.Errorf("%v: retry %v, group %v", p, s.HelloRetryRequest, s.CurveID)
			}
		}
		m = meet(t, p, client, server).good(t)
		for _, s := range []ConnectionState{m.client.ConnectionState(), m.server.ConnectionState()} {
			if !s.HelloRetryRequest || !s.DidResume {
				t.Errorf("%v: retry %v, resumed %v", p, s.HelloRetryRequest, s.DidResume)
			}
		}
	}
}

func TestALPN(t *testing.T) {
	forEach(t, func(t *testing.T, v uint16, p pairing) {
		for _, row := range []struct {
			client, server []string
			want           string // "!": it fails
		}{
			{[]string{"a", "b"}, []string{"b", "a"}, "b"}, {[]string{"a"}, nil, ""}, {nil, []string{"a"}, ""},
			{[]string{"a"}, []string{"b"}, "!"}, {[]string{"http/1.1"}, []string{"h2"}, ""}, {[]string{"h2"}, []string{"http/1.1"}, "!"},
		} {
			client := clientSide(func(c *stdtls.Config) { c.NextProtos = row.client })
			m := meet(t, p, client, serverSide(v, func(c *stdtls.Config) { c.NextProtos = row.server }))
			if row.want == "!" {
				m.bad(t)
				if p.client {
					alertAt(t, m.clientErr, 120)
				}
				continue
			}
			m.good(t)
			cs, ss := m.client.ConnectionState(), m.server.ConnectionState()
			if cs.NegotiatedProtocol != row.want || ss.NegotiatedProtocol != row.want {
				t.Errorf("%v: %q, %q", row, cs.NegotiatedProtocol, ss.NegotiatedProtocol)
			}
		}
	})
}

// TestKeyLog compares the key logs of both ends.
func TestKeyLog(t *testing.T) {
	forEach(t, func(t *testing.T, v uint16, p pairing) {
		var clientLog, serverLog bytes.Buffer
		client := clientSide(func(c *stdtls.Config) { c.KeyLogWriter = &clientLog }).cached()
		server := serverSide(v, func(c *stdtls.Config) { c.KeyLogWriter = &serverLog })
		connections := map[uint16]int{VersionTLS12: 1, VersionTLS13: 2}[v] // crypto/tls logs no resumed TLS 1.2
		for range connections {
			meet(t, p, client, server).good(t)
		}
		lines := func(b *bytes.Buffer) (all []string) {
			for l := range strings.Lines(b.String()) {
				if !strings.HasPrefix(l, "EXPORTER_SECRET ") {
					all = append(all, l)
				}
			}
			slices.Sort(all)
			return all
		}
		a, b := lines(&clientLog), lines(&serverLog)
		want := map[uint16]int{VersionTLS12: 1, VersionTLS13: 2 * 4}[v]
		if !slices.Equal(a, b) || len(a) != want {
			t.Errorf("client: %q\nserver: %q", a, b)
		}
	})
}

// TestKeyLogIsShared writes to one log from two configs at once.
func TestKeyLogIsShared(t *testing.T) {
	var log bytes.Buffer // the race detector sees who writes
	first := clientSide(func(c *stdtls.Config) { c.KeyLogWriter = &log }).config()
	var wg sync.WaitGroup
	for _, c := range []*Config{first, first.Clone()} {
		wg.Go(func() {
			for range 3 {
				s := &side{std: &stdtls.Config{}}
				s.change = func(*Config) { s.ours = c }
				meet(t, pairing{true, true}, s, serverSide(VersionTLS13, nil)).good(t)
			}
		})
	}
	wg.Wait()
	if n := strings.Count(log.String(), "\n"); n != 2*3*5 {
		t.Errorf("%d lines", n)
	}
}

// fill sets every exported field of a struct to something that is not zero.
func fill(t *testing.T, v reflect.Value) {
	for i := range v.NumField() {
		f, typ := v.Field(i), v.Type().Field(i)
		if !typ.IsExported() {
			continue
		}
		switch f.Kind() {
		case reflect.Func:
			f.Set(reflect.MakeFunc(f.Type(), func([]reflect.Value) []reflect.Value { return nil }))
		case reflect.Slice:
			f.Set(reflect.MakeSlice(f.Type(), 1, 1))
		case reflect.Bool:
			f.SetBool(true)
		case reflect.String:
			f.SetString("modern")
		case reflect.Int, reflect.Int64:
			f.SetInt(1)
		case reflect.Uint16, reflect.Uint32:
			f.SetUint(VersionTLS12)
		case reflect.Array:
			f.Index(0).SetUint(1)
		case reflect.Pointer:
			f.Set(reflect.New(f.Type().Elem()))
		case reflect.Map:
			f.Set(reflect.MakeMap(f.Type()))
		case reflect.Interface:
			for _, x := range []any{new(bytes.Buffer), answers{seen: true}, tlstest.NewKey("P-256"), NewLRUClientSessionCache(1), stdtls.NewLRUClientSessionCache(1)} {
				if reflect.TypeOf(x).Implements(f.Type()) {
					f.Set(reflect.ValueOf(x))
				}
			}
		}
		if f.IsZero() {
			t.Fatalf("%s cannot be filled", typ.Name)
		}
	}
}

func TestCloneHasAll(t *testing.T) {
	if (*Config)(nil).Clone() != nil {
		t.Error("a clone of nil is not nil")
	}
	c := new(Config)
	fill(t, reflect.ValueOf(c).Elem())
	a, b := reflect.ValueOf(c).Elem(), reflect.ValueOf(c.Clone()).Elem()
	for i := range a.NumField() {
		if f := a.Type().Field(i); f.IsExported() && f.Type.Kind() != reflect.Func && !reflect.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface()) ||
			f.IsExported() && b.Field(i).IsZero() {
			t.Errorf("%s is lost", f.Name)
		}
	}
}

func TestFromStandardHasAll(t *testing.T) {
	if FromStandard(nil) != nil {
		t.Error("nil does not stay nil")
	}
	c := new(stdtls.Config)
	fill(t, reflect.ValueOf(c).Elem())
	std, ours := reflect.ValueOf(c).Elem(), reflect.ValueOf(FromStandard(c)).Elem()
	for i := range std.NumField() {
		f := std.Type().Field(i)
		if !f.IsExported() {
			continue
		}
		switch got := ours.FieldByName(f.Name); {
		case !got.IsValid(): // TestNames has looked for it in the package comment
		case f.Name == "ClientSessionCache", f.Name == "PreferServerCipherSuites", f.Name == "DynamicRecordSizingDisabled":
			// Of another type; without effect.
		case got.IsZero():
			t.Errorf("%s is lost", f.Name)
		}
	}
}

// TestManagedCertificates is a config as an ACME client hands it out: its
// GetCertificate looks at the context and answers a challenge by protocol.
func TestManagedCertificates(t *testing.T) {
	challenge := issued(tlstest.Root(), nil)
	type key struct{}
	managed := &stdtls.Config{
		Time: testTime, NextProtos: []string{"h2", "http/1.1", "acme-tls/1"},
		GetCertificate: func(h *ClientHelloInfo) (*Certificate, error) {
			if h.Context().Value(key{}) != "asked" {
				return nil, errors.New("another context")
			}
			if len(h.SupportedProtos) == 1 && h.SupportedProtos[0] == "acme-tls/1" {
				return &challenge, nil
			}
			for _, kind := range []string{"RSA-2048", "P-256"} {
				if cert := certOf(kind); h.SupportsCertificate(&cert) == nil {
					return &cert, nil
				}
			}
			return nil, errors.New("no certificate")
		},
	}
	config := FromStandard(managed)
	for _, protocol := range []string{"h2", "acme-tls/1"} {
		c, s := tcpPair(t)
		server := Server(s, config)
		done := make(chan error, 1)
		go func() { done <- server.HandshakeContext(context.WithValue(context.Background(), key{}, "asked")) }()
		client := stdtls.Client(c, &stdtls.Config{RootCAs: roots(), ServerName: "a.example", Time: testTime, NextProtos: []string{protocol}})
		if err := errors.Join(client.Handshake(), <-done); err != nil {
			t.Fatal(err)
		}
		isChallenge := bytes.Equal(client.ConnectionState().PeerCertificates[0].Raw, challenge.Certificate[0])
		if isChallenge != (protocol == "acme-tls/1") || server.ConnectionState().NegotiatedProtocol != protocol {
			t.Errorf("%s: the certificate of the challenge: %v", protocol, isChallenge)
		}
	}
}

// TestClientHelloInfo has both packages read the same ClientHello.
func TestClientHelloInfo(t *testing.T) {
	stop := errors.New("seen")
	read := func(hello []byte, serve func(net.Conn, func(*ClientHelloInfo) error)) (info *ClientHelloInfo) {
		c, s := net.Pipe()
		defer c.Close()
		go func() {
			c.Write(hello)
			io.Copy(io.Discard, c)
		}()
		s.SetDeadline(time.Now().Add(10 * time.Second))
		serve(s, func(h *ClientHelloInfo) error { info = h; return stop })
		s.Close()
		return info
	}
	for name, start := range map[string]func(net.Conn){
		"std": func(c net.Conn) {
			stdtls.Client(c, &stdtls.Config{ServerName: "a.example", NextProtos: []string{"a", "b"}}).Handshake()
		},
		"std, TLS 1.2": func(c net.Conn) {
			stdtls.Client(c, &stdtls.Config{InsecureSkipVerify: true, MaxVersion: VersionTLS12}).Handshake()
		},
		"ours": func(c net.Conn) {
			Client(c, &Config{ServerName: "a.example", NextProtos: []string{"a", "b"}}).Handshake()
		},
		"ours, TLS 1.2": func(c net.Conn) { Client(c, &Config{InsecureSkipVerify: true, MaxVersion: VersionTLS12}).Handshake() },
	} {
		c, s := net.Pipe()
		go func() { start(c); c.Close() }()
		hello := make([]byte, 1<<14)
		n, _ := s.Read(hello)
		for n < 5 || n < 5+int(hello[3])<<8+int(hello[4]) {
			more, err := s.Read(hello[n:])
			if n += more; err != nil {
				t.Fatal(err)
			}
		}
		s.Close()
		std := read(hello[:n], func(c net.Conn, see func(*ClientHelloInfo) error) {
			stdtls.Server(c, &stdtls.Config{GetConfigForClient: func(h *ClientHelloInfo) (*stdtls.Config, error) { return nil, see(h) }}).Handshake()
		})
		ours := read(hello[:n], func(c net.Conn, see func(*ClientHelloInfo) error) {
			Server(c, &Config{GetConfigForClient: func(h *ClientHelloInfo) (*Config, error) { return nil, see(h) }}).Handshake()
		})
		if std == nil || ours == nil {
			t.Fatalf("%s: %v, %v", name, std, ours)
		}
		a, b := reflect.ValueOf(*std), reflect.ValueOf(*ours)
		for i := range a.NumField() {
			f := a.Type().Field(i)
			if !f.IsExported() || f.Name == "Conn" {
				continue
			}
			x, y := a.Field(i), b.Field(i)
			if x.Kind() == reflect.Slice && x.Len() == 0 && y.Len() == 0 {
				continue
			}
			if !reflect.DeepEqual(x.Interface(), y.Interface()) {
				t.Errorf("%s: %s is %v, crypto/tls has %v", name, f.Name, y, x)
			}
		}
	}
}

// TestGroupsBeyondThePolicy prefers groups that the policy has not.
func TestGroupsBeyondThePolicy(t *testing.T) {
	for _, id := range []CurveID{SecP256r1MLKEM768, CurveP521} {
		only := func(c *stdtls.Config) { c.CurvePreferences = []CurveID{0x9999, id} }
		m := meet(t, pairing{true, true}, clientSide(only), serverSide(VersionTLS13, only)).good(t)
		if got := m.client.ConnectionState().CurveID; got != id {
			t.Errorf("%v in place of %v", got, id)
		}
	}
}

// TestOddConfigs has settings with which crypto/tls has its own way.
func TestOddConfigs(t *testing.T) {
	good := map[string]func(*stdtls.Config){
		"empty CurvePreferences": func(c *stdtls.Config) { c.CurvePreferences = []CurveID{} },
		"empty CipherSuites":     func(c *stdtls.Config) { c.CipherSuites = []uint16{} }, // they are of TLS 1.2
		"unknown suites":         func(c *stdtls.Config) { c.CipherSuites = []uint16{0x9999, TLS_RSA_WITH_RC4_128_SHA} },
		"an address":             func(c *stdtls.Config) { c.ServerName = "127.0.0.1" },
		"TLS 1.0 to 1.3":         func(c *stdtls.Config) { c.MinVersion = VersionTLS10 },
	}
	for name, change := range good {
		for _, p := range pairings {
			t.Run(name+", "+p.String(), func(t *testing.T) {
				server := serverSide(0, func(c *stdtls.Config) {
					if change(c); c.ServerName != "" {
						c.ServerName = ""
					}
				})
				meet(t, p, clientSide(change), server).good(t)
			})
		}
	}
	for name, change := range map[string]func(*Config){
		"an empty protocol": func(c *Config) { c.NextProtos = []string{""} },
		"a long protocol":   func(c *Config) { c.NextProtos = []string{strings.Repeat("a", 256)} },
		"no version":        func(c *Config) { c.MinVersion, c.MaxVersion = VersionTLS13, VersionTLS12 },
		"no name":           func(c *Config) { c.ServerName = "" },
		"no such policy":    func(c *Config) { c.Policy = "futuristic" },
		"no group at all":   func(c *Config) { c.CurvePreferences = []CurveID{0x9999} },
	} {
		c, _ := net.Pipe()
		config := clientSide(nil).config()
		change(config)
		config.HandshakeTimeout = time.Second
		if err := Client(c, config).Handshake(); err == nil || isTimeout(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Listen("tcp", "127.0.0.1:0", &Config{}); err == nil {
		t.Error("a listener without certificates")
	}
}
