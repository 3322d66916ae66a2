package wire

import (
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

func sCTsCodec() codec[[][]byte] {
	c := ofExtension(iana.ExtSCT, ParseSCTs, func(v [][]byte) []byte { return AppendSCTs(nil, v) }, []string{
		"0003 0001 00",
		"0007 0002 aabb 0001 cc",
	},
		bad{"0000", "sct_list", 0},
		bad{"0002 0000", "SerializedSCT", 2},
		bad{"0003 0002 aa", "SerializedSCT", 2})
	c.copies = true
	return c
}

func TestSCTs(t *testing.T) { sCTsCodec().test(t) }

func FuzzSCTs(f *testing.F) { sCTsCodec().fuzz(f) }
