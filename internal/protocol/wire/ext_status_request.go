package wire

import "github.com/handsel-tls/handsel/internal/protocol/iana"

// ParseStatusRequest reads status_request of a ClientHello. RFC 6066, section
// 8:
//
//	struct {
//	    CertificateStatusType status_type;
//	    ResponderID responder_id_list<0..2^16-1>;
//	    opaque request_extensions<0..2^16-1>;
//	} CertificateStatusRequest;
//
// A status type that is not ocsp(1) has a form of its own, which is skipped.
func ParseStatusRequest(body []byte) (iana.StatusType, error) {
	r := newExtension("status_request", body)
	t := iana.StatusType(r.U8("status_type"))
	if t != iana.StatusOCSP {
		r.Rest()
		return t, r.Done()
	}
	r.Vec(2, "responder_id_list", 0)
	r.Vec(2, "request_extensions", 0)
	return t, r.Done()
}

// AppendStatusRequest appends the extension of a ClientHello.
func AppendStatusRequest(b []byte) []byte {
	return AppendExtension(b, iana.ExtStatusRequest, []byte{byte(iana.StatusOCSP), 0, 0, 0, 0})
}

// AppendOCSPStaple appends status_request of a CertificateEntry. RFC 9846,
// section 4.5.1.2.
func AppendOCSPStaple(b, response []byte) []byte {
	b, m := openExtension(b, iana.ExtStatusRequest)
	return m.Close(vec(append(b, byte(iana.StatusOCSP)), 3, response))
}
