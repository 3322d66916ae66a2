package certs

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestReadForms(t *testing.T) {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sec1, err := x509.MarshalECPrivateKey(ec)
	if err != nil {
		t.Fatal(err)
	}
	parameters := pemBlock("EC PARAMETERS", []byte{6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7})
	for _, test := range []struct {
		form string
		key  crypto.Signer
		pem  string
	}{
		{"PKCS #8, RSA", rsaKey(), pemKey(t, rsaKey())},
		{"PKCS #8, ECDSA", ec, pemKey(t, ec)},
		{"PKCS #1", rsaKey(), pemBlock("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey()))},
		{"SEC 1", ec, pemBlock("EC PRIVATE KEY", sec1)},
		{"SEC 1 after the parameters", ec, parameters + pemBlock("EC PRIVATE KEY", sec1)},
		{"CRLF", ec, strings.ReplaceAll(pemKey(t, ec), "\n", "\r\n")},
		{"twice", ec, pemKey(t, ec) + pemKey(t, ec)},
	} {
		root := issue(t, nil, "Root", newEC(t), nil)
		leaf := issue(t, root, "www.example.com", test.key, nil)
		o := family{root: root}.options()
		text := "words before\n" + test.pem + "words between\n" + pemCert(leaf)
		p, notices, err := ReadPEM(o, "x.pem", []byte(text))
		if err != nil || len(notices) != 0 {
			t.Errorf("%s: %v, %v", test.form, err, notices)
			continue
		}
		c := p.Certificate()
		if len(c.Certificate) != 1 || !c.Leaf.Equal(leaf.cert) || !samePublic(c.PrivateKey.(crypto.Signer).Public(), test.key.Public()) {
			t.Errorf("%s: wrong certificate or key", test.form)
		}
	}
	root := issue(t, nil, "Root", newEC(t), nil)
	leaf := issue(t, root, "www.example.com", newEd(t), nil)
	if _, _, err := ReadFiles(family{root: root}.options(),
		write(t, "cert.pem", "\ufeff"+pemCert(leaf)), write(t, "key.pem", pemKey(t, leaf.key))); err != nil {
		t.Error(err)
	}
}

// TestReadOrder: whatever the order in the files, the chain comes out in order.
func TestReadOrder(t *testing.T) {
	f := newFamily(t)
	stranger := issue(t, nil, "stranger.example", newEC(t), nil)
	namesake := issue(t, nil, "Middle", newEC(t), nil) // the name of the issuer, another key
	key := pemKey(t, f.leaf.key)
	for _, test := range []struct {
		text    string
		length  int
		notices string
	}{
		{pemCert(f.leaf, f.middle) + key, 2, ""},
		{pemCert(f.leaf, f.middle, f.root) + key, 3, ""},
		{key + pemCert(f.middle, f.leaf), 2, "reordered"},
		{pemCert(f.root, f.middle, f.leaf) + key, 3, "reordered"},
		{pemCert(f.leaf, f.root, f.middle) + key, 3, "reordered"},
		{pemCert(f.leaf, namesake, f.middle) + key, 2, "unrelated"},
		{pemCert(stranger, f.leaf, f.middle) + key, 2, "unrelated"},
		{pemCert(f.leaf, f.leaf, f.middle, f.middle) + key, 2, ""},
		{pemCert(f.leaf) + key, 1, "missing-intermediate"},
		{pemCert(f.leaf, f.root) + key, 1, "unrelated missing-intermediate"},
	} {
		p, notices, err := ReadPEM(f.options(), "x.pem", []byte(test.text))
		if err != nil {
			t.Error(err)
			continue
		}
		want := []*x509.Certificate{f.leaf.cert, f.middle.cert, f.root.cert}[:test.length]
		if !slices.EqualFunc(p.Chain, want, (*x509.Certificate).Equal) {
			t.Errorf("a chain of %d, want %d", len(p.Chain), test.length)
		}
		if noticeCodes(notices) != test.notices {
			t.Errorf("notices %v, want %q", notices, test.notices)
		}
	}
}

func TestReadErrors(t *testing.T) {
	f := newFamily(t)
	other := issue(t, f.middle, "other.example.com", rsaKey(), nil)
	cert, key := pemCert(f.leaf), pemKey(t, f.leaf.key)
	for _, test := range []struct{ name, text, want string }{
		{"empty", "", "x.pem: is empty"},
		{"no PEM", "hello", "x.pem: has no PEM block in it"},
		{"DER without a key", string(f.leaf.cert.Raw), "x.pem: there is no private key for www.example.com"},
		{"DER of something else", "\x30\x03\x02\x01\x07", "x.pem: is DER, but neither a certificate nor a PFX nor a private key"},
		{"UTF-16", "\xff\xfe-\x00-\x00", "x.pem: is UTF-16; save it as ASCII or UTF-8"},
		{"no certificate", key, "x.pem: there is no certificate; name the file with the certificate as well"},
		{"a request", key + pemBlock("CERTIFICATE REQUEST", nil), "only a request for one (block 2); the certificate is what the authority sends back"},
		{"no key", cert, "x.pem: there is no private key for www.example.com; name the file with the key as well"},
		{"two keys", cert + key + pemKey(t, rsaKey()), "x.pem, block 3 (PRIVATE KEY): is a second private key, after x.pem, block 2"},
		{"another key", cert + pemCert(f.middle) + pemKey(t, rsaKey()),
			"x.pem, block 3 (PRIVATE KEY): the key, RSA 2048, does not fit the certificate: www.example.com (x.pem, block 1) has ECDSA P-256; use the key"},
		{"another certificate", pemCert(other) + key, "other.example.com (x.pem, block 1) has RSA 2048"},
		{"bad certificate", pemBlock("CERTIFICATE", []byte{1, 2}) + key, "x.pem, block 1 (CERTIFICATE): is no certificate"},
		{"bad key", cert + pemBlock("EC PRIVATE KEY", []byte{1, 2}), "x.pem, block 2 (EC PRIVATE KEY): is no private key"},
		{"bad base64", cert + strings.Replace(key, "M", "!", 1), "x.pem, block 2 (PRIVATE KEY): is damaged"},
		{"bad block before a good one", strings.Replace(cert, "MI", "!!", 1) + cert + key, "x.pem, block 1 (CERTIFICATE): is damaged"},
		{"indented", strings.ReplaceAll(cert, "\n", "\n  ") + key, "x.pem, block 1 (CERTIFICATE): is damaged"},
		{"cut off", cert + key[:len(key)-20], "x.pem, block 2 (PRIVATE KEY): is damaged: the base64 text is wrong, or BEGIN and END do not"},
		{"a type for a terminal", "-----BEGIN \x1b[31mX-----\n", "block 1 (?[31mX): is damaged"},
		{"encrypted", cert + pemBlock("ENCRYPTED PRIVATE KEY", []byte{1}), "is encrypted, and there is nobody to type the password when the server starts; import it into the store, where keys are encrypted: handsel cert import x.pem; or take the password away: openssl pkey -in x.pem"},
		{"encrypted, old form", cert + string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY",
			Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "DES-EDE3-CBC,00"}})), "is encrypted"},
		{"OpenSSH", cert + pemBlock("OPENSSH PRIVATE KEY", []byte{1}), "block 2 (OPENSSH PRIVATE KEY): is a kind of key that is not understood"},
		{"trusted", pemBlock("TRUSTED CERTIFICATE", []byte{1}) + key, "is in OpenSSL's own form"},
		{"too long", strings.Repeat("x", maxFile+1), "is longer than 4 MiB"},
	} {
		dir := t.TempDir()
		t.Chdir(dir)
		if err := os.WriteFile("x.pem", []byte(test.text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, _, err := ReadFiles(f.options(), "x.pem")
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v\nwant %s", test.name, err, test.want)
		}
	}
	missing := filepath.Join(t.TempDir(), "none.pem")
	_, _, err := ReadFiles(f.options(), missing)
	if !errors.Is(err, os.ErrNotExist) || err.Error() != missing+": cannot be read: no such file or directory" {
		t.Error(err)
	}
	if _, _, err := ReadFiles(f.options()); err == nil {
		t.Error("no files make a pair")
	}
}

