package admin

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/handsel-tls/handsel/internal/serve/certs"
	"github.com/handsel-tls/handsel/internal/serve/config"
	"github.com/handsel-tls/handsel/internal/serve/revocation"
	"github.com/handsel-tls/handsel/internal/serve/store"
)

// A Certificate is one of the store as the API gives it.
type Certificate struct {
	certs.Info
	Issuers  []Issuer          `json:"issuers,omitempty"`  // that are sent after it; not in a list
	Bindings []string          `json:"bindings,omitempty"` // that name it
	Warnings []Warning         `json:"warnings,omitempty"` // not in a list
	Staple   *revocation.State `json:"staple,omitempty"`   // the OCSP response that there is for it; not in a list
}

// An Issuer is a certificate of a chain.
type Issuer struct {
	Subject  string    `json:"subject"`
	NotAfter time.Time `json:"not_after"`
	SHA256   string    `json:"sha256"`
}

// A CertificateList is the answer to GET /v1/certificates.
type CertificateList struct {
	Certificates []Certificate `json:"certificates"`
}

// An Import is what files of a certificate have in them: PEM or DER, PFX, the
// certificate, its issuers and its key, in any order.
type Import struct {
	Files    []certs.Source `json:"files"`
	Password string         `json:"password,omitempty"` // of encrypted files
	Signer   []string       `json:"signer,omitempty"`   // the program that signs, with its arguments, if it holds the key
	Replace  string         `json:"replace,omitempty"`  // a certificate in whose place bindings are to name this one
}

// An Export says in which form a certificate is wanted.
type Export struct {
	Format   string `json:"format"`             // pem or pfx
	Key      bool   `json:"key,omitempty"`      // with its private key, as a PFX always is
	Password string `json:"password,omitempty"` // of the PFX
}

// An Exported is a certificate as a file.
type Exported struct {
	Data []byte `json:"data"`
}

// users gives the bindings that name certificates, by thumbprint of SHA-256.
func (e *Estate) users(list []certs.Info) map[certs.Thumbprint][]string {
	full := map[string]certs.Thumbprint{} // by how bindings name them
	short := map[certs.Thumbprint]certs.Thumbprint{}
	for _, c := range list {
		full[string(c.Thumbprint)] = c.Thumbprint
		short[c.SHA1] = c.Thumbprint
	}
	for _, c := range e.plan.File().Certificates {
		if t, _, err := certs.ParseThumbprint(c.Thumbprint); err == nil {
			if long, ok := short[t]; ok {
				t = long
			}
			full[c.Name] = t
		}
	}
	by := map[certs.Thumbprint][]string{}
	for _, b := range e.plan.Setup.Table.Bindings() {
		for _, name := range b.Settings.Certificates {
			if t, ok := full[name]; ok {
				by[t] = append(by[t], b.Key.String())
			}
		}
	}
	return by
}

// Certificates gives all certificates of the store, those that expire first in
// front.
func (e *Estate) Certificates() ([]Certificate, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.ready(); err != nil {
		return nil, err
	}
	infos, err := e.data.Store.List()
	if err != nil {
		return nil, err
	}
	by := e.users(infos)
	list := make([]Certificate, len(infos))
	for i, info := range infos {
		list[i] = Certificate{Info: info, Bindings: by[info.Thumbprint]}
	}
	return list, nil
}

// Certificate gives one certificate with what clients may stumble over. name is
// as people call it: see thumbprint.
func (e *Estate) Certificate(name string) (*Certificate, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.ready(); err != nil {
		return nil, err
	}
	return e.certificate(name)
}

func (e *Estate) certificate(name string) (*Certificate, error) {
	t, err := e.thumbprint(name)
	if err != nil {
		return nil, err
	}
	info, notices, err := e.data.Store.Show(string(t))
	if err != nil {
		return nil, err
	}
	c := &Certificate{Info: info, Bindings: e.users([]certs.Info{info})[t], Warnings: asWarnings(notices)}
	if e.apply != nil { // a server runs, that has it
		c.Staple = e.data.Stapler.State(string(info.Thumbprint))
	}
	for _, x := range info.Chain[1:] {
		c.Issuers = append(c.Issuers, Issuer{x.Subject.String(), x.NotAfter, string(certs.ThumbprintOf(x))})
	}
	return c, nil
}

func asWarnings(notices []certs.Notice) (list []Warning) {
	for _, n := range notices {
		list = append(list, Warning{string(n.Code), n.Text})
	}
	return list
}

