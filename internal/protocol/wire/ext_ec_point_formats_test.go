package wire

import (
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

func eCPointFormatsCodec() codec[[]byte] {
	return ofExtension(iana.ExtECPointFormats, ParseECPointFormats, func(l []byte) []byte {
		if string(l) != "\x00" {
			return nil
		}
		return AppendECPointFormats(nil)
	}, []string{
		"01 00",
		"03 000102",
	},
		bad{"00", "ec_point_format_list", 0},
		bad{"02 00", "ec_point_format_list", 0})
}

func TestECPointFormats(t *testing.T) { eCPointFormatsCodec().test(t) }

func FuzzECPointFormats(f *testing.F) { eCPointFormatsCodec().fuzz(f) }
