//go:build !peers_std

package peers

import (
	"crypto"
	stdtls "crypto/tls"
	"crypto/x509"
	"net"
	"strings"
	"testing"

	"github.com/handsel-tls/handsel/tls"
)

// A rawKey is a key without a certificate, in memory and in files.
type rawKey struct {
	key        crypto.Signer
	hash       tls.PublicKeyHash
	file, pubs string // PEM: the key, and its public half
}

func newRawKey(name, kind string) rawKey {
	key := newKey(kind)
	return rawKey{
		key: key, hash: must(tls.HashPublicKey(key.Public())),
		file: writePEM(name+"-key.pem", "PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(key))),
		pubs: writePEM(name+"-pub.pem", "PUBLIC KEY", must(x509.MarshalPKIXPublicKey(key.Public()))),
	}
}

// rawPriority has GnuTLS show and accept raw public keys.
func rawPriority(version uint16) string {
	s := setup{version: version}
	return strings.Replace(gnutls{}.priority(s, ""), "+CTYPE-X509", "+CTYPE-CLI-RAWPK:+CTYPE-SRV-RAWPK", 1)
}

// TestRawPublicKeys has both sides show raw public keys (RFC 7250): GnuTLS knows
// how, which trusts any, and ours trusts the one it is told.
func TestRawPublicKeys(t *testing.T) {
	mine, others := newRawKey("raw-mine", "P-256"), newRawKey("raw-others", "RSA-2048")
	for _, version := range bothVersions {
		t.Run("from GnuTLS/"+versionName(version), func(t *testing.T) {
			t.Parallel()
			config := serverConfig(version)
			config.RawPublicKey, config.PeerPublicKeys = mine.key, []tls.PublicKeyHash{others.hash}
			config.ClientAuth = stdtls.RequireAndVerifyClientCert
			server := serve(t, config, nil)
			_, port, _ := net.SplitHostPort(server.address)
			p := start(t, "gnutls-cli", "-p", port, "--insecure", "--priority", rawPriority(version),
				"--rawpkkeyfile", others.file, "--rawpkfile", others.pubs, "127.0.0.1")
			conversation(t, p)
			if o := server.next(t); o.err != nil {
				t.Error(o.err)
			}
		})
		t.Run("to GnuTLS/"+versionName(version), func(t *testing.T) {
			t.Parallel()
			p, address := startServer(t, setup{}, `listening on IPv4.*done`, func(port string) []string {
				return []string{"gnutls-serv", "-p", port, "--echo", "--crlf", "--require-client-cert", "--priority", rawPriority(version),
					"--rawpkkeyfile", others.file, "--rawpkfile", others.pubs}
			})
			config := newConfig()
			config.PeerPublicKeys, config.RawPublicKey = []tls.PublicKeyHash{others.hash}, mine.key
			conn := dial(t, address, config)
			converse(t, conn, greeting, greeting)
			if conn.PeerPublicKey() == nil {
				t.Error("it was shown no raw public key")
			}
			conn.Close()
			p.expect(`Got 1 Raw public-key`)
			config = newConfig()
			config.PeerPublicKeys, config.InsecureSkipVerify = []tls.PublicKeyHash{mine.hash}, true
			_, err := tryDial(t, address, config)
			wantError(t, err, "raw public key is not one that is known")
		})
	}
}
