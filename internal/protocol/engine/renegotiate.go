package engine

import (
	"bytes"
	"sync/atomic"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/extension"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/hello"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// renegotiation is another handshake on a connection of TLS 1.2 or below (RFC
// 5246, section 7.4.1, and RFC 5746), or what TLS 1.3 has left of that: the
// authentication of a client (RFC 9846, section 4.7.2). It is done with the
// reading and the writing side in one hand, as the first one was; so what the
// reading side receives waits until Reply, which needs both.
type renegotiation struct {
	// A server that asks for it does so with the writing side alone.
	request atomic.Pointer[request] // with what; nil: with the settings of before
	asked   atomic.Bool             // a HelloRequest or CertificateRequest was sent

	waiting bool   // the peer has asked for it, and Reply has to begin
	message []byte // with which it has, unless that is a HelloRequest
	count   int    // of those that were completed
}

// A request is for another handshake, or in TLS 1.3 the CertificateRequest that a
// server has sent after the handshake. It does not change.
type request struct {
	settings *handshake.Config
	context  []byte
	message  []byte
	asked    extension.Set
}

// Renegotiating reports whether another handshake is under way. Until it is
// over, one goroutine has both sides of the connection.
func (c *Conn) Renegotiating() bool { return c.complete && c.core != nil }

// Waiting reports whether the peer has asked for another handshake, or shows its
// certificate after one, so that the next Reply begins with it. It belongs to the
// reading side.
func (c *Conn) Waiting() bool { return c.again.waiting }

// Renegotiations gives how many handshakes were completed after the first.
func (c *Conn) Renegotiations() int { return c.again.count }

// Renegotiate asks for another handshake under the settings, nil for those of
// before: a client begins it, with both sides of the connection; a server sends a
// HelloRequest, with the writing side. Whether the peer agrees shows later:
// Renegotiations counts on, or it answers with a warning, and neither
// Renegotiating nor Requested is true any more.
func (c *Conn) Renegotiate(settings *handshake.Config) error {
	switch {
	case !c.complete || c.closeSent:
		return fault.With(fault.Internal, "the connection is not open")
	case c.established.Version >= iana.TLS13:
		return fault.With(fault.Internal, "%v has no renegotiation", c.established.Version)
	case !c.established.Secure:
		return fault.RenegotiationUnsafe
	}
	c.again.request.Store(&request{settings: settings})
	if c.side == trace.Client {
		return c.beginAgain(nil)
	}
	c.again.asked.Store(true)
	c.seal(iana.ContentHandshake, []byte{byte(iana.MsgHelloRequest), 0, 0, 0})
	return nil
}

// Requested reports whether a server waits for the ClientHello that it has asked
// for.
func (c *Conn) Requested() bool { return c.again.asked.Load() }

// onRenegotiation takes the peer's wish to renegotiate, or refuses it with a
// warning.
func (c *Conn) onRenegotiation(m handshake.Message) error {
	switch {
	case m.Type == iana.MsgHelloRequest && len(m.Body) > 0:
		return fault.HelloRequestForm
	case c.config.Renegotiation == handshake.RenegotiateIgnored:
		if c.count.helloRequests++; c.count.helloRequests > maxHelloRequests {
			return fault.NoRenegotiation
		}
		return nil
	case c.config.Renegotiation == handshake.RenegotiateFatal:
		return fault.NoRenegotiation
	case !c.mayRenegotiate():
		return c.refuseRenegotiation()
	}
	c.again.waiting = true
	if m.Type == iana.MsgClientHello {
		c.again.message = bytes.Clone(m.Raw)
	}
	return nil
}

// mayRenegotiate reports whether the peer's wish is granted: one that this side
// has asked for, or one that the settings allow. A peer without RFC 5746 gets
// none.
func (c *Conn) mayRenegotiate() bool {
	if !c.established.Secure {
		return false
	}
	switch c.config.Renegotiation {
	case handshake.RenegotiateFreely:
		return c.again.asked.Load() || !c.tooOften()
	case handshake.RenegotiateOnce:
		return c.again.asked.Load() || c.again.count == 0
	}
	return c.again.asked.Load()
}

// tooOften reports whether there were too many handshakes for the time that the
// connection lasts.
func (c *Conn) tooOften() bool {
	return c.again.count >= maxAgain+int(c.lastInput.Sub(c.started)/time.Second)
}

// maxAgain is how many handshakes a peer may ask for at once; after these it may
// ask for one a second. Each costs this side more than the peer (CVE-2011-1473).
const maxAgain = 16

// beginAgain begins the handshake: with the ClientHello that was received, or by
// sending one.
func (c *Conn) beginAgain(received []byte) error {
	if c.established.Version == iana.TLS13 {
		return c.beginPost(received)
	}
	if c.closeSent {
		c.end(fault.NoRenegotiation) // it could not be answered
		return c.err
	}
	c.core = handshake.NewCore(c.configAgain())
	c.core.Now, c.core.Before = c.lastInput, &c.established
	c.again.waiting, c.again.message = false, nil
	c.again.asked.Store(false)
	if c.side == trace.Client {
		c.machine = hello.NewClient(c.core)
		c.step(handshake.Begin, handshake.Message{})
		return c.err
	}
	c.machine = hello.NewServer(c.core)
	c.core.Log.Received(iana.MsgClientHello)
	c.step(handshake.Trigger(iana.MsgClientHello), handshake.Message{Type: iana.MsgClientHello, Body: received[4:], Raw: received})
	c.messages()
	return c.err
}

// configAgain gives the settings of a renegotiation: the version stays, as does
// the application protocol; no session is resumed and none is kept.
func (c *Conn) configAgain() *handshake.Config {
	config := *c.config
	config.ServerName = c.established.ServerName
	if r := c.again.request.Swap(nil); r != nil && r.settings != nil {
		config = *r.settings
	}
	p := *config.Policy
	p.Versions = []iana.Version{c.established.Version}
	config.Policy, config.Protocols, config.AskSettings = &p, nil, false
	config.Session, config.ClientTickets, config.Tickets, config.SessionIDs = nil, false, nil, false
	config.ECH, config.AskECHKeys, config.ECHConfigs, config.ECHGrease = nil, false, nil, false
	return &config
}

// awaitsFinished reports whether, in a renegotiation, the peer has changed its
// keys and not yet proved with its Finished that they were agreed on with this
// side: nothing that comes under them is to be believed before. RFC 5246, section
// 7.4.9.
func (c *Conn) awaitsFinished() bool {
	w, ok := c.machine.(waiter)
	return ok && c.Renegotiating() && w.Awaits(handshake.Trigger(iana.MsgFinished))
}

// endAgain ends a renegotiation that the peer has refused: the connection goes
// on as it was. A peer that has begun with its part cannot refuse any more.
func (c *Conn) endAgain() {
	c.again.asked.Store(false)
	if !c.waitsForServerHello() {
		return
	}
	c.abandon()
}
