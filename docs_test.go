package handsel

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestAttacksAreTested checks that every test that docs/attacks.md names exists,
// and that every row names one.
func TestAttacksAreTested(t *testing.T) {
	there := map[string]bool{}
	function := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		for _, m := range function.FindAllSubmatch(source, -1) {
			there[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("docs/attacks.md")
	if err != nil {
		t.Fatal(err)
	}
	name := regexp.MustCompile("`(Test\\w+)`")
	for line := range strings.Lines(string(page)) {
		named := name.FindAllStringSubmatch(line, -1)
		if cells := strings.Split(line, "|"); len(cells) == 5 && cells[1] != "---" && cells[1] != " attack " && len(named) == 0 {
			t.Errorf("no test: %s", line)
		}
		for _, m := range named {
			if !there[m[1]] {
				t.Errorf("%s is named, and there is no such test", m[1])
			}
		}
	}
}
