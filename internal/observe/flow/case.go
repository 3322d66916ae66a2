package flow

import (
	"net/netip"
	"time"

	"github.com/handsel-tls/handsel/internal/observe/explain"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// Case gives what was seen as a case to be explained.
func (s *Story) Case() *explain.Case {
	c := &explain.Case{
		Client: address(s.TCP.Client), Server: address(s.TCP.Server), At: time.Unix(0, s.TCP.Last),
		First: s.First, Name: s.ServerName, ECH: s.ECH, Version: s.Version, Suite: s.Suite,
		Resumed: s.Resumed == Yes || s.Resumed == Probably, Complete: s.Complete == Yes || s.Complete == Probably,
	}
	if s.Ended.Time != 0 {
		c.At = time.Unix(0, s.Ended.Time)
	}
	for _, p := range s.Preamble {
		if p.Kind != "unknown" {
			c.Before = append(c.Before, p.Kind)
		}
	}
	switch {
	case s.TLS:
	case refused(s.TCP):
		c.Opened = explain.Refused
	case unopened(s.TCP):
		c.Opened = explain.NoSYNACK
	}
	c.Said = make([]explain.Said, 0, len(s.Messages))
	for _, m := range s.Messages {
		s.say(c, m)
	}
	for _, side := range [...]trace.Side{trace.Client, trace.Server} {
		c.Chains[side-1] = s.Shown(side)
	}
	s.endCase(c)
	if n := len(s.Messages); n > 0 {
		c.Silent = c.At.Sub(time.Unix(0, s.Messages[n-1].Time))
	}
	return c
}

func address(a netip.AddrPort) string { return a.String() }

// say adds a message.
func (s *Story) say(c *explain.Case, m *Message) {
	said := explain.Said{
		From: m.From, Content: m.Content, Type: m.Type, Name: m.Name, Encrypted: m.Encrypted && !m.Opened, Frame: frameOf(m),
	}
	if said.Encrypted {
		said.Short = m.Inferred != "" && m.Content != iana.ContentHandshake
		said.Lengths = m.Lengths
		if said.Lengths == nil {
			for _, r := range m.Records {
				said.Lengths = append(said.Lengths, r.Length)
			}
		}
	}
	if m.Cut && !m.Uncaptured {
		c.Cut[m.From-1] = true
	}
	if m.Broken != nil {
		said.Broken = m.Broken.Error()
	}
	if m.Content == iana.ContentAlert && len(m.Raw) == 2 {
		said.Fatal, said.Alert = m.Raw[0] == byte(iana.LevelFatal), iana.Alert(m.Raw[1])
	}
	if m.SSL2 && (m.Name == "CLIENT-HELLO" || m.Name == "ClientHello") {
		said.Content, said.Type, c.SSL2Hello = iana.ContentHandshake, iana.MsgClientHello, true
	}
	if m.Content == iana.ContentHandshake && m.Type == iana.MsgClientHello && m.Raw != nil && !m.Cut && !m.SSL2 {
		c.Hellos = append(c.Hellos, m.Raw)
	}
	c.Said = append(c.Said, said)
}

// endCase says how the connection ended. A server that closes first has ended it,
// whatever the client says to that.
func (s *Story) endCase(c *explain.Case) {
	e := s.Ended
	c.Ended = explain.Ended{How: explain.How(e.How), By: e.By, Alert: e.Alert, Known: e.Known, Frame: e.Frame}
	if e.How == "open" && s.TCP.Of(trace.Server).Fin > 0 { // and the capture ends before the client's
		c.Ended.How, c.Ended.By = explain.ByFIN, trace.Server
	}
	if e.How == "rst" && e.By != 0 { // a reset answers what was closed before
		if other := s.TCP.Of(e.By.Other()); other.Fin > 0 && other.Fin < e.Frame {
			c.Ended.How, c.Ended.By, c.Ended.Frame = explain.ByFIN, e.By.Other(), other.Fin
		}
	}
	fin := s.TCP.Of(trace.Server).Fin
	if e.How == "alert" && e.By == trace.Client && e.Known && fin > 0 && fin < e.Frame && !c.Complete {
		c.Ended = explain.Ended{How: explain.ByFIN, By: trace.Server, Then: e.Alert, Frame: fin}
	}
	if gone := s.TCP.Of(trace.Client).Fin; e.How == "alert" && e.By == trace.Server && gone > 0 && gone < e.Frame && s.TCP.Of(trace.Client).Bytes == 0 {
		c.Ended = explain.Ended{How: explain.ByFIN, By: trace.Client, Then: e.Alert, Frame: gone} // who had said nothing: OpenSSL answers even that
	}
	for _, n := range s.Notes {
		switch n.Code {
		case "unanswered":
			c.Unanswered = s.TCP.Of(trace.Client).Retransmitted
		case "cut":
			c.Cut[n.From-1] = true
		}
	}
}
