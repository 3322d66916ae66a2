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
	entries := r.within(m.List)
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
	certs := r.within(m.List)
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

// ParseRawPublicKey12 reads the body of a Certificate message of TLS 1.2 and
// below whose certificate is a raw public key: a SubjectPublicKeyInfo, DER. An
// empty one stands for none. RFC 7250, section 3.
func ParseRawPublicKey12(body []byte) ([]byte, error) {
	r := NewReader("Certificate", body)
	spki := r.Vec(3, "ASN.1_subjectPublicKeyInfo", 0)
	return spki, r.Done()
}
