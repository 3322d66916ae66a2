package tcp_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/observe/packet"
	"github.com/handsel-tls/handsel/internal/observe/tcp"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

var (
	alice = netip.MustParseAddrPort("192.0.2.1:40000")
	bob   = netip.MustParseAddrPort("198.51.100.1:443")
)

// A wire makes segments between alice and bob.
type wire struct {
	table *tcp.Table
	frame int
	time  int64
}

func (w *wire) send(from trace.Side, flags packet.Flags, seq, ack uint32, data string) {
	w.frame++
	w.time += int64(time.Millisecond)
	s := packet.Segment{Frame: w.frame, Time: w.time, Src: alice, Dst: bob, Seq: seq, Ack: ack, Flags: flags, Window: 100, Payload: []byte(data)}
	if from == trace.Server {
		s.Src, s.Dst = bob, alice
	}
	w.table.Add(&s)
}

func (w *wire) open() {
	w.send(trace.Client, packet.SYN, 99, 0, "")
	w.send(trace.Server, packet.SYN|packet.ACK, 199, 100, "")
	w.send(trace.Client, packet.ACK, 100, 200, "")
}

// A teller writes down what it is told.
type teller struct {
	story []string
	conns []*tcp.Conn
}

func (s *teller) say(format string, args ...any) {
	s.story = append(s.story, fmt.Sprintf(format, args...))
}

func (s *teller) Opened(c *tcp.Conn) { s.conns = append(s.conns, c) }

func (s *teller) Data(_ *tcp.Conn, from trace.Side, data []byte, at tcp.Chunk) {
	s.say("%v %d+%d %s", from, at.Frame, at.Offset, data)
}

func (s *teller) Gap(_ *tcp.Conn, from trace.Side, n int64, taken bool, at tcp.Chunk) {
	had := ""
	if taken {
		had = " that the other side has"
	}
	s.say("%v %d+%d gap of %d%s", from, at.Frame, at.Offset, n, had)
}

func (s *teller) Ended(c *tcp.Conn) { s.say("%v by %d", c.End.How, c.End.By) }

const data = packet.ACK | packet.PSH

