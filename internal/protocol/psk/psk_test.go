package psk

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/schedule"
)

func TestCheck(t *testing.T) {
	long := make([]byte, 32)
	for _, c := range []struct {
		name string
		key  *External
		ok   bool
	}{
		{"plain", &External{Identity: []byte("a"), Secret: long}, true},
		{"imported", &External{Identity: []byte("a"), Secret: long, Import: true, Hash: schedule.SHA384}, true},
		{"no identity", &External{Secret: long}, false},
		{"old", &External{Identity: []byte("a"), Secret: long, Old: true}, true},
		{"old and imported", &External{Identity: []byte("a"), Secret: long, Old: true, Import: true}, false},
		{"short", &External{Identity: []byte("a"), Secret: long[:15]}, false},
		{"another hash", &External{Identity: []byte("a"), Secret: long, Hash: schedule.MD5SHA1}, false},
		{"long identity", &External{Identity: make([]byte, 1<<16), Secret: long}, false},
		{"long imported identity", &External{Identity: make([]byte, 1<<16-1), Secret: long, Import: true}, false},
	} {
		if err := c.key.Check(); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// The identity is RFC 9258's structure, byte by byte.
func TestImportedIdentity(t *testing.T) {
	e := External{Identity: []byte("psk1"), Context: []byte("ctx"), Secret: make([]byte, 32), Import: true}
	keys := e.Keys()
	if len(keys) != 2 || keys[0].Hash != schedule.SHA256 || keys[1].Hash != schedule.SHA384 || len(keys[0].Secret) != 32 || len(keys[1].Secret) != 48 {
		t.Fatalf("%+v", keys)
	}
	for i, want := range []string{"000470736b310003637478" + "03040001", "000470736b310003637478" + "03040002"} {
		if got := hex.EncodeToString(keys[i].Identity); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		if id := ExternalIdentity(keys[i].Identity); string(id) != "psk1" {
			t.Errorf("%q", id)
		}
	}
	if bytes.Equal(keys[0].Secret, keys[1].Secret[:32]) {
		t.Error("both hashes have the same key")
	}
	if again := e.Keys(); &again[0] != &keys[0] {
		t.Error("the keys are derived twice")
	}
}

func FuzzExternalIdentity(f *testing.F) {
	f.Add([]byte("\x00\x04psk1\x00\x03ctx\x03\x04\x00\x01"))
	f.Add([]byte("psk1"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if id := ExternalIdentity(b); len(b) > 0 && len(id) == 0 || len(id) > len(b) {
			t.Errorf("%x of %x", id, b)
		}
	})
}
