package certs

import (
	"crypto/x509"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// openssl runs it in a folder, or skips the test.
func openssl(t *testing.T, dir string, args ...string) {
	t.Helper()
	program, err := exec.LookPath("openssl")
	if err != nil {
		if os.Getenv("HANDSEL_PEERS") == "required" {
			t.Fatal(err)
		}
		t.Skip("openssl is not there")
	}
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("openssl %v: %v\n%s", args, err, out)
	}
}

// What OpenSSL writes is read: each form of key, encrypted and not, in PEM and DER,
// and PFX with the ciphers of then and now.
func TestFormsOfOpenSSL(t *testing.T) {
	f := newFamily(t)
	dir := t.TempDir()
	put := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	rsaLeaf := issue(t, f.middle, "www.example.com", rsaKey(), nil)
	put("ec.pem", pemKey(t, f.leaf.key))
	put("rsa.pem", pemKey(t, rsaLeaf.key))
	put("ec.crt", pemCert(f.leaf))
	put("rsa.crt", pemCert(rsaLeaf))
	put("chain.crt", pemCert(f.middle))
	const pass = "pass:correct horse"
	type form struct {
		name      string
		encrypted bool
		args      []string
	}
	for _, kind := range []string{"ec", "rsa"} {
		forms := []form{
			{"pkcs8.der", false, []string{"pkcs8", "-topk8", "-nocrypt", "-in", kind + ".pem", "-outform", "der"}},
			{"pkcs8-aes.pem", true, []string{"pkcs8", "-topk8", "-v2", "aes-256-cbc", "-passout", pass, "-in", kind + ".pem"}},
			{"pkcs8-aes.der", true, []string{"pkcs8", "-topk8", "-v2", "aes-128-cbc", "-passout", pass, "-in", kind + ".pem", "-outform", "der"}},
			{"pkcs8-3des.pem", true, []string{"pkcs8", "-topk8", "-v2", "des3", "-passout", pass, "-in", kind + ".pem"}},
			{"pkcs8-scrypt.pem", true, []string{"pkcs8", "-topk8", "-scrypt", "-passout", pass, "-in", kind + ".pem"}},
			{"old.pem", false, []string{kind, "-in", kind + ".pem"}},
			{"old.der", false, []string{kind, "-in", kind + ".pem", "-outform", "der"}},
			{"old-aes.pem", true, []string{kind, "-in", kind + ".pem", "-aes256", "-passout", pass}},
			{"now.pfx", true, []string{"pkcs12", "-export", "-inkey", kind + ".pem", "-in", kind + ".crt", "-certfile", "chain.crt", "-passout", pass}},
			{"then.pfx", true, []string{"pkcs12", "-export", "-legacy", "-inkey", kind + ".pem", "-in", kind + ".crt", "-certfile", "chain.crt", "-passout", pass}},
			{"open.pfx", false, []string{"pkcs12", "-export", "-inkey", kind + ".pem", "-in", kind + ".crt", "-certfile", "chain.crt", "-passout", "pass:"}},
		}
		if kind == "rsa" { // PKCS #1
			forms[5].args, forms[6].args = append(forms[5].args, "-traditional"), append(forms[6].args, "-traditional")
			forms[7].args = append(forms[7].args, "-traditional")
		}
		for _, form := range forms {
			name := kind + "-" + form.name
			openssl(t, dir, append(form.args, "-out", name)...)
			files := []string{filepath.Join(dir, name)}
			if !strings.HasSuffix(name, ".pfx") {
				files = append(files, filepath.Join(dir, kind+".crt"), filepath.Join(dir, "chain.crt"))
			}
			want := map[string]*issuer{"ec": f.leaf, "rsa": rsaLeaf}[kind]
			check := func(o Options) error {
				p, _, err := ReadFiles(o, files...)
				if err == nil && (len(p.Chain) != 2 || !p.Leaf().Equal(want.cert) || !samePublic(p.Key.Public(), want.key.Public())) {
					err = fmt.Errorf("something else was read: %v", p.Chain)
				}
				return err
			}
			o := f.options()
			o.Password = func(string) (string, bool) { return "correct horse", true }
			if err := check(o); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if !form.encrypted {
				continue
			}
			o.Password = func(string) (string, bool) { return "wrong", true }
			if err := check(o); err == nil || !strings.Contains(err.Error(), "the password is not right") {
				t.Errorf("%s: %v", name, err)
			}
			if err := check(f.options()); err == nil || !strings.Contains(err.Error(), "is encrypted") {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	// A certificate in DER, and what is PKCS #7.
	openssl(t, dir, "x509", "-in", "ec.crt", "-outform", "der", "-out", "ec.cer")
	if p, _, err := ReadFiles(f.options(), filepath.Join(dir, "ec.cer"), filepath.Join(dir, "ec.pem")); err != nil || !p.Leaf().Equal(f.leaf.cert) {
		t.Error(err)
	}
	openssl(t, dir, "crl2pkcs7", "-nocrl", "-certfile", "ec.crt", "-outform", "der", "-out", "ec.p7b")
	if _, _, err := ReadFiles(f.options(), filepath.Join(dir, "ec.p7b")); err == nil || !strings.Contains(err.Error(), "openssl pkcs7") {
		t.Error(err)
	}
}

// OpenSSL reads what is exported.
func TestExportForOpenSSL(t *testing.T) {
	f, dir := newFamily(t), t.TempDir()
	pfx, err := f.pair().PFX("secret")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "x.pfx"), pfx, 0o600); err != nil {
		t.Fatal(err)
	}
	openssl(t, dir, "pkcs12", "-in", "x.pfx", "-passin", "pass:secret", "-nodes", "-out", "back.pem")
	text, err := f.pair().PEM(true)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "x.pem"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	openssl(t, dir, "pkey", "-in", "x.pem", "-noout", "-check")
	for _, name := range []string{"back.pem", "x.pem"} {
		if p, _, err := ReadFiles(f.options(), filepath.Join(dir, name)); err != nil || len(p.Chain) != 2 || !samePublic(p.Key.Public(), f.leaf.key.Public()) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if text, err := f.pair().PEM(false); err != nil || strings.Contains(string(text), "PRIVATE") {
		t.Error("the key was not asked for", err)
	}
}

// A chain that ends too early goes on with issuers that the store has from other
// certificates.
func TestChainIsCompleted(t *testing.T) {
	f := newFamily(t)
	s, _ := openStore(t, filepath.Join(t.TempDir(), "x.db"), f.options())
	lower := issue(t, f.middle, "Lower", newEC(t), nil)
	one, two := issue(t, lower, "one.example.com", newEC(t), nil), issue(t, lower, "two.example.com", newEC(t), nil)
	if _, err := s.Add(&Pair{Chain: []*x509.Certificate{one.cert, lower.cert, f.middle.cert}, Key: one.key}, ""); err != nil {
		t.Fatal(err)
	}
	info, notices, err := s.Import(nil, nil, "", Source{"x.pem", []byte(pemCert(two) + pemKey(t, two.key))})
	if err != nil || len(info.Chain) != 3 || !info.Chain[2].Equal(f.middle.cert) || noticeCodes(notices) != "completed completed" {
		t.Error(info.Chain, notices, err)
	}
}
