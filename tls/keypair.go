package tls

import (
	"encoding/pem"

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
