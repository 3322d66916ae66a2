package engine_test

import (
	"bytes"
	"math/big"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/engine"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/kex"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

func hostsDHE(*testing.T) (client, server *tlstest.Host) {
	client, server = clientHost(), serverHost("RSA-2048")
	client.Config.Policy = only(iana.TLS12, iana.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256, iana.FFDHE2048)
	server.Config.Policy = client.Config.Policy
	return client, server
}

// finiteAttacks are on the exchange modulo a prime. In Logjam (CVE-2015-4000)
// somebody in the middle has the server take a short prime, and breaks it; the
// client defends both by refusing it, whoever has signed it.
func finiteAttacks() []attack {
	params := func(change func(p, g, ys []byte) (_, _, _ []byte)) func(piece) pieces {
		return first(iana.MsgServerKeyExchange, func(p piece) pieces {
			m, _ := wire.ParseServerKeyExchangeDHE(p.Bytes[wire.HeaderLen:], true)
			P, g, ys := change(m.P, m.G, m.Ys)
			return as(p, wire.AppendServerKeyExchange(nil, wire.AppendDHEParams(nil, P, g, ys), m.Scheme, m.Signature))
		})
	}
	prime := func(bits int) func(p, g, ys []byte) (_, _, _ []byte) {
		return func(_, g, ys []byte) (_, _, _ []byte) {
			return append(bytes.Repeat([]byte{0xff}, bits/8-1), 0xfd), g, ys
		}
	}
	minusOne := func(p []byte) []byte {
		n := new(big.Int).SetBytes(p)
		return n.Sub(n, big.NewInt(1)).Bytes()
	}
	return []attack{
		{code: fault.PrimeLength, name: "Logjam, 512 bits", at: atClient, hosts: hostsDHE, alter: params(prime(512))},
		{code: fault.PrimeLength, name: "Logjam, 1024 bits", at: atClient, hosts: hostsDHE, alter: params(prime(1024))},
		{code: fault.PrimeLength, name: "2040 bits", at: atClient, hosts: hostsDHE, alter: params(prime(2040))},
		{code: fault.PrimeLength, name: "8200 bits", at: atClient, hosts: hostsDHE, alter: params(prime(8200))},
		{code: fault.PrimeLength, name: "300,000 bits", at: atClient, hosts: hostsDHE, alter: params(prime(300_000))},
		{code: fault.KeyShareInvalid, name: "an even prime", at: atClient, hosts: hostsDHE,
			alter: params(func(p, g, ys []byte) (_, _, _ []byte) { return minusOne(p), g, ys })},
		{code: fault.KeyShareInvalid, name: "the generator 1", at: atClient, hosts: hostsDHE,
			alter: params(func(p, _, ys []byte) (_, _, _ []byte) { return p, []byte{1}, ys })},
		// The signature covers the parameters.
		{code: fault.SignatureWrong, name: "another public value", at: atClient, hosts: hostsDHE,
			alter: params(func(p, g, _ []byte) (_, _, _ []byte) { return p, g, []byte{5} })},
		{code: fault.KeyShareInvalid, name: "a client's public value of p-1", at: atServer, hosts: hostsDHE,
			alter: first(iana.MsgClientKeyExchange, func(p piece) pieces {
				return as(p, wire.AppendClientKeyExchange(nil, 2, minusOne(kex.FiniteOf(iana.FFDHE2048).P)))
			})},
	}
}

// A prime of 1024 bits is for a policy that names that length.
func TestShortPrimeIsForAPolicyThatNamesIt(t *testing.T) {
	p := *only(iana.TLS12, iana.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256, iana.FFDHE2048)
	if p.TakesPrime(1024) || !p.TakesPrime(2048) || !p.TakesPrime(8192) || p.TakesPrime(8193) {
		t.Error("by default, a prime may have 2048 to 8192 bits")
	}
	p.MinPrime = 1024
	if !p.TakesPrime(1024) || p.TakesPrime(1023) {
		t.Error("a policy names the shortest prime")
	}
}

// What the prime was stands in the record, for those to see who look for weak
// ones.
func TestPrimeIsRecorded(t *testing.T) {
	client, server := hostsDHE(t)
	client.Config.Record, server.Config.Record = true, true
	p := run(t, client, server, 0)
	for _, c := range []*engine.Conn{p.Client, p.Server} {
		if r := c.Record(); r.Prime != 2048 {
			t.Errorf("%v: %d bits", r.Side, r.Prime)
		}
	}
}

// otherFinite is a client that names groups of DHE, and none that the server has.
func otherFinite(t *testing.T) (client, server *tlstest.Host) {
	client, server = hostsDHE(t)
	client.Config.Policy = only(iana.TLS12, iana.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256, iana.FFDHE3072)
	return client, server
}

// TestRaccoon is on secrets that begin with zeros, which are cut off (Merget and
// others, 2020): that shows in the time of what follows, and tells of a secret
// that is used again. No key of a server is.
func TestRaccoon(t *testing.T) {
	seen := map[string]bool{}
	client, server := hostsDHE(t)
	for range 3 {
		p := through(t, client, server, &tlstest.Middle{Alter: first(iana.MsgServerKeyExchange, func(q piece) pieces {
			m, _ := wire.ParseServerKeyExchangeDHE(q.Bytes[wire.HeaderLen:], true)
			seen[string(m.Ys)] = true
			return pieces{q}
		})})
		if err := p.Run(); err != nil {
			t.Fatal(err)
		}
	}
	if len(seen) != 3 {
		t.Errorf("three handshakes, %d public values", len(seen))
	}
}
