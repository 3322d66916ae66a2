package flow_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/handsel-tls/handsel/internal/observe/flow"
	"github.com/handsel-tls/handsel/internal/observe/packet"
	"github.com/handsel-tls/handsel/internal/observe/synth"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// inRecords gives a handshake message in records with so many bytes each.
func inRecords(message []byte, each int) (b []byte) {
	for len(message) > 0 {
		n := min(each, len(message))
		b = append(append(b, byte(iana.ContentHandshake), 3, 1, 0, byte(n)), message[:n]...)
		message = message[n:]
	}
	return b
}

const hello2 = "\x80\x25\x01\x03\x01\x00\x0c\x00\x00\x00\x10\x00\x00\x2f\x00\x00\x35\x00\x00\x05\x01\x00\x80" + "challengechallen"

// TestFindPieces: TLS is found however small the records and the segments are, also
// behind a preamble, and so is what the server answers.
func TestFindPieces(t *testing.T) {
	answers := map[string][]byte{
		"ServerHello": []byte(record(iana.ContentHandshake, serverHello)),
		"Alert":       []byte("\x15\x03\x01\x00\x02\x02\x28"),
	}
	for _, hello := range [][]byte{inRecords([]byte(clientHello)[5:], 1), inRecords([]byte(clientHello)[5:], 3), []byte(clientHello), []byte(hello2)} {
		for name, answer := range answers {
			for _, preamble := range []string{"", "CONNECT a.example:443 HTTP/1.1\r\n\r\n", "EHLO \x16\x03\r\n"} {
				for _, mss := range []int{1, 2, 5, 7, 1460} {
					s := told(t, func(c *synth.Conn) {
						c.Open()
						if preamble != "" {
							c.Send(trace.Client, []byte(preamble))
							c.Send(trace.Server, []byte("HTTP/1.1 200 OK\r\n\r\n"))
						}
						c.MSS = mss
						c.Send(trace.Client, hello)
						c.Send(trace.Server, answer)
						c.Close(trace.Client)
					})
					what := fmt.Sprintf("hello of %d bytes, %s after %q in segments of %d", len(hello), name, preamble, mss)
					if !s.TLS || s.Midway || len(s.Messages) != 2 || s.Messages[0].Name != "ClientHello" || s.Messages[1].Name != name || (preamble == "") != (len(s.Preamble) == 0) {
						t.Errorf("%s: TLS %v, %d messages, %+v, %+v", what, s.TLS, len(s.Messages), s.Preamble, s.Notes)
						continue
					}
					if m := s.Messages[0]; !m.SSL2 && string(m.Raw) != clientHello[5:] {
						t.Errorf("%s: another message: %x", what, m.Raw)
					}
					sum := 0
					for _, n := range s.Messages[0].Segs {
						sum += n
					}
					if sum != len(hello) || s.Messages[0].Offset != int64(len(preamble)) {
						t.Errorf("%s: the frames brought %d bytes, at %d", what, sum, s.Messages[0].Offset)
					}
				}
			}
		}
	}
}

// TestFindLittle: a client that has said no more than the beginning of a record has
// begun with TLS; other bytes are none.
func TestFindLittle(t *testing.T) {
	for text, tls := range map[string]bool{"\x16": true, "\x16\x03\x01": true, "\x16\x02": false, "\x80": false, "\x15": false, "G": false} {
		s := told(t, func(c *synth.Conn) {
			c.Open()
			c.Send(trace.Client, []byte(text))
			c.Close(trace.Client)
		})
		if s.TLS != tls || !tls && !bytes.Equal(s.First[0], []byte(text)) {
			t.Errorf("%q: TLS %v, %q", text, s.TLS, s.First)
		}
	}
}

// midway gives the story of a connection that was captured from its middle on.
func midway(t *testing.T, parts ...string) *flow.Story {
	t.Helper()
	return told(t, func(c *synth.Conn) {
		for i, part := range parts {
			c.Send(trace.Side(1+i%2), []byte(part))
		}
		c.Close(trace.Client)
	})
}

