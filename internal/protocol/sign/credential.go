package sign

import (
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/handsel-tls/handsel/internal/protocol/compress"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// A Credential is a certificate with its chain and the key to it. What goes
// with it into messages is encoded once. It is not changed after it was made.
type Credential struct {
	Chain      [][]byte          // DER, the leaf first
	Leaf       *x509.Certificate // nil: a raw public key, see NewRawCredential
	Key        crypto.Signer
	OCSPStaple []byte
	SCTs       [][]byte

	// MatchIssuer keeps the credential for peers that ask for one of Issuers,
	// the DER names of those who issued the certificates of the chain.
	MatchIssuer bool
	Issuers     [][]byte

	Delegated *Delegation // in place of the leaf's key; nil: the leaf's own signs

	raw       bool             // there is a raw public key and no certificate
	public    crypto.PublicKey // of the leaf: it says more than the key what it may be used for
	schemes13 []iana.SignatureScheme
	schemes12 []iana.SignatureScheme
	list12    []byte
	list13    [4][]byte // by what goes with the leaf: staple 1, SCTs 2

	mu         sync.Mutex
	signed     []iana.SignatureScheme  // SignedWith, once it was asked for
	compressed map[compressedAs][]byte // bodies of Certificate messages; nil: it is not worth it
	uses       int                     // that could have been compressed
}

// Extra is what may go with a certificate.
type Extra struct {
	OCSPStaple []byte                 // DER
	SCTs       [][]byte               // serialized
	Schemes    []iana.SignatureScheme // the only ones the key may be used with; nil: all

	MatchIssuer bool // only for peers that ask for one of its issuers
}

// NewCredential puts a chain, the leaf first, and its key together. The error
// says what does not fit. leaf may be nil; it is parsed then.
func NewCredential(chain [][]byte, leaf *x509.Certificate, key crypto.Signer, extra Extra) (*Credential, error) {
	if len(chain) == 0 {
		return nil, errors.New("the chain holds no certificate")
	}
	if leaf == nil {
		var err error
		if leaf, err = x509.ParseCertificate(chain[0]); err != nil {
			return nil, fmt.Errorf("the certificate cannot be parsed: %w", err)
		}
	}
	if key == nil {
		return nil, fmt.Errorf("there is no key for the certificate of %s", leaf.Subject)
	}
	public := PublicKey(leaf)
	same, ok := public.(interface{ Equal(crypto.PublicKey) bool })
	if !ok || KindOf(public) == 0 {
		return nil, fmt.Errorf("keys of type %T are not implemented", key)
	}
	if !same.Equal(key.Public()) {
		return nil, fmt.Errorf("the key is not that of the certificate of %s", leaf.Subject)
	}
	c := &Credential{Chain: chain, Leaf: leaf, Key: key, OCSPStaple: extra.OCSPStaple, SCTs: extra.SCTs, public: public}
	if c.MatchIssuer = extra.MatchIssuer; c.MatchIssuer {
		c.Issuers = issuers(chain)
	}
	c.schemes13 = restrict(SchemesFor(public, iana.TLS13), extra.Schemes)
	c.schemes12 = restrict(SchemesFor(public, iana.TLS12), extra.Schemes)
	c.encode()
	return c, nil
}

// SignedWith gives the schemes with which the certificates of the chain are
// signed, but for roots and for what is no scheme of TLS.
func (c *Credential) SignedWith() (schemes []iana.SignatureScheme) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.signed != nil {
		return c.signed
	}
	defer func() { c.signed = append([]iana.SignatureScheme{}, schemes...) }()
	for _, der := range c.Chain {
		cert, err := x509.ParseCertificate(der)
		if err != nil || string(cert.RawIssuer) == string(cert.RawSubject) {
			continue
		}
		if s := signatures[cert.SignatureAlgorithm]; s != 0 && !slices.Contains(schemes, s) {
			schemes = append(schemes, s)
		}
	}
	return schemes
}

// signatures are the schemes of signatures in certificates. ECDSA is named after
// its hash, as TLS 1.2 does: the curve is that of the issuer.
var signatures = map[x509.SignatureAlgorithm]iana.SignatureScheme{
	x509.SHA1WithRSA: iana.RSAPKCS1SHA1, x509.ECDSAWithSHA1: iana.ECDSASHA1,
	x509.SHA256WithRSA: iana.RSAPKCS1SHA256, x509.SHA384WithRSA: iana.RSAPKCS1SHA384, x509.SHA512WithRSA: iana.RSAPKCS1SHA512,
	x509.SHA256WithRSAPSS: iana.RSAPSSRSAESHA256, x509.SHA384WithRSAPSS: iana.RSAPSSRSAESHA384, x509.SHA512WithRSAPSS: iana.RSAPSSRSAESHA512,
	x509.ECDSAWithSHA256: iana.ECDSASecp256r1SHA256, x509.ECDSAWithSHA384: iana.ECDSASecp384r1SHA384,
	x509.ECDSAWithSHA512: iana.ECDSASecp521r1SHA512, x509.PureEd25519: iana.Ed25519,
}

