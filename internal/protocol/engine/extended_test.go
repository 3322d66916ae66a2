package engine_test

import (
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// TestHelloWithoutExtensions has a server answer a ClientHello of the first
// form, without a block of extensions, and one with an empty block: RFC 5246,
// section 7.4.1.2. Only an extended ClientHello gets an extended ServerHello,
// except for the renegotiation_info that the cipher suite value of RFC 5746,
// section 3.3, asks for.
func TestHelloWithoutExtensions(t *testing.T) {
	scsv := []byte{0, 0xff}
	for _, c := range []struct {
		name     string
		hasBlock bool
		scsv     bool
		want     bool // a block in the ServerHello
	}{
		{"no block", false, false, false},
		{"empty block", true, false, false},
		{"no block, SCSV", false, true, true},
		{"empty block, SCSV", true, true, true},
	} {
		client, server := hosts12("RSA-2048", rsaOnly)(t)
		var answer *wire.ServerHello
		rewrite := clientHello(func(m *wire.ClientHello) {
			m.HasBlock, m.Extensions = c.hasBlock, nil
			if c.scsv {
				m.CipherSuites = append(append(wire.List[iana.Suite]{}, m.CipherSuites...), scsv...)
			}
		})
		p := through(t, client, server, &tlstest.Middle{Alter: func(p piece) pieces {
			if p.Is(iana.MsgServerHello) {
				m, err := wire.ParseServerHello(p.Bytes[wire.HeaderLen:])
				if err != nil {
					t.Fatal(err)
				}
				answer = &m
			}
			return rewrite(p)
		}})
		p.Run()
		if answer == nil {
			t.Fatalf("%s: the server ended with %v", c.name, p.Server.Err())
		}
		_, info := answer.Extensions.Get(iana.ExtRenegotiationInfo)
		if answer.HasBlock != c.want || info != c.scsv {
			t.Errorf("%s: the ServerHello has a block: %v, %x", c.name, answer.HasBlock, answer.Extensions)
		}
		// What was taken away on the way shows in the end.
		if !isFault(p.Server.Err(), fault.FinishedWrong) {
			t.Errorf("%s: %v, %v", c.name, p.Client.Err(), p.Server.Err())
		}
	}
}
