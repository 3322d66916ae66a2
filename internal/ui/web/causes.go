package web

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/handsel-tls/handsel/internal/observe/eventlog"
	"github.com/handsel-tls/handsel/internal/observe/explain"
	"github.com/handsel-tls/handsel/internal/observe/field"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// A span is a time to look back on.
type span struct {
	Name  string
	step  time.Duration
	steps int
}

var spans = []span{{"hour", time.Minute, 60}, {"day", 30 * time.Minute, 48}, {"week", 3 * time.Hour, 56}, {"month", 12 * time.Hour, 60}}

const (
	mostExamples = 50
	mostGroups   = 100
	longestQuery = 30 * time.Second
)

// failures are the kinds of events that are about one.
var failures = []eventlog.ID{
	eventlog.AlertSent, eventlog.AlertReceived, eventlog.ClosedHere, eventlog.ClosedByPeer, eventlog.Broken, eventlog.PlainHTTP, eventlog.NothingSent,
}

// A dimension is something that failures can be grouped by: Key is its word in
// addresses and of eventlog.GroupBy.
type dimension struct{ Key, Title, Head string }

// dimensions are what the page groups by; those after the first three only within
// one of them.
var dimensions = []dimension{
	{"cause", "cause", "Cause"}, {"program", "client family", "Client family (JA4)"}, {"binding", "binding", "Binding"}, {"sni", "server name", "Server name"}, {"client", "address", "Address"},
}

const mostKinds = 3

// causesPage is the page of what has failed.
type causesPage struct {
	query url.Values // what was asked for

	Spans    []span
	Span     string
	Step     string // that a bar of a plot stands for
	Zone     string // of the times
	Class    string
	By       string
	Chosen   []picked // of a value of a dimension; none: all is shown
	About    string   // the cause in a sentence
	Parts    []part
	Others   []*eventlog.Spread // of strangers, by class
	Examples []*eventlog.Event
	Problem  string
}

// A picked is a value of a dimension.
type picked struct {
	dimension
	Value string
}

// A part is failures by something.
type part struct {
	dimension
	Span   string
	Groups []group
}

// Count is how often what is shown happened.
func (p *part) Count() (n int) {
	for _, g := range p.Groups {
		n += g.Count
	}
	return n
}

// Some reports whether there are more groups than are shown.
func (p *part) Some() bool { return len(p.Groups) == mostGroups }

// A group is a value with how often it failed.
type group struct {
	*eventlog.Spread
	Plot  *plot
	About string
	Href  string
}

// Kinds are what all failures can be grouped by.
func (page *causesPage) Kinds() []dimension { return dimensions[:mostKinds] }

// Cause is the one that is looked at; empty: none is.
func (page *causesPage) Cause() string { return page.query.Get("cause") }

// OthersCount is how often strangers failed.
func (page *causesPage) OthersCount() (n int) {
	for _, o := range page.Others {
		n += o.Count
	}
	return n
}

// At gives the address of the same page with another value; empty: without one.
func (page *causesPage) At(key, value string) string {
	q := maps.Clone(page.query)
	if q.Set(key, value); value == "" {
		q.Del(key)
	}
	return (&url.URL{Path: "/causes", RawQuery: q.Encode()}).String()
}

// causes answers with what has failed, grouped.
func (p *Page) causes(w http.ResponseWriter, r *http.Request) {
	page := &causesPage{Spans: spans, query: url.Values{}}
	asked := r.URL.Query()
	for _, key := range []string{"span", "class", "by", "cause", "program", "binding"} {
		if v := asked.Get(key); v != "" {
			page.query.Set(key, v)
		}
	}
	page.Class, page.By = asked.Get("class"), asked.Get("by")
	title := "Causes"
	for _, d := range dimensions[:mostKinds] {
		if v := page.query.Get(d.Key); v != "" {
			page.Chosen, title = append(page.Chosen, picked{d, v}), v
		}
	}
	if err := p.collect(r.Context(), page); err != nil {
		page.Problem = err.Error()
	}
	p.show(w, http.StatusOK, "causes", frame{Title: title, Place: "Causes", Body: page})
}

