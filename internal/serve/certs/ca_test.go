package certs

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// watch is a clock that tests can set.
type watch struct {
	mu sync.Mutex
	t  time.Time
}

func (w *watch) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.t
}

func (w *watch) set(t time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.t = t
}

func openCA(t testing.TB, dir string, o CAOptions) (*CA, bool) {
	t.Helper()
	ca, made, err := OpenCA(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return ca, made
}

func TestCA(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	o := CAOptions{Now: clock, Host: "workshop"}
	ca, made := openCA(t, dir, o)
	c := ca.Certificate()
	if !made || !c.IsCA || c.MaxPathLen != 0 || !c.MaxPathLenZero || c.KeyUsage != x509.KeyUsageCertSign|x509.KeyUsageCRLSign ||
		!strings.HasPrefix(c.Subject.CommonName, "Handsel local CA (workshop) ") || len(c.SubjectKeyId) == 0 ||
		describeKey(c.PublicKey) != "ECDSA P-256" || !c.NotAfter.Equal(noon.Add(caLife)) || c.SerialNumber.BitLen() < 64 {
		t.Errorf("%+v", c)
	}
	if err := c.CheckSignatureFrom(c); err != nil {
		t.Error(err)
	}
	if text, err := os.ReadFile(ca.File()); err != nil || !bytes.Equal(text, certPEM(c)) {
		t.Errorf("%s, %v", text, err)
	}
	if runtime.GOOS != "windows" {
		for name, want := range map[string]os.FileMode{caKeyFile: 0o600, caCertFile: 0o644} {
			if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != want {
				t.Error(name, info.Mode(), err)
			}
		}
	}
	again, made := openCA(t, dir, CAOptions{Now: clock, Host: "elsewhere"})
	if made || !again.Certificate().Equal(c) {
		t.Error("the CA is made twice")
	}
	if err := os.Remove(ca.File()); err != nil {
		t.Fatal(err)
	}
	openCA(t, dir, o)
	if _, err := os.Stat(ca.File()); err != nil {
		t.Error("the file of the certificate does not come back")
	}
	other, _ := openCA(t, t.TempDir(), o)
	if other.Certificate().Subject.String() == c.Subject.String() {
		t.Error("two CAs have one subject")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".local-ca-*")); len(left) != 0 {
		t.Error("left over:", left)
	}
	long, _ := openCA(t, t.TempDir(), CAOptions{Now: clock, Host: strings.Repeat("h", 200)})
	if n := len(long.Certificate().Subject.CommonName); n != 64 {
		t.Error(n)
	}
	if here, _ := openCA(t, t.TempDir(), CAOptions{}); here.Certificate().NotAfter.Before(time.Now()) {
		t.Error("the default clock is wrong")
	}
}

// TestCAAtOnce: of several processes that start together one makes the CA.
func TestCAAtOnce(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	var mu sync.Mutex
	found, makers := map[string]bool{}, 0
	for range 8 {
		wg.Go(func() {
			ca, made, err := OpenCA(dir, CAOptions{Now: clock})
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			found[string(ca.Certificate().Raw)] = true
			if made {
				makers++
			}
		})
	}
	wg.Wait()
	if len(found) != 1 || makers != 1 {
		t.Errorf("%d CAs, made %d times", len(found), makers)
	}
}

