package certs

import (
	"crypto"
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.etcd.io/bbolt"
)

func openStore(t testing.TB, path string, o Options) (*Store, *bbolt.DB) {
	t.Helper()
	db, err := OpenDB(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	s, err := NewStore(db, newSeal(make([]byte, masterSize)), o)
	if err != nil {
		t.Fatal(err)
	}
	return s, db
}

func TestStore(t *testing.T) {
	f := newFamily(t)
	rsaLeaf := issue(t, f.middle, "www.example.com", rsaKey(), func(c *x509.Certificate) { c.NotAfter = noon.AddDate(0, 1, 0) })
	path := filepath.Join(t.TempDir(), "data", "handsel.db")
	s, db := openStore(t, path, f.options())
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Error(info.Mode(), err)
	}

	certFile, keyFile := write(t, "c.pem", pemCert(f.leaf)), write(t, "k.pem", pemKey(t, f.leaf.key))
	info, notices, err := s.AddFiles(certFile, keyFile)
	if err != nil || noticeCodes(notices) != "missing-intermediate" {
		t.Fatal(notices, err)
	}
	if info.Key != "ECDSA P-256" || info.Names[0] != "www.example.com" || info.Issuer != "CN=Middle" || info.From != certFile+", "+keyFile ||
		!info.Added.Equal(noon) || len(info.Chain) != 1 {
		t.Errorf("%+v", info)
	}
	if c, err := s.Get(string(info.Thumbprint)); err != nil || len(c.Certificate) != 1 {
		t.Fatal(err)
	}
	// Adding it again with its chain puts it right, for those who asked before too.
	if info, err = s.Add(f.pair(), "again"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Add(&Pair{Chain: []*x509.Certificate{rsaLeaf.cert}, Key: rsaKey()}, "rsa"); err != nil {
		t.Fatal(err)
	}
	for _, ref := range []string{
		string(info.Thumbprint), string(info.SHA1), strings.ToUpper(string(info.SHA1)),
		strings.Join(pairs(string(info.Thumbprint)), ":"), "\u200e" + strings.Join(pairs(string(info.SHA1)), " "),
	} {
		c, err := s.Get(ref)
		if err != nil || len(c.Certificate) != 2 || !c.Leaf.Equal(f.leaf.cert) || !samePublic(f.leaf.cert.PublicKey, publicOf(c.PrivateKey)) {
			t.Errorf("%s: %v", ref, err)
		}
		again, _ := s.Get(ref)
		if again != c {
			t.Errorf("%s is parsed twice", ref)
		}
		if got, notices, err := s.Show(ref); err != nil || got.Thumbprint != info.Thumbprint || len(notices) != 0 {
			t.Errorf("%s: %+v, %v, %v", ref, got, notices, err)
		}
	}

	// A new process finds the same.
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s, _ = openStore(t, path, f.options())
	list, err := s.List()
	if err != nil || len(list) != 2 || list[0].Key != "RSA 2048" || list[1].From != "again" {
		t.Fatalf("%+v, %v", list, err)
	}
	if c, err := s.Get(string(list[0].Thumbprint)); err != nil || !samePublic(rsaKey().Public(), publicOf(c.PrivateKey)) {
		t.Error(err)
	}

	removed, err := s.Remove(string(info.SHA1))
	if err != nil || removed.Thumbprint != info.Thumbprint {
		t.Error(removed, err)
	}
	for _, ref := range []string{string(info.Thumbprint), string(info.SHA1)} {
		if _, err := s.Get(ref); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s after removing: %v", ref, err)
		}
		if _, _, err := s.Show(ref); !errors.Is(err, ErrNotFound) {
			t.Error(err)
		}
		if _, err := s.Remove(ref); !errors.Is(err, ErrNotFound) {
			t.Error(err)
		}
	}
	_, err = s.Get("\u200e" + string(info.SHA1))
	for _, want := range []string{path, string(info.SHA1), "left out: U+200E left-to-right mark", "a renewed certificate has a new thumbprint"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	for _, bad := range []func(string) error{
		func(r string) error { _, err := s.Get(r); return err },
		func(r string) error { _, _, err := s.Show(r); return err },
		func(r string) error { _, err := s.Remove(r); return err },
	} {
		if err := bad("xyz"); err == nil || !strings.Contains(err.Error(), "no hexadecimal digit") {
			t.Error(err)
		}
	}
}

func TestStoreDamaged(t *testing.T) {
	f := newFamily(t)
	s, db := openStore(t, filepath.Join(t.TempDir(), "x.db"), f.options())
	info, err := s.Add(f.pair(), "")
	if err != nil {
		t.Fatal(err)
	}
	set := func(value string) {
		t.Helper()
		if err := db.Update(func(tx *bbolt.Tx) error {
			return tx.Bucket(bucketCerts).Put(info.Thumbprint.bytes(), []byte(value))
		}); err != nil {
			t.Fatal(err)
		}
	}
	for _, value := range []string{"{", "{}", `{"chain":["AAAA"]}`} {
		set(value)
		if _, err := s.Get(string(info.Thumbprint)); err == nil || !strings.Contains(err.Error(), "is damaged") {
			t.Errorf("%s: %v", value, err)
		}
		if list, err := s.List(); err != nil || len(list) != 1 { // it does not keep the others from being listed
			t.Errorf("%s: %v", value, err)
		}
	}
	if _, err := s.Remove(string(info.Thumbprint)); err != nil {
		t.Error(err)
	}
	if list, err := s.List(); err != nil || len(list) != 0 {
		t.Error(list, err)
	}
}

func TestOpenDBRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	db, err := OpenDB(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenDB(path); err == nil || !strings.Contains(err.Error(), path+": is in use by another process") {
		t.Error(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" {
		if err := os.Chmod(path, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenDB(path); err == nil || !strings.Contains(err.Error(), "can be read by others (mode 0644); chmod 600 ") {
			t.Error(err)
		}
	}
	junk := write(t, "junk.db", strings.Repeat("junk", 4096))
	if _, err := OpenDB(junk); err == nil || !strings.Contains(err.Error(), "is no database of this program") {
		t.Error(err)
	}
	if _, err := OpenDB(t.TempDir()); err == nil {
		t.Error("a folder is a database")
	}
}

// TestStoreAtOnce is for the race detector.
func TestStoreAtOnce(t *testing.T) {
	f := newFamily(t)
	s, _ := openStore(t, filepath.Join(t.TempDir(), "x.db"), f.options())
	info, err := s.Add(f.pair(), "")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 100 {
				if _, err := s.Get(string(info.SHA1)); err != nil && !errors.Is(err, ErrNotFound) {
					t.Error(err)
				}
			}
		})
	}
	for range 3 {
		if _, err := s.Remove(string(info.Thumbprint)); err != nil {
			t.Error(err)
		}
		if _, err := s.Get(string(info.Thumbprint)); !errors.Is(err, ErrNotFound) {
			t.Error(err)
		}
		if _, err := s.Add(f.pair(), ""); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
}

// TestNoKeyInMessages: no message has anything of a private key in it.
func TestNoKeyInMessages(t *testing.T) {
	f := newFamily(t)
	key := pemKey(t, f.leaf.key)
	lines := strings.Split(key, "\n")
	for _, text := range []string{
		key, pemCert(f.middle) + key, pemCert(f.leaf) + strings.Replace(key, "\n-----END", "!\n-----END", 1),
		pemCert(f.leaf) + strings.ReplaceAll(key, "PRIVATE KEY", "EC PRIVATE KEY"),
	} {
		_, _, err := ReadPEM(f.options(), "x.pem", []byte(text))
		if err == nil {
			t.Errorf("no error for %s", text)
			continue
		}
		if slices.ContainsFunc(lines[1:len(lines)-2], func(l string) bool { return strings.Contains(err.Error(), l) }) {
			t.Error("a message has a line of the key")
		}
	}
}

func publicOf(key any) any { return key.(crypto.Signer).Public() }
