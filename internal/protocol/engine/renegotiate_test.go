package engine_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/hello"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// renegotiating gives a pair whose first handshake is complete, and which allow
// each other to renegotiate.
func renegotiating(t *testing.T, v iana.Version, cut int, change ...func(client, server *tlstest.Host)) *tlstest.Pair {
	t.Helper()
	client, server := changed(v, "P-256", change)(t)
	for _, h := range []*tlstest.Host{client, server} {
		h.Config.Renegotiation = handshake.RenegotiateFreely
	}
	return run(t, client, server, cut)
}

// flows makes sure that data flows in both directions.
func flows(t *testing.T, p *tlstest.Pair, text string) {
	t.Helper()
	p.ServerData, p.ClientData = nil, nil
	if err := errors.Join(p.Send(p.Client, []byte(text)), p.Send(p.Server, []byte(text))); err != nil {
		t.Fatal(err)
	}
	if string(p.ServerData) != text || string(p.ClientData) != text {
		t.Errorf("%q and %q arrived", p.ServerData, p.ClientData)
	}
}

func TestRenegotiation(t *testing.T) {
	for _, v := range []iana.Version{iana.TLS10, iana.TLS11, iana.TLS12} {
		for _, cut := range []int{0, 1} {
			t.Run(fmt.Sprint(v, cut), func(t *testing.T) {
				p := renegotiating(t, v, cut)
				before := *p.Client.Established()
				for n := 1; n <= 4; n++ {
					from := p.Client
					if n%2 == 0 {
						from = p.Server
					}
					if err := errors.Join(from.Renegotiate(nil), p.Run()); err != nil {
						t.Fatal(err)
					}
					if p.Client.Renegotiations() != n || p.Server.Renegotiations() != n {
						t.Fatalf("%d and %d renegotiations", p.Client.Renegotiations(), p.Server.Renegotiations())
					}
					flows(t, p, fmt.Sprint("after ", n))
				}
				after := p.Client.Established()
				if after.Master == before.Master || after.ALPN != before.ALPN || after.Version != v || !after.Secure {
					t.Errorf("%+v", after)
				}
				sameExport(t, p)
				if s := p.Client.TakeSessions(); len(s) > 1 {
					t.Errorf("%d sessions", len(s))
				}
			})
		}
	}
}

// A server asks for a certificate when it needs one.
func TestRenegotiationForCertificate(t *testing.T) {
	p := renegotiating(t, iana.TLS12, 0, func(client, server *tlstest.Host) {
		client.Credential = tlstest.Credentials()["P-256"]
	})
	if p.Server.Established().Peer != nil {
		t.Fatal("the client has shown a certificate")
	}
	settings := *p.ServerHost.Config
	settings.ClientAuth = handshake.RequireClientAuth
	if err := errors.Join(p.Server.Renegotiate(&settings), p.Run()); err != nil {
		t.Fatal(err)
	}
	if e := p.Server.Established(); e.Peer == nil || string(e.Peer.Chain[0]) != string(p.ClientHost.Credential.Chain[0]) {
		t.Error("the server has not seen the certificate")
	}
	flows(t, p, "who I am")
}

// By default a wish to renegotiate is refused with a warning, and the connection
// goes on.
func TestRenegotiationRefused(t *testing.T) {
	for _, mode := range []handshake.Renegotiation{handshake.RenegotiateNever, handshake.RenegotiateIgnored} {
		for _, fromServer := range []bool{true, false} {
			p := renegotiating(t, iana.TLS12, 0, func(client, server *tlstest.Host) {})
			p.ClientHost.Config.Renegotiation, p.ServerHost.Config.Renegotiation = mode, mode
			from := p.Client
			if fromServer {
				from = p.Server
			} else if mode == handshake.RenegotiateIgnored {
				continue // a client that is ignored waits for ever: the mode is for clients
			}
			if err := errors.Join(from.Renegotiate(nil), p.Run()); err != nil {
				t.Fatal(err)
			}
			if p.Client.Renegotiating() || p.Server.Renegotiating() || p.Client.Renegotiations() != 0 {
				t.Error("it was not refused")
			}
			flows(t, p, "as before")
		}
	}
	p := renegotiating(t, iana.TLS12, 0)
	p.ServerHost.Config.Renegotiation = handshake.RenegotiateOnce
	for n := range 2 {
		if err := errors.Join(p.Client.Renegotiate(nil), p.Run()); err != nil {
			t.Fatal(n, err)
		}
	}
	if n := p.Server.Renegotiations(); n != 1 {
		t.Errorf("%d renegotiations with RenegotiateOnce", n)
	}
}

// A renegotiation that was refused has changed nothing: the settings it would have
// had do not count.
func TestRefusedSettingsDoNotCount(t *testing.T) {
	p := renegotiating(t, iana.TLS12, 0)
	p.ServerHost.Config.Renegotiation = handshake.RenegotiateNever
	settings := *p.ClientHost.Config
	settings.Renegotiation = handshake.RenegotiateNever
	if err := errors.Join(p.Client.Renegotiate(&settings), p.Run()); err != nil || p.Client.Renegotiations() != 0 {
		t.Fatalf("%v, %d renegotiations", err, p.Client.Renegotiations())
	}
	if err := errors.Join(p.Server.Renegotiate(nil), p.Run()); err != nil || p.Client.Renegotiations() != 1 {
		t.Errorf("%v, %d renegotiations", err, p.Client.Renegotiations())
	}
}

