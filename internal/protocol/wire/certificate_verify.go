package wire

import "github.com/handsel-tls/handsel/internal/protocol/iana"

// CertificateVerify is RFC 9846, section 4.5.2; RFC 5246, section 7.4.8; before
// TLS 1.2 without the algorithm:
//
//	struct {
//	    SignatureScheme algorithm;
//	    opaque signature<0..2^16-1>;
//	} CertificateVerify;
type CertificateVerify struct {
	Scheme    iana.SignatureScheme
	Signature []byte
}

// ParseCertificateVerify reads the body of the message.
func ParseCertificateVerify(body []byte) (m CertificateVerify, err error) {
	r := NewReader("CertificateVerify", body)
	m.Scheme = iana.SignatureScheme(r.U16("algorithm"))
	m.Signature = r.Vec(2, "signature", 0)
	return m, r.Done()
}

// ParseCertificateVerify12 reads the body of the message of TLS 1.2 and below:
// scheme says whether it has an algorithm, as from TLS 1.2 on. Scheme is 0
// without.
func ParseCertificateVerify12(body []byte, scheme bool) (m CertificateVerify, err error) {
	if scheme {
		return ParseCertificateVerify(body)
	}
	r := NewReader("CertificateVerify", body)
	m.Signature = r.Vec(2, "signature", 0)
	return m, r.Done()
}

// Append appends the whole message. A Scheme of 0 is left out.
func (m *CertificateVerify) Append(b []byte) []byte {
	b, mark := openMessage(b, iana.MsgCertificateVerify)
	if m.Scheme != 0 {
		b = u16(b, uint16(m.Scheme))
	}
	return mark.Close(vec(b, 2, m.Signature))
}
