package certs

import (
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"os"
	"strings"

	"github.com/handsel-tls/handsel/internal/protocol/sign"
)

// ReadKey reads the private key of a raw public key (RFC 7250) from a PEM file:
// the only one in it, whatever else there is. open says that others on this
// computer can read it, too. The error is an *Error.
func ReadKey(name string) (key crypto.Signer, open bool, err error) {
	var m material
	if err := m.readFile(name); err != nil {
		return nil, false, err
	}
	if len(m.keys) != 1 {
		return nil, false, &Error{File: name, What: fmt.Sprintf("has %d private keys in it", len(m.keys)), Hint: "name a file with one"}
	}
	info, err := os.Stat(name)
	if err != nil {
		return nil, false, &Error{File: name, What: "cannot be read", Err: withoutPath(err)}
	}
	return m.keys[0].Signer, info.Mode().Perm()&0o077 != 0, nil
}

// KeyHash is the SHA-256 of a public key, of its SubjectPublicKeyInfo in DER.
type KeyHash = [sha256.Size]byte

// IsKeyHash reports whether a text is the hash of a public key and not the name of
// a file.
func IsKeyHash(text string) bool {
	_, ok := parseKeyHash(text)
	return ok
}

// ReadKeyHashes gives the hashes of public keys: text is such a hash, in
// hexadecimal, or in base64 after sha256//, as curl has it; or it is the name of
// a PEM file with public keys, or with certificates, whose keys are meant. path
// gives the path of a file from its name.
func ReadKeyHashes(text string, path func(string) string) ([]KeyHash, error) {
	if hash, ok := parseKeyHash(text); ok {
		return []KeyHash{hash}, nil
	}
	name := path(text)
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, &Error{File: name, What: "is neither a SHA-256 nor a file that can be read", Err: withoutPath(err),
			Hint: "write 64 hexadecimal digits, or name a PEM file with a public key"}
	}
	var hashes []KeyHash
	at := place{file: name}
	for block, rest := pem.Decode(b); block != nil; block, rest = pem.Decode(rest) {
		at.block++
		at.kind = printable(block.Type)
		spki := block.Bytes
		switch block.Type {
		case "PUBLIC KEY":
			if _, err := sign.ParsePublicKey(spki); err != nil {
				return nil, at.fail(err, "is no public key", "export the key again")
			}
		case "CERTIFICATE":
			c, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, at.fail(err, "is no certificate", "export the certificate again")
			}
			spki = c.RawSubjectPublicKeyInfo
		default:
			continue
		}
		hashes = append(hashes, sha256.Sum256(spki))
	}
	if len(hashes) == 0 {
		return nil, &Error{File: name, What: "has no public key in it", Hint: "make one of a private key: openssl pkey -in key.pem -pubout"}
	}
	return hashes, nil
}

// parseKeyHash reads a hash.
func parseKeyHash(text string) (hash KeyHash, ok bool) {
	b, err := hex.DecodeString(strings.ReplaceAll(text, ":", ""))
	if in64, found := strings.CutPrefix(text, "sha256//"); found {
		b, err = base64.StdEncoding.DecodeString(in64)
	}
	if err != nil || len(b) != len(hash) {
		return hash, false
	}
	return KeyHash(b), true
}
