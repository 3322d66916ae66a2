package wire

import "github.com/handsel-tls/handsel/internal/protocol/iana"

func u16(b []byte, v uint16) []byte { return append(b, byte(v>>8), byte(v)) }

func u24(b []byte, v int) []byte { return append(b, byte(v>>16), byte(v>>8), byte(v)) }

func u32(b []byte, v uint32) []byte { return append(b, byte(v>>24), byte(v>>16), byte(v>>8), byte(v)) }

// vec appends a vector with a length of n bytes.
func vec(b []byte, n int, content []byte) []byte {
	b = length(b, n, len(content))
	return append(b, content...)
}

func length(b []byte, n, v int) []byte {
	for ; n > 0; n-- {
		b = append(b, byte(v>>(8*(n-1))))
	}
	return b
}

// A Mark is where a length stands that is not known yet.
type Mark struct{ at, n int }

// open leaves room for a length of n bytes.
func open(b []byte, n int) ([]byte, Mark) {
	return append(b, make([]byte, n)...), Mark{len(b), n}
}

// Close fills in the length of all that was appended since the mark.
func (m Mark) Close(b []byte) []byte {
	length(b[m.at:m.at], m.n, len(b)-m.at-m.n)
	return b
}

// A Block is a message that is open at its extensions: append them, then Close
// it.
type Block struct{ message, extensions Mark }

// Close fills in the lengths of the extensions and the message.
func (k Block) Close(b []byte) []byte { return k.message.Close(k.extensions.Close(b)) }

// CloseHello closes the message of TLS 1.2 and below, which leaves the block
// out if it has no extensions.
func (k Block) CloseHello(b []byte) []byte {
	if len(b) == k.extensions.at+k.extensions.n {
		return k.message.Close(b[:k.extensions.at])
	}
	return k.Close(b)
}

// openMessage begins a handshake message.
func openMessage(b []byte, t iana.HandshakeType) ([]byte, Mark) {
	return open(append(b, byte(t)), 3)
}

// message appends a handshake message with a ready body.
func message(b []byte, t iana.HandshakeType, body []byte) []byte {
	return append(u24(append(b, byte(t)), len(body)), body...)
}

// AppendList appends a vector of vectors, each with a length of n bytes, and
// the whole with one of outer bytes.
func AppendList(b []byte, outer, n int, items [][]byte) []byte {
	b, m := open(b, outer)
	for _, item := range items {
		b = vec(b, n, item)
	}
	return m.Close(b)
}

// appendList appends an extension that is one list of 16-bit values with a
// length of n bytes.
func appendList[T ~uint16](b []byte, t iana.ExtensionType, n int, values []T) []byte {
	b, m := openExtension(b, t)
	b = length(b, n, 2*len(values))
	for _, v := range values {
		b = u16(b, uint16(v))
	}
	return m.Close(b)
}
