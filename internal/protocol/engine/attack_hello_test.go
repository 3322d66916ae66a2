package engine_test

import (
	"slices"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// differ narrows the policies of the two sides.
func differ(client, server func(*policy.Policy)) func(c, s *tlstest.Host) {
	return func(c, s *tlstest.Host) {
		c.Config.Policy = with(c.Config.Policy, client)
		s.Config.Policy = with(s.Config.Policy, server)
	}
}

// helloAttacks are on what a client offers.
func helloAttacks() []attack {
	tls12 := hosts12("P-256")
	type hello = wire.ClientHello
	ext := func(f func(wire.Extensions) wire.Extensions) func(piece) pieces {
		return clientHello(func(m *hello) { m.Extensions = f(m.Extensions) })
	}
	gone := func(types ...iana.ExtensionType) func(piece) pieces {
		return ext(func(e wire.Extensions) wire.Extensions {
			for _, t := range types {
				e = without(e, t)
			}
			return e
		})
	}
	is := func(t iana.ExtensionType, b ...byte) func(piece) pieces {
		return ext(func(e wire.Extensions) wire.Extensions { return set(e, t, b...) })
	}
	more := func(t iana.ExtensionType) func(piece) pieces {
		return ext(func(e wire.Extensions) wire.Extensions { return plus(e, t) })
	}
	share := []byte{0, 0x1d, 0, 1, 0}
	x25519 := func(e wire.Extensions) wire.Extensions { return set(e, iana.ExtSupportedGroups, 0, 2, 0, 0x1d) }
	return []attack{
		{code: fault.HelloForm, at: atServer, alter: body(iana.MsgClientHello, 3, 3)},
		{code: fault.ExtensionForm, name: "supported_groups", at: atServer, alter: is(iana.ExtSupportedGroups, 0, 3, 0, 1, 2)},
		{code: fault.ExtensionForm, at: atServer, alter: is(iana.ExtExtendedMasterSecret, 0)},
		{code: fault.DuplicateExtension, at: atServer, alter: more(iana.ExtALPN)},
		{code: fault.DuplicateExtension, name: "unknown", at: atServer, alter: ext(func(e wire.Extensions) wire.Extensions { return plus(plus(e, 9999), 9999) })},
		{code: fault.ForbiddenExtension, at: atServer, alter: more(iana.ExtOIDFilters)},
		{code: fault.CompressionWrong, name: "TLS 1.3", at: atServer, alter: clientHello(func(m *hello) { m.Compression = []byte{1, 0} })},
		{code: fault.CompressionWrong, name: "TLS 1.2", at: atServer, hosts: tls12, alter: clientHello(func(m *hello) { m.Compression = []byte{1} })},
		{code: fault.MissingKeyShare, name: "key_share", at: atServer, alter: gone(iana.ExtKeyShare)},
		{code: fault.ProtocolNameWrong, at: atServer, hosts: hosts13("P-256", func(client, server *tlstest.Host) {
			client.Config.Protocols, server.Config.Protocols = []string{"h2"}, []string{""}
		})},
		{code: fault.MissingGroups, at: atServer, alter: gone(iana.ExtKeyShare, iana.ExtSupportedGroups)},
		{code: fault.SchemesMissing, at: atServer, alter: gone(iana.ExtSignatureAlgorithms)},
		{code: fault.KeyShareInvalid, name: "short", at: atServer, alter: ext(func(e wire.Extensions) wire.Extensions {
			return set(x25519(e), iana.ExtKeyShare, append([]byte{0, 5}, share...)...)
		})},
		{code: fault.KeyShareInvalid, name: "low order", at: atServer, alter: ext(func(e wire.Extensions) wire.Extensions {
			return set(x25519(e), iana.ExtKeyShare, append([]byte{0, 36, 0, 0x1d, 0, 32}, make([]byte, 32)...)...)
		})},
		{code: fault.DuplicateKeyShare, at: atServer, alter: ext(func(e wire.Extensions) wire.Extensions {
			return set(e, iana.ExtKeyShare, slices.Concat([]byte{0, 10}, share, share)...)
		})},
		{code: fault.KeyShareUnsupported, at: atServer, alter: is(iana.ExtKeyShare, 0, 5, 1, 0xfe, 0, 1, 0)},
		{code: fault.QUICParameters, at: atServer, alter: more(iana.ExtQUICTransportParameters)},
		{code: fault.PSKModeMissing, at: atServer, hosts: again13(), alter: gone(iana.ExtPSKKeyExchangeModes)},
		{code: fault.PSKNotLast, at: atServer, hosts: again13(), alter: more(9999)},
		{code: fault.BinderCount, at: atServer, hosts: again13(), alter: ext(twoIdentities)},
		{code: fault.BinderWrong, at: atServer, hosts: again13(), alter: flip(iana.MsgClientHello, 0)},
		{code: fault.InappropriateFallback, at: atServer, hosts: tls12, alter: clientHello(func(m *hello) {
			m.CipherSuites = append(slices.Clone(m.CipherSuites), 0x56, 0x00)
		})},
		{code: fault.NoSharedVersion, at: atServer, alter: is(iana.ExtSupportedVersions, 2, 3, 1)},
		{code: fault.HelloVersionWrong, at: atServer, alter: clientHello(func(m *hello) { m.Version = iana.SSL30 })},
		{code: fault.NoSharedSuite, name: "TLS 1.3", at: atServer, hosts: hosts13("P-256", differ(
			func(p *policy.Policy) { p.Suites = []iana.Suite{iana.TLS_AES_128_GCM_SHA256} },
			func(p *policy.Policy) { p.Suites = []iana.Suite{iana.TLS_AES_256_GCM_SHA384} }))},
		{code: fault.NoSharedSuite, name: "no suite for the key", at: atServer, hosts: hosts12("P-256", differ(
			func(p *policy.Policy) { p.Suites = []iana.Suite{iana.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256} },
			func(*policy.Policy) {}))},
		{code: fault.NoSharedFinite, at: atServer, hosts: otherFinite},
		{code: fault.NoSharedGroup, at: atServer, hosts: hosts13("P-256", differ(
			func(p *policy.Policy) { p.Groups = []iana.Group{iana.X25519} },
			func(p *policy.Policy) { p.Groups = []iana.Group{iana.Secp521r1} }))},
		{code: fault.NoSharedScheme, name: "TLS 1.3", at: atServer, hosts: hosts13("P-256", differ(
			func(p *policy.Policy) { p.Schemes = []iana.SignatureScheme{iana.Ed25519} }, func(*policy.Policy) {}))},
		{code: fault.NoSharedScheme12, name: "TLS 1.2", at: atServer, hosts: hosts12("P-256", differ(
			func(p *policy.Policy) { p.Schemes = []iana.SignatureScheme{iana.Ed25519} }, func(*policy.Policy) {}))},
		{code: fault.ProtocolListForm, name: "ClientHello", at: atServer, alter: is(iana.ExtALPN, 0, 1, 0)},
		{code: fault.NoSharedProtocol, at: atServer, alter: is(iana.ExtALPN, 0, 2, 1, 'x')},
		{code: fault.PointFormatMissing, name: "client", at: atServer, hosts: tls12, alter: is(iana.ExtECPointFormats, 1, 1)},
		{code: fault.RenegotiationMismatch, name: "client", at: atServer, hosts: tls12, alter: is(iana.ExtRenegotiationInfo, 1, 1)},
		{code: fault.HelloChanged, name: "an extension", at: atServer, hosts: hosts13("P-256", retry),
			alter: nthClientHello(1, func(m *hello) { m.Extensions = set(m.Extensions, iana.ExtALPN, 0, 2, 1, 'x') })},
		{code: fault.HelloChanged, name: "an extension is gone", at: atServer, hosts: hosts13("P-256", retry),
			alter: nthClientHello(1, func(m *hello) { m.Extensions = without(m.Extensions, iana.ExtALPN) })},
		{code: fault.HelloChanged, name: "the random", at: atServer, hosts: hosts13("P-256", retry),
			alter: nthClientHello(1, func(m *hello) { m.Random[0] ^= 1 })},
		{code: fault.KeyShareWrong, name: "second ClientHello", at: atServer, hosts: hosts13("P-256", retry),
			alter: nthClientHello(1, func(m *hello) { m.Extensions = set(m.Extensions, iana.ExtKeyShare, append([]byte{0, 5}, share...)...) })},
		{code: fault.NoSharedSuite, name: "none enabled", err: func(t *testing.T) error {
			client, server := hostsOf(iana.TLS12, "P-256")
			client.Config.Policy = with(client.Config.Policy, func(p *policy.Policy) { p.Suites = []iana.Suite{iana.TLS_AES_128_GCM_SHA256} })
			_, err := tlstest.NewPair(client, server)
			return err
		}},
		{code: fault.SchemesMissing, name: "only a session, and that is unknown", at: atServer, hosts: again(hosts13("P-256"), otherTickets),
			alter: gone(iana.ExtSignatureAlgorithms)},
		{code: fault.NoSharedGroup, name: "33 key shares, all unknown", at: atServer, alter: ext(manyShares(33))},
		{code: fault.KeyShareUnsupported, name: "33 key shares, of 32 groups", at: atServer, alter: ext(manyShares(32))},
		{code: fault.NoSharedGroup, name: "none enabled", err: func(t *testing.T) error {
			client, server := hostsOf(iana.TLS13, "P-256")
			client.Config.Policy = with(client.Config.Policy, func(p *policy.Policy) { p.Groups = nil })
			_, err := tlstest.NewPair(client, server)
			return err
		}},
		{code: fault.NoVersionsEnabled, err: func(t *testing.T) error {
			client, server := hostsOf(iana.TLS13, "P-256")
			client.Config.Policy = client.Config.Policy.Between(0, iana.SSL30)
			_, err := tlstest.NewPair(client, server)
			return err
		}},
	}
}

// manyShares puts 33 key shares into a ClientHello, and so many of their groups.
func manyShares(supported byte) func(wire.Extensions) wire.Extensions {
	groups, shares := []byte{0, 2 * supported}, []byte{0, 165}
	for i := range byte(33) {
		if i < supported {
			groups = append(groups, 0x70, i)
		}
		shares = append(shares, 0x70, i, 0, 1, 0)
	}
	return func(e wire.Extensions) wire.Extensions {
		return set(set(e, iana.ExtSupportedGroups, groups...), iana.ExtKeyShare, shares...)
	}
}

// again13 resumes a session of TLS 1.3.
func again13() func(*testing.T) (client, server *tlstest.Host) { return again(hosts13("P-256")) }

// twoIdentities puts a second identity into the list, and no second binder.
func twoIdentities(e wire.Extensions) wire.Extensions {
	old, _ := e.Get(iana.ExtPreSharedKey)
	n := int(old[0])<<8 | int(old[1])
	ids := append(slices.Clone(old[2:2+n]), 0, 1, 'x', 0, 0, 0, 0)
	b := append([]byte{byte(len(ids) >> 8), byte(len(ids))}, ids...)
	return set(e, iana.ExtPreSharedKey, append(b, old[2+n:]...)...)
}
