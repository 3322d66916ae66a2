package certs

import (
	"strings"
	"testing"
)

func TestParseThumbprint(t *testing.T) {
	const sha1 = "00112233445566778899aabbccddeeff00112233"
	const sha256 = sha1 + "445566778899aabbccddeeff"
	colons := strings.ToUpper(strings.Join(pairs(sha256), ":"))
	for _, test := range []struct {
		in       string
		want     string
		stripped string
	}{
		{sha256, sha256, ""},
		{sha1, sha1, ""},
		{strings.ToUpper(sha256), sha256, ""},
		{colons, sha256, "colons"},
		{"SHA256 Fingerprint=" + colons, sha256, "colons"},
		{"sha1 Fingerprint=" + sha1, sha1, ""},
		{strings.Join(pairs(sha1), " "), sha1, "spaces"},
		{" " + sha1 + "\r\n", sha1, "spaces"},
		{"\u200e" + sha1, sha1, "U+200E left-to-right mark"},
		{"\u200e" + strings.Join(pairs(sha1), " "), sha1, "U+200E left-to-right mark, spaces"},
		{"\ufeff\u200f\u200b\u00a0" + sha1, sha1,
			"U+FEFF byte order mark, U+200F right-to-left mark, U+200B zero width space, U+00A0 no-break space"},
		{"\u2060" + sha1, sha1, "U+2060"},
		{`"` + sha1 + `"`, sha1, "quotes"},
		{strings.Join(pairs(sha1), "-"), sha1, "hyphens"},
	} {
		got, stripped, err := ParseThumbprint(test.in)
		if err != nil || string(got) != test.want || strings.Join(stripped, ", ") != test.stripped {
			t.Errorf("%q: %s, left out %q, %v", test.in, got, stripped, err)
		}
		if got.IsSHA1() != (test.want == sha1) || len(got.bytes())*2 != len(got) {
			t.Errorf("%q: %s has the wrong length", test.in, got)
		}
	}
	for in, want := range map[string]string{
		"":                     "is empty",
		"\u200e":               "is empty",
		sha1[1:]:               "has 39 hexadecimal digits: SHA-256 has 64, SHA-1 40",
		sha256 + "0":           "has 65",
		"www.example.com":      "the character 'w' (U+0077)",
		"g" + sha1:             "the character 'g'",
		"\uff11" + sha1[1:]:    "no hexadecimal digit",
		"\u212a" + sha1[1:]:    "no hexadecimal digit",
		"{" + sha1 + "}":       "the character '{'",
		"\xff" + sha1:          "(U+FFFD)",
		"certhash=" + sha1:     "the character 'r'",
		"0x" + sha1:            "the character 'x'",
		sha256[:60] + "\u200e": "has 60",
	} {
		if got, _, err := ParseThumbprint(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %s, %v, want %s", in, got, err, want)
		}
	}
}

func FuzzParseThumbprint(f *testing.F) {
	f.Add("\u200e00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33")
	f.Add("Fingerprint=zz")
	f.Fuzz(func(t *testing.T, s string) {
		got, _, err := ParseThumbprint(s)
		if err != nil {
			return
		}
		again, stripped, err := ParseThumbprint(string(got))
		if err != nil || again != got || stripped != nil || got.bytes() == nil {
			t.Fatalf("%q is %s, read back as %s, %v", s, got, again, err)
		}
	})
}

// pairs divides a text into two characters each.
func pairs(s string) []string {
	var list []string
	for ; s != ""; s = s[2:] {
		list = append(list, s[:2])
	}
	return list
}
