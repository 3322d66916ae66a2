package certs

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/handsel-tls/handsel/internal/tlstest"
)

func TestReadKeyHashes(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	write := func(name string, blocks ...*pem.Block) {
		var b []byte
		for _, block := range blocks {
			b = append(b, pem.EncodeToMemory(block)...)
		}
		if err := os.WriteFile(path(name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	key := tlstest.NewKey("P-256")
	spki, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	public, secret := &pem.Block{Type: "PUBLIC KEY", Bytes: spki}, &pem.Block{Type: "PRIVATE KEY", Bytes: private}
	certificate := &pem.Block{Type: "CERTIFICATE", Bytes: tlstest.Root().Leaf(key, []string{"a.example"}, nil)[0]}
	write("public.pem", public)
	write("all.pem", secret, certificate, public)
	write("key.pem", secret)
	write("two.pem", secret, secret)
	write("broken.pem", &pem.Block{Type: "PUBLIC KEY", Bytes: []byte{1}})
	write("wrong.pem", &pem.Block{Type: "CERTIFICATE", Bytes: []byte{1}})
	write("empty.pem")

	hash := sha256.Sum256(spki)
	text := hex.EncodeToString(hash[:])
	for what, want := range map[string]int{
		text: 1, strings.ToUpper(text): 1, text[:2] + ":" + text[2:]: 1, "sha256//" + base64.StdEncoding.EncodeToString(hash[:]): 1,
		"public.pem": 1, "all.pem": 2,
	} {
		got, err := ReadKeyHashes(what, path)
		if err != nil || len(got) != want || got[0] != hash || got[want-1] != hash {
			t.Errorf("%s: %x, %v", what, got, err)
		}
	}
	for what, want := range map[string]string{
		text[2:]: "neither a SHA-256 nor a file", "sha256//AAAA": "neither", "none.pem": "neither", "key.pem": "has no public key",
		"empty.pem": "has no public key", "broken.pem": "is no public key", "wrong.pem": "is no certificate",
	} {
		if _, err := ReadKeyHashes(what, path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", what, err)
		}
	}

	got, open, err := ReadKey(path("all.pem"))
	if err != nil || open || !samePublic(key.Public(), got.Public()) {
		t.Errorf("%v, %v, %v", got, open, err)
	}
	if err := os.Chmod(path("key.pem"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, open, err = ReadKey(path("key.pem")); err != nil || !open {
		t.Errorf("others can read it: %v, %v", open, err)
	}
	for _, name := range []string{"public.pem", "two.pem", "none.pem"} {
		if _, _, err := ReadKey(path(name)); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}
