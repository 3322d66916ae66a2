package wire

import (
	"iter"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// Certificate13 is the Certificate of TLS 1.3, RFC 9846, section 4.5.1:
//
//	struct {
//	    opaque cert_data<1..2^24-1>;
//	    Extension extensions<0..2^16-1>;
//	} CertificateEntry;
//
//	struct {
//	    opaque certificate_request_context<0..2^8-1>;
//	    CertificateEntry certificate_list<0..2^24-1>;
//	} Certificate;
type Certificate13 struct {
	Context []byte
	List    []byte // of entries, without its length
}

// ParseCertificate13 reads the body of the message; the form of all entries is
// checked.
func ParseCertificate13(body []byte) (m Certificate13, err error) {
	r := NewReader("Certificate", body)
	m.Context = r.Vec(1, "certificate_request_context", 0)
	m.List = r.Vec(3, "certificate_list", 0)
	if err := r.Done(); err != nil {
		return m, err
	}
	entries := NewReader("Certificate", m.List)
	for !entries.Empty() {
		entries.Vec(3, "cert_data", 1)
		extensions(&entries)
	}
	return m, entries.Done()
}

// Entries walks the certificates, the peer's own first.
func (m *Certificate13) Entries() iter.Seq2[[]byte, Extensions] {
	return func(yield func([]byte, Extensions) bool) {
		r := NewReader("Certificate", m.List)
		for !r.Empty() {
			if !yield(r.Vec(3, "cert_data", 1), extensions(&r)) {
				return
			}
		}
	}
}

// AppendCertificate13 appends the message with a ready list, which has its
// length of 3 bytes in front.
func AppendCertificate13(b, context, list []byte) []byte {
	b, m := openMessage(b, iana.MsgCertificate)
	return m.Close(append(vec(b, 1, context), list...))
}

// AppendCertificateEntry appends one entry of a list.
func AppendCertificateEntry(b, der []byte, exts Extensions) []byte {
	return vec(vec(b, 3, der), 2, exts)
}

// Certificate12 is the Certificate of TLS 1.2 and below, RFC 5246, section
// 7.4.2:
//
//	opaque ASN.1Cert<1..2^24-1>;
//	struct {
//	    ASN.1Cert certificate_list<0..2^24-1>;
//	} Certificate;
type Certificate12 struct{ List []byte }

// ParseCertificate12 reads the body of the message; the form of the list is
// checked.
func ParseCertificate12(body []byte) (m Certificate12, err error) {
	r := NewReader("Certificate", body)
	m.List = r.Vec(3, "certificate_list", 0)
	if err := r.Done(); err != nil {
		return m, err
	}
	certs := NewReader("Certificate", m.List)
	for !certs.Empty() {
		certs.Vec(3, "ASN.1Cert", 1)
	}
	return m, certs.Done()
}

// All walks the certificates, the peer's own first.
func (m *Certificate12) All() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for r := NewReader("Certificate", m.List); !r.Empty(); {
			if !yield(r.Vec(3, "ASN.1Cert", 1)) {
				return
			}
		}
	}
}

// AppendCertificate12 appends the message with a ready list, which has its
// length of 3 bytes in front.
func AppendCertificate12(b, list []byte) []byte { return message(b, iana.MsgCertificate, list) }

// AppendList appends a vector of vectors, each with a length of n bytes, and
// the whole with one of outer bytes.
func AppendList(b []byte, outer, n int, items [][]byte) []byte {
	b, m := open(b, outer)
	for _, item := range items {
		b = vec(b, n, item)
	}
	return m.Close(b)
}

// CertificateRequest13 is RFC 9846, section 4.4.2:
//
//	struct {
//	    opaque certificate_request_context<0..2^8-1>;
//	    Extension extensions<0..2^16-1>;
//	} CertificateRequest;
type CertificateRequest13 struct {
	Context    []byte
	Extensions Extensions
}

// ParseCertificateRequest13 reads the body of the message.
func ParseCertificateRequest13(body []byte) (m CertificateRequest13, err error) {
	r := NewReader("CertificateRequest", body)
	m.Context = r.Vec(1, "certificate_request_context", 0)
	m.Extensions = extensions(&r)
	return m, r.Done()
}

// OpenCertificateRequest13 appends the message up to its extensions.
func OpenCertificateRequest13(b, context []byte) ([]byte, Block) {
	var k Block
	b, k.message = openMessage(b, iana.MsgCertificateRequest)
	b, k.extensions = open(vec(b, 1, context), 2)
	return b, k
}

// CertificateRequest12 is RFC 5246, section 7.4.4; before TLS 1.2 without the
// signature algorithms:
//
//	struct {
//	    ClientCertificateType certificate_types<1..2^8-1>;
//	    SignatureAndHashAlgorithm supported_signature_algorithms<2..2^16-2>;
//	    DistinguishedName certificate_authorities<0..2^16-1>;
//	} CertificateRequest;
type CertificateRequest12 struct {
	Types       []byte
	Schemes     List[iana.SignatureScheme]
	Authorities []byte // names, each with its length, without that of the list
}

// ParseCertificateRequest12 reads the body of the message. schemes says
// whether the version has signature algorithms in it.
func ParseCertificateRequest12(body []byte, schemes bool) (m CertificateRequest12, err error) {
	r := NewReader("CertificateRequest", body)
	m.Types = r.Vec(1, "certificate_types", 1)
	if schemes {
		m.Schemes = list[iana.SignatureScheme](&r, 2, "supported_signature_algorithms", 2)
	}
	m.Authorities = r.Vec(2, "certificate_authorities", 0)
	if err := r.Done(); err != nil {
		return m, err
	}
	_, err = ParseNames(m.Authorities)
	return m, err
}

// Append appends the whole message. A nil Schemes is left out.
func (m *CertificateRequest12) Append(b []byte) []byte {
	b, mark := openMessage(b, iana.MsgCertificateRequest)
	b = vec(b, 1, m.Types)
	if m.Schemes != nil {
		b = vec(b, 2, m.Schemes)
	}
	return mark.Close(vec(b, 2, m.Authorities))
}

// ParseNames reads distinguished names, each with a length of 2 bytes.
func ParseNames(b []byte) (names [][]byte, err error) {
	r := NewReader("certificate_authorities", b)
	for !r.Empty() {
		names = append(names, r.Vec(2, "DistinguishedName", 1))
	}
	return names, r.Done()
}

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

// Append appends the whole message.
func (m *CertificateVerify) Append(b []byte) []byte {
	b, mark := openMessage(b, iana.MsgCertificateVerify)
	return mark.Close(vec(u16(b, uint16(m.Scheme)), 2, m.Signature))
}

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

// AppendNames appends distinguished names, each with a length of 2 bytes.
func AppendNames(b []byte, names [][]byte) []byte {
	for _, n := range names {
		b = vec(b, 2, n)
	}
	return b
}
