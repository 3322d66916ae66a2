package engine_test

import (
	"slices"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// answerAttacks are on what a server answers.
func answerAttacks() []attack {
	type hello = wire.ServerHello
	tls12, retried := hosts12("P-256"), hosts13("P-256", retry)
	ext := func(f func(wire.Extensions) wire.Extensions) func(piece) pieces {
		return serverHello(func(m *hello) { m.Extensions = f(m.Extensions) })
	}
	is := func(t iana.ExtensionType, b ...byte) func(piece) pieces {
		return ext(func(e wire.Extensions) wire.Extensions { return set(e, t, b...) })
	}
	gone := func(t iana.ExtensionType) func(piece) pieces {
		return ext(func(e wire.Extensions) wire.Extensions { return without(e, t) })
	}
	encrypted := func(t iana.ExtensionType, b ...byte) func(piece) pieces {
		return encryptedExtensions(func(m *wire.EncryptedExtensions) { m.Extensions = set(m.Extensions, t, b...) })
	}
	both := func(c, s *tlstest.Host) {
		c.Config.Policy, s.Config.Policy = policy.Compatible(), policy.Compatible()
	}
	return []attack{
		{code: fault.VersionNotOffered, at: atClient, alter: gone(iana.ExtSupportedVersions)},
		{code: fault.VersionNotOffered, name: "SSL 3.0", at: atClient, hosts: tls12, alter: serverHello(func(m *hello) { m.Version = iana.SSL30 })},
		{code: fault.SelectedVersionWrong, at: atClient, alter: is(iana.ExtSupportedVersions, 3, 3)},
		{code: fault.VersionNotOffered, name: "TLS 1.3", at: atClient, alter: serverHello(func(m *hello) { m.Version = iana.TLS11 })},
		{code: fault.VersionNotOffered, name: "without supported_versions", at: atClient, hosts: tls12,
			alter: serverHello(func(m *hello) { m.Version = iana.TLS13 })},
		{code: fault.Downgraded, at: atClient, both: true, hosts: hosts13("P-256", both),
			alter: clientHello(func(m *wire.ClientHello) { m.Extensions = without(m.Extensions, iana.ExtSupportedVersions) })},
		{code: fault.RetryVersionMismatch, name: "gone", at: atClient, hosts: retried,
			alter: nthServerHello(1, func(m *hello) { m.Extensions = without(m.Extensions, iana.ExtSupportedVersions) })},
		{code: fault.RetryVersionMismatch, name: "other", at: atClient, hosts: retried,
			alter: nthServerHello(1, func(m *hello) { m.Extensions = set(m.Extensions, iana.ExtSupportedVersions, 3, 3) })},
		{code: fault.LegacyVersionChanged, at: atClient, hosts: retried, alter: nthServerHello(1, func(m *hello) { m.Version = 0x0305 })},
		{code: fault.SuiteNotOffered, name: "TLS 1.3", at: atClient, alter: serverHello(func(m *hello) { m.CipherSuite = 0x1304 })},
		{code: fault.SuiteNotOffered, name: "one of TLS 1.2", at: atClient,
			alter: serverHello(func(m *hello) { m.CipherSuite = iana.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 })},
		{code: fault.SuiteNotOffered, name: "one of TLS 1.3 in TLS 1.2", at: atClient, hosts: tls12,
			alter: serverHello(func(m *hello) { m.CipherSuite = iana.TLS_AES_128_GCM_SHA256 })},
		{code: fault.SuiteChanged, at: atClient, hosts: retried,
			alter: nthServerHello(1, func(m *hello) { m.CipherSuite = iana.TLS_CHACHA20_POLY1305_SHA256 })},
		{code: fault.DecodeError, name: "compression method of TLS 1.3", at: atClient, alter: serverHello(func(m *hello) { m.Compression = 1 })},
		{code: fault.CompressionChosen, name: "TLS 1.2", at: atClient, hosts: tls12, alter: serverHello(func(m *hello) { m.Compression = 1 })},
		{code: fault.SessionIDWrong, name: "TLS 1.3", at: atClient, alter: serverHello(func(m *hello) { m.SessionID = nil })},
		{code: fault.SessionIDWrong, name: "TLS 1.2", at: atClient, both: true, hosts: hosts12("P-256", func(c, s *tlstest.Host) {
			c.Config.Policy, s.Config.Policy = policy.Modern(), policy.Modern().Between(iana.TLS12, iana.TLS12)
		}), alter: echoed()},
		{code: fault.MissingKeyShare, name: "ServerHello", at: atClient, alter: gone(iana.ExtKeyShare)},
		{code: fault.KeyShareWrong, name: "ServerHello", at: atClient, alter: is(iana.ExtKeyShare, 0, 24, 0, 1, 4)},
		{code: fault.KeyShareInvalid, name: "ServerHello", at: atClient, alter: is(iana.ExtKeyShare, 0, 0x1d, 0, 1, 4)},
		{code: fault.GroupNotOffered, name: "HelloRetryRequest", at: atClient, hosts: retried, alter: is(iana.ExtKeyShare, 0, 0x18)},
		{code: fault.EmptyRetry, name: "nothing in it", at: atClient, hosts: retried, alter: gone(iana.ExtKeyShare)},
		{code: fault.KeyShareWrong, name: "asked for though it was sent", at: atClient, hosts: retried, alter: is(iana.ExtKeyShare, 0, 0x1d)},
		{code: fault.SecondRetry, at: atClient, hosts: retried, alter: twice(iana.MsgServerHello)},
		{code: fault.UnsolicitedExtension, name: "ServerHello", at: atClient, alter: is(iana.ExtPreSharedKey, 0, 0)},
		{code: fault.UnsolicitedExtension, name: "HelloRetryRequest", at: atClient, hosts: retried, alter: is(9999)},
		{code: fault.UnsolicitedExtension, name: "EncryptedExtensions", at: atClient, alter: encrypted(iana.ExtEarlyData)},
		{code: fault.UnsolicitedExtension, name: "TLS 1.2", at: atClient, hosts: tls12, alter: is(iana.ExtMaxFragmentLength, 1)},
		{code: fault.ExtensionInClear, at: atClient, alter: is(iana.ExtALPN, 0, 3, 2, 'h', '2')},
		{code: fault.ForbiddenExtension, name: "EncryptedExtensions", at: atClient, alter: encrypted(iana.ExtKeyShare)},
		{code: fault.DuplicateExtension, name: "EncryptedExtensions", at: atClient, alter: encryptedExtensions(func(m *wire.EncryptedExtensions) {
			m.Extensions = plus(m.Extensions, iana.ExtALPN)
		})},
		{code: fault.ExtensionValue, at: atClient, hosts: tls12, alter: is(iana.ExtEncryptThenMAC)},
		{code: fault.ExtensionForm, name: "server_name of an answer, TLS 1.3", at: atClient, alter: encrypted(iana.ExtServerName, 0)},
		{code: fault.ExtensionForm, name: "server_name of an answer, TLS 1.2", at: atClient, hosts: tls12, alter: is(iana.ExtServerName, 0)},
		{code: fault.ProtocolListForm, name: "answer", at: atClient, alter: encrypted(iana.ExtALPN, 0, 1, 0)},
		{code: fault.ProtocolNotOffered, name: "TLS 1.3", at: atClient, alter: encrypted(iana.ExtALPN, 0, 2, 1, 'x')},
		{code: fault.ProtocolNotOffered, name: "two", at: atClient, alter: encrypted(iana.ExtALPN, slices.Concat([]byte{0, 18}, []byte("\x08http/1.1\x08http/1.1"))...)},
		{code: fault.ProtocolNotOffered, name: "TLS 1.2", at: atClient, hosts: tls12, alter: is(iana.ExtALPN, 0, 2, 1, 'x')},
		{code: fault.PointFormatMissing, name: "server", at: atClient, hosts: tls12, alter: is(iana.ExtECPointFormats, 1, 1)},
		{code: fault.RenegotiationMismatch, name: "server", at: atClient, hosts: tls12, alter: is(iana.ExtRenegotiationInfo, 1, 1)},
		{code: fault.DecodeError, name: "EncryptedExtensions", at: atClient, alter: body(iana.MsgEncryptedExtensions, 0, 1)},
		{code: fault.DecodeError, name: "ServerHello", at: atClient, alter: body(iana.MsgServerHello, 3, 3)},
		{code: fault.DecodeError, name: "ServerHelloDone", at: atClient, hosts: tls12, alter: body(iana.MsgServerHelloDone, 0)},
	}
}

// echoed gives a client of TLS 1.2 the session ID of its ClientHello back
// though it offered no session.
func echoed() func(piece) pieces {
	var id []byte
	return func(p piece) pieces {
		switch {
		case p.Is(iana.MsgClientHello):
			m, _ := wire.ParseClientHello(p.Bytes[wire.HeaderLen:])
			id = slices.Clone(m.SessionID)
		case p.Is(iana.MsgServerHello):
			m, _ := wire.ParseServerHello(p.Bytes[wire.HeaderLen:])
			m.SessionID = id
			// A client that knows TLS 1.3 would see the downgrade first.
			copy(m.Random[24:], "nothing.")
			return as(p, m.Append(nil))
		}
		return pieces{p}
	}
}

// twice sends the first message of a type again in place of the second.
func twice(t iana.HandshakeType) func(piece) pieces {
	var kept []byte
	return func(p piece) pieces {
		switch {
		case !p.Is(t):
		case kept == nil:
			kept = slices.Clone(p.Bytes)
		default:
			return as(p, kept)
		}
		return pieces{p}
	}
}

// resumptionAttacks are on resumed sessions.
func resumptionAttacks() []attack {
	tls12 := hosts12("P-256")
	changed := func(change func(client *tlstest.Host)) func(c, _ *tlstest.Host) {
		return func(c, _ *tlstest.Host) { change(c) }
	}
	return []attack{
		{code: fault.PSKIdentityWrong, at: atClient, hosts: again13(),
			alter: serverHello(func(m *wire.ServerHello) { m.Extensions = set(m.Extensions, iana.ExtPreSharedKey, 0, 1) })},
		{code: fault.PSKHashWrong, at: atClient, hosts: again13(),
			alter: serverHello(func(m *wire.ServerHello) { m.CipherSuite = iana.TLS_AES_256_GCM_SHA384 })},
		{code: fault.BinderWrong, name: "another secret", at: atServer, hosts: again(hosts13("P-256"), changed(func(c *tlstest.Host) {
			c.Config.Session.State.Secret = make([]byte, 32)
		}))},
		{code: fault.EMSMissing, name: "server", at: atServer, hosts: again(tls12),
			alter: clientHello(func(m *wire.ClientHello) { m.Extensions = without(m.Extensions, iana.ExtExtendedMasterSecret) })},
		{code: fault.EMSMissing, name: "client", at: atClient, hosts: again(tls12),
			alter: serverHello(func(m *wire.ServerHello) { m.Extensions = without(m.Extensions, iana.ExtExtendedMasterSecret) })},
		{code: fault.EMSUnexpected, at: atClient, hosts: again(tls12, changed(func(c *tlstest.Host) { c.Config.Session.State.EMS = false }))},
		{code: fault.SessionVersionChanged, at: atClient, hosts: again(tls12, changed(func(c *tlstest.Host) { c.Config.Session.State.Version = iana.TLS11 }))},
		{code: fault.SessionSuiteChanged, at: atClient, hosts: again(tls12, changed(func(c *tlstest.Host) {
			c.Config.Session.State.Suite = iana.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
		}))},
		{code: fault.FinishedWrong, name: "resumed with another secret", at: atClient, hosts: again(tls12, changed(func(c *tlstest.Host) {
			c.Config.Session.State.Secret = make([]byte, 48)
		}))},
		{code: fault.DecodeError, name: "NewSessionTicket", at: atClient, alter: body(iana.MsgNewSessionTicket, 0)},
	}
}
