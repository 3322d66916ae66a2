package wire

import (
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

func certificateTypesCodec() codec[[]byte] {
	return ofExtension(iana.ExtServerCertificateType, ParseCertificateTypes, func(l []byte) []byte {
		types := make([]iana.CertificateType, len(l))
		for i, t := range l {
			types[i] = iana.CertificateType(t)
		}
		return AppendCertificateTypes(nil, iana.ExtServerCertificateType, types)
	}, []string{"01 02", "02 0200", "00"})
}

func certificateTypeCodec() codec[iana.CertificateType] {
	return ofExtension(iana.ExtClientCertificateType, ParseCertificateType, func(c iana.CertificateType) []byte {
		return AppendCertificateType(nil, iana.ExtClientCertificateType, c)
	}, []string{"02", "00"})
}

func TestCertificateTypes(t *testing.T) {
	certificateTypesCodec().test(t)
	certificateTypeCodec().test(t)
}

func FuzzCertificateTypes(f *testing.F) { certificateTypesCodec().fuzz(f) }
func FuzzCertificateType(f *testing.F)  { certificateTypeCodec().fuzz(f) }
