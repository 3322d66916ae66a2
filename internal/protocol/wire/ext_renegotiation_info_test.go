package wire

import (
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

func renegotiationInfoCodec() codec[[]byte] {
	return ofExtension(iana.ExtRenegotiationInfo, ParseRenegotiationInfo, func(v []byte) []byte { return AppendRenegotiationInfo(nil, v) }, []string{
		"00",
		"0c aa*12",
		"ff aa*255",
	},
		bad{"", "renegotiated_connection", 0},
		bad{"0c aa*11", "renegotiated_connection", 0})
}

func TestRenegotiationInfo(t *testing.T) { renegotiationInfoCodec().test(t) }

func FuzzRenegotiationInfo(f *testing.F) { renegotiationInfoCodec().fuzz(f) }
