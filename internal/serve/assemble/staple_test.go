package assemble

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/handsel-tls/handsel/internal/tlstest"
)

// An OCSP response from a file goes with the certificate, if it is the right
// one.
func TestStapleFromFile(t *testing.T) {
	dir := t.TempDir()
	d := mustOpen(t, filepath.Join(dir, "data"))
	root, key := tlstest.Root(), tlstest.NewKey("P-256")
	chain := root.Leaf(key, []string{"www.localhost"}, func(c *x509.Certificate) { c.NotAfter = time.Now().AddDate(1, 0, 0) })
	leaf, err := x509.ParseCertificate(chain[0])
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, b []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	block := func(kind string, der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}) }
	write("www.pem", bytes.Join([][]byte{block("CERTIFICATE", chain[0]), block("CERTIFICATE", root.DER), block("PRIVATE KEY", der)}, nil))
	text := "listen: {https: [\"127.0.0.1:8443\"]}\ncertificates: [{name: www, files: [www.pem], staple: www.ocsp}]\n" +
		"bindings: [{on: \"www.localhost:8443\", certificates: [www]}]\n"
	for _, c := range []struct {
		name          string
		serial        *big.Int
		status        int
		next          time.Duration
		notice, wrong string
	}{
		{"good", leaf.SerialNumber, ocsp.Good, time.Hour, "", ""},
		{"old", leaf.SerialNumber, ocsp.Good, -time.Hour, "fetch a new one", ""},
		{"revoked", leaf.SerialNumber, ocsp.Revoked, time.Hour, "was revoked", ""},
		{"another's", big.NewInt(7), ocsp.Good, time.Hour, "", "no OCSP response"},
		{"garbage", nil, 0, 0, "", "no OCSP response"},
	} {
		response := []byte("garbage")
		if c.serial != nil {
			response, err = ocsp.CreateResponse(root.Cert, root.Cert, ocsp.Response{
				Status: c.status, SerialNumber: c.serial, ThisUpdate: time.Now().Add(-2 * time.Hour), NextUpdate: time.Now().Add(c.next),
				RevokedAt: time.Now(),
			}, root.Key)
			if err != nil {
				t.Fatal(err)
			}
		}
		write("www.ocsp", response)
		p, err := plan(d, dir, text)
		if c.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), c.wrong) {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(c.name, err)
		}
		cert, err := p.Setup.Certificates["www"]()
		if err != nil || !bytes.Equal(cert.OCSPStaple, response) {
			t.Errorf("%s: %v", c.name, err)
		}
		if notices := strings.Join(p.Notices, "\n"); c.notice != "" && !strings.Contains(notices, c.notice) {
			t.Errorf("%s: %s", c.name, notices)
		}
	}
	if _, err := plan(d, dir, strings.Replace(text, "files: [www.pem]", "local_ca: [www.localhost]", 1)); err == nil {
		t.Error("a staple without files was taken")
	}
}
