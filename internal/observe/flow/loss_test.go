package flow_test

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/handsel-tls/handsel/internal/observe/flow"
	"github.com/handsel-tls/handsel/internal/observe/packet"
	"github.com/handsel-tls/handsel/internal/observe/pcap"
	"github.com/handsel-tls/handsel/internal/observe/synth"
	"github.com/handsel-tls/handsel/internal/observe/tcp"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/suite"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// records takes a stream apart.
func records(b []byte) (list [][]byte) {
	for len(b) >= 5 {
		n := 5 + int(binary.BigEndian.Uint16(b[3:]))
		list, b = append(list, b[:n]), b[n:]
	}
	return list
}

// TestLostSealed loses records that are encrypted: those that come after are opened
// again, wherever a record does not need the one before it.
func TestLostSealed(t *testing.T) {
	for _, c := range []struct {
		v        iana.Version
		id       iana.Suite
		from, to int // records of data that are lost, of ten
		cut      int // bytes of the one after that are lost, too
	}{
		{iana.TLS13, iana.TLS_AES_128_GCM_SHA256, 2, 3, 0},
		{iana.TLS13, iana.TLS_CHACHA20_POLY1305_SHA256, 2, 7, 9},
		{iana.TLS13, iana.TLS_AES_128_GCM_SHA256, 0, 4, 0}, // the first with these keys
		{iana.TLS12, iana.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, 2, 5, 4},
		{iana.TLS12, iana.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, 1, 2, 0},
		{iana.TLS12, iana.TLS_RSA_WITH_AES_128_CBC_SHA, 4, 6, 0},
		{iana.TLS11, iana.TLS_RSA_WITH_AES_256_CBC_SHA, 4, 6, 20},
	} {
		t.Run(fmt.Sprintf("%v %v %d-%d", c.v, c.id, c.from, c.to), func(t *testing.T) {
			log := new(flow.KeyLog)
			params, _ := suite.Of(c.id)
			p := keyedPair(t, c.v, params, tlstest.Credentials()["RSA-2048"], log)
			before := len(p.ToServer)
			var want []string
			for i := range 10 {
				text := strings.Repeat(fmt.Sprint(i), 100)
				if err := p.Send(p.Client, []byte(text)); err != nil {
					t.Fatal(err)
				}
				if i < c.from || i > c.to || i == c.to && c.cut == 0 {
					want = append(want, text)
				}
			}
			data := records(p.ToServer[before:])
			if len(data) != 10 {
				t.Fatalf("%d records", len(data))
			}
			var got *flow.Story
			table := tcp.NewTable(flow.NewFollower(func(s *flow.Story) { got = s }, flow.Options{Keys: &flow.Keys{Log: log}, KeepData: 1 << 16}), tcp.Limits{})
			var s packet.Segment
			var u packet.Datagram
			var d packet.Decoder
			conn := synth.New("192.0.2.1:40000", "198.51.100.1:443", func(p *pcap.Packet) {
				if d.Decode(p, &s, &u) == packet.TCP {
					table.Add(&s)
				}
			})
			conn.Open()
			hello := len(records(p.ToServer)[0])
			conn.Send(trace.Client, p.ToServer[:hello])
			conn.Send(trace.Server, p.ToClient)
			conn.Send(trace.Client, p.ToServer[hello:before])
			for i, b := range data {
				switch {
				case i >= c.from && i < c.to:
					conn.Seq[trace.Client-1] += uint32(len(b))
				case i == c.to:
					conn.Seq[trace.Client-1] += uint32(c.cut)
					conn.Send(trace.Client, b[c.cut:])
				default:
					conn.Send(trace.Client, b)
				}
			}
			conn.Close(trace.Client)
			table.Close()
			var said []string
			for _, piece := range got.Carried {
				if piece.From == trace.Client {
					said = append(said, string(piece.Data))
				}
			}
			if !slices.Equal(said, want) || !hasNote(got, "gap", "were not captured") {
				t.Errorf("%d of %d pieces, notes %+v", len(said), len(want), got.Notes)
			}
		})
	}
}

