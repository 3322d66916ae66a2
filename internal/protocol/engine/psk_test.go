package engine_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/psk"
	"github.com/handsel-tls/handsel/internal/protocol/schedule"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

func plainKey(name string) *psk.External {
	return &psk.External{Identity: []byte(name), Secret: bytes.Repeat([]byte(name), 32)}
}

func importedKey(name string, h schedule.Hash) *psk.External {
	k := plainKey(name)
	k.Import, k.Hash, k.Context = true, h, []byte("a context")
	return k
}

// What a scenario changes.
var (
	shared = func(client, server *tlstest.Host) {
		keys := []*psk.External{importedKey("both", schedule.SHA256)}
		client.Config.PSKs, server.Config.PSKs = keys, keys
	}
	asksPSKs = func(_, server *tlstest.Host) {
		server.Config.AskPSKs, server.PSKs, server.Config.PSKs = true, server.Config.PSKs, nil
	}
	old = func(client, server *tlstest.Host) {
		k := plainKey("old")
		k.Old = true
		client.Config.PSKs, server.Config.PSKs = []*psk.External{k}, []*psk.External{k}
	}
	oldSuite = func(s iana.Suite) func(client, server *tlstest.Host) {
		return func(client, server *tlstest.Host) {
			old(client, server)
			client.Config.Policy = only(iana.TLS12, s, iana.X25519)
			server.Config.Policy = client.Config.Policy
		}
	}
	hinted   = func(_, server *tlstest.Host) { server.Config.PSKHint = []byte("old") }
	required = func(client, _ *tlstest.Host) { client.Config.RequirePSK = true }
)

// TestPSK agrees on external pre-shared keys as they are and imported, with
// suites of both hashes, with and without a retry, and resumes the session.
func TestPSK(t *testing.T) {
	for _, k := range []*psk.External{
		plainKey("plain"), {Identity: []byte("384"), Secret: make([]byte, 48), Hash: schedule.SHA384},
		importedKey("imported", schedule.SHA256), importedKey("imported", schedule.SHA384),
	} {
		for _, suite := range []iana.Suite{iana.TLS_AES_128_GCM_SHA256, iana.TLS_AES_256_GCM_SHA384} {
			hash := schedule.SHA256
			if suite == iana.TLS_AES_256_GCM_SHA384 {
				hash = schedule.SHA384
			}
			for _, again := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%v/%v", k.Identity, suite, again), func(t *testing.T) {
					client, server := clientHost(), serverHost("P-256")
					client.Config.PSKs = []*psk.External{plainKey("of another"), k}
					server.Config.PSKs = []*psk.External{plainKey("unused"), k}
					server.Config.Policy = with(policy.Modern(), func(p *policy.Policy) { p.Suites = []iana.Suite{suite} })
					if again {
						retry(client, server)
					}
					p := run(t, client, server, 1)
					c, s := p.Client.Established(), p.Server.Established()
					fits := k.Import || k.Hash == hash
					if (c.PSK != nil) != fits || !bytes.Equal(c.PSK, s.PSK) || (c.Peer == nil) != fits || c.Resumed || c.Retried != again {
						t.Fatalf("key %q and %q, resumed %v, retried %v", c.PSK, s.PSK, c.Resumed, c.Retried)
					}
					client.Config.Session = sessionOf(t, p)
					p = run(t, client, server, 0)
					c, s = p.Client.Established(), p.Server.Established()
					if !c.Resumed || !s.Resumed || (c.PSK != nil) != fits || !bytes.Equal(c.PSK, s.PSK) {
						t.Errorf("the second time: resumed %v and %v, key %q and %q", c.Resumed, s.Resumed, c.PSK, s.PSK)
					}
				})
			}
		}
	}
}

// TestPSKOrder: the server's order counts, and the record says what became of
// the keys that were offered.
func TestPSKOrder(t *testing.T) {
	a, b := plainKey("a"), plainKey("b")
	client, server := clientHost(), serverHost("P-256")
	client.Config.PSKs, server.Config.PSKs = []*psk.External{a, b}, []*psk.External{b, a}
	if e := run(t, client, server, 0).Server.Established(); string(e.PSK) != "b" {
		t.Errorf("%q", e.PSK)
	}
	client.Config.PSKs = []*psk.External{plainKey("c"), {Identity: []byte("a"), Secret: make([]byte, 48), Hash: schedule.SHA384}}
	server.Config.PSKs = []*psk.External{client.Config.PSKs[1]}
	if e := run(t, client, server, 0).Server.Established(); string(e.PSK) != "a" || e.Suite != iana.TLS_AES_256_GCM_SHA384 {
		t.Errorf("%q with %v: the suite has to go with the key", e.PSK, e.Suite)
	}
	server.Config.Policy = with(policy.Modern(), func(p *policy.Policy) { p.Suites = []iana.Suite{iana.TLS_AES_128_GCM_SHA256} })
	p := run(t, client, server, 0)
	r := p.Server.Record()
	i := slices.IndexFunc(r.Choices, func(c trace.Choice) bool { return c.Topic == trace.PSK })
	want := []trace.Refusal{{Value: 0, Why: trace.Unknown}, {Value: 1, Why: trace.WrongHash}}
	if p.Server.Established().PSK != nil || i < 0 || !slices.Equal(r.Choices[i].Refused, want) {
		t.Errorf("%+v", r.Choices)
	}
}

// TestPSKAlone needs no certificate on either side, and no signature schemes.
func TestPSKAlone(t *testing.T) {
	client, server := clientHost(), serverHost("P-256")
	shared(client, server)
	required(client, server)
	server.Credential = nil
	p := run(t, client, server, 0)
	o, err := wire.ParseClientHello(p.Client.Record().ClientHello[wire.HeaderLen:])
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := o.Extensions.Get(iana.ExtSignatureAlgorithms); ok {
		t.Error("a client that takes no certificate offers signature schemes")
	}
}

