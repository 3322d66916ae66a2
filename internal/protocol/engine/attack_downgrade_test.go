package engine_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// downTo gives hosts of which both know several versions.
func downTo(t *testing.T, client, server []iana.Version) (c, s *tlstest.Host) {
	c, s = hosts12("P-256")(t)
	c.Config.Policy = with(policy.Compatible(), func(p *policy.Policy) { p.Versions = client })
	s.Config.Policy = with(policy.Compatible(), func(p *policy.Policy) { p.Versions = server })
	return c, s
}

// TestDowngradeSentinel reads the end of the server's random: it says that the
// server knows a newer version than the one it has chosen. RFC 9846, section
// 4.2.3.
func TestDowngradeSentinel(t *testing.T) {
	all := []iana.Version{iana.TLS13, iana.TLS12, iana.TLS11, iana.TLS10}
	for _, c := range []struct {
		chosen iana.Version
		server []iana.Version
		end    string
	}{
		{iana.TLS13, all, ""}, {iana.TLS12, all, "DOWNGRD\x01"}, {iana.TLS11, all, "DOWNGRD\x00"}, {iana.TLS10, all, "DOWNGRD\x00"},
		{iana.TLS12, all[1:], ""}, {iana.TLS11, all[1:], "DOWNGRD\x00"}, {iana.TLS10, all[1:], "DOWNGRD\x00"},
		{iana.TLS11, all[2:], ""}, {iana.TLS10, all[2:], ""}, {iana.TLS10, all[3:], ""},
	} {
		client, server := downTo(t, []iana.Version{c.chosen}, c.server)
		p := run(t, client, server, 0)
		random := p.Client.Established().ServerRandom[24:]
		if got := bytes.HasPrefix(random, []byte("DOWNGRD")); got != (c.end != "") || got && string(random) != c.end {
			t.Errorf("%v of %v: the random ends with %q", c.chosen, c.server, random)
		}
	}
}

// TestDowngrade has somebody between the two ends take the newer versions out
// of the ClientHello: the client sees what the server has put into its random,
// whichever of both versions is the highest it knows.
func TestDowngrade(t *testing.T) {
	all := []iana.Version{iana.TLS13, iana.TLS12, iana.TLS11, iana.TLS10}
	for _, highest := range []int{0, 1} {
		for i, v := range all {
			if v >= all[highest] || v == iana.TLS13 {
				continue
			}
			client, server := downTo(t, all[highest:], all)
			p := through(t, client, server, &tlstest.Middle{Alter: clientHello(func(m *wire.ClientHello) {
				m.Version, m.Extensions = all[i], without(m.Extensions, iana.ExtSupportedVersions)
			})})
			p.Run()
			if !isFault(p.Client.Err(), fault.Downgraded) || !isFault(p.Server.Err(), fault.PeerAlert) {
				t.Errorf("from %v to %v: %v, %v", all[highest], v, p.Client.Err(), p.Server.Err())
			}
		}
	}
}

// TestFallbackIsRefused is the downgrade dance that browsers once did: a client
// that tries again with an older version says so (RFC 7507), and a server that
// knows a newer one refuses it.
func TestFallbackIsRefused(t *testing.T) {
	all := []iana.Version{iana.TLS13, iana.TLS12, iana.TLS11, iana.TLS10}
	for i, v := range all {
		client, server := downTo(t, all[i:], all)
		client.Config.Fallback = true
		p := through(t, client, server, &tlstest.Middle{})
		p.Run()
		if v == iana.TLS13 != p.Server.Complete() || v != iana.TLS13 && !isFault(p.Server.Err(), fault.InappropriateFallback) {
			t.Errorf("from %v: %v", v, p.Server.Err())
		}
	}
}

// TestCrossProtocolParameters is the cross-protocol attack (Mavrogiannopoulos,
// Vercauteren, Velichkov and Preneel, 2012): the signature of a
// ServerKeyExchange does not say of which kind it is, so that parameters of one
// kind might be read as another. A client takes named curves only, of those it
// offered, and reads what its suite says; what it does not read is refused
// before the signature is looked at.
func TestCrossProtocolParameters(t *testing.T) {
	prime := append([]byte{0, 128, 0x80}, make([]byte, 127)...)
	finite := slices.Concat(prime, []byte{0, 1, 2}, prime)
	explicit := slices.Concat([]byte{1, 32}, make([]byte, 32), []byte{32}, make([]byte, 32))
	for name, params := range map[string][]byte{
		"finite field":           finite,
		"explicit_prime":         explicit,
		"explicit_char2":         append([]byte{2}, explicit[1:]...),
		"a named curve of 2005":  slices.Concat([]byte{3, 0, 1, 43, 4}, make([]byte, 42)), // sect163k1
		"a finite field's group": slices.Concat([]byte{3, 1, 0, 128}, prime[2:]),          // ffdhe2048
	} {
		client, server := hosts12("P-256")(t)
		p := through(t, client, server, &tlstest.Middle{Alter: first(iana.MsgServerKeyExchange, func(q piece) pieces {
			m, _ := wire.ParseServerKeyExchangeECDHE(q.Bytes[wire.HeaderLen:], true)
			return as(q, wire.AppendServerKeyExchange(nil, params, m.Scheme, m.Signature))
		})})
		p.Run()
		if err := p.Client.Err(); !isFault(err, fault.DecodeError) && !isFault(err, fault.GroupNotOffered) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestNoRollbackToSSL2: a client whose hello has the format of SSL 2.0 and offers
// newer versions does not go back to that one, whatever a server answers, so that
// nobody can roll it back: the mark of RFC 5246, appendix E.3, is for those who
// speak both.
func TestNoRollbackToSSL2(t *testing.T) {
	client, server := changed(iana.TLS12, "RSA-2048", nil)(t)
	client.Config.SendSSL2Hello, client.Config.ServerName, client.Config.Protocols = true, "", nil
	server.Config.SSL2 = true
	server.Config.Policy = with(server.Config.Policy, func(p *policy.Policy) { p.SSL2Hello = true })
	p, err := tlstest.NewPair(client, server)
	if err != nil {
		t.Fatal(err)
	}
	p.Run()
	if p.Client.Complete() || !isFault(p.Client.Err(), fault.NotTLS) {
		t.Errorf("the client: %v; the server: %v", p.Client.Err(), p.Server.Err())
	}
}
