package admin

import (
	"crypto/x509"
)

// Leaf gives the certificate that a binding calls by a name, as clients see it.
func (e *Estate) Leaf(name string) (*x509.Certificate, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.ready(); err != nil {
		return nil, err
	}
	c, err := e.plan.Setup.Certificate(name)
	if err != nil {
		return nil, err
	}
	if c.Leaf != nil {
		return c.Leaf, nil
	}
	return x509.ParseCertificate(c.Certificate[0])
}
