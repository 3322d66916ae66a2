package assemble

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"

	"github.com/handsel-tls/handsel/internal/serve/bindings"
	"github.com/handsel-tls/handsel/internal/serve/config"
	"github.com/handsel-tls/handsel/internal/serve/sites"
	"github.com/handsel-tls/handsel/internal/serve/store"
)

// stored is what a plan knows of its two origins, the file and the store.
type stored struct {
	file     map[bindings.Key]bool // the bindings of the file
	inFile   map[string]bool       // the sites of the file
	sites    map[string]bool       // the sites of the store
	ports    map[uint16]int        // how many bindings of the store each port has
	settings store.Settings
}

// keep notes what is in the file.
func (s *stored) keep(f *config.File, list []bindings.Binding) {
	*s = stored{file: map[bindings.Key]bool{}, inFile: map[string]bool{}, sites: map[string]bool{}, ports: map[uint16]int{}}
	for _, b := range list {
		s.file[b.Key] = true
	}
	for _, site := range f.Sites {
		s.inFile[site.Name] = true
	}
}

// File gives the configuration file, which is empty if there is none.
func (p *Plan) File() *config.File { return p.file }

// InFile reports whether a binding is one of the configuration file.
func (p *Plan) InFile(k bindings.Key) bool { return p.stored.file[k] }

// SiteInFile reports whether a site is one of the configuration file.
func (p *Plan) SiteInFile(name string) bool { return p.stored.inFile[name] }

// SiteNames gives the names of all sites.
func (p *Plan) SiteNames() (names []string) {
	for _, s := range p.sites {
		names = append(names, s.Name)
	}
	return names
}

// addStored adds the sites of the store, and gives its bindings. What is wrong
// with one of them is a notice, and turns its connections away; what the file has
// as well is left out.
func (p *Plan) addStored(options *bindings.Options) (list []bindings.Binding) {
	if p.data.Parts == nil {
		return nil
	}
	all, err := p.data.Parts.All()
	if err != nil {
		p.notice("%v", err)
	}
	p.stored.settings = all.Settings
	if p.file.NoMatch == "" && all.Settings.NoMatch != "" {
		if *options, err = tableOptions(&config.File{NoMatch: all.Settings.NoMatch, Default: all.Settings.Default}); err != nil {
			p.notice("%v", err)
		}
	}
	part := p.part(&config.File{Bindings: all.Bindings, Sites: all.Sites})
	for i := range all.Sites {
		if name := all.Sites[i].Name; p.stored.inFile[name] {
			p.notice("site %q is in the configuration file as well: that of the store is left out", name)
			continue
		}
		if site := part.site(i); site != nil {
			p.sites = append(p.sites, site)
		}
		p.stored.sites[all.Sites[i].Name] = true
	}
	for i := range all.Bindings {
		b, err := part.binding(i)
		switch {
		case err != nil && b.Key.Kind() == 0:
			continue
		case err != nil:
			b.Settings = bindings.Settings{Site: b.Settings.Site, Reject: true}
		case p.stored.file[b.Key]:
			p.notice("binding %v is in the configuration file as well: that of the store is left out", b.Key)
			continue
		}
		p.stored.ports[b.Key.Port()]++
		list = append(list, b)
	}
	for _, err := range part.mistakes {
		p.notice("%v; until that is mended its connections are turned away", err)
	}
	p.Notices = append(p.Notices, part.Notices...)
	return list
}

// part gives a plan with the same setup for a part of a configuration that
// stands in no file.
func (p *Plan) part(f *config.File) *Plan { return &Plan{file: f, data: p.data, Setup: p.Setup} }

// site makes site i, nil if there is a mistake.
func (p *Plan) site(i int) *sites.Site {
	if err := config.CheckSite(p.file.Sites[i]); err != nil {
		p.mistakes = append(p.mistakes, err)
		return nil
	}
	before := len(p.mistakes)
	site := p.newSite(fmt.Sprintf("$.sites[%d]", i), &p.file.Sites[i])
	if len(p.mistakes) > before {
		return nil
	}
	return site
}

// listen adds to the addresses of the file those of the store. If none are named
// there, they are those at which its bindings can be reached.
func (p *Plan) listen() {
	set := p.stored.settings.Listen
	https := append(addresses(p.file.Listen.HTTPS), addresses(set.HTTPS)...)
	http := append(addresses(p.file.Listen.HTTP), addresses(set.HTTP)...)
	if len(set.HTTPS) == 0 {
		for _, addr := range p.Setup.Table.Addresses() {
			samePort := func(a netip.AddrPort) bool { return a.Port() == addr.Port() }
			if p.stored.ports[addr.Port()] == 0 || slices.ContainsFunc(addresses(p.file.Listen.HTTPS), samePort) ||
				slices.ContainsFunc(http, samePort) || addr.Addr() == netip.IPv6Unspecified() && !hasIPv6() {
				continue
			}
			https = append(https, addr)
		}
	}
	p.Setup.HTTPS, p.Setup.HTTP = compact(https), compact(http)
	p.Setup.RedirectHTTP = p.file.Listen.RedirectHTTP || set.RedirectHTTP
}

func compact(list []netip.AddrPort) (each []netip.AddrPort) {
	for _, a := range list {
		if !slices.Contains(each, a) {
			each = append(each, a)
		}
	}
	return each
}

// hasIPv6 reports whether this computer can be reached over IPv6: not all can.
var hasIPv6 = sync.OnceValue(func() bool {
	l, err := net.Listen("tcp6", "[::]:0")
	if err == nil {
		l.Close()
	}
	return err == nil
})

// The errors of Change, for errors.Is.
var (
	ErrInFile   = errors.New("it is in the configuration file: change it there, and have the server read it again (SIGHUP)")
	ErrNotFound = errors.New("there is none")
)

// ChangeBindings gives the plan with bindings of the store put in, in place of those of
// their keys, and others removed. It takes as long among many as among few, but
// for copying the table.
func (p *Plan) ChangeBindings(put []config.Binding, remove []bindings.Key) (*Plan, error) {
	next := &Plan{Setup: p.Setup.Next(), file: p.file, data: p.data, sites: p.sites, stored: p.stored}
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
	all := next.Setup.Table.Bindings()
	if slices.ContainsFunc(all, func(b *bindings.Binding) bool { return b.Settings.SSL2 }) {
		flat := make([]bindings.Binding, len(all))
		for i, b := range all {
			flat[i] = *b
		}
		for _, wrong := range next.checkSSL2(flat) {
			return nil, &config.Error{What: fmt.Sprintf("binding %v, ssl2: %v", wrong.key, wrong.err)}
		}
	}
	next.listen()
	next.Notices = part.Notices
	for _, b := range list {
		for _, w := range next.Setup.Table.CheckOne(b.Key, next.Setup.HTTPS) {
			next.notice("%v", w)
		}
	}
	return next, nil
}
