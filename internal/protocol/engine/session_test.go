package engine_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/schedule"
	"github.com/handsel-tls/handsel/internal/protocol/session"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// TestWhyNotResumed checks that the server's record says why it passed over a
// session.
func TestWhyNotResumed(t *testing.T) {
	suites := func(ids ...iana.Suite) func(*policy.Policy) { return func(p *policy.Policy) { p.Suites = ids } }
	other12 := iana.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
	for _, c := range []struct {
		name string
		v    iana.Version
		late func(client, server *tlstest.Host)
		why  trace.Why
	}{
		{"unknown", iana.TLS13, otherTickets, trace.Unknown},
		{"unknown", iana.TLS12, otherTickets, trace.Unknown},
		{"another hash", iana.TLS13, func(_, s *tlstest.Host) {
			s.Config.Policy = with(s.Config.Policy, suites(iana.TLS_AES_256_GCM_SHA384))
		}, trace.WrongHash},
		{"not offered", iana.TLS12, func(c, _ *tlstest.Host) { c.Config.Policy = with(c.Config.Policy, suites(other12)) }, trace.NotOffered},
		{"not allowed", iana.TLS12, func(_, s *tlstest.Host) { s.Config.Policy = with(s.Config.Policy, suites(other12)) }, trace.NotAllowed},
		{"outranked", iana.TLS12, func(_, s *tlstest.Host) {
			s.Config.Policy = with(s.Config.Policy, suites(other12, iana.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256))
		}, trace.Outranked},
		{"another name", iana.TLS13, func(c, _ *tlstest.Host) { c.Config.ServerName = "localhost" }, trace.WrongContext},
		{"another name", iana.TLS12, func(c, _ *tlstest.Host) { c.Config.ServerName = "localhost" }, trace.WrongContext},
		{"client authentication", iana.TLS13, wantsClient, trace.WrongContext},
		{"client authentication", iana.TLS12, wantsClient, trace.WrongContext},
		{"another version", iana.TLS12, func(c, s *tlstest.Host) { c.Config.Session = sealed(s, iana.TLS13) }, trace.WrongVersion},
		{"another version", iana.TLS13, func(c, s *tlstest.Host) { c.Config.Session = sealed(s, iana.TLS12) }, trace.WrongVersion},
	} {
		t.Run(c.name+" "+c.v.String(), func(t *testing.T) {
			hosts := hosts13("P-256")
			if c.v == iana.TLS12 {
				hosts = hosts12("P-256")
			}
			client, server := again(hosts, c.late)(t)
			p := run(t, client, server, 0)
			if p.Server.Established().Resumed || p.Client.Established().Resumed {
				t.Fatal("it was resumed")
			}
			if !slices.ContainsFunc(p.Server.Record().Choices, func(choice trace.Choice) bool {
				return choice.Topic == trace.Session && !choice.Made && choice.Refused[0].Why == c.why
			}) {
				t.Errorf("the record says %+v", p.Server.Record().Choices)
			}
		})
	}
}

// sealed makes a session of a version whose ticket the server can open, and
// that the client offers as one of the other.
func sealed(server *tlstest.Host, v iana.Version) *handshake.Offered {
	s := &session.State{
		Version: v, Suite: iana.TLS_AES_128_GCM_SHA256, Secret: make([]byte, 32), EMS: true,
		ServerName: "a.example", Created: tlstest.Now, Lifetime: 100,
	}
	ticket, err := server.Config.Tickets.Seal(server.Config.Rand, tlstest.Now, s)
	if err != nil {
		panic(err)
	}
	offered := *s
	if offered.Version = iana.TLS12; v == iana.TLS12 {
		offered.Version = iana.TLS13
	}
	return &handshake.Offered{Ticket: ticket, State: &offered}
}

// TestSecondIdentity offers two sessions, of which the server can open the
// second only. Clients of ours offer one, so the ClientHello is rewritten with
// binders of its own.
func TestSecondIdentity(t *testing.T) {
	client, server := again13()(t)
	offered := client.Config.Session
	p := through(t, client, server, &tlstest.Middle{Alter: clientHelloBytes(func(b []byte) []byte {
		m, err := wire.ParseClientHello(b[wire.HeaderLen:])
		if err != nil {
			t.Fatal(err)
		}
		return twoSessions(m, offered)
	})})
	p.Run()
	if e := p.Server.Established(); !e.Resumed {
		t.Errorf("the server ended with %v", p.Server.Err())
	}
}

