package engine_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/session"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

func clock() time.Time { return tlstest.Now }

func serverHost(kind string) *tlstest.Host {
	return &tlstest.Host{
		Config: &handshake.Config{
			Policy: policy.Modern(), Rand: rand.Reader, Now: clock, Record: true, Tickets: new(session.Keys),
			Protocols: []string{"h2", "http/1.1"},
		},
		Credential: tlstest.Credentials()[kind],
	}
}

func clientHost() *tlstest.Host {
	return &tlstest.Host{Config: &handshake.Config{
		Policy: policy.Modern(), Rand: rand.Reader, Now: clock, Record: true, ServerName: "a.example",
		ClientTickets: true, Protocols: []string{"http/1.1"},
	}}
}

func run(t *testing.T, client, server *tlstest.Host, cut int) *tlstest.Pair {
	t.Helper()
	p, err := tlstest.NewPair(client, server)
	if err != nil {
		t.Fatal(err)
	}
	p.Cut = cut
	if err := p.Run(); err != nil {
		t.Fatal(err)
	}
	if !p.Client.Complete() || !p.Server.Complete() {
		t.Fatalf("the client is in %s, the server in %s", p.Client.State(), p.Server.State())
	}
	data := make([]byte, 40000)
	rand.Read(data)
	if err := p.Send(p.Client, data); err != nil {
		t.Fatal(err)
	}
	if err := p.Send(p.Server, data[1:]); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(p.ServerData, data) || !bytes.Equal(p.ClientData, data[1:]) {
		t.Fatal("the data is not what was sent")
	}
	return p
}

func TestTLS13(t *testing.T) {
	for _, kind := range tlstest.KeyTypes {
		for _, cut := range []int{0, 1, 7, 1000} {
			t.Run(fmt.Sprint(kind, cut), func(t *testing.T) {
				p := run(t, clientHost(), serverHost(kind), cut)
				e := p.Client.Established()
				if e.Version != iana.TLS13 || e.ALPN != "http/1.1" || e.Group != iana.X25519MLKEM768 {
					t.Errorf("%+v", e)
				}
			})
		}
	}
}
