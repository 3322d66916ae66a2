//go:build !peers_std

package peers

import (
	"context"
	stdtls "crypto/tls"
	"testing"

	"github.com/handsel-tls/handsel/tls"
)

// TestRequestCertificate has our server ask clients of others for a certificate
// after the handshake: in TLS 1.3 by RFC 9846, section 4.7.2, in TLS 1.2 by
// renegotiation.
func TestRequestCertificate(t *testing.T) {
	for _, test := range []struct {
		peer     peer
		versions []uint16
		more     string
	}{
		{openssl{}, bothVersions, "-enable_pha"},
		{gnutls{}, []uint16{stdtls.VersionTLS13}, "--post-handshake-auth"}, // gnutls-cli does not renegotiate by itself
		{nss{}, []uint16{stdtls.VersionTLS13}, "-E"},
	} {
		for _, version := range test.versions {
			t.Run(test.peer.name()+"/"+versionName(version), func(t *testing.T) {
				t.Parallel()
				config := serverConfig(version, identities()["P-256"])
				config.PostHandshakeAuth = true
				server := serve(t, config, func(conn *Conn) error {
					with := config.Clone()
					with.ClientAuth, with.ClientCAs = stdtls.RequireAndVerifyClientCert, root().pool
					if err := conn.RequestCertificate(context.Background(), with); err != nil {
						return err
					}
					return answerLines(conn)
				})
				id := clientIdentities()["P-256"]
				more := []string{test.more}
				if version == stdtls.VersionTLS12 {
					more = nil
				}
				test.peer.connect(t, setup{version: version, id: id, more: more}, server.address)
				o := server.next(t)
				if o.err != nil {
					t.Error(o.err)
				}
				if len(o.state.VerifiedChains) == 0 || !o.state.PeerCertificates[0].Equal(id.certificate.Leaf) {
					t.Error("the client's certificate is not in the state")
				}
			})
		}
	}
	t.Run("a client that does not allow it", func(t *testing.T) {
		t.Parallel()
		config := serverConfig(stdtls.VersionTLS13, identities()["P-256"])
		config.PostHandshakeAuth = true
		server := serve(t, config, func(conn *Conn) error {
			with := config.Clone()
			with.ClientAuth = stdtls.RequireAnyClientCert
			if err := conn.RequestCertificate(context.Background(), with); err != tls.ErrNoPostHandshakeAuth {
				t.Errorf("asked: %v", err)
			}
			return answerLines(conn)
		})
		openssl{}.connect(t, setup{version: stdtls.VersionTLS13}, server.address)
		server.next(t)
	})
}

// TestCertificateRequested has OpenSSL's server ask our client, by its command c.
func TestCertificateRequested(t *testing.T) {
	for _, shows := range []bool{true, false} {
		p, address := openssl{}.server(t, setup{
			version: stdtls.VersionTLS13, id: identities()["P-256"], more: []string{"-CAfile", root().file, "-msg"},
		})
		config := clientConfig(stdtls.VersionTLS13)
		config.PostHandshakeAuth = true
		if shows {
			config.Certificates = []stdtls.Certificate{clientIdentities()["RSA-2048"].certificate}
		}
		conn := dial(t, address, config)
		talkWith(t, p, conn, "before it\n")
		p.send("c\n")
		p.expect(`>>> TLS 1\.3, Handshake \[length [0-9a-f]+\], CertificateRequest`)
		talkWith(t, p, conn, "after it\n")
		if shows {
			p.expect(`<<< TLS 1\.3, Handshake \[length [0-9a-f]+\], CertificateVerify`)
		}
		p.expect(`<<< TLS 1\.3, Handshake \[length [0-9a-f]+\], Finished`)
		conn.Close()
	}
}
