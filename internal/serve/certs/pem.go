package certs

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// maxFile is the size in bytes up to which a file is read: no chain is as long,
// and a device or a disk image has no end.
const maxFile = 4 << 20

// place is where in a file something was found.
type place struct {
	file  string
	block int
	kind  string
}

func (p place) String() string { return fmt.Sprintf("%s, block %d", p.file, p.block) }

func (p place) fail(err error, what, hint string) *Error {
	return &Error{File: p.file, Block: p.block, Type: p.kind, What: what, Hint: hint, Err: err}
}

// material is what the files of one certificate have in them.
type material struct {
	certs []foundCert
	keys  []foundKey
	other []place // blocks of other types

	password func(file string) (string, bool) // nil: nobody can give one
}

type foundCert struct {
	*x509.Certificate
	at place
}

type foundKey struct {
	crypto.Signer
	at place
}

// readFile adds what a file has in it.
func (m *material) readFile(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return &Error{File: name, What: "cannot be read", Err: withoutPath(err)}
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return &Error{File: name, What: "cannot be read", Err: withoutPath(err)}
	}
	if len(data) > maxFile {
		return &Error{File: name, What: fmt.Sprintf("is longer than %d MiB", maxFile>>20), Hint: "it cannot be a certificate"}
	}
	return m.read(name, data)
}

// withoutPath leaves out the file name, which the message has already.
func withoutPath(err error) error {
	if p, ok := err.(*os.PathError); ok {
		return p.Err
	}
	return err
}

// read adds the PEM blocks of data. name is for messages.
func (m *material) read(name string, data []byte) error {
	begin := []byte("-----BEGIN ")
	data = bytes.TrimPrefix(data, []byte("\ufeff")) // editors of Windows put it there
	if !bytes.Contains(data, begin) {
		if len(data) > 0 && data[0] == 0x30 { // the SEQUENCE that DER begins with
			return m.readDER(name, data)
		}
		return notPEM(name, data)
	}
	at := place{file: name}
	for bytes.Contains(data, begin) {
		block, rest := pem.Decode(data)
		at.block++
		// The decoder passes over what it cannot read.
		if block == nil || bytes.Count(data[:len(data)-len(rest)], begin) > 1 {
			at.kind = kindAt(data)
			return at.fail(nil, "is damaged: the base64 text is wrong, or BEGIN and END do not stand on lines of their own",
				"copy the file again")
		}
		data, at.kind = rest, printable(block.Type)
		if err := m.add(at, block); err != nil {
			return err
		}
	}
	return nil
}

// kindAt gives the type on the next BEGIN line.
func kindAt(data []byte) string {
	_, after, _ := bytes.Cut(data, []byte("-----BEGIN "))
	line, _, _ := bytes.Cut(after, []byte("\n"))
	kind, _, _ := bytes.Cut(line, []byte("-----"))
	return printable(string(bytes.TrimSpace(kind)))
}

// printable makes the type of a block fit for a terminal: the file may be
// anything.
func printable(kind string) string {
	const most = 40
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, kind[:min(len(kind), most)])
}

// notPEM says what a file without PEM seems to be.
func notPEM(name string, data []byte) error {
	e := &Error{File: name, What: "has no PEM block in it"}
	switch {
	case len(data) == 0:
		e.What = "is empty"
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}), bytes.HasPrefix(data, []byte{0xfe, 0xff}):
		e.What, e.Hint = "is UTF-16", "save it as ASCII or UTF-8"
	}
	return e
}

// add takes one block.
func (m *material) add(at place, block *pem.Block) error {
	switch block.Type {
	case "CERTIFICATE", "X509 CERTIFICATE":
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return at.fail(err, "is no certificate", "export the certificate again")
		}
		m.certs = append(m.certs, foundCert{c, at})
	case "TRUSTED CERTIFICATE":
		return at.fail(nil, "is in OpenSSL's own form",
			fmt.Sprintf("turn it into the common one: openssl x509 -in %s -out cert.pem", shellQuote(at.file)))
	default:
		if !strings.HasSuffix(block.Type, "PRIVATE KEY") {
			m.other = append(m.other, at)
			return nil
		}
		key, err := m.parseKey(at, block)
		if err != nil {
			return err
		}
		m.keys = append(m.keys, foundKey{key, at})
	}
	return nil
}

// parseKey reads a private key.
func (m *material) parseKey(at place, block *pem.Block) (crypto.Signer, error) {
	var key any
	var err error
	switch {
	case block.Headers["DEK-Info"] != "", block.Type == "ENCRYPTED PRIVATE KEY":
		if key, err = m.decryptKey(at, block); errors.As(err, new(*Error)) {
			return nil, err
		}
	case block.Type == "PRIVATE KEY", block.Type == "RSA PRIVATE KEY", block.Type == "EC PRIVATE KEY":
		key, err = parsePlain(block.Type, block.Bytes)
	default:
		return nil, at.fail(nil, "is a kind of key that is not understood",
			fmt.Sprintf("turn it into PKCS #8: openssl pkcs8 -topk8 -nodes -in %s -out key.pem", shellQuote(at.file)))
	}
	if err != nil {
		return nil, at.fail(err, "is no private key", "export the key again")
	}
	signer, err := asSigner(key)
	if err != nil {
		return nil, at.fail(err, "cannot be the key of a certificate", "use RSA, ECDSA, Ed25519 or ML-DSA")
	}
	return signer, nil
}

func asSigner(key any) (crypto.Signer, error) {
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("%T cannot sign", key)
	}
	return signer, nil
}
