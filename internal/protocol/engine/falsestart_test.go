package engine_test

import (
	"bytes"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/engine"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// startsFalsely has the client send data before the server's Finished.
func startsFalsely(c, _ *tlstest.Host) { c.Config.FalseStart = handshake.FalseStartALPN }

// halfOpen runs a handshake up to the client's Finished. It gives the two ends, and
// what the server says to it, which has not arrived yet.
func halfOpen(t *testing.T, client, server *tlstest.Host) (c, s *engine.Conn, held []byte) {
	t.Helper()
	c, err := engine.NewClient(client.Config, clock())
	if err != nil {
		t.Fatal(err)
	}
	s = engine.NewServer(server.Config, clock())
	var atClient, atServer, data []byte
	for range 4 {
		atServer = append(atServer, c.Output()...)
		c.Sent()
		tlstest.Feed(s, server, &atServer, &data)
		held = append(held, s.Output()...)
		s.Sent()
		if c.State() == "WAIT_TICKET" || c.State() == "WAIT_CCS" {
			return c, s, held
		}
		atClient, held = append(atClient, held...), nil
		tlstest.Feed(c, client, &atClient, &data)
	}
	t.Fatalf("the client is in %s: %v; the server in %s: %v", c.State(), c.Err(), s.State(), s.Err())
	return nil, nil, nil
}

// TestFalseStart: RFC 7918, section 4, says where data may go before the server
// has shown that it saw the same handshake. Everywhere else the client waits.
func TestFalseStart(t *testing.T) {
	suites := func(ids ...iana.Suite) func(c, s *tlstest.Host) {
		return func(c, _ *tlstest.Host) {
			c.Config.Policy = with(c.Config.Policy, func(p *policy.Policy) { p.Suites = ids })
		}
	}
	noALPN := func(c, _ *tlstest.Host) { c.Config.Protocols = nil }
	any := func(c, _ *tlstest.Host) { c.Config.FalseStart = handshake.FalseStartAny }
	tls12 := func(change ...func(c, s *tlstest.Host)) func(*testing.T) (c, s *tlstest.Host) {
		return hosts12("RSA-2048", append([]func(c, s *tlstest.Host){startsFalsely}, change...)...)
	}
	for name, row := range map[string]struct {
		hosts  func(*testing.T) (c, s *tlstest.Host)
		starts bool
	}{
		"ECDHE, AEAD, a protocol":          {tls12(), true},
		"a client that shows who it is":    {tls12(wantsClient), true},
		"no protocol":                      {tls12(noALPN), false},
		"no protocol, and that is allowed": {tls12(noALPN, any), true},
		"not named":                        {hosts12("RSA-2048"), false},
		"RSA key exchange":                 {tls12(suites(iana.TLS_RSA_WITH_AES_128_GCM_SHA256)), false},
		"DHE":                              {tls12(suites(iana.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256)), true},
		"CBC":                              {tls12(suites(iana.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA)), false},
		"TLS 1.1":                          {changed(iana.TLS11, "RSA-2048", []func(c, s *tlstest.Host){startsFalsely}), false},
	} {
		t.Run(name, func(t *testing.T) {
			client, server := row.hosts(t)
			c, _, _ := halfOpen(t, client, server)
			records, err := c.Seal(nil, []byte("data"))
			if got := err == nil && c.HalfOpen(); got != row.starts {
				t.Fatalf("it starts: %v (%v), in %s", got, err, c.State())
			}
			if !row.starts && len(records) > 0 || c.Complete() {
				t.Errorf("records of %d bytes come with %v, in %s", len(records), err, c.State())
			}
		})
	}
}

// TestFalseStartGoesOn: the data arrives, and the handshake is completed beneath.
func TestFalseStartGoesOn(t *testing.T) {
	client, server := hosts12("P-256", startsFalsely)(t)
	c, s, held := halfOpen(t, client, server)
	records, err := c.Seal(nil, []byte("early"))
	if err != nil {
		t.Fatal(err)
	}
	var atServer, atClient []byte
	if tlstest.Feed(s, server, &records, &atServer); !bytes.Equal(atServer, []byte("early")) || !s.Complete() {
		t.Fatalf("the server has %q: %v", atServer, s.Err())
	}
	exported, err := c.Export("label", nil, 16)
	if err != nil {
		t.Fatal(err)
	}
	if other, err := s.Export("label", nil, 16); err != nil || !bytes.Equal(exported, other) {
		t.Errorf("what is exported differs: %v", err)
	}
	held, _ = s.Seal(held, []byte("late"))
	if tlstest.Feed(c, client, &held, &atClient); !c.Complete() || c.HalfOpen() || !bytes.Equal(atClient, []byte("late")) {
		t.Fatalf("the client has %q, in %s: %v", atClient, c.State(), c.Err())
	}
	if len(c.TakeSessions()) != 1 {
		t.Error("without its ticket")
	}
}

// falseStartAttacks are on what the client hears after it has begun: the server's
// Finished counts as ever, and nothing that comes before it is data.
func falseStartAttacks() []attack {
	falsely := hosts12("P-256", startsFalsely)
	return []attack{
		{code: fault.FinishedWrong, name: "false start", at: atClient, hosts: falsely, alter: flip(iana.MsgFinished, 0)},
		{code: fault.DataInHandshake, name: "false start", at: atClient, hosts: falsely, alter: first(iana.MsgFinished, func(p piece) pieces {
			return pieces{{From: p.From, Content: iana.ContentApplicationData, Bytes: []byte("data")}}
		})},
	}
}
