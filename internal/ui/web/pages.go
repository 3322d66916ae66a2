package web

import (
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/handsel-tls/handsel/internal/observe/explain"
	"github.com/handsel-tls/handsel/internal/observe/field"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// functions are what templates call.
var functions = template.FuncMap{
	"stamp":  func(t time.Time) string { return t.Format("2006-01-02 15:04:05.000 MST") },
	"rfc":    func(t time.Time) string { return t.Format(time.RFC3339Nano) },
	"moment": func(t time.Time) string { return t.Format(time.DateTime) },
	"millis": took,
	"count":  count,
	"teach":  func(kind, name string) *lesson { return teach(kind, name) },
	"side":   func(s trace.Side) string { return s.String() },
	"hedge": func(c explain.Confidence) string {
		return map[explain.Confidence]string{explain.Known: "Known", explain.Likely: "Likely", explain.Possible: "Possible"}[c]
	},
}

// took gives a time in milliseconds for people.
func took(millis float64) string {
	return duration(time.Duration(millis * float64(time.Millisecond)))
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
	Day      string // of the rows that do not say theirs
	Zone     string // of their times
	First    int    // number of the first row
	Last     int
	Previous string
	Next     string
	Query    string // of the filter
	Feed     string // address of what comes after; empty: nothing does
}

// Blank is the row that the script fills.
func (l *list) Blank() *Row { return &Row{} }

// filterOf reads a filter from an address.
func filterOf(q url.Values) Filter {
	return Filter{
		Failed: q.Get("failed") != "", Site: q.Get("name"), Cause: q.Get("cause"), Program: q.Get("program"), Version: q.Get("version"), Peer: q.Get("peer"), Connection: q.Get("connection"),
	}
}

// query is the reverse.
func (f *Filter) query() url.Values {
	q := url.Values{}
	for name, value := range map[string]string{"name": f.Site, "cause": f.Cause, "program": f.Program, "version": f.Version, "peer": f.Peer, "connection": f.Connection} {
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
	if feed, ok := p.source.(*Feed); ok {
		follow := l.Filter.query()
		follow.Set("after", feed.Mark())
		l.Feed = "/feed?" + follow.Encode()
	}
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
	l.dates(time.Now())
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

// dates says of which day the rows are: those of a server of today, but for some, and
// those of a capture of that of the first.
func (l *list) dates(now time.Time) {
	l.Day, l.Zone = now.Format(time.DateOnly), now.Format("MST")
	if l.Feed == "" && len(l.Rows) > 0 {
		l.Day, l.Zone = l.Rows[0].Day(), l.Rows[0].Time.Format("MST")
	}
	for i := range l.Rows {
		if day := l.Rows[i].Day(); day != l.Day {
			l.Rows[i].OtherDay = day
		}
	}
}

// one is the page of one handshake.
type one struct {
	*Handshake
	Here    string // its address
	Diagram *diagram
	Shown   *shown
	Others  []link // lists of those that have something in common with it
}

// others gives the lists that a handshake is in, and when its cause was one before.
func (p *Page) others(h *Handshake) (list []link) {
	add := func(what, value string, f Filter) {
		if value != "" {
			list = append(list, link{what + value, "/?" + f.query().Encode()})
		}
	}
	add("", h.Name, Filter{Site: h.Name})
	add("", h.Cause, Filter{Cause: h.Cause})
	family, _, _ := strings.Cut(h.Program, "_")
	add("client family ", family, Filter{Program: family})
	if at := strings.LastIndexByte(h.Client, ':'); at > 0 {
		add("from ", h.Client[:at], Filter{Peer: h.Client[:at+1]})
	}
	if p.events != nil && h.Cause != "" {
		list = append(list, link{h.Cause + " over time", "/causes?cause=" + url.QueryEscape(h.Cause)})
	}
	return list
}

// handshake answers with one.
func (p *Page) handshake(w http.ResponseWriter, r *http.Request) {
	h := p.source.Find(r.PathValue("id"))
	if h == nil {
		h = p.remembered(r.Context(), r.PathValue("id"))
	}
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
	path := q.Get("f")
	if err != nil || chosen < 0 || chosen >= len(h.Messages) {
		chosen, path = h.first()
	}
	body := &one{Handshake: h, Here: here, Shown: h.show(here, chosen, path), Diagram: draw(h, here, chosen, q.Has("all")), Others: p.others(h)}
	name := h.Name
	if name == "" {
		name = h.Server
	}
	p.show(w, http.StatusOK, "handshake", frame{Title: fmt.Sprintf("%s with %s", h.Client, name), Place: "handshake", Body: body})
}

// first gives the message and the field that are shown unless others are asked for:
// what the first evidence points at, or else the first message that can be read.
func (h *Handshake) first() (message int, path string) {
	if len(h.Findings) > 0 {
		for _, e := range h.Findings[0].Evidence {
			if i := h.message(e.Message); i >= 0 {
				return i, nearest(h.Messages[i].Tree, e.Field)
			}
		}
	}
	return max(0, slices.IndexFunc(h.Messages, func(m Message) bool { return m.Tree != nil })), ""
}

// nearest gives the path, or that of what is around it if there is no such field: a
// finding may point at what is missing. It gives nothing rather than the whole.
func nearest(tree *field.Field, path string) string {
	for tree.Find(path) == nil {
		at := strings.LastIndexByte(path, '.')
		if at < 0 {
			return ""
		}
		path = path[:at]
	}
	if !strings.Contains(path, ".") {
		return ""
	}
	return path
}

// message gives the place of the first message of a name that can be read; -1: there
// is none.
func (h *Handshake) message(name string) int {
	return slices.IndexFunc(h.Messages, func(m Message) bool { return m.Name == name && m.Tree != nil })
}

// An explained is a finding on the page of its handshake.
type explained struct {
	One     *one
	Finding explain.Finding
}

// Explained gives a finding for its template.
func (o *one) Explained(f explain.Finding) explained { return explained{o, f} }

// EvidenceHref gives the address of the field that a finding points at, empty if
// there is no such message.
func (o *one) EvidenceHref(e explain.Evidence) string {
	i := o.message(e.Message)
	if i < 0 {
		return ""
	}
	return fmt.Sprintf("%s?m=%d&f=%s#message", o.Here, i, url.QueryEscape(nearest(o.Messages[i].Tree, e.Field)))
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
