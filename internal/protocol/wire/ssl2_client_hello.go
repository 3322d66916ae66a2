package wire

import "github.com/handsel-tls/handsel/internal/protocol/iana"

// SSL2ClientHello is the CLIENT-HELLO of SSL 2.0, in which clients of old asked
// for newer versions as well: RFC 5246, appendix E.2; Hickman, "The SSL
// Protocol", section 1.2.
//
//	uint8 msg_type;                                 // 1
//	Version version;
//	uint16 cipher_spec_length, session_id_length, challenge_length;
//	V2CipherSpec cipher_specs[cipher_spec_length];  // 3 bytes each
//	opaque session_id[session_id_length];           // 0 or 16 bytes
//	opaque challenge[challenge_length];             // 16 to 32 bytes
type SSL2ClientHello struct {
	Version     iana.Version
	CipherSpecs []byte // 3 bytes each
	SessionID   []byte
	Challenge   []byte
}

// SSL2HeaderLen is the length of the record header before an SSL 2.0-format
// hello, in bytes: the length of what follows, with the highest bit set.
const SSL2HeaderLen = 2

// ParseSSL2ClientHello reads the message from msg_type on.
func ParseSSL2ClientHello(msg []byte) (m SSL2ClientHello, err error) {
	r := NewReader("CLIENT-HELLO", msg)
	r.Check(r.U8("msg_type") == 1, "msg_type", "it is not 1")
	m.Version = iana.Version(r.U16("version"))
	specs, id, challenge := int(r.U16("cipher_spec_length")), int(r.U16("session_id_length")), int(r.U16("challenge_length"))
	r.Check(specs%3 == 0 && specs > 0, "cipher_spec_length", "it is no multiple of 3")
	m.CipherSpecs = r.Bytes(specs, "cipher_specs")
	m.SessionID = r.Bytes(id, "session_id")
	m.Challenge = r.Bytes(challenge, "challenge")
	r.Check(len(m.Challenge) >= 16, "challenge", "it is shorter than 16 bytes")
	return m, r.Done()
}

// Append appends the message from msg_type on.
func (m *SSL2ClientHello) Append(b []byte) []byte {
	b = u16(append(b, 1), uint16(m.Version))
	b = u16(u16(u16(b, uint16(len(m.CipherSpecs))), uint16(len(m.SessionID))), uint16(len(m.Challenge)))
	b = append(append(b, m.CipherSpecs...), m.SessionID...)
	return append(b, m.Challenge...)
}

// ClientHello gives the ClientHello of SSL 3.0 and above that the message stands
// for: the specs that are cipher suites, the challenge at the end of the random,
// no session, no compression, no extensions. Of a challenge of more than the 32
// bytes that RFC 5246, appendix E.2, allows, the first 32 count, as OpenSSL and
// BoringSSL have it.
func (m *SSL2ClientHello) ClientHello() ClientHello {
	h := ClientHello{Version: m.Version, Random: make([]byte, 32), Compression: []byte{byte(iana.CompressionNull)}}
	c := m.Challenge[:min(len(m.Challenge), 32)]
	copy(h.Random[32-len(c):], c)
	for specs := m.CipherSpecs; len(specs) > 0; specs = specs[3:] {
		if specs[0] == 0 {
			h.CipherSuites = append(h.CipherSuites, specs[1:3]...)
		}
	}
	if len(h.CipherSuites) == 0 { // of a client that speaks SSL 2.0 only
		h.CipherSuites = []byte{0, 0} // TLS_NULL_WITH_NULL_NULL: a list has one at least
	}
	return h
}

// SSL2Hello gives the SSL 2.0-format hello that stands for a ClientHello without
// session and extensions.
func (m *ClientHello) SSL2Hello() SSL2ClientHello {
	h := SSL2ClientHello{Version: m.Version, Challenge: m.Random}
	for i := range m.CipherSuites.Len() {
		s := m.CipherSuites.At(i)
		if s.IsGREASE() {
			continue // it is for servers that know of extensions
		}
		h.CipherSpecs = append(h.CipherSpecs, 0, byte(s>>8), byte(s))
	}
	return h
}
