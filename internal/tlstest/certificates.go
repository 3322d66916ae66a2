package tlstest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"sync"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/sign"
)

// KeyTypes are the kinds of keys that NewKey makes.
var KeyTypes = []string{"P-256", "P-384", "P-521", "Ed25519", "RSA-2048"}

// NewKey makes a key. It panics if there is no randomness.
func NewKey(kind string) crypto.Signer {
	var key crypto.Signer
	var err error
	switch kind {
	case "P-256":
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "P-384":
		key, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "P-521":
		key, err = ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case "Ed25519":
		_, key, err = ed25519.GenerateKey(rand.Reader)
	case "RSA-2048":
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	case "DSA":
		key, err = newDSA()
	default:
		panic("tlstest: unknown kind of key " + kind)
	}
	if err != nil {
		panic(err)
	}
	return key
}

// An Authority issues certificates.
type Authority struct {
	Cert *x509.Certificate
	DER  []byte
	Key  crypto.Signer
}

// NewAuthority makes a root, or an authority below the issuer if there is one.
func NewAuthority(name string, issuer *Authority) *Authority {
	a := &Authority{Key: NewKey("P-256")}
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: name},
		NotBefore: Now.AddDate(-1, 0, 0), NotAfter: Now.AddDate(9, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	a.DER, a.Cert = issue(template, a.Key, issuer)
	return a
}

func serial() *big.Int {
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 100))
	if err != nil {
		panic(err)
	}
	return n
}

func issue(template *x509.Certificate, key crypto.Signer, issuer *Authority) ([]byte, *x509.Certificate) {
	parent, signer := template, key
	if issuer != nil {
		parent, signer = issuer.Cert, issuer.Key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		panic(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return der, cert
}

// Pool gives a pool with the authority in it.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.Cert)
	return pool
}

// Leaf issues a certificate for servers and clients. Names that are addresses
// become IP addresses in it. change may alter the certificate before it is
// signed.
func (a *Authority) Leaf(key crypto.Signer, names []string, change func(*x509.Certificate)) [][]byte {
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: names[0]},
		NotBefore: Now.AddDate(0, -1, 0), NotAfter: Now.AddDate(1, 0, 0),
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	for _, n := range names {
		if ip := net.ParseIP(n); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, n)
		}
	}
	if change != nil {
		change(template)
	}
	der, _ := issue(template, key, a)
	chain := [][]byte{der}
	if a.Cert.Issuer.String() != a.Cert.Subject.String() {
		chain = append(chain, a.DER)
	}
	return chain
}

// Root is an authority that the tests share.
var Root = sync.OnceValue(func() *Authority { return NewAuthority("Handsel test root", nil) })

// Credentials gives a credential for a.example, localhost and 127.0.0.1 of
// each kind of key. They are made once.
var Credentials = sync.OnceValue(func() map[string]*sign.Credential {
	all := map[string]*sign.Credential{}
	for _, kind := range append([]string{"DSA"}, KeyTypes...) {
		key := NewKey(kind)
		chain := leafOf(Root(), key, "a.example", "localhost", "127.0.0.1")
		c, err := sign.NewCredential(chain, nil, key, sign.Extra{})
		if err != nil {
			panic(err)
		}
		all[kind] = c
	}
	return all
})

// Days gives a duration.
func Days(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }
