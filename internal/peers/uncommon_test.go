//go:build !peers_std

package peers

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"os"
	"sync"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/handsel-tls/handsel/internal/tlstest"
	"github.com/handsel-tls/handsel/tls"
)

// pssIdentity is a certificate whose key is for RSASSA-PSS only.
var pssIdentity = sync.OnceValue(func() *identity {
	id := root().issue("server-RSA-PSS", "RSA-2048", host)
	key := id.certificate.PrivateKey.(*rsa.PrivateKey)
	a := tlstest.Authority{Cert: root().cert, Key: root().key}
	der := a.Reissue(id.certificate.Certificate[0], tlstest.OIDPSS, x509.MarshalPKCS1PublicKey(&key.PublicKey))
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(0)
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(tlstest.OIDPSS) })
		b.AddASN1OctetString(x509.MarshalPKCS1PrivateKey(key))
	})
	for file, block := range map[string]*pem.Block{
		id.certFile: {Type: "CERTIFICATE", Bytes: der}, id.keyFile: {Type: "PRIVATE KEY", Bytes: b.BytesOrPanic()},
	} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			panic(err)
		}
	}
	id.certificate = must(tls.LoadX509KeyPair(id.certFile, id.keyFile))
	return id
})

// TestPSSKeys signs with keys of id-RSASSA-PSS and verifies what others sign
// with them (rsa_pss_pss_sha256; RFC 9846, section 4.3.3).
func TestPSSKeys(t *testing.T) {
	const first, last = 0x0809, 0x080b // rsa_pss_pss_sha256, rsa_pss_pss_sha512
	for _, version := range bothVersions {
		for _, p := range []peer{openssl{}, gnutls{}} {
			t.Run(p.name()+"/"+versionName(version), func(t *testing.T) {
				t.Parallel()
				id := pssIdentity()
				address, say, hear := p.serve(t, setup{version: version, id: id})
				config := clientConfig(version)
				config.OnHandshake = func(*tls.Record) {}
				conn := dial(t, address, config)
				converse(t, conn, say, hear)
				if got := conn.Record().SignatureScheme; got < first || got > last {
					t.Errorf("the server signed with %v", got)
				}
				p.connect(t, setup{version: version}, serve(t, serverConfig(version, id), nil).address)
			})
		}
	}
}
