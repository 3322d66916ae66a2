package psks

import (
	"crypto"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/handsel-tls/handsel/tls"
)

const digits = "000102030405060708090a0b0c0d0e0f"

func TestRead(t *testing.T) {
	name := filepath.Join(t.TempDir(), "keys.psk")
	write := func(mode os.FileMode, text string) {
		t.Helper()
		os.Remove(name)
		if err := os.WriteFile(name, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	write(0o600, "# devices\n\ndevice 1:"+digits+"\r\ndevice 1:"+strings.ToUpper(digits)+":tls12\n#00ff:"+digits+":sha384,imported")
	keys, err := Read(name)
	secret := []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
	want := []tls.PreSharedKey{
		{Identity: []byte("device 1"), Key: secret}, {Identity: []byte("device 1"), Key: secret, TLS12: true},
		{Identity: []byte{0, 255}, Key: secret, Hash: crypto.SHA384, Import: true},
	}
	if diff := cmp.Diff(want, keys); diff != "" || err != nil {
		t.Error(diff, err)
	}
	write(0o644, "a:"+digits)
	if _, err := Read(name); err == nil || !strings.Contains(err.Error(), "can be read by others") {
		t.Error(err)
	}
	if _, err := Read(name + "x"); err == nil {
		t.Error("a file that is not there was read")
	}
}

// A mistake is told by its line, and never by what stands there.
func TestMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"":                                  "there is no key",
		"# nothing":                         "there is no key",
		digits:                              "line 1: it is not identity:",
		"a:" + digits + "\nb:" + digits[1:]: "line 2: the key is not in hexadecimal",
		"a:" + digits[2:]:                   "the key has 15 bytes",
		":" + digits:                        "the identity is empty",
		"#0:" + digits:                      "after # the identity",
		"a:" + digits + ":sha512":           "the options after the key",
		"a:" + digits + ":tls12,imported":   "tls12 goes with no other",
		"a:" + digits + "\na:" + digits:     "line 2: line 1 has a key of this identity",
	} {
		keys, err := parse([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) || keys != nil {
			t.Errorf("%q: %v", text, err)
		}
		if err != nil && (strings.Contains(err.Error(), digits[4:12]) || strings.Contains(err.Error(), "0d0e")) {
			t.Errorf("%q: the error tells the key: %v", text, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("a:" + digits + ":tls12\n# x\n#00:" + digits))
	f.Fuzz(func(t *testing.T, b []byte) {
		keys, err := parse(b)
		if (err == nil) != (len(keys) > 0) {
			t.Errorf("%d keys, %v", len(keys), err)
		}
		for _, k := range keys {
			if len(k.Identity) == 0 || len(k.Key) < MinLength {
				t.Errorf("%+v", k)
			}
		}
	})
}
