package wire

import "github.com/handsel-tls/handsel/internal/protocol/iana"

// ParseSCTs reads signed_certificate_timestamp of a server. RFC 6962, section
// 3.3:
//
//	opaque SerializedSCT<1..2^16-1>;
//	SerializedSCT sct_list<1..2^16-1>;
func ParseSCTs(body []byte) (scts [][]byte, err error) {
	r := newExtension("signed_certificate_timestamp", body)
	list := r.Vec(2, "sct_list", 1)
	if err := r.Done(); err != nil {
		return nil, err
	}
	in := r.within(list)
	for !in.Empty() {
		scts = append(scts, in.Vec(2, "SerializedSCT", 1))
	}
	return scts, in.Done()
}

// AppendSCTs appends the extension of a server.
func AppendSCTs(b []byte, scts [][]byte) []byte {
	b, m := openExtension(b, iana.ExtSCT)
	return m.Close(AppendList(b, 2, 2, scts))
}
