package synth

import (
	"bytes"
	"testing"

	"github.com/handsel-tls/handsel/internal/observe/packet"
	"github.com/handsel-tls/handsel/internal/observe/pcap"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// TestConn decodes what a connection sends.
func TestConn(t *testing.T) {
	for _, server := range []string{"192.0.2.1:443", "[2001:db8::1]:443"} {
		client := map[bool]string{true: "198.51.100.7:50000", false: "[2001:db8::7]:50000"}[server[0] != '[']
		var d packet.Decoder
		var flags []packet.Flags
		var said [2][]byte
		c := New(client, server, func(p *pcap.Packet) {
			var s packet.Segment
			if k := d.Decode(p, &s, nil); k != packet.TCP || s.Sum != packet.SumRight {
				t.Fatalf("kind %d, checksum %d: %x", k, s.Sum, p.Data)
			}
			flags = append(flags, s.Flags)
			from := trace.Client
			if s.Src.String() == server {
				from = trace.Server
			}
			said[from-1] = append(said[from-1], s.Payload...)
		})
		c.MSS = 4
		c.Open()
		c.Send(trace.Client, []byte("hello"))
		c.Send(trace.Server, []byte("hello yourself"))
		c.Close(trace.Client)
		const s, a, p, f = packet.SYN, packet.ACK, packet.PSH, packet.FIN
		want := []packet.Flags{s, s | a, a, a, a, a | p, a, a, a, a, a, a, a, a | p, a, f | a, f | a, a}
		if string(said[0]) != "hello" || string(said[1]) != "hello yourself" || !bytes.Equal(bytesOf(flags), bytesOf(want)) {
			t.Errorf("%s: %q %v, want %v", server, said, flags, want)
		}
	}
}

func bytesOf(all []packet.Flags) (b []byte) {
	for _, f := range all {
		b = append(b, byte(f))
	}
	return b
}
