package peers

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	stdtls "crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"
)

// folder holds certificates, keys and databases for the time of the tests.
var folder string

func TestMain(m *testing.M) {
	os.Exit(withFolder(m.Run))
}

func withFolder(tests func() int) int {
	var err error
	if folder, err = os.MkdirTemp("", "peers"); err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	return tests()
}

// keyTypes are the kinds of certificates that the tests use.
var keyTypes = []string{"RSA-2048", "P-256", "P-384", "P-521", "Ed25519"}

// host is the name that servers have certificates for.
const host = "localhost"

// An identity is a certificate with its key, in memory and in files.
type identity struct {
	kind        string // of keyTypes
	certificate stdtls.Certificate
	certFile    string // PEM
	keyFile     string // PEM, PKCS #8
	nickname    string // in the database of NSS
}

// An authority issues certificates.
type authority struct {
	cert   *x509.Certificate
	key    crypto.Signer
	pool   *x509.CertPool
	file   string // PEM
	serial int64
	mu     sync.Mutex
}

// must is for what cannot fail unless the machine is broken.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func newKey(kind string) crypto.Signer {
	switch kind {
	case "RSA-2048":
		return must(rsa.GenerateKey(rand.Reader, 2048))
	case "RSA-1024":
		return must(rsa.GenerateKey(rand.Reader, 1024))
	case "P-256":
		return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	case "P-384":
		return must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
	case "P-521":
		return must(ecdsa.GenerateKey(elliptic.P521(), rand.Reader))
	case "Ed25519":
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return must(key, err)
	}
	panic("unknown kind of key " + kind)
}

// newAuthority makes a root.
func newAuthority(name, kind string) *authority {
	a := &authority{key: newKey(kind), pool: x509.NewCertPool(), serial: 1}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(48 * time.Hour),
		IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature,
	}
	der := must(x509.CreateCertificate(rand.Reader, template, template, a.key.Public(), a.key))
	a.cert = must(x509.ParseCertificate(der))
	a.pool.AddCert(a.cert)
	a.file = writePEM(name+".pem", "CERTIFICATE", der)
	return a
}

// issue makes a certificate for a key of the kind, good for servers that have
// one of the names and for clients.
func (a *authority) issue(name, kind string, dnsNames ...string) *identity {
	a.mu.Lock()
	a.serial++
	serial := a.serial
	a.mu.Unlock()
	key := newKey(kind)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		DNSNames: dnsNames, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if kind == "RSA-2048" {
		template.KeyUsage |= x509.KeyUsageKeyEncipherment // for RSA key exchange
	}
	der := must(x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key))
	id := &identity{
		kind: kind, nickname: name,
		certFile: writePEM(name+".crt", "CERTIFICATE", der),
		keyFile:  writePEM(name+".key", "PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(key))),
	}
	id.certificate = stdtls.Certificate{
		Certificate: [][]byte{der}, PrivateKey: key, Leaf: must(x509.ParseCertificate(der)),
	}
	return id
}

func writePEM(name, block string, der []byte) string {
	path := filepath.Join(folder, name)
	if _, err := os.Lstat(path); err == nil {
		panic("there are two certificates of the name " + name + ", and tests run at the same time")
	}
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: block, Bytes: der}), 0o600); err != nil {
		panic(err)
	}
	return path
}

// root is the authority that everybody here trusts; stranger is one that
// nobody does.
var (
	root     = sync.OnceValue(func() *authority { return newAuthority("root", "P-256") })
	stranger = sync.OnceValue(func() *authority { return newAuthority("stranger", "P-256") })
)

// identities are one identity for each key type, for servers.
var identities = sync.OnceValue(func() map[string]*identity {
	all := make(map[string]*identity)
	for _, kind := range keyTypes {
		all[kind] = root().issue("server-"+kind, kind, host)
	}
	return all
})

// clientIdentities are the same for clients.
var clientIdentities = sync.OnceValue(func() map[string]*identity {
	all := make(map[string]*identity)
	for _, kind := range keyTypes {
		all[kind] = root().issue("client-"+kind, kind)
	}
	return all
})

// strangeServer and strangeClient are identities of the authority that nobody
// trusts.
var (
	strangeServer = sync.OnceValue(func() *identity { return stranger().issue("strange-server", "P-256", host) })
	strangeClient = sync.OnceValue(func() *identity { return stranger().issue("strange-client", "P-256") })
)

// staple makes a response of the authority that says that the certificate is
// good (RFC 6960), and a file that has it.
func (a *authority) staple(t *testing.T, id *identity) (der []byte, file string) {
	t.Helper()
	der = must(ocsp.CreateResponse(a.cert, a.cert, ocsp.Response{
		Status: ocsp.Good, SerialNumber: id.certificate.Leaf.SerialNumber,
		Certificate: a.cert, // curl looks for the signer nowhere else
		ThisUpdate:  time.Now().Add(-time.Hour), NextUpdate: time.Now().Add(time.Hour),
	}, a.key))
	file = filepath.Join(t.TempDir(), "status")
	if err := os.WriteFile(file, der, 0o600); err != nil {
		t.Fatal(err)
	}
	return der, file
}

// nssDatabase is a database of NSS with the root and every identity in it.
var nssDatabase = sync.OnceValue(func() string { return filepath.Join(folder, "nss") })

var nssOnce sync.Once

// needNSS gives the database, made at the first call.
func needNSS(t *testing.T) string {
	t.Helper()
	for _, program := range []string{"certutil", "pk12util", "openssl"} {
		need(t, program)
	}
	nssOnce.Do(func() { fillNSS(t) })
	return "sql:" + nssDatabase()
}

func fillNSS(t *testing.T) {
	if err := os.Mkdir(nssDatabase(), 0o700); err != nil {
		t.Fatal(err)
	}
	database := "sql:" + nssDatabase()
	run(t, "certutil", "-N", "-d", database, "--empty-password")
	run(t, "certutil", "-A", "-d", database, "-n", "root", "-t", "CT,,", "-i", root().file)
	for _, group := range []map[string]*identity{identities(), clientIdentities()} {
		for _, id := range group {
			if id.kind == "Ed25519" {
				continue // NSS cannot take the key; see holes
			}
			file := filepath.Join(folder, id.nickname+".p12")
			run(t, "openssl", "pkcs12", "-export", "-in", id.certFile, "-inkey", id.keyFile,
				"-name", id.nickname, "-passout", "pass:", "-out", file)
			run(t, "pk12util", "-i", file, "-d", database, "-W", "")
		}
	}
}