// Data that was on its way when the renegotiation began arrives.
func TestRenegotiationAmidData(t *testing.T) {
	p := renegotiating(t, iana.TLS12, 0)
	p.ServerData = nil
	if err := p.Server.Renegotiate(nil); err != nil {
		t.Fatal(err)
	}
	if err := p.Send(p.Client, []byte("crosses the HelloRequest")); err != nil {
		t.Fatal(err)
	}
	if string(p.ServerData) != "crosses the HelloRequest" || p.Server.Renegotiations() != 1 {
		t.Errorf("%q arrived, %d renegotiations", p.ServerData, p.Server.Renegotiations())
	}
}

// renegotiationAttacks are on another handshake of a connection.
func renegotiationAttacks() []attack {
	fails := func(meanwhile func(p *tlstest.Pair), fromServer bool) func(*testing.T) error {
		return func(t *testing.T) error {
			p := renegotiating(t, iana.TLS12, 0)
			meanwhile(p)
			from := p.Client
			if fromServer {
				from = p.Server
			}
			if err := from.Renegotiate(nil); err != nil {
				return err
			}
			p.Run()
			if err := p.Client.Err(); err != nil && !errors.Is(err, fault.PeerAlert) && !errors.Is(err, fault.HelloRefused) {
				return err
			}
			return p.Server.Err()
		}
	}
	cbc := hosts12("P-256", func(c, s *tlstest.Host) {
		s.Config.Renegotiation = handshake.RenegotiateFreely
		c.Config.Policy = with(c.Config.Policy, func(p *policy.Policy) { p.Suites = []iana.Suite{iana.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA} })
	})
	freely := hosts12("P-256", func(_, s *tlstest.Host) { s.Config.Renegotiation = handshake.RenegotiateFreely })
	again := func(alter func(piece) pieces) func(*testing.T, *tlstest.Pair, *tlstest.Middle) {
		return func(t *testing.T, p *tlstest.Pair, m *tlstest.Middle) {
			watch := m.Alter
			m.Alter = func(q tlstest.Piece) []tlstest.Piece {
				if q.Content == iana.ContentAlert {
					return watch(q)
				}
				return alter(q)
			}
			if err := p.Client.Renegotiate(nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	return []attack{
		// Ray and Rex, 2009 (CVE-2009-3555): what an attacker has sent on a
		// connection of his own does not become the beginning of the victim's.
		{code: fault.RenegotiationMismatch, name: "the first handshake was another's", err: fails(func(p *tlstest.Pair) {
			p.Server.Established().ClientVerify[0] ^= 1
		}, false)},
		{code: fault.RenegotiationMismatch, name: "the server's part is another's", err: fails(func(p *tlstest.Pair) {
			p.Client.Established().ServerVerify[0] ^= 1
		}, true)},
		// The triple handshake (Bhargavan and others, 2014; RFC 7627): the
		// server stays who it was.
		{code: fault.CertificateChanged, err: fails(func(p *tlstest.Pair) { p.ServerHost.Credential = tlstest.Credentials()["P-384"] }, false)},
		{code: fault.RenegotiationEMS, name: "client", err: fails(func(p *tlstest.Pair) { p.Client.Established().EMS = false }, false)},
		{code: fault.RenegotiationEMS, name: "server", err: fails(func(p *tlstest.Pair) { p.Server.Established().EMS = false }, true)},
		{code: fault.RenegotiationEtM, name: "client", at: atServer, hosts: cbc, after: again(clientHello(func(m *wire.ClientHello) {
			m.Extensions = without(m.Extensions, iana.ExtEncryptThenMAC)
		}))},
		{code: fault.RenegotiationEtM, name: "server", at: atClient, hosts: cbc, after: again(serverHello(func(m *wire.ServerHello) {
			m.Extensions = without(m.Extensions, iana.ExtEncryptThenMAC)
		}))},
		// Who has the new keys is not known before the Finished.
		{code: fault.DataInHandshake, name: "before the client's Finished", at: atServer, hosts: freely, after: again(
			first(iana.MsgFinished, func(q piece) pieces { return pieces{content(q, iana.ContentApplicationData, 'x'), q} }))},
		{code: fault.DataInHandshake, name: "before the server's Finished", at: atClient, hosts: freely, after: again(
			nth(1, iana.MsgFinished, func(q piece) pieces { return pieces{content(q, iana.ContentApplicationData, 'x'), q} }))},
		{code: fault.RenegotiationVersion, err: otherVersion},
		{code: fault.RenegotiationUnsafe, err: fails(func(p *tlstest.Pair) { p.Client.Established().Secure = false }, false)},
		{code: fault.NoRenegotiation, name: "where it ends the connection", err: fails(func(p *tlstest.Pair) {
			p.ServerHost.Config.Renegotiation = handshake.RenegotiateFatal
		}, false)},
		{code: fault.HelloRequestExpected, at: atClient, hosts: hosts12("P-256"), after: sends(atClient, piece{Content: iana.ContentHandshake, Bytes: message(iana.MsgServerHelloDone)})},
		{code: fault.HelloRequestForm, at: atClient, hosts: hosts12("P-256"), after: sends(atClient, piece{Content: iana.ContentHandshake, Bytes: message(iana.MsgHelloRequest, 1)})},
	}
}

// otherVersion has a client that renegotiates see another version. The records
// of a real server would carry that, too, and be refused for it.
func otherVersion(*testing.T) error {
	core := handshake.NewCore(clientHost().Config)
	defer core.Free()
	core.Before = &handshake.Established{Version: iana.TLS12}
	m := hello.NewClient(core)
	if err := m.Step(handshake.Begin, handshake.Message{}); err != nil {
		return err
	}
	answer := wire.ServerHello{Version: iana.TLS11, Random: make([]byte, 32), CipherSuite: iana.TLS_RSA_WITH_AES_128_CBC_SHA}
	raw := answer.Append(nil)
	return m.Step(handshake.Trigger(iana.MsgServerHello), handshake.Message{Type: iana.MsgServerHello, Body: raw[wire.HeaderLen:], Raw: raw})
}
