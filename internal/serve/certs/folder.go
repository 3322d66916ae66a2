package certs

import (
	"crypto/tls"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Folder is a central certificate store as IIS has it: a folder, often on
// another computer, in which a certificate is found by the host name that its
// file is called by. www.example.com.pfx is for that name, _.example.com.pfx for
// all names one label longer than example.com. PEM files do as well, with the
// private key in the same file or in one that ends in .key.
//
// Certificates are read when they are first needed and again when their files
// change, which is noticed a few seconds later. What is known already waits for
// no disk and no network: if the folder cannot be reached, those certificates that
// were read go on being used. A Folder may be used by several goroutines.
type Folder struct {
	dir      string
	password string
	options  Options

	mu        sync.Mutex
	looked    time.Time
	looking   bool
	byName    map[string]*folderFile // in lower case, without the ending
	reachable error
}

// folderFile is a certificate of a folder.
type folderFile struct {
	files []string // the certificate, and perhaps its key

	mu      sync.Mutex
	looked  time.Time
	looking bool
	changed time.Time // of the files that pair was read from
	pair    *tls.Certificate
	err     error
}

// lookAgain is how old may be what is known of a folder or a file.
const lookAgain = 2 * time.Second

// NewFolder gives the store in a folder. password opens the PFX files, and may be
// empty. The folder has to be there now; later it may go and come.
func NewFolder(dir, password string, o Options) (*Folder, error) {
	f := &Folder{dir: dir, password: password, options: o}
	f.list()
	return f, f.reachable
}

// certificateEndings are those of files that may be a certificate, the most
// wanted first; those of PFX have their key with them.
var certificateEndings = []string{".pfx", ".p12", ".pem", ".crt", ".cer"}

// list reads which files there are.
func (f *Folder) list() {
	entries, err := os.ReadDir(f.dir)
	there := map[string]string{} // by name in lower case
	for _, e := range entries {
		there[strings.ToLower(e.Name())] = e.Name()
	}
	found := map[string]*folderFile{}
	for i := len(certificateEndings) - 1; i >= 0; i-- { // the more wanted replace the less
		for lower, name := range there {
			host, ok := strings.CutSuffix(lower, certificateEndings[i])
			if !ok || host == "" {
				continue
			}
			file := &folderFile{files: []string{filepath.Join(f.dir, name)}}
			if key := there[host+".key"]; key != "" && i > 1 {
				file.files = append(file.files, filepath.Join(f.dir, key))
			}
			found[host] = file
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.looked, f.looking = f.options.now(), false
	if err != nil {
		f.reachable = &Error{File: f.dir, What: "cannot be read: certificates are looked for there", Err: withoutPath(err)}
		return
	}
	f.reachable = nil
	for host, file := range found {
		if old := f.byName[host]; old != nil && slices.Equal(old.files, file.files) {
			found[host] = old
		}
	}
	f.byName = found
}

// Has gives the path of the certificate for a host name in lower case, and
// whether there is one. It does not open it.
func (f *Folder) Has(host string) (path string, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.looking && f.options.now().Sub(f.looked) >= lookAgain {
		f.looking = true
		go f.list()
	}
	file := f.byName[host]
	if file == nil {
		return "", false
	}
	return file.files[0], true
}

// Certificate gives the certificate of a path that Has gave.
func (f *Folder) Certificate(path string) (*tls.Certificate, error) {
	name := strings.ToLower(filepath.Base(path))
	f.mu.Lock()
	file := f.byName[strings.TrimSuffix(name, filepath.Ext(name))]
	f.mu.Unlock()
	if file == nil {
		return nil, &Error{File: path, What: "is gone", Err: ErrNotFound}
	}
	file.mu.Lock()
	defer file.mu.Unlock()
	switch stale := f.options.now().Sub(file.looked) >= lookAgain; {
	case file.pair == nil && (stale || file.looked.IsZero()):
		f.take(file, f.read(file.files, file.changed))
	case stale && !file.looking:
		file.looking = true
		go func(before time.Time) {
			news := f.read(file.files, before)
			file.mu.Lock()
			defer file.mu.Unlock()
			f.take(file, news)
		}(file.changed)
	}
	return file.pair, file.err
}

// A reading is what became of looking at the files of a certificate.
type reading struct {
	changed time.Time // zero: as before, or they could not be looked at
	pair    *tls.Certificate
	err     error
}

// take notes what became of looking at files.
func (f *Folder) take(file *folderFile, r reading) {
	file.looked, file.looking = f.options.now(), false
	switch {
	case !r.changed.IsZero():
		file.pair, file.err, file.changed = r.pair, r.err, r.changed
	case r.err != nil && file.pair == nil:
		file.err = r.err
	}
}

// read reads a certificate, if its files have changed.
func (f *Folder) read(files []string, before time.Time) (r reading) {
	var changed time.Time
	for _, name := range files {
		info, err := os.Stat(name)
		if err != nil {
			return reading{err: &Error{File: name, What: "cannot be read", Err: withoutPath(err)}}
		}
		if info.ModTime().After(changed) {
			changed = info.ModTime()
		}
	}
	if changed.Equal(before) {
		return reading{}
	}
	o := f.options
	o.Password = func(string) (string, bool) { return f.password, f.password != "" }
	pair, _, err := ReadFiles(o, files...)
	if errors.Is(err, ErrNeedsPassword) {
		err = &Error{File: files[0], What: "is encrypted, and the folder has no password", Hint: "name the file with it: central_password_file, --central-password-file"}
	}
	if err != nil {
		return reading{changed: changed, err: err}
	}
	return reading{changed: changed, pair: pair.Certificate()}
}
