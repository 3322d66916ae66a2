//lint:file-ignore SA1019 SessionTicketKey is deprecated, and taken over where it is set

package tls

import (
	stdtls "crypto/tls"
	"crypto/x509"
	"errors"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/tlstest"
)

// TestResumption makes three connections: the second and the third resume.
// VerifyConnection is called for each at both ends and VerifyPeerCertificate
// for the first alone.
func TestResumption(t *testing.T) {
	forEach(t, func(t *testing.T, v uint16, p pairing) {
		var clientCalls, serverCalls, clientPeer, serverPeer int
		server := serverSide(v, func(c *stdtls.Config) {
			c.ClientAuth, c.ClientCAs, c.NextProtos = RequireAndVerifyClientCert, roots(), []string{"b"}
			c.VerifyConnection = func(s ConnectionState) error {
				serverCalls++
				return complete(s, true)
			}
			c.VerifyPeerCertificate = func([][]byte, [][]*x509.Certificate) error { serverPeer++; return nil }
		})
		client := clientSide(func(c *stdtls.Config) {
			c.Certificates, c.NextProtos = []Certificate{certOf("P-256")}, []string{"b"}
			c.VerifyConnection = func(s ConnectionState) error {
				clientCalls++
				return complete(s, true)
			}
			c.VerifyPeerCertificate = func([][]byte, [][]*x509.Certificate) error { clientPeer++; return nil }
		}).cached()
		for i := range 3 {
			m := meet(t, p, client, server).good(t)
			cs, ss := m.client.ConnectionState(), m.server.ConnectionState()
			if cs.DidResume != (i > 0) || ss.DidResume != (i > 0) {
				t.Fatalf("connection %d: resumed %v, %v", i, cs.DidResume, ss.DidResume)
			}
			if err := errors.Join(complete(cs, true), complete(ss, true)); err != nil {
				t.Error(err)
			}
			sameKeyingMaterial(t, cs, ss)
		}
		if clientCalls != 3 || serverCalls != 3 || clientPeer != 1 || serverPeer != 1 {
			t.Errorf("VerifyConnection: %d, %d; VerifyPeerCertificate: %d, %d", clientCalls, serverCalls, clientPeer, serverPeer)
		}
	})
}

// complete checks that a state names the peer, which was verified.
func complete(s ConnectionState, verified bool) error {
	switch {
	case s.ServerName != "a.example" || s.NegotiatedProtocol != "b" && s.HandshakeComplete:
		return errors.New("the name or the protocol is missing: " + s.ServerName + ", " + s.NegotiatedProtocol)
	case len(s.PeerCertificates) == 0:
		return errors.New("no certificate of the peer")
	case verified != (len(s.VerifiedChains) > 0):
		return errors.New("the verified chains are wrong")
	}
	return nil
}

func TestVerifyConnectionEndsResumption(t *testing.T) {
	refuse := errors.New("not on a resumed connection")
	check := func(s ConnectionState) error {
		if s.DidResume {
			return refuse
		}
		return nil
	}
	forEach(t, func(t *testing.T, v uint16, p pairing) {
		for _, at := range []string{"client", "server"} {
			client, server := clientSide(nil).cached(), serverSide(v, nil)
			if at == "client" {
				client.std.VerifyConnection = check
			} else {
				server.std.VerifyConnection = check
			}
			meet(t, p, client, server).good(t)
			m := meet(t, p, client, server).bad(t)
			if at == "client" && !errors.Is(m.clientErr, refuse) || at == "server" && !errors.Is(m.serverErr, refuse) {
				t.Errorf("%s: client: %v, server: %v", at, m.clientErr, m.serverErr)
			}
		}
	})
}

func TestResumptionBySessionID(t *testing.T) {
	server, client := serverSide(VersionTLS12, nil), clientSide(nil).cached()
	server.change = func(c *Config) { c.SessionTicketsDisabled, c.ServerSessions = true, 2 }
	for i := range 3 {
		m := meet(t, pairing{true, true}, client, server).good(t)
		if cs, ss := m.client.ConnectionState(), m.server.ConnectionState(); cs.DidResume != (i > 0) || ss.DidResume != (i > 0) {
			t.Fatalf("connection %d: resumed %v, %v", i, cs.DidResume, ss.DidResume)
		}
	}
}

