package web

import (
	"context"
	"fmt"
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
	mostGroups   = 30
	longestQuery = 30 * time.Second
)

// failures are the kinds of events that are about one.
var failures = []eventlog.ID{
	eventlog.AlertSent, eventlog.AlertReceived, eventlog.ClosedHere, eventlog.ClosedByPeer, eventlog.Broken, eventlog.PlainHTTP, eventlog.NothingSent,
}

// causesPage is the page of what has failed.
type causesPage struct {
	Spans    []span
	Span     string
	Class    string
	Cause    string
	About    string // the cause in a sentence
	Groups   []group
	Others   []*eventlog.Spread // of strangers, by class
	Parts    []part             // of one cause
	Examples []*eventlog.Event
	Problem  string
}

// A group is a cause with what is known of it.
type group struct {
	*eventlog.Spread
	Plot  *plot
	About string
	Href  string
}

// A part is the failures of a cause, by something.
type part struct {
	Title  string
	Groups []*eventlog.Spread
}

// causes answers with what has failed, grouped.
func (p *Page) causes(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	page := &causesPage{Spans: spans, Span: q.Get("span"), Class: q.Get("class"), Cause: q.Get("cause")}
	if err := p.collect(r.Context(), page); err != nil {
		page.Problem = err.Error()
	}
	p.show(w, http.StatusOK, "causes", frame{Title: "Causes", Place: "Causes", Body: page})
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
		if other.Name == page.Span {
			s = other
		}
	}
	page.Span = s.Name
	var class eventlog.Class
	if page.Class != "" {
		if err := class.UnmarshalText([]byte(page.Class)); err != nil {
			return err
		}
	}
	f := &eventlog.Filter{Since: time.Now().Truncate(s.step).Add(-time.Duration(s.steps-1) * s.step), IDs: failures}
	if page.Cause == "" && page.Class == "" {
		if err := page.others(ctx, log, f, s); err != nil {
			return err
		}
	}
	f.Classes, f.Cause = []eventlog.Class{class}, page.Cause
	if page.Cause != "" {
		return page.one(ctx, log, f, s)
	}
	groups, err := log.Spread(ctx, f, "cause", s.step, s.steps)
	for _, g := range groups {
		q := url.Values{"cause": {g.Value}, "span": {page.Span}}
		if page.Class != "" {
			q.Set("class", page.Class)
		}
		page.Groups = append(page.Groups, group{g, draft(make([]uint32, s.steps), g.Over), sentenceOf(g.Value), "/causes?" + q.Encode()})
	}
	return err
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
	page.Others, err = log.Spread(ctx, &only, "class", s.step, s.steps)
	return err
}

// one adds what is known of a cause.
func (page *causesPage) one(ctx context.Context, log *eventlog.Reader, f *eventlog.Filter, s span) error {
	page.About = sentenceOf(page.Cause)
	for _, by := range []struct{ key, title string }{{"program", "Client family (JA4)"}, {"binding", "Binding"}, {"sni", "Server name"}, {"client", "Address"}} {
		groups, err := log.Spread(ctx, f, by.key, s.step, s.steps)
		if err != nil {
			return err
		}
		page.Parts = append(page.Parts, part{by.title, groups[:min(len(groups), mostGroups)]})
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
