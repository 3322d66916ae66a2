package engine_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/engine"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// earlyHello gives the record of a ClientHello that says early data follows.
func earlyHello(t *testing.T, groups []iana.Group) []byte {
	t.Helper()
	client := clientHost()
	p := *policy.Modern()
	p.Groups = groups
	client.Config.Policy = &p
	c, err := engine.NewClient(client.Config, tlstest.Now)
	if err != nil {
		t.Fatal(err)
	}
	sent, err := wire.ParseClientHello(c.Output()[5+wire.HeaderLen:])
	if err != nil {
		t.Fatal(err)
	}
	sent.Extensions = wire.AppendExtension(slices.Clone(sent.Extensions), iana.ExtEarlyData, nil)
	hello := sent.Append(nil)
	return append([]byte{22, 3, 1, byte(len(hello) >> 8), byte(len(hello))}, hello...)
}

// TestEarlyDataIsSkipped has a client that got a ticket for early data from
// another server of the same name. RFC 9846, section 4.3.10.
func TestEarlyDataIsSkipped(t *testing.T) {
	for name, row := range map[string]struct {
		client, server []iana.Group
		max            uint32
		least, most    int
	}{
		"full":        {[]iana.Group{iana.X25519}, []iana.Group{iana.X25519}, 0, 30000, 1 << 16},
		"retry":       {[]iana.Group{iana.X25519, iana.Secp256r1}, []iana.Group{iana.Secp256r1}, 0, 30000, 1 << 16},
		"own tickets": {[]iana.Group{iana.X25519}, []iana.Group{iana.X25519}, 1 << 17, 1 << 17, 1 << 18},
	} {
		t.Run(name, func(t *testing.T) {
			server := serverHost("P-256")
			p := *policy.Modern()
			p.Groups = row.server
			server.Config.Policy, server.Config.MaxEarlyData = &p, row.max
			s := engine.NewServer(server.Config, tlstest.Now)
			var data []byte
			in := earlyHello(t, row.client)
			tlstest.Feed(s, server, &in, &data)
			early := append([]byte{23, 3, 3, 1, 0}, make([]byte, 256)...)
			for sent := 0; ; sent += len(early) {
				in = append(in, early...)
				tlstest.Feed(s, server, &in, &data)
				if s.Err() == nil {
					if sent > row.most {
						t.Fatal("there is no limit")
					}
					continue
				}
				if !errors.Is(s.Err(), fault.EarlyDataTooLong) || sent < row.least || len(data) > 0 {
					t.Errorf("after %d bytes: %v, %d bytes of data", sent, s.Err(), len(data))
				}
				return
			}
		})
	}
}
