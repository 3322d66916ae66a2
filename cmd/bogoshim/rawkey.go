package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
)

// typesConfig is what the flags say of the forms of certificates.
type typesConfig struct {
	accepted, available []iana.CertificateType
	expect              *iana.CertificateType
	expectKey           []byte // SHA-256 of the peer's raw public key
}

var typeFlags = flags{
	"new-rpk-credential": {set: func(c *config, _ string) error {
		c.credentials = append(c.credentials, &credentialConfig{raw: true})
		return nil
	}},
	"accepted-peer-cert-types":    numbers(func(c *config) *[]iana.CertificateType { return &c.types.accepted }),
	"available-client-cert-types": numbers(func(c *config) *[]iana.CertificateType { return &c.types.available }),
	"expect-peer-certificate-type": {wants: true, set: func(c *config, v string) error {
		c.types.expect = new(iana.CertificateType)
		return number(func(c *config) *iana.CertificateType { return c.types.expect }).set(c, v)
	}},
	"expect-peer-rpk-sha256": encoded(func(c *config) *[]byte { return &c.types.expectKey }),
}

// own gives the forms that a client can show: those of the flag, or those of
// its credentials.
func (c *config) own() []iana.CertificateType {
	if c.types.available != nil {
		return c.types.available
	}
	var types []iana.CertificateType
	for _, one := range append(slices.Clone(c.credentials), &c.credential) {
		t := iana.CertX509
		if one.raw {
			t = iana.CertRawPublicKey
		}
		if one.keyFile != "" && !slices.Contains(types, t) {
			types = append(types, t)
		}
	}
	return types
}

// loadRaw gives the credential of a key alone.
func (c *credentialConfig) loadRaw() (*sign.Credential, error) {
	key, err := readKey(c.keyFile)
	if err != nil {
		return nil, err
	}
	return sign.NewRawCredential(key, sign.Extra{Schemes: c.prefs})
}

// verifyRaw compares the peer's raw public key with the one that is expected.
func (t *typesConfig) verifyRaw(p *handshake.PeerCertificates) error {
	if t.expectKey == nil {
		return nil
	}
	if got := sha256.Sum256(p.RawPublicKey); p.RawPublicKey == nil || !bytes.Equal(got[:], t.expectKey) {
		return errors.New("the raw public key is another")
	}
	return nil
}

// check compares the form of the peer's certificate.
func (t *typesConfig) check(e *handshake.Established) error {
	if t.expect != nil && e.PeerType != *t.expect && !e.Resumed {
		return fmt.Errorf("the peer's certificate is of the form %v, not %v", e.PeerType, *t.expect)
	}
	return nil
}
