package sign

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

func keys(t testing.TB) map[string]crypto.Signer {
	t.Helper()
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, ed, _ := ed25519.GenerateKey(rand.Reader)
	all := map[string]crypto.Signer{"RSA": r, "Ed25519": ed}
	for _, c := range []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()} {
		all[c.Params().Name], _ = ecdsa.GenerateKey(c, rand.Reader)
	}
	return all
}

func TestSignAndVerify(t *testing.T) {
	content := []byte("what is signed")
	for name, key := range keys(t) {
		for _, v := range []iana.Version{iana.TLS12, iana.TLS13} {
			ids := SchemesFor(key.Public(), v)
			if len(ids) == 0 {
				t.Errorf("%s cannot sign in %v", name, v)
			}
			for _, id := range ids {
				signature, err := Sign(id, key, rand.Reader, content)
				if err != nil {
					t.Fatal(name, id, err)
				}
				if err := Verify(id, v, key.Public(), content, signature); err != nil {
					t.Error(name, id, err)
				}
				if err := Verify(id, v, key.Public(), []byte("something else"), signature); !errors.Is(err, fault.SignatureWrong) {
					t.Error(name, id, err)
				}
			}
		}
		for _, s := range schemes {
			if !s.fits(key.Public(), iana.TLS13) {
				if err := Verify(s.id, iana.TLS13, key.Public(), content, nil); !errors.Is(err, fault.SignatureSchemeWrong) {
					t.Errorf("%s with %v: %v", name, s.id, err)
				}
			}
		}
	}
}

// TLS 1.3 knows neither PKCS #1 v1.5, except of clients, nor SHA-1, and a curve has one hash.
func TestSchemes13(t *testing.T) {
	for name, key := range keys(t) {
		for _, id := range SchemesFor(key.Public(), iana.TLS13) {
			if strings.Contains(id.String(), "pkcs1") && !ClientOnly(id) || strings.Contains(id.String(), "sha1") {
				t.Errorf("%s may sign with %v", name, id)
			}
		}
		if strings.HasPrefix(name, "P-") && len(SchemesFor(key.Public(), iana.TLS13)) != 1 {
			t.Errorf("%s has more than one scheme", name)
		}
	}
	small := &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 1023), E: 65537}
	if Fits(iana.RSAPSSRSAESHA512, small, iana.TLS13) {
		t.Error("a key of 1024 bits has no room for RSA-PSS with SHA-512")
	}
}

func certificate(t testing.TB, key crypto.Signer) []byte {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "a.example"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func TestCredential(t *testing.T) {
	all := keys(t)
	der := certificate(t, all["P-256"])
	if _, err := NewCredential([][]byte{der}, nil, all["P-384"], Extra{}); err == nil {
		t.Error("a key of another certificate was taken")
	}
	c, err := NewCredential([][]byte{der}, nil, all["P-256"], Extra{OCSPStaple: []byte("staple"), SCTs: [][]byte{[]byte("sct")}})
	if err != nil {
		t.Fatal(err)
	}
	for _, with := range [][2]bool{{false, false}, {true, false}, {false, true}, {true, true}} {
		m, err := wire.ParseCertificate13(append([]byte{0}, c.List13(with[0], with[1])...))
		if err != nil {
			t.Fatal(err)
		}
		for cert, exts := range m.Entries() {
			_, staple := exts.Get(iana.ExtStatusRequest)
			_, scts := exts.Get(iana.ExtSCT)
			if !bytes.Equal(cert, der) || staple != with[0] || scts != with[1] {
				t.Errorf("%v: %v %v", with, staple, scts)
			}
		}
	}
}

func BenchmarkSign(b *testing.B) {
	content := make([]byte, 130)
	for name, key := range keys(b) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			id := SchemesFor(key.Public(), iana.TLS13)[0]
			for b.Loop() {
				Sign(id, key, rand.Reader, content)
			}
		})
	}
}
