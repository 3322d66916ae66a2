package main

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// schemesConfig is what the flags say of signature schemes.
type schemesConfig struct {
	verifyPrefs     []iana.SignatureScheme // the only ones that are accepted
	expectPeerPrefs []iana.SignatureScheme // what the peer has to accept

	sendLimit                  uint16
	permute, noNameAnswer      bool
	maxCertificate             int
	expectTypes                []byte  // of the client's certificate
	clientCAs, expectClientCAs *string // DER names in hexadecimal, with commas
}

var schemeFlags = flags{
	"verify-prefs":             numbers(func(c *config) *[]iana.SignatureScheme { return &c.verifyPrefs }),
	"expect-peer-verify-pref":  numbers(func(c *config) *[]iana.SignatureScheme { return &c.expectPeerPrefs }),
	"use-client-ca-list":       optional(func(c *config) **string { return &c.clientCAs }),
	"no-server-name-ack":       yes(func(c *config) *bool { return &c.noNameAnswer }),
	"max-cert-list":            number(func(c *config) *int { return &c.maxCertificate }),
	"expect-certificate-types": encoded(func(c *config) *[]byte { return &c.expectTypes }),
	"srtp-profiles":            {wants: true, set: func(*config, string) error { return nil }}, // use_srtp is for DTLS (RFC 5764)
	"permute-extensions":       yes(func(c *config) *bool { return &c.permute }),
	"max-send-fragment":        number(func(c *config) *uint16 { return &c.sendLimit }),
	"expect-verify-result":     {set: func(*config, string) error { return nil }}, // a chain that was not verified is in order
	"expect-client-ca-list":    optional(func(c *config) **string { return &c.expectClientCAs }),
}

// optional is a flag that counts even if it is empty.
func optional(at func(*config) **string) flag {
	return flag{wants: true, set: func(c *config, v string) error { *at(c) = &v; return nil }}
}

// authorities gives the names that a server asks for.
func (c *config) authorities() ([][]byte, error) {
	if c.clientCAs == nil || strings.HasPrefix(*c.clientCAs, "<") { // "<NULL>", "<EMPTY>"
		return nil, nil
	}
	return derNames(*c.clientCAs)
}

func derNames(list string) (names [][]byte, err error) {
	for name := range strings.SplitSeq(list, ",") {
		der, err := hex.DecodeString(name)
		if err != nil {
			return nil, err
		}
		names = append(names, der)
	}
	return names, nil
}

// signOnly are what the runner expects to be signed with: more than is accepted,
// and whatever flags say of that.
var signOnly = append([]iana.SignatureScheme{
	iana.ECDSASHA1, iana.ECDSASecp521r1SHA512, iana.Ed25519, iana.MLDSA44, iana.MLDSA65, iana.MLDSA87,
}, schemes...)

// checkPeerPrefs compares what the peer says it can verify.
func (c *config) checkPeerPrefs(a *handshake.Ask) error {
	if c.expectClientCAs != nil {
		want, err := derNames(*c.expectClientCAs)
		if err != nil || a.Request == nil || !slices.EqualFunc(want, a.Request.Authorities, bytes.Equal) {
			return errors.New("the server asks for other authorities")
		}
	}
	if c.expectTypes != nil {
		var got []byte
		for _, t := range a.Request.Types {
			got = append(got, byte(t))
		}
		if !bytes.Equal(got, c.expectTypes) {
			return fmt.Errorf("the server asks for the types %v, not %v", got, c.expectTypes)
		}
	}
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
