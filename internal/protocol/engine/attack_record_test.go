package engine_test

import (
	"errors"
	"io"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/engine"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/record"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

const (
	atClient = trace.Client
	atServer = trace.Server
)

// nothing13 loses all that is encrypted.
func nothing13(p piece) pieces {
	if p.Is(iana.MsgClientHello) || p.Is(iana.MsgServerHello) {
		return pieces{p}
	}
	return nil
}

// ticket makes a NewSessionTicket of TLS 1.3.
func ticket(lifetime uint32) []byte {
	m := wire.NewSessionTicket13{Lifetime: lifetime, Ticket: []byte{1}}
	return m.Append(nil)
}

// instead sends an empty message of another type in place of one.
func instead(t, other iana.HandshakeType) func(piece) pieces {
	return first(t, func(p piece) pieces { return as(p, message(other)) })
}

// recordAttacks are on the record layer, alerts and what follows a handshake.
func recordAttacks() []attack {
	tls12 := hosts12("P-256")
	data := piece{Content: iana.ContentApplicationData}
	alert := func(level, description byte) piece {
		return piece{Content: iana.ContentAlert, Bytes: []byte{level, description}}
	}
	handshake := func(b []byte) piece { return piece{Content: iana.ContentHandshake, Bytes: b} }
	updates := func(t *testing.T, p *tlstest.Pair, _ *tlstest.Middle) {
		for range 33 {
			if err := p.Client.KeyUpdate(false); err != nil {
				t.Fatal(err)
			}
		}
	}
	eof := func(err error) func(*testing.T, *tlstest.Pair, *tlstest.Middle) {
		return func(_ *testing.T, p *tlstest.Pair, _ *tlstest.Middle) { p.Server.EOF(err, tlstest.Now) }
	}
	return []attack{
		{code: fault.NotTLS, name: "SSH", at: atServer, alter: nothing, after: greets("SSH-2.0-OpenSSH_9.9\r\n")},
		{code: fault.NotTLS, name: "to a client", at: atClient, alter: nothing, after: raw(atClient, []byte("220 smtp ready\r\n")...)},
		{code: fault.HTTPRequest, at: atServer, alter: nothing, after: greets("GET / HTTP/1.1\r\n")},
		{code: fault.HTTPRequest, name: "answer", at: atClient, alter: nothing, after: raw(atClient, []byte("HTTP/1.1 400 Bad Request\r\n")...)},
		{code: fault.HTTPSProxyRequest, at: atServer, alter: nothing, after: greets("CONNECT a.example:443 HTTP/1.1\r\n")},
		{code: fault.SSL2Hello, at: atServer, alter: nothing, after: raw(atServer, 0x80, 0x2e, 1, 0, 2, 0, 0x15)},
		{code: fault.RecordVersionWrong, at: atServer, alter: nothing, after: raw(atServer, 22, 4, 0, 0, 4, 1, 0, 0, 0)},
		{code: fault.RecordOverflow, name: "clear", at: atServer, alter: nothing, after: raw(atServer, 22, 3, 1, 0x40, 1)},
		{code: fault.RecordOverflow, name: "TLS 1.3", at: atServer, after: raw(atServer, 23, 3, 3, 0x41, 1)},
		{code: fault.RecordOverflow, name: "TLS 1.2", at: atServer, hosts: tls12, after: raw(atServer, 23, 3, 3, 0x48, 1)},
		{code: fault.PlaintextOverflow, name: "TLS 1.3", at: atServer,
			after: sends(atServer, piece{Content: data.Content, Bytes: make([]byte, record.MaxPlaintext+1)})},
		{code: fault.PlaintextOverflow, name: "TLS 1.2", at: atClient, hosts: tls12,
			after: sends(atClient, piece{Content: data.Content, Bytes: make([]byte, record.MaxPlaintext+1)})},
		{code: fault.RecordTooShort, name: "TLS 1.3", at: atServer, after: raw(atServer, 23, 3, 3, 0, 3, 1, 2, 3)},
		{code: fault.RecordTooShort, name: "TLS 1.2", at: atServer, hosts: tls12, after: raw(atServer, 23, 3, 3, 0, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9)},
		{code: fault.ExcessHandshakeData, name: "after a ClientHello", at: atServer,
			alter: first(iana.MsgClientHello, func(p piece) pieces { return as(p, append(p.Bytes, 1, 0, 0)) })},
		{code: fault.AlertLevelWrong, name: "TLS 1.3", at: atServer, after: sends(atServer, alert(3, 40))},
		{code: fault.BadRecordMAC, name: "TLS 1.3", at: atServer, after: raw(atServer, append([]byte{23, 3, 3, 0, 32}, make([]byte, 32)...)...)},
		{code: fault.BadRecordMAC, name: "TLS 1.2", at: atClient, hosts: tls12, after: raw(atClient, append([]byte{23, 3, 3, 0, 32}, make([]byte, 32)...)...)},
		{code: fault.OuterTypeWrong, at: atServer, after: raw(atServer, append([]byte{22, 3, 3, 0, 32}, make([]byte, 32)...)...)},
		{code: fault.OuterTypeWrong, name: "an alert in the clear after Finished", at: atServer, after: raw(atServer, 21, 3, 3, 0, 2, 2, 40)},
		{code: fault.OuterTypeWrong, name: "an alert in the clear to a client", at: atClient, alter: nothing13, after: raw(atClient, 21, 3, 3, 0, 2, 2, 40)},
		{code: fault.PeerAlert, name: "in the clear in place of the client's Finished", at: atServer, alter: nothing13, after: raw(atServer, 21, 3, 3, 0, 2, 2, 40)},
		{code: fault.InnerTypeMissing, at: atClient, after: sends(atClient, piece{Bytes: make([]byte, 10)})},
		{code: fault.UnexpectedRecord, name: "unknown type", at: atServer, after: sends(atServer, piece{Content: 99, Bytes: []byte{1}})},
		{code: fault.UnexpectedRecord, name: "data within a message", at: atServer,
			after: sends(atServer, handshake([]byte{24, 0}), piece{Content: data.Content, Bytes: []byte{1}})},
		{code: fault.UnexpectedRecord, name: "change_cipher_spec within a message", at: atServer,
			alter: first(iana.MsgFinished, func(p piece) pieces {
				return pieces{handshake(p.Bytes[:5]), content(p, iana.ContentChangeCipherSpec, 1)}
			})},
		{code: fault.HelloRefused, at: atClient,
			alter: first(iana.MsgServerHello, func(p piece) pieces { return pieces{content(p, iana.ContentAlert, 2, 40)} })},
		{code: fault.UnexpectedRecord, name: "change_cipher_spec within a message of TLS 1.2", at: atServer, hosts: tls12,
			alter: first(iana.MsgClientKeyExchange, func(p piece) pieces {
				return pieces{handshake(p.Bytes[:5]), content(p, iana.ContentChangeCipherSpec, 1)}
			})},
		{code: fault.ExcessHandshakeData, name: "after Finished of TLS 1.2", at: atServer, hosts: tls12,
			alter: first(iana.MsgFinished, func(p piece) pieces { return as(p, append(p.Bytes, 24)) })},
		{code: fault.MissingChangeCipherSpec, at: atServer, hosts: tls12,
			alter: first(iana.MsgClientKeyExchange, func(p piece) pieces { return as(p, append(p.Bytes, message(iana.MsgFinished)...)) })},
		{code: fault.ExcessHandshakeData, name: "after ServerHello", at: atClient,
			alter: first(iana.MsgServerHello, func(p piece) pieces { return as(p, append(p.Bytes, message(iana.MsgFinished)...)) })},
		{code: fault.ExcessHandshakeData, name: "after Finished", at: atServer,
			alter: first(iana.MsgFinished, func(p piece) pieces { return as(p, append(p.Bytes, 24)) })},
		{code: fault.ExcessHandshakeData, name: "after KeyUpdate", at: atServer,
			after: sends(atServer, handshake(append(message(iana.MsgKeyUpdate, 0), message(iana.MsgKeyUpdate, 0)...)))},
		{code: fault.EmptyRecords, at: atServer, after: sends(atServer, times(33, data)...)},
		{code: fault.EmptyHandshakeRecord, at: atServer, after: sends(atServer, piece{Content: iana.ContentHandshake})},
		{code: fault.EmptyHandshakeRecord, name: "alert", at: atClient, hosts: tls12, after: sends(atClient, piece{Content: iana.ContentAlert})},
		{code: fault.WarningAlerts, name: "TLS 1.3", at: atServer, after: sends(atServer, times(5, alert(1, byte(iana.AlertUserCanceled)))...)},
		{code: fault.WarningAlerts, name: "TLS 1.2", at: atClient, hosts: tls12,
			after: sends(atClient, times(5, alert(1, byte(iana.AlertUnrecognizedName)))...)},
		{code: fault.BadAlert, at: atServer, after: sends(atServer, piece{Content: iana.ContentAlert, Bytes: []byte{2, 40, 0}})},
		{code: fault.AlertLevelWrong, at: atServer, hosts: tls12, after: sends(atServer, alert(3, 40))},
		{code: fault.PeerAlert, name: "TLS 1.2", at: atServer, hosts: tls12, after: sends(atServer, alert(2, byte(iana.AlertInternalError)))},
		{code: fault.PeerAlert, name: "a warning of TLS 1.3", at: atServer, after: sends(atServer, alert(1, byte(iana.AlertInternalError)))},
		{code: fault.PeerAlert, name: "in the handshake", at: atClient,
			alter: first(iana.MsgEncryptedExtensions, func(p piece) pieces {
				return pieces{content(p, iana.ContentAlert, 2, byte(iana.AlertAccessDenied))}
			})},
		{code: fault.ClosedInHandshake, at: atClient,
			alter: first(iana.MsgServerHello, func(p piece) pieces { return pieces{content(p, iana.ContentAlert, 1, 0)} })},
		{code: fault.MessageTooLong, at: atServer,
			alter: first(iana.MsgClientHello, func(p piece) pieces { return as(p, []byte{1, 2, 1, 0x45, 3, 3}) })},
		{code: fault.MessageTooLong, name: "Certificate", at: atClient, hosts: tls12,
			alter: first(iana.MsgCertificate, func(p piece) pieces { return as(p, []byte{11, 2, 0, 1, 3, 3}) })},
		{code: fault.KeyUpdates, at: atServer, after: updates},
		{code: fault.KeyUpdateWrong, at: atServer, after: sends(atServer, handshake(message(iana.MsgKeyUpdate, 2)))},
		{code: fault.KeyUsageExhausted, err: func(*testing.T) error { return engine.RenewKeys12() }},
		{code: fault.BadChangeCipherSpec, name: "TLS 1.3", at: atServer,
			alter: first(iana.MsgFinished, func(p piece) pieces { return pieces{content(p, iana.ContentChangeCipherSpec, 2)} })},
		{code: fault.BadChangeCipherSpec, name: "TLS 1.2", at: atServer, hosts: tls12, alter: func(p piece) pieces {
			if p.Content == iana.ContentChangeCipherSpec {
				p.Bytes = []byte{1, 1}
			}
			return pieces{p}
		}},
		{code: fault.EmptyRecords, name: "change_cipher_spec before a ServerHello", at: atClient,
			alter: first(iana.MsgServerHello, func(p piece) pieces { return times(33, content(p, iana.ContentChangeCipherSpec, 1)) })},
		{code: fault.UnexpectedChangeCipherSpec, name: "before a ServerHello, without TLS 1.3", at: atClient, hosts: hosts12("P-256", func(c, _ *tlstest.Host) {
			c.Config.Policy = c.Config.Policy.Between(iana.TLS12, iana.TLS12)
		}), alter: first(iana.MsgServerHello, func(p piece) pieces { return pieces{content(p, iana.ContentChangeCipherSpec, 1), p} })},
		{code: fault.UnexpectedChangeCipherSpec, name: "before a ClientHello", at: atServer,
			alter: first(iana.MsgClientHello, func(p piece) pieces { return pieces{content(p, iana.ContentChangeCipherSpec, 1), p} })},
		{code: fault.EmptyRecords, name: "change_cipher_spec of TLS 1.3", at: atServer,
			alter: first(iana.MsgFinished, func(p piece) pieces { return times(33, content(p, iana.ContentChangeCipherSpec, 1)) })},
		{code: fault.UnexpectedChangeCipherSpec, name: "TLS 1.2", at: atClient, hosts: tls12,
			after: sends(atClient, piece{Content: iana.ContentChangeCipherSpec, Bytes: []byte{1}})},
		{code: fault.DataInHandshake, name: "TLS 1.2", at: atServer, hosts: tls12, alter: first(iana.MsgClientKeyExchange, func(p piece) pieces {
			return pieces{content(p, iana.ContentApplicationData, 1)}
		})},
		{code: fault.DataInHandshake, name: "TLS 1.3", at: atClient, alter: first(iana.MsgFinished, func(p piece) pieces {
			return pieces{content(p, iana.ContentApplicationData, 1)}
		})},
		{code: fault.UnexpectedMessage, at: atServer, alter: first(iana.MsgFinished, func(p piece) pieces { return as(p, message(iana.MsgCertificate)) })},
		{code: fault.NoRenegotiation, name: "client", at: atClient, hosts: tls12,
			after: sends(atClient, times(5, handshake(message(iana.MsgHelloRequest)))...)},
		{code: fault.NoRenegotiation, name: "server", at: atServer, hosts: tls12,
			after: sends(atServer, times(5, handshake(message(iana.MsgClientHello)))...)},
		{code: fault.NoBytes, at: atServer, alter: nothing, after: eof(io.EOF)},
		{code: fault.Truncated, name: "to a client", at: atClient, alter: nothing, after: func(_ *testing.T, p *tlstest.Pair, _ *tlstest.Middle) {
			p.Client.EOF(io.EOF, tlstest.Now)
		}},
		{code: fault.Truncated, at: atServer, alter: nothing, after: func(t *testing.T, p *tlstest.Pair, m *tlstest.Middle) {
			raw(atServer, 22)(t, p, m)
			p.Server.EOF(io.EOF, tlstest.Now)
		}},
		{code: fault.TruncatedData, at: atServer, after: eof(io.EOF)},
		{code: fault.Reset, at: atServer, alter: nothing, after: eof(errors.New("reset"))},
		{code: fault.DecodeError, name: "a body that is too long", at: atServer, after: sends(atServer, handshake(message(iana.MsgKeyUpdate, 0, 0)))},
		{code: fault.UnexpectedMessage, name: "too many tickets", at: atClient, after: sends(atClient, times(65, handshake(ticket(7)))...)},
		{code: fault.UnexpectedMessage, name: "ServerKeyExchange with RSA", at: atClient, hosts: hosts12("RSA-2048", rsaOnly, stapled),
			alter: instead(iana.MsgCertificateStatus, iana.MsgServerKeyExchange)},
		{code: fault.UnexpectedMessage, name: "ServerHelloDone without ServerKeyExchange", at: atClient, hosts: hosts12("P-256", stapled),
			alter: instead(iana.MsgCertificateStatus, iana.MsgServerHelloDone)},
		{code: fault.UnexpectedMessage, name: "CertificateRequest before ServerKeyExchange", at: atClient, hosts: hosts12("P-256", stapled, wantsClient),
			alter: instead(iana.MsgCertificateStatus, iana.MsgCertificateRequest)},
		{code: fault.UnexpectedMessage, name: "two CertificateRequests", at: atClient, hosts: hosts12("P-256", wantsClient),
			alter: first(iana.MsgCertificateRequest, func(p piece) pieces { return pieces{p, p} })},
		{code: fault.ForbiddenExtension, name: "in a ticket", at: atClient, hosts: hosts13("P-256"),
			alter: first(iana.MsgNewSessionTicket, func(p piece) pieces {
				m, _ := wire.ParseNewSessionTicket13(p.Bytes[wire.HeaderLen:])
				m.Extensions = plus(m.Extensions, iana.ExtKeyShare)
				return as(p, m.Append(nil))
			})},
	}
}