// TestStories are segments and what is made of them.
func TestStories(t *testing.T) {
	c, s := trace.Client, trace.Server
	for _, story := range []struct {
		name  string
		tell  func(w *wire)
		want  []string
		check func(c *tcp.Conn) bool
	}{
		{"in order", func(w *wire) {
			w.open()
			w.send(c, data, 100, 200, "hello")
			w.send(s, data, 200, 105, "world")
			w.send(c, packet.FIN|packet.ACK, 105, 205, "")
			w.send(s, packet.FIN|packet.ACK, 205, 106, "")
			w.send(c, packet.ACK, 106, 206, "")
		}, []string{"client 4+0 hello", "server 5+0 world", "closed by 1"}, func(c *tcp.Conn) bool {
			return len(c.Opening) == 3 && !c.Guessed && c.Sides[0].Segments == 5 && c.Sides[0].Fin == 6
		}},
		{"out of order", func(w *wire) {
			w.open()
			w.send(c, data, 105, 200, "there")
			w.send(c, data, 100, 200, "hello")
		}, []string{"client 5+0 hello", "client 4+5 there", "open by 0"}, func(c *tcp.Conn) bool { return c.Sides[0].Reordered == 1 }},
		{"twice", func(w *wire) {
			w.open()
			w.send(c, data, 100, 200, "hello")
			w.send(c, data, 100, 200, "hello")
			w.send(c, data, 103, 200, "lo you")
		}, []string{"client 4+0 hello", "client 6+5  you", "open by 0"}, func(c *tcp.Conn) bool {
			return c.Sides[0].Retransmitted == 1 && c.Sides[0].Overlaps == 1
		}},
		{"other bytes", func(w *wire) {
			w.open()
			w.send(c, data, 102, 200, "llo")
			w.send(c, data, 100, 200, "heXXo you")
		}, []string{"client 5+0 heXXo you", "open by 0"}, nil},
		{"other bytes that wait", func(w *wire) {
			w.open()
			w.send(c, data, 104, 200, "def")
			w.send(c, data, 102, 200, "bcXef")
			w.send(c, data, 100, 200, "_a")
		}, []string{"client 6+0 _a", "client 5+2 bc", "client 4+4 def", "open by 0"}, func(c *tcp.Conn) bool { return c.Sides[0].Conflicts == 1 }},
		{"lost", func(w *wire) {
			w.open()
			w.send(c, data, 110, 200, "later")
			w.send(c, packet.FIN|packet.ACK, 120, 200, "")
		}, []string{"client 4+0 gap of 10", "client 4+10 later", "client 5+15 gap of 5", "half closed by 1"}, func(c *tcp.Conn) bool { return c.Sides[0].Lost == 15 }},
		{"lost and acknowledged", func(w *wire) {
			w.open()
			w.send(c, data, 110, 200, "later")
			for range 20 {
				w.send(s, packet.ACK, 200, 115, "")
			}
			w.send(c, data, 115, 200, "more")
		}, []string{"client 4+0 gap of 10 that the other side has", "client 4+10 later", "client 25+15 more", "open by 0"}, nil},
		{"reset, and data that was on its way", func(w *wire) {
			w.open()
			w.send(c, packet.RST, 100, 0, "")
			w.send(s, data, 200, 100, "alert")
		}, []string{"server 5+0 alert", "reset by 1"}, func(c *tcp.Conn) bool { return c.End.Frame == 4 && c.Sides[0].Rst == 4 }},
		{"keep-alive", func(w *wire) {
			w.open()
			w.send(c, data, 100, 200, "x")
			w.send(c, packet.ACK, 100, 200, "x")
			w.send(c, packet.ACK, 100, 200, "x")
		}, []string{"client 4+0 x", "open by 0"}, func(c *tcp.Conn) bool { return c.Sides[0].KeepAlives == 2 }},
		{"no SYN", func(w *wire) {
			w.send(s, data, 500, 100, "world")
			w.send(c, data, 100, 505, "hello")
		}, []string{"server 1+0 world", "client 2+0 hello", "open by 0"}, func(c *tcp.Conn) bool { return c.Guessed && c.Client == alice }},
		{"data on the SYN", func(w *wire) {
			w.send(c, packet.SYN, 99, 0, "hello")
			w.send(s, packet.SYN|packet.ACK, 199, 105, "")
			w.send(c, packet.ACK, 105, 200, "")
		}, []string{"client 1+0 hello", "open by 0"}, nil},
		{"sequence numbers begin anew", func(w *wire) {
			w.send(c, packet.SYN, 1<<32-3, 0, "")
			w.send(c, data, 1<<32-2, 0, "hello")
			w.send(c, data, 3, 0, "you")
		}, []string{"client 2+0 hello", "client 3+5 you", "open by 0"}, nil},
		{"the ports again", func(w *wire) {
			w.open()
			w.send(c, data, 100, 200, "one")
			w.send(c, packet.SYN, 5000, 0, "")
			w.send(c, data, 5001, 0, "two")
		}, []string{"client 4+0 one", "replaced by another connection of the same ports by 0", "client 6+0 two", "open by 0"}, nil},
		{"not captured at the end", func(w *wire) {
			w.open()
			w.send(c, data, 100, 200, "hello")
			w.send(c, packet.ACK, 105, 300, "")
		}, []string{"client 4+0 hello", "server 0+0 gap of 100 that the other side has", "open by 0"}, func(c *tcp.Conn) bool { return c.Sides[1].Lost == 100 }},
		{"only a FIN was not captured", func(w *wire) {
			w.open()
			w.send(c, packet.ACK, 100, 201, "")
		}, []string{"open by 0"}, nil},
		{"one SYN and the first data were not captured", func(w *wire) {
			w.send(c, packet.SYN, 99, 0, "")
			w.send(s, packet.ACK, 200, 105, "")
			w.send(s, data, 210, 105, "world")
		}, []string{"client 0+0 gap of 5 that the other side has", "server 3+0 gap of 10", "server 3+10 world", "open by 0"}, nil},
		{"a SYN-ACK that is not the first", func(w *wire) {
			w.send(c, packet.SYN, 99, 0, "")
			w.send(s, packet.SYN|packet.ACK, 199, 100, "")
			w.send(s, packet.SYN|packet.ACK, 7_000_199, 100, "")
			w.send(c, packet.ACK, 100, 7_000_200, "")
			w.send(s, packet.SYN|packet.ACK, 399, 100, "")
			w.send(s, data, 7_000_200, 100, "world")
		}, []string{"server 6+0 world", "open by 0"}, nil},
		{"far away", func(w *wire) {
			w.open()
			w.send(c, data, 100+1<<30, 200, "what")
			w.send(c, data, 100, 200, "hello")
		}, []string{"client 5+0 hello", "open by 0"}, func(c *tcp.Conn) bool { return c.Sides[0].Strange == 1 }},
	} {
		t.Run(story.name, func(t *testing.T) {
			var told teller
			w := &wire{table: tcp.NewTable(&told, tcp.Limits{})}
			story.tell(w)
			w.table.Close()
			if !slices.Equal(told.story, story.want) {
				t.Errorf("got  %q\nwant %q", told.story, story.want)
			}
			if story.check != nil && !story.check(told.conns[0]) {
				t.Errorf("%+v", told.conns[0])
			}
		})
	}
}

