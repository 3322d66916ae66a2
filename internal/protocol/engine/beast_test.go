package engine_test

import (
	"bytes"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/record"
)

// BEAST (CVE-2011-3389): in TLS 1.0 and SSL 3.0 whoever sees a record with CBC
// knows the initialization vector of the next, and if he chooses what that
// begins with, he can test a guess at a block he has seen. So every record of
// data has one byte before it in a record of its own, whose last block nobody
// can foretell. Other versions and RC4 do not need that.
func TestBEAST(t *testing.T) {
	for _, c := range []struct {
		version iana.Version
		suite   iana.Suite
		split   bool
	}{
		{iana.SSL30, iana.TLS_RSA_WITH_AES_128_CBC_SHA, true},
		{iana.TLS10, iana.TLS_RSA_WITH_AES_128_CBC_SHA, true},
		{iana.TLS10, iana.TLS_RSA_WITH_3DES_EDE_CBC_SHA, true},
		{iana.TLS10, iana.TLS_RSA_WITH_RC4_128_SHA, false},
		{iana.TLS11, iana.TLS_RSA_WITH_AES_128_CBC_SHA, false},
		{iana.TLS12, iana.TLS_RSA_WITH_AES_128_CBC_SHA, false},
	} {
		client, server := clientHost(), serverHost("RSA-2048")
		client.Config.Policy = with(policy.Museum(), func(p *policy.Policy) {
			p.Versions, p.Suites = []iana.Version{c.version}, []iana.Suite{c.suite}
		})
		server.Config.Policy = client.Config.Policy
		p := run(t, client, server, 0)
		for _, n := range []int{1, 2, 100, 1 << 14, 1<<14 + 1} {
			before, data := len(p.ToServer), bytes.Repeat([]byte("d"), n)
			p.ServerData = nil
			if err := p.Send(p.Client, data); err != nil || !bytes.Equal(p.ServerData, data) {
				t.Fatalf("%v, %v: %d of %d bytes came, %v", c.version, c.suite, len(p.ServerData), n, err)
			}
			records := 0
			for b := p.ToServer[before:]; len(b) > 0; records++ {
				b = b[record.HeaderLen+(int(b[3])<<8|int(b[4])):]
			}
			want := (n + 1<<14 - 1) >> 14
			if c.split && n > 1 {
				want = map[int]int{2: 2, 100: 2, 1 << 14: 2, 1<<14 + 1: 3}[n] // the last has one byte anyway
			}
			if records != want {
				t.Errorf("%v, %v: %d bytes are in %d records, not %d", c.version, c.suite, n, records, want)
			}
		}
	}
}
