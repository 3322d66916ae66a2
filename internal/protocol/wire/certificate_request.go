package wire

import "github.com/handsel-tls/handsel/internal/protocol/iana"

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

// Append appends the whole message.
func (m *CertificateRequest13) Append(b []byte) []byte {
	b, block := OpenCertificateRequest13(b, m.Context)
	return block.Close(append(b, m.Extensions...))
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
	in := r.within(m.Authorities)
	for !in.Empty() {
		in.Vec(2, "DistinguishedName", 1)
	}
	return m, in.Done()
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
func ParseNames(b []byte) ([][]byte, error) {
	r := NewReader("certificate_authorities", b)
	return names(&r)
}

func names(r *Reader) (list [][]byte, err error) {
	for !r.Empty() {
		list = append(list, r.Vec(2, "DistinguishedName", 1))
	}
	return list, r.Done()
}

// AppendNames appends distinguished names, each with a length of 2 bytes.
func AppendNames(b []byte, names [][]byte) []byte {
	for _, n := range names {
		b = vec(b, 2, n)
	}
	return b
}
