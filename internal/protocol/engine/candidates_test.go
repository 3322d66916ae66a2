package engine_test

import (
	"slices"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// Of several certificates the first is shown that the client can verify, and
// the record says why those before it were passed over.
func TestCandidates(t *testing.T) {
	rsaOnlySchemes := func(p *policy.Policy) {
		p.Schemes = []iana.SignatureScheme{iana.RSAPSSRSAESHA256}
	}
	for _, c := range []struct {
		name  string
		hosts func(*testing.T) (client, server *tlstest.Host)
	}{
		{"TLS 1.3", hosts13("P-256")},
		{"TLS 1.2", hosts12("P-256")},
	} {
		t.Run(c.name, func(t *testing.T) {
			client, server := c.hosts(t)
			all := tlstest.Credentials()
			server.Candidates = []*sign.Credential{all["P-256"], all["P-384"], all["RSA-2048"]}
			server.Config.Record = true
			client.Config.Policy = with(client.Config.Policy, rsaOnlySchemes)
			p := run(t, client, server, 0)
			if p.Server.Established().Local != all["RSA-2048"] {
				t.Error("another certificate was shown")
			}
			var refused []uint16
			for _, choice := range p.Server.Record().Choices {
				if choice.Topic != trace.Credential {
					continue
				}
				for _, r := range choice.Refused {
					if r.Why != trace.NoScheme {
						t.Errorf("certificate %d was passed over because: %v", r.Value, r.Why)
					}
					refused = append(refused, r.Value)
				}
			}
			if !slices.Equal(refused, []uint16{0, 1}) {
				t.Errorf("passed over: %v", refused)
			}
		})
	}
}
