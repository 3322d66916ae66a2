package wire

import "github.com/handsel-tls/handsel/internal/protocol/iana"

// Finished is RFC 9846, section 4.5.3; RFC 5246, section 7.4.9:
//
//	struct {
//	    opaque verify_data[length of the hash; 12 in TLS 1.2];
//	} Finished;
type Finished struct{ VerifyData []byte }

// ParseFinished reads the body of the message, whose length follows from the
// suite: n bytes.
func ParseFinished(body []byte, n int) (m Finished, err error) {
	r := NewReader("Finished", body)
	m.VerifyData = r.Bytes(n, "verify_data")
	return m, r.Done()
}

// Append appends the whole message.
func (m *Finished) Append(b []byte) []byte { return message(b, iana.MsgFinished, m.VerifyData) }
