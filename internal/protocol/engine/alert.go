package engine

import (
	"errors"
	"io"
	"strings"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/negotiate"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// A PeerAlert is the fatal alert with which the peer ended the connection.
type PeerAlert iana.Alert

func (a PeerAlert) Error() string { return iana.Alert(a).String() }

// onAlert takes an alert. A warning ends nothing, except close_notify; TLS 1.3
// knows no other than that and user_canceled. RFC 9846, section 6.
func (c *Conn) onAlert(content []byte) error {
	a, err := wire.ParseAlert(content)
	if err != nil {
		return fault.BadAlert
	}
	c.observe(false, iana.ContentAlert, content)
	if c.core != nil {
		c.core.Log.AlertReceived(a.Level, a.Description)
	}
	switch {
	case a.Level != iana.LevelWarning && a.Level != iana.LevelFatal:
		return fault.With(fault.AlertLevelWrong, "%d", a.Level)
	case a.Description == iana.AlertCloseNotify:
		return c.onCloseNotify()
	case a.Description == iana.AlertNoCertificate && a.Level == iana.LevelWarning && c.core != nil && c.Established().Version == iana.SSL30:
		c.step(handshake.NoCertificate, handshake.Message{})
		return nil
	case a.Level == iana.LevelWarning && (c.Established().Version != iana.TLS13 || a.Description == iana.AlertUserCanceled):
		if c.count.warnings++; c.count.warnings > maxWarningAlerts {
			return fault.WarningAlerts
		}
		if a.Description == iana.AlertNoRenegotiation {
			c.endAgain()
		}
		return nil
	}
	if a.Description == iana.AlertHandshakeFailure && c.waitsForServerHello() {
		return fault.With(fault.HelloRefused, "%w", PeerAlert(a.Description))
	}
	c.replies.ended = c.complete // RFC 9846, section 6.2
	return fault.With(fault.PeerAlert, "%w", PeerAlert(a.Description))
}

// waitsForServerHello reports whether a client has heard nothing yet.
func (c *Conn) waitsForServerHello() bool {
	return c.side == trace.Client && c.core != nil && len(c.core.ServerHello) == 0
}

func (c *Conn) onCloseNotify() error {
	if !c.complete {
		return fault.ClosedInHandshake
	}
	c.closeReceived = true
	return nil
}

// EOF tells the connection that nothing more will come: err is io.EOF, or what
// broke the connection. It gives io.EOF if the peer had said close_notify, and
// else the fault: data may be missing (RFC 9846, section 6.1).
func (c *Conn) EOF(err error, now time.Time) error {
	switch {
	case c.err != nil:
		return c.err
	case c.closeReceived:
		return io.EOF
	}
	c.tick(now)
	switch {
	case !errors.Is(err, io.EOF):
		c.end(fault.With(fault.Reset, "%w", err))
	case c.side == trace.Server && !c.heard: // a probe, as of those who watch over servers
		c.end(fault.NoBytes)
	case c.complete && c.ssl2 != nil: // it has no way to tell
		c.closeReceived = true
		return io.EOF
	case c.complete:
		c.end(fault.TruncatedData)
	default:
		c.end(fault.Truncated)
	}
	return c.err
}

// EndedByAlert reports whether the connection has ended with a fatal alert, of
// this side or of the peer.
func (c *Conn) EndedByAlert() bool {
	_, theirs := errors.AsType[PeerAlert](c.err)
	return theirs || c.Alerted()
}

// Alerted reports whether this side has ended the connection with a fatal alert.
func (c *Conn) Alerted() bool {
	if c.err == nil {
		return false
	}
	code, _ := fault.Of(c.err)
	return !code.Silent()
}

// Abort ends the connection for a reason of the host, such as its time limit.
func (c *Conn) Abort(err error, now time.Time) {
	c.tick(now)
	c.fail(err)
}

// Record gives the story of the handshake: always of one that failed, and of
// one that is complete if the settings ask for it.
func (c *Conn) Record() *trace.Record {
	if c.record != nil {
		c.record.Fill()
	}
	return c.record
}

// Kept is Record before its Fill, for a host that may never look inside.
func (c *Conn) Kept() *trace.Record { return c.record }

func (c *Conn) newRecord(err error) *trace.Record {
	core := c.core
	r := &trace.Record{
		Side:        c.side,
		Started:     c.started,
		Duration:    core.Now.Sub(c.started),
		ServerName:  core.Done.ServerName,
		Version:     core.Done.Version,
		Suite:       core.Done.Suite,
		Group:       core.Done.Group,
		Scheme:      core.Done.Scheme,
		ALPN:        core.Done.ALPN,
		Resumed:     core.Done.Resumed,
		Retried:     core.Done.Retried,
		After:       c.authenticating(),
		ClientHello: clone(core.FirstHello, core.Hello),
		ServerHello: clone(core.ServerHello),
		Failure:     c.failure(err),
	}
	if err != nil {
		c.explainable(r)
	}
	if l := core.Done.Legacy; l != nil {
		r.Prime = int(l.Prime)
	}
	if e := core.Done.Early; e != nil {
		r.EarlyData, r.EarlyWhy = true, e.Why
	}
	if e := core.Done.ECH; e != nil {
		r.ECH, r.OuterName = e.Status, e.PublicName
	}
	r.Keep(core.Log, stateName)
	return r
}

// explainable keeps what it takes to try a handshake that failed again with
// something changed.
func (c *Conn) explainable(r *trace.Record) {
	core := c.core
	candidates := core.Answer.Candidates
	if one := core.Answer.Credential; one != nil && len(candidates) == 0 {
		candidates = []*sign.Credential{one}
	}
	r.Settings = negotiate.Settings(core.Config.Policy, core.Config.Protocols, candidates)
	if own := core.Done.Local; own != nil {
		r.Chains[c.side-1] = own.Chain
	}
	if peer := core.Done.Peer; peer != nil {
		r.Chains[c.side.Other()-1] = peer.Chain
	}
}

// clone copies the first slice that is not empty.
func clone(of ...[]byte) []byte {
	for _, b := range of {
		if len(b) > 0 {
			return append([]byte(nil), b...)
		}
	}
	return nil
}

// failure tells how the handshake ended, nil if it is complete.
func (c *Conn) failure(err error) *trace.Failure {
	if err == nil {
		return nil
	}
	code, _ := fault.Of(err)
	alert := alertFor(c.Established().Version, fault.AlertOf(err))
	f := &trace.Failure{Code: code, By: trace.ByUs, State: c.State(), Alert: alert, HasAlert: !code.Silent()}
	if detail, ok := errors.AsType[*fault.Error](err); ok {
		f.Detail = detail.Detail
	} else if !errors.Is(err, code) || err.Error() != code.Error() {
		f.Detail = strings.TrimPrefix(err.Error(), code.Sentence()+": ") // the sentence goes before it anyway
	}
	switch code {
	case fault.PeerAlert, fault.HelloRefused, fault.ClosedInHandshake, fault.NoBytes, fault.Truncated, fault.TruncatedData:
		f.By = trace.ByPeer
	case fault.Reset, fault.HandshakeTime:
		f.By = trace.ByNetwork
	}
	if received, ok := errors.AsType[PeerAlert](err); ok {
		f.Alert, f.HasAlert = iana.Alert(received), true
	}
	return f
}
