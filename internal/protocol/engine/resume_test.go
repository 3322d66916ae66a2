package engine_test

import (
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/session"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// sessionOf gives the session that a client got of a connection.
func sessionOf(t *testing.T, p *tlstest.Pair) *handshake.Offered {
	t.Helper()
	all := p.Client.TakeSessions()
	if len(all) == 0 {
		t.Fatal("the client got no session")
	}
	return all[0]
}

// keep puts what a server has of session IDs into its host's cache.
func keep(h *tlstest.Host, p *tlstest.Pair) {
	for _, o := range p.Server.TakeSessions() {
		h.Sessions.Put(o.SessionID, o.State)
	}
}

func resumptions() map[string]func(client, server *tlstest.Host) {
	between := func(h *tlstest.Host, v iana.Version) { h.Config.Policy = policy.Compatible().Between(v, v) }
	return map[string]func(client, server *tlstest.Host){
		"TLS 1.3 ticket": func(client, _ *tlstest.Host) { between(client, iana.TLS13) },
		"TLS 1.2 ticket": func(client, _ *tlstest.Host) { between(client, iana.TLS12) },
		"TLS 1.2 ticket, the client knows 1.3": func(_, server *tlstest.Host) {
			between(server, iana.TLS12)
		},
		"TLS 1.2 session ID": func(client, server *tlstest.Host) {
			between(client, iana.TLS12)
			server.Config.Tickets, server.Config.SessionIDs = nil, true
		},
		"TLS 1.2 session ID, the client knows 1.3": func(_, server *tlstest.Host) {
			between(server, iana.TLS12)
			server.Config.Tickets, server.Config.SessionIDs = nil, true
		},
		"TLS 1.2 CBC": func(client, server *tlstest.Host) {
			server.Config.Policy = policy.Compatible()
			client.Config.Policy = only(iana.TLS12, iana.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, iana.X25519)
		},
	}
}

func TestResumption(t *testing.T) {
	for name, setup := range resumptions() {
		for _, cut := range []int{0, 1} {
			t.Run(name, func(t *testing.T) {
				client, server := clientHost(), serverHost("P-256")
				server.Sessions = session.NewCache(10)
				setup(client, server)
				first := run(t, client, server, cut)
				keep(server, first)
				client.Config.Session = sessionOf(t, first)
				// A session that was resumed can be resumed again.
				for range 2 {
					p := run(t, client, server, cut)
					resumedLike(t, first, p)
					sameExport(t, p)
					if all := p.Client.TakeSessions(); len(all) > 0 {
						client.Config.Session = all[0]
					}
				}
			})
		}
	}
}

func resumedLike(t *testing.T, first, p *tlstest.Pair) {
	t.Helper()
	was, c, s := first.Client.Established(), p.Client.Established(), p.Server.Established()
	if !c.Resumed || !s.Resumed {
		t.Fatalf("resumed: client %v, server %v", c.Resumed, s.Resumed)
	}
	if c.Version != was.Version || c.Suite != was.Suite || c.EtM != was.EtM || s.EtM != was.EtM || c.ALPN != was.ALPN {
		t.Errorf("%+v, before %+v", c, was)
	}
	if c.Peer == nil || string(c.Peer.Chain[0]) != string(was.Peer.Chain[0]) {
		t.Error("the server's certificate was not kept")
	}
	if !p.Client.Record().Resumed || !p.Server.Record().Resumed {
		t.Error("the records do not tell of it")
	}
}

// TestSessionIsOfNoUse goes through what makes a server pass over a session
// and make a full handshake.
func TestSessionIsOfNoUse(t *testing.T) {
	for kind, setup := range resumptions() {
		for name, change := range map[string]func(client, server *tlstest.Host){
			"other keys":       func(_, s *tlstest.Host) { s.Config.Tickets, s.Sessions = new(session.Keys), session.NewCache(1) },
			"other name":       func(c, _ *tlstest.Host) { c.Config.ServerName = "localhost" },
			"no tickets":       func(_, s *tlstest.Host) { s.Config.Tickets, s.Config.SessionIDs = nil, false },
			"client auth":      func(_, s *tlstest.Host) { s.Config.ClientAuth = handshake.RequireClientAuth },
			"lifetime is over": func(c, _ *tlstest.Host) { c.Config.Session.State.Created = tlstest.Now.Add(-tlstest.Days(2)) },
			"altered":          func(c, _ *tlstest.Host) { alterTicket(c.Config.Session) },
		} {
			t.Run(kind+", "+name, func(t *testing.T) {
				client, server := clientHost(), serverHost("P-256")
				client.Credential = tlstest.Credentials()["P-384"]
				server.Sessions = session.NewCache(10)
				setup(client, server)
				first := run(t, client, server, 0)
				keep(server, first)
				client.Config.Session = sessionOf(t, first)
				change(client, server)
				if name == "lifetime is over" {
					// The server's own copy counts, so the clock of the
					// connection is what moves.
					later(t, client, server, tlstest.Days(2))
					return
				}
				p := run(t, client, server, 0)
				if p.Client.Established().Resumed || p.Server.Established().Resumed {
					t.Error("it was resumed")
				}
			})
		}
	}
}

func alterTicket(o *handshake.Offered) {
	for _, b := range [][]byte{o.Ticket, o.SessionID} {
		if len(b) > 0 {
			b[len(b)-1] ^= 1
		}
	}
}

// later makes a handshake at a later time.
func later(t *testing.T, client, server *tlstest.Host, after time.Duration) {
	t.Helper()
	p, err := tlstest.NewPairAt(client, server, tlstest.Now.Add(after))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Run(); err != nil {
		t.Fatal(err)
	}
	if p.Client.Established().Resumed || p.Server.Established().Resumed {
		t.Error("it was resumed")
	}
}

// A ticket sealed with a key that is no longer the newest is replaced.
func TestTicketRenewal(t *testing.T) {
	for _, v := range []iana.Version{iana.TLS12, iana.TLS13} {
		client, server := clientHost(), serverHost("P-256")
		client.Config.Policy = policy.Modern().Between(v, v)
		server.Config.Tickets.Set([][32]byte{{1}})
		client.Config.Session = sessionOf(t, run(t, client, server, 0))
		server.Config.Tickets.Set([][32]byte{{2}, {1}})
		p := run(t, client, server, 0)
		if !p.Client.Established().Resumed {
			t.Fatal("not resumed")
		}
		client.Config.Session = sessionOf(t, p)
		server.Config.Tickets.Set([][32]byte{{2}})
		if !run(t, client, server, 0).Client.Established().Resumed {
			t.Errorf("%v: the new ticket was not of the new key", v)
		}
	}
}

// TestRenewedTicketGrowsOld renews a ticket of TLS 1.2, whose master secret is
// always the same: it cannot be used for longer than the first.
func TestRenewedTicketGrowsOld(t *testing.T) {
	client, server := hostsOf(iana.TLS12, "P-256")
	server.Config.Tickets.Set([][32]byte{{1}})
	client.Config.Session = sessionOf(t, run(t, client, server, 0))
	server.Config.Tickets.Set([][32]byte{{2}, {1}})
	p, err := tlstest.NewPairAt(client, server, tlstest.Now.Add(20*time.Hour))
	if err == nil {
		err = p.Run()
	}
	if err != nil || !p.Client.Established().Resumed {
		t.Fatalf("not resumed: %v", err)
	}
	client.Config.Session = sessionOf(t, p)
	later(t, client, server, 25*time.Hour)
}

// TestResumedTwice uses one ticket on two connections: that is no fault, the
// tickets of TLS 1.3 are only advised to be used once.
func TestResumedTwice(t *testing.T) {
	client, server := clientHost(), serverHost("P-256")
	client.Config.Session = sessionOf(t, run(t, client, server, 0))
	for range 2 {
		if !run(t, client, server, 0).Server.Established().Resumed {
			t.Error("not resumed")
		}
	}
}

// TestResumedClient keeps the client's certificate over a resumption.
func TestResumedClient(t *testing.T) {
	for name, setup := range resumptions() {
		t.Run(name, func(t *testing.T) {
			client, server := clientHost(), serverHost("P-256")
			server.Sessions = session.NewCache(10)
			client.Credential = tlstest.Credentials()["Ed25519"]
			server.Config.ClientAuth = handshake.RequireClientAuth
			setup(client, server)
			first := run(t, client, server, 0)
			keep(server, first)
			client.Config.Session = sessionOf(t, first)
			p := run(t, client, server, 0)
			resumedLike(t, first, p)
			peer := p.Server.Established().Peer
			if peer == nil || string(peer.Chain[0]) != string(client.Credential.Chain[0]) {
				t.Error("the client's certificate was not kept")
			}
		})
	}
}
