// Package psks reads files of pre-shared keys: for a server that knows its
// clients by them, and for a client. Each line has an identity and a key,
//
//	identity:hexadecimal digits of the key[:option,option...]
//
// as GnuTLS's psktool writes them. The options are sha384 (the hash that the key
// goes with is not SHA-256), imported (RFC 9258), and tls12 (for TLS 1.2 and
// below, and not for TLS 1.3: one key is not for both). An identity that has
// other characters is written in hexadecimal after #. Empty lines, and those
// that begin with # and a space, are passed over.
//
// It never says what stands in a line: whatever it is may be a key.
package psks

import (
	"bytes"
	"crypto"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/handsel-tls/handsel/internal/serve/certs"
	"github.com/handsel-tls/handsel/tls"
)

// MinLength is how short a key may be, in bytes: one that can be guessed is open
// to whoever sees a handshake (RFC 9257, section 6).
const MinLength = 16

// Read reads a file. It refuses one that others on this computer can read.
func Read(name string) ([]tls.PreSharedKey, error) {
	if err := certs.OwnerOnly(name); err != nil {
		return nil, err
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	keys, err := parse(b)
	if err != nil {
		return nil, fmt.Errorf("%s, %w", name, err)
	}
	return keys, nil
}

// id tells keys apart: one identity may have a key for each.
type id struct {
	identity string
	tls12    bool
}

func parse(b []byte) (keys []tls.PreSharedKey, err error) {
	seen := map[id]int{}
	n := 0
	for line := range bytes.Lines(b) {
		n++
		text := strings.TrimRight(string(line), "\r\n")
		if strings.TrimSpace(text) == "" || strings.HasPrefix(text, "# ") {
			continue
		}
		k, err := parseLine(text)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		its := id{string(k.Identity), k.TLS12}
		if before := seen[its]; before != 0 {
			return nil, fmt.Errorf("line %d: line %d has a key of this identity already", n, before)
		}
		seen[its] = n
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		return nil, errors.New("line 1: there is no key: a line is identity:hexadecimal digits")
	}
	return keys, nil
}

func parseLine(text string) (k tls.PreSharedKey, err error) {
	name, rest, ok := strings.Cut(text, ":")
	if !ok {
		return k, errors.New("it is not identity:hexadecimal digits")
	}
	digits, options, _ := strings.Cut(rest, ":")
	k.Identity = []byte(name)
	if in16, found := strings.CutPrefix(name, "#"); found {
		if k.Identity, err = hex.DecodeString(in16); err != nil {
			return k, errors.New("after # the identity is in hexadecimal")
		}
	}
	if k.Key, err = hex.DecodeString(strings.TrimSpace(digits)); err != nil { // which would say a digit of it
		return k, errors.New("the key is not in hexadecimal")
	}
	switch {
	case len(k.Identity) == 0:
		return k, errors.New("the identity is empty")
	case len(k.Key) < MinLength:
		return k, fmt.Errorf("the key has %d bytes, and needs %d at least: openssl rand -hex 32 makes one", len(k.Key), MinLength)
	}
	return k, setOptions(&k, options)
}

// setOptions takes what stands after the key.
func setOptions(k *tls.PreSharedKey, options string) error {
	for option := range strings.SplitSeq(options, ",") {
		switch strings.TrimSpace(option) {
		case "":
		case "sha384":
			k.Hash = crypto.SHA384
		case "imported":
			k.Import = true
		case "tls12":
			k.TLS12 = true
		default:
			return errors.New("the options after the key are sha384, imported and tls12")
		}
	}
	if k.TLS12 && (k.Hash != 0 || k.Import) {
		return errors.New("tls12 goes with no other option: those are for TLS 1.3")
	}
	return nil
}
