package flow_test

import (
	"net/netip"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/handsel-tls/handsel/internal/observe/explain"
	"github.com/handsel-tls/handsel/internal/observe/flow"
	"github.com/handsel-tls/handsel/internal/observe/packet"
	"github.com/handsel-tls/handsel/internal/observe/pcap"
	"github.com/handsel-tls/handsel/internal/observe/quic"
	"github.com/handsel-tls/handsel/internal/observe/synth"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// initials gives the stories of the connections of QUIC in a capture.
func initials(t *testing.T, path string) (stories []*flow.Story) {
	r, err := pcap.Open(path)
	if err != nil {
		t.Skip(err)
	}
	defer r.Close()
	table := quic.NewTable(flow.NewFollower(func(s *flow.Story) { stories = append(stories, s) }, flow.Options{}).QUIC())
	var p pcap.Packet
	var s packet.Segment
	var u packet.Datagram
	var d packet.Decoder
	for r.Next(&p) == nil {
		if d.Decode(&p, &s, &u) == packet.UDP {
			table.Add(&u)
		}
	}
	table.Close()
	return stories
}

// TestQUIC compares what is read of Initials with what tshark reads.
func TestQUIC(t *testing.T) {
	program := needTshark(t)
	compared := 0
	for _, name := range []string{"zeek__curl-8.1.2-dev-http3-www-google-de.pcap", "ja4__tls3.pcapng", "ja4__tls-handshake.pcapng", "suricata-verify__ja4-rules-disabled__input.pcap"} {
		path := filepath.Join(captures, name)
		stories := initials(t, path)
		out, err := exec.Command(program, "-r", path, "-Y", "quic && tls.handshake.type", "-T", "fields",
			"-e", "udp.srcport", "-e", "udp.dstport", "-e", "tls.handshake.type", "-e", "tls.handshake.extensions_server_name", "-e", "tls.handshake.ja3", "-e", "tls.handshake.ja3s").Output()
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(out)) {
			f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
			ports := [2]string{f[0], f[1]}
			if f[2] == "2" {
				ports[0], ports[1] = ports[1], ports[0]
			}
			found := false
			for _, s := range stories {
				if !hasPort(s.TCP.Client, ports[0]) || !hasPort(s.TCP.Server, ports[1]) {
					continue
				}
				switch f[2] {
				case "1":
					found = found || s.ServerName == f[3] && s.JA3 == f[4]
				case "2":
					found = found || s.JA3S == f[5] && s.Version == iana.TLS13
				}
			}
			if compared++; !found {
				t.Errorf("%s: tshark has %q", name, f)
			}
		}
		for _, s := range stories {
			if s.Failed() || s.JA4[0] != 'q' || s.Messages[0].Name != "ClientHello" {
				t.Errorf("%s: %v %s", name, s, s.JA4)
			}
		}
	}
	if compared < 30 {
		t.Errorf("%d hellos were compared", compared)
	}
}

func hasPort(a netip.AddrPort, port string) bool { return strings.HasSuffix(a.String(), ":"+port) }

// TestQUICAlert: a server that closes the connection with an alert has failed it, and
// the cause is found as it is over TCP.
func TestQUICAlert(t *testing.T) {
	var got *flow.Story
	h := flow.NewFollower(func(s *flow.Story) { got = s }, flow.Options{}).QUIC()
	c := &quic.Conn{Client: netip.MustParseAddrPort("192.0.2.1:40000"), Server: netip.MustParseAddrPort("198.51.100.1:443"), Version: quic.Version2}
	hello := []byte(clientHello[5:])
	h.Crypto(c, trace.Client, hello[:20], &packet.Datagram{Frame: 1, Time: 1})
	h.Crypto(c, trace.Client, hello[20:], &packet.Datagram{Frame: 2, Time: 2})
	h.Closed(c, trace.Server, 0x100|uint64(iana.AlertNoApplicationProtocol), &packet.Datagram{Frame: 3, Time: 3})
	h.Closed(c, trace.Client, 0, &packet.Datagram{Frame: 4, Time: 4})
	h.Ended(c)
	if !got.Failed() || got.Ended.Alert != iana.AlertNoApplicationProtocol || got.Ended.By != trace.Server || got.QUIC != "2" {
		t.Errorf("%+v", got.Ended)
	}
	if m := got.Messages[0]; len(got.Messages) != 1 || string(m.Raw) != string(hello) || len(m.Frames) != 2 {
		t.Errorf("%+v", got.Messages)
	}
	over := told(t, func(c *synth.Conn) {
		c.Open()
		c.Send(trace.Client, []byte(clientHello))
		c.Send(trace.Server, []byte{21, 3, 3, 0, 2, 2, byte(iana.AlertNoApplicationProtocol)})
		c.Close(trace.Server)
	})
	list, want := explain.Explain(got.Case()), explain.Explain(over.Case())
	if len(list) == 0 || len(want) == 0 || list[0].ID != want[0].ID || list[0].EndedBy != want[0].EndedBy {
		t.Errorf("%+v, over TCP %+v", list, want)
	}
}
