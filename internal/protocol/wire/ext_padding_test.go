package wire

import (
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

func paddingCodec() codec[int] {
	c := ofExtension(iana.ExtPadding, ParsePadding, func(n int) []byte { return AppendPadding(nil, n) }, []string{
		"",
		"00",
		"00*300",
	},
		bad{"0001", "padding", 0})
	c.prefixes = true
	c.longer = true
	return c
}

func TestPadding(t *testing.T) { paddingCodec().test(t) }

func FuzzPadding(f *testing.F) { paddingCodec().fuzz(f) }
