package bench

import (
	"crypto/rand"
	stdtls "crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/engine"
	proto "github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/session"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/tlstest"
	"github.com/handsel-tls/handsel/tls"
)

// A scenario is a kind of handshake.
type scenario struct {
	name    string
	version uint16
	group   tls.CurveID
	server  bool // the side under test is the server
	resumed bool
}

// groups are those to offer. In TLS 1.2 the certificate's curve is among them
// (RFC 8422, section 5.3).
func (s scenario) groups() []tls.CurveID {
	if s.version == tls.VersionTLS12 {
		return []tls.CurveID{s.group, tls.CurveP256}
	}
	return []tls.CurveID{s.group}
}

// A stack runs one handshake of a scenario and adds to the meter.
type stack interface {
	name() string
	// prepare sets up what handshakes of a scenario share, sessions among it.
	prepare(s scenario) (run func(m *meter) error, err error)
}

// chain is what all servers show: a P-256 leaf and an intermediate.
var chain = sync.OnceValue(func() *sign.Credential {
	intermediate := tlstest.NewAuthority("bench intermediate", tlstest.Root())
	key := tlstest.NewKey("P-256")
	c, err := sign.NewCredential(intermediate.Leaf(key, []string{"a.example"}, nil), nil, key, sign.Extra{})
	if err != nil {
		panic(err)
	}
	return c
})

func certificate() tls.Certificate {
	c := chain()
	return tls.Certificate{Certificate: c.Chain, PrivateKey: c.Key, Leaf: c.Leaf}
}

func now() time.Time { return tlstest.Now }

func roots() *x509.CertPool { return tlstest.Root().Pool() }

// peerConfig is the settings of the other side.
func peerConfig(s scenario) *proto.Config {
	p := *policy.Modern().Between(iana.Version(s.version), iana.Version(s.version))
	p.Groups = nil
	for _, g := range s.groups() {
		p.Groups = append(p.Groups, iana.Group(g))
	}
	return &proto.Config{
		Policy: &p, Rand: rand.Reader, Now: now, ServerName: "a.example", ClientTickets: true, Tickets: new(session.Keys),
	}
}

// newPeer gives the other side of a handshake.
func newPeer(s scenario, config *proto.Config) (*peer, error) {
	p := &peer{host: &tlstest.Host{Config: config, Credential: chain()}}
	if !s.server {
		p.conn = engine.NewServer(config, tlstest.Now)
		return p, nil
	}
	var err error
	p.conn, err = engine.NewClient(config, tlstest.Now)
	return p, err
}

// check refuses a handshake that was not of the scenario: a figure for
// something else would be worse than none.
func (s scenario) check(state tls.ConnectionState) error {
	if state.Version != s.version || state.DidResume != s.resumed || !s.resumed && state.CurveID != s.group {
		return fmt.Errorf("%s: the handshake was of another kind: %s, %v, resumed %t", s.name, tls.VersionName(state.Version), state.CurveID, state.DidResume)
	}
	return nil
}

// goStack is a stack with the interface of crypto/tls.
type goStack struct {
	title  string
	server func(scenario) func(net.Conn) conn
	client func(scenario) func(net.Conn) conn
}

func (g *goStack) name() string { return g.title }

func (g *goStack) prepare(s scenario) (func(*meter) error, error) {
	under := g.client(s)
	if s.server {
		under = g.server(s)
	}
	config := peerConfig(s)
	run := func(m *meter) error {
		p, err := newPeer(s, config)
		if err != nil {
			return err
		}
		c, w, err := handshake(m, under, p)
		if err != nil {
			return err
		}
		if sessions := p.conn.TakeSessions(); s.server && s.resumed && len(sessions) > 0 {
			config.Session = sessions[0]
		}
		if !s.server && s.resumed {
			drain(c, w)
		}
		return s.check(state(c))
	}
	if s.resumed {
		run(&meter{}) // is not resumed, and gives the session
	}
	return run, nil
}

// drain lets a client read the tickets that came after the handshake.
func drain(c conn, w *wire) {
	done := make(chan struct{})
	go func() {
		c.Read(make([]byte, 1))
		close(done)
	}()
	for {
		select {
		case <-w.idle:
			close(w.more)
		case <-done:
			return
		}
	}
}

func state(c conn) tls.ConnectionState {
	return c.(interface{ ConnectionState() tls.ConnectionState }).ConnectionState()
}

// ours is this project's stack through its public package. Every handshake is
// recorded, as serve does it.
func ours(record bool) *goStack {
	config := func(s scenario) *tls.Config {
		c := &tls.Config{Time: now, MinVersion: s.version, MaxVersion: s.version, CurvePreferences: s.groups()}
		if record {
			c.OnHandshake = func(*tls.Record) {}
		}
		return c
	}
	return &goStack{
		title: "Handsel",
		server: func(s scenario) func(net.Conn) conn {
			c := config(s)
			c.Certificates = []tls.Certificate{certificate()}
			return func(n net.Conn) conn { return tls.Server(n, c) }
		},
		client: func(s scenario) func(net.Conn) conn {
			c := config(s)
			c.RootCAs, c.ServerName = roots(), "a.example"
			if s.resumed {
				c.ClientSessionCache = tls.NewLRUClientSessionCache(0)
			}
			return func(n net.Conn) conn { return tls.Client(n, c) }
		},
	}
}

// standard is crypto/tls.
func standard() *goStack {
	config := func(s scenario) *stdtls.Config {
		return &stdtls.Config{Time: now, MinVersion: s.version, MaxVersion: s.version, CurvePreferences: s.groups()}
	}
	return &goStack{
		title: "crypto/tls",
		server: func(s scenario) func(net.Conn) conn {
			c := config(s)
			c.Certificates = []tls.Certificate{certificate()}
			return func(n net.Conn) conn { return stdtls.Server(n, c) }
		},
		client: func(s scenario) func(net.Conn) conn {
			c := config(s)
			c.RootCAs, c.ServerName = roots(), "a.example"
			if s.resumed {
				c.ClientSessionCache = stdtls.NewLRUClientSessionCache(0)
			}
			return func(n net.Conn) conn { return stdtls.Client(n, c) }
		},
	}
}

// others are stacks that are there with a build tag only.
var others []func() (stack, error)

// bulkOpenSSL measures bulk data through OpenSSL, nil without it.
var bulkOpenSSL func(count int, send bool) (time.Duration, error)

// signOnce makes one signature as a server does.
func signOnce() {
	if _, err := sign.Sign(iana.ECDSASecp256r1SHA256, chain().Key, rand.Reader, make([]byte, 130)); err != nil {
		panic(err)
	}
}
