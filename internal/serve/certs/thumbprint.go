package certs

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Lengths of thumbprints in hexadecimal digits.
const (
	sha1Digits   = 2 * sha1.Size
	sha256Digits = 2 * sha256.Size
)

// A Thumbprint is the hash of a certificate's DER in hexadecimal digits, lower
// case: 64 digits of SHA-256, which certificates are stored under, or 40 of
// SHA-1, which other systems print and which is taken for looking up only.
type Thumbprint string

// ThumbprintOf gives the SHA-256 thumbprint of a certificate.
func ThumbprintOf(c *x509.Certificate) Thumbprint {
	sum := sha256.Sum256(c.Raw)
	return Thumbprint(hex.EncodeToString(sum[:]))
}

// SHA1Of gives the SHA-1 thumbprint of a certificate.
func SHA1Of(c *x509.Certificate) Thumbprint {
	sum := sha1.Sum(c.Raw)
	return Thumbprint(hex.EncodeToString(sum[:]))
}

// IsSHA1 reports whether the thumbprint is one of SHA-1.
func (t Thumbprint) IsSHA1() bool { return len(t) == sha1Digits }

// IsSHA256 reports whether it is a thumbprint of SHA-256, as ThumbprintOf writes it.
func (t Thumbprint) IsSHA256() bool {
	return len(t) == sha256Digits && strings.Trim(string(t), "0123456789abcdef") == ""
}

// bytes gives the hash; nil if the thumbprint does not come from this package.
func (t Thumbprint) bytes() []byte {
	b, err := hex.DecodeString(string(t))
	if err != nil {
		return nil
	}
	return b
}

// ParseThumbprint reads a thumbprint as people copy it: in any case, with colons,
// hyphens or spaces between the bytes, in quotes, after "SHA256 Fingerprint=",
// and with the invisible characters that the certificate dialog of Windows puts
// in front. stripped names each sort of character that was left out, such as
// "U+200E left-to-right mark"; it is filled even if there is an error.
func ParseThumbprint(s string) (t Thumbprint, stripped []string, err error) {
	if i := strings.IndexByte(s, '='); i >= 0 && strings.Contains(strings.ToLower(s[:i]), "fingerprint") {
		s = s[i+1:]
	}
	var digits strings.Builder
	for _, r := range s {
		switch lower := unicode.ToLower(r); {
		case '0' <= lower && lower <= '9', 'a' <= lower && lower <= 'f' && r < unicode.MaxASCII:
			digits.WriteRune(lower)
		case strings.ContainsRune(":-'\"", r), unicode.IsSpace(r), unicode.Is(unicode.Cf, r):
			if name := nameOf(r); !slices.Contains(stripped, name) {
				stripped = append(stripped, name)
			}
		default:
			return "", stripped, fmt.Errorf("thumbprint %q has the character %q (%U), which is no hexadecimal digit", s, r, r)
		}
	}
	switch t = Thumbprint(digits.String()); len(t) {
	case sha1Digits, sha256Digits:
		return t, stripped, nil
	case 0:
		return "", stripped, fmt.Errorf("the thumbprint is empty")
	}
	return "", stripped, fmt.Errorf("thumbprint %q has %d hexadecimal digits: SHA-256 has %d, SHA-1 %d",
		s, len(t), sha256Digits, sha1Digits)
}

// nameOf names a character that cannot be seen, or that is easily overlooked.
func nameOf(r rune) string {
	switch r {
	case ':':
		return "colons"
	case '-':
		return "hyphens"
	case ' ', '\t', '\n', '\r':
		return "spaces"
	case '"', '\'':
		return "quotes"
	case '\u00a0':
		return "U+00A0 no-break space"
	case '\u200b':
		return "U+200B zero width space"
	case '\u200e':
		return "U+200E left-to-right mark"
	case '\u200f':
		return "U+200F right-to-left mark"
	case '\ufeff':
		return "U+FEFF byte order mark"
	}
	return fmt.Sprintf("%U", r)
}