// issuers gives the DER names of those who issued the certificates.
func issuers(chain [][]byte) (names [][]byte) {
	for _, der := range chain {
		if cert, err := x509.ParseCertificate(der); err == nil {
			names = append(names, cert.RawIssuer)
		}
	}
	return names
}

// NewRawCredential makes a credential of a key without a certificate: a raw
// public key (RFC 7250). Its only "certificate" is the SubjectPublicKeyInfo, and
// Leaf is nil.
func NewRawCredential(key crypto.Signer, extra Extra) (*Credential, error) {
	if KindOf(key.Public()) == 0 {
		return nil, fmt.Errorf("keys of type %T are not implemented", key)
	}
	spki, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return nil, err
	}
	c := &Credential{Chain: [][]byte{spki}, Key: key, public: key.Public(), raw: true}
	c.schemes13 = restrict(SchemesFor(c.public, iana.TLS13), extra.Schemes)
	c.schemes12 = restrict(SchemesFor(c.public, iana.TLS12), extra.Schemes)
	c.encode()
	c.list12 = append([]byte{byte(len(spki) >> 16), byte(len(spki) >> 8), byte(len(spki))}, spki...)
	return c, nil
}

// Type gives the form of the certificate.
func (c *Credential) Type() iana.CertificateType {
	if c.raw {
		return iana.CertRawPublicKey
	}
	return iana.CertX509
}

// Usage gives the keyUsage of the certificate, 0 if it has none.
func (c *Credential) Usage() x509.KeyUsage {
	if c.raw {
		return 0
	}
	return c.Leaf.KeyUsage
}

// restrict gives the schemes that are in only, in its order, which is the
// program's.
func restrict(schemes, only []iana.SignatureScheme) []iana.SignatureScheme {
	if only == nil {
		return schemes
	}
	var ids []iana.SignatureScheme
	for _, s := range only {
		if slices.Contains(schemes, s) && !slices.Contains(ids, s) {
			ids = append(ids, s)
		}
	}
	return ids
}

func (c *Credential) encode() {
	c.list12 = wire.AppendList(nil, 3, 3, c.Chain)
	for with := range c.list13 {
		staple, scts := with&1 != 0 && c.OCSPStaple != nil, with&2 != 0 && len(c.SCTs) > 0
		if !staple && with&1 != 0 || !scts && with&2 != 0 {
			continue
		}
		var exts wire.Extensions
		if staple {
			exts = wire.AppendOCSPStaple(exts, c.OCSPStaple)
		}
		if scts {
			exts = wire.AppendSCTs(exts, c.SCTs)
		}
		if c.Delegated != nil {
			exts = wire.AppendExtension(exts, iana.ExtDelegatedCredential, c.Delegated.raw)
		}
		var list []byte
		for i, der := range c.Chain {
			if i > 0 {
				exts = nil
			}
			list = wire.AppendCertificateEntry(list, der, exts)
		}
		n := len(list)
		c.list13[with] = append([]byte{byte(n >> 16), byte(n >> 8), byte(n)}, list...)
	}
}

// Kind gives the kind of the key.
func (c *Credential) Kind() Kind { return KindOf(c.public) }

// Public gives the public key of the certificate.
func (c *Credential) Public() crypto.PublicKey { return c.public }

// SchemesFor gives the schemes that the key can sign with in the version, in
// order of preference.
func (c *Credential) SchemesFor(v iana.Version) []iana.SignatureScheme {
	if v >= iana.TLS13 {
		return c.schemes13
	}
	return c.schemes12
}

// List12 gives what the Certificate message of TLS 1.2 holds: the
// certificate_list with its length, or the raw public key (RFC 7250, section 3).
func (c *Credential) List12() []byte { return c.list12 }

// List13 gives the certificate_list of TLS 1.3 with its length, and with the
// staple and the SCTs if they are wanted and there.
func (c *Credential) List13(staple, scts bool) []byte { return c.list13[c.with(staple, scts)] }

// with gives what goes with the leaf as list13 has it.
func (c *Credential) with(staple, scts bool) int {
	with := 0
	if staple && c.OCSPStaple != nil {
		with |= 1
	}
	if scts && len(c.SCTs) > 0 {
		with |= 2
	}
	return with
}

// compressedAs is a form of the Certificate message.
type compressedAs struct {
	id   iana.CertificateCompression
	with int
}

// Compressed13 gives the body of the Certificate of List13, with an empty
// context, made smaller, and its length before that. It gives nil if nothing is
// gained, and for the first uses: many credentials are used once, and making
// them smaller takes longer than sending them.
func (c *Credential) Compressed13(a *compress.Algorithm, uses int, staple, scts bool) (small []byte, length int) {
	as := compressedAs{a.ID, c.with(staple, scts)}
	length = 1 + len(c.list13[as.with])
	c.mu.Lock()
	defer c.mu.Unlock()
	small, done := c.compressed[as]
	if done {
		return small, length
	}
	if c.uses++; c.uses <= uses {
		return nil, length
	}
	small = a.Compress(append([]byte{0}, c.list13[as.with]...))
	if len(small) >= length && !a.Always {
		small = nil
	}
	if c.compressed == nil {
		c.compressed = map[compressedAs][]byte{}
	}
	c.compressed[as] = small
	return small, length
}
