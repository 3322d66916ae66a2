package handsel

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/handsel-tls/handsel/"

// layers are the packages of the protocol from the bottom up. A package may
// import those of lower ranks only.
var layers = [][]string{
	{"iana"},
	{"fault"},
	{"trace"},
	{"wire"},
	{"ech", "extension", "schedule"},
	{"suite", "prf", "psk", "transcript", "kex", "compress"},
	{"policy", "sign", "verify", "record", "session"},
	{"negotiate"},
	{"handshake"},
	{"hello", "server13", "sslv2"},
	{"client13", "legacy"},
	{"engine"},
}

// above says which of the packages above the protocol may import which.
var above = map[string][]string{
	"tls":                    {"internal/protocol/", "internal/observe/explain"}, // for programs: Record.Explain
	"internal/serve/":        {"internal/protocol/", "internal/serve/", "tls"},
	"internal/observe/":      {"internal/protocol/", "internal/observe/"},
	"internal/ui/":           {"internal/protocol/", "internal/serve/", "internal/observe/", "internal/ui/", "tls"},
	"internal/tlstest":       {"internal/protocol/", "internal/tlstest"},
	"internal/peers":         {"internal/", "tls"},
	"cmd/":                   {"internal/", "tls", "cmd/"},
	"bench":                  {"internal/", "tls", "bench"},
	"internal/protocol/iana": {"internal/protocol/iana"},
}

// forbidden are imports of the standard library that the protocol does without:
// time, randomness and the network come in from outside.
var forbidden = []string{"net", "net/http", "os", "log", "log/slog", "crypto/rand", "math/rand", "math/rand/v2", "crypto/tls"}

// machines are what an observer must not import: it would inherit their
// mistakes and could not contradict them.
var machines = []string{"handshake", "hello", "server13", "client13", "legacy", "sslv2", "engine"}

// explains is all of the module that an explanation is made of, so that a live
// connection, a stored event and a capture get the same one.
var explains = []string{
	"internal/observe/explain", "internal/protocol/trace", "internal/protocol/fault",
	"internal/protocol/iana", "internal/protocol/negotiate",
	// What the choices are made again with: see internal/observe/explain/counter.go.
	"internal/protocol/wire", "internal/protocol/policy", "internal/protocol/suite", "internal/protocol/sign", "internal/protocol/kex",
}

type file struct {
	path    string // within the module
	imports []string
	tree    *ast.File
}

