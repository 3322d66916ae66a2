package certs

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// The files of a local CA in its folder.
const (
	caKeyFile  = "local-ca-key.pem" // key and certificate, mode 0600
	caCertFile = "local-ca.pem"     // the certificate, for those who are to trust it
)

const (
	caLife   = 10 * 365 * 24 * time.Hour
	leafLife = 90 * 24 * time.Hour
	backdate = time.Hour // for clients whose clock is slow
)

// CAOptions are what a local CA can be given.
type CAOptions struct {
	// Now gives the time; nil stands for time.Now.
	Now func() time.Time
	// Host is the name that tells this CA from those of other computers; "" for
	// this computer's.
	Host string
	// Store, if there is one, keeps what was issued, so that a server which
	// starts again goes on with the same certificates.
	Store *Store
}

// A CA is a certificate authority for development. Clients that are told to
// trust it accept what it issues; nothing is told to them here, Trust only says
// how. It may be used by several goroutines.
type CA struct {
	cert     *x509.Certificate
	key      crypto.Signer
	certFile string
	options  CAOptions

	mu     sync.Mutex
	leaves map[string]*Leaf // by names
}

// OpenCA opens the CA in a folder. The first time it makes one: ECDSA P-256,
// valid for ten years, which may sign certificates of servers and clients but no
// further CAs; made is true then. The private key never leaves its file, which
// only the owner can read.
func OpenCA(dir string, o CAOptions) (ca *CA, made bool, err error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	ca = &CA{options: o, certFile: filepath.Join(dir, caCertFile), leaves: map[string]*Leaf{}}
	keyFile := filepath.Join(dir, caKeyFile)
	if _, err := os.Lstat(keyFile); errors.Is(err, fs.ErrNotExist) {
		if made, err = ca.make(dir, keyFile); err != nil {
			return nil, false, &Error{File: keyFile, What: "the local CA cannot be made", Err: err}
		}
	}
	// What was just made is read back: another process may have been faster.
	if err := ca.load(keyFile); err != nil {
		return nil, false, err
	}
	return ca, made, ca.publish()
}

// make makes key and certificate, and the file of both. There is a file with
// all of it or none, and the first of two processes wins.
func (ca *CA) make(dir, keyFile string) (bool, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return false, err
	}
	cert, err := ca.sign(caTemplate(ca.options.Now(), ca.options.Host, &key.PublicKey), nil, key.Public(), key)
	if err != nil {
		return false, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return false, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	text = append(text, certPEM(cert)...)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return false, err
	}
	err = makeFile(keyFile, text)
	if errors.Is(err, fs.ErrExist) {
		return false, nil
	}
	return err == nil, err
}

// caTemplate describes the certificate of a CA. The subject is the only one of
// its kind: clients confuse CAs that have one name and two keys.
func caTemplate(now time.Time, host string, public *ecdsa.PublicKey) *x509.Certificate {
	if host == "" {
		host, _ = os.Hostname()
	}
	if host == "" {
		host = "this computer"
	}
	point, _ := public.Bytes() // a key that was just made has a point
	id := sha256.Sum256(point)
	// RFC 5280, appendix A.1: a common name has at most 64 characters.
	const longest = 64 - len("Handsel local CA () 01234567")
	name := fmt.Sprintf("Handsel local CA (%s) %s", strings.ToValidUTF8(host[:min(len(host), longest)], ""), hex.EncodeToString(id[:4]))
	return &x509.Certificate{
		Subject:               pkix.Name{Organization: []string{"Handsel local CA"}, CommonName: name},
		NotBefore:             now.Add(-backdate),
		NotAfter:              now.Add(caLife),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
	}
}

// sign makes a certificate; without an issuer it is signed by itself.
func (ca *CA) sign(template, issuer *x509.Certificate, public crypto.PublicKey, key crypto.Signer) (*x509.Certificate, error) {
	if issuer == nil {
		issuer = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer, public, key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// load reads the file of key and certificate.
func (ca *CA) load(keyFile string) error {
	if err := OwnerOnly(keyFile); err != nil {
		return err
	}
	const again = "move the file away to have a new CA made, and take the old one out of where it is trusted"
	p, _, err := ReadFiles(Options{Now: ca.options.Now, Roots: x509.NewCertPool()}, keyFile)
	if err != nil {
		if e, ok := errors.AsType[*Error](err); ok {
			e.Hint = again
		}
		return err
	}
	ca.cert, ca.key = p.Leaf(), p.Key
	switch {
	case !ca.cert.IsCA:
		return &Error{File: keyFile, What: fmt.Sprintf("%s is no CA", nameOfCert(ca.cert)), Hint: again}
	case ca.options.Now().Add(leafLife).After(ca.cert.NotAfter):
		return &Error{File: keyFile, Hint: again,
			What: fmt.Sprintf("the local CA ends on %s, too soon to issue anything", ca.cert.NotAfter.UTC().Format(time.DateOnly))}
	}
	return nil
}

// publish sees to it that the file of the certificate is there and is right.
func (ca *CA) publish() error {
	want := certPEM(ca.cert)
	if have, err := os.ReadFile(ca.certFile); err == nil && bytes.Equal(have, want) {
		return nil
	}
	if err := replaceFile(ca.certFile, want, 0o644); err != nil {
		return &Error{File: ca.certFile, What: "the certificate of the local CA cannot be written", Err: err}
	}
	return nil
}

func certPEM(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}

// Certificate gives the CA's own certificate.
func (ca *CA) Certificate() *x509.Certificate { return ca.cert }

// File gives the path of the certificate in PEM, which clients are to trust.
func (ca *CA) File() string { return ca.certFile }
