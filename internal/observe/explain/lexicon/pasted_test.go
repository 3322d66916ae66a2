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
