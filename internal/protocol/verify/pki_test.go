package verify

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"testing"
	"time"
)

// now is when all of these tests take place.
var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// An authority, or a leaf, with its key.
type entity struct {
	*x509.Certificate
	key crypto.Signer
}

var serial int64

// issue makes a certificate, by itself if the issuer is nil. change is applied
// to the template.
func issue(t testing.TB, name string, issuer *entity, change func(*x509.Certificate)) *entity {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return issueFor(t, name, issuer, key, change)
}

func issueFor(t testing.TB, name string, issuer *entity, key crypto.Signer, change func(*x509.Certificate)) *entity {
	t.Helper()
	serial++
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(serial),
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             now.AddDate(0, -1, 0),
		NotAfter:              now.AddDate(0, 1, 0),
		BasicConstraintsValid: true,
	}
	change(template)
	if issuer == nil {
		issuer = &entity{template, key}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer.Certificate, key.Public(), issuer.key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &entity{cert, key}
}

func ca(c *x509.Certificate) {
	c.IsCA, c.KeyUsage = true, x509.KeyUsageCertSign
}

func leaf(c *x509.Certificate) {
	c.DNSNames = []string{"a.example", "*.b.example"}
	c.IPAddresses = []net.IP{net.IPv4(192, 0, 2, 1), net.ParseIP("2001:db8::1")}
	c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
}

// both applies one change after another.
func both(changes ...func(*x509.Certificate)) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		for _, change := range changes {
			change(c)
		}
	}
}

func expired(c *x509.Certificate) { c.NotAfter = now.AddDate(0, 0, -3) }

func future(c *x509.Certificate) { c.NotBefore = now.AddDate(0, 0, 2) }

func chain(entities ...*entity) [][]byte {
	var all [][]byte
	for _, e := range entities {
		all = append(all, e.Raw)
	}
	return all
}

func pool(entities ...*entity) *x509.CertPool {
	p := x509.NewCertPool()
	for _, e := range entities {
		p.AddCert(e.Certificate)
	}
	return p
}
