package flow_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/handsel-tls/handsel/internal/observe/flow"
	"github.com/handsel-tls/handsel/internal/observe/packet"
	"github.com/handsel-tls/handsel/internal/observe/pcap"
	"github.com/handsel-tls/handsel/internal/observe/synth"
	"github.com/handsel-tls/handsel/internal/observe/tcp"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// A talk is what the two sides of a captured connection said, in its order.
type talk struct {
	conn *tcp.Conn
	said []utterance
	lost bool
}

type utterance struct {
	from trace.Side
	data []byte
}

// A listener keeps what connections say.
type listener map[*tcp.Conn]*talk

func (l listener) Opened(c *tcp.Conn) { l[c] = &talk{conn: c} }
func (l listener) Ended(*tcp.Conn)    {}
func (l listener) Data(c *tcp.Conn, from trace.Side, data []byte, _ tcp.Chunk) {
	l[c].said = append(l[c].said, utterance{from, bytes.Clone(data)})
}
func (l listener) Gap(c *tcp.Conn, _ trace.Side, _ int64, _ bool, _ tcp.Chunk) { l[c].lost = true }

// talks gives the connections of a capture that are whole.
func talks(t *testing.T, path string) (list []*talk) {
	r, err := pcap.Open(path)
	if err != nil {
		return nil
	}
	defer r.Close()
	l := listener{}
	table := tcp.NewTable(l, tcp.Limits{})
	var p pcap.Packet
	var s packet.Segment
	var u packet.Datagram
	var d packet.Decoder
	for r.Next(&p) == nil {
		if d.Decode(&p, &s, &u) == packet.TCP {
			table.Add(&s)
		}
	}
	table.Close()
	for c, one := range l {
		size := c.Sides[0].Bytes + c.Sides[1].Bytes
		if !c.Guessed && !one.lost && size > 0 && size < 20_000 && c.Sides[0].Segments > 0 && c.Sides[1].Segments > 0 {
			list = append(list, one)
		}
	}
	slices.SortFunc(list, func(a, b *talk) int { return a.conn.ID - b.conn.ID })
	return list
}

// An otherWay is another way for the same bytes to come.
type otherWay struct {
	name  string
	mss   int // 0: as they came
	begin func(c *synth.Conn)
	order func([]pcap.Packet) []pcap.Packet
}

var otherWays = []otherWay{
	{name: "as it came"},
	{name: "a byte at a time", mss: 1},
	{name: "seven bytes at a time", mss: 7},
	{name: "numbers that wrap", mss: 100, begin: func(c *synth.Conn) { c.Seq = [2]uint32{0xffffffc0, 0xfffffff0} }},
	{name: "in another order", mss: 50, order: shuffled},
	{name: "twice", mss: 90, order: func(all []pcap.Packet) (out []pcap.Packet) {
		for i := range all {
			out = append(out, all[i], all[i])
		}
		return out
	}},
	{name: "after SYN in a file of its own", mss: 1000, order: func(all []pcap.Packet) []pcap.Packet { return all[3:] }},
}

// shuffled exchanges neighbours that one side sends.
func shuffled(all []pcap.Packet) []pcap.Packet {
	r := rand.New(rand.NewPCG(1, 2))
	for range 3 {
		for i := 4; i < len(all); i++ { // 26 to 30 is the source in the frame
			if bytes.Equal(all[i].Data[26:34], all[i-1].Data[26:34]) && r.IntN(2) == 0 {
				all[i].Data, all[i-1].Data = all[i-1].Data, all[i].Data
			}
		}
	}
	return all
}

// retell has a connection come in another way, and gives the story of it.
func (k *talk) retell(t *testing.T, ch *otherWay) *flow.Story {
	var packets []pcap.Packet
	c := synth.New("192.0.2.1:40000", fmt.Sprintf("198.51.100.1:%d", k.conn.Server.Port()), func(p *pcap.Packet) {
		one := *p
		one.Data = bytes.Clone(p.Data)
		packets = append(packets, one)
	})
	c.Delayed = true
	if ch.begin != nil {
		ch.begin(c)
	}
	c.Open()
	for _, s := range k.said {
		if c.MSS = ch.mss; c.MSS == 0 {
			c.MSS = 1 << 15
		}
		c.Send(s.from, s.data)
	}
	switch k.conn.End.How {
	case tcp.Closed, tcp.Half:
		c.Close(k.conn.End.By)
	case tcp.Reset:
		c.Reset(k.conn.End.By)
	}
	if ch.order != nil {
		packets = ch.order(packets)
	}
	var story *flow.Story
	table := tcp.NewTable(flow.NewFollower(func(s *flow.Story) { story = s }, flow.Options{Plain: true}), tcp.Limits{})
	var s packet.Segment
	var u packet.Datagram
	var d packet.Decoder
	for i := range packets {
		packets[i].Number = i + 1
		if d.Decode(&packets[i], &s, &u) == packet.TCP {
			table.Add(&s)
		}
	}
	table.Close()
	return story
}

// gist is what of a story does not depend on the way the bytes came.
func gist(s *flow.Story) (list []string) {
	list = append(list, fmt.Sprint(s.TLS, s.Wanted, s.Preamble, s.Version, s.Suite, s.Group, s.ServerName, s.ALPN, s.Resumed, s.ClientAuth, s.Complete, s.Retried, s.JA3, s.JA3S, s.JA4, s.Ended.How, s.Ended.Alert, s.Failed()))
	for _, side := range []trace.Side{trace.Client, trace.Server} {
		for _, m := range s.Messages {
			if m.From == side {
				list = append(list, fmt.Sprintf("%v %s %d %v %v %d %q %x %v", m.From, m.Name, m.Length, m.Encrypted, m.Cut, m.Offset, m.Inferred, m.Raw, m.Broken))
			}
		}
	}
	return list
}

// TestChanged has every whole connection of the captures come in other ways: in other
// segments, in another order, twice. The story stays the same.
func TestChanged(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(captures, "*.pcap*"))
	if len(files) == 0 {
		t.Skip("the captures with ground truth are not there")
	}
	count := 0
	for _, file := range files {
		for _, k := range talks(t, file) {
			count++
			want := gist(k.retell(t, &otherWays[0]))
			for i := range otherWays[1:] {
				ch := &otherWays[1+i]
				if k.conn.Sides[1].Bytes == 0 && ch.order != nil { // what is sent again tells of a server that is silent, and only SYN of one that is there
					continue
				}
				if got := gist(k.retell(t, ch)); !slices.Equal(got, want) {
					t.Errorf("%s, stream %d, %s:\n%.2000q\nand not\n%.2000q", filepath.Base(file), k.conn.ID, ch.name, got, want)
				}
			}
		}
	}
	if count < 100 {
		t.Errorf("only %d connections", count)
	}
}
