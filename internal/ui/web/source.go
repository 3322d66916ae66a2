package web

import (
	"io"
	"strings"
	"time"

	"github.com/handsel-tls/handsel/internal/observe/explain"
	"github.com/handsel-tls/handsel/internal/observe/field"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// A Source has handshakes to show.
type Source interface {
	// Title names it: a file, a server.
	Title() string
	// Live reports whether more are to come.
	Live() bool
	// Rows gives those that a filter chooses, the latest or the first in front:
	// at most most of them after the first skip, and how many there are.
	Rows(f *Filter, skip, most int) (rows []Row, total int)
	// Find gives one; nil: it is not there, or not any more.
	Find(id string) *Handshake
}

// A Row is a handshake in a list.
type Row struct {
	ID         string
	Time       time.Time
	OtherDay   string // its day, if that is not the one of the list
	Client     string
	Connection string // its ID, as in the access log
	Server     string
	Name       string // that the client asked for
	Version    string
	Suite      string
	Group      string
	Resumed    bool
	Millis     float64
	Failed     bool
	Outcome    string // how it ended, in words
	Cause      string // id of the first finding
	Why        string // its sentence, with how sure it is
	Program    string // JA4 of the ClientHello
	Binding    string
	Weak       bool
	File       string // that it is from, if there are several
	Stranger   bool   // it failed, and was none who wanted a page: a scanner, a health check, a port probe
}

// Clock is the time of day.
func (r *Row) Clock() string {
	if r.Time.IsZero() {
		return ""
	}
	return clock(r.Time)
}

// Day is the date.
func (r *Row) Day() string {
	if r.Time.IsZero() {
		return ""
	}
	return r.Time.Format(time.DateOnly)
}

// Look says how the row looks: failed, stranger, weak, or as others.
func (r *Row) Look() string {
	switch {
	case r.Stranger:
		return "stranger"
	case r.Failed:
		return "failed"
	case r.Weak:
		return "weak"
	}
	return ""
}

// Word is the outcome in a word.
func (r *Row) Word() string {
	switch {
	case r.Failed:
		return "failed"
	case r.Resumed:
		return "resumed"
	case r.Version == "":
		return ""
	}
	return "full"
}

// Reason is what else there is to say of the outcome.
func (r *Row) Reason() string {
	if r.Failed && r.Why != "" {
		return r.Why
	}
	if r.Outcome == r.Word() {
		return ""
	}
	return r.Outcome
}

// A Filter chooses handshakes. What is empty chooses all.
type Filter struct {
	Failed     bool
	Site       string // a part of the name that the client asked for, or a binding; a leading dot stands for all below it
	Cause      string // id of the first finding, or how it begins
	Program    string // how a JA4 begins
	Version    string
	Peer       string // how the client's address begins
	Connection string // its ID
}

// Wants reports whether a row is chosen.
func (f *Filter) Wants(r *Row) bool {
	name, want := strings.ToLower(r.Name), strings.ToLower(strings.TrimPrefix(f.Site, "*"))
	switch {
	case f.Failed && !r.Failed, f.Version != "" && f.Version != r.Version, !strings.HasPrefix(r.Cause, f.Cause),
		!strings.HasPrefix(r.Program, f.Program), !strings.HasPrefix(r.Client, f.Peer),
		f.Connection != "" && !strings.EqualFold(f.Connection, r.Connection):
		return false
	case f.Site != "" && strings.EqualFold(r.Binding, f.Site):
		return true
	case strings.HasPrefix(want, "."):
		return strings.HasSuffix(name, want)
	}
	return strings.Contains(name, want)
}

// A Handshake is one in full.
type Handshake struct {
	Row
	Facts    []Fact
	Findings []explain.Finding
	Steps    []Step // from top to bottom
	Messages []Message
	Choices  []Choice
	Checks   []Check
	Notes    []string
	Forms    []Form
	Stored   string // what it is if it is not the handshake itself but what was kept of it; empty: it is itself
}

// A Fact is what the two have agreed on, or what is known of them.
type Fact struct {
	Name, Value string
	Kind        string // that Learn knows the value by; empty: it does not
}

// A Step is a line of the diagram.
type Step struct {
	At      time.Duration // since the first
	Kind    string        // segment, message, state, note
	From    trace.Side    // of a state: whose it is; 0: both
	Text    string
	Beside  string // in small print
	More    string // when the mouse rests on it
	Message int    // its place in Messages, -1: none
	Look    string // sealed, opened, alert, broken: how it looks; empty: as others
}

// A Message is one that was sent.
type Message struct {
	From   trace.Side
	Name   string
	About  []string // lengths, frames, records, and what is odd
	Seal   string   // "encrypted", "decrypted", empty: it was in the clear
	Tree   *field.Field
	Length int
}

// A Choice is what was chosen, with every candidate that lost and why.
type Choice struct {
	Topic, Chosen string
	Refused       []Refusal
}

// A Refusal is a candidate that lost.
type Refusal struct{ Value, Why string }

// A Check is one thing that was looked at in a certificate of the peer.
type Check struct {
	Name, Certificate, Detail string
	OK                        bool
}

// A Form is a way to take a handshake away.
type Form struct {
	Name  string // json, txt, pcapng
	Text  string // on the link
	Write func(io.Writer) error
}
