package sign

import (
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// A Delegation is a delegated credential: a key of short life that the owner of
// a certificate has put in the place of the certificate's own. RFC 9345.
type Delegation struct {
	Public   crypto.PublicKey
	Scheme   iana.SignatureScheme // with which its key signs handshakes
	By       iana.SignatureScheme // with which the certificate's key signed it
	NotAfter time.Time

	raw []byte // the extension's body
}

// MaxDelegation is the longest time for which a delegated credential may still
// be valid when it is shown. RFC 9345, section 4.1.3.
const MaxDelegation = 7 * 24 * time.Hour

// oidDelegationUsage marks certificates that may delegate. RFC 9345, section
// 4.2.
var oidDelegationUsage = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 44363, 44}

// MayDelegate reports whether peers accept delegated credentials of the
// certificate. RFC 9345, section 4.2.
func MayDelegate(leaf *x509.Certificate) bool {
	return leaf.KeyUsage&x509.KeyUsageDigitalSignature != 0 && slices.ContainsFunc(leaf.Extensions, func(e pkix.Extension) bool {
		return e.Id.Equal(oidDelegationUsage) && !e.Critical
	})
}

// Delegates reports whether a delegated credential may be used with the scheme:
// one of TLS 1.3 that either side may sign with, and not with a key whose
// algorithm is rsaEncryption. RFC 9345, section 4.
func Delegates(id iana.SignatureScheme) bool {
	s := find(id)
	return s != nil && s.use&in13 != 0 && s.use&clientOnly == 0 && s.kind != RSA
}

// parseDelegation reads the extension's body and what goes with the certificate.
func parseDelegation(body []byte, leaf *x509.Certificate) (*Delegation, wire.DelegatedCredential, error) {
	d, err := wire.ParseDelegatedCredential(body)
	if err != nil {
		return nil, d, err
	}
	public, err := ParsePublicKey(d.PublicKey)
	if err != nil {
		return nil, d, fault.With(fault.DelegationInvalid, "its key cannot be parsed: %w", err)
	}
	out := &Delegation{
		Public: public, Scheme: d.VerifyScheme, By: d.Scheme, raw: body,
		NotAfter: leaf.NotBefore.Add(time.Duration(d.ValidTime) * time.Second),
	}
	if !Delegates(d.VerifyScheme) || !Fits(d.VerifyScheme, public, iana.TLS13) {
		return nil, d, fault.With(fault.DelegationInvalid, "%v with a key of type %T", d.VerifyScheme, public)
	}
	return out, d, nil
}

// VerifyDelegation reads what a peer shows as delegated_credential with its
// certificate, and checks it but for the schemes that this side accepts. body is
// not kept. RFC 9345, section 4.1.3.
func VerifyDelegation(body []byte, leaf *x509.Certificate, server bool, now time.Time) (*Delegation, error) {
	d, parsed, err := parseDelegation(slices.Clone(body), leaf)
	if err != nil {
		return nil, err
	}
	switch left := d.NotAfter.Sub(now); {
	case left < 0:
		return nil, fault.With(fault.DelegationInvalid, "it was valid until %s", d.NotAfter.UTC().Format(time.DateTime))
	case left > MaxDelegation:
		return nil, fault.With(fault.DelegationInvalid, "it is valid until %s, more than %v", d.NotAfter.UTC().Format(time.DateTime), MaxDelegation)
	case !MayDelegate(leaf):
		return nil, fault.With(fault.DelegationInvalid, "the certificate is not for delegation")
	}
	content := delegatedContent(server, leaf.Raw, parsed.Credential, d.By)
	if err := Verify(d.By, iana.TLS13, PublicKey(leaf), content, parsed.Signature); err != nil {
		return nil, fault.With(fault.DelegationInvalid, "%w", err)
	}
	return d, nil
}

// delegatedContent is what the certificate's key signs. RFC 9345, section 4.
func delegatedContent(server bool, leaf, credential []byte, by iana.SignatureScheme) []byte {
	b := make([]byte, 0, 64+34+len(leaf)+len(credential)+2)
	for range 64 {
		b = append(b, ' ')
	}
	if server {
		b = append(b, "TLS, server delegated credentials\x00"...)
	} else {
		b = append(b, "TLS, client delegated credentials\x00"...)
	}
	b = append(append(b, leaf...), credential...)
	return append(b, byte(by>>8), byte(by))
}

// Delegate makes the delegated credential of a key, to be valid until then, for
// use by a server or by a client. The credential's key signs it.
func (c *Credential) Delegate(rand io.Reader, public crypto.PublicKey, notAfter time.Time, server bool) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(SchemesFor(public, iana.TLS13), Delegates)
	valid := notAfter.Sub(c.Leaf.NotBefore) / time.Second
	switch {
	case i < 0:
		return nil, fmt.Errorf("keys of type %T cannot be delegated to", public)
	case len(c.schemes13) == 0 || !MayDelegate(c.Leaf):
		return nil, fmt.Errorf("the certificate of %s is not for delegation", c.Leaf.Subject)
	case valid <= 0 || valid > math.MaxUint32:
		return nil, errors.New("the delegated credential would end before the certificate begins")
	}
	d := wire.DelegatedCredential{
		ValidTime: uint32(valid), VerifyScheme: SchemesFor(public, iana.TLS13)[i], PublicKey: der, Scheme: c.schemes13[0],
	}
	d.Signature, err = Sign(d.Scheme, c.Key, rand, delegatedContent(server, c.Leaf.Raw, d.AppendCredential(nil), d.Scheme))
	return d.Append(nil)[4:], err // without the extension's type and length
}

// NewDelegated is NewCredential for a delegated credential of the chain's leaf
// and its key.
func NewDelegated(chain [][]byte, leaf *x509.Certificate, delegated []byte, key crypto.Signer, extra Extra) (*Credential, error) {
	if len(chain) == 0 || key == nil {
		return nil, errors.New("a delegated credential needs a certificate and a key")
	}
	if leaf == nil {
		var err error
		if leaf, err = x509.ParseCertificate(chain[0]); err != nil {
			return nil, fmt.Errorf("the certificate cannot be parsed: %w", err)
		}
	}
	d, _, err := parseDelegation(delegated, leaf)
	if err != nil {
		return nil, err
	}
	if same, ok := d.Public.(interface{ Equal(crypto.PublicKey) bool }); !ok || !same.Equal(key.Public()) {
		return nil, errDelegatedKey
	}
	c := &Credential{
		Chain: chain, Leaf: leaf, Key: key, OCSPStaple: extra.OCSPStaple, SCTs: extra.SCTs,
		Delegated: d, public: d.Public, schemes13: []iana.SignatureScheme{d.Scheme},
	}
	if c.MatchIssuer = extra.MatchIssuer; c.MatchIssuer {
		c.Issuers = issuers(chain)
	}
	c.encode()
	return c, nil
}

// errDelegatedKey says that a delegated credential is for another key.
var errDelegatedKey = fault.With(fault.DelegationInvalid, "the key is not that of the delegated credential")
