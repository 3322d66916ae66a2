package wire

import "github.com/handsel-tls/handsel/internal/protocol/iana"

// ParseClientKeyExchange reads the body of the message, a single vector with a
// length of n bytes: 1 for the point of ECDHE (RFC 8422, section 5.7), 2 for
// the encrypted premaster secret of RSA (RFC 5246, section 7.4.7.1) and for
// the public value of DHE. With n of 0 it is the vector without its length, as
// SSL 3.0 has it for RSA (RFC 6101, section 5.6.7.1).
func ParseClientKeyExchange(body []byte, n int) ([]byte, error) {
	r := NewReader("ClientKeyExchange", body)
	if n == 0 {
		return r.Bytes(len(body), "exchange_keys"), r.Done()
	}
	v := r.Vec(n, "exchange_keys", 1)
	return v, r.Done()
}

// AppendClientKeyExchange appends the message with a vector as above.
func AppendClientKeyExchange(b []byte, n int, v []byte) []byte {
	if n == 0 {
		return message(b, iana.MsgClientKeyExchange, v)
	}
	b, mark := openMessage(b, iana.MsgClientKeyExchange)
	return mark.Close(vec(b, n, v))
}

// ParseClientKeyExchangePSK reads the body of the message with a pre-shared key
// (RFC 4279, section 2), and with the point of ECDHE_PSK (RFC 5489, section 2):
//
//	opaque psk_identity<0..2^16-1>;
//	ClientECDiffieHellmanPublic public;     // ECDHE_PSK only
func ParseClientKeyExchangePSK(body []byte, point bool) (identity, public []byte, err error) {
	r := NewReader("ClientKeyExchange", body)
	identity = r.Vec(2, "psk_identity", 0)
	if point {
		public = r.Vec(1, "public", 1)
	}
	return identity, public, r.Done()
}

// AppendExchangePSK appends the body of a ClientKeyExchange with a pre-shared
// key. A nil point is left out.
func AppendExchangePSK(b, identity, public []byte) []byte {
	b = vec(b, 2, identity)
	if public != nil {
		b = vec(b, 1, public)
	}
	return b
}
