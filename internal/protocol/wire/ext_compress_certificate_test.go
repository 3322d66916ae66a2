package wire

import (
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

func compressCertificateCodec() codec[List[iana.CertificateCompression]] {
	return ofExtension(iana.ExtCompressCertificate, ParseCompressCertificate, func(l List[iana.CertificateCompression]) []byte { return AppendCompressCertificate(nil, l.Values()) }, []string{
		"02 0002",
		"06 0001 0002 0003",
	},
		bad{"00", "algorithms", 0},
		bad{"01 00", "algorithms", 0})
}

func TestCompressCertificate(t *testing.T) { compressCertificateCodec().test(t) }

func FuzzCompressCertificate(f *testing.F) { compressCertificateCodec().fuzz(f) }
