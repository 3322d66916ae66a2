package revocation

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/handsel-tls/handsel/internal/serve/certs"
)

// An authority issues certificates and says of them what a test wants.
type authority struct {
	t      *testing.T
	cert   *x509.Certificate
	key    crypto.Signer
	server *httptest.Server

	mu       sync.Mutex
	serial   int64
	down     bool
	asked    int
	template ocsp.Response // of responses; the zero value is a good one for an hour
	signer   *x509.Certificate
	signKey  crypto.Signer
	revoked  []x509.RevocationListEntry
	list     func(*x509.RevocationList) // changes lists
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t}
	a.key = newKey(t)
	a.cert = a.make(&x509.Certificate{
		Subject: pkix.Name{CommonName: "Test CA"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}, nil, a.key)
	a.server = httptest.NewServer(http.HandlerFunc(a.answer))
	t.Cleanup(a.server.Close)
	return a
}

func newKey(t *testing.T) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (a *authority) make(template, parent *x509.Certificate, key crypto.Signer) *x509.Certificate {
	a.t.Helper()
	a.serial++
	template.SerialNumber = big.NewInt(a.serial)
	template.NotBefore, template.NotAfter = time.Now().Add(-24*time.Hour), time.Now().Add(24*time.Hour)
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return cert
}

// issue makes a certificate for a name that says where its status is to be had.
func (a *authority) issue(name string, change func(*x509.Certificate)) *tls.Certificate {
	a.t.Helper()
	template := &x509.Certificate{DNSNames: []string{name}, OCSPServer: []string{a.server.URL + "/ocsp"}, CRLDistributionPoints: []string{a.server.URL + "/crl"}}
	if change != nil {
		change(template)
	}
	key := newKey(a.t)
	leaf := a.make(template, a.cert, key)
	return &tls.Certificate{Certificate: [][]byte{leaf.Raw, a.cert.Raw}, Leaf: leaf, PrivateKey: key}
}

func (a *authority) set(change func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	change()
}

func (a *authority) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.asked
}

func (a *authority) answer(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked++
	if a.down {
		http.Error(w, "down", http.StatusServiceUnavailable)
		return
	}
	if r.URL.Path == "/crl" {
		w.Write(a.crl())
		return
	}
	body, _ := io.ReadAll(r.Body)
	request, err := ocsp.ParseRequest(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Write(a.response(request.SerialNumber))
}

func (a *authority) response(serial *big.Int) []byte {
	template, by, key := a.template, a.cert, a.key
	template.SerialNumber, template.IssuerHash = serial, crypto.SHA1
	if template.ThisUpdate.IsZero() {
		template.ThisUpdate, template.NextUpdate = time.Now().Add(-time.Minute), time.Now().Add(time.Hour)
	}
	if a.signer != nil {
		by, key, template.Certificate = a.signer, a.signKey, a.signer
	}
	der, err := ocsp.CreateResponse(a.cert, by, template, key)
	if err != nil {
		a.t.Error(err)
	}
	return der
}

func (a *authority) crl() []byte {
	list := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: time.Now().Add(-time.Minute), NextUpdate: time.Now().Add(time.Hour), RevokedCertificateEntries: a.revoked}
	if a.list != nil {
		a.list(list)
	}
	der, err := x509.CreateRevocationList(rand.Reader, list, a.cert, a.key)
	if err != nil {
		a.t.Error(err)
	}
	return der
}

// newVault makes a vault in a database of its own.
func newVault(t *testing.T) *certs.Vault {
	t.Helper()
	dir := t.TempDir()
	db, err := certs.OpenDB(filepath.Join(dir, "db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	seal, err := certs.OpenSeal(filepath.Join(dir, "key"), "", false)
	if err != nil {
		t.Fatal(err)
	}
	store, err := certs.NewStore(db, seal, certs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	v, err := store.Vault("test")
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// A clock is one that tests turn.
type clock struct {
	mu  sync.Mutex
	off time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.off)
}

func (c *clock) turn(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.off += d
}
