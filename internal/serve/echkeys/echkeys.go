// Package echkeys makes, writes and reads the keys of a server for Encrypted
// Client Hello (RFC 9849). A file has one private key and the configurations
// that go with it, in the form of RFC 9934, which other servers read as well:
//
//	-----BEGIN PRIVATE KEY-----   PKCS #8
//	-----BEGIN ECHCONFIG-----     an ECHConfigList
package echkeys

import (
	"bytes"
	"crypto/ecdh"
	"crypto/hpke"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"os"

	"github.com/handsel-tls/handsel/internal/protocol/ech"
	"github.com/handsel-tls/handsel/internal/protocol/negotiate"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
	"github.com/handsel-tls/handsel/tls"
)

// A File is a key with its configurations.
type File struct {
	List    wire.ECHConfigs
	private *ecdh.PrivateKey
}

// Generate makes a key with X25519, and a configuration with a random number for
// clients to use under a public name: the network sees that name in place of the
// one that a client asks for. maxName is how long the longest of those is, in
// bytes: shorter ones are padded to it.
func Generate(publicName string, maxName uint8) (*File, error) {
	if !negotiate.PublicName(publicName) || len(publicName) > 255 {
		return nil, fmt.Errorf("%q cannot be a public name: it has to be a host name, such as public.example.com", publicName)
	}
	key, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	var id [1]byte
	rand.Read(id[:])
	sha256 := hpke.HKDFSHA256().ID()
	c := wire.ECHConfigContents{
		ConfigID: id[0], KEM: hpke.DHKEM(ecdh.X25519()).ID(), PublicKey: key.PublicKey().Bytes(),
		Suites: wire.NewHPKESuites(
			wire.HPKESuite{KDF: sha256, AEAD: hpke.AES128GCM().ID()},
			wire.HPKESuite{KDF: sha256, AEAD: hpke.ChaCha20Poly1305().ID()}),
		MaximumNameLength: maxName, PublicName: []byte(publicName),
	}
	return &File{wire.AppendECHConfig(nil, wire.ECHVersion, c.Append(nil)), key}, nil
}

// Base64 gives the list as it stands in an HTTPS record of the DNS, and as
// clients take it. RFC 9848.
func (f *File) Base64() string { return base64.StdEncoding.EncodeToString(f.List.AppendList(nil)) }

// PublicNames gives the public names of the configurations.
func (f *File) PublicNames() (names []string) {
	for version, contents := range f.List.All() {
		if version == wire.ECHVersion {
			c, _ := wire.ParseECHConfigContents(contents) // they were parsed before
			names = append(names, string(c.PublicName))
		}
	}
	return names
}

// Keys gives the keys for a server. Clients that used another key are given
// their configurations if retry is set.
func (f *File) Keys(retry bool) (keys []tls.EncryptedClientHelloKey) {
	for version, contents := range f.List.All() {
		if version == wire.ECHVersion {
			config := wire.AppendECHConfig(nil, version, contents)
			keys = append(keys, tls.EncryptedClientHelloKey{Config: config, PrivateKey: f.private.Bytes(), SendAsRetry: retry})
		}
	}
	return keys
}

// Write writes a new file, which nobody else can read. It is an error if there
// is one already.
func (f *File) Write(name string) error {
	der, err := x509.MarshalPKCS8PrivateKey(f.private)
	if err != nil {
		return err
	}
	b := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	b = append(b, pem.EncodeToMemory(&pem.Block{Type: "ECHCONFIG", Bytes: f.List.AppendList(nil)})...)
	out, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = out.Write(b)
	return errors.Join(err, out.Close())
}

// Read reads a file. open says that others on this computer can read it, too.
func Read(name string) (f *File, open bool, err error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, false, err
	}
	info, err := os.Stat(name)
	if err != nil {
		return nil, false, err
	}
	if f, err = parse(b); err != nil {
		return nil, false, fmt.Errorf("%s: %w", name, err)
	}
	return f, info.Mode().Perm()&0o077 != 0, nil
}

func parse(b []byte) (*File, error) {
	f := &File{}
	for block, rest := pem.Decode(b); block != nil; block, rest = pem.Decode(rest) {
		var err error
		switch block.Type {
		case "PRIVATE KEY":
			err = f.readKey(block.Bytes)
		case "ECHCONFIG":
			f.List, err = wire.ParseECHConfigList(bytes.Clone(block.Bytes))
		}
		if err != nil {
			return nil, err
		}
	}
	if f.private == nil || f.List == nil {
		return nil, errors.New("it needs a PRIVATE KEY and an ECHCONFIG in PEM: handsel ech generate makes such files")
	}
	for _, k := range f.Keys(false) {
		if _, err := ech.NewKey(k.Config, k.PrivateKey); err != nil {
			return nil, err
		}
	}
	if len(f.Keys(false)) == 0 {
		return nil, errors.New("no configuration in it is of a version that is known")
	}
	return f, nil
}

func (f *File) readKey(der []byte) error {
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return errors.New("the private key cannot be read")
	}
	switch k := key.(type) {
	case *ecdh.PrivateKey:
		f.private = k
		return nil
	case interface {
		ECDH() (*ecdh.PrivateKey, error)
	}: // ECDSA's keys are of the same form
		f.private, err = k.ECDH()
		return err
	}
	return fmt.Errorf("a private key of the kind %T cannot be used", key)
}
