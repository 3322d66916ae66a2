package config

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/parser"
)

// wrong gives the error for what stands at a path of the file. If nothing
// stands there, the place is that of what should hold it.
func (f *File) wrong(at, format string, args ...any) error {
	e := &Error{File: f.path, What: fmt.Sprintf(format, args...)}
	file, err := parser.ParseBytes(f.source, 0)
	if err != nil {
		return e
	}
	for ; at != "$" && at != ""; at = parent(at) {
		path, err := yaml.PathString(at)
		if err != nil {
			continue
		}
		node, err := path.FilterFile(file)
		if err != nil || node == nil {
			continue
		}
		if t := node.GetToken(); t != nil {
			e.Line, e.Column = t.Position.Line, t.Position.Column
		}
		if excerpt, err := path.AnnotateSource(f.source, false); err == nil {
			e.Excerpt = strings.TrimRight(string(excerpt), "\n")
		}
		return e
	}
	return e
}

// parent cuts the last part off a path.
func parent(at string) string {
	if i := strings.LastIndexAny(at, ".["); i > 0 {
		return at[:i]
	}
	return ""
}

// syntax gives the error for a file that cannot be read as YAML, or that has a
// key nobody knows.
func (f *File) syntax(err error) error {
	e := &Error{File: f.path, What: err.Error()}
	var y yaml.Error
	if errors.As(err, &y) {
		e.What = y.GetMessage()
		if t := y.GetToken(); t != nil {
			e.Line, e.Column = t.Position.Line, t.Position.Column
		}
		full := y.FormatError(false, true)
		if _, rest, ok := strings.Cut(full, "\n"); ok {
			e.Excerpt = strings.TrimRight(rest, "\n")
		}
	}
	if key, ok := strings.CutPrefix(e.What, "unknown field "); ok {
		e.What += didYouMean(strings.Trim(key, `"`), keys)
	}
	return e
}

// keys are all keys of the file.
var keys = []string{
	"listen", "https", "http", "no_match", "default", "certificates", "bindings", "sites", "name", "files", "thumbprint",
	"local_ca", "on", "site", "policy", "min_version", "max_version", "suites", "client_auth", "client_cas", "http2",
	"tickets", "stapling", "reject", "hosts", "path", "folder", "proxy", "redirect",
}

// didYouMean gives the nearest of some words, if it is near.
func didYouMean(word string, of []string) string {
	best, least := "", max(len(word)/3, 1)+1
	for _, w := range of {
		if d := distance(word, w); d < least {
			best, least = w, d
		}
	}
	if best == "" {
		if len(of) > 0 && len(of) <= 8 {
			return "; there are " + strings.Join(of, ", ")
		}
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// distance is how many letters have to be changed, added or left out.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		last := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			last, row[j] = row[j], min(row[j]+1, row[j-1]+1, last+cost)
		}
	}
	return row[len(b)]
}
