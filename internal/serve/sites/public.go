package sites

import (
	"io"
	"io/fs"
	"net/url"
	"strings"
)

// public hides what is not to be shown. All of it does not exist, as far as
// clients can tell.
type public struct{ fs.FS }

// A file is one that is open.
type file interface {
	fs.File
	io.Seeker
}

// open opens a file to be shown.
func (p public) open(name string) (file, fs.FileInfo, error) {
	if hidden(name) {
		return nil, nil, fs.ErrNotExist
	}
	// Before it is opened: a pipe would keep whoever opens it waiting.
	if info, err := fs.Stat(p.FS, name); err != nil || !info.Mode().IsRegular() {
		return nil, nil, fs.ErrNotExist
	}
	f, err := p.FS.Open(name)
	if err != nil {
		return nil, nil, fs.ErrNotExist
	}
	info, err := f.Stat() // of what was opened: it may be another by now
	seeker, ok := f.(file)
	if err != nil || !ok || !info.Mode().IsRegular() {
		f.Close()
		return nil, nil, fs.ErrNotExist
	}
	return seeker, info, nil
}

func hidden(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(part, ".") && part != "." && part != ".well-known" {
			return true
		}
	}
	return false
}

// relative writes a path so that it is a relative reference, whatever is in it.
func relative(path string) string { return (&url.URL{Path: path}).String() }
