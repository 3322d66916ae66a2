package wire

import "github.com/handsel-tls/handsel/internal/protocol/iana"

// ParseCertificateAuthorities reads certificate_authorities. RFC 9846, section
// 4.3.4:
//
//	opaque DistinguishedName<1..2^16-1>;
//	DistinguishedName authorities<3..2^16-1>;
func ParseCertificateAuthorities(body []byte) ([][]byte, error) {
	b, err := only("certificate_authorities", body, 2, 3)
	if err != nil {
		return nil, err
	}
	return ParseNames(b)
}

// AppendCertificateAuthorities appends the extension.
func AppendCertificateAuthorities(b []byte, names [][]byte) []byte {
	b, m := openExtension(b, iana.ExtCertificateAuthorities)
	return m.Close(AppendList(b, 2, 2, names))
}
