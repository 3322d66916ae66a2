package engine_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// retrying gives hosts that need a HelloRetryRequest for the group.
func retrying(g iana.Group) (client, server *tlstest.Host) {
	client, server = clientHost(), serverHost("P-256")
	first := iana.X25519
	if g == first {
		first = iana.Secp256r1
	}
	client.Config.Policy = with(policy.Modern(), func(p *policy.Policy) {
		p.Groups, p.Shares = []iana.Group{first, g}, []iana.Group{first}
	})
	server.Config.Policy = with(policy.Modern(), func(p *policy.Policy) { p.Groups = []iana.Group{g} })
	return client, server
}

func TestRetry(t *testing.T) {
	for _, g := range everyGroup {
		for _, cut := range []int{0, 1, 7} {
			t.Run(fmt.Sprint(g, cut), func(t *testing.T) {
				client, server := retrying(g)
				p := run(t, client, server, cut)
				retried(t, p, g)
				client.Config.Session = sessionOf(t, p)
				p = run(t, client, server, cut)
				retried(t, p, g)
				if !p.Client.Established().Resumed {
					t.Error("it was not resumed")
				}
				sameExport(t, p)
			})
		}
	}
}

func retried(t *testing.T, p *tlstest.Pair, g iana.Group) {
	t.Helper()
	for _, e := range []*handshake.Established{p.Client.Established(), p.Server.Established()} {
		if !e.Retried || e.Group != g {
			t.Fatalf("retried %v, group %v", e.Retried, e.Group)
		}
	}
	if !p.Client.Record().Retried || !p.Server.Record().Retried {
		t.Error("the records do not tell of it")
	}
	messages := 0
	for _, s := range p.Client.Record().Steps {
		if s.Kind == trace.Sent && s.Name == iana.MsgClientHello.String() {
			messages++
		}
	}
	if messages != 2 {
		t.Errorf("the client sent %d ClientHellos", messages)
	}
	if string(p.Client.Record().ClientHello) != string(p.Server.Record().ClientHello) {
		t.Error("the records differ in the first ClientHello")
	}
}

// TestRetryAndClientCertificate puts everything into one handshake that makes
// a transcript long.
func TestRetryAndClientCertificate(t *testing.T) {
	client, server := retrying(iana.Secp384r1)
	client.Credential = tlstest.Credentials()["RSA-2048"]
	server.Config.ClientAuth = handshake.RequireClientAuth
	p := run(t, client, server, 0)
	retried(t, p, iana.Secp384r1)
	if p.Server.Established().Peer == nil {
		t.Error("no client certificate")
	}
}

// TestRetryWithOtherHash offers a session whose hash is not that of the suite
// that the HelloRetryRequest names: the client leaves it out.
func TestRetryWithOtherHash(t *testing.T) {
	client, server := clientHost(), serverHost("P-256")
	server.Config.Policy = with(policy.Modern(), func(p *policy.Policy) {
		p.Suites = []iana.Suite{iana.TLS_AES_256_GCM_SHA384}
	})
	offered := sessionOf(t, run(t, client, server, 0))
	client, other := retrying(iana.Secp521r1)
	client.Config.Session = offered
	other.Config.Policy = with(other.Config.Policy, func(p *policy.Policy) {
		p.Suites = []iana.Suite{iana.TLS_AES_128_GCM_SHA256}
	})
	other.Config.Tickets = server.Config.Tickets
	p := run(t, client, other, 0)
	if e := p.Client.Established(); e.Resumed || !e.Retried || e.Suite != iana.TLS_AES_128_GCM_SHA256 {
		t.Errorf("%+v", e)
	}
	choices := p.Client.Record().Choices
	if !slices.ContainsFunc(choices, func(c trace.Choice) bool {
		return c.Topic == trace.Session && !c.Made && c.Refused[0].Why == trace.WrongHash
	}) {
		t.Errorf("the record does not say why: %+v", choices)
	}
}
