package wire

import "github.com/handsel-tls/handsel/internal/protocol/iana"

// ParseRecordSizeLimit reads record_size_limit, in bytes. RFC 8449, section 4:
//
//	uint16 RecordSizeLimit;
//
// That less than 64 is refused is not a matter of form.
func ParseRecordSizeLimit(body []byte) (uint16, error) {
	r := newExtension("record_size_limit", body)
	v := r.U16("RecordSizeLimit")
	return v, r.Done()
}

// AppendRecordSizeLimit appends the extension.
func AppendRecordSizeLimit(b []byte, limit uint16) []byte {
	b, m := openExtension(b, iana.ExtRecordSizeLimit)
	return m.Close(u16(b, limit))
}
