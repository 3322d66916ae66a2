package wire

import "github.com/handsel-tls/handsel/internal/protocol/iana"

// ParsePadding reads padding, which is nothing but zero bytes, and gives how
// many. RFC 7685, section 3.
func ParsePadding(body []byte) (int, error) {
	r := newExtension("padding", body)
	for _, c := range r.Rest() {
		r.Check(c == 0, "padding", "there is a byte that is not zero")
	}
	return len(body), r.Done()
}

// AppendPadding appends the extension with n zero bytes, 4 bytes more in all.
func AppendPadding(b []byte, n int) []byte {
	b, m := openExtension(b, iana.ExtPadding)
	return m.Close(append(b, make([]byte, n)...))
}
