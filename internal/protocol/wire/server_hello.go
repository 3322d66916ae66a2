package wire

import (
	"bytes"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// ServerHello is RFC 9846, section 4.2.3, and with RetryRandom the
// HelloRetryRequest of section 4.2.4; RFC 5246, section 7.4.1.3:
//
//	struct {
//	    ProtocolVersion legacy_version;
//	    Random random;                          // 32 bytes
//	    opaque legacy_session_id_echo<0..32>;
//	    CipherSuite cipher_suite;
//	    uint8 legacy_compression_method;
//	    Extension extensions<0..2^16-1>;        // may be absent before TLS 1.3
//	} ServerHello;
type ServerHello struct {
	Version     iana.Version
	Random      []byte
	SessionID   []byte
	CipherSuite iana.Suite
	Compression iana.Compression
	HasBlock    bool
	Extensions  Extensions
}

// RetryRandom is the random of a HelloRetryRequest: the SHA-256 of its name.
// RFC 9846, section 4.2.3.
var RetryRandom = [32]byte{
	0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
	0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
}

// IsRetry reports whether the message is a HelloRetryRequest.
func (m *ServerHello) IsRetry() bool { return bytes.Equal(m.Random, RetryRandom[:]) }

// ParseServerHello reads the body of a ServerHello or HelloRetryRequest.
func ParseServerHello(body []byte) (m ServerHello, err error) {
	r := NewReader("ServerHello", body)
	m.Version = iana.Version(r.U16("legacy_version"))
	m.Random = r.Bytes(32, "random")
	m.SessionID = sessionID(&r)
	m.CipherSuite = iana.Suite(r.U16("cipher_suite"))
	m.Compression = iana.Compression(r.U8("legacy_compression_method"))
	if !r.Empty() {
		m.HasBlock = true
		m.Extensions = extensions(&r)
	}
	return m, r.Done()
}

// Open appends the message up to its extensions.
func (m *ServerHello) Open(b []byte) ([]byte, Block) {
	var k Block
	b, k.message = openMessage(b, iana.MsgServerHello)
	b = append(u16(b, uint16(m.Version)), m.Random...)
	b = vec(b, 1, m.SessionID)
	b = append(u16(b, uint16(m.CipherSuite)), byte(m.Compression))
	b, k.extensions = open(b, 2)
	return b, k
}

// Append appends the whole message.
func (m *ServerHello) Append(b []byte) []byte {
	b, block := m.Open(b)
	if !m.HasBlock {
		return block.CloseHello(b)
	}
	return block.Close(append(b, m.Extensions...))
}
