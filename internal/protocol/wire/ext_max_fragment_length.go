package wire

import "github.com/handsel-tls/handsel/internal/protocol/iana"

// MaxFragmentLength is max_fragment_length. RFC 6066, section 4:
//
//	enum { 2^9(1), 2^10(2), 2^11(3), 2^12(4), (255) } MaxFragmentLength;
type MaxFragmentLength uint8

// Len gives the length in bytes. That other values are refused is not a matter
// of form: ok is false for them.
func (m MaxFragmentLength) Len() (n int, ok bool) {
	if m < 1 || m > 4 {
		return 0, false
	}
	return 1 << (8 + m), true
}

// ParseMaxFragmentLength reads the extension of either side.
func ParseMaxFragmentLength(body []byte) (MaxFragmentLength, error) {
	r := newExtension("max_fragment_length", body)
	v := MaxFragmentLength(r.U8("MaxFragmentLength"))
	return v, r.Done()
}

// AppendMaxFragmentLength appends the extension.
func AppendMaxFragmentLength(b []byte, v MaxFragmentLength) []byte {
	b, m := openExtension(b, iana.ExtMaxFragmentLength)
	return m.Close(append(b, byte(v)))
}
