package bindings

import (
	"strings"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// Suites of SSL 2.0 go with SSL 2.0 and with nothing else, and keys that are too
// short are warned of.
func TestSuitesOfSSL2(t *testing.T) {
	for _, c := range []struct {
		settings Settings
		wrong    string
		warnings int
	}{
		{Settings{SSL2: true}, "", 1},
		{Settings{SSL2: true, Suites: []iana.Suite{iana.SSL_CK_RC4_128_WITH_MD5}}, "", 1},
		{Settings{SSL2: true, Suites: []iana.Suite{iana.SSL_CK_RC4_128_EXPORT40_WITH_MD5}}, "", 2},
		{Settings{SSL2: true, Suites: []iana.Suite{iana.TLS_AES_128_GCM_SHA256}}, "is not of SSL 2.0, which knows [SSL_CK_", 1},
		{Settings{Suites: []iana.Suite{iana.SSL_CK_RC4_128_WITH_MD5}}, "is of SSL 2.0", 0},
	} {
		_, err := c.settings.EffectivePolicy()
		if c.wrong == "" && err != nil || c.wrong != "" && (err == nil || !strings.Contains(err.Error(), c.wrong)) {
			t.Errorf("%+v: %v", c.settings, err)
		}
		if why := c.settings.Warnings(); len(why) != c.warnings {
			t.Errorf("%+v: %q", c.settings, why)
		}
	}
}
