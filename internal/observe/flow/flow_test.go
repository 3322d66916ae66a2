package flow_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/handsel-tls/handsel/internal/observe/explain"
	"github.com/handsel-tls/handsel/internal/observe/field"
	"github.com/handsel-tls/handsel/internal/observe/flow"
	"github.com/handsel-tls/handsel/internal/observe/packet"
	"github.com/handsel-tls/handsel/internal/observe/pcap"
	"github.com/handsel-tls/handsel/internal/observe/synth"
	"github.com/handsel-tls/handsel/internal/observe/tcp"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// told gives the story of one connection.
func told(t testing.TB, talk func(c *synth.Conn)) *flow.Story {
	t.Helper()
	var stories []*flow.Story
	f := flow.NewFollower(func(s *flow.Story) { stories = append(stories, s) }, flow.Options{Plain: true})
	table := tcp.NewTable(f, tcp.Limits{})
	var s packet.Segment
	var u packet.Datagram
	var d packet.Decoder
	talk(synth.New("192.0.2.1:40000", "198.51.100.1:8443", func(p *pcap.Packet) {
		if d.Decode(p, &s, &u) == packet.TCP {
			table.Add(&s)
		}
	}))
	table.Close()
	if len(stories) != 1 {
		t.Fatalf("%d stories", len(stories))
	}
	return stories[0]
}

const clientHello = "\x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x03" + "0123456789abcdef0123456789abcdef" + "\x00\x00\x02\xc0\x2f\x01\x00"

// TestPreambles finds TLS after what comes before it.
func TestPreambles(t *testing.T) {
	for _, c := range []struct{ kind, detail, client, server string }{
		{"http-connect", "example.com:443", "CONNECT example.com:443 HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"},
		{"proxy-v1", "TCP4 192.0.2.1 198.51.100.1 56324 443", "PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n", ""},
		{"proxy-v2", "TCP4 49.50.51.52 53.54.55.56 14640 14640", "\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c123456789090", ""},
		{"proxy-v2", "TCP6 6162:6364:6566:6768:696a:6b6c:6d6e:6f70 4142:4344:4546:4748:494a:4b4c:4d4e:4f50 12593 12850", "\r\n\r\n\x00\r\nQUIT\n\x21\x21\x00\x24abcdefghijklmnopABCDEFGHIJKLMNOP1122", ""},
		{"proxy-v2", "LOCAL", "\r\n\r\n\x00\r\nQUIT\n\x20\x00\x00\x00", ""},
		{"proxy-v2", "", "\r\n\r\n\x00\r\nQUIT\n\x21\x31\x00\x02ab", ""},
		{"smtp", "220 mail.example.com ESMTP", "EHLO a\r\nSTARTTLS\r\n", "220 mail.example.com ESMTP\r\n220 go ahead\r\n"},
		{"imap", "* OK ready", "a STARTTLS\r\n", "* OK ready\r\na OK\r\n"},
		{"pop3", "+OK ready", "STLS\r\n", "+OK ready\r\n+OK\r\n"},
		{"ftp", "220 ready", "AUTH TLS\r\n", "220 ready\r\n234 go\r\n"},
		{"irc", "", "CAP LS 302\r\nNICK a\r\nSTARTTLS\r\n", ":irc.example 670 a :go ahead\r\n"},
		{"xmpp", "", "<stream><starttls xmlns='x'/>", "<proceed/>"},
		{"ldap", "", "0\x1d\x02\x01\x01w\x18\x80\x161.3.6.1.4.1.1466.20037", "0\x0c"},
		{"postgres", "", "\x00\x00\x00\x08\x04\xd2\x16\x2f", "S"},
		{"mysql", "8.0.35", "\x20\x00\x00\x01", "\x4a\x00\x00\x00\x0a8.0.35\x00"},
		{"socks5", "", "\x05\x01\x00\x05\x01\x00\x01", "\x05\x00"},
	} {
		for _, together := range []bool{false, true} {
			s := told(t, func(conn *synth.Conn) {
				conn.Open()
				if c.server != "" && c.kind != "postgres" && c.kind != "http-connect" {
					conn.Send(trace.Server, []byte(c.server))
				}
				if together {
					conn.Send(trace.Client, []byte(c.client+clientHello))
				} else {
					conn.Send(trace.Client, []byte(c.client))
					conn.Send(trace.Server, []byte(c.server+" "))
					conn.Send(trace.Client, []byte(clientHello))
				}
			})
			if !s.TLS || len(s.Preamble) == 0 || s.Preamble[0].Kind != c.kind && !(together && c.kind == "postgres") || s.Preamble[0].Detail != c.detail {
				t.Errorf("%s, together %v: TLS %v, %+v", c.kind, together, s.TLS, s.Preamble)
			}
			if len(s.Messages) != 1 || s.Messages[0].Name != "ClientHello" || len(s.JA4) == 0 {
				t.Errorf("%s: %d messages", c.kind, len(s.Messages))
			}
		}
	}
}

