// Package sites answers requests once the connection stands: it finds the site
// by Host and path, and serves a folder, passes the request on, or sends the
// client elsewhere.
package sites

import (
	"net"
	"net/http"
	"path"
	"slices"
	"strings"
)

// A Site is what is served under some hosts and a path.
type Site struct {
	Name    string
	Hosts   []string // in lower case; "*.example.com" for one label; none: any host
	Path    string   // prefix that ends in /
	Handler http.Handler
	Proxy   *Proxy // what the handler passes requests on with; nil: it does not
}

// A Router finds the site of a request. It does not change.
type Router struct {
	all    []*Site
	byHost map[string][]*Site // longest path first
	byName map[string]*Site
}

// NewRouter makes a router.
func NewRouter(list []*Site) *Router {
	r := &Router{all: list, byHost: map[string][]*Site{}, byName: map[string]*Site{}}
	for _, s := range list {
		r.byName[s.Name] = s
		hosts := s.Hosts
		if len(hosts) == 0 {
			hosts = []string{""}
		}
		for _, h := range hosts {
			r.byHost[h] = append(r.byHost[h], s)
		}
	}
	for _, at := range r.byHost {
		slices.SortStableFunc(at, func(a, b *Site) int { return len(b.Path) - len(a.Path) })
	}
	return r
}

// Sites gives all sites.
func (r *Router) Sites() []*Site { return r.all }

// Named gives the site of a name, nil if there is none.
func (r *Router) Named(name string) *Site { return r.byName[name] }

// Find gives the site of a host and path: an exact host before a wildcard
// before any, and of those the longest path. fallback names the site for hosts
// that nothing is said of, as the binding does. nil: there is none.
//
// The path counts as Clean gives it.
func (r *Router) Find(host, requested, fallback string) *Site {
	host = HostOf(host)
	clean := Clean(requested)
	candidates := [3]string{host, "", ""}
	if _, parent, ok := strings.Cut(host, "."); ok {
		candidates[1] = "*." + parent
	}
	for _, h := range candidates {
		for _, s := range r.byHost[h] {
			if strings.HasPrefix(clean, s.Path) {
				return s
			}
		}
	}
	return r.byName[fallback]
}

// Clean gives a path as a site will take it, without "." and "..", and with "/" at
// its end: a request for /public/../private is not one for /public.
func Clean(requested string) string {
	clean := path.Clean("/" + requested)
	if clean != "/" {
		clean += "/"
	}
	return clean
}

// HostOf gives the name in a Host header: lower case, without port, brackets
// and the dot at the end.
func HostOf(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return strings.TrimSuffix(strings.ToLower(strings.Trim(host, "[]")), ".")
}
