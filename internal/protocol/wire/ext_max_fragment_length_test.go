package wire

import (
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

func maxFragmentLengthCodec() codec[MaxFragmentLength] {
	return ofExtension(iana.ExtMaxFragmentLength, ParseMaxFragmentLength, func(v MaxFragmentLength) []byte { return AppendMaxFragmentLength(nil, v) }, []string{
		"01",
		"ff",
	},
		bad{"", "MaxFragmentLength", 0},
		bad{"0100", "end", 1})
}

func TestMaxFragmentLength(t *testing.T) { maxFragmentLengthCodec().test(t) }

func FuzzMaxFragmentLength(f *testing.F) { maxFragmentLengthCodec().fuzz(f) }

func TestMaxFragmentLengthLen(t *testing.T) {
	for v, want := range map[MaxFragmentLength]int{0: 0, 1: 512, 2: 1024, 3: 2048, 4: 4096, 5: 0, 255: 0} {
		if n, ok := v.Len(); n != want || ok != (want != 0) {
			t.Errorf("%d: %d, %v; want %d", v, n, ok, want)
		}
	}
}
