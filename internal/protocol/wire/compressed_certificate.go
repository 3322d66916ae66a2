package wire

import "github.com/handsel-tls/handsel/internal/protocol/iana"

// CompressedCertificate is RFC 8879, section 4:
//
//	struct {
//	    CertificateCompressionAlgorithm algorithm;
//	    uint24 uncompressed_length;
//	    opaque compressed_certificate_message<1..2^24-1>;
//	} CompressedCertificate;
type CompressedCertificate struct {
	Algorithm          iana.CertificateCompression
	UncompressedLength int    // of the body of the Certificate, in bytes
	Compressed         []byte // that body
}

// ParseCompressedCertificate reads the body of the message.
func ParseCompressedCertificate(body []byte) (m CompressedCertificate, err error) {
	r := NewReader("CompressedCertificate", body)
	m.Algorithm = iana.CertificateCompression(r.U16("algorithm"))
	m.UncompressedLength = int(r.Uint(3, "uncompressed_length"))
	m.Compressed = r.Vec(3, "compressed_certificate_message", 1)
	return m, r.Done()
}

// Append appends the whole message.
func (m *CompressedCertificate) Append(b []byte) []byte {
	b, mark := openMessage(b, iana.MsgCompressedCertificate)
	b = u24(u16(b, uint16(m.Algorithm)), m.UncompressedLength)
	return mark.Close(vec(b, 3, m.Compressed))
}
