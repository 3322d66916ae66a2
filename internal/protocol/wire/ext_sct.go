package wire

import "github.com/handsel-tls/handsel/internal/protocol/iana"

// ParseSCTs reads signed_certificate_timestamp of a server. RFC 6962, section
// 3.3:
//
//	opaque SerializedSCT<1..2^16-1>;
//	SerializedSCT sct_list<1..2^16-1>;
func ParseSCTs(body []byte) (scts [][]byte, err error) {
	b, err := only("signed_certificate_timestamp", body, 2, 1)
	if err != nil {
		return nil, err
	}
	for r := NewReader("signed_certificate_timestamp", b); ; {
		if r.Empty() {
			return scts, r.Done()
		}
		scts = append(scts, r.Vec(2, "SerializedSCT", 1))
	}
}

// AppendSCTs appends the extension of a server.
func AppendSCTs(b []byte, scts [][]byte) []byte {
	b, m := openExtension(b, iana.ExtSCT)
	return m.Close(AppendList(b, 2, 2, scts))
}
