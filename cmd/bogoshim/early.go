package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// earlyConfig is what the flags say of early data.
type earlyConfig struct {
	enabled            bool
	accepted, rejected bool // what has to come of it
	notOffered         bool
	reason             string
	ticketAllows       bool
	writeAfter         iana.HandshakeType
	expectSkew         bool
	skew               int // seconds
}

var earlyFlags = flags{
	"enable-early-data":                 yes(func(c *config) *bool { return &c.early.enabled }),
	"expect-accept-early-data":          yes(func(c *config) *bool { return &c.early.accepted }),
	"expect-reject-early-data":          yes(func(c *config) *bool { return &c.early.rejected }),
	"expect-no-offer-early-data":        yes(func(c *config) *bool { return &c.early.notOffered }),
	"expect-early-data-reason":          text(func(c *config) *string { return &c.early.reason }),
	"expect-ticket-supports-early-data": yes(func(c *config) *bool { return &c.early.ticketAllows }),
	"early-write-after-message":         number(func(c *config) *iana.HandshakeType { return &c.early.writeAfter }),
	"expect-ticket-age-skew": {wants: true, set: func(c *config, v string) error {
		c.early.expectSkew = true
		return number(func(c *config) *int { return &c.early.skew }).set(c, v)
	}},
}

// errEarlyRejected has a client make the exchange again.
var errEarlyRejected = errors.New("the early data was rejected")

// maxEarlyData and earlySkew are what the runner expects of a server.
const (
	maxEarlyData = 14336
	earlySkew    = time.Minute
)

func (e *earlyConfig) configure(h *handshake.Config, server bool) {
	h.EarlySkew = earlySkew
	if !e.enabled {
		return
	}
	h.EarlyData = !server
	if server {
		h.MaxEarlyData = maxEarlyData
	}
}

// inEarly reports whether the handshake goes on while data may flow: early data,
// or that of a client that does not wait for the server's Finished.
func (x *conn) inEarly() bool { return x.engine.HalfOpen() || x.sendsEarly() }

// sendsEarly reports whether a client may send early data.
func (x *conn) sendsEarly() bool { return x.engine.EarlyRoom() > 0 && !x.pastEarly }

// established gives what was agreed on: of a client in early data, what the
// session lets it expect.
func (x *conn) established() *handshake.Established {
	if !x.sendsEarly() {
		return x.engine.Established()
	}
	s := x.host.settings.Session.State
	e := &handshake.Established{
		Version: s.Version, Suite: s.Suite, Group: s.Group, ALPN: s.ALPN, EMS: true, ServerName: s.ServerName,
	}
	e.Resume(s)
	if o := x.engine.Established().ECH; o != nil && o.Status == trace.ECHOffered { // early data is for who can decrypt it
		e.ECH = &handshake.ECHOutcome{Status: trace.ECHAccepted, PublicName: o.PublicName}
	}
	return e
}

// rejection tells a client that goes on reading that its early data was
// rejected. The runner wants the EncryptedExtensions to be read before that.
func (x *conn) rejection() error {
	e := x.engine.Established().Early
	if x.config.server || x.pastEarly || !x.started || e == nil || e.State != handshake.EarlyRejected || x.engine.State() == "WAIT_EE" {
		return nil
	}
	return errEarlyRejected
}

// reasons are the runner's names.
var reasons = map[trace.Why]string{
	trace.Disabled: "disabled", trace.NoSession: "no_session_offered", trace.NotResumed: "session_not_resumed",
	trace.NotOfSession: "unsupported_for_session", trace.Retried: "hello_retry_request", trace.NotOffered: "peer_declined",
	trace.Declined: "peer_declined", trace.WrongProtocol: "alpn_mismatch", trace.AgeSkew: "ticket_age_skew",
	trace.WrongVersion: "protocol_version",
}

// reason gives the reason that the record tells.
func (x *conn) reason() string {
	for _, c := range x.engine.Record().Choices {
		switch {
		case c.Topic != trace.EarlyData:
		case c.Made:
			return "accept"
		default:
			return reasons[c.Refused[0].Why]
		}
	}
	if x.engine.Established().Version < iana.TLS13 {
		return "protocol_version"
	}
	return "disabled"
}

// checkEarly compares what became of early data.
func (x *conn) checkEarly(resuming bool) error {
	c := &x.config.early
	if !x.engine.Complete() || x.earlyChecked {
		return nil
	}
	x.earlyChecked = true
	accepted := x.engine.Established().Early.Accepted()
	if c.accepted && !accepted || c.rejected && accepted {
		return fmt.Errorf("early data was accepted: %v", accepted)
	}
	if reason := x.reason(); c.reason != "" && reason != c.reason {
		return fmt.Errorf("what became of early data is %q, not %q", reason, c.reason)
	}
	if c.expectSkew && resuming && x.host.skew != c.skew {
		return fmt.Errorf("the ticket's age differs by %d s, not %d", x.host.skew, c.skew)
	}
	return nil
}

// writeEarly sends as much as there is room for, and gives the rest.
func (x *conn) writeEarly(data []byte) ([]byte, error) {
	n := min(len(data), x.engine.EarlyRoom())
	b, err := x.engine.SealEarly(nil, data[:n])
	if err != nil {
		return nil, err
	}
	_, err = x.socket.Write(b)
	return data[n:], err
}

// waitForMessage goes on until the client has had a message of the server's.
func (x *conn) waitForMessage() error {
	state := map[iana.HandshakeType]string{iana.MsgServerHello: "WAIT_EE", iana.MsgEncryptedExtensions: "WAIT_FINISHED"}[x.config.early.writeAfter]
	return x.pump(func() bool { return x.engine.State() == state })
}
