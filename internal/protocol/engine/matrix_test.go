package engine_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/kex"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/suite"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// everyGroup are the groups that are implemented, those too that no policy has
// by default.
var everyGroup = []iana.Group{
	iana.X25519, iana.Secp256r1, iana.Secp384r1, iana.Secp521r1, iana.X25519MLKEM768, iana.SecP256r1MLKEM768,
	iana.FFDHE2048,
}

// only gives a policy with one version, suite and group. The curves of ECDSA
// keys come after the group: in TLS 1.2 they have to be offered as well.
func only(v iana.Version, s iana.Suite, g iana.Group) *policy.Policy {
	p := *policy.Compatible()
	p.Schemes = append(slices.Clone(p.Schemes), iana.DSASHA256)
	p.Versions, p.Suites, p.Groups = []iana.Version{v}, []iana.Suite{s}, []iana.Group{g}
	for _, curve := range []iana.Group{iana.Secp256r1, iana.Secp384r1, iana.Secp521r1} {
		if curve != g {
			p.Groups = append(p.Groups, curve)
		}
	}
	return &p
}

// with gives a change of a policy.
func with(p *policy.Policy, change func(*policy.Policy)) *policy.Policy {
	q := *p
	change(&q)
	return &q
}

// keyTypesOf are the keys that a suite can be used with.
func keyTypesOf(s suite.Params) []string {
	switch s.Auth {
	case suite.RSAKey:
		return []string{"RSA-2048"}
	case suite.ECDSAKey:
		return []string{"P-256", "P-384", "P-521", "Ed25519"}
	case suite.DSSKey:
		return []string{"DSA"}
	case suite.NoKey:
		return []string{"P-256"} // of no use
	}
	return tlstest.KeyTypes
}

// TestMatrix makes a handshake with every version, suite, group and key type
// that go together.
func TestMatrix(t *testing.T) {
	for _, v := range []iana.Version{iana.TLS10, iana.TLS11, iana.TLS12, iana.TLS13} {
		for _, s := range suite.All() {
			if s.MinVersion > v || s.MaxVersion < v {
				continue
			}
			for _, g := range everyGroup {
				if v < iana.TLS13 && !goesWith(s.KeyExchange, g) {
					continue
				}
				for _, kind := range keyTypesOf(s) {
					if kind == "Ed25519" && v < iana.TLS12 {
						continue // RFC 8422, section 5.10: it has a scheme of its own
					}
					t.Run(fmt.Sprint(v, s.ID, g, kind), func(t *testing.T) { combination(t, v, s, g, kind) })
				}
			}
		}
	}
}

// goesWith reports whether a key exchange before TLS 1.3 has something to do with
// the group. RSA has with none, nor has a pre-shared key alone: both are tried once.
func goesWith(k suite.KeyExchange, g iana.Group) bool {
	switch k {
	case suite.DHE:
		return kex.IsFinite(g)
	case suite.RSA, suite.PSK:
		return g == iana.X25519
	}
	return kex.Curve(g)
}

func combination(t *testing.T, v iana.Version, s suite.Params, g iana.Group, kind string) {
	client, server := clientHost(), serverHost(kind)
	client.Config.Policy, server.Config.Policy = only(v, s.ID, g), only(v, s.ID, g)
	shared := s.Auth == suite.NoKey
	if shared {
		old(client, server)
	}
	p := run(t, client, server, 0)
	c, e := p.Client.Established(), p.Server.Established()
	if s.KeyExchange == suite.RSA || s.KeyExchange == suite.PSK {
		g = 0
	}
	if c.Version != v || c.Suite != s.ID || c.Group != g || c.ALPN != "http/1.1" || c.ServerName != "a.example" {
		t.Errorf("the client has %+v", c)
	}
	if e.Version != v || e.Suite != s.ID || e.Group != g || e.Scheme != c.Scheme || e.ServerName != "a.example" {
		t.Errorf("the server has %+v", e)
	}
	if (c.Scheme == 0) != (s.KeyExchange == suite.RSA || shared || v < iana.TLS12) {
		t.Errorf("signed with %v", c.Scheme)
	}
	if !c.EMS || !e.EMS || c.EtM != e.EtM || c.EtM != s.CBC() {
		t.Errorf("EMS %v, %v; EtM %v, %v", c.EMS, e.EMS, c.EtM, e.EtM)
	}
	if shared {
		if string(c.PSK) != "old" || string(e.PSK) != "old" || c.Peer != nil {
			t.Errorf("the keys are %q and %q", c.PSK, e.PSK)
		}
	} else if string(c.Peer.Chain[0]) != string(server.Credential.Chain[0]) {
		t.Error("the client saw another certificate")
	}
	sameExport(t, p)
}

// sameExport checks that both sides export the same, and that the label, the
// context and the length matter. RFC 9846, section 7.5; RFC 5705, section 4.
func sameExport(t *testing.T, p *tlstest.Pair) {
	t.Helper()
	seen := map[string]bool{}
	for _, label := range []string{"EXPORTER-a", "EXPORTER-b"} {
		for _, context := range [][]byte{[]byte("context"), make([]byte, 1000)} {
			a, err := p.Client.Export(label, context, 40)
			if err != nil {
				t.Fatal(err)
			}
			b, err := p.Server.Export(label, context, 40)
			if err != nil || string(a) != string(b) || seen[string(a)] {
				t.Errorf("the exporters give %x and %x (%v)", a, b, err)
			}
			seen[string(a)] = true
		}
	}
	if _, err := p.Client.Export("EXPORTER-a", nil, 1<<13+1); err == nil {
		t.Error("more than 2^13 bytes were exported")
	}
}