func (p *Page) collect(ctx context.Context, page *causesPage) error {
	ctx, end := context.WithTimeout(ctx, longestQuery)
	defer end()
	log, err := p.events()
	if err != nil {
		return err
	}
	defer log.Close()
	s := spans[1]
	for _, other := range spans {
		if other.Name == page.query.Get("span") {
			s = other
		}
	}
	page.Span, page.Step, page.Zone = s.Name, stepName(s.step), time.Now().Format("MST")
	var class eventlog.Class
	if page.Class != "" {
		if err := class.UnmarshalText([]byte(page.Class)); err != nil {
			return err
		}
	}
	f := &eventlog.Filter{Since: time.Now().Truncate(s.step).Add(-time.Duration(s.steps-1) * s.step), IDs: failures}
	if len(page.Chosen) == 0 && page.Class == "" {
		if err := page.others(ctx, log, f, s); err != nil {
			return err
		}
	}
	f.Classes, f.Cause, f.Client, f.Binding = []eventlog.Class{class}, page.Cause(), page.query.Get("program"), page.query.Get("binding")
	if len(page.Chosen) > 0 {
		return page.one(ctx, log, f, s)
	}
	by := dimensions[0]
	for _, d := range page.Kinds() {
		if d.Key == page.By {
			by = d
		}
	}
	page.By = by.Key
	return page.part(ctx, log, f, s, by)
}

// part adds the failures of a filter by something.
func (page *causesPage) part(ctx context.Context, log *eventlog.Reader, f *eventlog.Filter, s span, by dimension) error {
	spreads, err := log.Spread(ctx, f, by.Key, s.step, s.steps, mostGroups)
	p := part{dimension: by, Span: page.Span}
	for _, g := range spreads {
		one := group{Spread: g, Plot: draft(make([]uint32, s.steps), g.Over, s.step)}
		switch by.Key {
		case "cause":
			one.About = sentenceOf(g.Value)
			fallthrough
		case "program", "binding":
			if g.Value != "" {
				one.Href = page.At(by.Key, g.Value)
			}
		case "sni":
			one.Href = handshakesWith(&Filter{Site: g.Value})
		case "client":
			one.Href = handshakesWith(&Filter{Peer: g.Value})
		}
		p.Groups = append(p.Groups, one)
	}
	page.Parts = append(page.Parts, p)
	return err
}

// handshakesWith gives the address of the failures that a filter chooses among those
// that the server still has; empty: the filter is.
func handshakesWith(f *Filter) string {
	if *f == (Filter{}) {
		return ""
	}
	f.Failed = true
	return "/?" + f.query().Encode()
}

// Latest is the address of the failures that were chosen, as far as the server still
// has them.
func (page *causesPage) Latest() string {
	return handshakesWith(&Filter{Cause: page.Cause(), Program: page.query.Get("program"), Site: page.query.Get("binding")})
}

// sentenceOf says what a cause is; empty: it is none of the catalogue.
func sentenceOf(id string) string {
	for _, c := range explain.Causes() {
		if c.ID == id {
			return c.Sentence
		}
	}
	return ""
}

// others adds what strangers did.
func (page *causesPage) others(ctx context.Context, log *eventlog.Reader, f *eventlog.Filter, s span) error {
	only := *f
	only.Classes = []eventlog.Class{eventlog.Scanner, eventlog.Health, eventlog.Probe, eventlog.HTTP, eventlog.Internal}
	var err error
	page.Others, err = log.Spread(ctx, &only, "class", s.step, s.steps, 0)
	return err
}

// one adds what is known of the failures that were chosen.
func (page *causesPage) one(ctx context.Context, log *eventlog.Reader, f *eventlog.Filter, s span) error {
	page.About = sentenceOf(page.Cause())
	for _, by := range dimensions {
		if page.query.Has(by.Key) {
			continue
		}
		if err := page.part(ctx, log, f, s, by); err != nil {
			return err
		}
	}
	return log.Events(ctx, f, mostExamples, func(e *eventlog.Event) bool {
		page.Examples = append([]*eventlog.Event{e}, page.Examples...)
		return true
	})
}

