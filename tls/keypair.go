package tls

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"slices"

	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
)

// uncommonKeyPair parses a pair whose key crypto/x509 does not know.
func uncommonKeyPair(certPEM, keyPEM []byte) (cert Certificate, ok bool) {
	for block, rest := pem.Decode(certPEM); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			cert.Certificate = append(cert.Certificate, block.Bytes)
		}
	}
	for block, rest := pem.Decode(keyPEM); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "PRIVATE KEY" {
			continue
		}
		key, err := sign.ParsePrivateKey(block.Bytes)
		if err != nil {
			return cert, false
		}
		c, err := sign.NewCredential(cert.Certificate, nil, key, sign.Extra{})
		if err != nil {
			return cert, false
		}
		cert.PrivateKey, cert.Leaf = key, c.Leaf
		return cert, true
	}
	return cert, false
}

// suits reports whether a server that has sent a request can do with a certificate:
// as SupportsCertificate says, but for the keys which that does not know.
func (h *host) suits(info *CertificateRequestInfo, r *handshake.CertificateRequest, cert *Certificate) bool {
	cred, err := credentialOf(cert)
	if err == nil {
		switch cred.Kind() {
		case sign.RSAPSS, sign.MLDSA44, sign.MLDSA65, sign.MLDSA87, sign.DSA:
			return issuedByOne(cert.Certificate, r.Authorities) && h.signsFor(r, cred)
		}
	}
	return info.SupportsCertificate(cert) == nil
}

// signsFor reports whether the key can sign what the server of a request can
// verify.
func (h *host) signsFor(r *handshake.CertificateRequest, cred *sign.Credential) bool {
	if len(r.Schemes) == 0 { // of TLS 1.1 and below
		return cred.Kind() == sign.DSA && slices.Contains(r.Types, iana.CertDSSSign)
	}
	p := h.config.prepare().server.Policy
	return slices.ContainsFunc(cred.SchemesFor(r.Version), func(s iana.SignatureScheme) bool {
		return p.Signs(s) && slices.Contains(r.Schemes, s)
	})
}

// issuedByOne reports whether one of the authorities has issued a certificate of
// the chain; all have if none is named.
func issuedByOne(chain, authorities [][]byte) bool {
	return len(authorities) == 0 || slices.ContainsFunc(chain, func(der []byte) bool {
		c, err := x509.ParseCertificate(der)
		return err == nil && slices.ContainsFunc(authorities, func(name []byte) bool { return bytes.Equal(name, c.RawIssuer) })
	})
}
