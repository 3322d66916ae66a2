// Package assemble makes what the endpoint serves out of a configuration and
// the data folder with its certificate store and local CA.
package assemble

import (
	stdtls "crypto/tls"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.etcd.io/bbolt"

	"github.com/handsel-tls/handsel/internal/serve/bindings"
	"github.com/handsel-tls/handsel/internal/serve/certs"
	"github.com/handsel-tls/handsel/internal/serve/config"
	"github.com/handsel-tls/handsel/internal/serve/endpoint"
	"github.com/handsel-tls/handsel/internal/serve/sites"
)

// Data is the data folder of a server.
type Data struct {
	Dir    string
	Store  *certs.Store
	CA     *certs.CA
	MadeCA bool // the local CA was made just now
	db     *bbolt.DB
}

// Open opens a data folder, and makes what is not there: the folder, the
// database (0600) and the local CA (key 0600).
func Open(dir string) (*Data, error) {
	db, err := certs.OpenDB(filepath.Join(dir, "handsel.db"))
	if err != nil {
		return nil, err
	}
	d := &Data{Dir: dir, db: db}
	if d.Store, err = certs.NewStore(db, certs.Options{Now: time.Now}); err == nil {
		d.CA, d.MadeCA, err = certs.OpenCA(dir, certs.CAOptions{Store: d.Store})
	}
	if err != nil {
		db.Close()
		return nil, err
	}
	return d, nil
}

// Close closes the database.
func (d *Data) Close() error { return d.db.Close() }

// A Plan is a setup with what is to be said about it.
type Plan struct {
	Setup   *endpoint.Setup
	Notices []string
}

