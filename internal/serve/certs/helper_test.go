package certs

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// noon is what the clock of the tests shows.
var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return noon }

// issuer is a certificate with its key, for tests to issue others with.
type issuer struct {
	cert *x509.Certificate
	key  crypto.Signer
}

// issue makes a certificate. change may alter the template; a nil parent makes
// the certificate sign itself.
func issue(t testing.TB, parent *issuer, name string, key crypto.Signer, change func(*x509.Certificate)) *issuer {
	t.Helper()
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             noon.AddDate(0, -1, 0),
		NotAfter:              noon.AddDate(0, 2, 0),
		BasicConstraintsValid: true,
	}
	if strings.Contains(name, ".") {
		template.DNSNames = []string{name}
	} else {
		template.IsCA, template.KeyUsage = true, x509.KeyUsageCertSign
	}
	if change != nil {
		change(template)
	}
	if parent == nil {
		parent = &issuer{template, key}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent.cert, key.Public(), parent.key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &issuer{c, key}
}

func newEC(t testing.TB) crypto.Signer {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func newEd(t testing.TB) crypto.Signer {
	_, k, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// rsaKey is made once: it takes long.
var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

// family is a root, an intermediate and a server's certificate.
type family struct{ root, middle, leaf *issuer }

func newFamily(t testing.TB) family {
	root := issue(t, nil, "Root", newEC(t), nil)
	middle := issue(t, root, "Middle", newEC(t), nil)
	return family{root, middle, issue(t, middle, "www.example.com", newEC(t), nil)}
}

// options trust the root of the family.
func (f family) options() Options {
	pool := x509.NewCertPool()
	pool.AddCert(f.root.cert)
	return Options{Now: clock, Roots: pool}
}

func (f family) pair() *Pair {
	return &Pair{Chain: []*x509.Certificate{f.leaf.cert, f.middle.cert}, Key: f.leaf.key}
}

func pemCert(list ...*issuer) string {
	var b strings.Builder
	for _, i := range list {
		b.Write(certPEM(i.cert))
	}
	return b.String()
}

func pemBlock(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func pemKey(t testing.TB, key crypto.Signer) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pemBlock("PRIVATE KEY", der)
}

func write(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func noticeCodes(list []Notice) string {
	var codes []string
	for _, n := range list {
		codes = append(codes, string(n.Code))
	}
	return strings.Join(codes, " ")
}
