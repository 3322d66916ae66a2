package assemble

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A file of pre-shared keys is read with the configuration. What is wrong in it
// is told without what stands there.
func TestPSKFile(t *testing.T) {
	dir := t.TempDir()
	d := mustOpen(t, filepath.Join(dir, "data"))
	const digits = "000102030405060708090a0b0c0d0e0f"
	for _, test := range []struct {
		text string
		mode os.FileMode
		want string
	}{
		{"one:" + digits, 0o600, ""}, {"one:" + digits, 0o640, "can be read by others"}, {"one:" + digits + "x", 0o600, "keys.psk, line 1: "},
	} {
		file := filepath.Join(dir, "keys.psk")
		os.Remove(file)
		if err := os.WriteFile(file, []byte(test.text), test.mode); err != nil {
			t.Fatal(err)
		}
		p, err := plan(d, dir, "listen: {https: [\"127.0.0.1:8443\"]}\nbindings: [{on: \"0.0.0.0:8443\", psk_file: keys.psk}]\n")
		switch {
		case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "handsel.yaml:2:") || strings.Contains(err.Error(), digits[4:8])):
			t.Errorf("%o %q: %v", test.mode, test.text, err)
		case test.want == "" && (err != nil || len(p.Setup.PSKs["keys.psk"]) != 1):
			t.Errorf("%o %q: %v", test.mode, test.text, err)
		}
	}
}
