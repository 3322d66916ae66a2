package wire

import (
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

func certificateAuthoritiesCodec() codec[[][]byte] {
	c := ofExtension(iana.ExtCertificateAuthorities, ParseCertificateAuthorities, func(v [][]byte) []byte { return AppendCertificateAuthorities(nil, v) }, []string{
		"0003 0001 30",
		"0008 0002 3000 0002 3001",
	},
		bad{"0000", "authorities", 0},
		bad{"0004 0000 0000", "DistinguishedName", 2},
		bad{"0004 0003 3000", "DistinguishedName", 2})
	c.copies = true
	return c
}

func TestCertificateAuthorities(t *testing.T) { certificateAuthoritiesCodec().test(t) }

func FuzzCertificateAuthorities(f *testing.F) { certificateAuthoritiesCodec().fuzz(f) }
