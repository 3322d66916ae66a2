package wire

import (
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

func certificateRequest13Codec() codec[CertificateRequest13] {
	return ofMessage(iana.MsgCertificateRequest, ParseCertificateRequest13,
		func(m CertificateRequest13) []byte { return m.Append(nil) },
		[]string{"00 0000", "01 c0 0008 000d 0004 0002 0403"},
		bad{"02 c0", "certificate_request_context", 0}, bad{"00 0001 00", "extensions", 1})
}

func certificateRequest12Codec(schemes bool, valid []string, refused ...bad) codec[CertificateRequest12] {
	return ofMessage(iana.MsgCertificateRequest,
		func(b []byte) (CertificateRequest12, error) { return ParseCertificateRequest12(b, schemes) },
		func(m CertificateRequest12) []byte {
			names, err := ParseNames(m.Authorities)
			if err != nil {
				return []byte(err.Error())
			}
			m.Authorities = AppendNames(nil, names)
			return m.Append(nil)
		}, valid, refused...)
}

func request12() codec[CertificateRequest12] {
	return certificateRequest12Codec(true, []string{"01 01 0002 0403 0000", "02 0140 0004 04030804 0008 0002 3000 0002 3001"},
		bad{"00 0002 0403 0000", "certificate_types", 0},
		bad{"01 01 0000 0000", "supported_signature_algorithms", 2},
		bad{"01 01 0003 040308 0000", "supported_signature_algorithms", 2},
		bad{"01 01 0002 0403 0002 0000", "DistinguishedName", 8},
		bad{"01 01 0002 0403 0004 0003 3000", "DistinguishedName", 8})
}

func request10() codec[CertificateRequest12] {
	return certificateRequest12Codec(false, []string{"01 01 0000", "02 0102 0004 0002 3000"})
}

func TestCertificateRequest(t *testing.T) {
	certificateRequest13Codec().test(t)
	request12().test(t)
	request10().test(t)
}

func FuzzCertificateRequest13(f *testing.F) { certificateRequest13Codec().fuzz(f) }
func FuzzCertificateRequest12(f *testing.F) { request12().fuzz(f) }
func FuzzCertificateRequest10(f *testing.F) { request10().fuzz(f) }