// TestPieces2 has records of SSL 2.0 come in segments of any length, and ends the
// stream within one.
func TestPieces2(t *testing.T) {
	hello := "\x80\x1c\x01\x00\x02\x00\x03\x00\x00\x00\x10\x07\x00\xc0" + "0123456789abcdef"
	answer := "\x04\x00\x01\x00\x02\x02\xbc\x00\x03\x00\x10" + strings.Repeat("c", 700) + "\x07\x00\xc0" + "0123456789abcdef"
	answer = string([]byte{0x80 | byte(len(answer)>>8), byte(len(answer))}) + answer
	padded := "\x00\x20\x05" + strings.Repeat("x", 32)
	key := "\x80\x20\x02\x07\x00\xc0" + strings.Repeat("k", 28)
	for _, mss := range []int{11, 12, 17, 600, 1460} {
		for _, cut := range []int{0, 5} {
			s := told(t, func(c *synth.Conn) {
				c.Open()
				c.MSS = mss
				c.Send(trace.Client, []byte(hello))
				c.Send(trace.Server, []byte(answer))
				c.Send(trace.Client, []byte(key+padded))
				c.Send(trace.Server, []byte(padded + padded)[:2*len(padded)-cut])
				c.Close(trace.Server)
			})
			var names []string
			for _, m := range s.Messages {
				sum := 0
				for _, n := range m.Segs {
					sum += n
				}
				if head := sum - m.Length; head != 2 && head != 3 {
					t.Errorf("segments of %d: %s of %d bytes came in %v", mss, m.Name, m.Length, m.Segs)
				}
				names = append(names, m.Name)
			}
			const sealed = "Encrypted SSL 2.0 message"
			want := []string{"CLIENT-HELLO", "SERVER-HELLO", "CLIENT-MASTER-KEY", sealed, sealed, sealed}
			if cut > 0 {
				want = want[:5]
			}
			if !slices.Equal(names, want) || string(s.Messages[1].Raw) != answer[2:] || hasNote(s, "cut", "SSL 2.0 of 32 bytes") != (cut > 0) {
				t.Errorf("segments of %d, %d bytes cut: %q, %+v", mss, cut, names, s.Notes)
			}
			if m := s.Messages[len(names)-1]; m.Offset != int64(len(answer)+(len(names)-5)*len(padded)) {
				t.Errorf("segments of %d: the last message begins at %d", mss, m.Offset)
			}
		}
	}
}

// TestNothingEncrypted reads on where the suite has a MAC and no cipher, also in
// records that come in pieces.
func TestNothingEncrypted(t *testing.T) {
	for id, mac := range map[iana.Suite]int{iana.TLS_RSA_WITH_NULL_MD5: 16, iana.TLS_RSA_WITH_NULL_SHA: 20, iana.TLS_RSA_WITH_NULL_SHA256: 32, iana.TLS_RSA_WITH_AES_128_CBC_SHA: 0} {
		for _, packed := range []byte{0, 1} {
			rec := func(kind byte, text string) []byte {
				if mac > 0 && kind != 20 {
					text += strings.Repeat("m", mac)
				}
				return append([]byte{kind, 3, 3, byte(len(text) >> 8), byte(len(text))}, text...)
			}
			hello := "\x02\x00\x00\x26\x03\x03" + strings.Repeat("r", 32) + "\x00" + string([]byte{byte(id >> 8), byte(id), packed})
			s := told(t, func(c *synth.Conn) {
				c.Open()
				c.MSS = 100
				c.Send(trace.Client, []byte(clientHello))
				c.Send(trace.Server, append([]byte{22, 3, 3, 0, byte(len(hello))}, hello...))
				c.Send(trace.Server, append([]byte{22, 3, 3, 0, 4}, "\x0e\x00\x00\x00"...))
				for _, side := range [...]trace.Side{trace.Client, trace.Server} {
					c.Send(side, append(rec(20, "\x01"), rec(22, "\x14\x00\x00\x0cfinishedmsgs")...))
				}
				c.Send(trace.Client, rec(23, strings.Repeat("a", 300)))
				c.Send(trace.Server, rec(21, "\x02\x28"))
				c.Close(trace.Server)
			})
			open := mac > 0 && packed == 0
			finished, encrypted := 0, 0
			for _, m := range s.Messages {
				if m.Name == "Finished" {
					finished++
				}
				if m.Encrypted {
					encrypted++
				}
			}
			if (finished == 2) != open || (encrypted == 0) != open || s.Complete != flow.Yes || s.Data[0].Plain != open || open && (s.Data[0].Bytes != 300 || s.Ended.Alert != iana.AlertHandshakeFailure) {
				t.Errorf("%v, compression %d: %d Finished, %d are encrypted, %+v, %+v", id, packed, finished, encrypted, s.Data, s.Ended)
			}
		}
	}
}