func clientHelloBytes(f func([]byte) []byte) func(piece) pieces {
	return first(iana.MsgClientHello, func(p piece) pieces { return as(p, f(p.Bytes)) })
}

// twoSessions puts an unknown session before the one that is offered.
func twoSessions(m wire.ClientHello, offered *handshake.Offered) []byte {
	identity := func(ticket []byte) []byte {
		b := append([]byte{byte(len(ticket) >> 8), byte(len(ticket))}, ticket...)
		return append(b, 0, 0, 0, 0)
	}
	ids := slices.Concat(identity([]byte("unknown")), identity(offered.Ticket))
	binders := slices.Concat([]byte{0, 66, 32}, make([]byte, 32), []byte{32}, make([]byte, 32))
	m.Extensions = set(m.Extensions, iana.ExtPreSharedKey, slices.Concat([]byte{byte(len(ids) >> 8), byte(len(ids))}, ids, binders)...)
	b := m.Append(nil)
	h := offered.State.Hash()
	key := schedule.NewEarly(h, offered.State.Secret).BinderKey(schedule.ResumptionBinder)
	copy(b[len(b)-32:], key.FinishedMAC(nil, h.Sum(nil, b[:len(b)-len(binders)])))
	return b
}

// TestChain shows a chain of two certificates.
func TestChain(t *testing.T) {
	intermediate := tlstest.NewAuthority("intermediate", tlstest.Root())
	for _, v := range bothVersions {
		client, server := hostsOf(v, "P-256")
		show(server, intermediate, nil)
		client.Credential = server.Credential
		server.Config.ClientAuth = handshake.RequireClientAuth
		p := run(t, client, server, 7)
		for _, peer := range []*handshake.PeerCertificates{p.Client.Established().Peer, p.Server.Established().Peer} {
			if len(peer.Chain) != 2 || !bytes.Equal(peer.Chain[1], intermediate.DER) || !bytes.Equal(peer.Leaf.Raw, peer.Chain[0]) {
				t.Errorf("%v: %d certificates arrived", v, len(peer.Chain))
			}
		}
	}
}

// TestTickets has the tickets that a client does not keep, and the longest
// lifetime it believes. RFC 9846, section 4.7.1.
func TestTickets(t *testing.T) {
	for _, c := range []struct {
		lifetime, want uint32
		kept           bool
	}{{0, 0, false}, {100, 100, true}, {1 << 31, 604800, true}} {
		client, server := hostsOf(iana.TLS13, "P-256")
		server.Config.Tickets = nil
		m := &tlstest.Middle{}
		p := through(t, client, server, m)
		if err := p.Run(); err != nil {
			t.Fatal(err)
		}
		m.Alter = func(p piece) pieces {
			return pieces{{From: p.From, Content: iana.ContentHandshake, Bytes: ticket(c.lifetime)}}
		}
		if err := p.Send(p.Server, []byte("data")); err != nil {
			t.Fatal(err)
		}
		all := p.Client.TakeSessions()
		if c.kept != (len(all) == 1) || c.kept && all[0].State.Lifetime != c.want {
			t.Errorf("a lifetime of %d: %d sessions", c.lifetime, len(all))
		}
		if len(p.Client.TakeSessions()) != 0 {
			t.Error("a session was given twice")
		}
	}
}

// TestTrailingDot sends a name without the dot at its end. RFC 6066, section 3.
func TestTrailingDot(t *testing.T) {
	client, server := hostsOf(iana.TLS13, "P-256")
	client.Config.ServerName = "a.example."
	if p := run(t, client, server, 0); p.Server.Established().ServerName != "a.example" {
		t.Errorf("%q was sent", p.Server.Established().ServerName)
	}
}

// TestRecordOfChoices checks that a record's choices name what was agreed on.
func TestRecordOfChoices(t *testing.T) {
	for _, v := range bothVersions {
		client, server := hostsOf(v, "P-256")
		p := run(t, client, server, 0)
		for _, r := range []*trace.Record{p.Client.Record(), p.Server.Record()} {
			for _, c := range r.Choices {
				want := map[trace.Topic]uint16{
					trace.Version: uint16(r.Version), trace.Suite: uint16(r.Suite), trace.Group: uint16(r.Group), trace.Scheme: uint16(r.Scheme),
				}[c.Topic]
				if want != 0 && (!c.Made || c.Chosen != want) {
					t.Errorf("%v, %v: %v was chosen and is %v", v, r.Side, c.Topic.Value(want), c.Topic.Value(c.Chosen))
				}
			}
		}
	}
}
