package engine_test

import (
	"bytes"
	"reflect"
	"testing"
	"unsafe"

	"github.com/handsel-tls/handsel/internal/protocol/engine"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/record"
)

// nearLimit is just below 2^24.5 records: RFC 9846, section 5.5.
const nearLimit = 23726566 - 2

// skipTo makes a direction as old as if it had protected so many records. To
// send them all would take longer than the other tests together.
func skipTo(c *engine.Conn, direction string, records uint64) {
	seq := reflect.ValueOf(c).Elem().FieldByName(direction).FieldByName("seq")
	*(*uint64)(unsafe.Pointer(seq.UnsafeAddr())) = records
}

// TestSweet32 sends as much with 3DES as may be before two blocks are the same
// (Bhargavan and Leurent, 2016): the connection ends.
func TestSweet32(t *testing.T) {
	for records, ok := range map[uint64]bool{1<<20 - 1: true, 1 << 20: false} {
		client, server := hosts12("RSA-2048")(t)
		client.Config.Policy = only(iana.TLS12, iana.TLS_RSA_WITH_3DES_EDE_CBC_SHA, iana.X25519)
		server.Config.Policy = client.Config.Policy
		p := run(t, client, server, 0)
		skipTo(p.Server, "write", records)
		if _, err := p.Server.Seal(nil, []byte("data")); (err == nil) != ok || !ok && !isFault(err, fault.KeyUsageExhausted) {
			t.Errorf("after %d records: %v", records, err)
		}
	}
}

// TestKeyUsage sends more than a key may protect: TLS 1.3 changes the key on
// its way, TLS 1.2 has to end.
func TestKeyUsage(t *testing.T) {
	for _, c := range []struct {
		version iana.Version
		suite   iana.Suite
		updates bool
		err     error
	}{
		{iana.TLS13, iana.TLS_AES_128_GCM_SHA256, true, nil},
		{iana.TLS13, iana.TLS_AES_256_GCM_SHA384, true, nil},
		{iana.TLS13, iana.TLS_CHACHA20_POLY1305_SHA256, false, nil},
		{iana.TLS12, iana.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, false, fault.KeyUsageExhausted},
		{iana.TLS12, iana.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, false, nil},
	} {
		t.Run(c.version.String()+" "+c.suite.String(), func(t *testing.T) {
			client, server := hostsOf(c.version, "P-256")
			client.Config.Policy = only(c.version, c.suite, iana.X25519)
			p := run(t, client, server, 0)
			skipTo(p.Client, "write", nearLimit)
			skipTo(p.Server, "read", nearLimit)
			before := p.Client.Established().WriteTraffic
			p.ServerData = nil
			data := bytes.Repeat([]byte("data"), 5*record.MaxPlaintext/4)
			err := p.Send(p.Client, data)
			if c.err != nil {
				if !isFault(err, fault.KeyUsageExhausted) {
					t.Errorf("it gave %v", err)
				}
				return
			}
			if err != nil || !bytes.Equal(p.ServerData, data) {
				t.Errorf("%d of %d bytes arrived: %v", len(p.ServerData), len(data), err)
			}
			if updated := p.Client.Established().WriteTraffic != before; updated != c.updates {
				t.Errorf("the keys were changed: %v", updated)
			}
			exchange(t, p)
		})
	}
}
