package engine_test

import (
	"bytes"
	"errors"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/engine"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/record"
	"github.com/handsel-tls/handsel/internal/protocol/session"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// TestFloods sends what asks for nothing without end, once the handshake is
// complete: warnings (CVE-2016-8610 was such a flood in the handshake), empty
// records (CVE-2012-2187 of a kind), tickets, HelloRequests, and both in turns.
// Each ends the connection soon, and until then makes neither end send or keep
// more than a few kilobytes.
func TestFloods(t *testing.T) {
	ticket := wire.NewSessionTicket13{Lifetime: 7, Ticket: []byte{1}}
	warning := piece{Content: iana.ContentAlert, Bytes: []byte{1, byte(iana.AlertUserCanceled)}}
	empty := piece{Content: iana.ContentApplicationData}
	of := func(b []byte) piece { return piece{Content: iana.ContentHandshake, Bytes: b} }
	for _, f := range []struct {
		name   string
		v      iana.Version
		at     trace.Side
		pieces pieces
		code   fault.Code
	}{
		{"warnings", iana.TLS12, atServer, pieces{warning}, fault.WarningAlerts},
		{"warnings", iana.TLS13, atClient, pieces{warning}, fault.WarningAlerts},
		{"empty records", iana.TLS12, atServer, pieces{empty}, fault.EmptyRecords},
		{"empty records", iana.TLS13, atServer, pieces{empty}, fault.EmptyRecords},
		{"warnings and empty records", iana.TLS12, atServer, pieces{warning, empty}, fault.WarningAlerts},
		{"tickets", iana.TLS13, atClient, pieces{of(ticket.Append(nil))}, fault.UnexpectedMessage},
		{"tickets and warnings", iana.TLS13, atClient, pieces{of(ticket.Append(nil)), warning}, fault.WarningAlerts},
		{"HelloRequests", iana.TLS12, atClient, pieces{of(message(iana.MsgHelloRequest))}, fault.NoRenegotiation},
	} {
		client, server := hostsOf(f.v, "P-256")
		m := &tlstest.Middle{}
		m.Alter = func(q piece) pieces { return pieces{q} }
		p := through(t, client, server, m)
		if err := p.Run(); err != nil {
			t.Fatal(err)
		}
		at, sent := p.Server, &p.ToClient
		if f.at == atClient {
			at, sent = p.Client, &p.ToServer
		}
		before := len(*sent)
		sends(f.at, slices.Repeat(f.pieces, 200)...)(t, p, m)
		p.Run()
		if !isFault(at.Err(), f.code) || len(*sent)-before > 4<<10 {
			t.Errorf("%v, %s: %v, after which %d bytes were sent", f.v, f.name, at.Err(), len(*sent)-before)
		}
	}
}

// TestKeyUpdateFlood asks for new keys without end: each costs a derivation and
// an answer. The answers do not pile up while nobody sends them, and the flood
// ends. RFC 9846, section 4.7.3.
func TestKeyUpdateFlood(t *testing.T) {
	client, server := hostsOf(iana.TLS13, "P-256")
	p := run(t, client, server, 0)
	var in, data []byte
	updates := 0
	for ; updates < 200 && p.Server.Err() == nil; updates++ {
		if err := p.Client.KeyUpdate(true); err != nil {
			t.Fatal(err)
		}
		in = append(in, p.Client.Output()...)
		p.Client.Sent()
		tlstest.Feed(p.Server, server, &in, &data)
	}
	if !isFault(p.Server.Err(), fault.KeyUpdates) || updates > 40 {
		t.Errorf("after %d: %v", updates, p.Server.Err())
	}
	p.Server.Reply()
	if n := len(p.Server.Output()); n > 128 {
		t.Errorf("the answer has %d bytes", n)
	}
}

// TestKeyUpdatesAreAnsweredOnce asks for new keys while the other side is
// silent: it changes them once, before its next data.
func TestKeyUpdatesAreAnsweredOnce(t *testing.T) {
	client, server := hostsOf(iana.TLS13, "P-256")
	p := run(t, client, server, 0)
	for round := range 3 {
		before, sent := p.Server.Established().WriteTraffic, len(p.ToClient)
		for range 5 {
			if err := p.Client.KeyUpdate(true); err != nil || p.Run() != nil {
				t.Fatal(err, p.Server.Err())
			}
		}
		if silent := len(p.ToClient) == sent; !silent {
			t.Errorf("round %d: a server without data sends %d bytes", round, len(p.ToClient)-sent)
		}
		exchange(t, p)
		if p.Server.Established().WriteTraffic != before.NextTraffic() {
			t.Errorf("round %d: the keys were not changed once", round)
		}
	}
}

// offering gives a ClientHello of TLS 1.3 as it is, in a record or several.
func offering(t *testing.T, change func(*wire.ClientHello), size int) []byte {
	t.Helper()
	client, _ := hostsOf(iana.TLS13, "P-256")
	c, err := engine.NewClient(client.Config, tlstest.Now)
	if err != nil {
		t.Fatal(err)
	}
	m, err := wire.ParseClientHello(c.Output()[record.HeaderLen+wire.HeaderLen:])
	if err != nil {
		t.Fatal(err)
	}
	change(&m)
	var out []byte
	for rest := m.Append(nil); len(rest) > 0; {
		n := min(size, len(rest))
		out = append(append(out, 22, 3, 1, byte(n>>8), byte(n)), rest[:n]...)
		rest = rest[n:]
	}
	return out
}

// heavy are ClientHellos that have as much as fits of one thing: n bytes.
var heavy = map[string]func(m *wire.ClientHello, n int){
	"extensions": func(m *wire.ClientHello, n int) {
		var many wire.Extensions
		for i := range n / 4 {
			if typ := iana.ExtensionType(0x4000 + i); i&0xf0f != 0xa0a {
				many = wire.AppendExtension(many, typ, nil)
			}
		}
		m.Extensions = append(many, m.Extensions...)
	},
	"cipher suites": func(m *wire.ClientHello, n int) {
		m.CipherSuites = append(bytes.Repeat([]byte{0x99, 0x99}, n/2), m.CipherSuites...)
	},
	"groups": func(m *wire.ClientHello, n int) {
		list := bytes.Repeat([]byte{0x99, 0x99}, n/2)
		m.Extensions = set(m.Extensions, iana.ExtSupportedGroups, append([]byte{byte(len(list) >> 8), byte(len(list))}, list...)...)
	},
	"key shares": func(m *wire.ClientHello, n int) {
		var list []byte
		for i := range n / 5 {
			list = append(list, byte(0x40+i>>8), byte(i), 0, 1, 0)
		}
		m.Extensions = set(m.Extensions, iana.ExtKeyShare, append([]byte{byte(len(list) >> 8), byte(len(list))}, list...)...)
	},
	"signature schemes": func(m *wire.ClientHello, n int) {
		list := bytes.Repeat([]byte{0x99, 0x99}, n/2)
		m.Extensions = set(m.Extensions, iana.ExtSignatureAlgorithms, append([]byte{byte(len(list) >> 8), byte(len(list))}, list...)...)
	},
	"application protocols": func(m *wire.ClientHello, n int) {
		list := bytes.Repeat([]byte{1, 'x'}, n/2)
		m.Extensions = set(m.Extensions, iana.ExtALPN, append([]byte{byte(len(list) >> 8), byte(len(list))}, list...)...)
	},
	"sessions": func(m *wire.ClientHello, n int) {
		ids, binders := bytes.Repeat([]byte{0, 1, 'x', 0, 0, 0, 0}, n/40), bytes.Repeat(append([]byte{32}, make([]byte, 32)...), n/40)
		b := append([]byte{byte(len(ids) >> 8), byte(len(ids))}, ids...)
		b = append(append(b, byte(len(binders)>>8), byte(len(binders))), binders...)
		m.Extensions = plus(set(m.Extensions, iana.ExtPSKKeyExchangeModes, 1, 1), iana.ExtPreSharedKey, b...)
	},
}

// taken gives bytes to a server and the time it takes for them, the least of
// several attempts.
func taken(in []byte) (took time.Duration, asked int, err error) {
	took = time.Hour
	for range 5 {
		h := serverHost("P-256")
		c := engine.NewServer(h.Config, tlstest.Now)
		b, data := bytes.Clone(in), []byte(nil)
		h.Asking = func(a *handshake.Ask) {
			if a.Question == handshake.Session {
				asked++
			}
		}
		asked = 0
		start := time.Now()
		tlstest.Feed(c, h, &b, &data)
		took, err = min(took, time.Since(start)), c.Err()
	}
	return took, asked, err
}

// TestHeavyHellos has a client offer thousands of everything there is a list
// of. A server takes no more time than the length of the message asks for, and
// does not look at more than a few sessions.
func TestHeavyHellos(t *testing.T) {
	for name, fill := range heavy {
		at := func(n int) time.Duration {
			took, asked, err := taken(offering(t, func(m *wire.ClientHello) { fill(m, n) }, record.MaxPlaintext))
			if code, _ := fault.Of(err); code == fault.Internal && err != nil || code == fault.HelloForm || asked > 8 {
				t.Errorf("%s: %v, %d sessions were looked for", name, err, asked)
			}
			return took
		}
		inProportion(t, name, at)
	}
}

// inProportion checks that ten times as much takes ten times as long, or not so
// much longer that it could be a hundred times: in one of several attempts,
// because the machine may be busy.
func inProportion(t *testing.T, what string, at func(n int) time.Duration) {
	t.Helper()
	var small, large time.Duration
	for range 8 {
		if small, large = at(6<<10), at(60<<10); large <= 40*small || large < 2*time.Millisecond {
			return
		}
	}
	t.Errorf("%s: 6 KB take %v, 60 KB %v", what, small, large)
}

// TestByteByByte sends a long ClientHello in records of a byte each. What has
// come is not copied for every record.
func TestByteByByte(t *testing.T) {
	at := func(n int) time.Duration {
		took, _, err := taken(offering(t, func(m *wire.ClientHello) { heavy["cipher suites"](m, n) }, 1))
		if err != nil {
			t.Fatal(err)
		}
		return took
	}
	inProportion(t, "records of a byte", at)
}

// TestSlowHandshakes keeps many connections before the end of a long message:
// each costs what the longest message has, and no more. Time is for the host to
// limit.
func TestSlowHandshakes(t *testing.T) {
	hello := offering(t, func(m *wire.ClientHello) { heavy["cipher suites"](m, 60<<10) }, 100)
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	var all []*engine.Conn
	const connections = 50
	for range connections {
		h := serverHost("P-256")
		c := engine.NewServer(h.Config, tlstest.Now)
		for rest := hello; len(rest) > 200; rest = rest[105:] {
			if n, _, err := c.Input(rest[:105], tlstest.Now); n != 105 || err != nil {
				t.Fatalf("%d bytes were taken: %v", n, err)
			}
		}
		all = append(all, c)
	}
	if each := int(heap()-before) / connections; each > 128<<10 {
		t.Errorf("a connection that waits takes %d bytes", each)
	}
	runtime.KeepAlive(all)
}

// TestLongMessages refuses messages that say they are longer than any has to
// be, when their first bytes have come.
func TestLongMessages(t *testing.T) {
	for typ, length := range map[iana.HandshakeType]int{iana.MsgClientHello: wire.MaxClientHello + 1, iana.MsgCertificate: 1<<17 + 1, iana.MsgFinished: 1<<24 - 1} {
		_, _, err := taken([]byte{22, 3, 1, 0, 4, byte(typ), byte(length >> 16), byte(length >> 8), byte(length)})
		if !isFault(err, fault.MessageTooLong) {
			t.Errorf("%v of %d bytes: %v", typ, length, err)
		}
	}
}

// TestMessagesNobodyWaitsFor: a message that the state does not wait for is
// refused when its header has come, and its sender cannot have this side keep
// what it will never read.
func TestMessagesNobodyWaitsFor(t *testing.T) {
	part := func(typ iana.HandshakeType) []byte {
		return append([]byte{byte(typ), 0, 0xff, 0}, make([]byte, 500)...)
	}
	_, _, err := taken(append([]byte{22, 3, 1, 1, 0xf8}, part(iana.MsgCertificate)...))
	if !isFault(err, fault.UnexpectedMessage) {
		t.Errorf("before the ClientHello: %v", err)
	}
	for name, s := range map[string]struct {
		code  fault.Code
		at    trace.Side
		hosts func(*testing.T) (client, server *tlstest.Host)
		typ   iana.HandshakeType
	}{
		"TLS 1.3: a certificate that was not asked for": {fault.UnexpectedMessage, atServer, hosts13("P-256"), iana.MsgCertificate},
		"TLS 1.3: a ClientHello":                        {fault.UnexpectedMessage, atServer, hosts13("P-256"), iana.MsgClientHello},
		"TLS 1.3: a Finished":                           {fault.UnexpectedMessage, atClient, hosts13("P-256"), iana.MsgFinished},
		"TLS 1.2: a Finished":                           {fault.HelloRequestExpected, atClient, hosts12("P-256"), iana.MsgFinished},
		"TLS 1.2: a KeyUpdate":                          {fault.UnexpectedMessage, atServer, hosts12("P-256"), iana.MsgKeyUpdate},
	} {
		t.Run(name, func(t *testing.T) {
			a := attack{code: s.code, at: s.at, hosts: s.hosts, after: sends(s.at, piece{Content: iana.ContentHandshake, Bytes: part(s.typ)})}
			a.run(t)
		})
	}
}

// TestSessionFlood fills the cache of session IDs: it holds as many as it may,
// under names that the server has chosen at random, so that nobody can choose
// them to collide (Crosby and Wallach, 2003).
func TestSessionFlood(t *testing.T) {
	client, server := hosts12("P-256", sessionIDs)(t)
	server.Sessions = session.NewCache(4)
	var ids [][]byte
	for range 12 {
		wanted := bytes.Repeat([]byte{7}, 32)
		client.Config.Session = &handshake.Offered{SessionID: wanted, State: &session.State{Version: iana.TLS12, Suite: iana.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}}
		p := run(t, client, server, 0)
		keep(server, p)
		id := p.Client.Established().SessionID
		if len(id) != 32 || bytes.Equal(id, wanted) {
			t.Fatalf("the session is kept as %x", id)
		}
		ids = append(ids, id)
	}
	kept := 0
	for _, id := range ids {
		if server.Sessions.Get(id, tlstest.Now) != nil {
			kept++
		}
	}
	if kept != 4 {
		t.Errorf("%d of %d sessions are kept", kept, len(ids))
	}
}

// TestFloodAfterTheEnd: a flood that has ended a connection is not looked
// at any more.
func TestFloodAfterTheEnd(t *testing.T) {
	h := serverHost("P-256")
	c := engine.NewServer(h.Config, tlstest.Now)
	in := bytes.Repeat([]byte{21, 3, 1, 0, 2, 1, 90}, 1000)
	var data []byte
	tlstest.Feed(c, h, &in, &data)
	if n, _, err := c.Input(in, tlstest.Now); n != 0 || !errors.Is(err, fault.WarningAlerts) || len(in) < 6900 {
		t.Errorf("%d bytes were taken, %d are left: %v", n, len(in), err)
	}
}
