package sign

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"errors"
	"math/big"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

func unbase64(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// RFC 9345, appendix B: a certificate that may delegate, and delegated
// credentials of it.
const delegatingCertificate = "MIIBezCCASKgAwIBAgIRAJZxpkATSkXtaYuKkmP/7YQwCgYIKoZIzj0EAwIwFDES" +
	"MBAGA1UEChMJQWNtZSBJbmMuMB4XDTIwMDcwMTEzMDUzM1oXDTIwMDcwODEzMDUz" +
	"M1owFDESMBAGA1UEChMJQWNtZSBJbmMuMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD" +
	"QgAEJYa2xzCGsR//gL6mdUxMr+DpSrrsputAPiTSrnBOvyfCw1aY3fq+tlRS9WbV" +
	"1zXEQKItVNf7ofFSm2BYVXxOxqNVMFMwDgYDVR0PAQH/BAQDAgeAMBMGA1UdJQQM" +
	"MAoGCCsGAQUFBwMBMAwGA1UdEwEB/wQCMAAwDwYDVR0RBAgwBocEfwAAATANBgkr" +
	"BgEEAYLaSywEADAKBggqhkjOPQQDAgNHADBEAiAWufQRTjgJaOYn3KBmvkNUwLyp" +
	"66vHmWi7L52EDCUGYwIgawvUo3EplSqfdTrYM1YbjuN7aiyqeljkE5G0hihUh0w="

func TestDelegationVectors(t *testing.T) {
	leaf, err := x509.ParseCertificate(unbase64(t, delegatingCertificate))
	if err != nil {
		t.Fatal(err)
	}
	now := leaf.NotBefore.Add(time.Hour)
	for scheme, vector := range map[iana.SignatureScheme]string{
		iana.ECDSASecp256r1SHA256: "AAk6gAQDAABbMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE3d+Pzf7NWkggc7nA" +
			"aaGilBsaMIRkBPQmFsefWn9rBNyeDW2BMFZ6mV080ymb7FM5+Da1cdjJRPifS2Ag" +
			"ZKesmgQDAEgwRgIhAMIU+EDJFpqdTq/1dGPjk8xJd+ODjTnjlcyR1A271HczAiEA" +
			"pYW11X2/nCu4VE/saC/ufvIMw1ICVlCVfhwxait68sw=",
		iana.Ed25519: "AAk6gAgHAAAsMCowBQYDK2VwAyEAfNmwkbUcG0OgeI8mjmvEob+mEhMmdoRvn7yA" +
			"o1vOui4EAwBGMEQCIByJ7WXoTUXaIK2P99WyE0ZGHz2fCIaxsQ1LUyZlqqMjAiBg" +
			"KOC3Yi3ThHvk5Kbk0NYz8GPokcsCIzRUCJ43O2meFQ==",
	} {
		d, err := VerifyDelegation(unbase64(t, vector), leaf, true, now)
		if err != nil || d.Scheme != scheme || d.By != iana.ECDSASecp256r1SHA256 || !d.NotAfter.Equal(leaf.NotBefore.Add(MaxDelegation)) {
			t.Errorf("%v: %+v, %v", scheme, d, err)
		}
		if _, err := VerifyDelegation(unbase64(t, vector), leaf, false, now); !errors.Is(err, fault.DelegationInvalid) {
			t.Errorf("a server's, as that of a client: %v", err)
		}
	}
}

// delegating gives a credential whose certificate may delegate, unless change
// says otherwise.
func delegating(t *testing.T, key crypto.Signer, change func(*x509.Certificate)) *Credential {
	t.Helper()
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: begin, NotAfter: begin.AddDate(1, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtraExtensions: []pkix.Extension{{Id: oidDelegationUsage, Value: []byte{5, 0}}},
	}
	if change != nil {
		change(template)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewCredential([][]byte{der}, nil, key, Extra{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestDelegate(t *testing.T) {
	all := keys(t)
	parent := delegating(t, all["RSA"], nil)
	begin := parent.Leaf.NotBefore
	for _, name := range []string{"P-256", "P-384", "P-521", "Ed25519"} {
		raw, err := parent.Delegate(rand.Reader, all[name].Public(), begin.Add(24*time.Hour), true)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := VerifyDelegation(raw, parent.Leaf, true, begin); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		c, err := NewDelegated(parent.Chain, nil, raw, all[name], Extra{})
		if err != nil || len(c.SchemesFor(iana.TLS13)) != 1 || len(c.SchemesFor(iana.TLS12)) != 0 {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := NewDelegated(parent.Chain, nil, raw, all["RSA"], Extra{}); err == nil {
			t.Error("a key of another delegated credential was taken")
		}
	}
	if _, err := parent.Delegate(rand.Reader, all["RSA"].Public(), begin.Add(time.Hour), true); err == nil {
		t.Error("rsaEncryption was delegated to")
	}
	if _, err := parent.Delegate(rand.Reader, all["P-256"].Public(), begin, true); err == nil {
		t.Error("it ends when it begins")
	}
}

func TestDelegationIsRefused(t *testing.T) {
	all := keys(t)
	parent := delegating(t, all["P-256"], nil)
	begin := parent.Leaf.NotBefore
	raw, err := parent.Delegate(rand.Reader, all["Ed25519"].Public(), begin.Add(10*24*time.Hour), true)
	if err != nil {
		t.Fatal(err)
	}
	altered := func(i int) []byte {
		b := append([]byte(nil), raw...)
		b[i] ^= 1
		return b
	}
	marked := delegating(t, all["P-256"], func(c *x509.Certificate) { c.ExtraExtensions[0].Critical = true })
	for _, c := range []struct {
		name string
		raw  []byte
		leaf *x509.Certificate
		now  time.Time
		good bool
	}{
		{"good", raw, parent.Leaf, begin.Add(5 * 24 * time.Hour), true},
		{"at the last moment", raw, parent.Leaf, begin.Add(10 * 24 * time.Hour), true},
		{"expired", raw, parent.Leaf, begin.Add(10*24*time.Hour + time.Second), false},
		{"for longer than a week", raw, parent.Leaf, begin.Add(3*24*time.Hour - time.Second), false},
		{"a longer life", altered(3), parent.Leaf, begin.Add(5 * 24 * time.Hour), false},
		{"another signature", altered(len(raw) - 1), parent.Leaf, begin.Add(5 * 24 * time.Hour), false},
		{"another scheme", altered(5), parent.Leaf, begin.Add(5 * 24 * time.Hour), false},
		{"not for delegation", raw, delegating(t, all["P-256"], func(c *x509.Certificate) { c.ExtraExtensions = nil }).Leaf, begin.Add(5 * 24 * time.Hour), false},
		{"not for signatures", raw, delegating(t, all["P-256"], func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyAgreement }).Leaf, begin.Add(5 * 24 * time.Hour), false},
		{"of another certificate", raw, delegating(t, all["P-256"], nil).Leaf, begin.Add(5 * 24 * time.Hour), false},
	} {
		if _, err := VerifyDelegation(c.raw, c.leaf, true, c.now); (err == nil) != c.good || !c.good && !errors.Is(err, fault.DelegationInvalid) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if MayDelegate(marked.Leaf) {
		t.Error("DelegationUsage is critical")
	}
}
