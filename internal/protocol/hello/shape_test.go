package hello

import (
	"bytes"
	"slices"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// A ClientHello of 256 to 511 bytes becomes 512 bytes long, or a little more if
// there is no room for the extension's header.
func TestPad(t *testing.T) {
	for _, psk := range []int{0, 100} {
		for n := psk; n < 1000; n++ {
			b := pad(make([]byte, n-psk), psk)
			got, want := len(b)+psk, n
			switch {
			case n >= 256 && n <= 512-5:
				want = 512
			case n > 512-5 && n < 512:
				want = n + 5
			}
			if got != want {
				t.Errorf("%d bytes, %d of them to come, become %d, want %d", n, psk, got, want)
			}
			if got == n {
				continue
			}
			typ, body, rest := wire.Extensions(b[n-psk:]).Next()
			if typ != iana.ExtPadding || len(rest) != 0 || !bytes.Equal(body, make([]byte, len(body))) {
				t.Errorf("%d: %v", n, typ)
			}
		}
	}
}

// An order depends on its seed and nothing else, and nothing gets lost.
func TestPermute(t *testing.T) {
	var block wire.Extensions
	for i := range 20 {
		block = wire.AppendExtension(block, iana.ExtensionType(i), make([]byte, i))
	}
	types := func(e wire.Extensions) (all []iana.ExtensionType) {
		for t, body := range e.All() {
			if len(body) != int(t) {
				return nil
			}
			all = append(all, t)
		}
		return all
	}
	first, again, other := slices.Clone(block), slices.Clone(block), slices.Clone(block)
	permute(first, 7)
	permute(again, 7)
	permute(other, 8)
	if !slices.Equal(first, again) || slices.Equal(first, other) || slices.Equal(first, block) {
		t.Error("the order does not depend on the seed alone")
	}
	sorted := types(first)
	slices.Sort(sorted)
	if !slices.Equal(sorted, types(block)) {
		t.Errorf("%v is left", sorted)
	}
	// The order of some of them is the same without the others.
	some := wire.AppendExtension(wire.AppendExtension(wire.AppendExtension(nil, 3, make([]byte, 3)), 5, make([]byte, 5)), 9, make([]byte, 9))
	permute(some, 7)
	in := slices.DeleteFunc(types(first), func(t iana.ExtensionType) bool { return t != 3 && t != 5 && t != 9 })
	if !slices.Equal(in, types(some)) {
		t.Errorf("%v, %v", in, types(some))
	}
}
