// Package assemble makes what the endpoint serves out of a configuration and
// the data folder with its certificate store and local CA.
package assemble

import (
	"crypto"
	stdtls "crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"time"

	"github.com/handsel-tls/handsel/internal/serve/bindings"
	"github.com/handsel-tls/handsel/internal/serve/certs"
	"github.com/handsel-tls/handsel/internal/serve/config"
	"github.com/handsel-tls/handsel/internal/serve/endpoint"
	"github.com/handsel-tls/handsel/internal/serve/sites"
	"github.com/handsel-tls/handsel/internal/serve/store"
	"github.com/handsel-tls/handsel/tls"
)

// A Plan is a setup with what is to be said about it.
type Plan struct {
	Setup   *endpoint.Setup
	Notices []string // what is unwise, and works

	file     *config.File
	data     *Data
	mistakes []error
	sites    []*sites.Site
	stored   stored
	issuing  issuing
	stapled  []string        // certificates of bindings with stapling, until the plan is in force
	proposed *store.Contents // in place of what the store holds; nil: that
}

// FromFile makes the plan of a configuration file, and of what was added to the
// store. It reads everything that the file names: a mistake shows now, not when a
// client comes. The error has a *config.Error for each mistake. What is wrong in
// the store keeps nothing from starting: it is a notice.
func FromFile(f *config.File, d *Data) (*Plan, error) { return newPlan(f, d).make() }

// FromStore makes the plan of what the store holds, without a file.
func FromStore(d *Data) (*Plan, error) { return FromFile(&config.File{}, d) }

// Proposed makes the plan of a file and of what the store might hold. Whatever is
// wrong is an error.
func Proposed(f *config.File, d *Data, contents *store.Contents) (*Plan, error) {
	p := newPlan(f, d)
	p.proposed = contents
	return p.make()
}

func (p *Plan) make() (*Plan, error) {
	f := p.file
	for i := range f.Certificates {
		p.addCertificate(fmt.Sprintf("$.certificates[%d]", i), &f.Certificates[i])
	}
	for i := range f.Sites {
		p.sites = append(p.sites, p.newSite(fmt.Sprintf("$.sites[%d]", i), &f.Sites[i]))
	}
	p.bind()
	p.addACME()
	if err := config.Join(p.mistakes...); err != nil {
		return nil, err
	}
	return p, nil
}

func newPlan(f *config.File, d *Data) *Plan {
	return &Plan{file: f, data: d, issuing: issuing{by: f.ACME}, Setup: &endpoint.Setup{
		Certificates: map[string]endpoint.GetCertificate{},
		Resolve:      d.Certificate,
		Staple:       d.Staple,
		Revoked:      d.Revoked,
		ClientCAs:    map[string][]*x509.Certificate{},
		RawKeys:      map[string]crypto.Signer{},
		ClientKeys:   map[string][]tls.PublicKeyHash{},
		PSKs:         map[string][]tls.PreSharedKey{},
	}}
}

func (p *Plan) wrong(at string, err error) {
	p.mistakes = append(p.mistakes, p.file.Wrong(at, "%v", err))
}

func (p *Plan) notice(format string, args ...any) {
	p.Notices = append(p.Notices, fmt.Sprintf(format, args...))
}

func addresses(texts []string) (all []netip.AddrPort) {
	for _, t := range texts {
		if a, err := netip.ParseAddrPort(t); err == nil { // it was checked
			all = append(all, a)
		}
	}
	return all
}

func (p *Plan) addCertificate(at string, c *config.Certificate) {
	get, notices, err := p.certificate(&at, c)
	if err != nil {
		p.wrong(at, err)
		return
	}
	for _, n := range notices {
		p.notice("certificate %q: %v", c.Name, n)
	}
	p.Setup.Certificates[c.Name] = get
}

// certificate finds a certificate, and says in at where in the file it stands.
func (p *Plan) certificate(at *string, c *config.Certificate) (endpoint.GetCertificate, []certs.Notice, error) {
	switch {
	case len(c.LocalCA) > 0:
		*at += ".local_ca"
		leaf, err := p.data.CA.Leaf(c.LocalCA...)
		if err != nil {
			return nil, nil, err
		}
		return leaf.Certificate, nil, nil
	case c.ACME != "":
		*at += ".acme"
		if p.data.ACME == nil {
			p.notice("certificate %q was not looked for: %s", c.Name, p.data.NoStore)
			return nil, nil, nil
		}
		return func() (*stdtls.Certificate, error) { return p.data.ACME.Certificate(c.ACME) }, nil, nil
	case c.Thumbprint != "":
		*at += ".thumbprint"
		return p.fromStore(c)
	}
	*at += ".files"
	files := make([]string, len(c.Files))
	for i, name := range c.Files {
		files[i] = p.file.Abs(name)
	}
	pair, notices, err := certs.ReadFiles(certs.Options{Now: time.Now, Signer: c.Signer}, files...)
	if err != nil {
		return nil, nil, err
	}
	if err := pair.CheckSigner(); err != nil { // it may work again by the time a client comes
		p.notice("certificate %q: %v", c.Name, err)
	}
	cert := pair.Certificate()
	if c.Staple != "" {
		var notice string
		if cert.OCSPStaple, notice, err = p.staple(c.Staple, pair); err != nil {
			return nil, nil, err
		}
		if notice != "" {
			p.notice("certificate %q: %s", c.Name, notice)
		}
	}
	return func() (*stdtls.Certificate, error) { return cert, nil }, notices, nil
}

