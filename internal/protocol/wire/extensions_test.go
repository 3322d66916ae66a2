package wire

import (
	"bytes"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// rebuild writes a block from what its iterator gives, and nothing if Next gives
// something else.
func rebuild(e Extensions) (b Extensions) {
	rest := e
	for t, body := range e.All() {
		var next iana.ExtensionType
		var same []byte
		if next, same, rest = rest.Next(); next != t || !bytes.Equal(same, body) {
			return nil
		}
		b = AppendExtension(b, t, body)
	}
	return b
}

func TestExtensions(t *testing.T) {
	block := Extensions(unhex("0017 0000 002b 0003 02 0304 0017 0001 55"))
	if got := rebuild(block); !bytes.Equal(got, block) {
		t.Errorf("%x is walked as %x", block, got)
	}
	if body, ok := block.Get(iana.ExtSupportedVersions); !ok || !bytes.Equal(body, unhex("02 0304")) {
		t.Errorf("supported_versions: %x, %v", body, ok)
	}
	if body, ok := block.Get(iana.ExtExtendedMasterSecret); !ok || len(body) != 0 {
		t.Errorf("of two, the first counts: %x, %v", body, ok)
	}
	if _, ok := block.Get(iana.ExtCookie); ok {
		t.Error("there is no cookie")
	}
	for range block.All() {
		break // must not go on
	}
	if body, _ := block.Get(iana.ExtSupportedVersions); cap(body) != len(body) {
		t.Error("appending to a view would overwrite what follows it")
	}
}

func TestDuplicate(t *testing.T) {
	many := func(types ...int) (b Extensions) {
		for _, v := range types {
			b = AppendExtension(b, iana.ExtensionType(v), nil)
		}
		return b
	}
	var hundred []int
	for i := range 100 {
		hundred = append(hundred, 1000+i)
	}
	for _, c := range []struct {
		block Extensions
		found iana.ExtensionType
		twice bool
	}{
		{nil, 0, false},
		{many(0, 1, 2, 63, 64), 0, false},
		{many(0, 1, 0), 0, true},
		{many(63, 5, 63), 63, true},
		{many(64, 5, 64), 64, true},
		{many(0xff01, 5, 0xff01), 0xff01, true},
		{many(hundred...), 0, false},
		{many(append(hundred, 1099)...), 1099, true},
		{many(append(hundred, 3, 3)...), 3, true},
	} {
		if got, twice := c.block.Duplicate(); got != c.found || twice != c.twice {
			t.Errorf("%x: %v, %v; want %v, %v", c.block, got, twice, c.found, c.twice)
		}
	}
}

func FuzzExtensions(f *testing.F) {
	f.Add(unhex("0009 0017 0000 ff01 0001 00"))
	f.Add(unhex("0008 0017 0000 0017 0000"))
	f.Fuzz(func(t *testing.T, body []byte) {
		m, err := ParseEncryptedExtensions(body)
		if err != nil {
			return
		}
		if got := rebuild(m.Extensions); !bytes.Equal(got, m.Extensions) {
			t.Errorf("%x is walked as %x", m.Extensions, got)
		}
		seen, twice := make(map[iana.ExtensionType]bool), false
		for e := range m.Extensions.All() {
			twice = twice || seen[e]
			seen[e] = true
		}
		if _, got := m.Extensions.Duplicate(); got != twice {
			t.Errorf("%x: duplicate %v, want %v", m.Extensions, got, twice)
		}
	})
}
