package engine_test

import (
	"slices"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

type (
	piece  = tlstest.Piece
	pieces = []tlstest.Piece
)

// message makes a handshake message of any body.
func message(t iana.HandshakeType, body ...byte) []byte {
	return append([]byte{byte(t), byte(len(body) >> 16), byte(len(body) >> 8), byte(len(body))}, body...)
}

// first alters the first message of a type, nth the one after n others.
func first(t iana.HandshakeType, f func(piece) pieces) func(piece) pieces { return nth(0, t, f) }

// nth counts anew with each pair: a ClientHello of the client comes first.
func nth(n int, t iana.HandshakeType, f func(piece) pieces) func(piece) pieces {
	seen := 0
	return func(p piece) pieces {
		if !p.Is(t) {
			return pieces{p}
		}
		if seen++; seen != n+1 {
			return pieces{p}
		}
		return f(p)
	}
}

// as gives the piece with other bytes.
func as(p piece, b []byte) pieces {
	p.Bytes = b
	return pieces{p}
}

// record gives a piece of another type.
func content(p piece, ct iana.ContentType, b ...byte) piece {
	return piece{From: p.From, Content: ct, Bytes: b}
}

// body replaces the body of a message.
func body(t iana.HandshakeType, b ...byte) func(piece) pieces {
	return first(t, func(p piece) pieces { return as(p, message(t, b...)) })
}

// flip turns a bit of the byte that is n before the end of a message.
func flip(t iana.HandshakeType, n int) func(piece) pieces {
	return first(t, func(p piece) pieces {
		p.Bytes[len(p.Bytes)-1-n] ^= 1
		return pieces{p}
	})
}

func clientHello(change func(*wire.ClientHello)) func(piece) pieces { return nthClientHello(0, change) }

func nthClientHello(n int, change func(*wire.ClientHello)) func(piece) pieces {
	return nth(n, iana.MsgClientHello, func(p piece) pieces {
		m, err := wire.ParseClientHello(p.Bytes[wire.HeaderLen:])
		if err != nil {
			panic(err)
		}
		change(&m)
		return as(p, m.Append(nil))
	})
}

func serverHello(change func(*wire.ServerHello)) func(piece) pieces { return nthServerHello(0, change) }

func nthServerHello(n int, change func(*wire.ServerHello)) func(piece) pieces {
	return nth(n, iana.MsgServerHello, func(p piece) pieces {
		m, err := wire.ParseServerHello(p.Bytes[wire.HeaderLen:])
		if err != nil {
			panic(err)
		}
		change(&m)
		return as(p, m.Append(nil))
	})
}

func encryptedExtensions(change func(*wire.EncryptedExtensions)) func(piece) pieces {
	return first(iana.MsgEncryptedExtensions, func(p piece) pieces {
		m, err := wire.ParseEncryptedExtensions(p.Bytes[wire.HeaderLen:])
		if err != nil {
			panic(err)
		}
		change(&m)
		return as(p, m.Append(nil))
	})
}

func certificateVerify(change func(*wire.CertificateVerify)) func(piece) pieces {
	return first(iana.MsgCertificateVerify, func(p piece) pieces {
		m, err := wire.ParseCertificateVerify(p.Bytes[wire.HeaderLen:])
		if err != nil {
			panic(err)
		}
		change(&m)
		return as(p, m.Append(nil))
	})
}

// without takes an extension out of a block, set puts another body into it or
// adds it before the last, and plus adds it at the end.
func without(e wire.Extensions, t iana.ExtensionType) (out wire.Extensions) {
	for found, b := range e.All() {
		if found != t {
			out = wire.AppendExtension(out, found, b)
		}
	}
	return out
}

func set(e wire.Extensions, t iana.ExtensionType, b ...byte) (out wire.Extensions) {
	out = wire.Extensions{}
	if _, ok := e.Get(t); !ok {
		out = wire.AppendExtension(out, t, b)
	}
	for found, old := range e.All() {
		if found == t {
			old = b
		}
		out = wire.AppendExtension(out, found, old)
	}
	return out
}

func plus(e wire.Extensions, t iana.ExtensionType, b ...byte) wire.Extensions {
	return wire.AppendExtension(append(wire.Extensions{}, e...), t, b)
}

// raw sends bytes to the side that is attacked, as they are.
func raw(to trace.Side, b ...byte) func(*testing.T, *tlstest.Pair, *tlstest.Middle) {
	return func(_ *testing.T, _ *tlstest.Pair, m *tlstest.Middle) { m.Raw(to, b) }
}

// greets replaces the ClientHello by bytes that are no handshake message.
func greets(text string) func(*testing.T, *tlstest.Pair, *tlstest.Middle) {
	return func(_ *testing.T, _ *tlstest.Pair, m *tlstest.Middle) { m.Raw(trace.Server, []byte(text)) }
}

// nothing loses everything.
func nothing(piece) pieces { return nil }

// sends makes the other side send pieces once the handshake is complete.
func sends(at trace.Side, injected ...piece) func(*testing.T, *tlstest.Pair, *tlstest.Middle) {
	return func(t *testing.T, p *tlstest.Pair, m *tlstest.Middle) {
		t.Helper()
		if !p.Client.Complete() || !p.Server.Complete() {
			t.Fatalf("the handshake is not complete: %v, %v", p.Client.Err(), p.Server.Err())
		}
		from := p.Client
		if at == trace.Client {
			from = p.Server
		}
		alter := m.Alter
		m.Alter = func(p piece) (out pieces) {
			if p.Content != iana.ContentApplicationData {
				return alter(p)
			}
			for _, q := range injected {
				q.From = p.From
				out = append(out, q)
			}
			return out
		}
		p.Send(from, []byte("data"))
		m.Alter = alter
	}
}

// times repeats a piece.
func times(n int, p piece) (all pieces) {
	for range n {
		all = append(all, p)
	}
	return all
}

// withoutEd25519 takes a scheme out of a policy.
func withoutEd25519(p *policy.Policy) {
	p.Schemes = slices.DeleteFunc(slices.Clone(p.Schemes), func(s iana.SignatureScheme) bool { return s == iana.Ed25519 })
}
