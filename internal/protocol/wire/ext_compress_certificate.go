package wire

import "github.com/handsel-tls/handsel/internal/protocol/iana"

// ParseCompressCertificate reads compress_certificate. RFC 8879, section 3:
//
//	CertificateCompressionAlgorithm algorithms<2..2^8-2>;
func ParseCompressCertificate(body []byte) (List[iana.CertificateCompression], error) {
	r := newExtension("compress_certificate", body)
	l := list[iana.CertificateCompression](&r, 1, "algorithms", 2)
	return l, r.Done()
}

// AppendCompressCertificate appends the extension.
func AppendCompressCertificate(b []byte, algorithms []iana.CertificateCompression) []byte {
	return appendList(b, iana.ExtCompressCertificate, 1, algorithms)
}
