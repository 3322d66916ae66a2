package tls_test

import (
	"crypto"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/tlstest"
	"github.com/handsel-tls/handsel/tls"
)

// Pairs of keys that crypto/x509 does not know are read from PEM as others are.
func TestUncommonKeyPairs(t *testing.T) {
	for _, kind := range tlstest.UncommonKeyTypes {
		c := tlstest.UncommonCredentials()[kind]
		der, err := sign.MarshalPrivateKey(c.Key)
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
		for name, block := range map[string]*pem.Block{
			certFile: {Type: "CERTIFICATE", Bytes: c.Chain[0]}, keyFile: {Type: "PRIVATE KEY", Bytes: der},
		} {
			if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		pair, err := tls.LoadX509KeyPair(certFile, keyFile)
		if err != nil {
			t.Fatal(kind, err)
		}
		if _, ok := pair.PrivateKey.(crypto.Signer); !ok || pair.Leaf == nil {
			t.Errorf("%s: %T", kind, pair.PrivateKey)
		}
	}
	other := tlstest.UncommonCredentials()["ML-DSA-44"]
	key, _ := sign.MarshalPrivateKey(tlstest.UncommonCredentials()["ML-DSA-65"].Key)
	if _, err := tls.X509KeyPair(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: other.Chain[0]}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})); err == nil {
		t.Error("a key of another certificate was taken")
	}
}
