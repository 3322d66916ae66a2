// Package config reads handsel.yaml: where to listen, which certificates there
// are, what is bound to what, and what the sites are. Whatever is wrong in it is
// said with file, line, column and the way out.
package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/goccy/go-yaml"
)

// File is what stands in handsel.yaml.
type File struct {
	Listen       Listen        `yaml:"listen"`
	NoMatch      string        `yaml:"no_match"` // reset, unrecognized_name or default
	Default      string        `yaml:"default"`  // the binding for no_match: default
	Certificates []Certificate `yaml:"certificates"`
	ECH          []string      `yaml:"ech"` // files of keys for Encrypted Client Hello, the one for clients in front
	Bindings     []Binding     `yaml:"bindings"`
	Sites        []Site        `yaml:"sites"`

	source []byte
	path   string
}

// Listen says on which addresses, IP:port each.
type Listen struct {
	HTTPS        []string `yaml:"https"`
	HTTP         []string `yaml:"http"`
	RedirectHTTP bool     `yaml:"redirect_http"` // plain requests are sent to HTTPS
}

// Certificate gives a certificate a name. One of files, thumbprint and local_ca
// says where it comes from.
type Certificate struct {
	Name       string   `yaml:"name"`
	Files      []string `yaml:"files"`      // PEM: certificate, chain, key
	Thumbprint string   `yaml:"thumbprint"` // in the store
	LocalCA    []string `yaml:"local_ca"`   // names for the local CA to issue it for
	Staple     string   `yaml:"staple"`     // DER: the OCSP response to send with it, for files only
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
	ClientAuth   string   `yaml:"client_auth"` // none, request or require
	ClientCAs    []string `yaml:"client_cas"`  // PEM files
	RawKey       string   `yaml:"raw_key"`     // PEM file
	ClientKeys   []string `yaml:"client_keys"` // PEM files, or SHA-256 of public keys
	PSKFile      string   `yaml:"psk_file"`
	PSKHint      string   `yaml:"psk_hint"`
	ClientPaths  []string `yaml:"client_auth_paths"`
	HTTP2        *bool    `yaml:"http2"`
	Tickets      *bool    `yaml:"tickets"`
	Stapling     *bool    `yaml:"stapling"`
	Compression  *bool    `yaml:"certificate_compression"`
	Renegotiate  bool     `yaml:"renegotiation"`
	RecordSize   uint16   `yaml:"record_size_limit"`
	EarlyData    bool     `yaml:"early_data"`
	SSL2         bool     `yaml:"ssl2"`
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
	ProxyCA  string   `yaml:"proxy_ca"` // PEM file of the authorities of an https proxy
	Redirect string   `yaml:"redirect"`
}

// Load reads and checks a file. Paths in it are relative to its folder. The
// error has an *Error for each mistake, joined.
func Load(path string) (*File, error) {
	source, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the configuration cannot be read: %w", err)
	}
	return Parse(path, source)
}

// Parse is Load for what is in memory.
func Parse(path string, source []byte) (*File, error) {
	f := &File{}
	err := read(func() error { return yaml.UnmarshalWithOptions(source, f, yaml.Strict()) })
	f.source, f.path = source, path // not before: an empty file empties f
	if err != nil {
		return nil, f.syntax(err)
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	return f, nil
}

// errNotYAML is what is known of a file that the YAML library gives up on.
var errNotYAML = errors.New("the file cannot be read as YAML: look for quotes, brackets and anchors that do not fit")

// read calls the YAML library, which panics on some broken files. A server that
// is told to read one again goes on with what it has.
func read(call func() error) (err error) {
	defer func() {
		if recover() != nil {
			err = errNotYAML
		}
	}()
	return call()
}

// Abs gives a path of the file as seen from the working folder.
func (f *File) Abs(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(f.path), path)
}
