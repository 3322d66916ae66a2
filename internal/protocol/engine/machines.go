package engine

import (
	"bytes"
	"sync"

	"github.com/handsel-tls/handsel/internal/protocol/client13"
	"github.com/handsel-tls/handsel/internal/protocol/extension"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/hello"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/legacy"
	"github.com/handsel-tls/handsel/internal/protocol/record"
	"github.com/handsel-tls/handsel/internal/protocol/server13"
	"github.com/handsel-tls/handsel/internal/protocol/session"
	"github.com/handsel-tls/handsel/internal/protocol/sslv2"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// A machine is what walks a part of the handshake.
type machine interface {
	Step(handshake.Trigger, handshake.Message) error
	State() string
	Free()
}

// A waiter is a machine that is given messages piece by piece, and can say of each
// by its type whether it waits for it. That of SSL 2.0 takes whole records.
type waiter interface{ Awaits(handshake.Trigger) bool }

// handOver goes on with the machine of the version that was chosen.
func (c *Conn) handOver() {
	c.machine.Free()
	if c.core.Done.Version == iana.SSL20 {
		c.serveSSL2()
		return
	}
	c.useVersion(c.core.Done.Version)
	c.early = c.side == trace.Server && c.core.Done.Version == iana.TLS13 && c.core.Offer.Has(iana.ExtEarlyData)
	c.read.ExpectEarlyData(c.early)
	switch {
	case c.core.Done.Version == iana.TLS13 && c.side == trace.Server:
		c.machine = server13.New(c.core)
	case c.core.Done.Version == iana.TLS13:
		c.machine = client13.New(c.core)
	case c.side == trace.Server:
		c.machine = legacy.NewServer(c.core)
	default:
		c.machine = legacy.NewClient(c.core)
	}
	c.step(handshake.Begin, handshake.Message{})
}

// useVersion sets the version in the headers of records: that of the
// connection, and TLS 1.2's for TLS 1.3. Whoever sends another before TLS 1.3
// is refused; TLS 1.3 gives the field no meaning. RFC 5246, section 6.2.1; RFC
// 9846, section 5.1.
func (c *Conn) useVersion(v iana.Version) {
	c.write.SetVersion(min(v, iana.TLS12))
	if v < iana.TLS13 {
		c.read.SetVersion(v)
	}
}

// stateName names a state or a question in a log.
func stateName(k trace.Kind, machine trace.Topic, code uint16) string {
	if k != trace.Entered {
		return handshake.Question(code).String()
	}
	if states := stateNames()[machine]; int(code) < len(states) {
		return states[code]
	}
	return "state"
}

var stateNames = sync.OnceValue(func() map[trace.Topic][]string {
	names := map[trace.Topic][]string{}
	for _, d := range append(Diagrams(), sslv2.Diagrams()...) {
		names[d.Machine] = d.States
	}
	return names
})

// Diagrams gives the tables of all machines of TLS and SSL 3.0. Those of SSL 2.0,
// whose messages are others, are in package sslv2.
func Diagrams() []handshake.Diagram {
	return []handshake.Diagram{
		hello.ServerDiagram(), hello.ClientDiagram(), server13.Diagram(), client13.Diagram(),
		legacy.ServerDiagram(), legacy.ClientDiagram(), server13.PostDiagram(), client13.PostDiagram(),
	}
}

// connected is the machine after the handshake: RFC 9846, section 4.7, and
// what TLS 1.2 makes of messages at that time.
func (c *Conn) connected(m handshake.Message) error {
	if !c.takes(m.Type) {
		return c.notTaken(m.Type)
	}
	switch m.Type {
	case iana.MsgKeyUpdate:
		return c.onKeyUpdate(m)
	case iana.MsgNewSessionTicket:
		return c.onTicket(m)
	case iana.MsgCertificateRequest:
		return c.onCertificateRequest(m)
	case iana.MsgCertificate, iana.MsgCompressedCertificate:
		c.onCertificate(m)
		return nil
	}
	return c.onRenegotiation(m)
}

// notTaken refuses a message that may not come after the handshake. Of servers
// before TLS 1.3 one alone may.
func (c *Conn) notTaken(t iana.HandshakeType) error {
	if c.side == trace.Client && c.established.Version < iana.TLS13 {
		return fault.With(fault.HelloRequestExpected, "%v", t)
	}
	return fault.With(fault.UnexpectedMessage, "%v in state CONNECTED", t)
}

// takes reports whether a message may come after the handshake.
func (c *Conn) takes(t iana.HandshakeType) bool {
	client, tls13 := c.side == trace.Client, c.established.Version == iana.TLS13
	switch t {
	case iana.MsgKeyUpdate:
		return tls13
	case iana.MsgNewSessionTicket, iana.MsgCertificateRequest:
		return tls13 && client
	case iana.MsgCertificate, iana.MsgCompressedCertificate:
		return tls13 && !client && c.again.request.Load() != nil // it was asked for
	case iana.MsgHelloRequest:
		return !tls13 && client
	case iana.MsgClientHello:
		return !tls13 && !client
	}
	return false
}

// onKeyUpdate takes the peer's next keys. RFC 9846, section 4.7.3.
func (c *Conn) onKeyUpdate(m handshake.Message) error {
	update, valid, err := wire.ParseKeyUpdate(m.Body)
	switch {
	case err != nil:
		return err
	case !valid:
		return fault.KeyUpdateWrong
	case c.more || len(c.partial) > 0:
		return fault.ExcessHandshakeData
	}
	if c.count.keyUpdates++; c.count.keyUpdates > maxKeyUpdates {
		return fault.KeyUpdates
	}
	c.established.ReadTraffic = c.established.ReadTraffic.NextTraffic()
	keys := record.Keys13(c.established.Suite, c.established.ReadTraffic)
	if update.UpdateRequested {
		c.replies.keyUpdate = true
	}
	return c.read.Install(&keys)
}

// onTicket takes a ticket for later connections. RFC 9846, section 4.7.1.
func (c *Conn) onTicket(m handshake.Message) error {
	t, err := wire.ParseNewSessionTicket13(m.Body)
	if err != nil {
		return err
	}
	if c.count.tickets++; c.count.tickets > maxTickets {
		return fault.With(fault.UnexpectedMessage, "more than %d tickets", maxTickets)
	}
	early, err := checkTicket(t)
	if err != nil {
		return err
	}
	if !c.config.ClientTickets || t.Lifetime == 0 {
		return nil
	}
	psk := c.established.Resumption.TicketPSK(t.Nonce)
	s := c.newSession(psk.Bytes())
	s.Lifetime, s.AgeAdd, s.MaxEarly = min(t.Lifetime, maxTicketLifetime), t.AgeAdd, early
	c.sessions = append(c.sessions, &handshake.Offered{Ticket: bytes.Clone(t.Ticket), State: s})
	return nil
}

// maxTicketLifetime is seven days, in seconds. RFC 9846, section 4.7.1.
const maxTicketLifetime = 604800

// newSession gives the state of this connection for resumption.
func (c *Conn) newSession(secret []byte) *session.State {
	e := &c.established
	s := &session.State{
		Version: e.Version, Suite: e.Suite, Group: e.Group, Secret: bytes.Clone(secret), EMS: e.EMS, EtM: e.EtM,
		ALPN: e.ALPN, ServerName: e.ServerName, PeerScheme: e.PeerScheme, OwnType: e.OwnType, Created: c.lastInput,
		Began: c.lastInput.Unix(), PSK: e.PSK, PSKTag: e.PSKTag,
	}
	if e.Resumed {
		s.Began = e.Began
	}
	if e.Peer != nil {
		s.Chain, s.Leaf, s.OCSPStaple, s.SCTs, s.RawKey = e.Peer.Chain, e.Peer.Leaf, e.Peer.OCSPStaple, e.Peer.SCTs, e.Peer.RawPublicKey
	}
	return s
}

// TakeSessions gives the sessions that came since the last call: to a client
// for resuming them later, to a server for keeping them by their session ID.
func (c *Conn) TakeSessions() []*handshake.Offered {
	s := c.sessions
	c.sessions = nil
	return s
}

// refuseRenegotiation answers a wish to renegotiate with a warning. RFC 5246,
// section 7.2.2.
func (c *Conn) refuseRenegotiation() error {
	if c.count.warnings++; c.count.warnings > maxWarningAlerts || c.established.Version == iana.SSL30 {
		return fault.NoRenegotiation // SSL 3.0 has no such warning: RFC 5746, section 4.5
	}
	c.alert(iana.LevelWarning, iana.AlertNoRenegotiation)
	return nil
}

// checkTicket refuses what may not stand in a NewSessionTicket, and gives how
// many bytes of early data it allows.
func checkTicket(t wire.NewSessionTicket13) (early uint32, err error) {
	if _, err := extension.Check(extension.NewSessionTicket, t.Extensions, 0); err != nil {
		return 0, err
	}
	if body, ok := t.Extensions.Get(iana.ExtEarlyData); ok {
		return wire.ParseEarlyDataTicket(body)
	}
	return 0, nil
}
