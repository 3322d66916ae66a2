package lexicon_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/handsel-tls/handsel/internal/observe/explain/lexicon"
)

// TestPasted: texts are known as people paste them, out of logs and with what stands
// around them, in capitals and with the line breaks of a mail.
func TestPasted(t *testing.T) {
	b, err := os.ReadFile("testdata/pasted.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		text, want, ok := strings.Cut(strings.TrimSpace(line), " ==> ")
		if !ok {
			continue
		}
		text = strings.ReplaceAll(text, `\n`, "\n")
		for _, text := range []string{text, strings.ToUpper(strings.ReplaceAll(text, " ", "\n   "))} {
			if found := lexicon.Look(text); !says(found, want) {
				t.Errorf("%s\n\twant %s, got %v", text, want, titles(found))
			}
		}
	}
}

func says(found []lexicon.Entry, want string) bool {
	title, isTitle := strings.CutPrefix(want, "~")
	switch {
	case want == "?" || len(found) == 0:
		return want == "?" && len(found) == 0
	case isTitle:
		return strings.Contains(found[0].Title, title)
	}
	causes := found[0].Causes
	return slices.Contains(causes[:min(3, len(causes))], want)
}

// TestUnknown: of words that are unknown it is said what is nearest, in a longer text
// as well, and whose they are.
func TestUnknown(t *testing.T) {
	for text, want := range map[string]string{
		"page says: SSL_ERROR_NO_CIPHER_OVERLAP": "SSL_ERROR_NO_CYPHER_OVERLAP",
		"net::ERR_CERT_DATE_INVALD":              "ERR_CERT_DATE_INVALID",
		"app: SEC_E_WRONG_PRINCIPLE happened":    "SEC_E_WRONG_PRINCIPAL",
	} {
		if near := lexicon.Near(text); len(lexicon.Look(text)) > 0 || len(near) == 0 || near[0] != want {
			t.Errorf("%s: %v, known as %v", text, near, titles(lexicon.Look(text)))
		}
	}
	for text, want := range map[string]string{
		"error:0A0003E7:SSL routines::what is this": "openssl errstr", "0x80090399": "certutil -error", "alert 255": "no alert", "javax.net.ssl.SSLException: oh": "Caused by",
		"curl: (99) x": "curl -v", "AH99999: x": "LogLevel", "SEC_ERROR_LEGACY_DATABASE": "Firefox", "ERR_SSL_SOMETHING_ELSE_THAT_IS_NEW": "Chrome",
	} {
		if where := lexicon.Where(text); len(lexicon.Look(text)) > 0 || !strings.Contains(where, want) {
			t.Errorf("%s: %q, known as %v", text, where, titles(lexicon.Look(text)))
		}
	}
	if where := lexicon.Where("the quick brown fox"); where != "" {
		t.Error(where)
	}
}
