package echkeys

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/ech"
)

func TestFile(t *testing.T) {
	f, err := Generate("public.example", 40)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "ech.pem")
	if err := f.Write(name); err != nil {
		t.Fatal(err)
	}
	if err := f.Write(name); err == nil {
		t.Error("it is written over")
	}
	got, open, err := Read(name)
	if err != nil || open && runtime.GOOS != "windows" || got.Base64() != f.Base64() || !slices.Equal(got.PublicNames(), []string{"public.example"}) {
		t.Fatalf("%+v, %v, %v", got, open, err)
	}
	for _, k := range got.Keys(true) {
		if _, err := ech.NewKey(k.Config, k.PrivateKey); err != nil || !k.SendAsRetry {
			t.Errorf("%+v: %v", k, err)
		}
	}
	if err := os.Chmod(name, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, open, _ := Read(name); !open && runtime.GOOS != "windows" {
		t.Error("that others can read it is not said")
	}
}

// A file in the form of RFC 9934 that was not made here.
func TestForeignFile(t *testing.T) {
	f, err := parse([]byte(`-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VuBCIEICjd4yGRdsoP9gU7YT7My8DHx1Tjme8GYDXrOMCi8v1V
-----END PRIVATE KEY-----
-----BEGIN ECHCONFIG-----
AD7+DQA65wAgACA8wVN2BtscOl3vQheUzHeIkVmKIiydUhDCliA4iyQRCwAEAAEA
AQALZXhhbXBsZS5jb20AAA==
-----END ECHCONFIG-----
`))
	if err != nil || !slices.Equal(f.PublicNames(), []string{"example.com"}) {
		t.Errorf("%+v, %v", f, err)
	}
}

func TestMistakes(t *testing.T) {
	for _, name := range []string{"", "192.0.2.1", "a_b.example", strings.Repeat("a.", 130) + "example"} {
		if _, err := Generate(name, 0); err == nil {
			t.Errorf("%q can be a public name", name)
		}
	}
	one, _ := Generate("a.example", 0)
	other, _ := Generate("a.example", 0)
	dir := t.TempDir()
	text := map[string]string{}
	for name, f := range map[string]*File{"one": one, "other": other, "mixed": {one.List, other.private}} {
		path := filepath.Join(dir, name)
		if err := f.Write(path); err != nil {
			t.Fatal(err)
		}
		b, _ := os.ReadFile(path)
		text[name] = string(b)
	}
	key, config, _ := strings.Cut(text["one"], "-----BEGIN ECHCONFIG")
	for what, text := range map[string]string{
		"nothing": "", "no configuration": key, "no key": "-----BEGIN ECHCONFIG" + config, "another key": text["mixed"],
		"a broken key": strings.Replace(text["one"], "MC4CAQ", "MC4CAA", 1),
	} {
		if _, err := parse([]byte(text)); err == nil {
			t.Errorf("%s is accepted", what)
		}
	}
	if _, _, err := Read(filepath.Join(dir, "none")); err == nil {
		t.Error("a file that is not there")
	}
}
