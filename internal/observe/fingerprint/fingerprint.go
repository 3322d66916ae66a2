// Package fingerprint computes the fingerprints by which clients and servers are
// told apart: JA3 and JA3S, and JA4 of the ClientHello.
package fingerprint

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// JA3 gives the fingerprint of a ClientHello and the text that it is the MD5 of:
// version, suites, extensions, groups and point formats, without the values of RFC
// 8701.
func JA3(m *wire.ClientHello) (hash, full string) {
	var suites, exts, groups, formats []string
	for _, s := range m.CipherSuites.Values() {
		if !s.IsGREASE() {
			suites = append(suites, number(s))
		}
	}
	for t, body := range m.Extensions.All() {
		if grease(uint16(t)) {
			continue
		}
		exts = append(exts, number(t))
		switch t {
		case iana.ExtSupportedGroups:
			if list, err := wire.ParseSupportedGroups(body); err == nil {
				for _, g := range list.Values() {
					if !grease(uint16(g)) {
						groups = append(groups, number(g))
					}
				}
			}
		case iana.ExtECPointFormats:
			if list, err := wire.ParseECPointFormats(body); err == nil {
				for _, f := range list {
					formats = append(formats, strconv.Itoa(int(f)))
				}
			}
		}
	}
	full = strings.Join([]string{number(m.Version), dashes(suites), dashes(exts), dashes(groups), dashes(formats)}, ",")
	return sum(full), full
}

// JA3S gives the fingerprint of a ServerHello and the text that it is the MD5 of:
// version, suite and extensions.
func JA3S(m *wire.ServerHello) (hash, full string) {
	var exts []string
	for t := range m.Extensions.All() {
		exts = append(exts, number(t))
	}
	full = strings.Join([]string{number(m.Version), number(m.CipherSuite), dashes(exts)}, ",")
	return sum(full), full
}

// JA4 gives the fingerprint of a ClientHello over TCP. The order of the suites and
// extensions does not count.
func JA4(m *wire.ClientHello) string {
	var suites, exts, schemes []string
	version, sni, alpn := m.Version, "i", ""
	count := 0
	for _, s := range m.CipherSuites.Values() {
		if !s.IsGREASE() {
			suites = append(suites, digits(uint16(s)))
		}
	}
	for t, body := range m.Extensions.All() {
		if grease(uint16(t)) {
			continue
		}
		count++
		switch t {
		case iana.ExtServerName:
			sni = "d"
			continue
		case iana.ExtALPN:
			if list, err := wire.ParseALPN(body); err == nil {
				for name := range list.All() {
					alpn = string(name)
					break
				}
			}
			continue
		case iana.ExtSupportedVersions:
			if list, err := wire.ParseSupportedVersionsClient(body); err == nil {
				version = 0
				for _, v := range list.Values() {
					if !grease(uint16(v)) {
						version = max(version, v)
					}
				}
			}
		case iana.ExtSignatureAlgorithms:
			if list, err := wire.ParseSignatureAlgorithms(body); err == nil {
				for _, s := range list.Values() {
					if !grease(uint16(s)) {
						schemes = append(schemes, digits(uint16(s)))
					}
				}
			}
		}
		exts = append(exts, digits(uint16(t)))
	}
	slices.Sort(suites)
	slices.Sort(exts)
	rest := strings.Join(exts, ",")
	if len(schemes) > 0 {
		rest += "_" + strings.Join(schemes, ",")
	}
	if count == 0 {
		rest = ""
	}
	return fmt.Sprintf("t%s%s%02d%02d%s_%s_%s", ja4Version(version), sni, min(len(suites), 99), min(count, 99), ends(alpn),
		short(strings.Join(suites, ",")), short(rest))
}

func ja4Version(v iana.Version) string {
	switch v {
	case iana.TLS13:
		return "13"
	case iana.TLS12:
		return "12"
	case iana.TLS11:
		return "11"
	case iana.TLS10:
		return "10"
	case iana.SSL30:
		return "s3"
	case iana.SSL20:
		return "s2"
	}
	return "00"
}

// ends gives the first and the last character of the protocol, in hex if one is
// neither letter nor digit; "00" if there is none.
func ends(protocol string) string {
	if protocol == "" {
		return "00"
	}
	first, last := protocol[0], protocol[len(protocol)-1]
	if alphanumeric(first) && alphanumeric(last) {
		return string([]byte{first, last})
	}
	return hex.EncodeToString([]byte{first})[:1] + hex.EncodeToString([]byte{last})[1:]
}

func alphanumeric(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}

// short gives the first 12 digits of a SHA-256, zeros for nothing.
func short(s string) string {
	if s == "" {
		return "000000000000"
	}
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:6])
}

func sum(s string) string {
	h := md5.Sum([]byte(s))
	return hex.EncodeToString(h[:])
}

// digits gives a number in four hexadecimal digits.
func digits(v uint16) string { return hex.EncodeToString([]byte{byte(v >> 8), byte(v)}) }

func number[T ~uint16](v T) string { return strconv.Itoa(int(v)) }

func dashes(s []string) string { return strings.Join(s, "-") }

// grease reports whether a value is of RFC 8701, section 2.
func grease(v uint16) bool { return v&0x0f0f == 0x0a0a && v>>8 == v&0xff }
