package wire

import "github.com/handsel-tls/handsel/internal/protocol/iana"

// ParseSupportedVersionsClient reads supported_versions of a ClientHello. RFC
// 9846, section 4.3.1:
//
//	ProtocolVersion versions<2..254>;
func ParseSupportedVersionsClient(body []byte) (List[iana.Version], error) {
	r := NewReader("supported_versions", body)
	l := list[iana.Version](&r, 1, "versions", 2)
	return l, r.Done()
}

// AppendSupportedVersionsClient appends the extension of a ClientHello.
func AppendSupportedVersionsClient(b []byte, versions []iana.Version) []byte {
	return appendList(b, iana.ExtSupportedVersions, 1, versions)
}

// ParseSupportedVersionsServer reads supported_versions of a ServerHello or
// HelloRetryRequest:
//
//	ProtocolVersion selected_version;
func ParseSupportedVersionsServer(body []byte) (iana.Version, error) {
	r := NewReader("supported_versions", body)
	v := iana.Version(r.U16("selected_version"))
	return v, r.Done()
}

// AppendSupportedVersionsServer appends the extension of a server.
func AppendSupportedVersionsServer(b []byte, v iana.Version) []byte {
	b, m := openExtension(b, iana.ExtSupportedVersions)
	return m.Close(u16(b, uint16(v)))
}
