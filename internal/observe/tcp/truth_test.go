package tcp_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/handsel-tls/handsel/internal/observe/packet"
	"github.com/handsel-tls/handsel/internal/observe/pcap"
	"github.com/handsel-tls/handsel/internal/observe/tcp"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// captures is where the captures with ground truth are, from this directory.
const captures = "../../../../shared/captures"

// truth is what tshark says of a capture.
type truth struct {
	Streams []struct {
		Stream                int
		Client, Server        string
		Packets               int
		Retrans, OOO, Lost    int
		ThreeWay              bool `json:"three_way"`
		Fin, Rst, SYN, SYNACK int
		Payload               [2]int64
	}
}

// judged are the captures in which this package and tshark disagree, and why.
var judged = map[string]string{
	"suricata-verify__tcp-fastopen-10-syn-data-ignore__input.pcap": "the same SYN with the same sequence number ten times over: tshark begins a stream at some of them",
	"zeek__ssl.v3.pcap": "a segment of one byte that the other side has had: tshark calls it a retransmission, here it is a keep-alive",
}

// quoted are segments that tshark counts because an ICMP message quotes them: the
// router that says so has dropped them.
var quoted = map[string]int{"ja4__latest.pcapng": 5, "zeek__smtp.pcap": 4}

// A watcher keeps the connections that it is told of, and checks what it is told.
type watcher struct {
	t      *testing.T
	conns  []*tcp.Conn
	offset map[*tcp.Conn]*[2]int64
	ended  map[*tcp.Conn]bool
	spare  int // segments that came for connections that were over, or are only quoted
}

func newWatcher(t *testing.T) *watcher {
	return &watcher{t: t, offset: map[*tcp.Conn]*[2]int64{}, ended: map[*tcp.Conn]bool{}}
}

func (w *watcher) Opened(c *tcp.Conn) {
	w.conns = append(w.conns, c)
	w.offset[c] = new([2]int64)
}

func (w *watcher) Data(c *tcp.Conn, from trace.Side, data []byte, at tcp.Chunk) {
	w.at(c, from, int64(len(data)), at)
}

func (w *watcher) Gap(c *tcp.Conn, from trace.Side, n int64, _ bool, at tcp.Chunk) {
	w.at(c, from, n, at)
}

func (w *watcher) at(c *tcp.Conn, from trace.Side, n int64, at tcp.Chunk) {
	o := &w.offset[c][from-1]
	if at.Offset != *o || n <= 0 || w.ended[c] {
		w.t.Errorf("stream %d: %d bytes of the %v at %d, where %d comes next; ended: %v", c.ID, n, from, at.Offset, *o, w.ended[c])
	}
	*o += n
}

func (w *watcher) Ended(c *tcp.Conn) {
	if w.ended[c] {
		w.t.Errorf("stream %d ends twice", c.ID)
	}
	w.ended[c] = true
}

// follow reads a capture, as far as it can be read.
func follow(t *testing.T, path string) *watcher {
	w := newWatcher(t)
	r, err := pcap.Open(path)
	if err != nil {
		return w
	}
	defer r.Close()
	table := tcp.NewTable(w, tcp.Limits{})
	var p pcap.Packet
	var s packet.Segment
	var u packet.Datagram
	var d packet.Decoder
	for {
		if err := r.Next(&p); err != nil {
			if !errors.Is(err, io.EOF) && !strings.Contains(path, "garbage") {
				t.Logf("%s: %v", filepath.Base(path), err)
			}
			break
		}
		if d.Decode(&p, &s, &u) == packet.TCP {
			table.Add(&s)
		}
	}
	table.Close()
	w.spare = table.Late() + quoted[filepath.Base(path)]
	if table.Len() != 0 || len(w.ended) != len(w.conns) {
		t.Errorf("%s: of %d connections %d have ended", path, len(w.conns), len(w.ended))
	}
	return w
}

// TestTruth follows every capture there is and compares with tshark.
func TestTruth(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(captures, "truth", "*.json"))
	if len(files) == 0 {
		t.Skip("the captures with ground truth are not there")
	}
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".json")
		t.Run(name, func(t *testing.T) {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			var want truth
			if err := json.Unmarshal(b, &want); err != nil {
				t.Fatal(err)
			}
			w := follow(t, filepath.Join(captures, name))
			if judged[name] != "" {
				return
			}
			for _, diff := range compare(w, &want) {
				t.Error(diff)
			}
		})
	}
}

func compare(w *watcher, want *truth) (diffs []string) {
	differ := func(format string, args ...any) { diffs = append(diffs, fmt.Sprintf(format, args...)) }
	if len(w.conns) != len(want.Streams) {
		differ("%d connections, tshark has %d", len(w.conns), len(want.Streams))
		return diffs
	}
	for i, c := range w.conns {
		s := want.Streams[i]
		here, there := ends(c.Client, c.Server), s.Client+" "+s.Server
		if here != there && !(c.Guessed && ends(c.Server, c.Client) == there) { // tshark takes who spoke first
			differ("stream %d: %s, tshark has %s", i, here, there)
		}
		n := c.Sides[0].Segments + c.Sides[1].Segments
		if n > s.Packets || s.Packets-n > w.spare {
			differ("stream %d: %d segments, tshark has %d", i, n, s.Packets)
		}
		w.spare -= s.Packets - n
		if d := disturbed(c); (d > 0) != (s.Retrans+s.OOO > 0) {
			differ("stream %d: %d repeated or out of order, tshark has %d and %d", i, d, s.Retrans, s.OOO)
		}
		// tshark counts holes also if they are filled later.
		if got := c.Sides[0].Lost + c.Sides[1].Lost; got > 0 && s.Lost == 0 {
			differ("stream %d: %d bytes lost, tshark has %d segments", i, got, s.Lost)
		}
	}
	return diffs
}

// disturbed gives how many segments came twice or in another order.
func disturbed(c *tcp.Conn) (n int) {
	for _, s := range c.Sides {
		n += s.Retransmitted + s.Overlaps + s.Reordered
	}
	return n
}

// ends gives both ends as tshark writes them.
func ends(a, b netip.AddrPort) string {
	return fmt.Sprintf("%v:%d %v:%d", a.Addr(), a.Port(), b.Addr(), b.Port())
}
