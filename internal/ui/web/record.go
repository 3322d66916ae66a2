package web

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/handsel-tls/handsel/internal/observe/fingerprint"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
	"github.com/handsel-tls/handsel/internal/serve/endpoint"
)

// ofRecord gives a handshake of a server in a list, but for what takes a while to
// find out: its cause and its client's program.
func ofRecord(id string, h *endpoint.Handshake) Row {
	r := Row{ID: id, Time: h.Started, Client: address(h.Remote), Server: address(h.Local), Name: h.ServerName, Connection: h.Connection.String(), Resumed: h.Resumed, Millis: millis(h.Duration)}
	r.Version, r.Suite, r.Group, _ = h.Names()
	switch f := h.Failure; {
	case f != nil:
		r.Failed, r.Outcome = true, f.Error()
		r.Stranger = stranger(f.Fault)
	case h.PostHandshake:
		r.Outcome = "certificate after the handshake"
	case len(h.Weak) > 0:
		r.Weak, r.Outcome = true, "weak: "+h.Weak[0]
	}
	if b := h.Binding(); b != nil {
		r.Binding = b.Key.String()
	}
	return r
}

// stranger reports whether a fault is of somebody who did not want a page: who
// sends nothing, or something other than TLS.
func stranger(name string) bool {
	switch name {
	case fault.NoBytes.Name(), fault.NotTLS.Name(), fault.HTTPRequest.Name(), fault.HTTPSProxyRequest.Name():
		return true
	}
	return false
}

func address(a net.Addr) string {
	if a == nil {
		return ""
	}
	return a.String()
}

// programOf gives the fingerprint of a ClientHello with its header, empty if it
// cannot be read.
func programOf(hello []byte) string {
	if len(hello) < wire.HeaderLen {
		return ""
	}
	m, err := wire.ParseClientHello(hello[wire.HeaderLen:])
	if err != nil {
		return ""
	}
	return fingerprint.JA4(&m)
}

// pageOfRecord gives a handshake of a server in full.
func pageOfRecord(row Row, h *endpoint.Handshake) *Handshake {
	p := &Handshake{Row: row, Findings: h.Explain()}
	p.facts(h.Protocol)
	for _, f := range []Fact{{"Client's program (JA4)", row.Program, ""}, {"Encrypted Client Hello", h.ECH, ""}, {"Name outside of it", h.OuterName, ""},
		{"Connection (as in the access log)", row.Connection, ""}, {"Early data", h.EarlyData, ""}, {"Not resumed because", h.Unresumed, ""}} {
		p.fact(f)
	}
	if _, _, _, scheme := h.Names(); scheme != "" {
		p.fact(Fact{"Signature scheme", scheme, "scheme"})
	}
	if path, ok := h.Path(); ok {
		p.fact(Fact{"Binding", row.Binding, ""})
		p.fact(Fact{"Found by", path.Result.Rule.String(), ""})
		var hidden []string
		for _, b := range path.Shadowed() {
			hidden = append(hidden, b.Key.String())
		}
		p.fact(Fact{"It hides", strings.Join(hidden, ", "), ""})
	}
	for _, w := range h.Weak {
		p.Notes = append(p.Notes, "Weak: "+w)
	}
	p.steps(h)
	for _, c := range h.Choices() {
		choice := Choice{Topic: c.Topic, Chosen: placed(c.Chosen)}
		for _, r := range c.Refused {
			choice.Refused = append(choice.Refused, Refusal{placed(r.Value), r.Why})
		}
		p.Choices = append(p.Choices, choice)
	}
	for _, c := range h.Checks() {
		which := "certificate " + string(rune('0'+min(c.Certificate, 9)))
		if c.Certificate < 0 {
			which = "a certificate that was not sent"
		}
		p.Checks = append(p.Checks, Check{c.Name, which, c.Detail, c.OK})
	}
	return p
}

// placed says of a candidate that has no name, but a place in the client's list, that
// it is one.
func placed(value string) string {
	digits, ok := strings.CutPrefix(value, "#")
	if n, err := strconv.Atoi(digits); ok && err == nil {
		return fmt.Sprintf("number %d of the client's", n+1)
	}
	return value
}

// steps adds what happened. Changes of keys are left out: encryption is seen from the
// messages.
func (p *Handshake) steps(h *endpoint.Handshake) {
	p.Steps = append(p.Steps, Step{Kind: "note", Text: "TCP is opened by the system, unseen from here", Message: -1})
	said := newTranscript(h)
	for _, s := range h.Steps() {
		step := Step{At: s.At, Text: s.Name, Message: -1, From: trace.Server}
		switch s.Kind {
		case "state":
			step.Kind = s.Kind
		case "asked", "answered", "keys":
			continue // what the server asks itself is in the choices
		case "sent", "alert sent", "received", "alert received":
			step.Kind = "message"
			if strings.HasSuffix(s.Kind, "received") {
				step.From = trace.Client
			}
			if strings.HasPrefix(s.Kind, "alert") {
				step.Text, step.Look = "Alert: "+s.Name, look(s.Name != iana.AlertCloseNotify.String(), "alert")
				p.add(&step, said.alert(step.From))
				break
			}
			t, err := iana.HandshakeTypeNamed(s.Name)
			if err != nil {
				break
			}
			m := said.next(t, step.From)
			for _, before := range said.passed {
				p.change(step, before)
			}
			step.Text = m.Name
			p.add(&step, m)
		}
		p.Steps = append(p.Steps, step)
	}
	if len(p.Steps) == 1 {
		p.Steps = append(p.Steps, Step{Kind: "note", Text: "nothing was said", Message: -1})
	}
}

// change adds a ChangeCipherSpec, which came just before the message of a step. It is
// what the server waited for before it went on to wait for Finished.
func (p *Handshake) change(s Step, m Message) {
	s.Text = m.Name
	p.add(&s, m)
	at := len(p.Steps)
	if last := p.Steps[at-1]; last.Kind == "state" && last.Text == "WAIT_FINISHED" && m.From == trace.Client {
		at, s.At = at-1, last.At
	}
	p.Steps = slices.Insert(p.Steps, at, s)
}

// add adds the message of a step.
func (p *Handshake) add(s *Step, m Message) {
	if s.Message = len(p.Messages); m.Length > 0 {
		s.Beside = count(m.Length, "byte")
	}
	if m.Seal != "" && s.Look == "" {
		s.Look = "opened"
	}
	p.Messages = append(p.Messages, m)
}
