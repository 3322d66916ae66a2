package wire

import "github.com/handsel-tls/handsel/internal/protocol/iana"

// CertificateStatus is RFC 6066, section 8; its body is also that of the
// status_request extension of a CertificateEntry (RFC 9846, section 4.5.1.2):
//
//	struct {
//	    CertificateStatusType status_type;
//	    opaque OCSPResponse<1..2^24-1>;
//	} CertificateStatus;
type CertificateStatus struct {
	Type     iana.StatusType
	Response []byte // DER
}

// ParseCertificateStatus reads the body of the message.
func ParseCertificateStatus(body []byte) (m CertificateStatus, err error) {
	r := NewReader("CertificateStatus", body)
	m.Type = iana.StatusType(r.U8("status_type"))
	r.Check(m.Type == iana.StatusOCSP, "status_type", "it is not ocsp")
	m.Response = r.Vec(3, "OCSPResponse", 1)
	return m, r.Done()
}

// Append appends the whole message.
func (m *CertificateStatus) Append(b []byte) []byte {
	b, mark := openMessage(b, iana.MsgCertificateStatus)
	return mark.Close(vec(append(b, byte(m.Type)), 3, m.Response))
}
