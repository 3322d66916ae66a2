package flow_test

import (
	"bytes"
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

// TestWitnesses has the packets of a handshake tell what the engine's record does,
// in every version.
func TestWitnesses(t *testing.T) {
	for v, id := range map[iana.Version]iana.Suite{
		iana.SSL30: iana.TLS_RSA_WITH_RC4_128_SHA, iana.TLS10: iana.TLS_RSA_WITH_AES_128_CBC_SHA,
		iana.TLS11: iana.TLS_RSA_WITH_AES_256_CBC_SHA, iana.TLS12: iana.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		iana.TLS13: iana.TLS_AES_256_GCM_SHA384,
	} {
		t.Run(v.String(), func(t *testing.T) {
			log := new(flow.KeyLog)
			s, _ := suite.Of(id)
			p := keyedPair(t, v, s, tlstest.Credentials()["RSA-2048"], log)
			if err := p.Send(p.Client, []byte("data")); err != nil {
				t.Fatal(err)
			}
			want := p.Client.Record()
			var got *flow.Story
			f := flow.NewFollower(func(s *flow.Story) { got = s }, flow.Options{Keys: &flow.Keys{Log: log}})
			table := tcp.NewTable(f, tcp.Limits{})
			var seg packet.Segment
			var u packet.Datagram
			var d packet.Decoder
			c := synth.New("192.0.2.1:40000", "198.51.100.1:443", func(p *pcap.Packet) {
				if d.Decode(p, &seg, &u) == packet.TCP {
					table.Add(&seg)
				}
			})
			c.Open()
			hello := 5 + len(want.ClientHello)
			c.Send(trace.Client, p.ToServer[:hello])
			c.Send(trace.Server, p.ToClient)
			c.Send(trace.Client, p.ToServer[hello:])
			c.Close(trace.Client)
			table.Close()
			if got == nil {
				t.Fatal("there is no story")
			}
			if got.Version != want.Version || got.Suite != want.Suite || got.Complete != flow.Yes || got.Data[0].Bytes != 4 || v > iana.SSL30 && got.ServerName != want.ServerName {
				t.Errorf("%v, complete %v, %+v; the engine has %v %v %q", got, got.Complete, got.Data, want.Version, want.Suite, want.ServerName)
			}
			for _, m := range got.Messages {
				if m.Name == "ClientHello" && !bytes.Equal(m.Raw, want.ClientHello) || m.Name == "ServerHello" && !bytes.Equal(m.Raw, want.ServerHello) {
					t.Errorf("another %s", m.Name)
				}
			}
		})
	}
}
