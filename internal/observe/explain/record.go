package explain

import (
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// FromRecord makes a case of the record that an end of the connection has kept. Its
// events have to be sorted: see trace.Record.Fill.
func FromRecord(r *trace.Record) *Case {
	c := &Case{
		Seen: r.Side, At: r.Started.Add(r.Duration), Name: r.ServerName, Version: r.Version, Suite: r.Suite, Resumed: r.Resumed,
		ECH: r.ECH != trace.ECHNotOffered && r.ECH != trace.ECHGrease, Complete: r.Failure == nil, Failure: r.Failure, Chains: r.Chains,
	}
	c.Settings[r.Side-1] = r.Settings
	if len(r.ClientHello) > 0 {
		c.Hellos = [][]byte{r.ClientHello}
	}
	for i := range r.Steps {
		c.step(r.Side, &r.Steps[i])
	}
	if r.Retried {
		c.retried()
	}
	c.ending(r.Side)
	return c
}

// types are the handshake messages by the names that steps have.
var types = func() map[string]iana.HandshakeType {
	m := map[string]iana.HandshakeType{}
	for t := range 256 {
		m[iana.HandshakeType(t).String()] = iana.HandshakeType(t)
	}
	return m
}()

// alerts are the alerts by their names, likewise.
var alerts = func() map[string]iana.Alert {
	m := map[string]iana.Alert{}
	for a := range 256 {
		m[iana.Alert(a).String()] = iana.Alert(a)
	}
	return m
}()

// step takes a message or an alert over.
func (c *Case) step(side trace.Side, s *trace.Step) {
	said := Said{From: side}
	switch s.Kind {
	case trace.Received, trace.AlertReceived:
		said.From = side.Other()
	case trace.Sent, trace.AlertSent:
	default:
		return
	}
	if s.Kind == trace.AlertReceived || s.Kind == trace.AlertSent {
		said.Content, said.Name, said.Fatal, said.Alert = iana.ContentAlert, "Alert", s.Fatal, alerts[s.Name]
	} else {
		said.Content, said.Type = iana.ContentHandshake, types[s.Name]
		said.Name = wire.MessageName(said.Type)
	}
	c.Said = append(c.Said, said)
}

// retried names the first ServerHello for what it is.
func (c *Case) retried() {
	for i := range c.Said {
		if c.Said[i].Type == iana.MsgServerHello && c.Said[i].Content == iana.ContentHandshake {
			c.Said[i].Name = "HelloRetryRequest"
			return
		}
	}
}

// ending says how the connection ended for the side that kept the record.
func (c *Case) ending(side trace.Side) {
	f := c.Failure
	if f == nil {
		return
	}
	c.Ended = Ended{How: ByAlert, By: side, Alert: f.Alert, Known: f.HasAlert}
	switch f.By {
	case trace.ByPeer:
		c.Ended.By = side.Other()
		if !f.HasAlert {
			c.Ended.How = ByFIN
		}
		if f.Code == fault.ClosedInHandshake {
			c.Ended.How = ByCloseNotify
		}
	case trace.ByNetwork:
		c.Ended.How, c.Ended.By = ByRST, side.Other()
		if f.Code == fault.HandshakeTime {
			c.Ended.How = BySilence
		}
	}
}