// TestMidway: a connection whose hellos were not captured is told of from the next
// record on, and did not fail as far as that shows.
func TestMidway(t *testing.T) {
	data := record(iana.ContentApplicationData, "0123456789012345678901234567890")
	for _, c := range []struct {
		name   string
		parts  []string
		want   []string
		how    string
		failed bool
	}{
		{"from a record on", []string{data, data, data}, []string{"Application Data", "Application Data", "Application Data"}, "fin", false},
		{"from the middle of a record on", []string{"3456789", data, data}, []string{"Application Data", "Application Data"}, "fin", false},
		{"alert", []string{data, data, record(iana.ContentAlert, "encrypted, 26 bytes ......")}, []string{"Application Data", "Application Data", "Encrypted Alert"}, "close_notify", false},
		{"alert in the clear", []string{record(iana.ContentHandshake, "\x0e\x00\x00\x00"), record(iana.ContentAlert, "\x02\x28")}, []string{"ServerHelloDone", "Alert"}, "alert", true},
		{"Finished", []string{record(iana.ContentHandshake, "\x7fencrypted"), record(iana.ContentChangeCipherSpec, "\x01") + record(iana.ContentHandshake, "\x9fencrypted")},
			[]string{"Encrypted Handshake Message", "ChangeCipherSpec", "Encrypted Handshake Message"}, "fin", false},
	} {
		s := midway(t, c.parts...)
		var names []string
		for _, m := range s.Messages {
			names = append(names, m.Name)
		}
		if !s.TLS || !s.Midway || fmt.Sprint(names) != fmt.Sprint(c.want) || s.Ended.How != c.how || s.Failed() != c.failed || !hasNote(s, "midway", "middle") {
			t.Errorf("%s: TLS %v, midway %v, %q, failed %v, %+v", c.name, s.TLS, s.Midway, names, s.Failed(), s.Ended)
		}
	}
}

// TestOneSide: of a connection of which one side was captured, application data shows
// that the handshake was complete.
func TestOneSide(t *testing.T) {
	const hello12 = "\x02\x00\x00\x26\x03\x03" + "0123456789abcdef0123456789abcdef" + "\x00\xc0\x2f\x00"
	for _, data := range []bool{true, false} {
		s := told(t, func(c *synth.Conn) {
			c.Segment(trace.Server, packet.SYN|packet.ACK, nil)
			all := record(iana.ContentHandshake, hello12) + record(iana.ContentChangeCipherSpec, "\x01") + record(iana.ContentHandshake, "encrypted")
			if data {
				all += record(iana.ContentApplicationData, "page")
			}
			c.Segment(trace.Server, packet.ACK, []byte(all+record(iana.ContentAlert, "encrypted")))
			c.Segment(trace.Server, packet.ACK|packet.FIN, nil)
		})
		if s.Failed() || (s.Complete == flow.Probably) != data || (s.Ended.How == "close_notify") != data {
			t.Errorf("data %v: failed %v, complete %v, %+v", data, s.Failed(), s.Complete, s.Ended)
		}
	}
}

// TestFindInterrupted: bytes on either side of a gap are no beginning together.
func TestFindInterrupted(t *testing.T) {
	s := told(t, func(c *synth.Conn) {
		c.Open()
		c.Send(trace.Client, []byte("CONNECT a.example:443 HTTP/1.1\r\n\r\n"))
		c.Send(trace.Client, []byte(clientHello)[:4])
		c.Seq[0] += 1000
		c.Send(trace.Client, []byte(clientHello)[4:])
		c.Send(trace.Client, []byte(clientHello))
		c.Close(trace.Client)
	})
	if len(s.Messages) != 1 || string(s.Messages[0].Raw) != clientHello[5:] || s.Messages[0].Broken != nil {
		t.Errorf("%d messages, %+v", len(s.Messages), s.Notes)
	}
}
