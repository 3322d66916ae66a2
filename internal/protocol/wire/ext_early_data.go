package wire

import "github.com/handsel-tls/handsel/internal/protocol/iana"

// ParseEarlyDataTicket reads early_data of a NewSessionTicket: how many bytes
// of early data the ticket allows. RFC 9846, section 4.3.10:
//
//	uint32 max_early_data_size;
//
// In a ClientHello and EncryptedExtensions the extension is empty: ParseEmpty
// and AppendExtension.
func ParseEarlyDataTicket(body []byte) (uint32, error) {
	r := newExtension("early_data", body)
	v := r.U32("max_early_data_size")
	return v, r.Done()
}

// AppendEarlyDataTicket appends the extension of a NewSessionTicket.
func AppendEarlyDataTicket(b []byte, size uint32) []byte {
	b, m := openExtension(b, iana.ExtEarlyData)
	return m.Close(u32(b, size))
}
