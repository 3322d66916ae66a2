package engine_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// retryWith makes a HelloRetryRequest of a ServerHello, with a cookie and a
// group, 0: none.
func retryWith(p piece, cookie string, group iana.Group) pieces {
	m, err := wire.ParseServerHello(p.Bytes[wire.HeaderLen:])
	if err != nil {
		panic(err)
	}
	m.Random = wire.RetryRandom[:]
	e := wire.AppendSupportedVersionsServer(nil, iana.TLS13)
	if group != 0 {
		e = wire.AppendKeyShareRetry(e, group)
	}
	m.Extensions = wire.AppendCookie(e, []byte(cookie))
	return as(p, m.Append(nil))
}

// TestCookie answers a HelloRetryRequest with a cookie, as servers send that
// keep nothing between the two: the second ClientHello is the first with the
// cookie, and with another key share only if it was asked for. RFC 9846,
// section 4.2.2.
func TestCookie(t *testing.T) {
	for name, groups := range map[string][]iana.Group{
		"one share":  {iana.X25519, iana.Secp256r1},
		"two shares": {iana.X25519MLKEM768, iana.X25519, iana.Secp256r1},
	} {
		for _, hosts := range []func(*testing.T) (client, server *tlstest.Host){hosts13("P-256"), again13()} {
			for _, group := range []iana.Group{0, iana.Secp256r1} {
				t.Run(fmt.Sprint(name, group), func(t *testing.T) {
					client, server := hosts(t)
					client.Config.Policy = with(client.Config.Policy, func(p *policy.Policy) { p.Groups = groups })
					hellos := helloTwice(t, client, server, group)
					sameButFor(t, hellos[0], hellos[1], group)
				})
			}
		}
	}
}

// helloTwice gives both ClientHellos of a client that is sent a cookie.
func helloTwice(t *testing.T, client, server *tlstest.Host, group iana.Group) (hellos [2]wire.ClientHello) {
	t.Helper()
	n := 0
	p := through(t, client, server, &tlstest.Middle{Alter: func(p piece) pieces {
		switch {
		case p.Is(iana.MsgClientHello) && n < 2:
			m, err := wire.ParseClientHello(bytes.Clone(p.Bytes[wire.HeaderLen:]))
			if err != nil {
				t.Fatal(err)
			}
			hellos[n] = m
			if n++; n == 2 {
				return nil
			}
		case p.Is(iana.MsgServerHello):
			return retryWith(p, "a cookie", group)
		case p.From == trace.Server:
			return nil
		}
		return pieces{p}
	}})
	p.Run()
	if n != 2 {
		t.Fatalf("the client sent %d ClientHellos: %v", n, p.Client.Err())
	}
	return hellos
}

func sameButFor(t *testing.T, first, second wire.ClientHello, group iana.Group) {
	t.Helper()
	if body, _ := second.Extensions.Get(iana.ExtCookie); string(body) != "\x00\x08a cookie" {
		t.Errorf("the cookie is %q", body)
	}
	last := iana.ExtensionType(0)
	for typ, body := range second.Extensions.All() {
		last = typ
		before, ok := first.Extensions.Get(typ)
		switch {
		case typ == iana.ExtCookie, typ == iana.ExtPreSharedKey && ok:
		case typ == iana.ExtKeyShare && group != 0:
			shares, err := wire.ParseKeyShareClient(body)
			if _, ok := shares.Get(group); err != nil || !ok || shares.Count() != 1 {
				t.Errorf("the key shares are %x, %v", body, err)
			}
		case !ok || !bytes.Equal(before, body):
			t.Errorf("%v was %x and is %x", typ, before, body)
		}
	}
	if _, ok := first.Extensions.Get(iana.ExtPreSharedKey); ok && last != iana.ExtPreSharedKey {
		t.Errorf("the last extension is %v", last)
	}
	for typ := range first.Extensions.All() {
		if _, ok := second.Extensions.Get(typ); !ok {
			t.Errorf("%v is gone", typ)
		}
	}
	first.Extensions, second.Extensions = nil, nil
	if !bytes.Equal(first.Append(nil), second.Append(nil)) {
		t.Error("the fields before the extensions differ")
	}
}
