package wire

import "github.com/handsel-tls/handsel/internal/protocol/iana"

// ParseCertificateAuthorities reads certificate_authorities. RFC 9846, section
// 4.3.4:
//
//	opaque DistinguishedName<1..2^16-1>;
//	DistinguishedName authorities<3..2^16-1>;
func ParseCertificateAuthorities(body []byte) ([][]byte, error) {
	r := newExtension("certificate_authorities", body)
	list := r.Vec(2, "authorities", 3)
	if err := r.Done(); err != nil {
		return nil, err
	}
	in := r.within(list)
	return names(&in)
}

// AppendCertificateAuthorities appends the extension.
func AppendCertificateAuthorities(b []byte, names [][]byte) []byte {
	b, m := openExtension(b, iana.ExtCertificateAuthorities)
	return m.Close(AppendList(b, 2, 2, names))
}
