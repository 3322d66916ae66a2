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
	Listen       Listen        `yaml:"listen" json:"listen,omitempty"`
	NoMatch      string        `yaml:"no_match" json:"no_match,omitempty"` // reset, unrecognized_name or default
	Default      string        `yaml:"default" json:"default,omitempty"`   // the binding for no_match: default
	ACME         *ACME         `yaml:"acme" json:"acme,omitempty"`
	Certificates []Certificate `yaml:"certificates" json:"certificates,omitempty"`
	ECH          []string      `yaml:"ech" json:"ech,omitempty"` // files of keys for Encrypted Client Hello, the one for clients in front
	Bindings     []Binding     `yaml:"bindings" json:"bindings,omitempty"`
	Sites        []Site        `yaml:"sites" json:"sites,omitempty"`
	Events       Events        `yaml:"events" json:"events,omitzero"`
	Admin        *Admin        `yaml:"admin" json:"admin,omitempty"`
	AccessLog    *AccessLog    `yaml:"access_log" json:"access_log,omitempty"` // nil: requests are not written down

	source []byte
	path   string
}

// Listen says on which addresses, IP:port each.
type Listen struct {
	HTTPS        []string `yaml:"https" json:"https,omitempty"`
	HTTP         []string `yaml:"http" json:"http,omitempty"`
	RedirectHTTP bool     `yaml:"redirect_http" json:"redirect_http,omitempty"` // plain requests are sent to HTTPS

	ProxyProtocol []ProxyProtocol `yaml:"proxy_protocol" json:"proxy_protocol,omitempty"`
}

// ProxyProtocol says that connections to an address come by way of others, who
// say in a header of the PROXY protocol whose they are.
type ProxyProtocol struct {
	On   string   `yaml:"on" json:"on"`     // one of the addresses of https and http
	From []string `yaml:"from" json:"from"` // addresses and networks of who is believed
}

// AccessLog says where requests are written down, and how.
type AccessLog struct {
	To        string `yaml:"to" json:"to"`                         // a file, stdout or stderr
	Format    string `yaml:"format" json:"format,omitempty"`       // json or combined
	Megabytes int    `yaml:"megabytes" json:"megabytes,omitempty"` // when a new file is begun; 0: never
	Keep      int    `yaml:"keep" json:"keep,omitempty"`           // how many old ones are kept
	Query     bool   `yaml:"query" json:"query,omitempty"`         // queries of addresses are written, too
	Addresses string `yaml:"addresses" json:"addresses,omitempty"` // of clients: keep or drop
}

// ACME says which certificate authority issues certificates, and to whom.
type ACME struct {
	Agree     bool   `yaml:"agree" json:"agree"` // to the terms of the authority
	Email     string `yaml:"email" json:"email,omitempty"`
	Directory string `yaml:"directory" json:"directory,omitempty"` // URL; empty: Let's Encrypt
	Roots     string `yaml:"roots" json:"roots,omitempty"`         // PEM file of who vouches for the authority's own server
}

// Admin says where the admin API is to be had over the network, beside the socket in
// the data folder, and by whom.
type Admin struct {
	Listen      string   `yaml:"listen" json:"listen"`                           // IP address and port
	ClientCAs   []string `yaml:"client_cas" json:"client_cas"`                   // PEM files
	Certificate string   `yaml:"certificate" json:"certificate,omitempty"`       // name from certificates; empty: one of the local CA
	LocalNames  []string `yaml:"local_ca_names" json:"local_ca_names,omitempty"` // names for that one
}

// Events says what the event log keeps.
type Events struct {
	Enabled   *bool  `yaml:"enabled" json:"enabled,omitempty"`
	Days      int    `yaml:"days" json:"days,omitempty"`
	Megabytes int    `yaml:"megabytes" json:"megabytes,omitempty"`
	Names     string `yaml:"names" json:"names,omitempty"`         // keep, hash or drop
	Addresses string `yaml:"addresses" json:"addresses,omitempty"` // likewise
}

// Certificate gives a certificate a name. One of files, thumbprint, local_ca and
// acme says where it comes from.
type Certificate struct {
	Name       string   `yaml:"name" json:"name"`
	Files      []string `yaml:"files" json:"files,omitempty"`           // PEM: certificate, chain, key
	Signer     []string `yaml:"signer" json:"signer,omitempty"`         // the program that signs for files without a key, with its arguments
	Thumbprint string   `yaml:"thumbprint" json:"thumbprint,omitempty"` // in the store
	LocalCA    []string `yaml:"local_ca" json:"local_ca,omitempty"`     // names for the local CA to issue it for
	ACME       string   `yaml:"acme" json:"acme,omitempty"`             // name to have it issued for by the authority
	Staple     string   `yaml:"staple" json:"staple,omitempty"`         // DER: the OCSP response to send with it, for files only
}

