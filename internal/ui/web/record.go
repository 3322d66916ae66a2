package web

import (
	"net"
	"strings"

	"github.com/handsel-tls/handsel/internal/observe/field"
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
	case h.Resumed:
		r.Outcome = "resumed"
	default:
		r.Outcome = "full"
	}
	if h.Failure == nil && len(h.Weak) > 0 {
		r.Outcome += ", weak"
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
		choice := Choice{Topic: c.Topic, Chosen: c.Chosen}
		for _, r := range c.Refused {
			choice.Refused = append(choice.Refused, Refusal(r))
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

// steps adds what happened.
func (p *Handshake) steps(h *endpoint.Handshake) {
	seen := map[iana.HandshakeType]int{}
	for _, s := range h.Steps() {
		step := Step{At: s.At, Text: s.Name, Message: -1, From: trace.Server}
		switch s.Kind {
		case "state", "keys":
			step.Kind = s.Kind
		case "asked", "answered":
			continue // what the server asks itself is in the choices
		case "sent", "alert sent", "received", "alert received":
			step.Kind = "message"
			if strings.HasSuffix(s.Kind, "received") {
				step.From = trace.Client
			}
			if strings.HasPrefix(s.Kind, "alert") {
				step.Text, step.Look = "Alert: "+s.Name, look(s.Name != iana.AlertCloseNotify.String(), "alert")
				break
			}
			t, err := iana.HandshakeTypeNamed(s.Name)
			if err != nil {
				break
			}
			step.Text, step.Message = wire.MessageName(t), len(p.Messages)
			p.Messages = append(p.Messages, p.recorded(h, t, step.From, seen[t]))
			step.Text = p.Messages[step.Message].Name
			if n := p.Messages[step.Message].Length; n > 0 {
				step.Beside = count(n, "byte")
			}
			seen[t]++
		}
		p.Steps = append(p.Steps, step)
	}
	if len(p.Steps) == 0 {
		p.Steps = append(p.Steps, Step{Kind: "note", Text: "nothing was said", Message: -1})
	}
}

// recorded gives a message of a record, which has the bytes of two only: the first
// ClientHello and the ServerHello.
func (p *Handshake) recorded(h *endpoint.Handshake, t iana.HandshakeType, from trace.Side, before int) Message {
	m := Message{From: from, Name: wire.MessageName(t)}
	var raw []byte
	switch {
	case t == iana.MsgClientHello && before == 0:
		raw = h.ClientHello
	case t == iana.MsgServerHello && h.Retried && before == 0:
		m.Name = "HelloRetryRequest"
	case t == iana.MsgServerHello:
		raw = h.ServerHello
	}
	if len(raw) >= wire.HeaderLen && raw[0] == byte(t) {
		m.Length = len(raw)
		m.Tree = field.Handshake(raw, field.Context{Version: iana.Version(h.Version), Suite: iana.Suite(h.CipherSuite), From: from})
	}
	return m
}
