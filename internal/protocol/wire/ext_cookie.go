package wire

import "github.com/handsel-tls/handsel/internal/protocol/iana"

// ParseCookie reads cookie. RFC 9846, section 4.3.2:
//
//	opaque cookie<1..2^16-1>;
func ParseCookie(body []byte) ([]byte, error) { return only("cookie", body, 2, "cookie", 1) }

// AppendCookie appends the extension.
func AppendCookie(b, cookie []byte) []byte {
	b, m := openExtension(b, iana.ExtCookie)
	return m.Close(vec(b, 2, cookie))
}