// TestPSKInSecret: with Encrypted Client Hello, no identity goes in the clear.
func TestPSKInSecret(t *testing.T) {
	client, server := clientHost(), serverHost("P-256")
	withECH(client, server)
	keys := []*psk.External{plainKey("an identity that nobody may see")}
	client.Config.PSKs, server.Config.PSKs = keys, keys
	p := run(t, client, server, 0)
	if p.Server.Established().PSK == nil || bytes.Contains(p.ToServer, keys[0].Identity) {
		t.Errorf("key %q", p.Server.Established().PSK)
	}
}

// TestUnknownPSKDoesNotShow: in TLS 1.2 a client learns no more of an identity
// that is unknown than of a key that is wrong; the server's record says which it
// was. RFC 4279, section 2.
func TestUnknownPSKDoesNotShow(t *testing.T) {
	end := func(change func(k *psk.External)) (client error, known bool) {
		client1, server := hosts12("P-256", plainOld)(t)
		k := plainKey("old")
		k.Old = true
		change(k)
		server.Config.PSKs = []*psk.External{k}
		p, err := tlstest.NewPair(client1, server)
		if err != nil {
			t.Fatal(err)
		}
		if p.Run() == nil {
			t.Fatal("the handshake is complete")
		}
		r := p.Server.Record()
		i := slices.IndexFunc(r.Choices, func(c trace.Choice) bool { return c.Topic == trace.PSK })
		return p.Client.Err(), i >= 0 && r.Choices[i].Made
	}
	wrong, known := end(func(k *psk.External) { k.Secret = make([]byte, 32) })
	unknown, unknownKnown := end(func(k *psk.External) { k.Identity = []byte("another") })
	if wrong.Error() != unknown.Error() || !known || unknownKnown {
		t.Errorf("a wrong key: %v (known: %v); an unknown identity: %v (known: %v)", wrong, known, unknown, unknownKnown)
	}
}

// pskAttacks are on external pre-shared keys.
func pskAttacks() []attack {
	another := func(_, server *tlstest.Host) {
		k := *importedKey("both", schedule.SHA256)
		server.Config.PSKs = []*psk.External{{Identity: k.Identity, Context: k.Context, Import: true, Secret: []byte("something that is long enough")}}
	}
	none := func(_, server *tlstest.Host) {
		server.Credential, server.Config.PSKs = nil, []*psk.External{plainKey("other")}
	}
	ext := func(f func(wire.Extensions) wire.Extensions) func(piece) pieces {
		return clientHello(func(m *wire.ClientHello) { m.Extensions = f(m.Extensions) })
	}
	second := func(f func(wire.Extensions) wire.Extensions) func(piece) pieces {
		return nthClientHello(1, func(m *wire.ClientHello) { m.Extensions = f(m.Extensions) })
	}
	return []attack{
		{code: fault.BinderWrong, name: "another external key", at: atServer, hosts: hosts13("P-256", shared, another)},
		{code: fault.BinderWrong, name: "another external key, after a retry", at: atServer, hosts: hosts13("P-256", shared, another, retry)},
		{code: fault.PSKMissing, at: atClient, both: true, hosts: hosts13("P-256", shared, required, func(_, server *tlstest.Host) { server.Config.PSKs = nil }),
			alter: ext(func(e wire.Extensions) wire.Extensions {
				return append(wire.AppendSignatureAlgorithms(nil, policy.Modern().Schemes), without(e, iana.ExtPreSharedKey)...)
			})},
		{code: fault.NoSharedPSK, at: atServer, hosts: hosts13("P-256", shared, none)},
		{code: fault.NoSharedPSK, name: "and no schemes", at: atServer, hosts: hosts13("P-256", shared, required, none)},
		{code: fault.PSKModeUnsupported, at: atServer, hosts: hosts13("P-256", shared, func(_, server *tlstest.Host) { server.Credential = nil }),
			alter: ext(func(e wire.Extensions) wire.Extensions {
				return set(e, iana.ExtPSKKeyExchangeModes, 1, byte(iana.PSKModeKE))
			})},
		{code: fault.UnexpectedMessage, name: "a certificate beside a pre-shared key", at: atClient, hosts: hosts12("P-256", plainOld),
			alter: first(iana.MsgServerHelloDone, func(p piece) pieces { return append(as(p, wire.AppendCertificate12(nil, []byte{0, 0, 0})), p) })},
		{code: fault.UnexpectedMessage, name: "a pre-shared key and a group without parameters", at: atClient, hosts: hosts12("P-256", groupOld),
			alter: first(iana.MsgServerKeyExchange, func(piece) pieces { return nil })},
		{code: fault.DecodeError, name: "ClientKeyExchange of a pre-shared key", at: atServer, hosts: hosts12("P-256", plainOld), alter: body(iana.MsgClientKeyExchange, 0, 9, 'x')},
		{code: fault.PSKGone, at: atServer, hosts: hosts13("P-256", shared, retry),
			alter: second(func(e wire.Extensions) wire.Extensions { return without(e, iana.ExtPreSharedKey) })},
		{code: fault.PSKRemoved, at: atServer, hosts: hosts13("P-256", shared, retry),
			alter: second(func(e wire.Extensions) wire.Extensions {
				old, _ := e.Get(iana.ExtPreSharedKey)
				b := bytes.Clone(old)
				b[4] ^= 1 // of the first identity
				return set(e, iana.ExtPreSharedKey, b...)
			})},
	}
}
