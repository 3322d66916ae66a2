package wire

import (
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

func eCHOuterExtensionsCodec() codec[List[iana.ExtensionType]] {
	return ofExtension(iana.ExtECHOuterExtensions, ParseECHOuterExtensions, func(l List[iana.ExtensionType]) []byte { return AppendECHOuterExtensions(nil, l.Values()) }, []string{
		"02 0033",
		"06 000a 0033 7777",
	},
		bad{"00", "OuterExtensions", 0},
		bad{"03 003300", "OuterExtensions", 0},
		bad{"02 0033 00", "end", 3})
}

func TestECHOuterExtensions(t *testing.T) { eCHOuterExtensionsCodec().test(t) }

func FuzzECHOuterExtensions(f *testing.F) { eCHOuterExtensionsCodec().fuzz(f) }

func TestEncodedClientHelloInner(t *testing.T) {
	hello := "0303 aa*32 00 0002 1301 01 00 0004 0017 0000"
	for _, zeros := range []string{"", "00*7", "01"} {
		m, rest, err := ParseEncodedClientHelloInner(unhex(hello + " " + zeros))
		if err != nil || string(rest) != string(unhex(zeros)) || len(m.Extensions) != 4 {
			t.Errorf("%q: %x, %+v, %v", zeros, rest, m, err)
		}
	}
	b := unhex(hello)
	for n := range b {
		if m, _, err := ParseEncodedClientHelloInner(b[:n:n]); err == nil && m.HasBlock {
			t.Errorf("the first %d bytes are accepted", n)
		}
	}
}

func FuzzEncodedClientHelloInner(f *testing.F) {
	f.Add(unhex("0303 aa*32 00 0002 1301 01 00 0004 0017 0000 0000"))
	f.Fuzz(func(t *testing.T, body []byte) {
		m, zeros, err := ParseEncodedClientHelloInner(body)
		if err == nil && string(append(m.Append(nil)[HeaderLen:], zeros...)) != string(body) {
			t.Errorf("%x is written otherwise", body)
		}
	})
}

func TestExtensionsEnd(t *testing.T) {
	e := Extensions(unhex("0017 0000 002b 0002 0304 0033 0000"))
	for typ, want := range map[iana.ExtensionType]int{0x17: 4, 0x2b: 10, 0x33: 14, 0x10: 0} {
		if got := e.End(typ); got != want {
			t.Errorf("%v ends at %d, want %d", typ, got, want)
		}
	}
}
