package wire

import (
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

func signatureAlgorithmsCodec() codec[List[iana.SignatureScheme]] {
	return ofExtension(iana.ExtSignatureAlgorithms, ParseSignatureAlgorithms, func(l List[iana.SignatureScheme]) []byte { return AppendSignatureAlgorithms(nil, l.Values()) }, []string{
		"0002 0403",
		"0006 0403 0804 0401",
	},
		bad{"0000", "supported_signature_algorithms", 0},
		bad{"0001 04", "supported_signature_algorithms", 0})
}

func TestSignatureAlgorithms(t *testing.T) { signatureAlgorithmsCodec().test(t) }

func FuzzSignatureAlgorithms(f *testing.F) { signatureAlgorithmsCodec().fuzz(f) }

func signatureAlgorithmsCertCodec() codec[List[iana.SignatureScheme]] {
	return ofExtension(iana.ExtSignatureAlgorithmsCert, ParseSignatureAlgorithms, func(l List[iana.SignatureScheme]) []byte { return AppendSignatureAlgorithmsCert(nil, l.Values()) }, []string{
		"0002 0403",
		"0006 0403 0804 0401",
	},
		bad{"0000", "supported_signature_algorithms", 0},
		bad{"0001 04", "supported_signature_algorithms", 0})
}

func TestSignatureAlgorithmsCert(t *testing.T) { signatureAlgorithmsCertCodec().test(t) }

func FuzzSignatureAlgorithmsCert(f *testing.F) { signatureAlgorithmsCertCodec().fuzz(f) }
