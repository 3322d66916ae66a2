package engine_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/record"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// limitAttacks are on the length of records.
func limitAttacks() []attack {
	sized := func(c, s *tlstest.Host) { c.Config.RecordSizeLimit, s.Config.RecordSizeLimit = 100, 200 }
	cut := func(c, _ *tlstest.Host) { c.Config.MaxFragment = 1 }
	hello := func(t iana.ExtensionType, b ...byte) func(piece) pieces {
		return clientHello(func(m *wire.ClientHello) { m.Extensions = set(m.Extensions, t, b...) })
	}
	answer := func(t iana.ExtensionType, b ...byte) func(piece) pieces {
		return serverHello(func(m *wire.ServerHello) { m.Extensions = set(m.Extensions, t, b...) })
	}
	encrypted := func(b wire.Extensions) func(piece) pieces {
		return body(iana.MsgEncryptedExtensions, append([]byte{byte(len(b) >> 8), byte(len(b))}, b...)...)
	}
	return []attack{
		{code: fault.ExtensionValue, name: "record_size_limit of 63", at: atServer, alter: hello(iana.ExtRecordSizeLimit, 0, 63)},
		{code: fault.ExtensionValue, name: "record_size_limit of 63, TLS 1.3", at: atClient, hosts: hosts13("P-256", sized),
			alter: encrypted(wire.AppendRecordSizeLimit(nil, 63))},
		{code: fault.ExtensionValue, name: "record_size_limit of 63, TLS 1.2", at: atClient, hosts: hosts12("P-256", sized),
			alter: answer(iana.ExtRecordSizeLimit, 0, 63)},
		{code: fault.ExtensionForm, name: "record_size_limit", at: atServer, alter: hello(iana.ExtRecordSizeLimit, 1)},
		{code: fault.ExtensionValue, name: "max_fragment_length of 5", at: atServer, alter: hello(iana.ExtMaxFragmentLength, 5)},
		{code: fault.ExtensionValue, name: "another max_fragment_length, TLS 1.2", at: atClient, hosts: hosts12("P-256", cut),
			alter: answer(iana.ExtMaxFragmentLength, 2)},
		{code: fault.ExtensionValue, name: "another max_fragment_length, TLS 1.3", at: atClient, hosts: hosts13("P-256", cut),
			alter: encrypted(wire.AppendMaxFragmentLength(nil, 2))},
		{code: fault.ExtensionValue, name: "both limits", at: atClient, hosts: hosts13("P-256", sized, cut),
			alter: encrypted(wire.AppendMaxFragmentLength(wire.AppendRecordSizeLimit(nil, 100), 1))},
		{code: fault.UnsolicitedExtension, name: "record_size_limit", at: atClient, alter: encrypted(wire.AppendRecordSizeLimit(nil, 100))},
	}
}

// lengths gives the lengths of the records of a flow from the first that is of
// the type on.
func lengths(flow []byte, from iana.ContentType) (all []int) {
	for len(flow) > record.HeaderLen {
		n := int(flow[3])<<8 | int(flow[4])
		if iana.ContentType(flow[0]) == from || all != nil {
			all = append(all, n)
		}
		flow = flow[record.HeaderLen+n:]
	}
	return all
}

// TestRecordSizeLimit has each side limit what the other sends. RFC 8449.
func TestRecordSizeLimit(t *testing.T) {
	for _, v := range bothVersions {
		for _, c := range []struct{ client, server, toServer, toClient uint16 }{
			{64, 0, 0, 64}, {100, 200, 200, 100}, {0, 100, 0, 0}, {1 << 14, 64, 64, 1 << 14}, {65535, 65535, 0, 0},
		} {
			t.Run(fmt.Sprint(v, c.client, c.server), func(t *testing.T) {
				client, server := hostsOf(v, "P-256")
				client.Config.RecordSizeLimit, server.Config.RecordSizeLimit = c.client, c.server
				p := run(t, client, server, 0)
				var over uint16 // TLS 1.3 counts the content type
				from := iana.ContentChangeCipherSpec
				if v >= iana.TLS13 {
					over, from = 1, iana.ContentApplicationData
				}
				for _, d := range []struct {
					name  string
					flow  []byte
					limit uint16
				}{{"server", p.ToServer, c.toServer}, {"client", p.ToClient, c.toClient}} {
					most := 0
					for _, n := range lengths(d.flow, from) {
						most = max(most, n)
					}
					want := 1 << 14
					if d.limit > 0 {
						want = int(d.limit - over)
					}
					if content := most - overhead(v); content != want {
						t.Errorf("to the %s: %d bytes in a record, want %d", d.name, content, want)
					}
				}
			})
		}
	}
}

// overhead is what protection by AES-GCM adds to content.
func overhead(v iana.Version) int {
	if v >= iana.TLS13 {
		return 1 + 16
	}
	return 8 + 16
}

// TestMaxFragment has both sides send short records from the ServerHello on.
// RFC 6066, section 4. record_size_limit wins over it.
func TestMaxFragment(t *testing.T) {
	for _, v := range bothVersions {
		for _, m := range []wire.MaxFragmentLength{1, 4} {
			client, server := hostsOf(v, "RSA-2048")
			stapled(client, server)
			client.Config.MaxFragment = m
			p := run(t, client, server, 0)
			n, _ := m.Len()
			for name, flow := range map[string][]byte{"client": p.ToClient, "server": p.ToServer} {
				_, after, _ := bytes.Cut(flow, []byte{20, 3, 3, 0, 1, 1})
				if name == "client" && v < iana.TLS13 {
					after = flow
				}
				for _, got := range lengths(after, iana.ContentType(after[0])) {
					if got > n+overhead(v) {
						t.Errorf("%v, to the %s: a record of %d bytes, want %d", v, name, got, n)
					}
				}
			}
			client.Config.RecordSizeLimit = 64
			if p := run(t, client, server, 0); p.Server.Established().WriteLimit > 64 || p.Server.Established().ReadLimit != 0 && p.Server.Established().ReadLimit != 1<<14 {
				t.Errorf("%v: %+v", v, p.Server.Established())
			}
		}
	}
}

// A record that is longer than this side allows ends the connection.
func TestRecordSizeLimitIsHeld(t *testing.T) {
	for _, v := range bothVersions {
		client, server := hostsOf(v, "P-256")
		client.Config.RecordSizeLimit = 100
		p := run(t, client, server, 0)
		p.Server.IgnoreWriteLimit()
		p.Send(p.Server, make([]byte, 101))
		if !isFault(p.Client.Err(), fault.PlaintextOverflow) {
			t.Errorf("%v: %v", v, p.Client.Err())
		}
	}
}

// TestSendLimit: a side may send shorter records than it has to.
func TestSendLimit(t *testing.T) {
	for _, v := range bothVersions {
		client, server := hostsOf(v, "P-256")
		client.Config.SendLimit = 512
		p := run(t, client, server, 0)
		for _, n := range lengths(p.ToServer, iana.ContentApplicationData) {
			if n > 512+overhead(v) {
				t.Errorf("%v: a record of %d bytes", v, n)
			}
		}
	}
}
