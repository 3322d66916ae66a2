package policy_test

import (
	"slices"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/kex"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/suite"
)

// TestNamed checks that a policy allows only what is implemented, each once,
// and that it has something for each of its versions.
func TestNamed(t *testing.T) {
	for _, name := range policy.Names() {
		p, err := policy.Named(name)
		if err != nil || p.Name != name {
			t.Fatalf("%s: %v", name, err)
		}
		once(t, name, p.Versions)
		once(t, name, p.Suites)
		once(t, name, p.Groups)
		once(t, name, p.Schemes)
		for _, id := range p.Suites {
			if _, ok := suite.Of(id); !ok || !p.AllowsSuite(id) {
				t.Errorf("%s: %v is not implemented", name, id)
			}
		}
		for _, g := range p.Groups {
			if !kex.Supported(g) {
				t.Errorf("%s: %v is not implemented", name, g)
			}
		}
		for _, v := range p.Versions {
			if !slices.ContainsFunc(p.Suites, func(id iana.Suite) bool {
				s, _ := suite.Of(id)
				return s.MinVersion <= v && v <= s.MaxVersion
			}) {
				t.Errorf("%s: there is no cipher suite for %v", name, v)
			}
		}
	}
	if _, err := policy.Named("nothing"); err == nil {
		t.Error("a policy of no name was found")
	}
	if p, err := policy.Named("Modern"); err != nil || p != policy.Modern() {
		t.Errorf("names in capitals: %v", err)
	}
}

func once[T comparable](t *testing.T, name string, list []T) {
	t.Helper()
	for i, v := range list {
		if slices.Contains(list[:i], v) {
			t.Errorf("%s: %v stands twice", name, v)
		}
	}
}

// TestForwardSecrecy keeps RSA key exchange out of the default.
func TestForwardSecrecy(t *testing.T) {
	for _, id := range policy.Modern().Suites {
		if s, _ := suite.Of(id); s.KeyExchange == suite.RSA {
			t.Errorf("%v", id)
		}
	}
}

// TestForwardSecrecyFirst: where RSA key exchange is allowed, a suite with the same
// cipher and forward secrecy comes first. RFC 9325, section 4.1.
func TestForwardSecrecyFirst(t *testing.T) {
	for _, name := range policy.Names() {
		p, _ := policy.Named(name)
		for i, id := range p.Suites {
			s, _ := suite.Of(id)
			for _, later := range p.Suites[i+1:] {
				if l, _ := suite.Of(later); s.KeyExchange == suite.RSA && s.Cipher == l.Cipher && l.KeyExchange != suite.RSA && l.Auth != suite.DSSKey {
					t.Errorf("%s: %v before %v", name, id, later)
				}
			}
		}
	}
}

func TestBetween(t *testing.T) {
	for _, c := range []struct {
		low, high iana.Version
		want      []iana.Version
	}{
		{0, 0, []iana.Version{iana.TLS13, iana.TLS12}},
		{iana.TLS13, 0, []iana.Version{iana.TLS13}},
		{0, iana.TLS12, []iana.Version{iana.TLS12}},
		{0, iana.TLS11, nil},
		{iana.SSL30, iana.TLS11, []iana.Version{iana.TLS11, iana.TLS10, iana.SSL30}}, // named one by one
	} {
		p := policy.Modern().Between(c.low, c.high)
		var highest iana.Version
		if len(c.want) > 0 {
			highest = c.want[0]
		}
		if !slices.Equal(p.Versions, c.want) || p.Highest() != highest || p.Allows(iana.TLS13) != slices.Contains(c.want, iana.TLS13) {
			t.Errorf("%v to %v: %v", c.low, c.high, p.Versions)
		}
	}
	if len(policy.Modern().Versions) != 2 {
		t.Error("the policy itself was changed")
	}
}