func files(t *testing.T) []file {
	t.Helper()
	var all []file
	fset := token.NewFileSet()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && strings.HasPrefix(d.Name(), ".") && path != "." {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		tree, err := parser.ParseFile(fset, path, nil, 0)
		if err != nil {
			return err
		}
		f := file{path: filepath.ToSlash(path), tree: tree}
		for _, i := range tree.Imports {
			p, _ := strconv.Unquote(i.Path.Value)
			f.imports = append(f.imports, p)
		}
		all = append(all, f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func rank(pkg string) int {
	return slices.IndexFunc(layers, func(l []string) bool { return slices.Contains(l, pkg) })
}

func TestProtocolLayers(t *testing.T) {
	const root = "internal/protocol/"
	for _, f := range files(t) {
		rest, ok := strings.CutPrefix(f.path, root)
		if !ok || strings.Contains(rest, "/gen/") {
			continue
		}
		pkg := strings.Split(rest, "/")[0]
		mine := rank(pkg)
		if mine < 0 {
			t.Errorf("%s: package %s has no layer: give it one in arch_test.go", f.path, pkg)
			continue
		}
		for _, i := range f.imports {
			if slices.Contains(forbidden, i) {
				t.Errorf("%s imports %s: take what it gives as an argument or a field of handshake.Config", f.path, i)
			}
			other, ok := strings.CutPrefix(i, module)
			if !ok {
				continue
			}
			name, ok := strings.CutPrefix(other, root)
			if !ok {
				t.Errorf("%s imports %s, which is above the protocol: move what it needs down, or ask the host a question", f.path, other)
			} else if its := rank(name); its >= mine {
				t.Errorf("%s imports %s, which is not below it: move what both need into a lower package", f.path, name)
			}
		}
	}
}

func TestNoClockInTheProtocol(t *testing.T) {
	for _, f := range files(t) {
		if !strings.HasPrefix(f.path, "internal/protocol/") || strings.Contains(f.path, "/gen/") {
			continue
		}
		ast.Inspect(f.tree, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := s.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains([]string{"Now", "Since", "Until", "Sleep", "After", "NewTimer"}, s.Sel.Name) {
				t.Errorf("%s calls time.%s: time comes in with the input", f.path, s.Sel.Name)
			}
			return true
		})
	}
}

// TestNoHandlerComparesVersions: versions differ by a value, the dialect, and not
// by conditions. The machines of TLS 1.3 know which version they are; what they
// compare are versions of messages and of sessions.
func TestNoHandlerComparesVersions(t *testing.T) {
	for _, f := range files(t) {
		pkg, ok := strings.CutPrefix(filepath.ToSlash(filepath.Dir(f.path)), "internal/protocol/")
		if !ok || !slices.Contains([]string{"legacy", "client13", "server13", "handshake"}, pkg) {
			continue
		}
		compared := isDoneVersion
		if pkg == "legacy" {
			compared = isVersion // its sessions and offers are compared with that of the connection
		}
		ast.Inspect(f.tree, func(n ast.Node) bool {
			var operands []ast.Expr
			switch n := n.(type) {
			case *ast.BinaryExpr:
				if slices.Contains([]token.Token{token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ}, n.Op) {
					operands = []ast.Expr{n.X, n.Y}
				}
			case *ast.SwitchStmt:
				if n.Tag != nil {
					operands = []ast.Expr{n.Tag}
				}
			case *ast.CaseClause:
				operands = n.List
			}
			if slices.ContainsFunc(operands, compared) {
				t.Errorf("%s compares versions: put what differs into the dialect, or into a method of it", f.path)
			}
			return true
		})
	}
}

// isVersion reports whether an expression is one of iana's versions.
func isVersion(e ast.Expr) bool {
	s, ok := e.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	x, ok := s.X.(*ast.Ident)
	return ok && x.Name == "iana" && slices.Contains([]string{"SSL20", "SSL30", "TLS10", "TLS11", "TLS12", "TLS13"}, s.Sel.Name)
}

// isDoneVersion reports whether an expression is the version of the connection.
func isDoneVersion(e ast.Expr) bool {
	s, ok := e.(*ast.SelectorExpr)
	if !ok || s.Sel.Name != "Version" {
		return false
	}
	x, ok := s.X.(*ast.SelectorExpr)
	return ok && x.Sel.Name == "Done"
}

func TestLayersAbove(t *testing.T) {
	for _, f := range files(t) {
		for _, i := range f.imports {
			other, ok := strings.CutPrefix(i, module)
			if !ok || strings.HasPrefix(f.path, "internal/protocol/") {
				continue
			}
			if allowed := allowedFor(f.path); !slices.ContainsFunc(allowed, func(a string) bool { return strings.HasPrefix(other, a) }) {
				t.Errorf("%s imports %s; it may import %v: let cmd join the two", f.path, other, allowed)
			}
			if name, ok := strings.CutPrefix(other, "internal/protocol/"); ok &&
				strings.HasPrefix(f.path, "internal/observe/") && slices.Contains(machines, name) {
				t.Errorf("%s imports %s: an observer reads with wire and record, and works out the rest itself", f.path, name)
			}
			if strings.HasPrefix(f.path, "internal/observe/explain/") && !slices.Contains(explains, other) {
				t.Errorf("%s imports %s: have who asks for the explanation bring it in events, faults and offers", f.path, other)
			}
		}
	}
}

func allowedFor(path string) (allowed []string) {
	for prefix, list := range above {
		if strings.HasPrefix(path, prefix) {
			allowed = append(allowed, list...)
		}
	}
	return allowed
}
