package wire

import "github.com/handsel-tls/handsel/internal/protocol/iana"

// ParseECPointFormats reads ec_point_formats. RFC 8422, section 5.1.2:
//
//	ECPointFormat ec_point_format_list<1..2^8-1>;
func ParseECPointFormats(body []byte) ([]byte, error) {
	return only("ec_point_formats", body, 1, "ec_point_format_list", 1)
}

// AppendECPointFormats appends the extension with the uncompressed format.
func AppendECPointFormats(b []byte) []byte {
	return AppendExtension(b, iana.ExtECPointFormats, []byte{1, byte(iana.PointUncompressed)})
}
