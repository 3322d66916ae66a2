// Package web is the page: handshakes as they happen or as a capture has them, one
// handshake as a picture, and what the words mean.
//
// It is for looking: nothing can be changed through it. It is served on an address
// of this computer, to who has the token that is printed at the start. Every text
// on it may come from a stranger, and so it is made by html/template alone; what
// the script shows it sets as text. Without JavaScript everything works but the
// live feed.
package web

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/handsel-tls/handsel/internal/observe/eventlog"
)

//go:embed assets
var assets embed.FS

// templates are read when the first page is shown: most commands show none.
var templates = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("").Funcs(functions).ParseFS(assets, "assets/*.html"))
})

// A Page is served on an address.
type Page struct {
	source Source
	estate Estate
	events func() (*eventlog.Reader, error)
	server *http.Server
	listen net.Listener
	guard  *guard
	end    context.CancelFunc

	readers atomic.Int32 // of the feed
}

// Options are what a page shows.
type Options struct {
	Source Source                           // handshakes
	Estate Estate                           // what is served; nil: there are no Sites
	Events func() (*eventlog.Reader, error) // what has failed; nil: there are no Causes
	Errors *log.Logger
}

// Listen serves the page on an address such as 127.0.0.1:0 until Close. Whoever
// names an address that others can reach has named it: see Exposed.
func Listen(address string, o Options) (*Page, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	if o.Errors == nil {
		o.Errors = log.New(io.Discard, "", 0)
	}
	ctx, end := context.WithCancel(context.Background())
	p := &Page{source: o.Source, estate: o.Estate, events: o.Events, listen: l, end: end}
	p.guard = newGuard(l.Addr().String(), address)
	p.server = &http.Server{
		Handler: p.guard.wrap(p.routes()), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 16 << 10, ErrorLog: o.Errors, BaseContext: func(net.Listener) context.Context { return ctx },
	}
	go func() {
		if err := p.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			o.Errors.Print(err)
		}
	}()
	return p, nil
}

// URL gives the address with the token, to open the page with.
func (p *Page) URL() string {
	host, port, _ := net.SplitHostPort(p.listen.Addr().String())
	if a, err := netip.ParseAddr(host); err == nil && a.IsUnspecified() {
		host = "127.0.0.1"
	}
	if p.guard.name != "" {
		host = p.guard.name
	}
	return fmt.Sprintf("http://%s/?token=%s", net.JoinHostPort(host, port), p.guard.token)
}

// Exposed reports whether others than this computer can reach the page: what it
// shows they can read on the way, and the token, too.
func (p *Page) Exposed() bool {
	a, ok := p.listen.Addr().(*net.TCPAddr)
	return ok && !a.IP.IsLoopback()
}

// Close ends the page, also for those who follow the feed.
func (p *Page) Close() error {
	p.end()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := p.server.Shutdown(ctx); err != nil {
		return p.server.Close()
	}
	return nil
}

func (p *Page) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", p.now)
	mux.HandleFunc("GET /handshake/{id}", p.handshake)
	mux.HandleFunc("GET /handshake/{id}/{form}", p.download)
	if _, ok := p.source.(*Feed); ok {
		mux.HandleFunc("GET /feed", p.follow)
	}
	if p.estate != nil {
		mux.HandleFunc("GET /sites", p.sites)
	}
	if p.events != nil {
		mux.HandleFunc("GET /causes", p.causes)
		mux.HandleFunc("GET /event/{number}", p.event)
	}
	mux.HandleFunc("GET /learn", p.learn)
	mux.HandleFunc("GET /learn/{kind}/{name}", p.lesson)
	for path, name := range map[string]string{"page.css": "page.css", "page.js": "page.js", "icon.svg": "icon.svg", "favicon.ico": "icon.svg"} {
		mux.HandleFunc("GET /"+path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "no-cache")
			http.ServeFileFS(w, r, assets, "assets/"+name)
		})
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { p.missing(w, "There is no such page.") })
	return mux
}

// A frame is what every page has around it.
type frame struct {
	Title string
	Place string // which entry of the navigation
	Live  bool
	Nav   []link
	Body  any
}

type link struct{ Name, Href string }

// show answers with a page.
func (p *Page) show(w http.ResponseWriter, status int, name string, f frame) {
	f.Live = p.source.Live()
	f.Nav = []link{{"Now", "/"}}
	if !f.Live {
		f.Nav[0].Name = "Connections"
	}
	if p.estate != nil {
		f.Nav = append(f.Nav, link{"Sites", "/sites"})
	}
	if p.events != nil {
		f.Nav = append(f.Nav, link{"Causes", "/causes"})
	}
	f.Nav = append(f.Nav, link{"Learn", "/learn"})
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_ = templates().ExecuteTemplate(w, name, f) // if it fails, nobody is there to be told
}

func (p *Page) missing(w http.ResponseWriter, text string) {
	p.show(w, http.StatusNotFound, "missing", frame{Title: "Not found", Body: text})
}
