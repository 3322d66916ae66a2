package engine_test

import (
	"slices"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// helloOf makes a handshake and gives its first ClientHello.
func helloOf(t *testing.T, client, server *tlstest.Host) wire.ClientHello {
	t.Helper()
	m, err := wire.ParseClientHello(run(t, client, server, 0).Server.Record().ClientHello[wire.HeaderLen:])
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestPermutedExtensions makes handshakes of every kind with extensions in any
// order.
func TestPermutedExtensions(t *testing.T) {
	permuted := func(c, _ *tlstest.Host) { c.Config.PermuteExtensions = true }
	for _, hosts := range []func(*testing.T) (c, s *tlstest.Host){
		hosts13("P-256", permuted), hosts12("P-256", permuted), hosts13("P-256", permuted, retry), again(hosts13("P-256", permuted)),
		again(hosts13("P-256", permuted), retry), again(hosts12("P-256", permuted)),
	} {
		orders := map[string]bool{}
		for range 5 {
			client, server := hosts(t)
			client.Config.NoGREASE = true
			var order []byte
			for typ := range helloOf(t, client, server).Extensions.All() {
				order = append(order, byte(typ>>8), byte(typ))
			}
			orders[string(order)] = true
		}
		if len(orders) < 2 {
			t.Error("there is but one order")
		}
	}
}

// GREASE stands wherever RFC 8701 allows it, unless it is switched off.
func TestGREASE(t *testing.T) {
	for _, off := range []bool{false, true} {
		client, server := hosts13("P-256", wantsClient)(t)
		client.Config.NoGREASE, server.Config.NoGREASE = off, off
		var request, ticket, schemes bool
		isGREASE := func(e wire.Extensions) bool {
			for typ := range e.All() {
				if iana.Suite(typ).IsGREASE() {
					return true
				}
			}
			return false
		}
		p := through(t, client, server, &tlstest.Middle{Alter: func(p piece) pieces {
			switch {
			case p.Is(iana.MsgCertificateRequest):
				m, _ := wire.ParseCertificateRequest13(p.Bytes[wire.HeaderLen:])
				request = isGREASE(m.Extensions)
			case p.Is(iana.MsgNewSessionTicket):
				m, _ := wire.ParseNewSessionTicket13(p.Bytes[wire.HeaderLen:])
				ticket = isGREASE(m.Extensions)
			case p.Is(iana.MsgClientHello):
				m, _ := wire.ParseClientHello(p.Bytes[wire.HeaderLen:])
				b, _ := m.Extensions.Get(iana.ExtSignatureAlgorithms)
				list, _ := wire.ParseSignatureAlgorithms(b)
				schemes = iana.Suite(list.At(0)).IsGREASE() && isGREASE(m.Extensions)
			}
			return pieces{p}
		}})
		if err := p.Run(); err != nil || !p.Client.Complete() {
			t.Fatal(err)
		}
		if request == off || ticket == off || schemes == off {
			t.Errorf("off: %v: in the request %v, the ticket %v, the ClientHello %v", off, request, ticket, schemes)
		}
	}
}

// A ClientHello of a length that some load balancers stumble over is padded.
func TestPadding(t *testing.T) {
	client, server := hosts12("P-256")(t)
	client.Config.NoGREASE = true
	client.Config.Policy = with(client.Config.Policy, func(p *policy.Policy) { p.Versions = []iana.Version{iana.TLS12} })
	lengths := map[int]bool{}
	for n := range 300 {
		client.Config.Protocols = []string{"http/1.1", string(make([]byte, n%255+1)), string(make([]byte, n/255+1))}
		m := helloOf(t, client, server)
		length := len(m.Append(nil))
		if lengths[length] = true; length >= 256 && length < 512 {
			t.Errorf("it has %d bytes", length)
		}
	}
	if !lengths[512] {
		t.Error("nothing was padded")
	}
}

// A client may name the authorities it trusts. RFC 9846, section 4.3.4.
func TestServerAuthorities(t *testing.T) {
	for _, v := range bothVersions {
		client, server := hostsOf(v, "P-256")
		name := tlstest.Root().Cert.RawSubject
		client.Config.ServerAuthorities = [][]byte{name}
		asked := false
		server.Asking = func(a *handshake.Ask) {
			if a.Question == handshake.Credential {
				asked = slices.EqualFunc(a.Offer.Authorities(), [][]byte{name}, slices.Equal)
			}
		}
		if run(t, client, server, 0); !asked {
			t.Errorf("%v: they are others", v)
		}
	}
}

// A server need not say that it used the name.
func TestNoNameAnswer(t *testing.T) {
	for _, v := range bothVersions {
		for _, silent := range []bool{false, true} {
			client, server := hostsOf(v, "P-256")
			server.Config.NoNameAnswer = silent
			answered := false
			p := through(t, client, server, &tlstest.Middle{Alter: func(p piece) pieces {
				var exts wire.Extensions
				switch {
				case p.Is(iana.MsgEncryptedExtensions):
					m, _ := wire.ParseEncryptedExtensions(p.Bytes[wire.HeaderLen:])
					exts = m.Extensions
				case p.Is(iana.MsgServerHello):
					m, _ := wire.ParseServerHello(p.Bytes[wire.HeaderLen:])
					exts = m.Extensions
				}
				if _, ok := exts.Get(iana.ExtServerName); ok {
					answered = true
				}
				return pieces{p}
			}})
			if err := p.Run(); err != nil || answered == silent || p.Server.Established().ServerName == "" {
				t.Errorf("%v, silent: %v, answered: %v, %v", v, silent, answered, err)
			}
		}
	}
}
