package tls

import (
	"crypto"
	"crypto/rand"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/sign"
)

// A DelegatedCredential is a key of short life that stands in for that of a
// certificate (RFC 9345).
type DelegatedCredential struct {
	Certificate *Certificate  // its private key is not needed
	Credential  []byte        // as Delegate gives it
	PrivateKey  crypto.Signer // ECDSA or Ed25519
}

func (d *DelegatedCredential) credential() (*sign.Credential, error) {
	if d.Certificate == nil {
		return nil, errNoCertificates
	}
	extra := sign.Extra{OCSPStaple: d.Certificate.OCSPStaple, SCTs: d.Certificate.SignedCertificateTimestamps}
	return sign.NewDelegated(d.Certificate.Certificate, d.Certificate.Leaf, d.Credential, d.PrivateKey, extra)
}

// Delegate makes the delegated credential of a public key that may be used until
// notAfter, by servers or by clients. The certificate has to have the extension
// DelegationUsage (RFC 9345, section 4.2). Peers take delegated credentials that
// are valid for seven days more at most.
func Delegate(cert *Certificate, public crypto.PublicKey, notAfter time.Time, server bool) ([]byte, error) {
	c, err := newCredential(cert)
	if err != nil {
		return nil, err
	}
	return c.Delegate(rand.Reader, public, notAfter, server)
}
