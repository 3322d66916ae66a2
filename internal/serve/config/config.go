// Package config reads handsel.yaml: where to listen, which certificates there
// are, what is bound to what, and what the sites are. Whatever is wrong in it is
// said with file, line, column and the way out.
package config

import (
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/serve/bindings"
)

// File is what stands in handsel.yaml.
type File struct {
	Listen       Listen        `yaml:"listen"`
	NoMatch      string        `yaml:"no_match"`
	Default      string        `yaml:"default"`
	Certificates []Certificate `yaml:"certificates"`
	Bindings     []Binding     `yaml:"bindings"`
	Sites        []Site        `yaml:"sites"`

	source []byte
	path   string
}

// Listen says on which addresses, host:port each.
type Listen struct {
	HTTPS []string `yaml:"https"`
	HTTP  []string `yaml:"http"`
}

// Certificate gives a certificate a name. One of files, thumbprint and local_ca
// says where it comes from.
type Certificate struct {
	Name       string   `yaml:"name"`
	Files      []string `yaml:"files"`      // PEM: certificate, chain, key
	Thumbprint string   `yaml:"thumbprint"` // in the store
	LocalCA    []string `yaml:"local_ca"`   // names for the local CA to issue it for
}

// Binding is a record: see package bindings.
type Binding struct {
	On           string   `yaml:"on"`
	Site         string   `yaml:"site"`
	Certificates []string `yaml:"certificates"` // names from above
	Policy       string   `yaml:"policy"`
	MinVersion   string   `yaml:"min_version"`
	MaxVersion   string   `yaml:"max_version"`
	Suites       []string `yaml:"suites"`
	ClientAuth   string   `yaml:"client_auth"`
	ClientCAs    []string `yaml:"client_cas"`
	HTTP2        *bool    `yaml:"http2"`
	Tickets      *bool    `yaml:"tickets"`
	Stapling     *bool    `yaml:"stapling"`
	Reject       bool     `yaml:"reject"`
}

// Site is what is served under some hosts and a path. One of folder, proxy and
// redirect says what.
type Site struct {
	Name     string   `yaml:"name"`
	Hosts    []string `yaml:"hosts"`
	Path     string   `yaml:"path"` // prefix; empty: /
	Folder   string   `yaml:"folder"`
	Proxy    string   `yaml:"proxy"`
	Redirect string   `yaml:"redirect"`
}

// Error is a mistake in the file.
type Error struct {
	File         string
	Line, Column int    // from 1; 0 if the file as a whole is meant
	What         string // what is wrong, and the way out
	Excerpt      string // of the file, with the place marked
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.File, e.What)
	}
	s := fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.What)
	if e.Excerpt != "" {
		s += "\n" + e.Excerpt
	}
	return s
}

// Load reads and checks a file. Paths in it are relative to its folder.
func Load(path string) (*File, error) {
	source, err := os.ReadFile(path)
	if err != nil {
		return nil, &Error{File: path, What: err.Error() + "; serve without --config needs no file"}
	}
	return Parse(path, source)
}

// Parse is Load for what is in memory.
func Parse(path string, source []byte) (*File, error) {
	f := &File{source: source, path: path}
	if err := yaml.UnmarshalWithOptions(source, f, yaml.Strict()); err != nil {
		return nil, f.syntax(err)
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	return f, nil
}

// Abs gives a path of the file as seen from the working folder.
func (f *File) Abs(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(f.path), path)
}

// check refuses what cannot be served.
func (f *File) check() error {
	if len(f.Listen.HTTPS)+len(f.Listen.HTTP) == 0 {
		return f.wrong("$.listen", "there is no address to listen on: give https or http a list such as [\"127.0.0.1:8443\"]")
	}
	for i, a := range f.Listen.HTTPS {
		if err := f.checkAddr(fmt.Sprintf("$.listen.https[%d]", i), a); err != nil {
			return err
		}
	}
	for i, a := range f.Listen.HTTP {
		if err := f.checkAddr(fmt.Sprintf("$.listen.http[%d]", i), a); err != nil {
			return err
		}
	}
	var noMatch bindings.NoMatch
	if err := noMatch.UnmarshalText([]byte(f.NoMatch)); err != nil {
		return f.wrong("$.no_match", "%v", err)
	}
	for _, check := range []func() error{f.checkCertificates, f.checkSites, f.checkBindings} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (f *File) checkAddr(at, addr string) error {
	if _, err := netip.ParseAddrPort(addr); err != nil {
		return f.wrong(at, "%q is not an IP address and port, such as 127.0.0.1:8443 or [::]:8443", addr)
	}
	return nil
}

func (f *File) checkCertificates() error {
	seen := map[string]bool{}
	for i, c := range f.Certificates {
		at := fmt.Sprintf("$.certificates[%d]", i)
		sources := 0
		for _, given := range []bool{len(c.Files) > 0, c.Thumbprint != "", len(c.LocalCA) > 0} {
			if given {
				sources++
			}
		}
		switch {
		case c.Name == "":
			return f.wrong(at, "a certificate needs a name, by which bindings call it")
		case seen[c.Name]:
			return f.wrong(at+".name", "there is a certificate %q already", c.Name)
		case sources != 1:
			return f.wrong(at, "certificate %q needs exactly one of files, thumbprint and local_ca", c.Name)
		}
		seen[c.Name] = true
	}
	return nil
}

func (f *File) checkSites() error {
	seen := map[string]bool{}
	for i, s := range f.Sites {
		at := fmt.Sprintf("$.sites[%d]", i)
		kinds := 0
		for _, k := range []string{s.Folder, s.Proxy, s.Redirect} {
			if k != "" {
				kinds++
			}
		}
		switch {
		case s.Name == "":
			return f.wrong(at, "a site needs a name, by which bindings call it")
		case seen[s.Name]:
			return f.wrong(at+".name", "there is a site %q already", s.Name)
		case kinds != 1:
			return f.wrong(at, "site %q needs exactly one of folder, proxy and redirect", s.Name)
		case s.Path != "" && !strings.HasPrefix(s.Path, "/"):
			return f.wrong(at+".path", "a path begins with /: write %q", "/"+s.Path)
		}
		seen[s.Name] = true
		if s.Folder != "" {
			if info, err := os.Stat(f.Abs(s.Folder)); err != nil || !info.IsDir() {
				return f.wrong(at+".folder", "there is no folder %s", f.Abs(s.Folder))
			}
		}
		for key, address := range map[string]string{"proxy": s.Proxy, "redirect": s.Redirect} {
			u, err := url.Parse(address)
			if address != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
				return f.wrong(at+"."+key, "%q is not an address such as http://127.0.0.1:3000", address)
			}
		}
	}
	return nil
}

