package wire

import "github.com/handsel-tls/handsel/internal/protocol/iana"

// ParseCertificateTypes reads client_certificate_type or
// server_certificate_type of a ClientHello. RFC 7250, section 3:
//
//	CertificateType client_certificate_types<1..2^8-1>;
//
// What it gives is a view, one byte each.
func ParseCertificateTypes(body []byte) ([]byte, error) {
	r := NewReader("certificate types", body)
	list := r.Vec(1, "certificate_types", 0)
	return list, r.Done()
}

// ParseCertificateType reads the same extension of a server: the one type it
// chose.
func ParseCertificateType(body []byte) (iana.CertificateType, error) {
	r := NewReader("certificate type", body)
	t := iana.CertificateType(r.U8("certificate_type"))
	return t, r.Done()
}

// AppendCertificateTypes appends the extension of a ClientHello: t says for
// whose certificate.
func AppendCertificateTypes(b []byte, t iana.ExtensionType, types []iana.CertificateType) []byte {
	b, m := openExtension(b, t)
	b = append(b, byte(len(types)))
	for _, c := range types {
		b = append(b, byte(c))
	}
	return m.Close(b)
}

// AppendCertificateType appends the extension of a server.
func AppendCertificateType(b []byte, t iana.ExtensionType, chosen iana.CertificateType) []byte {
	return AppendExtension(b, t, []byte{byte(chosen)})
}
