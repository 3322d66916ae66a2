package wire

import "github.com/handsel-tls/handsel/internal/protocol/iana"

// ParseRenegotiationInfo reads renegotiation_info. RFC 5746, section 3.2:
//
//	opaque renegotiated_connection<0..255>;
func ParseRenegotiationInfo(body []byte) ([]byte, error) {
	return only("renegotiation_info", body, 1, "renegotiated_connection", 0)
}

// AppendRenegotiationInfo appends the extension.
func AppendRenegotiationInfo(b, verify []byte) []byte {
	b, m := openExtension(b, iana.ExtRenegotiationInfo)
	return m.Close(vec(b, 1, verify))
}
