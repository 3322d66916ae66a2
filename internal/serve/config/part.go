package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/handsel-tls/handsel/internal/serve/bindings"
	"github.com/handsel-tls/handsel/internal/serve/certs"
)

// Known says what there is for a part of a configuration that does not stand in
// a file with the rest, such as what an administrator adds: by an error for what
// there is not.
type Known struct {
	Site, Certificate func(name string) error
}

// CheckBinding refuses a binding that cannot be served, and gives it as package
// bindings has it.
func CheckBinding(b Binding, known Known) (bindings.Binding, error) {
	c := &checker{File: &File{Bindings: []Binding{b}}, known: &known}
	settings := c.binding(0)
	if len(c.found) > 0 {
		return bindings.Binding{}, Join(c.found...)
	}
	key, err := bindings.ParseKey(b.On)
	return bindings.Binding{Key: key, Settings: settings}, err
}

// CheckSite refuses a site that cannot be served.
func CheckSite(s Site) error {
	c := &checker{File: &File{Sites: []Site{s}}}
	c.site(0)
	return Join(c.found...)
}

// CheckListen refuses what cannot be listened on, and a no_match that is none.
func CheckListen(l Listen, noMatch, fallback string) error {
	c := &checker{File: &File{Listen: l, NoMatch: noMatch, Default: fallback}}
	c.listen()
	c.noMatch()
	return Join(c.found...)
}

// CheckACME refuses what no certificates can be issued with.
func CheckACME(a *ACME) error {
	c := &checker{File: &File{ACME: a}}
	c.acme()
	return Join(c.found...)
}

// CheckAccessLog refuses a log that cannot be written.
func CheckAccessLog(a *AccessLog) error {
	c := &checker{File: &File{AccessLog: a}}
	c.accessLog()
	return Join(c.found...)
}

// FromJSON reads a part of a configuration that was written as JSON. The error
// for a key that nobody knows says which there are.
func FromJSON(data []byte, to any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	err := d.Decode(to)
	if err == nil {
		if d.More() {
			return errors.New("there is more after the JSON object")
		}
		return nil
	}
	if _, quoted, ok := strings.Cut(err.Error(), "unknown field "); ok {
		if key, bad := strconv.Unquote(quoted); bad == nil {
			return fmt.Errorf("there is no key %q here%s", key, didYouMean(key, keysOf(reflect.TypeOf(to).Elem())))
		}
	}
	if kind, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("%s has to be %s", kind.Field, form(kind.Type))
	}
	return err
}

// Merge changes a part of a configuration by a JSON object with the keys that are
// to be other ones; null stands for what they are by themselves. RFC 7396.
func Merge[T any](old T, patch []byte) (next T, err error) {
	var change map[string]json.RawMessage
	if err := json.Unmarshal(patch, &change); err != nil {
		return next, err
	}
	before, err := json.Marshal(old)
	if err != nil {
		return next, err
	}
	all := map[string]json.RawMessage{}
	if err := json.Unmarshal(before, &all); err != nil {
		return next, err
	}
	maps.Copy(all, change)
	maps.DeleteFunc(all, func(_ string, v json.RawMessage) bool { return string(v) == "null" })
	merged, err := json.Marshal(all)
	if err != nil {
		return next, err
	}
	return next, FromJSON(merged, &next)
}

// describe says which part of a configuration without a file is meant by a path.
func (f *File) describe(at string) string {
	head, key, _ := strings.Cut(strings.TrimPrefix(at, "$."), "]")
	list, number, ok := strings.Cut(head, "[")
	i, err := strconv.Atoi(number)
	what := ""
	switch {
	case !ok || err != nil:
		return head
	case list == "bindings" && i < len(f.Bindings):
		what = "binding " + f.Bindings[i].On
	case list == "sites" && i < len(f.Sites):
		what = fmt.Sprintf("site %q", f.Sites[i].Name)
	case list == "certificates" && i < len(f.Certificates):
		what = fmt.Sprintf("certificate %q", f.Certificates[i].Name)
	default:
		what = list
	}
	parts := slices.DeleteFunc([]string{what, strings.TrimPrefix(key, ".")}, func(s string) bool { return s == "" })
	return strings.Join(parts, ", ")
}

// MakeAbsolute makes the paths in bindings and sites absolute, for somebody who
// does not know where the file is.
func (f *File) MakeAbsolute() error {
	dir, err := filepath.Abs(filepath.Dir(f.path))
	if err != nil {
		return err
	}
	fix := func(paths ...*string) {
		for _, p := range paths {
			if *p != "" && !filepath.IsAbs(*p) {
				*p = filepath.Join(dir, *p)
			}
		}
	}
	for i := range f.Bindings {
		b := &f.Bindings[i]
		fix(&b.RawKey, &b.PSKFile, &b.Central, &b.CentralPass)
		for j := range b.ClientCAs {
			fix(&b.ClientCAs[j])
		}
		for j, name := range b.RevokedLists {
			if !strings.Contains(name, "://") {
				fix(&b.RevokedLists[j])
			}
		}
		for j := range b.ClientKeys {
			if !certs.IsKeyHash(b.ClientKeys[j]) {
				fix(&b.ClientKeys[j])
			}
		}
	}
	if f.ACME != nil {
		fix(&f.ACME.Roots)
	}
	for i := range f.Sites {
		fix(&f.Sites[i].Folder, &f.Sites[i].ProxyCA)
	}
	if f.AccessLog != nil && f.AccessLog.ToFile() {
		fix(&f.AccessLog.To)
	}
	return nil
}