// fixedCache gives one session for every server.
type fixedCache struct{ session *ClientSessionState }

func (f *fixedCache) Get(string) (*ClientSessionState, bool) { return f.session, f.session != nil }
func (f *fixedCache) Put(_ string, s *ClientSessionState) {
	if s != nil {
		f.session = s
	}
}

// TestSessionOfNoUse offers a session with a verified client to a server that
// does not resume it. What was verified then does not count now.
func TestSessionOfNoUse(t *testing.T) {
	for _, v := range versions {
		cache := new(fixedCache)
		server := serverSide(v, func(c *stdtls.Config) { c.ClientAuth, c.ClientCAs = VerifyClientCertIfGiven, roots() })
		known := clientSide(func(c *stdtls.Config) { c.Certificates = []Certificate{certOf("P-256")} })
		known.change = func(c *Config) { c.ClientSessionCache = cache }
		m := meet(t, pairing{true, true}, known, server).good(t)
		if s := m.server.ConnectionState(); len(s.VerifiedChains) == 0 {
			t.Fatal("the client was not verified")
		}
		stranger := clientSide(func(c *stdtls.Config) { c.ServerName = "localhost" })
		stranger.change = func(c *Config) { c.ClientSessionCache = cache }
		m = meet(t, pairing{true, true}, stranger, server).good(t)
		if s := m.server.ConnectionState(); s.DidResume || len(s.VerifiedChains) > 0 || len(s.PeerCertificates) > 0 {
			t.Errorf("%s: resumed %v, %d chains, %d certificates", VersionName(v), s.DidResume, len(s.VerifiedChains), len(s.PeerCertificates))
		}
	}
}

// TestAuthorityIsGone resumes the session of a client whose authority the
// server no longer trusts.
func TestAuthorityIsGone(t *testing.T) {
	for _, v := range versions {
		client := clientSide(func(c *stdtls.Config) {
			c.GetClientCertificate = func(*CertificateRequestInfo) (*Certificate, error) { cert := certOf("P-256"); return &cert, nil }
		}).cached()
		server := serverSide(v, func(c *stdtls.Config) {
			c.ClientAuth, c.ClientCAs, c.SessionTicketKey = RequireAndVerifyClientCert, roots(), [32]byte{1}
		})
		meet(t, pairing{true, true}, client, server).good(t)
		changed := serverSide(v, func(c *stdtls.Config) {
			c.ClientAuth, c.ClientCAs, c.SessionTicketKey = RequireAndVerifyClientCert, otherRoot().Pool(), [32]byte{1}
		})
		m := meet(t, pairing{true, true}, client, changed).bad(t)
		var failed *CertificateVerificationError
		if !errors.As(m.serverErr, &failed) {
			t.Error(m.serverErr)
		}
	}
}

// TestSessionTicketKeys shares and rotates keys between servers.
func TestSessionTicketKeys(t *testing.T) {
	for _, v := range versions {
		for _, p := range []pairing{{false, true}, {true, true}} {
			t.Run(VersionName(v)+", "+p.String(), func(t *testing.T) {
				client := clientSide(nil).cached()
				with := func(keys ...[32]byte) *side {
					s := serverSide(v, nil)
					s.change = func(c *Config) { c.SetSessionTicketKeys(keys) }
					return s
				}
				for i, step := range []struct {
					keys    [][32]byte
					resumed bool
				}{
					{[][32]byte{{1}}, false}, {[][32]byte{{1}}, true}, {[][32]byte{{2}, {1}}, true},
					{[][32]byte{{2}}, true}, {[][32]byte{{3}}, false}, {[][32]byte{{3}}, true},
				} {
					m := meet(t, p, client, with(step.keys...)).good(t)
					if got := m.client.ConnectionState().DidResume; got != step.resumed {
						t.Errorf("step %d: resumed is %v", i, got)
					}
				}
			})
		}
	}
}

