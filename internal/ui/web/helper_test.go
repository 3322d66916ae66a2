package web

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/observe/flow"
	"github.com/handsel-tls/handsel/internal/observe/packet"
	"github.com/handsel-tls/handsel/internal/observe/pcap"
	"github.com/handsel-tls/handsel/internal/observe/synth"
	"github.com/handsel-tls/handsel/internal/observe/tcp"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// A spoken is what a side has written.
type spoken struct {
	from  trace.Side
	bytes []byte
}

// A listener notes what goes through a connection.
type listener struct {
	net.Conn
	from trace.Side
	mu   *sync.Mutex
	said *[]spoken
}

func (l listener) Write(b []byte) (int, error) {
	l.mu.Lock()
	*l.said = append(*l.said, spoken{l.from, bytes.Clone(b)})
	l.mu.Unlock()
	return l.Conn.Write(b)
}

// talk has the standard library's client and server shake hands, and gives what
// they said.
func talk(t *testing.T, client, server *tls.Config) []spoken {
	t.Helper()
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	for _, c := range []net.Conn{a, b} {
		if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	var mu sync.Mutex
	var said []spoken
	s := tls.Server(listener{b, trace.Server, &mu, &said}, server)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if s.Handshake() == nil {
			_, _ = io.Copy(io.Discard, s)
		}
		b.Close()
	}()
	c := tls.Client(listener{a, trace.Client, &mu, &said}, client)
	if c.Handshake() == nil {
		c.Close()
	}
	a.Close()
	<-done
	mu.Lock()
	defer mu.Unlock()
	return said
}

// capture gives the stories of connections in which this was said.
func capture(t *testing.T, connections ...[]spoken) *Capture {
	t.Helper()
	c := NewCapture("test.pcapng", func(string, *flow.Story) []Form { return nil })
	f := flow.NewFollower(func(s *flow.Story) { c.Add("0."+string(rune('0'+s.TCP.ID)), "", s) }, flow.Options{Plain: true})
	table := tcp.NewTable(f, tcp.Limits{})
	var d packet.Decoder
	var s packet.Segment
	var u packet.Datagram
	for i, said := range connections {
		conn := synth.New("192.0.2.1:4000"+string(rune('0'+i)), "198.51.100.1:443", func(p *pcap.Packet) {
			if d.Decode(p, &s, &u) == packet.TCP {
				table.Add(&s)
			}
		})
		conn.Open()
		for _, w := range said {
			conn.Send(w.from, w.bytes)
		}
		conn.Close(trace.Client)
	}
	table.Close()
	return c
}

// certificate makes one whose names may be anything.
func certificate(t *testing.T, names ...string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: names[0], Organization: names}, DNSNames: []string{"shop.example.com"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// open serves a page of a source, and gives a client that has the token.
func open(t *testing.T, o Options) (*Page, func(path string) (*http.Response, string)) {
	t.Helper()
	p, err := Listen("127.0.0.1:0", o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	jar, _ := cookiejar.New(nil)
	client := &http.Client{Jar: jar, Timeout: time.Minute}
	base, _, _ := strings.Cut(p.URL(), "/?")
	get := func(path string) (*http.Response, string) {
		t.Helper()
		res, err := client.Get(base + path)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res, string(body)
	}
	_, token, _ := strings.Cut(p.URL(), "/?")
	if res, _ := get("/?" + token); res.StatusCode != http.StatusOK || strings.Contains(res.Request.URL.String(), "token") {
		t.Fatalf("%s for %s", res.Status, res.Request.URL)
	}
	return p, get
}

// failing is a handshake of a client of TLS 1.1 with a server of TLS 1.2, and one
// that is complete.
func failing(t *testing.T) *Capture {
	t.Helper()
	server := &tls.Config{Certificates: []tls.Certificate{certificate(t, "shop")}, MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12, NextProtos: []string{"h2"}}
	old := &tls.Config{ServerName: "shop.example.com", InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	good := &tls.Config{ServerName: "shop.example.com", InsecureSkipVerify: true, NextProtos: []string{"h2", "http/1.1"}}
	return capture(t, talk(t, old, server), talk(t, good, server))
}
