// Package sites answers requests once the connection stands: it finds the site
// by Host and path, and serves a folder, passes the request on, or sends the
// client elsewhere.
package sites

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
)

// A Site is what is served under some hosts and a path.
type Site struct {
	Name    string
	Hosts   []string // in lower case; "*.example.com" for one label; none: any host
	Path    string   // prefix that ends in /
	Handler http.Handler
}

// A Router finds the site of a request. It does not change.
type Router struct {
	byHost map[string][]*Site // longest path first
	byName map[string]*Site
}

// NewRouter makes a router.
func NewRouter(list []*Site) *Router {
	r := &Router{byHost: map[string][]*Site{}, byName: map[string]*Site{}}
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

// Find gives the site of a host and path: an exact host before a wildcard
// before any, and of those the longest path. fallback names the site for hosts
// that nothing is said of, as the binding does. nil: there is none.
func (r *Router) Find(host, path, fallback string) *Site {
	host = HostOf(host)
	candidates := []string{host, "*" + host[max(strings.IndexByte(host, '.'), 0):], ""}
	for _, h := range candidates {
		for _, s := range r.byHost[h] {
			if strings.HasPrefix(path, s.Path) || path+"/" == s.Path {
				return s
			}
		}
	}
	return r.byName[fallback]
}

// HostOf gives the name in a Host header: lower case, without port and without
// the dot at the end.
func HostOf(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return strings.TrimSuffix(strings.ToLower(strings.Trim(host, "[]")), ".")
}

// Folder serves the files of a folder, and nothing outside it: not by "..", not
// through a link that leads out. It stays open until Close.
func Folder(path string) (http.Handler, error) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	return http.FileServerFS(noListing{root.FS()}), nil
}

// noListing hides the content of folders without an index.html, and files whose
// names begin with a dot.
type noListing struct{ fs.FS }

func (n noListing) Open(name string) (fs.File, error) {
	for part := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(part, ".") && part != "." && part != ".well-known" {
			return nil, fs.ErrNotExist
		}
	}
	f, err := n.FS.Open(name)
	if err != nil {
		return nil, fs.ErrNotExist // what is outside does not exist
	}
	info, err := f.Stat()
	if err != nil || !info.IsDir() {
		return f, err
	}
	index, err := n.FS.Open(strings.TrimSuffix(name, "/") + "/index.html")
	if name == "." {
		index, err = n.FS.Open("index.html")
	}
	if err != nil {
		f.Close()
		return nil, fs.ErrNotExist
	}
	index.Close()
	return f, nil
}

// Redirect sends clients to an address, with the path and query of the request
// behind it.
func Redirect(to string) http.Handler {
	to = strings.TrimSuffix(to, "/")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, to+r.URL.RequestURI(), http.StatusPermanentRedirect)
	})
}

// ToHTTPS sends clients to the same address with https and a port.
func ToHTTPS(port string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := HostOf(r.Host)
		if port != "443" {
			host = net.JoinHostPort(host, port)
		}
		http.Redirect(w, r, "https://"+host+r.URL.RequestURI(), http.StatusPermanentRedirect)
	})
}

// Proxy passes requests on to a server: HTTP/1.1 and, over TLS, HTTP/2;
// WebSocket too. What the client says of itself in X-Forwarded headers is
// replaced by what is known.
func Proxy(to string) (http.Handler, error) {
	target, err := url.Parse(to)
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.ResponseHeaderTimeout = time.Minute
	return &httputil.ReverseProxy{
		Transport: transport,
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(target)
			p.SetXForwarded()
			p.Out.Host = p.In.Host
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if errors.Is(err, context.Canceled) {
				return // the client went away
			}
			http.Error(w, "The server behind this one does not answer.", http.StatusBadGateway)
		},
	}, nil
}