// TestTicketKeysOfGetConfigForClient has the keys of the second Config count if
// they were set, else those of the first; and Clone copies them as they are.
func TestTicketKeysOfGetConfigForClient(t *testing.T) {
	outer := serverSide(VersionTLS13, nil).config()
	outer.GetConfigForClient = func(*ClientHelloInfo) (*Config, error) { return serverSide(VersionTLS13, nil).config(), nil }
	own := outer.Clone()
	own.GetConfigForClient = func(*ClientHelloInfo) (*Config, error) {
		c := serverSide(VersionTLS13, nil).config()
		c.SetSessionTicketKeys([][32]byte{{9}})
		return c, nil
	}
	disabled := outer.Clone()
	disabled.GetConfigForClient = func(*ClientHelloInfo) (*Config, error) {
		c := serverSide(VersionTLS13, nil).config()
		c.SessionTicketsDisabled = true
		return c, nil
	}
	alone := &Config{Certificates: outer.Certificates, Time: testTime}
	alone.SetSessionTicketKeys([][32]byte{{9}})
	client := clientSide(nil).cached()
	for i, step := range []struct {
		server  *Config
		resumed bool
	}{
		{outer, false}, {outer, true}, {nil, true}, {own, false}, {own, true}, {alone, true}, {disabled, false}, {disabled, false},
	} {
		s := &side{std: &stdtls.Config{}}
		server := step.server
		if server == nil {
			server = outer.Clone() // with the keys that the first handshake made
		}
		s.change = func(*Config) { s.ours = server }
		m := meet(t, pairing{true, true}, client, s).good(t)
		if got := m.client.ConnectionState().DidResume; got != step.resumed {
			t.Errorf("step %d: resumed is %v", i, got)
		}
	}
}

// TestTicketKeysOfClone sets keys at a clone, which the original does not take
// over, as in crypto/tls.
func TestTicketKeysOfClone(t *testing.T) {
	original := serverSide(VersionTLS13, nil).config()
	original.SetSessionTicketKeys([][32]byte{{1}})
	clone := original.Clone()
	clone.SetSessionTicketKeys([][32]byte{{2}})
	client := clientSide(nil).cached()
	for i, step := range []struct {
		server  *Config
		resumed bool
	}{{original, false}, {original, true}, {clone, false}, {clone, true}, {original, false}} {
		s := &side{std: &stdtls.Config{}}
		s.change = func(*Config) { s.ours = step.server }
		m := meet(t, pairing{true, true}, client, s).good(t)
		if got := m.client.ConnectionState().DidResume; got != step.resumed {
			t.Errorf("step %d: resumed is %v", i, got)
		}
	}
}

// TestNothingIsResumed has what keeps a client from offering a session.
func TestNothingIsResumed(t *testing.T) {
	client, server := clientSide(nil).cached(), serverSide(VersionTLS13, nil)
	meet(t, pairing{true, true}, client, server).good(t)
	for name, change := range map[string]func(*Config){
		"another version": func(c *Config) { c.MaxVersion = VersionTLS12 },
		"the certificate has expired": func(c *Config) {
			later := tlstest.Now.AddDate(2, 0, 0)
			c.Time = func() time.Time { return later }
		},
		"tickets disabled":      func(c *Config) { c.SessionTicketsDisabled = true },
		"other authorities":     func(c *Config) { c.RootCAs = otherRoot().Pool() },
		"another name":          func(c *Config) { c.ServerName = "b.example" },
		"those of the system":   func(c *Config) { c.RootCAs = nil },
		"no authorities at all": func(c *Config) { c.RootCAs = x509.NewCertPool() },
	} {
		c := client.config().Clone()
		change(c)
		conn := Client(nil, c)
		conn.host = host{conn: conn, config: c}
		cache := client.config().ClientSessionCache
		kept, _ := cache.Get("a.example")
		cache.Put("b.example", kept)
		if conn.offeredSession(c.now()) != nil {
			t.Error(name)
		}
		if kept == nil {
			t.Fatalf("%s: nothing was left to be offered", name)
		}
		cache.Put("a.example", kept)
	}
}

