//go:build !peers_std

package peers

import (
	"fmt"
	"slices"
	"testing"

	"github.com/handsel-tls/handsel/tls"
)

// TestMaxFragmentLength asks servers of others for short records and grants them
// to their clients (RFC 6066, section 4).
func TestMaxFragmentLength(t *testing.T) {
	for _, version := range bothVersions {
		for _, n := range []int{512, 4096} {
			t.Run(fmt.Sprint("OpenSSL/", versionName(version), "/", n), func(t *testing.T) {
				t.Parallel()
				id := identities()["RSA-2048"]
				address, say, hear := openssl{}.serve(t, setup{version: version, id: id})
				config := clientConfig(version)
				config.MaxFragmentLength = n
				converse(t, dial(t, address, config), say, hear)

				openssl{}.connect(t, setup{version: version, more: []string{"-maxfraglen", fmt.Sprint(n)}},
					serve(t, serverConfig(version, id), nil).address)
			})
		}
	}
}

// TestRecordSizeLimit keeps to what others take and has them keep to what this
// side takes (RFC 8449).
func TestRecordSizeLimit(t *testing.T) {
	const recordSizeLimit = 28
	for _, version := range bothVersions {
		for _, p := range []peer{gnutls{}, nss{}} {
			t.Run(p.name()+"/"+versionName(version), func(t *testing.T) {
				t.Parallel()
				id := identities()["RSA-2048"]
				address, say, hear := p.serve(t, setup{version: version, id: id})
				config := clientConfig(version)
				config.RecordSizeLimit = 512
				conn := dial(t, address, config)
				converse(t, conn, say, hear)

				var offered []uint16
				config = serverConfig(version, id)
				config.RecordSizeLimit = 600
				config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
					offered = hello.Extensions
					return nil, nil
				}
				server := serve(t, config, nil)
				p.connect(t, setup{version: version}, server.address)
				server.next(t)
				if !slices.Contains(offered, recordSizeLimit) {
					t.Errorf("%s offers no record_size_limit: %v", p.name(), offered)
				}
			})
		}
	}
}
