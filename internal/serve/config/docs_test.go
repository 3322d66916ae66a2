package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// What docs/configuration.md shows is a configuration, and has every key.
func TestDocumentation(t *testing.T) {
	b, err := os.ReadFile("../../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(b), "```yaml\n")
	text, _, ok := strings.Cut(text, "```")
	if !ok {
		t.Fatal("there is no YAML in it")
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "www"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Parse(filepath.Join(dir, "handsel.yaml"), []byte(text)); err != nil {
		t.Error(err)
	}
	var look func(reflect.Type)
	look = func(typ reflect.Type) {
		for _, key := range keysOf(typ) {
			if !strings.Contains(text, key+":") {
				t.Errorf("it does not have the key %s", key)
			}
		}
		for i := range typ.NumField() {
			f := typ.Field(i).Type
			if f.Kind() == reflect.Slice || f.Kind() == reflect.Pointer {
				f = f.Elem()
			}
			if f.Kind() == reflect.Struct {
				look(f)
			}
		}
	}
	look(reflect.TypeFor[File]())
}
