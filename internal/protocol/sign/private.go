package sign

import (
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"

	"github.com/cloudflare/circl/sign/mldsa/mldsa44"
	"github.com/cloudflare/circl/sign/mldsa/mldsa65"
	"github.com/cloudflare/circl/sign/mldsa/mldsa87"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// ParsePrivateKey parses a private key in PKCS #8 (RFC 5958). Beside what
// crypto/x509 knows it takes keys of id-RSASSA-PSS, which become an
// *rsa.PrivateKey, of ML-DSA (RFC 9881), and of DSA.
func ParsePrivateKey(der []byte) (crypto.Signer, error) {
	if alg, params, key, ok := splitPrivateKey(der); ok {
		switch {
		case alg.Equal(oidPSS):
			return parsePrivatePSS(key)
		case alg.Equal(oidMLDSA44), alg.Equal(oidMLDSA65), alg.Equal(oidMLDSA87):
			return parsePrivateMLDSA(alg, key)
		case alg.Equal(oidDSA):
			return parsePrivateDSA(params, key)
		}
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, err
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("%T cannot sign", key)
	}
	return signer, nil
}

// splitPrivateKey takes the beginning of a PKCS #8 key apart. RFC 5958, section
// 2:
//
//	OneAsymmetricKey ::= SEQUENCE {
//	    version              Version,
//	    privateKeyAlgorithm  AlgorithmIdentifier,
//	    privateKey           OCTET STRING, ... }
func splitPrivateKey(der []byte) (alg asn1.ObjectIdentifier, params, key cryptobyte.String, ok bool) {
	in := cryptobyte.String(der)
	var info, id cryptobyte.String
	var version int
	ok = in.ReadASN1(&info, cbasn1.SEQUENCE) && in.Empty() && info.ReadASN1Integer(&version) &&
		info.ReadASN1(&id, cbasn1.SEQUENCE) && id.ReadASN1ObjectIdentifier(&alg) && info.ReadASN1(&key, cbasn1.OCTET_STRING)
	return alg, id, key, ok
}

// parsePrivatePSS parses an RSA key that is for RSASSA-PSS. What its parameters
// allow is in the certificate as well, and taken from there.
func parsePrivatePSS(key []byte) (crypto.Signer, error) {
	k, err := x509.ParsePKCS1PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return k, nil
}

// parsePrivateMLDSA parses the key by its seed, or expanded. RFC 9881, section
// 6:
//
//	CHOICE {
//	    seed         [0] OCTET STRING (SIZE (32)),
//	    expandedKey  OCTET STRING,
//	    both         SEQUENCE { seed OCTET STRING (SIZE (32)), expandedKey OCTET STRING } }
func parsePrivateMLDSA(alg asn1.ObjectIdentifier, key cryptobyte.String) (crypto.Signer, error) {
	var value, seed cryptobyte.String
	var tag cbasn1.Tag
	if key.ReadAnyASN1(&value, &tag) && key.Empty() {
		switch {
		case tag == cbasn1.Tag(0).ContextSpecific():
			return mldsaFromSeed(alg, value)
		case tag == cbasn1.OCTET_STRING:
			return mldsaExpanded(alg, value)
		case tag == cbasn1.SEQUENCE && value.ReadASN1(&seed, cbasn1.OCTET_STRING):
			return mldsaFromSeed(alg, seed)
		}
	}
	return nil, errors.New("the ML-DSA key has not the form of one")
}

func mldsaFromSeed(alg asn1.ObjectIdentifier, seed []byte) (crypto.Signer, error) {
	if len(seed) != mldsa44.SeedSize {
		return nil, fmt.Errorf("the ML-DSA key has a seed of %d bytes, not %d", len(seed), mldsa44.SeedSize)
	}
	fixed := [mldsa44.SeedSize]byte(seed)
	switch {
	case alg.Equal(oidMLDSA44):
		_, k := mldsa44.NewKeyFromSeed(&fixed)
		return k, nil
	case alg.Equal(oidMLDSA65):
		_, k := mldsa65.NewKeyFromSeed(&fixed)
		return k, nil
	}
	_, k := mldsa87.NewKeyFromSeed(&fixed)
	return k, nil
}

func mldsaExpanded(alg asn1.ObjectIdentifier, b []byte) (crypto.Signer, error) {
	var key interface {
		crypto.Signer
		UnmarshalBinary([]byte) error
	} = new(mldsa87.PrivateKey)
	switch {
	case alg.Equal(oidMLDSA44):
		key = new(mldsa44.PrivateKey)
	case alg.Equal(oidMLDSA65):
		key = new(mldsa65.PrivateKey)
	}
	if err := key.UnmarshalBinary(b); err != nil {
		return nil, err
	}
	return key, nil
}

// MarshalPrivateKey writes a key in PKCS #8, so that ParsePrivateKey reads it.
func MarshalPrivateKey(key crypto.Signer) ([]byte, error) {
	k, ok := key.(interface {
		crypto.Signer
		Seed() []byte
		MarshalBinary() ([]byte, error)
	})
	if !ok {
		return x509.MarshalPKCS8PrivateKey(key)
	}
	alg, ok := map[Kind]asn1.ObjectIdentifier{MLDSA44: oidMLDSA44, MLDSA65: oidMLDSA65, MLDSA87: oidMLDSA87}[KindOf(k.Public())]
	if !ok {
		return nil, fmt.Errorf("keys of type %T are not implemented", key)
	}
	tag, value := cbasn1.Tag(0).ContextSpecific(), k.Seed()
	if value == nil {
		var err error
		if value, err = k.MarshalBinary(); err != nil {
			return nil, err
		}
		tag = cbasn1.OCTET_STRING
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(0)
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(alg) })
		b.AddASN1(cbasn1.OCTET_STRING, func(b *cryptobyte.Builder) {
			b.AddASN1(tag, func(b *cryptobyte.Builder) { b.AddBytes(value) })
		})
	})
	return b.Bytes()
}
