package engine_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/session"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// badShares are public values that are none, by group, in the client's place
// and in the server's.
func badShares() map[iana.Group]map[string][]byte {
	point := func(size int, first byte, fill byte) []byte {
		return append([]byte{first}, bytes.Repeat([]byte{fill}, size-1)...)
	}
	nist := func(size int) map[string][]byte {
		return map[string][]byte{
			"not on the curve":     point(1+2*size, 4, 1),
			"beyond the field":     point(1+2*size, 4, 0xff),
			"the point (0, 0)":     point(1+2*size, 4, 0),
			"infinity":             {0},
			"compressed":           point(1+size, 2, 1),
			"hybrid":               point(1+2*size, 6, 1),
			"a byte less":          point(2*size, 4, 1),
			"a byte more":          point(2+2*size, 4, 1),
			"of the other's group": bytes.Repeat([]byte{9}, 32),
		}
	}
	one := append([]byte{1}, make([]byte, 31)...)
	order8 := []byte{ // of order 8: RFC 7748 has it multiply to zero
		0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a,
		0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00,
	}
	return map[iana.Group]map[string][]byte{
		iana.Secp256r1: nist(32), iana.Secp384r1: nist(48), iana.Secp521r1: nist(66),
		iana.X25519: {
			"zero": make([]byte, 32), "one": one, "of order 8": order8, "a byte less": one[:31], "a byte more": append(one, 0),
		},
		iana.X25519MLKEM768: {
			"the curve's part alone":  bytes.Repeat([]byte{9}, 32),
			"a byte less":             bytes.Repeat([]byte{9}, 1184+31),
			"numbers above q":         bytes.Repeat([]byte{0xff}, 1184+32),
			"low order on the curve":  make([]byte, 1184+32),
			"the parts the other way": slices.Concat(bytes.Repeat([]byte{9}, 32), bytes.Repeat([]byte{0xff}, 1184)),
		},
	}
}

// TestInvalidCurve sends public values that are not on the curve, of low order,
// or no values at all: whoever computes with one gives its secret away bit by
// bit if it uses it again, or has one that everybody knows (Biehl, Meyer and
// Müller, 2000; Jager, Schwenk and Somorovsky, 2015). ML-KEM's have to be
// checked as well (FIPS 203, section 7.2).
func TestInvalidCurve(t *testing.T) {
	for group, shares := range badShares() {
		for name, share := range shares {
			only := func(h *tlstest.Host, v iana.Version) {
				h.Config.Policy = with(policy.Modern(), func(p *policy.Policy) { p.Groups, p.Versions = []iana.Group{group}, []iana.Version{v} })
			}
			refused := func(where string, v iana.Version, alter func(piece) pieces, at func(*tlstest.Pair) error) {
				client, server := hostsOf(v, "RSA-2048")
				only(client, v)
				only(server, v)
				p := through(t, client, server, &tlstest.Middle{Alter: alter})
				p.Run()
				if err := at(p); !isFault(err, fault.KeyShareInvalid) {
					t.Errorf("%v, %s, %s: %v", group, where, name, err)
				}
			}
			atClient := func(p *tlstest.Pair) error { return p.Client.Err() }
			atServer := func(p *tlstest.Pair) error { return p.Server.Err() }
			refused("ClientHello", iana.TLS13, clientHello(func(m *wire.ClientHello) {
				entry := slices.Concat([]byte{byte(group >> 8), byte(group), byte(len(share) >> 8), byte(len(share))}, share)
				m.Extensions = set(m.Extensions, iana.ExtKeyShare, append([]byte{byte(len(entry) >> 8), byte(len(entry))}, entry...)...)
			}), atServer)
			if group != iana.X25519MLKEM768 || len(share) != 1184+32 {
				refused("ServerHello", iana.TLS13, serverHello(func(m *wire.ServerHello) {
					m.Extensions = set(m.Extensions, iana.ExtKeyShare,
						slices.Concat([]byte{byte(group >> 8), byte(group), byte(len(share) >> 8), byte(len(share))}, share)...)
				}), atClient)
			}
			if group != iana.X25519MLKEM768 {
				refused("ClientKeyExchange", iana.TLS12, first(iana.MsgClientKeyExchange, func(q piece) pieces {
					return as(q, wire.AppendClientKeyExchange(nil, 1, share))
				}), atServer)
			}
		}
	}
}

// TestTicketKeyRotation has time go by: a ticket is opened after its key was
// replaced, and not after that is gone; and one of a key that was taken away
// leads to a full handshake. RFC 9846, section 4.7.1, and appendix C.4; RFC
// 5077, section 5.5.
func TestTicketKeyRotation(t *testing.T) {
	for _, v := range bothVersions {
		client, server := hostsOf(v, "P-256")
		server.Config.Tickets = new(session.Keys)
		at := func(after time.Duration) *tlstest.Pair {
			p, err := tlstest.NewPairAt(client, server, tlstest.Now.Add(after))
			if err == nil {
				err = p.Run()
			}
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		day := 24 * time.Hour
		first := sessionOf(t, at(0))
		at(day + time.Minute) // makes the second key
		later := sessionOf(t, at(2*day-time.Hour))
		for _, c := range []struct {
			offered *handshake.Offered
			after   time.Duration
			resumed bool
		}{
			{first, day - time.Minute, true}, {later, 2*day + time.Hour, true}, {later, 3*day - 2*time.Hour, true},
			{first, 8 * day, false}, {later, 8 * day, false},
		} {
			client.Config.Session = c.offered
			if got := at(c.after).Client.Established().Resumed; got != c.resumed {
				t.Errorf("%v, after %v: resumed %v", v, c.after, got)
			}
		}
		server.Config.Tickets.Set([][32]byte{{2}})
		client.Config.Session = nil
		old := sessionOf(t, at(0))
		for _, keys := range [][][32]byte{{{3}, {2}}, {{3}}} {
			server.Config.Tickets.Set(keys)
			client.Config.Session = old
			if got := at(time.Minute).Client.Established().Resumed; got != (len(keys) == 2) {
				t.Errorf("%v, %d keys: resumed %v", v, len(keys), got)
			}
		}
	}
}
