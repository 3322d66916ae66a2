package certs

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"github.com/youmark/pkcs8"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/serve/signer"
)

// readDER adds what a file without PEM has in it: certificates, one after another,
// a PFX (PKCS #12, RFC 7292), or a private key.
func (m *material) readDER(name string, data []byte) error {
	at := place{file: name}
	if list, err := x509.ParseCertificates(data); err == nil {
		for _, c := range list {
			m.certs = append(m.certs, foundCert{c, at})
		}
		return nil
	}
	switch outer(data) {
	case "pfx":
		return m.readPFX(at, data)
	case "pkcs7":
		return &Error{File: name, What: "is PKCS #7, which has certificates without a key",
			Hint: fmt.Sprintf("turn it into PEM: openssl pkcs7 -inform der -print_certs -in %s -out chain.pem", shellQuote(name))}
	case "encrypted":
		at.kind = "ENCRYPTED PRIVATE KEY"
	default:
		at.kind = "PRIVATE KEY"
		if _, err := x509.ParsePKCS1PrivateKey(data); err == nil {
			at.kind = "RSA PRIVATE KEY"
		} else if _, err := x509.ParseECPrivateKey(data); err == nil {
			at.kind = "EC PRIVATE KEY"
		} else if _, err := sign.ParsePrivateKey(data); err != nil {
			return &Error{File: name, What: "is DER, but neither a certificate nor a PFX nor a private key"}
		}
	}
	return m.add(at, &pem.Block{Type: at.kind, Bytes: data})
}

// outer tells apart what begins with a SEQUENCE.
func outer(der []byte) string {
	var pfx struct {
		Version int
		Safe    asn1.RawValue
		MAC     asn1.RawValue `asn1:"optional"`
	}
	const version = 3 // RFC 7292, section 4
	if _, err := asn1.Unmarshal(der, &pfx); err == nil && pfx.Version == version && pfx.Safe.Tag == asn1.TagSequence {
		return "pfx"
	}
	var encrypted struct { // RFC 5958, section 3
		Algorithm pkix.AlgorithmIdentifier
		Data      []byte
	}
	if _, err := asn1.Unmarshal(der, &encrypted); err == nil {
		return "encrypted"
	}
	var content struct {
		Type asn1.ObjectIdentifier
		Rest asn1.RawValue `asn1:"explicit,tag:0"`
	}
	if _, err := asn1.Unmarshal(der, &content); err == nil && content.Type.Equal(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}) {
		return "pkcs7"
	}
	return ""
}

// readPFX adds the certificates and the key of a PFX. The password may be empty.
func (m *material) readPFX(at place, data []byte) error {
	key, cert, chain, err := pkcs12.DecodeChain(data, "")
	if wrongPassword(err) {
		password, given := m.ask(at)
		if !given {
			return m.encrypted(at, fmt.Sprintf("openssl pkcs12 -in %s -nodes -out plain.pem", shellQuote(at.file)))
		}
		if key, cert, chain, err = pkcs12.DecodeChain(data, password); wrongPassword(err) {
			return at.fail(nil, "does not open: the password is not right", "")
		}
	}
	if err != nil {
		return at.fail(err, "is a PFX that cannot be read", fmt.Sprintf(
			"a PFX with more than one key, or without one, is taken apart by openssl pkcs12 -in %s -nodes", shellQuote(at.file)))
	}
	signer, err := asSigner(key)
	if err != nil {
		return at.fail(err, "has a key that cannot be one of a certificate", "use RSA, ECDSA or Ed25519")
	}
	m.keys = append(m.keys, foundKey{signer, at})
	for _, c := range append([]*x509.Certificate{cert}, chain...) {
		m.certs = append(m.certs, foundCert{c, at})
	}
	return nil
}

func wrongPassword(err error) bool {
	return errors.Is(err, pkcs12.ErrIncorrectPassword) || errors.Is(err, pkcs12.ErrDecryption)
}

// ask gives the password for what is encrypted, if somebody can give one.
func (m *material) ask(at place) (string, bool) {
	if m.password == nil {
		return "", false
	}
	return m.password(at.file)
}

