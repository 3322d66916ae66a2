package wire

import "github.com/handsel-tls/handsel/internal/protocol/iana"

// ParseSignatureAlgorithms reads signature_algorithms or
// signature_algorithms_cert. RFC 9846, section 4.3.3:
//
//	SignatureScheme supported_signature_algorithms<2..2^16-2>;
func ParseSignatureAlgorithms(body []byte) (List[iana.SignatureScheme], error) {
	r := NewReader("signature_algorithms", body)
	l := list[iana.SignatureScheme](&r, 2, "supported_signature_algorithms", 2)
	return l, r.Done()
}

// AppendSignatureAlgorithms appends signature_algorithms.
func AppendSignatureAlgorithms(b []byte, schemes []iana.SignatureScheme) []byte {
	return appendList(b, iana.ExtSignatureAlgorithms, 2, schemes)
}

// AppendSignatureAlgorithmsCert appends signature_algorithms_cert.
func AppendSignatureAlgorithmsCert(b []byte, schemes []iana.SignatureScheme) []byte {
	return appendList(b, iana.ExtSignatureAlgorithmsCert, 2, schemes)
}
