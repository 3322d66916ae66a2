package admin

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/handsel-tls/handsel/internal/serve/assemble"
	"github.com/handsel-tls/handsel/internal/serve/config"
	"github.com/handsel-tls/handsel/internal/serve/sites"
	"github.com/handsel-tls/handsel/internal/serve/store"
)

// A Site is a site as the API gives it.
type Site struct {
	config.Site
	Origin   string   `json:"origin"`             // store or file
	Bindings []string `json:"bindings,omitempty"` // that name it

	Backends []sites.BackendState `json:"backends,omitempty"` // of a proxy: how the servers behind fare
}

// A SiteList is the answer to GET /v1/sites.
type SiteList struct {
	Sites []Site `json:"sites"`
}

// namedBy gives the bindings that name each site.
func (e *Estate) namedBy() map[string][]string {
	by := map[string][]string{}
	for _, b := range e.plan.Setup.Table.Bindings() {
		if name := b.Settings.Site; name != "" {
			by[name] = append(by[name], b.Key.String())
		}
	}
	return by
}

// newSite gives a site with what is known of it.
func (e *Estate) newSite(s config.Site, origin string, namedBy map[string][]string) Site {
	site := Site{Site: s, Origin: origin, Bindings: namedBy[s.Name]}
	if at := e.plan.Setup.Router.Named(s.Name); at != nil && at.Proxy != nil && e.apply != nil { // a server runs
		site.Backends = at.Proxy.Backends()
	}
	return site
}

// Sites gives all sites, those of the file in front.
func (e *Estate) Sites() ([]Site, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.ready(); err != nil {
		return nil, err
	}
	all, err := e.data.Parts.All()
	if err != nil {
		return nil, err
	}
	by, list := e.namedBy(), []Site{}
	for _, s := range e.plan.File().Sites {
		list = append(list, e.newSite(s, fromFile, by))
	}
	for _, s := range all.Sites {
		if !e.plan.SiteInFile(s.Name) {
			list = append(list, e.newSite(s, fromStore, by))
		}
	}
	return list, nil
}

// Site gives the site of a name.
func (e *Estate) Site(name string) (*Site, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.ready(); err != nil {
		return nil, err
	}
	return e.site(name)
}

func (e *Estate) site(name string) (*Site, error) {
	for _, s := range e.plan.File().Sites {
		if s.Name == name {
			found := e.newSite(s, fromFile, e.namedBy())
			return &found, nil
		}
	}
	s, ok, err := e.data.Parts.Site(name)
	if err == nil && !ok {
		err = fail("not_found", config.OneOf("site", e.plan.SiteNames())(name))
	}
	if err != nil {
		return nil, err
	}
	found := e.newSite(s, fromStore, e.namedBy())
	return &found, nil
}

// AddSite adds a site. One that is there stays as it is, and is an error.
func (e *Estate) AddSite(s config.Site) (*Site, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.ready(); err != nil {
		return nil, err
	}
	if _, ok, err := e.data.Parts.Site(s.Name); err != nil || ok {
		return nil, errors.Join(err, fail("exists", fmt.Errorf("there is a site %q already: change it with handsel site set, or remove it first", s.Name)))
	}
	return e.putSite(s)
}

// SetSite changes a site by a JSON object with the keys that are to be other
// ones: see config.Merge.
func (e *Estate) SetSite(name string, patch []byte) (*Site, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.ready(); err != nil {
		return nil, err
	}
	old, err := e.site(name)
	if err != nil {
		return nil, err
	}
	if old.Origin == fromFile {
		return nil, fail("in_file", fmt.Errorf("site %q: %w", name, assemble.ErrInFile))
	}
	next, err := config.Merge(old.Site, patch)
	if err != nil {
		return nil, fail("wrong", err)
	}
	if next.Name != name {
		return nil, fail("wrong", errors.New("the name of a site does not change: add another, and remove this one"))
	}
	return e.putSite(next)
}

func (e *Estate) putSite(s config.Site) (*Site, error) {
	if err := config.CheckSite(s); err != nil {
		return nil, fail("wrong", err)
	}
	next, err := e.plan.ChangeSites([]config.Site{s}, nil)
	if err != nil {
		return nil, wrongOr(err)
	}
	if err := e.change(store.Change{PutSites: []config.Site{s}}, next); err != nil {
		return nil, fail("failed", err)
	}
	return e.site(s.Name)
}

// wrongOr gives the error for what was asked, if that was wrong.
func wrongOr(err error) error {
	if _, ok := errors.AsType[*config.Error](err); ok {
		return fail("wrong", err)
	}
	return err
}

// RemoveSite takes a site away, but only if no binding names it.
func (e *Estate) RemoveSite(name string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.ready(); err != nil {
		return err
	}
	s, err := e.site(name)
	if err != nil {
		return err
	}
	next, err := e.plan.ChangeSites(nil, []string{name})
	if err != nil {
		return err
	}
	if len(s.Bindings) > 0 {
		return fail("in_use", fmt.Errorf("site %q is named by %s: give them another one first", name, strings.Join(s.Bindings[:min(5, len(s.Bindings))], ", ")))
	}
	return e.change(store.Change{RemoveSites: []string{name}}, next)
}

func listSites(e *Estate, _ *http.Request) (any, error) {
	list, err := e.Sites()
	return SiteList{list}, err
}

func addSite(e *Estate, r *http.Request) (any, error) {
	s, err := read[config.Site](r)
	if err != nil {
		return nil, err
	}
	return e.AddSite(s)
}

func getSite(e *Estate, r *http.Request) (any, error) { return e.Site(r.PathValue("name")) }

func setSite(e *Estate, r *http.Request) (any, error) {
	patch, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, fail("wrong", err)
	}
	return e.SetSite(r.PathValue("name"), patch)
}

func removeSite(e *Estate, r *http.Request) (any, error) {
	return nil, e.RemoveSite(r.PathValue("name"))
}
