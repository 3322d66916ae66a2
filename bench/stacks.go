package bench

import (
	"crypto/rand"
	stdtls "crypto/tls"
	"crypto/x509"
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

// A stack is what can be measured.
type stack interface {
	name() string
	// prepare sets up what the handshakes of a scenario share, sessions among
	// it. run is one handshake, whose cost is added to the meter; it fails if
	// the handshake was not of the scenario. The error says that the stack does
	// not do the scenario.
	prepare(s scenario) (run func(*meter) error, err error)
	// bulk sends or receives count records of 16 KB on one connection and
	// gives the time within the stack.
	bulk(count int, send bool) (time.Duration, error)
}

// others are stacks that are there with a build tag only.
var others []func() (stack, error)

// chain is what all servers show: a P-256 leaf and a P-256 intermediate.
var chain = sync.OnceValue(func() *sign.Credential {
	intermediate := tlstest.NewAuthority("bench intermediate", tlstest.Root())
	key := tlstest.NewKey("P-256")
	c, err := sign.NewCredential(intermediate.Leaf(key, []string{host}, nil), nil, key, sign.Extra{})
	if err != nil {
		panic(err)
	}
	return c
})

const host = "a.example"

func certificate() tls.Certificate {
	c := chain()
	return tls.Certificate{Certificate: c.Chain, PrivateKey: c.Key, Leaf: c.Leaf}
}

func now() time.Time { return tlstest.Now }

func roots() *x509.CertPool { return tlstest.Root().Pool() }

// settings are those of an engine that is the other side, or under test.
func settings(s scenario) *proto.Config {
	p := *policy.Modern().Between(iana.Version(s.version), iana.Version(s.version))
	p.Groups = nil
	for _, g := range s.groups() {
		p.Groups = append(p.Groups, iana.Group(g))
	}
	return &proto.Config{
		Policy: &p, Rand: rand.Reader, Now: now, ServerName: host, ClientTickets: true, Tickets: new(session.Keys),
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

// goStack is a stack with the interface of crypto/tls.
type goStack struct {
	title  string
	server func(scenario) func(net.Conn) conn
	client func(scenario) func(net.Conn) conn
	own    bool // each handshake has a goroutine of its own
}

func (g *goStack) name() string { return g.title }

func (g *goStack) prepare(s scenario) (func(*meter) error, error) {
	under := g.client(s)
	if s.server {
		under = g.server(s)
	}
	return s.runner(settings(s), func(m *meter, p *peer) (kind, error) {
		c, w, err := handshake(m, under, p, g.own)
		if err != nil {
			return kind{}, err
		}
		if !s.server && s.resumed {
			drain(c, w)
		}
		state := c.(interface{ ConnectionState() tls.ConnectionState }).ConnectionState()
		return kind{state.Version, state.CipherSuite, state.CurveID, state.DidResume}, nil
	})
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

// ours is this project's stack through its public package, with a hook that
// is given the record of every handshake, or without.
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
			c.RootCAs, c.ServerName = roots(), host
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
		return &stdtls.Config{
			Time: now, MinVersion: s.version, MaxVersion: s.version, CurvePreferences: s.groups(),
			DynamicRecordSizingDisabled: true, // all records are of 16 KB
		}
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
			c.RootCAs, c.ServerName = roots(), host
			if s.resumed {
				c.ClientSessionCache = stdtls.NewLRUClientSessionCache(0)
			}
			return func(n net.Conn) conn { return stdtls.Client(n, c) }
		},
	}
}
