// Package fingerprint computes the fingerprints by which clients and servers are
// told apart: JA3 and JA3S, and JA4 of the ClientHello.
package fingerprint

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// JA3 gives the fingerprint of a ClientHello and the text that it is the MD5 of:
// version, suites, extensions, groups and point formats, without the values of RFC
// 8701.
func JA3(m *wire.ClientHello) (hash, full string) {
	b := number(make([]byte, 0, 512), uint16(m.Version))
	b = append(b, ',')
	b = numbers(b, m.CipherSuites)
	b = append(b, ',')
	n := len(b)
	for t := range m.Extensions.All() {
		if !grease(uint16(t)) {
			b = append(number(b, uint16(t)), '-')
		}
	}
	b = append(b[:max(n, len(b)-1)], ',')
	if body, ok := m.Extensions.Get(iana.ExtSupportedGroups); ok {
		if list, err := wire.ParseSupportedGroups(body); err == nil {
			b = numbers(b, list)
		}
	}
	b = append(b, ',')
	if body, ok := m.Extensions.Get(iana.ExtECPointFormats); ok {
		if list, err := wire.ParseECPointFormats(body); err == nil {
			for i, f := range list {
				if i > 0 {
					b = append(b, '-')
				}
				b = number(b, uint16(f))
			}
		}
	}
	return sum(b), string(b)
}

// JA3S gives the fingerprint of a ServerHello and the text that it is the MD5 of:
// version, suite and extensions.
func JA3S(m *wire.ServerHello) (hash, full string) {
	b := number(make([]byte, 0, 128), uint16(m.Version))
	b = number(append(b, ','), uint16(m.CipherSuite))
	b = append(b, ',')
	n := len(b)
	for t := range m.Extensions.All() {
		b = append(number(b, uint16(t)), '-')
	}
	b = b[:max(n, len(b)-1)]
	return sum(b), string(b)
}

// JA4 gives the fingerprint of a ClientHello over TCP. The order of the suites and
// extensions does not count.
func JA4(m *wire.ClientHello) string {
	version, sni, alpn := m.Version, byte('i'), "00"
	if body, ok := m.Extensions.Get(iana.ExtSupportedVersions); ok {
		if list, err := wire.ParseSupportedVersionsClient(body); err == nil {
			version = highest(list)
		}
	}
	if body, ok := m.Extensions.Get(iana.ExtALPN); ok {
		if list, err := wire.ParseALPN(body); err == nil {
			for name := range list.All() {
				alpn = ends(name)
				break
			}
		}
	}
	var room [128]uint16
	exts, count := room[:0], 0
	for t := range m.Extensions.All() {
		if grease(uint16(t)) {
			continue
		}
		count++
		switch t {
		case iana.ExtServerName:
			sni = 'd'
		case iana.ExtALPN:
		default:
			exts = append(exts, uint16(t))
		}
	}
	b := digits(make([]byte, 0, 512), exts, true)
	if body, ok := m.Extensions.Get(iana.ExtSignatureAlgorithms); ok {
		if list, err := wire.ParseSignatureAlgorithms(body); err == nil && list.Len() > 0 {
			b = digits(append(b, '_'), values(room[:0], list), false)
		}
	}
	suites := values(room[:0], m.CipherSuites)
	out := make([]byte, 0, 36)
	out = append(append(out, 't'), ja4Version(version)...)
	out = twoDigits(twoDigits(append(out, sni), len(suites)), count)
	out = append(append(out, alpn...), '_')
	text := len(b)
	b = digits(b, suites, true)
	out = append(short(out, b[text:]), '_')
	return string(short(out, b[:text]))
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
func ends(protocol []byte) string {
	if len(protocol) == 0 {
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

// short appends the first 12 digits of a SHA-256, zeros for nothing.
func short(b, text []byte) []byte {
	if len(text) == 0 {
		return append(b, "000000000000"...)
	}
	h := sha256.Sum256(text)
	return hex.AppendEncode(b, h[:6])
}

func sum(b []byte) string {
	h := md5.Sum(b)
	return hex.EncodeToString(h[:])
}

// highest gives the highest version of a list.
func highest(l wire.List[iana.Version]) (v iana.Version) {
	for i := range l.Len() {
		if !grease(uint16(l.At(i))) {
			v = max(v, l.At(i))
		}
	}
	return v
}

// values appends those that are not of RFC 8701.
func values[T ~uint16](to []uint16, l wire.List[T]) []uint16 {
	for i := range l.Len() {
		if v := uint16(l.At(i)); !grease(v) {
			to = append(to, v)
		}
	}
	return to
}

// digits appends numbers in four hexadecimal digits each, with commas.
func digits(b []byte, values []uint16, sorted bool) []byte {
	if sorted {
		slices.Sort(values)
	}
	for i, v := range values {
		if i > 0 {
			b = append(b, ',')
		}
		b = hex.AppendEncode(b, []byte{byte(v >> 8), byte(v)})
	}
	return b
}

// twoDigits appends a number, 99 for larger ones.
func twoDigits(b []byte, n int) []byte {
	n = min(n, 99)
	return append(b, '0'+byte(n/10), '0'+byte(n%10))
}

func number(b []byte, v uint16) []byte { return strconv.AppendUint(b, uint64(v), 10) }

// numbers appends those that are not of RFC 8701, with dashes.
func numbers[T ~uint16](b []byte, l wire.List[T]) []byte {
	n := len(b)
	for i := range l.Len() {
		if v := uint16(l.At(i)); !grease(v) {
			b = append(number(b, v), '-')
		}
	}
	return b[:max(n, len(b)-1)]
}

// grease reports whether a value is of RFC 8701, section 2.
func grease(v uint16) bool { return v&0x0f0f == 0x0a0a && v>>8 == v&0xff }
