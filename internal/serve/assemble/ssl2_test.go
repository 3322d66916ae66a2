package assemble

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// writePair writes a certificate for a key, with it.
func writePair(t *testing.T, file, name string, key *rsa.PrivateKey) {
	t.Helper()
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	text = append(text, pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})...)
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestKeyOfSSL2 refuses a key that is used by SSL 2.0 and by something newer, in
// the same certificate or in another (DROWN), and warns of SSL 2.0 anyway.
func TestKeyOfSSL2(t *testing.T) {
	dir := t.TempDir()
	d := mustOpen(t, filepath.Join(dir, "data"))
	for _, group := range [][]string{{"one", "same"}, {"other"}} {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range group {
			writePair(t, filepath.Join(dir, name+".pem"), name+".example", key)
		}
	}
	for second, fine := range map[string]bool{"one": false, "same": false, "other": true} {
		p, err := plan(d, dir, `listen: {https: ["127.0.0.1:8443"]}
certificates:
  - {name: one, files: [one.pem]}
  - {name: same, files: [same.pem]}
  - {name: other, files: [other.pem]}
bindings:
  - {on: "0.0.0.0:8443", certificates: [one], ssl2: true}
  - {on: "new.example:8443", certificates: [`+second+`]}
`)
		if fine {
			if err != nil || !strings.Contains(strings.Join(p.Notices, "\n"), "SSL 2.0 protects nothing") {
				t.Errorf("a key of its own: %v", err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), "DROWN") || !strings.Contains(err.Error(), "handsel.yaml:7:") {
			t.Errorf("the key of %s: %v", second, err)
		}
	}
	// A key that is shown without a certificate is a key that is used.
	if _, err := plan(d, dir, `listen: {https: ["127.0.0.1:8443"]}
certificates: [{name: one, files: [one.pem]}]
bindings:
  - {on: "0.0.0.0:8443", certificates: [one], ssl2: true}
  - {on: "new.example:8443", raw_key: same.pem}
`); err == nil || !strings.Contains(err.Error(), "DROWN") {
		t.Errorf("a raw public key: %v", err)
	}
	_, err := plan(d, dir, `listen: {https: ["127.0.0.1:8443"]}
certificates: [{name: one, files: [one.pem]}]
bindings: [{on: "one.example:8443", certificates: [one], ssl2: true}]
`)
	if err == nil || !strings.Contains(err.Error(), "send no name") {
		t.Errorf("a binding by name: %v", err)
	}
}