// TestTurn has the handler learn who is the client.
func TestTurn(t *testing.T) {
	var told turner
	w := &wire{table: tcp.NewTable(&told, tcp.Limits{})}
	w.send(trace.Client, data, 100, 200, "I am a server")
	w.send(trace.Server, data, 200, 113, "I am a client")
	w.send(trace.Client, data, 113, 213, "right")
	w.table.Close()
	if want := []string{"client I am a server", "client I am a client", "server right"}; !slices.Equal(told.story, want) {
		t.Errorf("%q", told.story)
	}
	if told.c.Client != bob || told.c.Sides[0].Bytes != 13 || told.c.Sides[1].Bytes != 18 {
		t.Errorf("%+v", told.c)
	}
}

type turner struct {
	story []string
	c     *tcp.Conn
}

func (s *turner) Opened(c *tcp.Conn) { s.c = c }

func (s *turner) Data(c *tcp.Conn, from trace.Side, data []byte, _ tcp.Chunk) {
	s.story = append(s.story, fmt.Sprintf("%v %s", from, data))
	if string(data) == "I am a server" {
		c.Turn()
	}
}
func (s *turner) Gap(*tcp.Conn, trace.Side, int64, bool, tcp.Chunk) {}
func (s *turner) Ended(*tcp.Conn)                                   {}

// TestAnyOrder cuts a stream into pieces that overlap, and shuffles them: what
// comes out is what went in.
func TestAnyOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	text := make([]byte, 3000)
	for i := range text {
		text[i] = byte(r.Uint32())
	}
	for range 2000 {
		var got collector
		w := &wire{table: tcp.NewTable(&got, tcp.Limits{})}
		w.open()
		var pieces [][2]int
		for at := 0; at < len(text); {
			n := 1 + r.IntN(400)
			pieces = append(pieces, [2]int{max(0, at-r.IntN(200)), min(len(text), at+n)})
			at += n
		}
		r.Shuffle(len(pieces), func(i, j int) { pieces[i], pieces[j] = pieces[j], pieces[i] })
		for _, p := range pieces {
			w.send(trace.Client, data, 100+uint32(p[0]), 200, string(text[p[0]:p[1]]))
		}
		w.table.Close()
		if !bytes.Equal(got.b, text) || got.lost > 0 {
			t.Fatalf("%d bytes of %d, %d lost", len(got.b), len(text), got.lost)
		}
	}
}

type collector struct {
	b    []byte
	lost int64
}

func (c *collector) Opened(*tcp.Conn) {}
func (c *collector) Data(_ *tcp.Conn, _ trace.Side, data []byte, _ tcp.Chunk) {
	c.b = append(c.b, data...)
}
func (c *collector) Gap(_ *tcp.Conn, _ trace.Side, n int64, _ bool, _ tcp.Chunk) { c.lost += n }
func (c *collector) Ended(*tcp.Conn)                                             {}