// TestNotTLS: a server that answers with something else is told of, and a
// connection without TLS has no messages.
func TestNotTLS(t *testing.T) {
	s := told(t, func(c *synth.Conn) {
		c.Open()
		c.Send(trace.Client, []byte(clientHello))
		c.Send(trace.Server, []byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
		c.Close(trace.Server)
	})
	if !s.TLS || !s.Failed() || !hasNote(s, "not-tls", "HTTP/1.1 400 Bad Request") {
		t.Errorf("%+v", s.Notes)
	}
	s = told(t, func(c *synth.Conn) {
		c.Open()
		c.Send(trace.Client, []byte("GET / HTTP/1.0\r\n\r\n"))
		c.Close(trace.Client)
	})
	if s.TLS || len(s.Messages) > 0 || !s.Wanted || !s.Failed() { // the port is one of TLS
		t.Errorf("%+v", s)
	}
}

// TestRefusedUpgrade: a server that says no to the wish for TLS is the cause, unless
// the client goes on without, or TLS was agreed on.
func TestRefusedUpgrade(t *testing.T) {
	const ldap = "0\x1d\x02\x01\x01w\x18\x80\x161.3.6.1.4.1.1466.20037"
	const starttls = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
	for _, c := range []struct {
		kind, client, server string
		wanted               bool
	}{
		{"postgres", "\x00\x00\x00\x08\x04\xd2\x16\x2f", "N", true},
		{"postgres", "\x00\x00\x00\x08\x04\xd2\x16\x2f\x00\x00\x00\x10\x00\x03\x00\x00user\x00a\x00\x00", "N", false},
		{"ldap", ldap, "0\x0c\x02\x01\x01x\x07\x0a\x01\x34\x04\x00\x04\x00", true},
		{"ldap", ldap + "0\x05\x02\x01\x02B\x00", "0\x0c\x02\x01\x01x\x07\x0a\x01\x02\x04\x00\x04\x00", true},
		{"ldap", ldap, "0\x0c\x02\x01\x01x\x07\x0a\x01\x00\x04\x00\x04\x00", false},
		{"ldap", ldap + "0\x0c\x02\x01\x02\x60\x07\x02\x01\x03\x04\x00\x80\x00", "0\x0c\x02\x01\x01x\x07\x0a\x01\x34\x04\x00\x04\x00", false},
		{"xmpp", "<stream:stream>" + starttls + "</stream:stream>", "<stream:stream><failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>", true},
		{"xmpp", "<stream:stream>" + starttls + "<auth mechanism='PLAIN'>a</auth>", "<stream:stream><failure/>", false},
	} {
		s := told(t, func(conn *synth.Conn) {
			conn.Server = netip.MustParseAddrPort("198.51.100.1:5000")
			conn.Open()
			conn.Send(trace.Client, []byte(c.client))
			conn.Send(trace.Server, []byte(c.server))
			conn.Close(trace.Client)
		})
		if s.Wanted != c.wanted || s.Failed() != c.wanted {
			t.Errorf("%s, %q: wanted %v, failed %v", c.kind, c.client, s.Wanted, s.Failed())
		}
		if !c.wanted {
			continue
		}
		if list := explain.Explain(s.Case()); len(s.Preamble) != 1 || s.Preamble[0].Kind != c.kind || len(list) == 0 || list[0].ID != "starttls-refused" {
			t.Errorf("%s: %+v, %+v", c.kind, s.Preamble, list)
		}
	}
}

func hasNote(s *flow.Story, code, text string) bool {
	for _, n := range s.Notes {
		if n.Code == code && strings.Contains(n.Text, text) {
			return true
		}
	}
	return false
}

// TestPieces has a ClientHello come in records and segments of any length: it is
// the same message.
func TestPieces(t *testing.T) {
	for _, mss := range []int{1, 3, 7, 1460} {
		for _, each := range []int{1, 3, 100} {
			var b []byte
			s := told(t, func(c *synth.Conn) {
				c.MSS = mss
				c.Open()
				for rest := []byte(clientHello)[5:]; len(rest) > 0; {
					n := min(each, len(rest))
					b = append(append(b, 22, 3, 1, 0, byte(n)), rest[:n]...)
					rest = rest[n:]
				}
				c.Send(trace.Client, b)
			})
			if len(s.Messages) != 1 || string(s.Messages[0].Raw) != clientHello[5:] || s.Messages[0].Type != iana.MsgClientHello {
				t.Errorf("segments of %d, records of %d: %+v", mss, each, s.Messages)
			}
			sum := 0
			for _, n := range s.Messages[0].Segs {
				sum += n
			}
			if sum != len(b) {
				t.Errorf("segments of %d: the frames brought %d bytes of %d", mss, sum, len(b))
			}
		}
	}
}

// TestEndings: alerts, and what is inferred.
func TestEndings(t *testing.T) {
	s := told(t, func(c *synth.Conn) {
		c.Open()
		c.Send(trace.Client, []byte(clientHello))
		c.Send(trace.Server, []byte("\x15\x03\x03\x00\x02\x02\x28"))
		c.Close(trace.Server)
	})
	if e := s.Ended; !s.Failed() || e.How != "alert" || e.Alert != iana.AlertHandshakeFailure || !e.Known || !e.Fatal || e.By != trace.Server {
		t.Errorf("%+v", e)
	}
	s = told(t, func(c *synth.Conn) {
		c.Open()
		c.Send(trace.Client, []byte(clientHello))
		c.Reset(trace.Server)
	})
	if e := s.Ended; !s.Failed() || e.How != "rst" || e.By != trace.Server {
		t.Errorf("%+v", e)
	}
}

// read looks at all that a story has to give.
func read(t *testing.T, s *flow.Story) {
	for _, m := range s.Messages {
		if tree := s.Tree(m); tree != nil {
			checkTree(t, tree)
		}
	}
	explain.Explain(s.Case())
}

// checkTree: fields lie within the message, one within the other, and have a path
// of their own.
func checkTree(t *testing.T, tree *field.Field) {
	t.Helper()
	within := []*field.Field{{End: len(tree.Raw)}}
	tree.Walk(func(depth int, f *field.Field) {
		outer := within[depth]
		if f.Start < 0 || f.Start > f.End || f.Raw == nil && (f.Start < outer.Start || f.End > outer.End) {
			t.Fatalf("%s (bytes %d to %d) does not lie within %s (%d to %d)", f.Name, f.Start, f.End, outer.Name, outer.Start, outer.End)
		}
		here := *f
		if f.Raw != nil {
			here = field.Field{Name: f.Name, End: len(f.Raw)}
		}
		within = append(within[:depth+1], &here)
	})
}

// FuzzFollower feeds both sides anything.
func FuzzFollower(f *testing.F) {
	f.Add([]byte(clientHello), []byte("\x15\x03\x03\x00\x02\x02\x28"), uint8(3))
	f.Add([]byte("\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10"), []byte("\x16\x03\x03\x00\x04\x0e\x00\x00\x00"), uint8(1))
	f.Fuzz(func(t *testing.T, client, server []byte, cut uint8) {
		read(t, told(t, func(c *synth.Conn) {
			c.MSS = int(cut)%200 + 1
			c.Open()
			c.Send(trace.Client, client[:len(client)/2])
			c.Send(trace.Server, server)
			c.Seq[0] += uint32(cut) // a gap
			c.Send(trace.Client, client[len(client)/2:])
			c.Close(trace.Client)
		}))
	})
}
