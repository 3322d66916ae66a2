package tlstest

import (
	"crypto"
	//lint:ignore SA1019 certificates of DSA keys (DHE_DSS) have no other package
	"crypto/dsa"
	"crypto/rand"
	"encoding/asn1"
	"math/big"

	"github.com/handsel-tls/handsel/internal/protocol/sign"
)

// newDSA makes a key of the length that the suites of DHE_DSS were used with.
func newDSA() (crypto.Signer, error) {
	k := new(dsa.PrivateKey)
	if err := dsa.GenerateParameters(&k.Parameters, rand.Reader, dsa.L1024N160); err != nil {
		return nil, err
	}
	return &sign.DSAPrivateKey{PrivateKey: k}, dsa.GenerateKey(k, rand.Reader)
}

// leafOf is Leaf for keys of DSA as well, for which crypto/x509 issues no
// certificates.
func leafOf(a *Authority, key crypto.Signer, names ...string) [][]byte {
	k, ok := key.Public().(*sign.DSAPublicKey)
	if !ok {
		return a.Leaf(key, names, nil)
	}
	group := marshal(struct{ P, Q, G *big.Int }{k.P, k.Q, k.G})
	other := a.Leaf(NewKey("P-256"), names, nil)[0]
	return [][]byte{a.reissue(other, asn1.ObjectIdentifier{1, 2, 840, 10040, 4, 1}, group, marshal(k.Y))}
}
