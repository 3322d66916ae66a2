package sign

import (
	"crypto"
	//lint:ignore SA1019 certificates of DSA keys (DHE_DSS) have no other package
	"crypto/dsa"
	"encoding/asn1"
	"errors"
	"io"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// A DSAPublicKey is a key of the suites of DHE_DSS. crypto/x509 parses such
// keys; that it verifies no certificate signed with one is no loss.
type DSAPublicKey struct{ dsa.PublicKey }

// Equal reports whether the other key is the same.
func (k *DSAPublicKey) Equal(other crypto.PublicKey) bool {
	o, ok := other.(*DSAPublicKey)
	return ok && k.Y.Cmp(o.Y) == 0 && k.P.Cmp(o.P) == 0 && k.Q.Cmp(o.Q) == 0 && k.G.Cmp(o.G) == 0
}

// maxDSA is the length in bits of the longest DSA key that is taken: the longest
// of FIPS 186-4.
const maxDSA = 3072

// verify checks a signature over a digest.
func (k *DSAPublicKey) verify(digest, signature []byte) bool {
	in := cryptobyte.String(signature)
	var pair cryptobyte.String
	r, s := new(big.Int), new(big.Int)
	if !in.ReadASN1(&pair, cbasn1.SEQUENCE) || !in.Empty() ||
		!pair.ReadASN1Integer(r) || !pair.ReadASN1Integer(s) || !pair.Empty() {
		return false
	}
	if k.P.BitLen() > maxDSA || k.Q.BitLen() > maxDSA {
		return false
	}
	return dsa.Verify(&k.PublicKey, leftmost(digest, k.Q), r, s)
}

// leftmost cuts a digest to the length of the group's order. FIPS 186-4, section
// 4.6.
func leftmost(digest []byte, q *big.Int) []byte {
	return digest[:min(len(digest), (q.BitLen()+7)/8)]
}

// A DSAPrivateKey signs as crypto.Signer wants it.
type DSAPrivateKey struct{ *dsa.PrivateKey }

// Public gives the public key.
func (k *DSAPrivateKey) Public() crypto.PublicKey { return &DSAPublicKey{k.PublicKey} }

// Sign signs a digest.
func (k *DSAPrivateKey) Sign(rand io.Reader, digest []byte, _ crypto.SignerOpts) ([]byte, error) {
	r, s, err := dsa.Sign(rand, k.PrivateKey, leftmost(digest, k.Q))
	if err != nil {
		return nil, err
	}
	return asn1.Marshal(struct{ R, S *big.Int }{r, s})
}

var oidDSA = asn1.ObjectIdentifier{1, 2, 840, 10040, 4, 1}

// parsePrivateDSA parses a key of PKCS #8: the private number in key, the group
// beside the algorithm. RFC 3279, section 2.3.2:
//
//	Dss-Parms ::= SEQUENCE { p INTEGER, q INTEGER, g INTEGER }
func parsePrivateDSA(params, key cryptobyte.String) (crypto.Signer, error) {
	k := new(dsa.PrivateKey)
	k.P, k.Q, k.G, k.X = new(big.Int), new(big.Int), new(big.Int), new(big.Int)
	var group cryptobyte.String
	if !params.ReadASN1(&group, cbasn1.SEQUENCE) || !group.ReadASN1Integer(k.P) || !group.ReadASN1Integer(k.Q) ||
		!group.ReadASN1Integer(k.G) || !key.ReadASN1Integer(k.X) || !key.Empty() {
		return nil, errDSA
	}
	if k.P.Sign() <= 0 || k.P.BitLen() > maxDSA || k.X.Sign() <= 0 || k.X.Cmp(k.P) >= 0 {
		return nil, errDSA
	}
	k.Y = new(big.Int).Exp(k.G, k.X, k.P)
	return &DSAPrivateKey{k}, nil
}

var errDSA = errors.New("the DSA key has not the form of one")
