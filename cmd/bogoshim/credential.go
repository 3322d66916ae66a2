package main

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"

	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/psk"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// credentialConfig is what the flags say of a certificate and its key.
type credentialConfig struct {
	certFile, keyFile string
	prefs             []iana.SignatureScheme
	staple            []byte
	scts              []byte // a SignedCertificateTimestampList
	matchIssuer       bool
	raw               bool // a raw public key
	delegated         []byte
	psk               *psk.External // in place of all above
}

var credentialFlags = flags{
	"cert-file":     text(func(c *config) *string { return &c.current().certFile }),
	"key-file":      text(func(c *config) *string { return &c.current().keyFile }),
	"signing-prefs": numbers(func(c *config) *[]iana.SignatureScheme { return &c.current().prefs }),
	"new-x509-credential": {set: func(c *config, _ string) error {
		c.credentials = append(c.credentials, new(credentialConfig))
		return nil
	}},
	"new-delegated-credential": {set: func(c *config, _ string) error {
		c.credentials = append(c.credentials, new(credentialConfig))
		return nil
	}},
	"delegated-credential": encoded(func(c *config) *[]byte { return &c.current().delegated }),
	"must-match-issuer":    yes(func(c *config) *bool { return &c.current().matchIssuer }),
	"expect-selected-credential": {wants: true, set: func(c *config, v string) error {
		n, err := strconv.Atoi(v)
		c.expectCredential = &n
		return err
	}},
	"trust-cert": {wants: true, set: func(*config, string) error { return nil }}, // what is trusted is said by verify-fail
}

// current is the credential that the flags are about: the default one, or the
// last that was begun.
func (c *config) current() *credentialConfig {
	if n := len(c.credentials); n > 0 {
		return c.credentials[n-1]
	}
	return &c.credential
}

// load gives the credential, nil if there is none.
func (c *credentialConfig) load() (*sign.Credential, error) {
	if c.certFile == "" && c.keyFile == "" {
		return nil, nil
	}
	if c.raw {
		return c.loadRaw()
	}
	chain, err := readChain(c.certFile)
	if err != nil {
		return nil, err
	}
	key, err := readKey(c.keyFile)
	if err != nil {
		return nil, err
	}
	scts, err := readSCTs(c.scts)
	if err != nil {
		return nil, err
	}
	extra := sign.Extra{OCSPStaple: c.staple, SCTs: scts, Schemes: c.prefs, MatchIssuer: c.matchIssuer}
	if c.delegated != nil {
		return newDelegated(chain, c.delegated, key, extra)
	}
	return sign.NewCredential(chain, nil, key, extra)
}

// loadAll gives the credentials to choose from, the default one last, and their
// places among those that were begun, -1 for the default one.
func (c *config) loadAll() (list []*sign.Credential, places map[*sign.Credential]int, err error) {
	places = make(map[*sign.Credential]int)
	for i, one := range append(slices.Clone(c.credentials), &c.credential) {
		cred, err := one.load()
		if err != nil {
			return nil, nil, err
		}
		if cred != nil {
			list = append(list, cred)
			if places[cred] = i; i == len(c.credentials) {
				places[cred] = -1
			}
		}
	}
	return list, places, nil
}

// checkCredential compares the credential that was chosen: by its place among
// those that were begun, -1 for the default one.
func (x *conn) checkCredential(e *handshake.Established) error {
	want := x.config.expectCredential
	if want == nil {
		return nil
	}
	got := x.config.selectedPSK(e.PSK)
	if place, ok := x.host.candidates[e.Local]; ok {
		got = place
	}
	if got != *want {
		return fmt.Errorf("credential %d was chosen, not %d", got, *want)
	}
	return nil
}

// The runner's words for delegated credentials that cannot be used.
var (
	errDelegatedKey    = errors.New(":KEY_VALUES_MISMATCH: the delegated credential has another key")
	errDelegatedScheme = errors.New(":INVALID_SIGNATURE_ALGORITHM: the delegated credential has a scheme that is not for one")
)

func newDelegated(chain [][]byte, delegated []byte, key crypto.Signer, extra sign.Extra) (*sign.Credential, error) {
	d, err := wire.ParseDelegatedCredential(delegated)
	if err == nil && !sign.Delegates(d.VerifyScheme) {
		return nil, errDelegatedScheme
	}
	c, err := sign.NewDelegated(chain, nil, delegated, key, extra)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errDelegatedKey, err)
	}
	return c, nil
}

func readChain(name string) (chain [][]byte, err error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	for block, rest := pem.Decode(b); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			chain = append(chain, block.Bytes)
		}
	}
	return chain, nil
}

func readKey(name string) (crypto.Signer, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(b)
	if block == nil {
		return nil, errors.New(name + " holds no PEM block")
	}
	if key, err := x509.ParseECPrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	return sign.ParsePrivateKey(block.Bytes)
}
