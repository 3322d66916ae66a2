package wire

import (
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

func TestEmpty(t *testing.T) {
	type none struct{}
	for _, m := range []iana.HandshakeType{iana.MsgHelloRequest, iana.MsgServerHelloDone, iana.MsgEndOfEarlyData} {
		parse := func(b []byte) (none, error) { return none{}, ParseEmpty(m.String(), b) }
		build := func(none) []byte { return AppendEmpty(nil, m) }
		ofMessage(m, parse, build, []string{""}, bad{"00", "end", 0}).test(t)
	}
}