func (f *File) checkBindings() error {
	seen := map[bindings.Key]bool{}
	for i, b := range f.Bindings {
		at := fmt.Sprintf("$.bindings[%d]", i)
		key, err := bindings.ParseKey(b.On)
		if err != nil {
			return f.wrong(at+".on", "%v", err)
		}
		if seen[key] {
			return f.wrong(at+".on", "there is a binding for %v already", key)
		}
		seen[key] = true
		if b.Site != "" && !slices.ContainsFunc(f.Sites, func(s Site) bool { return s.Name == b.Site }) {
			return f.wrong(at+".site", "there is no site %q%s", b.Site, didYouMean(b.Site, names(f.Sites, func(s Site) string { return s.Name })))
		}
		if len(b.Certificates) == 0 && !b.Reject {
			return f.wrong(at, "the binding of %v names no certificate", key)
		}
		for j, c := range b.Certificates {
			if !slices.ContainsFunc(f.Certificates, func(x Certificate) bool { return x.Name == c }) {
				return f.wrong(fmt.Sprintf("%s.certificates[%d]", at, j), "there is no certificate %q%s", c,
					didYouMean(c, names(f.Certificates, func(x Certificate) string { return x.Name })))
			}
		}
		if _, err := f.settings(i); err != nil {
			return err
		}
	}
	return nil
}

func names[T any](list []T, name func(T) string) (all []string) {
	for _, x := range list {
		all = append(all, name(x))
	}
	return all
}

// Settings gives the settings of binding i. Certificates are by name.
func (f *File) Settings(i int) bindings.Settings {
	s, _ := f.settings(i) // it was checked
	return s
}

func (f *File) settings(i int) (bindings.Settings, error) {
	b, at := f.Bindings[i], fmt.Sprintf("$.bindings[%d]", i)
	s := bindings.Settings{
		Site: b.Site, Certificates: b.Certificates, Policy: b.Policy, ClientCAs: b.ClientCAs, Reject: b.Reject,
		NoHTTP2: off(b.HTTP2), NoTickets: off(b.Tickets), NoStapling: off(b.Stapling),
	}
	if b.Policy != "" {
		if _, err := policy.Named(b.Policy); err != nil {
			return s, f.wrong(at+".policy", "%v", err)
		}
	}
	for key, v := range map[string]struct {
		text string
		to   *iana.Version
	}{"min_version": {b.MinVersion, &s.MinVersion}, "max_version": {b.MaxVersion, &s.MaxVersion}} {
		if v.text == "" {
			continue
		}
		var err error
		if *v.to, err = bindings.ParseVersion(v.text); err != nil {
			return s, f.wrong(at+"."+key, "%v", err)
		}
	}
	for j, name := range b.Suites {
		id, err := iana.SuiteNamed(name)
		if err != nil {
			return s, f.wrong(fmt.Sprintf("%s.suites[%d]", at, j), "%v", err)
		}
		s.Suites = append(s.Suites, id)
	}
	if err := s.ClientAuth.UnmarshalText([]byte(b.ClientAuth)); err != nil {
		return s, f.wrong(at+".client_auth", "%v", err)
	}
	if s.ClientAuth == bindings.ClientAuthRequire && len(b.ClientCAs) == 0 {
		return s, f.wrong(at+".client_auth", "client_cas has to name the PEM files of the authorities whose certificates are accepted")
	}
	if _, err := s.EffectivePolicy(); err != nil {
		return s, f.wrong(at, "%v", err)
	}
	return s, nil
}

func off(b *bool) bool { return b != nil && !*b }
