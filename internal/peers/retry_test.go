package peers

import (
	stdtls "crypto/tls"
	"testing"
)

// TestRetryServer meets servers of others that want another group than the one
// we sent a key share for: HelloRetryRequest (RFC 9846, section 4.2.4).
func TestRetryServer(t *testing.T) {
	for _, test := range []struct {
		name string
		peer peer
		more []string
	}{
		{"Go", standard{}, nil},
		{"OpenSSL", openssl{}, nil},
		{"OpenSSL/cookie", openssl{}, []string{"-stateless"}},
		{"GnuTLS", gnutls{}, nil},
		{"NSS", nss{}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			const wanted = stdtls.CurveP384
			address, say, hear := test.peer.serve(t, setup{
				version: stdtls.VersionTLS13, groups: []stdtls.CurveID{wanted},
				id: identities()["P-256"], more: test.more,
			})
			config := clientConfig(stdtls.VersionTLS13)
			config.CurvePreferences = []stdtls.CurveID{stdtls.X25519, wanted}
			conn := dial(t, address, config)
			converse(t, conn, say, hear)
			checkRetried(t, conn.ConnectionState(), wanted)
		})
	}
}

// TestRetryClient wants another group than the one that clients of others sent a
// key share for.
func TestRetryClient(t *testing.T) {
	for _, test := range []struct {
		name  string
		peer  peer
		first stdtls.CurveID
		more  []string
	}{
		{"Go", standard{}, stdtls.X25519, nil},
		{"OpenSSL", openssl{}, stdtls.X25519, nil},
		{"OpenSSL/no middlebox", openssl{}, stdtls.CurveP521, []string{"-no_middlebox"}},
		{"GnuTLS", gnutls{}, stdtls.X25519, []string{"--single-key-share"}},
		{"NSS", nss{}, stdtls.X25519, nil},
		{"NSS/middlebox", nss{}, stdtls.CurveP256, []string{"-e"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			const wanted = stdtls.CurveP384
			config := serverConfig(stdtls.VersionTLS13, identities()["P-256"])
			config.CurvePreferences = []stdtls.CurveID{wanted}
			server := serve(t, config, nil)
			test.peer.connect(t, setup{
				version: stdtls.VersionTLS13, groups: []stdtls.CurveID{test.first, wanted}, more: test.more,
			}, server.address)
			checkRetried(t, server.next(t).state, wanted)
		})
	}
}

func checkRetried(t *testing.T, state stdtls.ConnectionState, wanted stdtls.CurveID) {
	t.Helper()
	if !state.HelloRetryRequest || state.CurveID != wanted {
		t.Errorf("HelloRetryRequest %v, group %v; want true and %v", state.HelloRetryRequest, state.CurveID, wanted)
	}
}

// TestNoCommonGroup has nothing in common with the peer; both sides must say so.
func TestNoCommonGroup(t *testing.T) {
	t.Run("server", func(t *testing.T) {
		t.Parallel()
		p, address := openssl{}.server(t, setup{
			version: stdtls.VersionTLS13, groups: []stdtls.CurveID{stdtls.CurveP521}, id: identities()["P-256"],
		})
		config := clientConfig(stdtls.VersionTLS13)
		config.CurvePreferences = []stdtls.CurveID{stdtls.X25519}
		_, err := tryDial(t, address, config)
		wantError(t, err, "handshake failure")
		p.expect("no suitable key share")
	})
	t.Run("client", func(t *testing.T) {
		t.Parallel()
		config := serverConfig(stdtls.VersionTLS13, identities()["P-256"])
		config.CurvePreferences = []stdtls.CurveID{stdtls.CurveP521}
		server := serve(t, config, nil)
		p := openssl{}.client(t, setup{
			version: stdtls.VersionTLS13, groups: []stdtls.CurveID{stdtls.X25519},
		}, server.address)
		p.expect("alert handshake failure")
		if o := server.outcome(t); o.handshake == nil {
			t.Error("our handshake succeeded")
		}
	})
}
