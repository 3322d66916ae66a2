package sign

import (
	"crypto"
	//lint:ignore SA1019 certificates of DSA keys (DHE_DSS) have no other package
	"crypto/dsa"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	_ "crypto/sha256" // for crypto.Hash
	_ "crypto/sha512"
	"crypto/x509"
	"encoding/asn1"
	"fmt"

	_ "crypto/sha1"

	"github.com/cloudflare/circl/sign/mldsa/mldsa44"
	"github.com/cloudflare/circl/sign/mldsa/mldsa65"
	"github.com/cloudflare/circl/sign/mldsa/mldsa87"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// Kind is a kind of key.
type Kind uint8

const (
	RSA Kind = iota + 1
	ECDSA
	Ed25519
	RSAPSS // RSA for RSASSA-PSS only: id-RSASSA-PSS in the certificate
	MLDSA44
	MLDSA65
	MLDSA87
	DSA
)

func (k Kind) String() string {
	if int(k) < len(kinds) {
		return kinds[k]
	}
	return "unknown"
}

var kinds = [...]string{"unknown", "RSA", "ECDSA", "Ed25519", "RSA-PSS", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87", "DSA"}

// KindOf gives the kind of a public key, 0 if it is not implemented.
func KindOf(public crypto.PublicKey) Kind {
	switch public.(type) {
	case *rsa.PublicKey:
		return RSA
	case *ecdsa.PublicKey:
		return ECDSA
	case ed25519.PublicKey:
		return Ed25519
	case *PSSPublicKey:
		return RSAPSS
	case *mldsa44.PublicKey:
		return MLDSA44
	case *mldsa65.PublicKey:
		return MLDSA65
	case *mldsa87.PublicKey:
		return MLDSA87
	case *DSAPublicKey:
		return DSA
	}
	return 0
}

// Curves are the curves of ECDSA keys that Curve knows.
var Curves = []iana.Group{iana.Secp256r1, iana.Secp384r1, iana.Secp521r1}

// Curve gives the curve of an ECDSA key as a group of TLS, 0 for other keys and
// for curves that are none.
func Curve(public crypto.PublicKey) iana.Group {
	k, ok := public.(*ecdsa.PublicKey)
	if !ok {
		return 0
	}
	switch k.Curve {
	case elliptic.P256():
		return iana.Secp256r1
	case elliptic.P384():
		return iana.Secp384r1
	case elliptic.P521():
		return iana.Secp521r1
	}
	return 0
}

// A PSSPublicKey is an RSA key whose certificate names id-RSASSA-PSS: it is for
// the schemes rsa_pss_pss_* and no others. RFC 9846, section 4.3.3.
type PSSPublicKey struct {
	*rsa.PublicKey
	Hash crypto.Hash // the only one that the key's parameters allow; 0: any
}

// Equal reports whether the other key is the same, whatever it may be used for:
// a private key does not say that.
func (k *PSSPublicKey) Equal(other crypto.PublicKey) bool {
	if o, ok := other.(*PSSPublicKey); ok {
		other = o.PublicKey
	}
	return k.PublicKey.Equal(other)
}

// PublicKey gives the public key of a certificate, nil if its kind is not
// implemented. Those that crypto/x509 leaves out are parsed here: id-RSASSA-PSS
// (RFC 4055) and ML-DSA (RFC 9881).
func PublicKey(cert *x509.Certificate) crypto.PublicKey {
	if k, ok := cert.PublicKey.(*dsa.PublicKey); ok {
		return &DSAPublicKey{*k}
	}
	if cert.PublicKey != nil {
		return cert.PublicKey
	}
	public, err := ParsePublicKey(cert.RawSubjectPublicKeyInfo)
	if err != nil {
		return nil
	}
	return public
}

var (
	oidPSS     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}
	oidMGF1    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 8}
	oidMLDSA44 = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 3, 17}
	oidMLDSA65 = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 3, 18}
	oidMLDSA87 = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 3, 19}
)

// ParsePublicKey parses a SubjectPublicKeyInfo, DER.
func ParsePublicKey(der []byte) (crypto.PublicKey, error) {
	alg, params, key, err := splitPublicKey(der)
	if err != nil {
		return nil, err
	}
	switch {
	case alg.Equal(oidPSS):
		return parsePSS(params, key)
	case alg.Equal(oidMLDSA44):
		public := new(mldsa44.PublicKey)
		return public, public.UnmarshalBinary(key)
	case alg.Equal(oidMLDSA65):
		public := new(mldsa65.PublicKey)
		return public, public.UnmarshalBinary(key)
	case alg.Equal(oidMLDSA87):
		public := new(mldsa87.PublicKey)
		return public, public.UnmarshalBinary(key)
	}
	public, err := x509.ParsePKIXPublicKey(der)
	if k, ok := public.(*rsa.PublicKey); ok && k.N.BitLen() > maxRSA {
		return nil, fmt.Errorf("its RSA key has %d bits, and the longest that is taken %d", k.N.BitLen(), maxRSA)
	}
	return public, err
}

