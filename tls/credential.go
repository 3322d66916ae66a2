package tls

import (
	"crypto"
	"crypto/ed25519"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"sync"
	"unsafe"
	"weak"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
)

// credentials holds what was worked out from a Certificate for as long as that
// is in use, so that a handshake finds its messages ready.
var credentials sync.Map // of weak.Pointer[Certificate] to cached

type cached struct {
	leaf, staple *byte // of which bytes it was made
	key          any   // what tells the key from others
	credential   *sign.Credential
}

// credentialOf gives the credential of a certificate.
func credentialOf(cert *Certificate) (*sign.Credential, error) {
	if cert == nil || len(cert.Certificate) == 0 {
		return nil, errNoCertificates
	}
	id := weak.Make(cert)
	leaf, staple := unsafe.SliceData(cert.Certificate[0]), unsafe.SliceData(cert.OCSPStaple)
	found, ok := credentials.Load(id)
	if ok {
		if c := found.(cached); c.leaf == leaf && c.staple == staple && c.key == identity(cert.PrivateKey) {
			return c.credential, nil
		}
	}
	cred, err := newCredential(cert)
	if err != nil {
		return nil, err
	}
	credentials.Store(id, cached{leaf, staple, identity(cert.PrivateKey), cred})
	if !ok {
		runtime.AddCleanup(cert, func(id weak.Pointer[Certificate]) { credentials.Delete(id) }, id)
	}
	return cred, nil
}

// identity gives something comparable that tells a key from another, nil if its
// type has nothing of the kind: an ed25519.PrivateKey is a slice.
func identity(key crypto.PrivateKey) any {
	if k, ok := key.(ed25519.PrivateKey); ok {
		return unsafe.SliceData(k)
	}
	if t := reflect.TypeOf(key); t == nil || !t.Comparable() {
		return nil
	}
	return key
}

func newCredential(cert *Certificate) (*sign.Credential, error) {
	key, ok := cert.PrivateKey.(crypto.Signer)
	if !ok {
		return nil, errors.New("tls: certificate private key does not implement crypto.Signer")
	}
	extra := sign.Extra{OCSPStaple: cert.OCSPStaple, SCTs: cert.SignedCertificateTimestamps}
	for _, s := range cert.SupportedSignatureAlgorithms {
		extra.Schemes = append(extra.Schemes, iana.SignatureScheme(s))
	}
	c, err := sign.NewCredential(cert.Certificate, cert.Leaf, key, extra)
	if err != nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	return c, nil
}
