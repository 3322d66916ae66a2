package client13

import (
	"github.com/handsel-tls/handsel/internal/protocol/extension"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/record"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// writeHandshake changes to the keys of the handshake.
func (c *Client) writeHandshake() { c.Out.WriteKeys(record.Keys13(c.suite.ID, c.clientHS)) }

// retried ends early data because of a HelloRetryRequest: the second ClientHello
// is sent in the clear.
func (c *Client) retried() {
	if c.Done.Early.Flows() {
		c.RejectEarly(trace.Retried)
		c.Out.WriteKeys(record.Keys{})
	}
}

// settleEarly takes the server's word on the early data that was offered. RFC
// 9846, section 4.3.10.
func (c *Client) settleEarly(answered extension.Set) error {
	accepts := answered.Has(iana.ExtEarlyData)
	switch e := c.Done.Early; {
	case accepts && !c.Done.Resumed:
		return fault.EarlyDataUnexpected
	case !e.Flows():
	case !accepts:
		c.RejectEarly(trace.Declined)
		c.writeHandshake()
	case c.Config.Session.State.Suite != c.suite.ID:
		return fault.With(fault.EarlyDataSuite, "%v", c.suite.ID)
	case c.Config.Session.State.ALPN != c.Done.ALPN:
		return fault.With(fault.EarlyDataProtocol, "%q", c.Done.ALPN)
	default:
		c.Log.Chose(trace.EarlyData, 0)
		e.State = handshake.EarlyAccepted
	}
	return nil
}

// endEarly says that all early data was sent, if some was accepted. RFC 9846,
// section 4.6.
func (c *Client) endEarly() {
	if e := c.Done.Early; e.Flows() {
		c.Send(iana.MsgEndOfEarlyData, wire.AppendEmpty(c.Out.Message(), iana.MsgEndOfEarlyData))
		e.State = handshake.EarlyEnded
		c.writeHandshake()
	}
}
