package wire

import (
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

func compressedCertificateCodec() codec[CompressedCertificate] {
	return ofMessage(iana.MsgCompressedCertificate, ParseCompressedCertificate, func(m CompressedCertificate) []byte { return m.Append(nil) }, []string{
		"0002 000100 000003 010203",
		"ffff ffffff 000001 00",
	},
		bad{"0002 000100 000000", "compressed_certificate_message", 5},
		bad{"0002 0001", "uncompressed_length", 2})
}

func TestCompressedCertificate(t *testing.T) { compressedCertificateCodec().test(t) }

func FuzzCompressedCertificate(f *testing.F) { compressedCertificateCodec().fuzz(f) }
