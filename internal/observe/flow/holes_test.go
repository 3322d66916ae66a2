package flow_test

import (
	"bytes"
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

// packetsOf gives the packets of a connection.
func packetsOf(talk func(c *synth.Conn)) (list []pcap.Packet) {
	talk(synth.New("192.0.2.1:40000", "198.51.100.1:443", func(p *pcap.Packet) {
		one := *p
		one.Data = bytes.Clone(p.Data)
		list = append(list, one)
	}))
	return list
}

// followPackets gives the story of packets, nil if there is none.
func followPackets(list []pcap.Packet) (story *flow.Story) {
	table := tcp.NewTable(flow.NewFollower(func(s *flow.Story) { story = s }, flow.Options{}), tcp.Limits{})
	var s packet.Segment
	var u packet.Datagram
	var d packet.Decoder
	for i := range list {
		if d.Decode(&list[i], &s, &u) == packet.TCP {
			table.Add(&s)
		}
	}
	table.Close()
	return story
}

// TestHoles captures connections that succeed without one packet of them, and with
// packets that are cut off: none is said to have failed.
func TestHoles(t *testing.T) {
	for v, id := range map[iana.Version]iana.Suite{
		iana.TLS13: iana.TLS_AES_128_GCM_SHA256, iana.TLS12: iana.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, iana.TLS10: iana.TLS_RSA_WITH_AES_128_CBC_SHA,
	} {
		params, _ := suite.Of(id)
		p := keyedPair(t, v, params, tlstest.Credentials()["RSA-2048"], new(flow.KeyLog))
		toServer, toClient := len(p.ToServer), len(p.ToClient)
		for range 3 {
			for _, end := range []trace.Side{trace.Client, trace.Server} {
				from := p.Client
				if end == trace.Server {
					from = p.Server
				}
				if err := p.Send(from, []byte(strings.Repeat("x", 400))); err != nil {
					t.Fatal(err)
				}
			}
		}
		all := packetsOf(func(c *synth.Conn) {
			c.MSS = 500
			c.Open()
			hello := len(records(p.ToServer)[0])
			c.Send(trace.Client, p.ToServer[:hello])
			c.Send(trace.Server, p.ToClient[:toClient])
			c.Send(trace.Client, p.ToServer[hello:toServer])
			for _, b := range records(p.ToServer[toServer:]) {
				c.Send(trace.Client, b)
			}
			for _, b := range records(p.ToClient[toClient:]) {
				c.Send(trace.Server, b)
			}
			c.Close(trace.Client)
		})
		if s := followPackets(all); s.Complete == flow.No || s.Complete == flow.Unknown || s.Failed() || s.Holed {
			t.Fatalf("%v: complete %v, failed %v", v, s.Complete, s.Failed())
		}
		for i := range all {
			if s := followPackets(slices.Delete(slices.Clone(all), i, i+1)); s.Failed() {
				t.Errorf("%v without packet %d of %d: failed, %+v", v, i+1, len(all), s.Notes)
			}
		}
		for n := 50; n < 500; n += 9 {
			cut := slices.Clone(all)
			for i := range cut {
				cut[i].Data = cut[i].Data[:min(n, len(cut[i].Data))]
			}
			if s := followPackets(cut); s != nil && s.Failed() {
				t.Errorf("%v with %d bytes of each packet: failed, %+v", v, n, s.Notes)
			}
		}
	}
}

// TestHelloInPart shows what there is of a ClientHello that the capture has cut off.
func TestHelloInPart(t *testing.T) {
	const name = "\x00\x00\x00\x0e\x00\x0c\x00\x00\x09a.example"
	hello := "\x01\x00\x00\xe5\x03\x03" + strings.Repeat("r", 32) + "\x00\x00\x02\x13\x01\x01\x00\x00\xba" + name + "\x00\x15\x00\xa4" + strings.Repeat("\x00", 164)
	all := packetsOf(func(c *synth.Conn) {
		c.Open()
		c.Send(trace.Client, []byte(record(iana.ContentHandshake, hello)))
		c.Send(trace.Server, []byte(record(iana.ContentHandshake, serverHello)))
		c.Close(trace.Client)
	})
	for i := range all {
		all[i].Data = all[i].Data[:min(54+5+70, len(all[i].Data))]
	}
	s := followPackets(all)
	if m := s.Messages[0]; !m.Cut || !m.Uncaptured || string(m.Raw) != hello[:70] || s.ServerName != "a.example" || s.Version != iana.TLS13 || !hasNote(s, "holes", "") {
		t.Errorf("%+v, %q %v %+v", m, s.ServerName, s.Version, s.Notes)
	}
}

// TestOneDirection reads what a client says of whose server nothing is seen.
func TestOneDirection(t *testing.T) {
	exchange := record(iana.ContentHandshake, "\x10\x00\x00\x03\x02ab")
	finished := record(iana.ContentChangeCipherSpec, "\x01") + record(iana.ContentHandshake, "\x82\xdc\xa8\x17"+strings.Repeat("f", 36))
	for name, c := range map[string]struct {
		flight  string
		version iana.Version
		count   int
	}{
		"whole": {exchange + finished, iana.TLS12, 4}, "resumed": {finished, 0, 3},
	} {
		s := told(t, func(conn *synth.Conn) {
			conn.Open()
			conn.Send(trace.Client, []byte(clientHello))
			conn.Send(trace.Client, []byte(c.flight))
			conn.Reset(trace.Client)
		})
		last := s.Messages[len(s.Messages)-1]
		if len(s.Messages) != c.count || last.Name != "Encrypted Handshake Message" || s.Version != c.version || hasNote(s, "long-message", "") {
			t.Errorf("%s: %d messages, %+v, %v, %+v", name, len(s.Messages), last, s.Version, s.Notes)
		}
	}
}

// TestWithinPackets: a hello in the middle of packets of another protocol does not
// begin TLS, as those behind it would be no records.
func TestWithinPackets(t *testing.T) {
	framed := func(kind byte, text string) []byte {
		return append([]byte{0, byte(len(text) + 1), kind << 3}, text...)
	}
	s := told(t, func(c *synth.Conn) {
		c.Open()
		c.Send(trace.Client, framed(7, "session."))
		c.Send(trace.Server, framed(8, "session."))
		c.Send(trace.Client, framed(4, "session."+clientHello))
		c.Send(trace.Server, framed(4, "session."+record(iana.ContentHandshake, serverHello)))
		c.Close(trace.Client)
	})
	if s.TLS {
		t.Errorf("%+v", s.Preamble)
	}
}

// TestAfterTLS: a side may go on in the clear once it has said close_notify.
func TestAfterTLS(t *testing.T) {
	s := answered(t, record(iana.ContentHandshake, serverHello), record(iana.ContentAlert, "\x01\x00"), "227 Entering Passive Mode\r\n")
	if !hasNote(s, "after-tls", "the server goes on without TLS: 227") || hasNote(s, "cut", "") {
		t.Errorf("%+v", s.Notes)
	}
}

// TestMiddleOfSomething: of what is captured from its middle nothing is said to be no
// TLS because it begins with other bytes.
func TestMiddleOfSomething(t *testing.T) {
	for text, wanted := range map[string]bool{"\x00": false, "\x91\x07\x63\xe1\x91\x07\x63\xe1\x91\x07": false, "GET / HTTP/1.1\r\n": true} {
		all := packetsOf(func(c *synth.Conn) {
			c.Open()
			c.Send(trace.Client, []byte(text))
			c.Close(trace.Client)
		})
		if s := followPackets(all[3:]); (s != nil && s.Wanted) != wanted {
			t.Errorf("%q: %+v", text, s)
		}
	}
}