// TestSessionOfAnotherConfig shares a cache between configs: a session is
// offered if the certificate would be accepted now, and not for having been
// accepted once (CVE-2025-68121).
func TestSessionOfAnotherConfig(t *testing.T) {
	both := roots().Clone()
	both.AddCert(otherRoot().Cert)
	careless := func(c *stdtls.Config) { c.InsecureSkipVerify = true }
	with := func(pool *x509.CertPool) func(*stdtls.Config) { return func(c *stdtls.Config) { c.RootCAs = pool } }
	for name, row := range map[string]struct {
		made, used func(*stdtls.Config)
		resumed    bool
	}{
		"more authorities":     {nil, with(both), true},
		"a copy of the pool":   {nil, with(roots().Clone()), true},
		"no longer careless":   {careless, nil, false},
		"careless from now on": {nil, careless, true},
	} {
		cache := NewLRUClientSessionCache(1)
		for i, change := range []func(*stdtls.Config){row.made, row.used} {
			client := clientSide(change)
			client.change = func(c *Config) { c.ClientSessionCache = cache }
			server := serverSide(0, func(c *stdtls.Config) { c.SessionTicketKey = [32]byte{1} })
			m := meet(t, pairing{true, true}, client, server).good(t)
			s := m.client.ConnectionState()
			if s.DidResume != (i == 1 && row.resumed) || len(s.VerifiedChains) == 0 && !client.std.InsecureSkipVerify {
				t.Errorf("%s, connection %d: resumed %v, %d chains", name, i, s.DidResume, len(s.VerifiedChains))
			}
		}
	}
}

// A session whose connection has ended with a fatal alert is forgotten by both
// sides, whether it was made or resumed there: RFC 5246, section 7.2.2. One whose
// connection just broke is not.
func TestFailedSessionIsForgotten(t *testing.T) {
	for name, tickets := range map[string]bool{"session ID": false, "ticket": true} {
		for resumed := range 2 {
			server, client := serverSide(VersionTLS12, nil), clientSide(nil).cached()
			server.change = func(c *Config) { c.SessionTicketsDisabled, c.ServerSessions = !tickets, 10 }
			var last meeting
			for i := range resumed + 1 {
				last = meet(t, pairing{true, true}, client, server).good(t)
				if last.server.ConnectionState().DidResume != (i > 0) {
					t.Fatalf("%s: connection %d: resumed %v", name, i, i == 0)
				}
			}
			mine := client.config().ClientSessionCache.(*lruCache)
			kept := server.config().prepare().sessions
			id := last.server.(*Conn).engine.Established().SessionID
			if mine.order.Len() != 1 || (kept.Get(id, testTime()) == nil) != tickets {
				t.Fatalf("%s: the session was not kept", name)
			}
			last.client.(*Conn).NetConn().Write(append([]byte{23, 3, 3, 0, 40}, make([]byte, 40)...))
			if _, err := last.server.Read(make([]byte, 1)); err == nil {
				t.Fatal("a forged record was read")
			}
			if _, err := last.client.Read(make([]byte, 1)); err == nil {
				t.Fatal("no alert came")
			}
			if mine.order.Len() != 0 || kept.Get(id, testTime()) != nil {
				t.Errorf("%s, resumed %d: the session is there: %d at the client", name, resumed, mine.order.Len())
			}
			meet(t, pairing{true, true}, client, server).good(t)
			broken := meet(t, pairing{true, true}, client, server).good(t)
			broken.client.(*Conn).NetConn().Close()
			broken.server.Read(make([]byte, 1))
			if again := meet(t, pairing{true, true}, client, server).good(t); !again.client.ConnectionState().DidResume {
				t.Errorf("%s: a connection that broke cost its session", name)
			}
		}
	}
}
