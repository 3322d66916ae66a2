package wire

import "github.com/handsel-tls/handsel/internal/protocol/iana"

// ParseClientKeyExchange reads the body of the message, a single vector with a
// length of n bytes: 1 for the point of ECDHE (RFC 8422, section 5.7), 2 for
// the encrypted premaster secret of RSA (RFC 5246, section 7.4.7.1) and for
// the public value of DHE.
func ParseClientKeyExchange(body []byte, n int) ([]byte, error) {
	r := NewReader("ClientKeyExchange", body)
	v := r.Vec(n, "exchange_keys", 1)
	return v, r.Done()
}

// AppendClientKeyExchange appends the message with a vector as above.
func AppendClientKeyExchange(b []byte, n int, v []byte) []byte {
	b, mark := openMessage(b, iana.MsgClientKeyExchange)
	return mark.Close(vec(b, n, v))
}
