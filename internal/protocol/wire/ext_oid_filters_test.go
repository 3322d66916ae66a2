package wire

import (
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

func oIDFiltersCodec() codec[OIDFilters] {
	return ofExtension(iana.ExtOIDFilters, ParseOIDFilters, func(f OIDFilters) []byte {
		var list OIDFilters
		for oid, values := range f.All() {
			list = AppendOIDFilter(list, oid, values)
		}
		return AppendOIDFilters(nil, list)
	}, []string{
		"0000",
		"0004 01 06 0000",
		"000a 02 0603 0001 30 01 06 0000",
	},
		bad{"0003 00 0000", "certificate_extension_oid", 2},
		bad{"0004 01 06 0001", "certificate_extension_values", 4})
}

func TestOIDFilters(t *testing.T) { oIDFiltersCodec().test(t) }

func FuzzOIDFilters(f *testing.F) { oIDFiltersCodec().fuzz(f) }
