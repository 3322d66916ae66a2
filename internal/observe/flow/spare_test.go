package flow_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/handsel-tls/handsel/internal/observe/flow"
	"github.com/handsel-tls/handsel/internal/observe/packet"
	"github.com/handsel-tls/handsel/internal/observe/pcap"
	"github.com/handsel-tls/handsel/internal/observe/synth"
	"github.com/handsel-tls/handsel/internal/observe/tcp"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// TestRelease tells connections whose memory is used again: their stories are the same as
// if it was not.
func TestRelease(t *testing.T) {
	told := func(release bool) (gists [][]string) {
		table := tcp.NewTable(flow.NewFollower(func(s *flow.Story) {
			if gists = append(gists, gist(s)); release {
				s.Release()
			}
		}, flow.Options{}), tcp.Limits{})
		var s packet.Segment
		var u packet.Datagram
		var d packet.Decoder
		for i := range 40 {
			c := synth.New(fmt.Sprintf("192.0.2.1:%d", 40000+i), "198.51.100.1:443", func(p *pcap.Packet) {
				if d.Decode(p, &s, &u) == packet.TCP {
					table.Add(&s)
				}
			})
			c.Open()
			c.Send(trace.Client, []byte(clientHello))
			for j := range i {
				c.Send(trace.Server, []byte(record(iana.ContentHandshake, fmt.Sprintf("\x63\x00\x00\x04%04d", i*100+j))))
			}
			c.Close(trace.Client)
		}
		table.Close()
		return gists
	}
	want, got := told(false), told(true)
	if len(want) != 40 || !slices.EqualFunc(want, got, slices.Equal[[]string]) {
		t.Errorf("%q\nand not\n%q", got, want)
	}
}
