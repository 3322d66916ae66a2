package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/handsel-tls/handsel/tls"
)

// view is a handshake as it is printed and as it stands in JSON.
type view struct {
	Time       time.Time   `json:"time"`
	Role       string      `json:"role"` // of this side
	Peer       string      `json:"peer"`
	ServerName string      `json:"server_name,omitempty"`
	Version    string      `json:"version,omitempty"`
	Suite      string      `json:"cipher_suite,omitempty"`
	Group      string      `json:"group,omitempty"`
	Scheme     string      `json:"signature_scheme,omitempty"`
	Protocol   string      `json:"alpn,omitempty"`
	Resumed    bool        `json:"resumed"`
	Retried    bool        `json:"hello_retry_request,omitempty"`
	Millis     float64     `json:"milliseconds"`
	Failure    *failure    `json:"failure,omitempty"`
	Offered    *offerView  `json:"offered,omitempty"`
	Choices    []choice    `json:"choices,omitempty"`
	Steps      []step      `json:"steps,omitempty"`
	Checks     []checkView `json:"checks,omitempty"`
}

type failure struct {
	Fault    string `json:"fault"`
	Sentence string `json:"sentence"`
	Detail   string `json:"detail,omitempty"`
	Clause   string `json:"clause,omitempty"`
	By       string `json:"ended_by"`
	State    string `json:"state"`
	Alert    string `json:"alert,omitempty"`
	Number   uint8  `json:"alert_number,omitempty"`
}

type choice struct {
	Topic   string    `json:"topic"`
	Chosen  string    `json:"chosen,omitempty"`
	Refused []refusal `json:"refused,omitempty"`
}

type refusal struct {
	Value string `json:"value"`
	Why   string `json:"why"`
}

type step struct {
	Millis float64 `json:"milliseconds"`
	Kind   string  `json:"kind"`
	Name   string  `json:"name"`
}

type checkView struct {
	Check       string `json:"check"`
	Certificate int    `json:"certificate"`
	Subject     string `json:"subject,omitempty"`
	OK          bool   `json:"ok"`
	Detail      string `json:"detail,omitempty"`
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func newView(r *tls.Record) view {
	v := view{
		Time: r.Started, Role: "client", ServerName: r.ServerName, Protocol: r.Protocol,
		Resumed: r.Resumed, Retried: r.Retried, Millis: millis(r.Duration),
	}
	if r.Server {
		v.Role = "server"
	}
	if r.Remote != nil {
		v.Peer = r.Remote.String()
	}
	v.Version, v.Suite, v.Group, v.Scheme = r.Names()
	v.Offered = newOffer(r.ClientHello)
	for _, c := range r.Choices {
		x := choice{Topic: c.Topic, Chosen: c.Chosen}
		for _, refused := range c.Refused {
			x.Refused = append(x.Refused, refusal{refused.Value, refused.Why})
		}
		v.Choices = append(v.Choices, x)
	}
	for _, s := range r.Steps {
		v.Steps = append(v.Steps, step{millis(s.At), s.Kind, s.Name})
	}
	if f := r.Failure; f != nil {
		v.Failure = &failure{f.Fault, f.Sentence, f.Detail, f.Clause, f.By, f.State, f.Alert, f.Number}
	}
	return v
}

// printer prints a line for each handshake. It is safe for concurrent use.
type printer struct {
	mu    sync.Mutex
	out   io.Writer
	color colors
	json  bool
}

func (p *printer) print(r *tls.Record) {
	v := newView(r)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.json {
		json.NewEncoder(p.out).Encode(v)
		return
	}
	fmt.Fprintln(p.out, v.line(p.color))
}

// line tells a handshake in one line. What strangers sent is quoted if it is
// not plain.
func (v *view) line(c colors) string {
	name := "(no SNI)"
	if v.ServerName != "" {
		name = plain(v.ServerName)
	}
	head := fmt.Sprintf("%s%s%s  %-21s  %s", c.dim, v.Time.Format("15:04:05.000"), c.off, v.Peer, name)
	if f := v.Failure; f != nil {
		s := fmt.Sprintf("%s  %sfailed: %s%s", head, c.red, f.Sentence, c.off)
		if f.Detail != "" {
			s += ": " + plain(f.Detail)
		}
		if f.Alert != "" {
			s += fmt.Sprintf(" (alert %s)", f.Alert)
		}
		return fmt.Sprintf("%s  %.1f ms", s, v.Millis)
	}
	kind := "full"
	if v.Resumed {
		kind = "resumed"
	}
	if v.Retried {
		kind += ", retried"
	}
	parts := []string{head, c.green + v.Version + c.off, v.Suite}
	if v.Group != "" {
		parts = append(parts, v.Group)
	}
	return strings.Join(append(parts, kind, fmt.Sprintf("%.1f ms", v.Millis)), "  ")
}

// plain quotes text with characters that do not print, so that no stranger
// writes to the operator's terminal.
func plain(s string) string {
	if q := strconv.Quote(s); q[1:len(q)-1] != s && !onlyQuotes(s) {
		return q
	}
	return s
}

// onlyQuotes reports whether quoting would only touch quotes and backslashes.
func onlyQuotes(s string) bool {
	for _, r := range s {
		if !strconv.IsPrint(r) {
			return false
		}
	}
	return true
}
