package wire

import "github.com/handsel-tls/handsel/internal/protocol/iana"

// AppendEmpty appends a message without a body: ServerHelloDone, HelloRequest
// or EndOfEarlyData.
func AppendEmpty(b []byte, t iana.HandshakeType) []byte { return message(b, t, nil) }

// ParseEmpty refuses a body where there is none.
func ParseEmpty(name string, body []byte) error {
	r := NewReader(name, body)
	return r.Done()
}
