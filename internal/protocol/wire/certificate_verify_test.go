package wire

import (
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

func certificateVerifyCodec() codec[CertificateVerify] {
	return ofMessage(iana.MsgCertificateVerify, ParseCertificateVerify, func(m CertificateVerify) []byte {
		if m.Scheme == 0 {
			return nil
		}
		return m.Append(nil)
	}, []string{
		"0403 0002 3000",
		"0807 0000",
	},
		bad{"04", "algorithm", 0},
		bad{"0403 0003 3000", "signature", 2},
		bad{"0403 0000 00", "end", 4})
}

func TestCertificateVerify(t *testing.T) { certificateVerifyCodec().test(t) }

func FuzzCertificateVerify(f *testing.F) { certificateVerifyCodec().fuzz(f) }

func certificateVerify10Codec() codec[CertificateVerify] {
	return ofMessage(iana.MsgCertificateVerify, func(b []byte) (CertificateVerify, error) { return ParseCertificateVerify12(b, false) }, func(m CertificateVerify) []byte { return m.Append(nil) }, []string{
		"0002 3000",
		"0000",
	},
		bad{"0003 3000", "signature", 0})
}

func TestCertificateVerify10(t *testing.T) { certificateVerify10Codec().test(t) }

func FuzzCertificateVerify10(f *testing.F) { certificateVerify10Codec().fuzz(f) }
