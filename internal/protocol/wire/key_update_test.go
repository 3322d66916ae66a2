package wire

import (
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/fault"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

func keyUpdateCodec() codec[KeyUpdate] {
	parse := func(b []byte) (KeyUpdate, error) {
		m, valid, err := ParseKeyUpdate(b)
		if err == nil && !valid {
			err = &Error{Message: "KeyUpdate", Field: "request_update", Problem: "it is neither 0 nor 1", code: fault.DecodeError}
		}
		return m, err
	}
	return ofMessage(iana.MsgKeyUpdate, parse, func(m KeyUpdate) []byte { return m.Append(nil) },
		[]string{"00", "01"}, bad{"", "request_update", 0}, bad{"02", "request_update", 0}, bad{"0000", "end", 1})
}

func TestKeyUpdate(t *testing.T) { keyUpdateCodec().test(t) }

// A value that is not defined is illegal_parameter, not decode_error. RFC 9846,
// section 4.7.3.
func TestKeyUpdateValue(t *testing.T) {
	for v := range 256 {
		m, valid, err := ParseKeyUpdate([]byte{byte(v)})
		if err != nil || valid != (v < 2) || m.UpdateRequested != (v == 1) {
			t.Errorf("%d: %v, %v, %v", v, m, valid, err)
		}
	}
}

func FuzzKeyUpdate(f *testing.F) { keyUpdateCodec().fuzz(f) }
