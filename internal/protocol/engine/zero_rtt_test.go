package engine_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/engine"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/session"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// early lets a client offer early data, and a server take it, whose register
// has been there for long.
func early(client, server *tlstest.Host) {
	client.Config.EarlyData, server.Config.MaxEarlyData = true, 16000
	server.Register = session.NewRegister(100, tlstest.Now.Add(-time.Hour))
}

// earlyPair gives a pair about to resume, whose client can send early data.
func earlyPair(t *testing.T, late ...func(client, server *tlstest.Host)) *tlstest.Pair {
	t.Helper()
	client, server := again(hosts13("P-256", early), late...)(t)
	p, err := tlstest.NewPair(client, server)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// ready gives what the client sends at first, with early data at the end.
func ready(t *testing.T, c *engine.Conn, data []byte) []byte {
	t.Helper()
	b, err := c.SealEarly(slices.Clone(c.Output()), data)
	if err != nil {
		t.Fatal(err)
	}
	c.Sent()
	return b
}

// TestEarlyData sends data in the client's first flight, and half-RTT data in
// the server's.
func TestEarlyData(t *testing.T) {
	for _, cut := range []int{0, 1} {
		p := earlyPair(t)
		if room := p.Client.EarlyRoom(); room != 16000 {
			t.Fatalf("there is room for %d bytes", room)
		}
		request := bytes.Repeat([]byte("early "), 2000)
		in := ready(t, p.Client, request)
		var got, pending []byte
		for step := max(cut, len(in)*(1-cut)); len(in) > 0; {
			n := min(step, len(in))
			part := slices.Clone(in[:n])
			in = in[n:]
			pending = append(pending, part...)
			tlstest.Feed(p.Server, p.ServerHost, &pending, &got)
		}
		if !bytes.Equal(got, request) || !p.Server.HalfOpen() || p.Server.Complete() {
			t.Fatalf("%d bytes came, in %s: %v", len(got), p.Server.State(), p.Server.Err())
		}
		early, err := p.Server.ExportEarly("label", nil, 32)
		if mine, clientErr := p.Client.ExportEarly("label", nil, 32); err != nil || clientErr != nil || !bytes.Equal(early, mine) {
			t.Errorf("exported: %x, %v, %x, %v", early, err, mine, clientErr)
		}
		flight := slices.Clone(p.Server.Output())
		p.Server.Sent()
		flight, err = p.Server.Seal(flight, []byte("half an RTT"))
		if err != nil {
			t.Fatal(err)
		}
		var answer []byte
		tlstest.Feed(p.Client, p.ClientHost, &flight, &answer)
		if err := p.Run(); err != nil {
			t.Fatal(err)
		}
		if string(answer) != "half an RTT" {
			t.Errorf("the answer is %q", answer)
		}
		for side, c := range map[trace.Side]*engine.Conn{trace.Client: p.Client, trace.Server: p.Server} {
			if e := c.Established().Early; !c.Complete() || e.State != handshake.EarlyEnded || c.EarlyRoom() != 0 {
				t.Errorf("%v: complete %v, %+v", side, c.Complete(), e)
			}
		}
		if err := p.Send(p.Client, []byte("late")); err != nil || string(p.ServerData) != "late" {
			t.Errorf("%q, %v", p.ServerData, err)
		}
	}
}

// TestWhyNoEarlyData has the handshake succeed and the early data not be taken,
// each time for another reason, which the record of one side tells.
func TestWhyNoEarlyData(t *testing.T) {
	all := trace.Why(0)
	for _, c := range []struct {
		at   trace.Side
		late func(client, server *tlstest.Host)
		why  trace.Why
	}{
		{trace.Server, func(_, s *tlstest.Host) { s.Config.MaxEarlyData = 0 }, trace.Disabled},
		{trace.Server, otherTickets, trace.NotResumed},
		{trace.Server, retry, trace.Retried},
		{trace.Server, func(c, _ *tlstest.Host) { c.Config.EarlyData = false }, trace.NotOffered},
		{trace.Server, func(c, s *tlstest.Host) { c.Config.Session = nil }, trace.NoSession},
		{trace.Server, func(c, s *tlstest.Host) {
			only := with(s.Config.Policy, func(p *policy.Policy) { p.Suites = []iana.Suite{iana.TLS_CHACHA20_POLY1305_SHA256} })
			s.Config.Policy = only
		}, trace.WrongSuite},
		{trace.Server, func(c, s *tlstest.Host) {
			c.Config.Protocols, s.Config.Protocols = []string{"other"}, []string{"other"}
			c.Config.Session.State.ALPN = ""
		}, trace.WrongProtocol},
		{trace.Server, func(c, _ *tlstest.Host) { c.Config.Session.State.AgeAdd += 11_000 }, trace.AgeSkew},
		{trace.Server, func(c, _ *tlstest.Host) { c.Config.Session.State.AgeAdd -= 11_000 }, trace.AgeSkew},
		{trace.Server, func(c, _ *tlstest.Host) { c.Config.Session.State.AgeAdd += 9_000 }, all},
		{trace.Server, func(_, s *tlstest.Host) { s.Register = nil }, trace.NoRegister},
		{trace.Server, func(_, s *tlstest.Host) { s.Register = session.NewRegister(100, tlstest.Now) }, trace.RegisterYoung},
		{trace.Server, func(_, s *tlstest.Host) { s.Register = session.NewRegister(0, tlstest.Now.Add(-time.Hour)) }, trace.RegisterFull},
		{trace.Client, func(_, s *tlstest.Host) { s.Register = nil }, trace.Declined},
		{trace.Client, otherTickets, trace.NotResumed},
		{trace.Client, retry, trace.Retried},
		{trace.Client, func(c, _ *tlstest.Host) { c.Config.Session = nil }, trace.NoSession},
		{trace.Client, func(c, _ *tlstest.Host) { c.Config.Session.State.MaxEarly = 0 }, trace.NotOfSession},
		{trace.Client, func(c, _ *tlstest.Host) { c.Config.ServerName = "localhost" }, trace.WrongName},
		{trace.Client, func(c, _ *tlstest.Host) { c.Config.Session.State.ALPN = "gone" }, trace.WrongProtocol},
		{trace.Client, func(c, _ *tlstest.Host) {
			c.Config.Policy = with(c.Config.Policy, func(p *policy.Policy) { p.Suites = []iana.Suite{iana.TLS_CHACHA20_POLY1305_SHA256} })
		}, trace.WrongSuite},
	} {
		t.Run(c.at.String()+" "+c.why.String(), func(t *testing.T) {
			p := earlyPair(t, c.late)
			data := make([]byte, min(1000, p.Client.EarlyRoom()))
			in := ready(t, p.Client, data)
			tlstest.Feed(p.Server, p.ServerHost, &in, &p.ServerData)
			if err := p.Run(); err != nil {
				t.Fatal(err)
			}
			accepted := p.Client.Established().Early.Accepted()
			if want := c.why == all; accepted != want || accepted != p.Server.Established().Early.Accepted() || accepted != (len(p.ServerData) > 0) {
				t.Errorf("accepted: %v, %d bytes of data", accepted, len(p.ServerData))
			}
			r := map[trace.Side]*trace.Record{trace.Client: p.Client.Record(), trace.Server: p.Server.Record()}[c.at]
			if !slices.ContainsFunc(r.Choices, func(choice trace.Choice) bool {
				return choice.Topic == trace.EarlyData && (c.why == all && choice.Made || !choice.Made && choice.Refused[0].Why == c.why)
			}) {
				t.Errorf("the record says %+v", r.Choices)
			}
			if err := p.Send(p.Client, []byte("again")); err != nil || !bytes.HasSuffix(p.ServerData, []byte("again")) {
				t.Errorf("what is sent again: %q, %v", p.ServerData, err)
			}
		})
	}
}

// TestEarlyDataReplay sends what one client sent to a server more than once: at
// the same time, later, after the server has begun anew, after its register has
// forgotten. The server takes the early data once.
func TestEarlyDataReplay(t *testing.T) {
	p := earlyPair(t)
	flight := ready(t, p.Client, []byte("GET /buy"))
	replay := func(what string, after time.Duration, host *tlstest.Host, want int) {
		t.Helper()
		now := tlstest.Now.Add(after)
		s := engine.NewServer(host.Config, now)
		in, data := slices.Clone(flight), []byte(nil)
		tlstest.FeedAt(s, host, &in, &data, now)
		if s.Err() != nil || len(data) != want {
			t.Errorf("%s: %d bytes of early data were taken, %v", what, len(data), s.Err())
		}
	}
	replay("the first", 0, p.ServerHost, 8)
	for _, after := range []time.Duration{0, time.Second, 9 * time.Second, 10 * time.Second, 11 * time.Second, 20 * time.Second, time.Minute} {
		replay("after "+after.String(), after, p.ServerHost, 0)
	}
	anew := *p.ServerHost
	for _, after := range []time.Duration{0, 5 * time.Second, 10 * time.Second, 11 * time.Second, 23 * time.Second} {
		anew.Register = session.NewRegister(100, tlstest.Now)
		replay("begun anew, after "+after.String(), after, &anew, 0)
	}
}

// TestEarlyDataReplayAtOnce sends it to many connections of a server whose
// questions are answered in another order.
func TestEarlyDataReplayAtOnce(t *testing.T) {
	p := earlyPair(t)
	flight := ready(t, p.Client, []byte("GET /buy"))
	var servers []*engine.Conn
	rests := make([][]byte, 5)
	for i := range rests {
		s := engine.NewServer(p.ServerHost.Config, tlstest.Now)
		rests[i] = slices.Clone(flight)
		n, _, _ := s.Input(rests[i], tlstest.Now)
		rests[i] = rests[i][n:]
		servers = append(servers, s)
	}
	taken := 0
	for i := len(servers) - 1; i >= 0; i-- {
		var data []byte
		tlstest.Feed(servers[i], p.ServerHost, &rests[i], &data)
		if len(data) > 0 {
			taken++
		}
	}
	if taken != 1 {
		t.Errorf("%d connections took the early data", taken)
	}
}

// TestTooMuchEarlyData has a client that does not keep to the limit.
func TestTooMuchEarlyData(t *testing.T) {
	p := earlyPair(t, func(client, _ *tlstest.Host) { client.Config.Session.State.MaxEarly = 1 << 20 })
	in := ready(t, p.Client, make([]byte, 16001))
	tlstest.Feed(p.Server, p.ServerHost, &in, &p.ServerData)
	if !isFault(p.Server.Err(), fault.EarlyDataOverLimit) || len(p.ServerData) > 16000 {
		t.Errorf("%v, %d bytes", p.Server.Err(), len(p.ServerData))
	}
	if _, err := p.Client.SealEarly(nil, make([]byte, 1<<20)); err == nil {
		t.Error("the client sends more than its session allows")
	}
}

// TestEarlyDataToAnOldServer has the server's version gone back since it gave
// the ticket. RFC 9846, appendix E.3.
func TestEarlyDataToAnOldServer(t *testing.T) {
	p := earlyPair(t, func(c, s *tlstest.Host) {
		c.Config.Policy = policy.Modern()
		s.Config.Policy = policy.Modern().Between(iana.TLS12, iana.TLS12)
	})
	p.Run()
	if !isFault(p.Client.Err(), fault.EarlyDataVersion) {
		t.Error(p.Client.Err())
	}
}

// TestEarlyDataIsOver sends data after EndOfEarlyData and before Finished.
func TestEarlyDataIsOver(t *testing.T) {
	client, server := again(hosts13("P-256", early))(t)
	m := &tlstest.Middle{}
	m.Alter = func(p piece) pieces {
		if p.From == trace.Client && p.Is(iana.MsgFinished) {
			return pieces{{From: p.From, Content: iana.ContentApplicationData, Bytes: []byte("data")}, p}
		}
		return pieces{p}
	}
	p := through(t, client, server, m)
	p.Run()
	if !isFault(p.Server.Err(), fault.DataInHandshake) || len(p.ServerData) > 0 {
		t.Errorf("%v, %q", p.Server.Err(), p.ServerData)
	}
}

// earlyAttacks are on what the two sides say of early data.
func earlyAttacks() []attack {
	accepted := func() func(piece) pieces {
		return encryptedExtensions(func(m *wire.EncryptedExtensions) { m.Extensions = set(m.Extensions, iana.ExtEarlyData) })
	}
	hosts := again(hosts13("P-256", early))
	return []attack{
		{code: fault.EarlyDataUnexpected, at: atClient, hosts: again(hosts13("P-256", early), otherTickets), alter: accepted()},
		{code: fault.UnsolicitedExtension, name: "early_data", at: atClient, hosts: again(hosts13("P-256")), alter: accepted()},
		{code: fault.UnsolicitedExtension, name: "early_data after a retry", at: atClient, hosts: again(hosts13("P-256", early), retry), alter: accepted()},
		{code: fault.EarlyDataSuite, at: atClient, hosts: hosts,
			alter: serverHello(func(m *wire.ServerHello) { m.CipherSuite = iana.TLS_CHACHA20_POLY1305_SHA256 })},
		{code: fault.EarlyDataProtocol, at: atClient, hosts: again(hosts13("P-256", early, func(c, s *tlstest.Host) {
			c.Config.Protocols, s.Config.Protocols = []string{"a", "b"}, []string{"a"}
		})), alter: encryptedExtensions(func(m *wire.EncryptedExtensions) { m.Extensions = without(m.Extensions, iana.ExtALPN) })},
		{code: fault.DecodeError, name: "EndOfEarlyData", at: atServer, hosts: hosts, alter: body(iana.MsgEndOfEarlyData, 0)},
		{code: fault.BinderWrong, name: "early data", at: atServer, hosts: again(hosts13("P-256", early), func(c, _ *tlstest.Host) {
			c.Config.Session.State.Secret = make([]byte, 32)
		})},
		{code: fault.ExtensionForm, name: "early_data of a ticket", at: atClient,
			alter: first(iana.MsgNewSessionTicket, func(p piece) pieces {
				m, _ := wire.ParseNewSessionTicket13(p.Bytes[wire.HeaderLen:])
				m.Extensions = wire.AppendExtension(nil, iana.ExtEarlyData, []byte{1})
				return as(p, m.Append(nil))
			})},
	}
}