// event answers with an event of the log in full.
func (p *Page) event(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.ParseInt(r.PathValue("number"), 10, 64)
	var found *eventlog.Event
	if err == nil {
		var log *eventlog.Reader
		if log, err = p.events(); err == nil {
			defer log.Close()
			err = log.Events(r.Context(), &eventlog.Filter{Numbers: []int64{n}}, 1, func(e *eventlog.Event) bool { found = e; return false })
		}
	}
	if err != nil || found == nil {
		p.missing(w, "This event is not in the log, or not any more.")
		return
	}
	p.one(w, r, pageOfEvent(found), "/event/"+strconv.FormatInt(n, 10))
}

// remembered gives what the event log has kept of a handshake that this server does
// not have any more, or that was one of a server before it; nil: nothing.
func (p *Page) remembered(ctx context.Context, id string) *Handshake {
	over, _, fault, ok := readID(id)
	if !ok || p.events == nil || fault == "" {
		return nil
	}
	ctx, end := context.WithTimeout(ctx, longestQuery)
	defer end()
	log, err := p.events()
	if err != nil {
		return nil
	}
	defer log.Close()
	var found *eventlog.Event
	err = log.At(ctx, over, func(e *eventlog.Event) bool {
		if e.Fault != fault {
			return true
		}
		exact := e.Time.Equal(over) || e.Last.Equal(over)
		if found == nil || exact {
			found = e
		}
		return !exact
	})
	if err != nil || found == nil {
		return nil
	}
	h := pageOfEvent(found)
	h.ID, h.Stored = id, "The server has this handshake no longer: this is what the event log has kept of it."
	if found.Count > 1 {
		h.Stored += " It counts with others that failed in the same way."
	}
	return h
}

// pageOfEvent gives an event in full. The log keeps the ClientHello, without what is
// nobody's business.
func pageOfEvent(e *eventlog.Event) *Handshake {
	h := &Handshake{Findings: e.Findings, Row: Row{
		Time: e.Last, Client: e.Peer, Server: e.Local, Name: e.ServerName, Version: e.Version, Suite: e.Suite, Group: e.Group, Millis: e.Milliseconds,
		Failed: e.Fault != "", Outcome: strings.TrimSuffix(e.Message, "."), Cause: e.Cause, Program: e.Client, Binding: e.Binding,
	}}
	if e.Port != 0 && e.Peer != "" {
		h.Client = net.JoinHostPort(e.Peer, strconv.Itoa(int(e.Port)))
	}
	h.facts(e.Protocol)
	happened := "once"
	if e.Count > 1 {
		happened = fmt.Sprintf("%d times since %s", e.Count, e.Time.Format(time.DateTime))
	}
	for _, f := range []Fact{{"It happened", happened, ""}, {"Client's program (JA4)", e.Client, ""}, {"Binding", e.Binding, ""}, {"Found by", e.Rule, ""}, {"Ended by", e.EndedBy, ""},
		{"In state", e.State, "state"}, {"Alert", e.Alert, "alert"}, {"Standard", e.Clause, ""}, {"Class", e.Class.String(), ""}, {"Because", e.ClassWhy, ""}} {
		h.fact(f)
	}
	if tree := field.Handshake(e.Hello, field.Context{From: trace.Client}); len(e.Hello) > 0 && tree != nil {
		h.Messages = append(h.Messages, Message{From: trace.Client, Name: "ClientHello", Length: len(e.Hello), Tree: tree,
			About: []string{"As the log keeps it: randoms, sessions and key shares are left out"}})
		h.Steps = append(h.Steps, Step{Kind: "message", From: trace.Client, Text: "ClientHello", Beside: count(len(e.Hello), "byte")})
	}
	if e.Alert != "" {
		from := trace.Server
		if e.ID == eventlog.AlertReceived {
			from = trace.Client
		}
		h.Steps = append(h.Steps, Step{At: time.Duration(e.Milliseconds * float64(time.Millisecond)), Kind: "message", From: from, Text: "Alert: " + e.Alert, Message: -1, Look: "alert"})
	}
	return h
}
