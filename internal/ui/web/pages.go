package web

import (
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/handsel-tls/handsel/internal/observe/explain"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// functions are what templates call.
var functions = template.FuncMap{
	"clock":  clock,
	"stamp":  func(t time.Time) string { return t.Format("2006-01-02 15:04:05.000 MST") },
	"rfc":    func(t time.Time) string { return t.Format(time.RFC3339Nano) },
	"millis": func(f float64) string { return duration(time.Duration(f * float64(time.Millisecond))) },
	"teach":  func(kind, name string) *lesson { return teach(kind, name) },
	"side":   func(s trace.Side) string { return s.String() },
	"inc":    func(n int) int { return n + 1 },
	"hedge": func(c explain.Confidence) string {
		return map[explain.Confidence]string{explain.Known: "Known", explain.Likely: "Likely", explain.Possible: "Possible"}[c]
	},
}

// clock gives the time of day.
func clock(t time.Time) string { return t.Format("15:04:05.000") }

// perPage is how many handshakes a list has.
const perPage = 100

// A list is the page of many handshakes.
type list struct {
	Title    string
	Filter   Filter
	Versions []string
	Causes   []string
	Rows     []Row
	Total    int
	First    int // number of the first row
	Last     int
	Previous string
	Next     string
	Query    string // of the filter, for the feed
}

// filterOf reads a filter from an address.
func filterOf(q url.Values) Filter {
	return Filter{
		Failed: q.Get("failed") != "", Name: q.Get("name"), Cause: q.Get("cause"), Program: q.Get("program"), Version: q.Get("version"), Peer: q.Get("peer"), Connection: q.Get("connection"),
	}
}

// query is the reverse.
func (f *Filter) query() url.Values {
	q := url.Values{}
	for name, value := range map[string]string{"name": f.Name, "cause": f.Cause, "program": f.Program, "version": f.Version, "peer": f.Peer, "connection": f.Connection} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if f.Failed {
		q.Set("failed", "1")
	}
	return q
}

// now answers with the list of handshakes.
func (p *Page) now(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	skip, _ := strconv.Atoi(q.Get("skip"))
	l := list{Title: p.source.Title(), Filter: filterOf(q)}
	skip = max(0, skip)
	l.Rows, l.Total = p.source.Rows(&l.Filter, skip, perPage)
	l.First, l.Last = skip+1, skip+len(l.Rows)
	l.Query = l.Filter.query().Encode()
	page := func(skip int) string {
		q := l.Filter.query()
		q.Set("skip", strconv.Itoa(max(0, skip)))
		return "/?" + q.Encode()
	}
	if skip > 0 {
		l.Previous = page(skip - perPage)
	}
	if skip+len(l.Rows) < l.Total {
		l.Next = page(skip + perPage)
	}
	for _, v := range iana.Versions() {
		l.Versions = append(l.Versions, v.String())
	}
	for _, c := range explain.Causes() {
		l.Causes = append(l.Causes, c.ID)
	}
	title := "Now"
	if !p.source.Live() {
		title = "Connections of " + l.Title
	}
	p.show(w, http.StatusOK, "now", frame{Title: title, Place: "/", Body: &l})
}

// one is the page of one handshake.
type one struct {
	*Handshake
	Here    string // its address
	Diagram *diagram
	Shown   *shown
}

// handshake answers with one.
func (p *Page) handshake(w http.ResponseWriter, r *http.Request) {
	h := p.source.Find(r.PathValue("id"))
	if h == nil {
		p.missing(w, "This handshake is not here, or not any more.")
		return
	}
	p.one(w, r, h, "/handshake/"+url.PathEscape(h.ID))
}

// one answers with a handshake that is at an address.
func (p *Page) one(w http.ResponseWriter, r *http.Request, h *Handshake, here string) {
	q := r.URL.Query()
	chosen, err := strconv.Atoi(q.Get("m"))
	if err != nil {
		chosen = -1
	}
	body := &one{Handshake: h, Here: here, Shown: h.show(here, chosen, q.Get("f")), Diagram: draw(h, here, chosen, q.Has("all"))}
	name := h.Name
	if name == "" {
		name = h.Server
	}
	p.show(w, http.StatusOK, "handshake", frame{Title: fmt.Sprintf("%s with %s", h.Client, name), Place: "handshake", Body: body})
}

// EvidenceHref gives the address of the field that a finding points at, empty if
// there is no such message.
func (o *one) EvidenceHref(e explain.Evidence) string {
	for i := range o.Messages {
		if o.Messages[i].Name == e.Message && o.Messages[i].Tree != nil {
			return fmt.Sprintf("%s?m=%d&f=%s#message", o.Here, i, url.QueryEscape(e.Field))
		}
	}
	return ""
}

// download answers with a handshake in another form.
func (p *Page) download(w http.ResponseWriter, r *http.Request) {
	h := p.source.Find(r.PathValue("id"))
	if h == nil {
		p.missing(w, "This handshake is not here, or not any more.")
		return
	}
	types := map[string]string{"json": "application/json", "txt": "text/plain; charset=utf-8", "pcapng": "application/octet-stream"}
	for _, f := range h.Forms {
		if f.Name != r.PathValue("form") {
			continue
		}
		w.Header().Set("Content-Type", types[f.Name])
		if f.Name != "txt" {
			w.Header().Set("Content-Disposition", `attachment; filename="handshake-`+fileName(h.ID)+"."+f.Name+`"`)
		}
		if err := f.Write(w); err != nil {
			w.Header().Del("Content-Disposition")
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
		return
	}
	p.missing(w, "This handshake is not to be had in that form.")
}

// fileName leaves of an id what may stand in a file's name.
func fileName(id string) string {
	b := []byte(id)
	for i, c := range b {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && c != '.' {
			b[i] = '-'
		}
	}
	return string(b)
}
