package tls

import (
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// names gives the exported names of a package: those of the package, and as
// Type.Name the fields and methods of its types. own are the types it declares
// itself. doc is the package comment.
func names(t *testing.T, p *build.Package) (all, own map[string]bool, doc string) {
	t.Helper()
	all, own = map[string]bool{}, map[string]bool{}
	add := func(name string) {
		if !slices.ContainsFunc(strings.Split(name, "."), func(part string) bool { return !ast.IsExported(part) }) {
			all[name] = true
		}
	}
	for _, file := range p.GoFiles {
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, file), nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		if f.Doc != nil && strings.HasPrefix(f.Doc.Text(), "Package tls") {
			doc = f.Doc.Text()
		}
		for _, decl := range f.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil {
					add(d.Name.Name)
				} else {
					add(receiver(d.Recv.List[0].Type) + "." + d.Name.Name)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					switch s := spec.(type) {
					case *ast.ValueSpec:
						for _, n := range s.Names {
							add(n.Name)
						}
					case *ast.TypeSpec:
						add(s.Name.Name)
						own[s.Name.Name] = !s.Assign.IsValid()
						for _, n := range members(s.Type) {
							add(s.Name.Name + "." + n)
						}
					}
				}
			}
		}
	}
	return all, own, doc
}

func receiver(e ast.Expr) string {
	if star, ok := e.(*ast.StarExpr); ok {
		e = star.X
	}
	if id, ok := e.(*ast.Ident); ok {
		return id.Name
	}
	return ""
}

func members(e ast.Expr) (all []string) {
	var list *ast.FieldList
	switch e := e.(type) {
	case *ast.StructType:
		list = e.Fields
	case *ast.InterfaceType:
		list = e.Methods
	default:
		return nil
	}
	for _, f := range list.List {
		for _, n := range f.Names {
			all = append(all, n.Name)
		}
	}
	return all
}

// TestNames compares the names of crypto/tls with ours: what is not here has to
// stand in the package comment, and nothing else.
func TestNames(t *testing.T) {
	std, err := build.Import("crypto/tls", "", 0)
	if err != nil || len(std.GoFiles) == 0 {
		t.Skip("the source of the standard library is not there:", err)
	}
	here, err := build.ImportDir(".", 0)
	if err != nil {
		t.Fatal(err)
	}
	theirs, _, _ := names(t, std)
	ours, own, doc := names(t, here)
	_, list, found := strings.Cut(doc, "# What is not taken over")
	list, _, _ = strings.Cut(list, "# What differs")
	if !found {
		t.Fatal("the package comment has no list of what is not taken over")
	}
	listed := map[string]bool{}
	for _, w := range regexp.MustCompile(`[A-Z]\w+(\.[A-Z]\w+)?`).FindAllString(list, -1) {
		listed[w] = true
	}
	if len(theirs) < 200 {
		t.Errorf("only %d names were found in crypto/tls", len(theirs))
	}
	for name := range theirs {
		owner, _, member := strings.Cut(name, ".")
		switch {
		case strings.HasPrefix(name, "QUIC"), ours[name]:
		case member && !own[owner] && (ours[owner] || listed[owner]):
			// Of a type that is the standard library's own, or not here at all.
		case !listed[name]:
			t.Errorf("%s is neither here nor in the package comment's list", name)
		}
	}
	for name := range listed {
		if theirs[name] && ours[name] && name != "Config.Renegotiation" && name != "Config.Certificates" {
			t.Errorf("the package comment says that %s is not here, and it is", name)
		}
	}
}
