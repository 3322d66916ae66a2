package assemble

import (
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"

	"github.com/handsel-tls/handsel/internal/serve/bindings"
	"github.com/handsel-tls/handsel/tls"
)

// checkSSL2 finds the bindings of SSL 2.0 to which nothing can lead, and those whose
// key another binding uses for something newer: whoever has recorded that could
// decrypt it with this server's help (DROWN, CVE-2016-0800). It compares keys and
// not certificates, because a key may have several.
func (p *Plan) checkSSL2(list []bindings.Binding) (found []sharedKey) {
	old := func(b bindings.Binding) bool { return b.Settings.SSL2 }
	if !slices.ContainsFunc(list, old) {
		return nil
	}
	newer := map[[sha256.Size]byte]string{} // by key, the binding that uses it
	for _, b := range list {
		if b.Settings.SSL2 {
			continue
		}
		for _, name := range b.Settings.Certificates {
			if key, ok := p.keyOf(name); ok {
				newer[key] = b.Key.String()
			}
		}
		if raw := p.Setup.RawKeys[b.Settings.RawKey]; raw != nil {
			if key, err := tls.HashPublicKey(raw.Public()); err == nil {
				newer[key] = b.Key.String()
			}
		}
	}
	for _, b := range list {
		if !b.Settings.SSL2 {
			continue
		}
		if b.Key.Host() != "" {
			found = append(found, sharedKey{b.Key, errors.New("clients of SSL 2.0 send no name that could lead to this binding: bind an address and port, such as 0.0.0.0:443")})
		}
		for _, name := range b.Settings.Certificates {
			key, ok := p.keyOf(name)
			if other := newer[key]; ok && other != "" {
				found = append(found, sharedKey{b.Key, fmt.Errorf("certificate %q has a key that binding %s uses for newer versions, which SSL 2.0 would break (DROWN): give this binding a certificate with a key of its own", name, other)})
			}
		}
	}
	return found
}

// sharedKey is a binding of SSL 2.0 that is refused.
type sharedKey struct {
	key bindings.Key
	err error
}

// keyOf gives the hash of a certificate's public key.
func (p *Plan) keyOf(name string) (key [sha256.Size]byte, ok bool) {
	cert, err := p.Setup.Certificate(name)
	if err != nil || len(cert.Certificate) == 0 {
		return key, false
	}
	leaf := cert.Leaf
	if leaf == nil {
		if leaf, err = x509.ParseCertificate(cert.Certificate[0]); err != nil {
			return key, false
		}
	}
	return sha256.Sum256(leaf.RawSubjectPublicKeyInfo), true
}