// ImportCertificate adds a certificate. Bindings that name another one, if that
// is to be replaced, name this one from now on.
func (e *Estate) ImportCertificate(i Import) (*Certificate, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.ready(); err != nil {
		return nil, err
	}
	var old certs.Thumbprint
	if i.Replace != "" {
		var err error
		if old, err = e.thumbprint(i.Replace); err != nil {
			return nil, err
		}
	}
	var names []string
	for _, f := range i.Files {
		names = append(names, f.Name)
	}
	password := func(string) (string, bool) { return i.Password, i.Password != "" }
	info, notices, err := e.data.Store.Import(password, i.Signer, strings.Join(names, ", "), i.Files...)
	if errors.Is(err, certs.ErrNeedsPassword) {
		return nil, fail("needs_password", err)
	}
	if err != nil {
		return nil, err
	}
	e.facts.forget()
	if old != "" && old != info.Thumbprint {
		if err := e.replace(old, info.Thumbprint); err != nil {
			return nil, fmt.Errorf("the certificate was imported as %s, and bindings do not name it: %w", info.Thumbprint, err)
		}
	}
	c, err := e.certificate(string(info.Thumbprint))
	if err == nil {
		c.Warnings = asWarnings(notices)
	}
	return c, err
}

// replace has all bindings of the store that name one certificate name another.
func (e *Estate) replace(old, next certs.Thumbprint) error {
	all, err := e.data.Parts.All()
	if err != nil {
		return err
	}
	var put []config.Binding
	for _, b := range all.Bindings {
		if i := slices.Index(b.Certificates, string(old)); i >= 0 {
			b.Certificates[i] = string(next)
			put = append(put, b)
		}
	}
	plan, err := e.plan.ChangeBindings(put, nil)
	if err != nil {
		return err
	}
	return e.change(store.Change{Put: put}, plan)
}

// RemoveCertificate takes a certificate with its private key out of the store,
// but only if no binding names it, unless it has to be.
func (e *Estate) RemoveCertificate(name string, force bool) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.ready(); err != nil {
		return err
	}
	c, err := e.certificate(name)
	if err != nil {
		return err
	}
	if n := len(c.Bindings); n > 0 && !force {
		const most = 5
		text := strings.Join(c.Bindings[:min(n, most)], ", ")
		if n > most {
			text += fmt.Sprintf(" and %d more", n-most)
		}
		return fail("in_use", fmt.Errorf("%s is named by %s: give them another one first, or remove it with --force, and they cannot be connected to", c.Thumbprint, text))
	}
	defer e.facts.forget()
	_, err = e.data.Store.Remove(string(c.Thumbprint))
	return err
}

// ExportCertificate gives a certificate as a file, with its private key if that
// is wanted.
func (e *Estate) ExportCertificate(name string, x Export) (*Exported, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	t, err := e.thumbprint(name)
	if err != nil {
		return nil, err
	}
	pair, err := e.data.Store.Pair(string(t))
	if err != nil {
		return nil, err
	}
	var out Exported
	switch {
	case x.Format == "pfx" && x.Password == "":
		return nil, fail("wrong", errors.New("a PFX needs a password: name the file with one, --password-file"))
	case x.Format == "pfx":
		out.Data, err = pair.PFX(x.Password)
	case x.Format == "pem" || x.Format == "":
		out.Data, err = pair.PEM(x.Key)
	default:
		return nil, fail("wrong", fmt.Errorf("format %q: write pem or pfx", x.Format))
	}
	return &out, err
}

func listCertificates(e *Estate, _ *http.Request) (any, error) {
	list, err := e.Certificates()
	return CertificateList{list}, err
}

func importCertificate(e *Estate, r *http.Request) (any, error) {
	i, err := read[Import](r)
	if err != nil {
		return nil, err
	}
	return e.ImportCertificate(i)
}

func getCertificate(e *Estate, r *http.Request) (any, error) {
	return e.Certificate(r.PathValue("name"))
}

func removeCertificate(e *Estate, r *http.Request) (any, error) {
	force, _ := strconv.ParseBool(r.URL.Query().Get("force"))
	return nil, e.RemoveCertificate(r.PathValue("name"), force)
}

func exportCertificate(e *Estate, r *http.Request) (any, error) {
	x, err := read[Export](r)
	if err != nil {
		return nil, err
	}
	return e.ExportCertificate(r.PathValue("name"), x)
}
