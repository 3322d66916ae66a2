package sites

import (
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"os"
	"path"
	"strings"
	"sync"
	"time"
)

// A folder are files that are served.
type folder struct {
	dir string

	mu     sync.Mutex
	root   *os.Root
	looked time.Time // when it was last seen that root is still what dir leads to
}

// lookEvery is how long a folder may have been replaced by another until that is
// noticed.
const lookEvery = time.Second

// Folder serves the files of a folder, and nothing outside it: not by "..", not
// through a link that leads out. A folder is shown by its index.html only, and
// what begins with a dot is not shown, but for .well-known (RFC 8615). If there
// is a file beside one that holds the same compressed, as a.js.br does, clients
// that can read it are given that. The folder itself may be replaced by another,
// as by a link that leads elsewhere now.
func Folder(dir string) (http.Handler, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &folder{dir: dir, root: root, looked: time.Now()}, nil
}

// Under serves a handler below a path that ends in /. The path without its / at
// the end is sent there, so that relative links lead to the same.
func Under(prefix string, next http.Handler) http.Handler {
	below := http.StripPrefix(strings.TrimSuffix(prefix, "/"), next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path+"/" == prefix {
			moved(w, r, relative(path.Base(prefix)+"/"))
			return
		}
		below.ServeHTTP(w, r)
	})
}

// moved sends a client to a relative reference, with the query of the request.
func moved(w http.ResponseWriter, r *http.Request, to string) {
	if r.URL.RawQuery != "" {
		to += "?" + r.URL.RawQuery
	}
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusMovedPermanently)
}

// files gives what is in the folder now.
func (f *folder) files(now time.Time) public {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now.Sub(f.looked) < lookEvery {
		return public{f.root.FS()}
	}
	f.looked = now
	there, err := os.Stat(f.dir)
	if err != nil {
		return public{f.root.FS()}
	}
	if has, err := f.root.Stat("."); err == nil && os.SameFile(has, there) {
		return public{f.root.FS()}
	}
	if next, err := os.OpenRoot(f.dir); err == nil {
		f.root = next // the old one is closed once nobody has it: a request may
	}
	return public{f.root.FS()}
}

func (f *folder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "405 Method Not Allowed: these are files.", http.StatusMethodNotAllowed)
		return
	}
	files := f.files(time.Now())
	name, elsewhere := nameOf(files, r.URL.Path)
	if elsewhere != "" {
		moved(w, r, elsewhere)
		return
	}
	shown, info, err := files.open(name)
	if err != nil {
		http.Error(w, "404 Not Found: there is no such file.", http.StatusNotFound)
		return
	}
	defer shown.Close()
	serveFile(w, r, files, name, shown, info)
}

// nameOf gives the file that a path stands for, or where to ask for it: each
// file is to have one path only, and relative links have to lead to the same.
func nameOf(files public, requested string) (name, elsewhere string) {
	clean := path.Clean("/" + requested)
	name = strings.TrimPrefix(clean, "/")
	slash := strings.HasSuffix(requested, "/")
	if strings.HasSuffix(requested, "/index.html") {
		return "", "./"
	}
	if name == "" {
		return "index.html", ""
	}
	switch info, err := fs.Stat(files.FS, name); {
	case hidden(name) || err != nil:
		return name, ""
	case info.IsDir() && !slash:
		if _, index, err := files.open(path.Join(name, "index.html")); err != nil || index == nil {
			return name, ""
		}
		return "", relative(path.Base(clean) + "/")
	case info.IsDir():
		return path.Join(name, "index.html"), ""
	case slash:
		return "", relative("../" + path.Base(clean))
	}
	return name, ""
}

// serveFile answers with a file, or with what holds the same compressed.
func serveFile(w http.ResponseWriter, r *http.Request, files public, name string, shown file, info fs.FileInfo) {
	h := w.Header()
	kind := mime.TypeByExtension(path.Ext(name))
	if kind != "" {
		h.Set("Content-Type", kind)
	}
	if compressible(kind) {
		h.Add("Vary", "Accept-Encoding")
	}
	tag := ""
	for _, c := range accepted(r) {
		packed, its, err := files.open(name + c.suffix)
		if err != nil || its.ModTime().Before(info.ModTime()) { // it is of an older one
			continue
		}
		defer packed.Close()
		if kind == "" {
			h.Set("Content-Type", sniff(shown))
		}
		if !compressible(kind) {
			h.Add("Vary", "Accept-Encoding")
		}
		h.Set("Content-Encoding", c.name)
		shown, info, tag = packed, its, "-"+c.name
		break
	}
	h.Set("ETag", fmt.Sprintf(`"%x-%x%s"`, info.ModTime().UnixNano(), info.Size(), tag))
	http.ServeContent(w, r, name, info.ModTime(), shown)
}

// sniff finds out what a file of no known name is.
func sniff(f io.ReadSeeker) string {
	var head [512]byte
	n, _ := io.ReadFull(f, head[:])
	f.Seek(0, io.SeekStart)
	return http.DetectContentType(head[:n])
}
