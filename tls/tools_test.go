package tls

import (
	stdtls "crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/handsel-tls/handsel/internal/tlstest"
)

// conn is what the connections of both packages have in common.
type conn interface {
	endpoint
	ConnectionState() ConnectionState
}

// pairing says which ends of a connection are ours.
type pairing struct{ client, server bool }

func (p pairing) String() string {
	name := func(ours bool) string {
		if ours {
			return "ours"
		}
		return "std"
	}
	return name(p.client) + " to " + name(p.server)
}

// pairings are those with at least one end of ours.
var pairings = []pairing{{true, false}, {false, true}, {true, true}}

var versions = []uint16{VersionTLS12, VersionTLS13}

// forEach runs a test for every version and pairing.
func forEach(t *testing.T, test func(*testing.T, uint16, pairing)) {
	for _, v := range versions {
		for _, p := range pairings {
			t.Run(VersionName(v)+", "+p.String(), func(t *testing.T) { test(t, v, p) })
		}
	}
}

// side is one end's settings, for either package.
type side struct {
	std    *stdtls.Config
	change func(*Config) // what only our Config has; nil: nothing

	once sync.Once
	ours *Config
}

// config gives our Config, always the same.
func (s *side) config() *Config {
	s.once.Do(func() {
		s.ours = FromStandard(s.std)
		if s.change != nil {
			s.change(s.ours)
		}
	})
	return s.ours
}

// serverSide and clientSide give settings that go with each other.
func serverSide(version uint16, change func(*stdtls.Config)) *side {
	c := &stdtls.Config{
		Certificates: []Certificate{certOf("P-256")}, Time: testTime, MinVersion: version, MaxVersion: version,
	}
	if change != nil {
		change(c)
	}
	return &side{std: c}
}

func clientSide(change func(*stdtls.Config)) *side {
	c := &stdtls.Config{RootCAs: roots(), ServerName: "a.example", Time: testTime}
	if change != nil {
		change(c)
	}
	return &side{std: c}
}

// cached gives the client a session cache.
func (s *side) cached() *side {
	s.std.ClientSessionCache = stdtls.NewLRUClientSessionCache(8)
	cache := NewLRUClientSessionCache(8)
	s.change = func(c *Config) { c.ClientSessionCache = cache }
	return s
}

// meeting is what became of a connection: the handshake, and a byte each way.
type meeting struct {
	client, server       conn
	clientErr, serverErr error
}

func meet(t testing.TB, p pairing, client, server *side) meeting {
	t.Helper()
	c, s := tcpPair(t)
	var m meeting
	if p.client {
		m.client = Client(c, client.config())
	} else {
		m.client = stdtls.Client(c, client.std)
	}
	if p.server {
		m.server = Server(s, server.config())
	} else {
		m.server = stdtls.Server(s, server.std)
	}
	done := make(chan error, 1)
	go func() { done <- greet(m.server) }()
	m.clientErr = greet(m.client)
	m.serverErr = <-done
	return m
}

func greet(c conn) error {
	if err := c.Handshake(); err != nil {
		return err
	}
	if _, err := c.Write([]byte{7}); err != nil {
		return err
	}
	var b [1]byte
	_, err := c.Read(b[:])
	return err
}

// good fails the test unless both ends succeeded.
func (m meeting) good(t testing.TB) meeting {
	t.Helper()
	if m.clientErr != nil || m.serverErr != nil {
		t.Fatalf("client: %v\nserver: %v", m.clientErr, m.serverErr)
	}
	return m
}

// bad fails the test unless both ends failed.
func (m meeting) bad(t testing.TB) meeting {
	t.Helper()
	if m.clientErr == nil || m.serverErr == nil {
		t.Fatalf("it should have failed: client: %v, server: %v", m.clientErr, m.serverErr)
	}
	return m
}

// alertAt checks the alert with which the peer of an end of ours ended the
// connection.
func alertAt(t testing.TB, err error, want AlertError) {
	t.Helper()
	var alert AlertError
	if !errors.As(err, &alert) || alert != want {
		t.Errorf("the alert is %v, want %v: %v", alert, want, err)
	}
}

// issued gives a certificate of an authority.
func issued(a *tlstest.Authority, change func(*x509.Certificate)) Certificate {
	key := tlstest.NewKey("P-256")
	chain := a.Leaf(key, []string{"a.example"}, change)
	return Certificate{Certificate: chain, PrivateKey: key}
}

func expired(c *x509.Certificate) {
	c.NotBefore, c.NotAfter = tlstest.Now.AddDate(0, -2, 0), tlstest.Now.AddDate(0, -1, 0)
}

var otherRoot = sync.OnceValue(func() *tlstest.Authority { return tlstest.NewAuthority("Another root", nil) })

func sameChain(a, b []*x509.Certificate) error {
	if len(a) != len(b) {
		return fmt.Errorf("%d certificates and %d", len(a), len(b))
	}
	for i := range a {
		if !a[i].Equal(b[i]) {
			return fmt.Errorf("certificate %d differs", i)
		}
	}
	return nil
}
