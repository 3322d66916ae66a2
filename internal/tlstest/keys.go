package tlstest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"sync"

	"github.com/cloudflare/circl/sign/mldsa/mldsa44"
	"github.com/cloudflare/circl/sign/mldsa/mldsa65"
	"github.com/cloudflare/circl/sign/mldsa/mldsa87"

	"github.com/handsel-tls/handsel/internal/protocol/sign"
)

// OIDPSS is id-RSASSA-PSS (RFC 4055). The others are those of RFC 9881.
var (
	OIDPSS    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}
	oidsMLDSA = map[string]asn1.ObjectIdentifier{
		"ML-DSA-44": {2, 16, 840, 1, 101, 3, 4, 3, 17},
		"ML-DSA-65": {2, 16, 840, 1, 101, 3, 4, 3, 18},
		"ML-DSA-87": {2, 16, 840, 1, 101, 3, 4, 3, 19},
	}
)

// UncommonKeyTypes are the kinds of keys of UncommonCredentials.
var UncommonKeyTypes = []string{"RSA-PSS", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87"}

// UncommonCredentials gives credentials as Credentials does, of kinds of keys
// that crypto/x509 does not know.
var UncommonCredentials = sync.OnceValue(func() map[string]*sign.Credential {
	all := map[string]*sign.Credential{}
	for _, kind := range UncommonKeyTypes {
		alg, key, public := oidsMLDSA[kind], crypto.Signer(nil), []byte(nil)
		switch kind {
		case "RSA-PSS":
			k := NewKey("RSA-2048").(*rsa.PrivateKey)
			alg, key, public = OIDPSS, k, x509.MarshalPKCS1PublicKey(&k.PublicKey)
		case "ML-DSA-44":
			p, k, err := mldsa44.GenerateKey(rand.Reader)
			key, public = made(k, p.Bytes(), err)
		case "ML-DSA-65":
			p, k, err := mldsa65.GenerateKey(rand.Reader)
			key, public = made(k, p.Bytes(), err)
		case "ML-DSA-87":
			p, k, err := mldsa87.GenerateKey(rand.Reader)
			key, public = made(k, p.Bytes(), err)
		}
		chain := [][]byte{Root().Reissue(Credentials()["P-256"].Chain[0], alg, public)}
		c, err := sign.NewCredential(chain, nil, key, sign.Extra{})
		if err != nil {
			panic(err)
		}
		all[kind] = c
	}
	return all
})

func made(key crypto.Signer, public []byte, err error) (crypto.Signer, []byte) {
	if err != nil {
		panic(err)
	}
	return key, public
}

// tbs is a certificate before it is signed. RFC 5280, section 4.1.
type tbs struct {
	Version    int `asn1:"optional,explicit,default:0,tag:0"`
	Serial     asn1.RawValue
	Signature  asn1.RawValue
	Issuer     asn1.RawValue
	Validity   asn1.RawValue
	Subject    asn1.RawValue
	PublicKey  subjectPublicKey
	Extensions asn1.RawValue
}

type subjectPublicKey struct {
	Algorithm struct {
		Algorithm  asn1.ObjectIdentifier
		Parameters asn1.RawValue `asn1:"optional"`
	}
	Key asn1.BitString
}

// Reissue gives a certificate of the authority, whose key is on P-256, with
// another public key: its algorithm and its bits.
func (a *Authority) Reissue(der []byte, alg asn1.ObjectIdentifier, public []byte) []byte {
	return a.reissue(der, alg, nil, public)
}

// reissue is Reissue for algorithms with parameters, in DER.
func (a *Authority) reissue(der []byte, alg asn1.ObjectIdentifier, params, public []byte) []byte {
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	var parts struct {
		TBS                  asn1.RawValue
		Algorithm, Signature asn1.RawValue
	}
	var body struct {
		Version                                                 int `asn1:"optional,explicit,default:0,tag:0"`
		Serial, Signature, Issuer, Validity, Subject, Key, Exts asn1.RawValue
	}
	unmarshal(cert.Raw, &parts)
	unmarshal(cert.RawTBSCertificate, &body)
	next := tbs{Version: body.Version, Serial: body.Serial, Signature: body.Signature, Issuer: body.Issuer,
		Validity: body.Validity, Subject: body.Subject, Extensions: body.Exts}
	next.PublicKey.Algorithm.Algorithm = alg
	next.PublicKey.Algorithm.Parameters.FullBytes = params
	next.PublicKey.Key = asn1.BitString{Bytes: public, BitLength: 8 * len(public)}
	signed := marshal(next)
	sum := sha256.Sum256(signed)
	signature, err := ecdsa.SignASN1(rand.Reader, a.Key.(*ecdsa.PrivateKey), sum[:])
	if err != nil {
		panic(err)
	}
	return marshal(struct {
		TBS, Algorithm asn1.RawValue
		Signature      asn1.BitString
	}{asn1.RawValue{FullBytes: signed}, parts.Algorithm, asn1.BitString{Bytes: signature, BitLength: 8 * len(signature)}})
}

func unmarshal(der []byte, v any) {
	if _, err := asn1.Unmarshal(der, v); err != nil {
		panic(err)
	}
}

func marshal(v any) []byte {
	der, err := asn1.Marshal(v)
	if err != nil {
		panic(err)
	}
	return der
}