func TestReadWeakRSA(t *testing.T) {
	t.Setenv("GODEBUG", "rsa1024min=0")
	for bits, want := range map[int]string{512: "is an RSA key of 512 bits", 1024: "weak-key"} {
		key, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			t.Fatal(err)
		}
		root := issue(t, nil, "Root", newEC(t), nil)
		leaf := issue(t, root, "www.example.com", key, nil)
		_, notices, err := ReadPEM(family{root: root}.options(), "x.pem", []byte(pemCert(leaf)+pemKey(t, key)))
		got := noticeCodes(notices)
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, want) {
			t.Errorf("%d: %s, want %s", bits, got, want)
		}
	}
}

func TestJudge(t *testing.T) {
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	root := issue(t, nil, "Root", newEC(t), nil)
	for _, test := range []struct {
		name   string
		key    crypto.Signer
		change func(*x509.Certificate)
		want   string
		text   string
	}{
		{"www.example.com", nil, nil, "", ""},
		{"www.example.com", nil, func(c *x509.Certificate) { c.NotAfter = noon.Add(-time.Hour) }, "expired",
			"www.example.com expired on 2026-05-01 11:00 UTC"},
		{"www.example.com", nil, func(c *x509.Certificate) { c.NotBefore = noon.Add(time.Hour) }, "not-yet-valid", "from 2026-05-01 13:00 UTC"},
		{"www.example.com", nil, func(c *x509.Certificate) { c.NotAfter = noon.AddDate(0, 0, 13) }, "expires-soon", "renew it"},
		{"www.example.com", nil, func(c *x509.Certificate) {
			c.NotBefore, c.NotAfter = noon.AddDate(0, 0, -1), noon.AddDate(0, 0, 5)
		}, "", ""},
		{"www.example.com", nil, func(c *x509.Certificate) {
			c.NotBefore, c.NotAfter = noon.AddDate(0, 0, -5), noon.AddDate(0, 0, 1)
		}, "expires-soon", ""},
		{"www.example.com", p224, nil, "weak-key", "P-224"},
		{"www.example.com", nil, func(c *x509.Certificate) { c.DNSNames = nil }, "no-names", "clients do not look at the common name"},
		{"www.example.com", nil, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} },
			"wrong-purpose", "serverAuth"},
		{"www.example.com", nil, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }, "", ""},
		{"www.example.com", nil, func(c *x509.Certificate) { c.IsCA = true }, "is-authority", ""},
	} {
		if test.key == nil {
			test.key = newEC(t)
		}
		leaf := issue(t, root, test.name, test.key, test.change)
		got := Judge(family{root: root}.options(), []*x509.Certificate{leaf.cert})
		if noticeCodes(got) != test.want || len(got) > 0 && !strings.Contains(got[0].String(), test.text) {
			t.Errorf("%v, want %q with %q", got, test.want, test.text)
		}
	}
	self := issue(t, nil, "www.example.com", newEC(t), nil)
	if got := Judge(family{root: root}.options(), []*x509.Certificate{self.cert}); noticeCodes(got) != "self-signed" {
		t.Error(got)
	}
	middle := issue(t, root, "Middle", newEC(t), func(c *x509.Certificate) { c.NotAfter = noon.Add(-1) })
	leaf := issue(t, middle, "www.example.com", newEC(t), nil)
	if got := Judge(family{root: root}.options(), []*x509.Certificate{leaf.cert, middle.cert}); noticeCodes(got) != "expired" ||
		!strings.HasPrefix(got[0].Text, "Middle expired") {
		t.Error(got)
	}
	alone := issue(t, middle, "www.example.com", newEC(t), func(c *x509.Certificate) {
		c.IssuingCertificateURL = []string{"http://ca.example/middle.crt"}
	})
	if got := Judge(family{root: root}.options(), []*x509.Certificate{alone.cert}); noticeCodes(got) != "missing-intermediate" ||
		!strings.Contains(got[0].Text, "known roots, CN=Middle") || !strings.Contains(got[0].Text, "it is at http://ca.example/middle.crt") {
		t.Error(got)
	}
	if !weakSignature(x509.SHA1WithRSA) || weakSignature(x509.SHA256WithRSA) {
		t.Error("weak signatures")
	}
}

// FuzzReadPEM: nothing in a file makes the reader panic, and what it gives fits
// together.
func FuzzReadPEM(f *testing.F) {
	family := newFamily(f)
	f.Add([]byte(pemCert(family.leaf, family.middle) + pemKey(f, family.leaf.key)))
	f.Add([]byte(pemCert(family.root) + "-----BEGIN X-----"))
	f.Add([]byte{0x30, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		p, _, err := ReadPEM(family.options(), "x.pem", data)
		if err != nil {
			if strings.ContainsAny(strings.TrimPrefix(err.Error(), "x.pem"), "\x1b\x00") {
				t.Fatalf("%q is not for a terminal", err)
			}
			return
		}
		if !fits(p.Leaf(), p.Key) {
			t.Fatal("the key does not fit")
		}
		for i := 1; i < len(p.Chain); i++ {
			if !issued(p.Chain[i], p.Chain[i-1]) {
				t.Fatal("the chain is not in order")
			}
		}
	})
}
