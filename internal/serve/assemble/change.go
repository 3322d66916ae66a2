package assemble

import (
	"errors"
	"fmt"
	"strings"

	"github.com/handsel-tls/handsel/internal/serve/bindings"
	"github.com/handsel-tls/handsel/internal/serve/config"
	"github.com/handsel-tls/handsel/internal/serve/sites"
)

// The errors of changes, for errors.Is.
var (
	ErrInFile   = errors.New("it is in the configuration file: change it there, and have the server read it again (SIGHUP)")
	ErrNotFound = errors.New("there is none")
)

// ChangeBindings gives the plan with bindings of the store put in, in place of those of
// their keys, and others removed. It takes as long among many as among few, but
// for copying the table.
func (p *Plan) ChangeBindings(put []config.Binding, remove []bindings.Key) (*Plan, error) {
	next := &Plan{Setup: p.Setup.Next(), file: p.file, data: p.data, sites: p.sites, stored: p.stored, issuing: issuing{by: p.issuing.by}}
	next.stored.ports = map[uint16]int{}
	for port, n := range p.stored.ports {
		next.stored.ports[port] = n
	}
	part := next.part(&config.File{Bindings: put})
	var list []bindings.Binding
	for i := range put {
		b, err := part.binding(i)
		if err != nil {
			return nil, config.Join(part.mistakes...)
		}
		if p.stored.file[b.Key] {
			return nil, fmt.Errorf("binding %v: %w", b.Key, ErrInFile)
		}
		if p.Setup.Table.Get(b.Key) == nil {
			next.stored.ports[b.Key.Port()]++
		}
		list = append(list, b)
	}
	for _, k := range remove {
		switch {
		case p.stored.file[k]:
			return nil, fmt.Errorf("binding %v: %w", k, ErrInFile)
		case p.Setup.Table.Get(k) == nil:
			return nil, fmt.Errorf("binding %v: %w", k, ErrNotFound)
		}
		next.stored.ports[k.Port()]--
	}
	var err error
	if next.Setup.Table, err = p.Setup.Table.Change(list, remove); err != nil {
		return nil, err
	}
	if next.Setup.Table.SSL2() {
		all := next.Setup.Table.Bindings()
		flat := make([]bindings.Binding, len(all))
		for i, b := range all {
			flat[i] = *b
		}
		for _, wrong := range next.checkSSL2(flat) {
			return nil, &config.Error{What: fmt.Sprintf("binding %v, ssl2: %v", wrong.key, wrong.err)}
		}
	}
	next.listen()
	next.Notices, next.issuing.wants, next.stapled = part.Notices, part.issuing.wants, part.stapled
	for _, b := range list {
		for _, w := range next.Setup.Table.CheckOne(b.Key, next.Setup.HTTPS) {
			next.notice("%v", w)
		}
	}
	return next, nil
}

// ChangeSites gives the plan with sites of the store put in, in place of those of
// their names, and others removed.
func (p *Plan) ChangeSites(put []config.Site, remove []string) (*Plan, error) {
	next := &Plan{Setup: p.Setup.Next(), file: p.file, data: p.data, stored: p.stored, issuing: issuing{by: p.issuing.by}}
	gone := map[string]bool{}
	for _, name := range remove {
		gone[name] = true
	}
	for _, s := range put {
		gone[s.Name] = true
	}
	for name := range gone {
		if p.stored.inFile[name] {
			return nil, fmt.Errorf("site %q: %w", name, ErrInFile)
		}
	}
	places := map[string]string{}
	for _, s := range p.sites {
		if gone[s.Name] {
			continue
		}
		next.sites = append(next.sites, s)
		for _, h := range s.Hosts {
			places[h+strings.TrimSuffix(s.Path, "/")] = s.Name
		}
	}
	part := next.part(&config.File{Sites: put})
	for i := range put {
		site := part.site(i)
		if site == nil {
			return nil, config.Join(part.mistakes...)
		}
		for _, h := range site.Hosts {
			if other := places[h+strings.TrimSuffix(site.Path, "/")]; other != "" {
				return nil, &config.Error{What: fmt.Sprintf("site %q: site %q has the host %s and the path %s already", site.Name, other, h, site.Path)}
			}
		}
		next.sites = append(next.sites, site)
	}
	next.Setup.Router = sites.NewRouter(next.sites)
	return next, nil
}
