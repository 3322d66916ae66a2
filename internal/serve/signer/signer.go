// Package signer signs with private keys that this process never has: a program
// is asked for each signature, such as one that reaches a hardware module
// (handsel-pkcs11) or another computer.
//
// The program reads a Request from its standard input, a line of JSON, and writes
// an Answer to its standard output, a line likewise. It may then end, and is started
// again for the next signature, or read on; it ends when its input does. Several
// may run at once. What it writes to standard error is for people, and stands in the
// error if it gives no answer.
package signer

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/sign"
)

// A Request is what a program is asked.
type Request struct {
	Key    string `json:"key"`            // SHA-256 of the SubjectPublicKeyInfo, in lower-case hexadecimal digits
	Scheme string `json:"scheme"`         // SchemePKCS1, SchemePSS, SchemeECDSA or SchemeEd25519
	Hash   string `json:"hash,omitempty"` // of Digest: sha1, sha256, sha384, sha512, or md5sha1 (TLS 1.1 and below)
	Salt   int    `json:"salt,omitempty"` // length in bytes, for SchemePSS
	Digest []byte `json:"digest"`         // base64; for SchemeEd25519 the message itself
}

// The schemes of a Request.
const (
	SchemePKCS1   = "rsa-pkcs1"
	SchemePSS     = "rsa-pss"
	SchemeECDSA   = "ecdsa" // the signature is DER, as in X.509
	SchemeEd25519 = "ed25519"
)

// An Answer is what a program says. One of the two is there.
type Answer struct {
	Signature []byte `json:"signature,omitempty"` // base64
	Error     string `json:"error,omitempty"`     // why not, in a line
}

// Hashes are the names of hashes in a Request.
var Hashes = map[crypto.Hash]string{
	crypto.SHA1: "sha1", crypto.SHA256: "sha256", crypto.SHA384: "sha384", crypto.SHA512: "sha512", crypto.MD5SHA1: "md5sha1",
}

// Limit is the longest time that a signature may take. Clients do not wait long.
const Limit = 5 * time.Second

// A Signer has a program sign. It is a crypto.Signer, and may be used by several
// goroutines.
type Signer struct {
	command []string
	public  crypto.PublicKey
	key     string
	limit   time.Duration
	pool    pool
}

// New gives a signer for a public key. Nothing is started before it is needed. The
// error says what cannot be signed with this way.
func New(command []string, public crypto.PublicKey) (*Signer, error) {
	if len(command) == 0 || command[0] == "" {
		return nil, errors.New("no program is named that signs")
	}
	switch public.(type) {
	case *rsa.PublicKey, *sign.PSSPublicKey, *ecdsa.PublicKey, ed25519.PublicKey:
	default:
		return nil, fmt.Errorf("a program signs with RSA, ECDSA and Ed25519 keys, and this one is %T", public)
	}
	id, err := KeyID(public)
	if err != nil {
		return nil, err
	}
	return &Signer{command: command, public: public, key: id, limit: Limit, pool: newPool()}, nil
}

// KeyID gives how requests name a public key.
func KeyID(public crypto.PublicKey) (string, error) {
	if pss, ok := public.(*sign.PSSPublicKey); ok {
		public = pss.PublicKey
	}
	spki, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return "", err
	}
	id := sha256.Sum256(spki)
	return hex.EncodeToString(id[:]), nil
}

// Command gives the program with its arguments.
func (s *Signer) Command() []string { return s.command }

// Public is that of a crypto.Signer.
func (s *Signer) Public() crypto.PublicKey { return s.public }

// Sign is that of a crypto.Signer. A signature that does not verify is an error: a
// program that holds another key, or whose hardware fails, must not be believed.
func (s *Signer) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	r := Request{Key: s.key, Hash: Hashes[opts.HashFunc()], Digest: digest}
	switch s.public.(type) {
	case *ecdsa.PublicKey:
		r.Scheme = SchemeECDSA
	case ed25519.PublicKey:
		r.Scheme = SchemeEd25519
	default:
		r.Scheme = SchemePKCS1
		if _, ok := opts.(*rsa.PSSOptions); ok {
			r.Scheme, r.Salt = SchemePSS, opts.HashFunc().Size()
		}
	}
	if r.Hash == "" && r.Scheme != SchemeEd25519 {
		return nil, fmt.Errorf("%s: hash %v cannot be asked for", s.command[0], opts.HashFunc())
	}
	answer, err := s.ask(&r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.command[0], err)
	}
	if !s.verifies(digest, answer, opts) {
		return nil, fmt.Errorf("%s gave a signature that is wrong for this certificate: it may have another key", s.command[0])
	}
	return answer, nil
}

func (s *Signer) verifies(digest, signature []byte, opts crypto.SignerOpts) bool {
	switch k := s.public.(type) {
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(k, digest, signature)
	case ed25519.PublicKey:
		return ed25519.Verify(k, digest, signature)
	case *rsa.PublicKey:
		return rsaVerifies(k, digest, signature, opts)
	case *sign.PSSPublicKey:
		return rsaVerifies(k.PublicKey, digest, signature, opts)
	}
	return false
}

func rsaVerifies(k *rsa.PublicKey, digest, signature []byte, opts crypto.SignerOpts) bool {
	if pss, ok := opts.(*rsa.PSSOptions); ok {
		return rsa.VerifyPSS(k, opts.HashFunc(), digest, signature, pss) == nil
	}
	return rsa.VerifyPKCS1v15(k, opts.HashFunc(), digest, signature) == nil
}

// Check has the program sign something, to see whether it works.
func (s *Signer) Check() error {
	message := make([]byte, sha256.Size)
	rand.Read(message)
	var opts crypto.SignerOpts = crypto.SHA256
	switch s.public.(type) {
	case ed25519.PublicKey:
		opts = crypto.Hash(0)
	case *sign.PSSPublicKey:
		opts = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}
	}
	_, err := s.Sign(nil, message, opts)
	return err
}
