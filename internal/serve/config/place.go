package config

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Error is a mistake in the file, or in a part that stands in none.
type Error struct {
	File         string
	Line, Column int    // from 1, the column in characters; 0 if the file as a whole is meant
	What         string // what is wrong, and the way out
	Excerpt      string // of the file, with the place marked
}

func (e *Error) Error() string {
	if e.File == "" {
		return e.What
	}
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.File, e.What)
	}
	return fmt.Sprintf("%s:%d:%d: %s\n%s", e.File, e.Line, e.Column, e.What, e.Excerpt)
}

// Wrong gives the error for what stands at a path of the file, such as
// "$.sites[0].folder". If nothing stands there, the place is that of what
// should hold it.
func (f *File) Wrong(at, format string, args ...any) error {
	e := &Error{File: f.path, What: fmt.Sprintf(format, args...)}
	if f.path == "" {
		e.What = f.describe(at) + ": " + e.What
		return e
	}
	file := f.tree()
	if file == nil {
		return e
	}
	for ; at != "$" && at != ""; at = parent(at) {
		if t := find(file, at); t != nil {
			f.mark(e, t)
			break
		}
	}
	return e
}

// tree parses the file, nil if that cannot be done.
func (f *File) tree() (tree *ast.File) {
	read(func() (err error) {
		tree, err = parser.ParseBytes(f.source, 0)
		return err
	})
	return tree
}

// find gives where the node of a path begins, nil if there is none.
func find(file *ast.File, at string) (t *token.Token) {
	read(func() error {
		path, err := yaml.PathString(at)
		if err != nil {
			return err
		}
		if node, err := path.FilterFile(file); err == nil && node != nil {
			t = first(node)
		}
		return nil
	})
	return t
}

// first gives the token at which a node begins.
func first(node ast.Node) *token.Token {
	switch n := node.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return n.Values[0].Key.GetToken()
		}
	case *ast.MappingValueNode:
		return n.Key.GetToken()
	}
	return node.GetToken()
}

// mark sets the place of an error.
func (f *File) mark(e *Error, t *token.Token) {
	if t == nil {
		return
	}
	e.Line, e.Column = t.Position.Line, t.Position.Column
	e.Excerpt = excerpt(string(f.source), e.Line, e.Column)
}

// excerpt shows a line with the one before it, and marks a column.
func excerpt(source string, line, column int) string {
	lines := strings.Split(source, "\n")
	if line > len(lines) {
		return ""
	}
	var b strings.Builder
	for n := max(line-1, 1); n <= line; n++ {
		fmt.Fprintf(&b, "%6d | %s\n", n, strings.TrimRight(lines[n-1], "\r"))
	}
	// Tabs stay tabs, so that the mark stands where the text does.
	before := []rune(lines[line-1])
	before = before[:min(column-1, len(before))]
	for i, r := range before {
		if r != '\t' {
			before[i] = ' '
		}
	}
	return b.String() + "       | " + string(before) + "^"
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
	if !errors.As(err, &y) {
		return e
	}
	e.What = y.GetMessage()
	f.mark(e, y.GetToken())
	var unknown *yaml.UnknownFieldError
	var kind *yaml.TypeError
	var other *yaml.UnexpectedNodeTypeError
	switch {
	case errors.As(err, &unknown):
		key := unknown.Token.Value
		e.What = fmt.Sprintf("there is no key %q here%s", key, didYouMean(key, f.keysBeside(unknown.Token)))
	case errors.As(err, &kind):
		e.What = "this has to be " + form(kind.DstType)
	case errors.As(err, &other) && other.Expected == ast.SequenceType:
		e.What = "this has to be a list: put it in brackets, [...]"
	case errors.As(err, &other) && other.Expected == ast.MappingType:
		e.What = "this has to be a block of keys and values"
	case strings.Contains(e.What, "cannot start any token"):
		e.What += ": YAML is indented with spaces, and special characters stand in quotes"
	}
	return e
}

// form says what stands for a Go type in YAML.
func form(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Slice:
		return "a list: put it in brackets, [...]"
	case reflect.Struct:
		return "a block of keys: " + strings.Join(keysOf(t), ", ")
	case reflect.Bool:
		return "true or false"
	case reflect.Pointer:
		return form(t.Elem())
	}
	return "a text: put it in quotes"
}

// keysBeside gives the keys that may stand where a token does.
func (f *File) keysBeside(t *token.Token) []string {
	file := f.tree()
	if file == nil {
		return nil
	}
	var at string
	for _, doc := range file.Docs {
		ast.Walk(finder(func(n ast.Node) {
			if v, ok := n.(*ast.MappingValueNode); ok && v.Key.GetToken().Position.Offset == t.Position.Offset {
				at = v.GetPath()
			}
		}), doc)
	}
	typ := reflect.TypeFor[File]()
	for _, part := range strings.Split(strings.TrimPrefix(parent(at), "$"), ".") {
		name, _, _ := strings.Cut(part, "[")
		for i := range typ.NumField() {
			if field := typ.Field(i); name != "" && tagOf(field) == name {
				typ = field.Type
				if typ.Kind() == reflect.Slice || typ.Kind() == reflect.Pointer {
					typ = typ.Elem()
				}
				break
			}
		}
		if typ.Kind() != reflect.Struct {
			return nil
		}
	}
	return keysOf(typ)
}

type finder func(ast.Node)

func (f finder) Visit(n ast.Node) ast.Visitor {
	f(n)
	return f
}

func tagOf(f reflect.StructField) string { return f.Tag.Get("yaml") }

func keysOf(t reflect.Type) (keys []string) {
	for i := range t.NumField() {
		if tag := tagOf(t.Field(i)); tag != "" {
			keys = append(keys, tag)
		}
	}
	return keys
}

// didYouMean gives the nearest of some words, if it is near, or all of them.
func didYouMean(word string, of []string) string {
	best, least := "", max(utf8.RuneCountInString(word)/3, 1)+1
	for _, w := range of {
		if d := distance(word, w); d < least {
			best, least = w, d
		}
	}
	switch {
	case best != "":
		return fmt.Sprintf("; did you mean %q?", best)
	case len(of) == 0:
		return ""
	case len(of) > 24:
		return fmt.Sprintf("; there are %s and %d more", strings.Join(of[:24], ", "), len(of)-24)
	}
	return "; there are " + strings.Join(of, ", ")
}

// distance is how many letters have to be changed, added, left out or swapped
// with the next one.
func distance(a, b string) int {
	var before []int // the row before last
	last := make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
