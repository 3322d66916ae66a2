package assemble

import (
	"crypto/tls"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/handsel-tls/handsel/internal/serve/bindings"
	"github.com/handsel-tls/handsel/internal/serve/certs"
)

// folders are the central certificate stores that bindings name. They outlive a
// plan, so that what was read is not read again.
type folders struct {
	mu    sync.RWMutex
	byDir map[string]*folder
}

type folder struct {
	*certs.Folder
	password string
}

// open gives the store in a folder, and reads its password from a file.
func (f *folders) open(dir, passwordFile string) error {
	password := ""
	if passwordFile != "" {
		var err error
		if password, err = certs.ReadPassphrase(passwordFile); err != nil {
			return err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if there := f.byDir[dir]; there != nil && there.password == password {
		return nil
	}
	opened, err := certs.NewFolder(dir, password, certs.Options{Now: time.Now})
	if err != nil {
		return err
	}
	if f.byDir == nil {
		f.byDir = map[string]*folder{}
	}
	f.byDir[dir] = &folder{opened, password}
	return nil
}

func (f *folders) of(dir string) *folder {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.byDir[dir]
}

// Certificates is that of a bindings.Source: certificates are called by their
// paths.
func (f *folders) Certificates(record *bindings.Binding, name string) []string {
	if found := f.of(record.Settings.Central); found != nil {
		if path, ok := found.Has(name); ok {
			return []string{path}
		}
	}
	return nil
}

// certificate gives the certificate of a path.
func (f *folders) certificate(path string) (*tls.Certificate, error) {
	found := f.of(filepath.Dir(path))
	if found == nil {
		return nil, fmt.Errorf("%s is in no folder that a binding names", path)
	}
	return found.Certificate(path)
}

// addCentral opens the folder of a record of the central store. Its name becomes
// the one by which the folder is found.
func (p *Plan) addCentral(at string, set *bindings.Settings) {
	if set.Central == "" {
		return
	}
	set.Central = filepath.Clean(p.file.Abs(set.Central))
	if dir, err := filepath.Abs(set.Central); err == nil {
		set.Central = dir
	}
	password := set.CentralPassword
	if password != "" {
		password = p.file.Abs(password)
	}
	if err := p.data.folders.open(set.Central, password); err != nil {
		p.wrong(at+".central", err)
	}
}
