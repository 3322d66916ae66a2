package wire

import "github.com/handsel-tls/handsel/internal/protocol/iana"

// EncryptedExtensions is RFC 9846, section 4.4.1:
//
//	struct {
//	    Extension extensions<0..2^16-1>;
//	} EncryptedExtensions;
type EncryptedExtensions struct{ Extensions Extensions }

// ParseEncryptedExtensions reads the body of the message.
func ParseEncryptedExtensions(body []byte) (m EncryptedExtensions, err error) {
	r := NewReader("EncryptedExtensions", body)
	m.Extensions = extensions(&r)
	return m, r.Done()
}

// OpenEncryptedExtensions appends the message up to its extensions.
func OpenEncryptedExtensions(b []byte) ([]byte, Block) {
	var k Block
	b, k.message = openMessage(b, iana.MsgEncryptedExtensions)
	b, k.extensions = open(b, 2)
	return b, k
}

// Append appends the whole message.
func (m *EncryptedExtensions) Append(b []byte) []byte {
	b, block := OpenEncryptedExtensions(b)
	return block.Close(append(b, m.Extensions...))
}
