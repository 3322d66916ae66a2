package policy_test

import (
	"slices"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/suite"
)

// Each policy allows what the one before it does, and more; every suite that
// has a certificate is in the last, and can be named by itself.
func TestPoliciesGrow(t *testing.T) {
	all := []*policy.Policy{policy.Modern(), policy.Compatible(), policy.Legacy(), policy.Museum()}
	for i, p := range all[1:] {
		before := all[i]
		for _, v := range before.Versions {
			if !p.Allows(v) {
				t.Errorf("%s lacks %v", p.Name, v)
			}
		}
		for _, id := range before.Suites {
			if !p.AllowsSuite(id) {
				t.Errorf("%s lacks %v", p.Name, id)
			}
		}
		if len(p.Weaknesses()) <= len(before.Weaknesses()) {
			t.Errorf("%s is no weaker than %s", p.Name, before.Name)
		}
	}
	for _, s := range suite.All() {
		ours := s.KeyExchange == suite.Separate || s.Auth == suite.RSAKey || s.Auth == suite.ECDSAKey || s.Auth == suite.DSSKey
		if ours && (!policy.Museum().AllowsSuite(s.ID) || !slices.Contains(policy.Suites(), s.ID)) {
			t.Errorf("no policy has %v", s.ID)
		}
	}
	if len(policy.Modern().Weaknesses()) > 0 {
		t.Errorf("modern: %q", policy.Modern().Weaknesses())
	}
}

// TestOrderOfRC4 has RC4 before CBC where a server cannot make its clients
// defend themselves from BEAST, and after it where suites are named one by one.
func TestOrderOfRC4(t *testing.T) {
	before := func(list []iana.Suite) bool {
		return slices.Index(list, iana.TLS_RSA_WITH_RC4_128_SHA) < slices.Index(list, iana.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA)
	}
	if !before(policy.Museum().Suites) || before(policy.Suites()) {
		t.Error("RC4 stands elsewhere")
	}
}

func TestWeak(t *testing.T) {
	for _, c := range []struct {
		used policy.Used
		weak int
	}{
		{policy.Used{Version: iana.TLS13, Suite: iana.TLS_AES_128_GCM_SHA256, Scheme: iana.ECDSASecp256r1SHA256}, 0},
		{policy.Used{Version: iana.TLS12, Suite: iana.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, Scheme: iana.RSAPKCS1SHA256}, 0},
		{policy.Used{Version: iana.TLS12, Suite: iana.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, Scheme: iana.RSAPKCS1SHA1}, 1},
		{policy.Used{Version: iana.TLS12, Suite: iana.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256, Prime: 2048}, 0},
		{policy.Used{Version: iana.TLS12, Suite: iana.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256, Prime: 1024}, 1},
		{policy.Used{Version: iana.TLS12, Suite: iana.TLS_RSA_WITH_AES_128_GCM_SHA256}, 1},
		{policy.Used{Version: iana.TLS10, Suite: iana.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA}, 1},
		{policy.Used{Version: iana.TLS10, Suite: iana.TLS_RSA_WITH_RC4_128_SHA}, 3},
		{policy.Used{Version: iana.SSL30, Suite: iana.TLS_DHE_DSS_WITH_3DES_EDE_CBC_SHA}, 3},
		{policy.Used{}, 0}, // the handshake did not come to it
	} {
		if got := c.used.Weak(); len(got) != c.weak {
			t.Errorf("%+v: %q", c.used, got)
		}
	}
}