func (p *Plan) fromStore(c *config.Certificate) (endpoint.GetCertificate, []certs.Notice, error) {
	store := p.data.Store
	if store == nil {
		if _, _, err := certs.ParseThumbprint(c.Thumbprint); err != nil {
			return nil, nil, err
		}
		p.notice("certificate %q was not looked for: %s", c.Name, p.data.NoStore)
		return nil, nil, nil
	}
	_, notices, err := store.Show(c.Thumbprint)
	if err != nil {
		return nil, nil, err
	}
	return func() (*stdtls.Certificate, error) { return store.Get(c.Thumbprint) }, notices, nil
}

func pool(list []*x509.Certificate) *x509.CertPool {
	p := x509.NewCertPool()
	for _, c := range list {
		p.AddCert(c)
	}
	return p
}

// authorities reads the certificates of a PEM file.
func (p *Plan) authorities(at, name string) []*x509.Certificate {
	list, err := Authorities(p.file.Abs(name))
	if err != nil {
		p.wrong(at, err)
	}
	return list
}

// Authorities reads the certificates of a PEM file.
func Authorities(file string) (list []*x509.Certificate, err error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	for block, rest := pem.Decode(b); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		list = append(list, c)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s holds no certificate: it has to be a PEM file with -----BEGIN CERTIFICATE-----", file)
	}
	return list, nil
}

// bind makes the table and the router, of the file and of the store, and looks
// for what is unwise in it.
func (p *Plan) bind() {
	f := p.file
	var list []bindings.Binding
	places := map[bindings.Key]string{}
	for i := range f.Bindings {
		b, err := p.binding(i)
		if err != nil {
			continue // which was said
		}
		list = append(list, b)
		places[b.Key] = fmt.Sprintf("$.bindings[%d]", i)
	}
	p.stored.keep(f, list)
	options, err := p.tableOptions(f)
	if err != nil {
		p.wrong("$.no_match", err)
	}
	list = append(list, p.addStored(&options)...)
	for _, wrong := range p.checkSSL2(list) {
		switch at := places[wrong.key]; {
		case at != "":
			p.wrong(at+".ssl2", wrong.err)
		case p.proposed != nil:
			p.mistakes = append(p.mistakes, &config.Error{What: fmt.Sprintf("binding %v, ssl2: %v", wrong.key, wrong.err)})
		default:
			p.notice("binding %v: %v", wrong.key, wrong.err)
			refuse(list, wrong.key)
		}
	}
	if p.Setup.Table, err = bindings.NewTable(list, options); err != nil {
		p.wrong("$.bindings", err)
		return
	}
	p.listen()
	p.Setup.Router = sites.NewRouter(p.sites)
	p.addECH()
	for _, w := range p.Setup.Table.Check(p.Setup.HTTPS) {
		if !w.Minor {
			p.notice("%v", w)
		}
	}
}

// binding reads what binding i of the file names, and gives it.
func (p *Plan) binding(i int) (bindings.Binding, error) {
	at, before := fmt.Sprintf("$.bindings[%d]", i), len(p.mistakes)
	key, err := bindings.ParseKey(p.file.Bindings[i].On)
	if err != nil {
		p.wrong(at+".on", err)
		return bindings.Binding{}, err
	}
	settings := p.file.Settings(i)
	for j, name := range settings.ClientCAs {
		if p.Setup.ClientCAs[name] == nil {
			p.Setup.ClientCAs[name] = p.authorities(fmt.Sprintf("%s.client_cas[%d]", at, j), name)
		}
	}
	p.addCentral(at, &settings)
	p.addLists(at, &settings)
	p.addRawKeys(at, &settings)
	p.addPSKs(at, settings.PSKFile)
	p.want(at, &settings)
	if !settings.NoStapling {
		p.stapled = append(p.stapled, settings.Certificates...)
	}
	for _, why := range settings.Warnings() {
		p.notice("binding %s: %s", key, why)
	}
	return bindings.Binding{Key: key, Settings: settings}, errors.Join(p.mistakes[before:]...)
}

// refuse has a binding that cannot be served turn its connections away: another
// one must not take them.
func refuse(list []bindings.Binding, key bindings.Key) {
	for i := range list {
		if list[i].Key == key {
			list[i].Settings = bindings.Settings{Site: list[i].Settings.Site, Reject: true}
		}
	}
}

func (p *Plan) tableOptions(f *config.File) (options bindings.Options, err error) {
	options.Source = &p.data.folders
	err = options.NoMatch.UnmarshalText([]byte(f.NoMatch))
	if f.Default != "" {
		var bad error
		options.Default, bad = bindings.ParseKey(f.Default)
		err = errors.Join(err, bad)
	}
	return options, err
}
