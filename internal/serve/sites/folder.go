package sites

import (
	"io/fs"
	"net/http"
	"os"
	"path"
	"strings"
)

// Folder serves the files of a folder, and nothing outside it: not by "..", not
// through a link that leads out. A folder is shown by its index.html only, and
// what begins with a dot is not shown, but for .well-known (RFC 8615).
func Folder(dir string) (http.Handler, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	files := http.FileServerFS(public{root.FS()})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "405 Method Not Allowed: these are files.", http.StatusMethodNotAllowed)
			return
		}
		files.ServeHTTP(w, r)
	}), nil
}

// public hides what is not to be shown. All of it does not exist, as far as
// clients can tell.
type public struct{ fs.FS }

func (p public) Open(name string) (fs.File, error) {
	for part := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(part, ".") && part != "." && part != ".well-known" {
			return nil, fs.ErrNotExist
		}
	}
	// Before it is opened: a pipe would keep whoever opens it waiting.
	info, err := fs.Stat(p.FS, name)
	if err != nil || !info.IsDir() && !info.Mode().IsRegular() {
		return nil, fs.ErrNotExist
	}
	if info.IsDir() {
		index, err := fs.Stat(p.FS, path.Join(name, "index.html"))
		if err != nil || !index.Mode().IsRegular() {
			return nil, fs.ErrNotExist
		}
	}
	f, err := p.FS.Open(name)
	if err != nil {
		return nil, fs.ErrNotExist
	}
	return f, nil
}
