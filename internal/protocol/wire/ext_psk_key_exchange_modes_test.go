package wire

import (
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

func pSKKeyExchangeModesCodec() codec[[]byte] {
	return ofExtension(iana.ExtPSKKeyExchangeModes, ParsePSKKeyExchangeModes, func(l []byte) []byte {
		var modes []iana.PSKMode
		for _, v := range l {
			modes = append(modes, iana.PSKMode(v))
		}
		return AppendPSKKeyExchangeModes(nil, modes...)
	}, []string{
		"01 01",
		"03 01000b",
	},
		bad{"00", "ke_modes", 0},
		bad{"02 01", "ke_modes", 0})
}

func TestPSKKeyExchangeModes(t *testing.T) { pSKKeyExchangeModesCodec().test(t) }

func FuzzPSKKeyExchangeModes(f *testing.F) { pSKKeyExchangeModesCodec().fuzz(f) }