// splitPublicKey takes a SubjectPublicKeyInfo apart. RFC 5280, section 4.1:
//
//	SubjectPublicKeyInfo ::= SEQUENCE {
//	    algorithm         AlgorithmIdentifier,
//	    subjectPublicKey  BIT STRING }
func splitPublicKey(der []byte) (alg asn1.ObjectIdentifier, params cryptobyte.String, key []byte, err error) {
	in := cryptobyte.String(der)
	var info, id cryptobyte.String
	if !in.ReadASN1(&info, cbasn1.SEQUENCE) || !in.Empty() || !info.ReadASN1(&id, cbasn1.SEQUENCE) ||
		!id.ReadASN1ObjectIdentifier(&alg) || !info.ReadASN1BitStringAsBytes(&key) || !info.Empty() {
		return nil, nil, nil, fmt.Errorf("the public key of %d bytes has not the form of one", len(der))
	}
	return alg, id, key, nil
}

// parsePSS parses an RSA key with the parameters of RSASSA-PSS. RFC 4055,
// section 3.1:
//
//	RSASSA-PSS-params ::= SEQUENCE {
//	    hashAlgorithm     [0] HashAlgorithm     DEFAULT sha1Identifier,
//	    maskGenAlgorithm  [1] MaskGenAlgorithm  DEFAULT mgf1SHA1Identifier,
//	    saltLength        [2] INTEGER           DEFAULT 20,
//	    trailerField      [3] INTEGER           DEFAULT 1 }
func parsePSS(params cryptobyte.String, key []byte) (crypto.PublicKey, error) {
	public, err := x509.ParsePKCS1PublicKey(key)
	if err != nil || params.Empty() {
		return &PSSPublicKey{PublicKey: public}, err
	}
	var seq, hash, mask cryptobyte.String
	var hasHash, hasMask bool
	salt, trailer := 20, 1
	if !params.ReadASN1(&seq, cbasn1.SEQUENCE) || !params.Empty() ||
		!seq.ReadOptionalASN1(&hash, &hasHash, explicit(0)) || !seq.ReadOptionalASN1(&mask, &hasMask, explicit(1)) ||
		!seq.ReadOptionalASN1Integer(&salt, explicit(2), 20) || !seq.ReadOptionalASN1Integer(&trailer, explicit(3), 1) ||
		!seq.Empty() || trailer != 1 {
		return nil, errParameters
	}
	if !hasHash || !hasMask {
		return nil, fmt.Errorf("%w: SHA-1 is not used", errParameters)
	}
	h, err := readHash(hash)
	if err != nil {
		return nil, err
	}
	if g, err := readMask(mask); err != nil || g != h || salt > h.Size() {
		return nil, fmt.Errorf("%w: no scheme of TLS has them", errParameters)
	}
	return &PSSPublicKey{public, h}, nil
}

var errParameters = fmt.Errorf("the parameters of the RSASSA-PSS key cannot be used")

func explicit(n uint8) cbasn1.Tag { return cbasn1.Tag(n).Constructed().ContextSpecific() }

var hashes = []struct {
	oid  asn1.ObjectIdentifier
	hash crypto.Hash
}{
	{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}, crypto.SHA256},
	{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}, crypto.SHA384},
	{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}, crypto.SHA512},
}

func readHash(b cryptobyte.String) (crypto.Hash, error) {
	var id cryptobyte.String
	var oid asn1.ObjectIdentifier
	if b.ReadASN1(&id, cbasn1.SEQUENCE) && b.Empty() && id.ReadASN1ObjectIdentifier(&oid) {
		for _, h := range hashes {
			if h.oid.Equal(oid) {
				return h.hash, nil
			}
		}
	}
	return 0, errParameters
}

func readMask(b cryptobyte.String) (crypto.Hash, error) {
	var id cryptobyte.String
	var oid asn1.ObjectIdentifier
	if !b.ReadASN1(&id, cbasn1.SEQUENCE) || !b.Empty() || !id.ReadASN1ObjectIdentifier(&oid) || !oid.Equal(oidMGF1) {
		return 0, errParameters
	}
	return readHash(id)
}
