package certs

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/handsel-tls/handsel/internal/protocol/sign"
)

func TestSeal(t *testing.T) {
	file := filepath.Join(t.TempDir(), "master.key")
	one, err := OpenSeal(file, "", false)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info.Mode(), err)
	}
	sealed := one.seal([]byte("a key"), []byte("id"))
	if bytes.Contains(sealed, []byte("a key")) || bytes.Equal(sealed, one.seal([]byte("a key"), []byte("id"))) {
		t.Error("it is not encrypted, or twice in the same way")
	}
	again, err := OpenSeal(file, "", true)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := again.open(sealed, []byte("id")); err != nil || string(got) != "a key" {
		t.Error(got, err)
	}
	if _, err := again.open(sealed, []byte("other")); err == nil {
		t.Error("what belongs to one id opens as another's")
	}
	for i := range sealed {
		bad := bytes.Clone(sealed)
		bad[i] ^= 1
		if _, err := again.open(bad, []byte("id")); err == nil {
			t.Errorf("byte %d was changed", i)
		}
	}
	if _, err := again.open(sealed[:5], nil); err == nil {
		t.Error("five bytes open")
	}

	// A passphrase, another one, and none; the key stays.
	if err := ChangePassphrase(file, "", "first"); err != nil {
		t.Fatal(err)
	}
	text, _ := os.ReadFile(file)
	if strings.Contains(string(text), `"key"`) {
		t.Error("the key still stands there")
	}
	for _, wrong := range []string{"", "second"} {
		if _, err := OpenSeal(file, wrong, true); !errors.Is(err, ErrPassphrase) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	if err := ChangePassphrase(file, "first", ""); err != nil {
		t.Fatal(err)
	}
	if again, err = OpenSeal(file, "", true); err != nil {
		t.Fatal(err)
	}
	if got, err := again.open(sealed, []byte("id")); err != nil || string(got) != "a key" {
		t.Error(got, err)
	}

	for _, bad := range []string{"", "{}", `{"what":"handsel master key","key":"12"}`, `{"what":"handsel master key","scrypt_log_n":60,"sealed_key":"AA=="}`} {
		if err := os.WriteFile(file, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenSeal(file, "x", true); err == nil || !strings.Contains(err.Error(), "put it back from a backup") {
			t.Errorf("%s: %v", bad, err)
		}
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenSeal(file, "", true); err == nil || !strings.Contains(err.Error(), "can be read by others") {
		t.Error(err)
	}
	os.Remove(file)
	if _, err := OpenSeal(file, "", true); err == nil || !strings.Contains(err.Error(), "is gone: the private keys") {
		t.Error(err)
	}
}

// Private keys are in no file of the store as they are, those from before there
// was a master key included.
func TestStoredKeysAreEncrypted(t *testing.T) {
	f := newFamily(t)
	path := filepath.Join(t.TempDir(), "x.db")
	db, err := OpenDB(path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	der, err := sign.MarshalPrivateKey(f.leaf.key)
	if err != nil {
		t.Fatal(err)
	}
	old, err := json.Marshal(stored{Chain: [][]byte{f.leaf.cert.Raw}, Key: der, From: "before"})
	if err != nil {
		t.Fatal(err)
	}
	id := ThumbprintOf(f.leaf.cert)
	if err := db.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucket(bucketCerts)
		return errors.Join(err, b.Put(id.bytes(), old))
	}); err != nil {
		t.Fatal(err)
	}
	if Sealed(db) {
		t.Error("nothing is encrypted yet")
	}
	seal := newSeal(make([]byte, masterSize))
	s, err := NewStore(db, seal, f.options())
	if err != nil {
		t.Fatal(err)
	}
	if !Sealed(db) {
		t.Error("nothing is encrypted now")
	}
	if c, err := s.Get(string(id)); err != nil || !samePublic(publicOf(c.PrivateKey), f.leaf.cert.PublicKey) {
		t.Error(err)
	}
	if list, err := s.List(); err != nil || len(list) != 1 || list[0].From != "before" {
		t.Error(list, err)
	}
	db.View(func(tx *bbolt.Tx) error {
		value := tx.Bucket(bucketCerts).Get(id.bytes())
		var record stored
		if err := json.Unmarshal(value, &record); err != nil || record.Key != nil || bytes.Contains(record.Sealed, der[len(der)/2:]) {
			t.Error("the key stands there")
		}
		return nil
	})
	// Another master key does not open it.
	other, err := NewStore(db, newSeal(bytes.Repeat([]byte{1}, masterSize)), f.options())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Get(string(id)); err == nil || !strings.Contains(err.Error(), "another master key") {
		t.Error(err)
	}
}
