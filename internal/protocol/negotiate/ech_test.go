package negotiate

import (
	"strings"
	"testing"
)

func TestPublicName(t *testing.T) {
	for name, want := range map[string]bool{
		"public.example": true, "a": true, "xn--bcher-kva.example": true, "1.example": true, "0x.example": true, "a.0xg": true,
		"": false, ".": false, "a.": false, ".a": false, "a..b": false, "a_b.example": false, "-a.example": false, "a-.example": false,
		"192.0.2.1": false, "a.1": false, "a.0x": false, "a.0x1F": false, "a.0X1f": false, "2001:db8::1": false, "a b": false,
		strings.Repeat("a", 63) + ".example": true, strings.Repeat("a", 64) + ".example": false,
	} {
		if got := PublicName(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}