// ErrNeedsPassword is the cause if a file is encrypted and somebody could give
// its password.
var ErrNeedsPassword = errors.New("it needs its password")

// encrypted is the error for what needs a password that is not known.
func (m *material) encrypted(at place, command string) error {
	if m.password != nil {
		return at.fail(ErrNeedsPassword, "is encrypted", "name the file with the password: --password-file")
	}
	return at.fail(nil, "is encrypted, and there is nobody to type the password when the server starts",
		fmt.Sprintf("import it into the store, where keys are encrypted: handsel cert import %s; or take the password away: %s, and keep that file to yourself",
			shellQuote(at.file), command))
}

// decryptKey reads a private key that is encrypted, in PKCS #8 (RFC 5958, section
// 3) or in the older form of PEM (RFC 1421, section 4.6.1.1).
func (m *material) decryptKey(at place, block *pem.Block) (any, error) {
	password, given := m.ask(at)
	if !given {
		return nil, m.encrypted(at, fmt.Sprintf("openssl pkey -in %s -out plain.pem", shellQuote(at.file)))
	}
	wrong := at.fail(nil, "does not open: the password is not right", "")
	if block.Type == "ENCRYPTED PRIVATE KEY" {
		key, _, err := pkcs8.ParsePrivateKey(block.Bytes, []byte(password))
		if err != nil && strings.Contains(err.Error(), "incorrect password") {
			return nil, wrong
		}
		return key, err
	}
	//lint:ignore SA1019 it is the form in which such keys exist: what is read is not kept in it
	der, err := x509.DecryptPEMBlock(block, []byte(password))
	if err != nil {
		return nil, wrong
	}
	key, err := parsePlain(block.Type, der)
	if err != nil && !asn1Sequence(der) {
		return nil, wrong // there is no check but of the padding: one wrong password in 256 passes it
	}
	return key, err
}

// asn1Sequence reports whether DER is one SEQUENCE, whatever is in it.
func asn1Sequence(der []byte) bool {
	var v asn1.RawValue
	rest, err := asn1.Unmarshal(der, &v)
	return err == nil && len(rest) == 0 && v.Tag == asn1.TagSequence
}

// parsePlain reads a key in PKCS #8, in PKCS #1 (RFC 8017, appendix A.1.2) or as
// RFC 5915 has it for elliptic curves (SEC 1).
func parsePlain(kind string, der []byte) (any, error) {
	switch kind {
	case "RSA PRIVATE KEY":
		return x509.ParsePKCS1PrivateKey(der)
	case "EC PRIVATE KEY":
		return x509.ParseECPrivateKey(der)
	}
	return sign.ParsePrivateKey(der)
}

// PEM writes a pair as PEM: the certificate, its issuers, and, if it is wanted,
// the private key in PKCS #8.
func (p *Pair) PEM(key bool) ([]byte, error) {
	var b bytes.Buffer
	for _, c := range p.Chain {
		pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
	}
	if !key {
		return b.Bytes(), nil
	}
	if err := p.exportable(); err != nil {
		return nil, err
	}
	der, err := sign.MarshalPrivateKey(p.Key)
	if err != nil {
		return nil, err
	}
	pem.Encode(&b, &pem.Block{Type: "PRIVATE KEY", Bytes: der})
	return b.Bytes(), nil
}

// exportable refuses to give a key that is not here.
func (p *Pair) exportable() error {
	if held, ok := p.Key.(*signer.Signer); ok {
		return &Error{What: fmt.Sprintf("the private key of %s is not here: %s signs with it", nameOfCert(p.Leaf()), held.Command()[0]),
			Hint: "export the certificate without its key, as PEM"}
	}
	return nil
}

// PFX writes a pair as PKCS #12 (RFC 7292), encrypted with AES-256 under a
// password, as Windows since Server 2019, OpenSSL and Java read it.
func (p *Pair) PFX(password string) ([]byte, error) {
	if err := p.exportable(); err != nil {
		return nil, err
	}
	return pkcs12.Modern2023.Encode(crypto.PrivateKey(p.Key), p.Chain[0], p.Chain[1:], password)
}
