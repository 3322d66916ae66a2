package wire

import "github.com/handsel-tls/handsel/internal/protocol/iana"

// ClientHello is RFC 9846, section 4.2.2; RFC 5246, section 7.4.1.2:
//
//	struct {
//	    ProtocolVersion legacy_version;
//	    Random random;                          // 32 bytes
//	    opaque legacy_session_id<0..32>;
//	    CipherSuite cipher_suites<2..2^16-2>;
//	    opaque legacy_compression_methods<1..2^8-1>;
//	    Extension extensions<0..2^16-1>;        // may be absent before TLS 1.3
//	} ClientHello;
type ClientHello struct {
	Version      iana.Version
	Random       []byte
	SessionID    []byte
	CipherSuites List[iana.Suite]
	Compression  []byte
	HasBlock     bool // the extensions are there, be it none
	Extensions   Extensions
}

// MaxClientHello is the length in bytes of the longest body that there can be.
const MaxClientHello = 2 + 32 + 1 + 32 + 2 + (1<<16 - 2) + 1 + (1<<8 - 1) + 2 + (1<<16 - 1)

// ParseClientHello reads the body of a ClientHello. Its length has to match the
// form with or without extensions (RFC 5246, section 7.4.1.2).
func ParseClientHello(body []byte) (m ClientHello, err error) {
	r := NewReader("ClientHello", body)
	m.read(&r)
	return m, r.Done()
}

// ParseEncodedClientHelloInner reads a ClientHello with extensions, and gives
// what follows it. RFC 9849, section 5.1:
//
//	struct {
//	    ClientHello client_hello;
//	    uint8 zeros[length_of_padding];
//	} EncodedClientHelloInner;
func ParseEncodedClientHelloInner(body []byte) (m ClientHello, zeros []byte, err error) {
	r := NewReader("EncodedClientHelloInner", body)
	m.read(&r)
	zeros = r.Rest()
	return m, zeros, r.Done()
}

func (m *ClientHello) read(r *Reader) {
	m.Version = iana.Version(r.U16("legacy_version"))
	m.Random = r.Bytes(32, "random")
	m.SessionID = sessionID(r)
	m.CipherSuites = list[iana.Suite](r, 2, "cipher_suites", 2)
	m.Compression = r.Vec(1, "legacy_compression_methods", 1)
	if !r.Empty() {
		m.HasBlock = true
		m.Extensions = extensions(r)
	}
}

func sessionID(r *Reader) []byte {
	b := r.Vec(1, "legacy_session_id", 0)
	r.Check(len(b) <= 32, "legacy_session_id", "it is longer than 32 bytes")
	return b
}

// Open appends the message up to its extensions.
func (m *ClientHello) Open(b []byte) ([]byte, Block) {
	var k Block
	b, k.message = openMessage(b, iana.MsgClientHello)
	b = append(u16(b, uint16(m.Version)), m.Random...)
	b = vec(b, 1, m.SessionID)
	b = vec(b, 2, m.CipherSuites)
	b = vec(b, 1, m.Compression)
	b, k.extensions = open(b, 2)
	return b, k
}

// Append appends the whole message.
func (m *ClientHello) Append(b []byte) []byte {
	b, block := m.Open(b)
	if !m.HasBlock {
		return block.CloseHello(b)
	}
	return block.Close(append(b, m.Extensions...))
}