// TestLimits: what waits, and what is open, is bounded, and what is silent ends.
func TestLimits(t *testing.T) {
	var told teller
	w := &wire{table: tcp.NewTable(&told, tcp.Limits{Conns: 10, Waiting: 1000, Idle: time.Second})}
	w.open()
	for i := range uint32(100) {
		w.send(trace.Client, data, 200+i*200, 200, string(make([]byte, 100)))
	}
	if n := len(told.story); n < 50 {
		t.Errorf("%d events: what waits is not bounded", n)
	}
	for i := range 100 {
		s := packet.Segment{Frame: 1000 + i, Time: w.time, Src: netip.AddrPortFrom(alice.Addr(), uint16(50000+i)), Dst: bob, Flags: packet.SYN}
		w.table.Add(&s)
	}
	if w.table.Len() != 3 || w.table.Capped() != 98 { // a fifth of ten in which nothing was said, and the one that was there before
		t.Errorf("%d connections are open, %d were given up", w.table.Len(), w.table.Capped())
	}
	for i := range 30 {
		s := packet.Segment{Frame: 2000 + i, Time: w.time, Src: netip.AddrPortFrom(alice.Addr(), uint16(60000+i)), Dst: bob, Flags: packet.ACK, Payload: []byte("a")}
		w.table.Add(&s)
	}
	if w.table.Len() != 10 || !strings.Contains(strings.Join(told.story, "\n"), "given up") {
		t.Errorf("%d connections are open: %q", w.table.Len(), told.story)
	}
	w.time += int64(50 * time.Second)
	w.send(trace.Client, packet.SYN, 1, 0, "")
	if w.table.Len() != 1 {
		t.Errorf("%d connections are open after 50 seconds of silence", w.table.Len())
	}
}

// TestGap: after a gap of an hour what was idle is silent, and what came since is not.
func TestGap(t *testing.T) {
	for _, after := range []int{2, 5, 40} {
		var told teller
		w := &wire{table: tcp.NewTable(&told, tcp.Limits{})}
		w.time = 1_780_000_000e9
		w.open()
		w.send(trace.Client, data, 100, 200, "hello")
		w.time += int64(time.Hour)
		for i := range after {
			s := packet.Segment{Frame: 10 + i, Time: w.time + int64(i), Src: bob, Dst: netip.AddrPortFrom(alice.Addr(), 50_000), Flags: data, Seq: uint32(i), Payload: []byte("x")}
			w.table.Add(&s)
		}
		w.table.Close()
		if a, b := told.conns[0].End.How, told.conns[1].End.How; a != tcp.Silent || b != tcp.Open {
			t.Errorf("%d segments after an hour: %v and %v", after, a, b)
		}
	}
}

// FuzzTable feeds segments of any kind: all that is told is in order.
func FuzzTable(f *testing.F) {
	f.Add([]byte("\x02\x00\x00\x12\x00\x00\x10\x00\x05"))
	f.Fuzz(func(t *testing.T, b []byte) {
		w := newWatcher(t)
		table := tcp.NewTable(w, tcp.Limits{Conns: 3, Waiting: 64, Idle: time.Second})
		for i := 0; len(b) >= 6; i++ {
			s := packet.Segment{
				Frame: i + 1, Time: int64(i) * int64(b[5]) * int64(time.Millisecond), Flags: packet.Flags(b[0]), Seq: uint32(b[1])<<24 | uint32(b[2]), Ack: uint32(b[3]),
				Src: alice, Dst: bob, Payload: b[6:min(len(b), 6+int(b[4]&15))], Snapped: int(b[4] >> 6),
			}
			if b[5]&1 != 0 {
				s.Src, s.Dst = s.Dst, s.Src
			}
			if b[5]&6 == 6 {
				s.Dst = netip.AddrPortFrom(s.Dst.Addr(), uint16(b[5]))
			}
			b = b[6:]
			table.Add(&s)
		}
		table.Close()
		if len(w.ended) != len(w.conns) {
			t.Errorf("%d of %d have ended", len(w.ended), len(w.conns))
		}
	})
}