// FromFile makes the plan of a configuration file.
func FromFile(f *config.File, d *Data) (*Plan, error) {
	p := &Plan{Setup: &endpoint.Setup{
		HTTPS:        addresses(f.Listen.HTTPS),
		HTTP:         addresses(f.Listen.HTTP),
		Certificates: map[string]endpoint.GetCertificate{},
	}}
	for i := range f.Certificates {
		if err := p.addCertificate(f, d, &f.Certificates[i]); err != nil {
			return nil, err
		}
	}
	var list []*sites.Site
	for i := range f.Sites {
		s, err := newSite(f, &f.Sites[i])
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	p.Setup.Router = sites.NewRouter(list)
	return p, p.bind(f)
}

func addresses(texts []string) (all []netip.AddrPort) {
	for _, t := range texts {
		if a, err := netip.ParseAddrPort(t); err == nil { // it was checked
			all = append(all, a)
		}
	}
	return all
}

func (p *Plan) addCertificate(f *config.File, d *Data, c *config.Certificate) error {
	switch {
	case len(c.LocalCA) > 0:
		leaf, err := d.CA.Leaf(c.LocalCA...)
		if err != nil {
			return fmt.Errorf("certificate %q: %w", c.Name, err)
		}
		p.Setup.Certificates[c.Name] = leaf.Certificate
	case c.Thumbprint != "":
		_, notices, err := d.Store.Show(c.Thumbprint)
		if err != nil {
			return fmt.Errorf("certificate %q: %w", c.Name, err)
		}
		p.notice(c.Name, notices)
		p.Setup.Certificates[c.Name] = func() (*stdtls.Certificate, error) { return d.Store.Get(c.Thumbprint) }
	default:
		files := make([]string, len(c.Files))
		for i, name := range c.Files {
			files[i] = f.Abs(name)
		}
		pair, notices, err := certs.ReadFiles(certs.Options{Now: time.Now}, files...)
		if err != nil {
			return fmt.Errorf("certificate %q: %w", c.Name, err)
		}
		p.notice(c.Name, notices)
		cert := pair.Certificate()
		p.Setup.Certificates[c.Name] = func() (*stdtls.Certificate, error) { return cert, nil }
	}
	return nil
}

func (p *Plan) notice(name string, notices []certs.Notice) {
	for _, n := range notices {
		p.Notices = append(p.Notices, fmt.Sprintf("certificate %q: %v", name, n))
	}
}

func newSite(f *config.File, c *config.Site) (*sites.Site, error) {
	s := &sites.Site{Name: c.Name, Path: c.Path}
	for _, h := range c.Hosts {
		s.Hosts = append(s.Hosts, sites.HostOf(h))
	}
	if !strings.HasSuffix(s.Path, "/") {
		s.Path += "/"
	}
	var err error
	switch {
	case c.Folder != "":
		s.Handler, err = sites.Folder(f.Abs(c.Folder))
		if s.Path != "/" && err == nil {
			s.Handler = http.StripPrefix(strings.TrimSuffix(s.Path, "/"), s.Handler)
		}
	case c.Proxy != "":
		s.Handler, err = sites.Proxy(c.Proxy)
	default:
		s.Handler = sites.Redirect(c.Redirect)
	}
	if err != nil {
		return nil, fmt.Errorf("site %q: %w", c.Name, err)
	}
	return s, nil
}

// bind makes the table, and looks for mistakes in it.
func (p *Plan) bind(f *config.File) error {
	var list []bindings.Binding
	for i := range f.Bindings {
		key, err := bindings.ParseKey(f.Bindings[i].On)
		if err != nil {
			return err
		}
		settings := f.Settings(i)
		for j, ca := range settings.ClientCAs {
			settings.ClientCAs[j] = f.Abs(ca)
		}
		list = append(list, bindings.Binding{Key: key, Settings: settings})
	}
	options := bindings.Options{}
	if err := options.NoMatch.UnmarshalText([]byte(f.NoMatch)); err != nil {
		return err
	}
	if f.Default != "" {
		key, err := bindings.ParseKey(f.Default)
		if err != nil {
			return fmt.Errorf("default: %w", err)
		}
		options.Default = key
	}
	var err error
	if p.Setup.Table, err = bindings.NewTable(list, options); err != nil {
		return err
	}
	for _, w := range p.Setup.Table.Check(p.Setup.HTTPS) {
		if !w.Minor {
			p.Notices = append(p.Notices, w.String())
		}
	}
	return nil
}

// Example makes the two example sites in the data folder and gives their
// configuration.
func Example(d *Data, httpsPort, httpPort uint16) (*config.File, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "listen:\n  https: [\"127.0.0.1:%d\", \"[::1]:%d\"]\n  http: [\"127.0.0.1:%d\", \"[::1]:%d\"]\n", httpsPort, httpsPort, httpPort, httpPort)
	b.WriteString("certificates:\n")
	for _, s := range exampleSites {
		fmt.Fprintf(&b, "  - {name: %s, local_ca: [%s.localhost]}\n", s, s)
	}
	b.WriteString("sites:\n")
	for _, s := range exampleSites {
		fmt.Fprintf(&b, "  - {name: %s, hosts: [%s.localhost], folder: sites/%s}\n", s, s, s)
		if err := exampleFolder(filepath.Join(d.Dir, "sites", s), s); err != nil {
			return nil, err
		}
	}
	b.WriteString("bindings:\n")
	for _, s := range exampleSites {
		fmt.Fprintf(&b, "  - {on: \"%s.localhost:%d\", certificates: [%s], site: %s}\n", s, httpsPort, s, s)
	}
	// The file is written so that it can be changed and named with --config.
	path := filepath.Join(d.Dir, "example.yaml")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		return nil, err
	}
	return config.Parse(path, []byte(b.String()))
}

var exampleSites = []string{"one", "two"}

func exampleFolder(dir, name string) error {
	index := filepath.Join(dir, "index.html")
	if _, err := os.Stat(index); err == nil {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	page := fmt.Sprintf("<!doctype html>\n<html lang=\"en\">\n<title>Site %s</title>\n<h1>Site %s</h1>\n<p>Served by Handsel from %s.</p>\n</html>\n", name, name, dir)
	return os.WriteFile(index, []byte(page), 0o600)
}
