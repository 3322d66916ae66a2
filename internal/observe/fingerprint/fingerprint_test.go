package fingerprint

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// numbersOf gives numbers of two bytes.
func numbersOf(list ...uint16) (b []byte) {
	for _, v := range list {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	return b
}

// within puts a length of so many bytes before b.
func within(n int, b []byte) []byte {
	length := binary.BigEndian.AppendUint32(nil, uint32(len(b)))
	return append(length[4-n:], b...)
}

// extension gives one with a body, or an empty one.
func extension(t uint16, body ...byte) []byte {
	return append(numbersOf(t), within(2, body)...)
}

// clientHello makes one out of a version, suites and extensions.
func clientHello(t *testing.T, version uint16, suites []uint16, extensions ...[]byte) *wire.ClientHello {
	t.Helper()
	b := append(numbersOf(version), make([]byte, 32)...)
	b = append(b, 0)
	b = append(b, within(2, numbersOf(suites...))...)
	b = append(b, 1, 0)
	if extensions != nil {
		var all []byte
		for _, e := range extensions {
			all = append(all, e...)
		}
		b = append(b, within(2, all)...)
	}
	m, err := wire.ParseClientHello(b)
	if err != nil {
		t.Fatal(err)
	}
	return &m
}

var (
	sni     = extension(0, within(2, append([]byte{0}, within(2, []byte("a.example"))...))...)
	formats = extension(11, 1, 0)
)

func groups(list ...uint16) []byte { return extension(10, within(2, numbersOf(list...))...) }

func alpn(names ...string) []byte {
	var list []byte
	for _, n := range names {
		list = append(list, within(1, []byte(n))...)
	}
	return extension(16, within(2, list)...)
}

// TestJA3 has the two examples that those who made JA3 have published.
func TestJA3(t *testing.T) {
	for _, c := range []struct {
		hello      *wire.ClientHello
		hash, full string
	}{
		{clientHello(t, 769, []uint16{47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4}, sni, groups(23, 24, 25), formats),
			"ada70206e40642a3e4461f35503241d5", "769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0"},
		{clientHello(t, 769, []uint16{4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99}),
			"de350869b8c85de67a350c8d186f11e6", "769,4-5-10-9-100-98-3-6-19-18-99,,,"},
		{clientHello(t, 769, []uint16{0x0a0a, 47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 0xfafa, 19, 4}, extension(0x1a1a), sni, groups(0x2a2a, 23, 24, 25), formats, extension(0xeaea, 0)),
			"ada70206e40642a3e4461f35503241d5", "769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0"}, // RFC 8701 does not count
	} {
		if hash, full := JA3(c.hello); hash != c.hash || full != c.full {
			t.Errorf("%s of %s, want %s of %s", hash, full, c.hash, c.full)
		}
	}
}

// TestJA3S has the fingerprints of two servers that those who made it have published.
func TestJA3S(t *testing.T) {
	renegotiation := extension(65281, 0)
	for _, c := range []struct {
		version, suite uint16
		extensions     []byte
		hash, full     string
	}{
		{769, 49172, append(renegotiation, formats...), "623de93db17d313345d7ea481e7443cf", "769,49172,65281-11"},
		{771, 60, renegotiation, "80b3a14bccc8598a1f3bbe83e71f735f", "771,60,65281"},
	} {
		b := append(numbersOf(c.version), make([]byte, 33)...)
		b = append(append(b, numbersOf(c.suite)...), 0)
		m, err := wire.ParseServerHello(append(b, within(2, c.extensions)...))
		if err != nil {
			t.Fatal(err)
		}
		if hash, full := JA3S(&m); hash != c.hash || full != c.full {
			t.Errorf("%s of %s, want %s of %s", hash, full, c.hash, c.full)
		}
	}
}

// TestJA4 has the example of the specification, a browser's hello, and what is left of it
// when parts are missing.
func TestJA4(t *testing.T) {
	suites := []uint16{0x3a3a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035}
	schemes := extension(13, within(2, numbersOf(0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601))...)
	versions := extension(43, within(1, numbersOf(0xdada, 0x0304, 0x0303))...)
	others := func(list ...uint16) (all [][]byte) {
		for _, e := range list {
			all = append(all, extension(e))
		}
		return all
	}
	browser := func(names ...string) [][]byte {
		return append(others(0x001b, 0x0023, 0x0005, 0x0012, 0x0015, 0x0017, 0x002d, 0x0033, 0x4469, 0xff01, 0x6a6a), sni, groups(29, 23), formats, schemes, alpn(names...), versions)
	}
	for _, c := range []struct {
		name  string
		hello *wire.ClientHello
		want  string
	}{
		{"the specification's", clientHello(t, 0x0303, suites, browser("h2", "http/1.1")...), "t13d1516h2_8daaf6152771_e5627efa2ab1"},
		{"another order", clientHello(t, 0x0303, append([]uint16{0x0035}, suites[:15]...), append([][]byte{versions}, browser("h2")[:16]...)...), "t13d1516h2_8daaf6152771_e5627efa2ab1"},
		{"one protocol of a letter", clientHello(t, 0x0303, suites, browser("x")...), "t13d1516xx_8daaf6152771_e5627efa2ab1"},
		{"a protocol that is no text", clientHello(t, 0x0303, suites, browser("\xab\xcd")...), "t13d1516ad_8daaf6152771_e5627efa2ab1"},
		{"a hyphen at its end", clientHello(t, 0x0303, suites, browser("h-")...), "t13d15166d_8daaf6152771_e5627efa2ab1"},
		{"nothing but suites", clientHello(t, 0x0301, suites), "t10i150000_8daaf6152771_000000000000"},
		{"no suites that count", clientHello(t, 0x0300, []uint16{0x0a0a}, sni), "ts3d000100_000000000000_000000000000"},
	} {
		if got := JA4(c.hello); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// TestJA4Many: more than 99 count as 99.
func TestJA4Many(t *testing.T) {
	suites := make([]uint16, 300)
	var extensions [][]byte
	for i := range suites {
		suites[i] = uint16(0xe000 + i)
		extensions = append(extensions, extension(uint16(0xd000+i)))
	}
	if got := JA4(clientHello(t, 0x0303, suites, extensions...)); !strings.HasPrefix(got, "t12i999900_") {
		t.Error(got)
	}
}
