package assemble

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"

	"github.com/handsel-tls/handsel/internal/serve/accesslog"
	"github.com/handsel-tls/handsel/internal/serve/bindings"
	"github.com/handsel-tls/handsel/internal/serve/config"
	"github.com/handsel-tls/handsel/internal/serve/sites"
	"github.com/handsel-tls/handsel/internal/serve/store"
)

// stored is what a plan knows of its two origins, the file and the store.
type stored struct {
	file     map[bindings.Key]bool // the bindings of the file
	inFile   map[string]bool       // the sites of the file
	ports    map[uint16]int        // how many bindings of the store each port has
	settings store.Settings
}

// keep notes what is in the file.
func (s *stored) keep(f *config.File, list []bindings.Binding) {
	*s = stored{file: map[bindings.Key]bool{}, inFile: map[string]bool{}, ports: map[uint16]int{}}
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
// with one of them is a notice, and turns its connections away, unless it is only
// proposed yet; what the file has as well is left out.
func (p *Plan) addStored(options *bindings.Options) (list []bindings.Binding) {
	all := p.proposed
	if all == nil {
		if p.data.Parts == nil {
			return nil
		}
		held, err := p.data.Parts.All()
		if err != nil {
			p.notice("%v", err)
		}
		all = &held
	}
	p.stored.settings = all.Settings
	if p.issuing.by == nil {
		p.issuing.by = all.Settings.ACME
	}
	if p.file.NoMatch == "" && all.Settings.NoMatch != "" {
		var err error
		if *options, err = p.tableOptions(&config.File{NoMatch: all.Settings.NoMatch, Default: all.Settings.Default}); err != nil {
			p.notice("%v", err)
		}
	}
	part := p.part(&config.File{Bindings: all.Bindings, Sites: all.Sites})
	p.addStoredSites(part)
	for i := range all.Bindings {
		b, err := part.binding(i)
		switch {
		case err != nil && b.Key.Kind() == 0:
			continue
		case err != nil:
			b.Settings = bindings.Settings{Site: b.Settings.Site, Reject: true}
		case p.stored.file[b.Key]:
			part.twice("binding " + b.Key.String())
			continue
		}
		p.stored.ports[b.Key.Port()]++
		list = append(list, b)
	}
	if p.proposed != nil {
		p.mistakes = append(p.mistakes, part.mistakes...)
	} else {
		for _, err := range part.mistakes {
			p.notice("%v; until that is mended its connections are turned away", err)
		}
	}
	p.Notices = append(p.Notices, part.Notices...)
	p.issuing.wants = append(p.issuing.wants, part.issuing.wants...)
	p.stapled = append(p.stapled, part.stapled...)
	return list
}

func (p *Plan) addStoredSites(part *Plan) {
	for i := range part.file.Sites {
		name := part.file.Sites[i].Name
		if p.stored.inFile[name] {
			part.twice(fmt.Sprintf("site %q", name))
			continue
		}
		if site := part.site(i); site != nil {
			p.sites = append(p.sites, site)
		}
	}
}

// twice says that something is in the file and in the store. What is proposed
// cannot be so.
func (p *Plan) twice(what string) {
	if p.proposed != nil {
		p.mistakes = append(p.mistakes, fmt.Errorf("%s: %w", what, ErrInFile))
		return
	}
	p.notice("%s is in the configuration file as well: that of the store is left out", what)
}

// part gives a plan with the same setup for a part of a configuration that
// stands in no file.
func (p *Plan) part(f *config.File) *Plan {
	return &Plan{file: f, data: p.data, Setup: p.Setup, proposed: p.proposed, issuing: issuing{by: p.issuing.by}}
}

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
	p.Setup.AccessLog = p.accessLog()
	p.Setup.Believed = map[netip.AddrPort][]netip.Prefix{}
	for _, b := range append(slices.Clone(p.file.Listen.ProxyProtocol), set.ProxyProtocol...) {
		for _, on := range addresses([]string{b.On}) {
			for _, text := range b.From {
				if n, err := config.ParseNetwork(text); err == nil { // it was checked
					p.Setup.Believed[on] = append(p.Setup.Believed[on], n)
				}
			}
		}
	}
	p.Setup.RedirectHTTP = p.file.Listen.RedirectHTTP || set.RedirectHTTP
}

// accessLog gives where requests are written down: as the file says, or the
// store if it says nothing.
func (p *Plan) accessLog() accesslog.Settings {
	a, to := p.file.AccessLog, ""
	switch {
	case a != nil && a.ToFile():
		to = p.file.Abs(a.To)
	case a != nil:
		to = a.To
	case p.stored.settings.AccessLog != nil:
		a = p.stored.settings.AccessLog
		to = a.To
	default:
		return accesslog.Settings{}
	}
	return accesslog.Settings{
		To: to, Combined: a.Format == "combined", Bytes: int64(a.Megabytes) << 20, Keep: a.Keep, Query: a.Query, NoAddress: a.Addresses == "drop",
	}
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