// Binding is a record: see package bindings.
type Binding struct {
	On           string   `yaml:"on" json:"on"`
	Site         string   `yaml:"site" json:"site,omitempty"`
	Certificates []string `yaml:"certificates" json:"certificates,omitempty"` // names from above
	Central      string   `yaml:"central" json:"central,omitempty"`           // folder, for ccs=PORT
	CentralPass  string   `yaml:"central_password_file" json:"central_password_file,omitempty"`
	Policy       string   `yaml:"policy" json:"policy,omitempty"`
	MinVersion   string   `yaml:"min_version" json:"min_version,omitempty"`
	MaxVersion   string   `yaml:"max_version" json:"max_version,omitempty"`
	Suites       []string `yaml:"suites" json:"suites,omitempty"`
	ClientAuth   string   `yaml:"client_auth" json:"client_auth,omitempty"`                                 // none, request or require
	ClientCAs    []string `yaml:"client_cas" json:"client_cas,omitempty"`                                   // PEM files
	Revocation   string   `yaml:"client_revocation" json:"client_revocation,omitempty"`                     // none, best_effort or strict
	RevokedLists []string `yaml:"client_crls" json:"client_crls,omitempty"`                                 // files and addresses
	CachedOnly   bool     `yaml:"client_revocation_cached" json:"client_revocation_cached,omitempty"`       // fetch nothing
	Freshness    int      `yaml:"client_revocation_freshness" json:"client_revocation_freshness,omitempty"` // seconds
	LookupLimit  int      `yaml:"client_revocation_timeout" json:"client_revocation_timeout,omitempty"`     // milliseconds
	UsageCheck   *bool    `yaml:"client_usage_check" json:"client_usage_check,omitempty"`
	RawKey       string   `yaml:"raw_key" json:"raw_key,omitempty"`         // PEM file
	ClientKeys   []string `yaml:"client_keys" json:"client_keys,omitempty"` // PEM files, or SHA-256 of public keys
	PSKFile      string   `yaml:"psk_file" json:"psk_file,omitempty"`
	PSKHint      string   `yaml:"psk_hint" json:"psk_hint,omitempty"`
	ClientPaths  []string `yaml:"client_auth_paths" json:"client_auth_paths,omitempty"`
	HTTP2        *bool    `yaml:"http2" json:"http2,omitempty"`
	Tickets      *bool    `yaml:"tickets" json:"tickets,omitempty"`
	Stapling     *bool    `yaml:"stapling" json:"stapling,omitempty"`
	Compression  *bool    `yaml:"certificate_compression" json:"certificate_compression,omitempty"`
	Renegotiate  bool     `yaml:"renegotiation" json:"renegotiation,omitempty"`
	RecordSize   uint16   `yaml:"record_size_limit" json:"record_size_limit,omitempty"`
	EarlyData    bool     `yaml:"early_data" json:"early_data,omitempty"`
	SSL2         bool     `yaml:"ssl2" json:"ssl2,omitempty"`
	Reject       bool     `yaml:"reject" json:"reject,omitempty"`
}

// Site is what is served under some hosts and a path. One of folder, proxy and
// redirect says what.
type Site struct {
	Name     string   `yaml:"name" json:"name"`
	Hosts    []string `yaml:"hosts" json:"hosts,omitempty"`
	Path     string   `yaml:"path" json:"path,omitempty"` // prefix; empty: /
	Folder   string   `yaml:"folder" json:"folder,omitempty"`
	Compress *bool    `yaml:"compress" json:"compress,omitempty"` // answers for clients that take it; nil: those of a folder
	Proxy    Texts    `yaml:"proxy" json:"proxy,omitempty"`       // one server or several
	ProxyCA  string   `yaml:"proxy_ca" json:"proxy_ca,omitempty"` // PEM file of the authorities of an https proxy
	Redirect string   `yaml:"redirect" json:"redirect,omitempty"`
	Status   int      `yaml:"redirect_status" json:"redirect_status,omitempty"`

	// Of a proxy. Times are such as 10s, or 500ms.
	Balance       string `yaml:"balance" json:"balance,omitempty"`               // round_robin or least_connections
	ConnectWithin string `yaml:"connect_within" json:"connect_within,omitempty"` //
	AnswerWithin  string `yaml:"answer_within" json:"answer_within,omitempty"`   // until the header is there
	DownAfter     int    `yaml:"down_after" json:"down_after,omitempty"`         // failures in a row
	DownFor       string `yaml:"down_for" json:"down_for,omitempty"`
	HealthPath    string `yaml:"health_path" json:"health_path,omitempty"`
	HealthEvery   string `yaml:"health_every" json:"health_every,omitempty"`
	HealthWithin  string `yaml:"health_within" json:"health_within,omitempty"`
	SendProxy     string `yaml:"send_proxy" json:"send_proxy,omitempty"` // v1 or v2
	ClientCert    bool   `yaml:"client_certificate_headers" json:"client_certificate_headers,omitempty"`
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
