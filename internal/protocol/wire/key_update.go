package wire

import "github.com/handsel-tls/handsel/internal/protocol/iana"

// KeyUpdate is RFC 9846, section 4.7.3:
//
//	struct {
//	    enum { update_not_requested(0), update_requested(1) } request_update;
//	} KeyUpdate;
type KeyUpdate struct{ UpdateRequested bool }

// ParseKeyUpdate reads the body of the message. A value other than 0 and 1 is
// not a matter of form: valid is false then.
func ParseKeyUpdate(body []byte) (m KeyUpdate, valid bool, err error) {
	r := NewReader("KeyUpdate", body)
	v := r.U8("request_update")
	return KeyUpdate{v == 1}, v <= 1, r.Done()
}

// Append appends the whole message.
func (m *KeyUpdate) Append(b []byte) []byte {
	v := byte(0)
	if m.UpdateRequested {
		v = 1
	}
	return message(b, iana.MsgKeyUpdate, []byte{v})
}
