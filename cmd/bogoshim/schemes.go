package main

import (
	"fmt"
	"slices"

	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// schemesConfig is what the flags say of signature schemes.
type schemesConfig struct {
	verifyPrefs     []iana.SignatureScheme // the only ones that are accepted
	expectPeerPrefs []iana.SignatureScheme // what the peer has to accept
}

var schemeFlags = flags{
	"verify-prefs":            numbers(func(c *config) *[]iana.SignatureScheme { return &c.verifyPrefs }),
	"expect-peer-verify-pref": numbers(func(c *config) *[]iana.SignatureScheme { return &c.expectPeerPrefs }),
}

// signOnly are what the runner expects to be signed with though it is accepted
// only if flags say so.
var signOnly = []iana.SignatureScheme{
	iana.ECDSASHA1, iana.RSAPKCS1SHA1, iana.ECDSASecp521r1SHA512, iana.Ed25519,
	iana.MLDSA44, iana.MLDSA65, iana.MLDSA87,
}

// checkPeerPrefs compares what the peer says it can verify.
func (c *config) checkPeerPrefs(a *handshake.Ask) error {
	if c.expectPeerPrefs == nil {
		return nil
	}
	var got []iana.SignatureScheme
	if a.Request != nil {
		got = a.Request.Schemes
	} else {
		got = a.Offer.Schemes.Values()
	}
	if !slices.Equal(got, c.expectPeerPrefs) {
		return fmt.Errorf("the peer accepts %v, not %v", got, c.expectPeerPrefs)
	}
	return nil
}