func TestCARefuses(t *testing.T) {
	dir := t.TempDir()
	w := &watch{t: noon}
	openCA(t, dir, CAOptions{Now: w.now})
	keyFile := filepath.Join(dir, caKeyFile)
	refuse := func(want string) {
		t.Helper()
		if _, _, err := OpenCA(dir, CAOptions{Now: w.now}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	w.set(noon.Add(caLife - leafLife + 1))
	refuse("the local CA ends on 2036-04-28, too soon to issue anything; move the file away")
	w.set(noon)
	if runtime.GOOS != "windows" {
		if err := os.Chmod(keyFile, 0o640); err != nil {
			t.Fatal(err)
		}
		refuse("can be read by others (mode 0640)")
		if err := os.Chmod(keyFile, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	self := issue(t, nil, "www.example.com", newEC(t), nil)
	for text, want := range map[string]string{
		"":                                  "is empty; move the file away",
		pemCert(self) + pemKey(t, self.key): "www.example.com is no CA",
		pemCert(self) + pemKey(t, newEC(t)): "does not fit",
	} {
		if err := os.WriteFile(keyFile, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		refuse(want)
	}
}

func TestLeaf(t *testing.T) {
	ca, _ := openCA(t, t.TempDir(), CAOptions{Now: clock})
	names := append(LocalNames(), "Shop.Example.", "*.shop.example", "[2001:db8::1]", "::ffff:192.0.2.1")
	leaf, err := ca.Leaf(names...)
	if err != nil {
		t.Fatal(err)
	}
	c, err := leaf.Certificate()
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Leaf.ExtKeyUsage) != 1 || c.Leaf.IsCA || !c.Leaf.NotAfter.Equal(noon.Add(leafLife)) || !c.Leaf.NotBefore.Before(noon) {
		t.Errorf("%+v", c.Leaf)
	}
	roots := x509.NewCertPool()
	roots.AddCert(ca.Certificate())
	for _, name := range []string{"localhost", "127.0.0.1", "::1", "shop.example", "a.shop.example", "2001:db8::1", "192.0.2.1"} {
		if _, err := c.Leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: roots, CurrentTime: noon}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := Judge(Options{Now: clock, Roots: roots}, []*x509.Certificate{c.Leaf}); len(got) != 0 {
		t.Error(got)
	}
	same, err := ca.Leaf("::1", "*.shop.example", "shop.example", "localhost", "127.0.0.1", "2001:db8::1", "192.0.2.1", "localhost")
	if err != nil || same != leaf {
		t.Error("the same names give another certificate", err)
	}
	if got := strings.Join(leaf.Names(), " "); got != "*.shop.example 127.0.0.1 192.0.2.1 2001:db8::1 ::1 localhost shop.example" {
		t.Error(got)
	}
	for in, want := range map[string]string{
		"":                               `label "" is wrong`,
		"a b":                            `label "a b" is wrong`,
		"a..b":                           `label "" is wrong`,
		"b\u00fccher.example":            "xn--",
		"w*.example":                     `label "w*" is wrong`,
		"*.*.example":                    `label "*" is wrong`,
		"fe80::1%eth0":                   "has a zone",
		strings.Repeat("a.", 127) + "ab": "has 256 bytes, 253 are allowed",
		strings.Repeat("a", 64):          "is wrong",
	} {
		if _, err := ca.Leaf(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", in, err, want)
		}
	}
	if _, err := ca.Leaf(); err == nil {
		t.Error("a certificate without names")
	}
	long := strings.Repeat("a", 60) + ".example"
	if l, err := ca.Leaf(long); err != nil {
		t.Error(err)
	} else if c, _ := l.Certificate(); c.Leaf.Subject.CommonName != "" || c.Leaf.VerifyHostname(long) != nil {
		t.Error(c.Leaf.Subject)
	}
}

// TestLeafRenewal: a certificate is kept for two thirds of its life, then there
// is a new one, whoever asks first.
func TestLeafRenewal(t *testing.T) {
	w := &watch{t: noon}
	ca, _ := openCA(t, t.TempDir(), CAOptions{Now: w.now})
	leaf, err := ca.Leaf("localhost")
	if err != nil {
		t.Fatal(err)
	}
	get := func(at time.Time) *tls.Certificate {
		t.Helper()
		w.set(at)
		c, err := leaf.Certificate()
		if err != nil {
			t.Fatal(err)
		}
		if at.After(c.Leaf.NotAfter) || at.Before(c.Leaf.NotBefore) {
			t.Errorf("at %s: valid from %s to %s", at, c.Leaf.NotBefore, c.Leaf.NotAfter)
		}
		return c
	}
	first := get(noon)
	if get(noon.AddDate(0, 0, 59)) != first {
		t.Error("replaced too early")
	}
	w.set(noon.AddDate(0, 0, 61))
	var wg sync.WaitGroup
	got := make([]*tls.Certificate, 8)
	for i := range got {
		wg.Go(func() { got[i], _ = leaf.Certificate() })
	}
	wg.Wait()
	for _, c := range got {
		if c == first || c != got[0] {
			t.Error("not replaced once, by one for all")
		}
	}
	get(noon.AddDate(1, 0, 0))
	get(noon.AddDate(0, 0, 1)) // the clock was put back
}

// TestLeafStore: a server that starts again goes on with the same certificate,
// and those that have expired do not pile up.
func TestLeafStore(t *testing.T) {
	w := &watch{t: noon}
	dir := t.TempDir()
	store, _ := openStore(t, filepath.Join(dir, "x.db"), Options{Now: w.now})
	start := func(names ...string) *x509.Certificate {
		t.Helper()
		ca, _ := openCA(t, dir, CAOptions{Now: w.now, Store: store})
		leaf, err := ca.Leaf(names...)
		if err != nil {
			t.Fatal(err)
		}
		c, err := leaf.Certificate()
		if err != nil {
			t.Fatal(err)
		}
		return c.Leaf
	}
	count := func(want int) {
		t.Helper()
		if list, err := store.List(); err != nil || len(list) != want {
			t.Errorf("%d certificates, want %d, %v", len(list), want, err)
		}
	}
	first := start("localhost", "::1")
	if !start("::1", "localhost").Equal(first) {
		t.Error("a new certificate after starting again")
	}
	if start("localhost").Equal(first) {
		t.Error("one certificate for different names")
	}
	count(2)
	w.set(noon.AddDate(0, 0, 70))
	second := start("localhost", "::1")
	if second.Equal(first) {
		t.Error("not renewed")
	}
	count(3)
	w.set(noon.AddDate(0, 0, 100))
	if !start("localhost", "::1").Equal(second) {
		t.Error("renewed too early")
	}
	count(2)
	// What another CA issued is not this one's.
	if err := os.Remove(filepath.Join(dir, caKeyFile)); err != nil {
		t.Fatal(err)
	}
	if start("localhost", "::1").Equal(second) {
		t.Error("a certificate of another CA is used")
	}
}

func TestTrustText(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "it's here")
	ca, _ := openCA(t, dir, CAOptions{Now: clock, Host: "workshop"})
	name := ca.Certificate().Subject.CommonName
	for goos, want := range map[string][]string{
		"linux":   {"sudo update-ca-certificates", "sudo update-ca-trust", "sudo trust anchor", ".pki/nssdb", `it'\''s here`},
		"darwin":  {"security add-trusted-cert", "security delete-certificate -c '" + name + "'"},
		"windows": {"certutil -user -addstore Root", `certutil -user -delstore Root "` + name + `"`},
		"":        {"curl --cacert", "Firefox", "NODE_EXTRA_CA_CERTS", "keytool", "valid until 2036-04-28", "Nothing trusts it until you say so"},
	} {
		text := ca.TrustText(goos)
		for _, w := range append(want, name, string(ThumbprintOf(ca.Certificate()))) {
			if !strings.Contains(text, w) {
				t.Errorf("%s: no %q in\n%s", goos, w, text)
			}
		}
		for _, s := range ca.Trust(goos)[1:] {
			if len(s.Trust) == 0 || len(s.Undo) == 0 {
				t.Errorf("%s: %s cannot be done or undone", goos, s.System)
			}
		}
	}
}

// TestOpenSSLAccepts has another library look at the chain, in its strict mode.
func TestOpenSSLAccepts(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		if os.Getenv("HANDSEL_PEERS") == "required" {
			t.Fatal(err)
		}
		t.Skip("openssl is not installed")
	}
	dir := t.TempDir()
	ca, _ := openCA(t, dir, CAOptions{})
	leaf, err := ca.Leaf(LocalNames()...)
	if err != nil {
		t.Fatal(err)
	}
	c, err := leaf.Certificate()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "leaf.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate[0]})
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range [][]string{{"-verify_hostname", "localhost"}, {"-verify_ip", "::1"}} {
		args := append([]string{"verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", ca.File()}, name...)
		if out, err := exec.Command(openssl, append(args, file)...).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	}
}
