package engine

import (
	"bytes"

	"github.com/handsel-tls/handsel/internal/protocol/client13"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/server13"
	"github.com/handsel-tls/handsel/internal/protocol/suite"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// contextLen is the length of a certificate_request_context in bytes: whoever
// has the client's key for a moment cannot sign for later.
const contextLen = 32

// CanRequestCertificate reports whether RequestCertificate can be called: both
// sides want to be able to, and HTTP/2, which forbids it (RFC 8740), is not
// spoken.
func (c *Conn) CanRequestCertificate() bool {
	return c.complete && c.established.Transcript != nil && !forbidsPost(c.established.ALPN)
}

func forbidsPost(protocol string) bool { return protocol == "h2" }

// RequestCertificate has a server of TLS 1.3 ask for the client's certificate
// under the settings, with the writing side. The client answers when it likes, be
// it with nothing: then Requested is not true any more, and Renegotiations counts
// on. One request can be open at a time. RFC 9846, section 4.7.2.
func (c *Conn) RequestCertificate(settings *handshake.Config) error {
	if c.side != trace.Server || !c.CanRequestCertificate() || c.closeSent {
		return fault.With(fault.Internal, "no certificate can be asked for")
	}
	core := handshake.NewCore(settings)
	defer core.Free()
	core.Context = make([]byte, contextLen)
	if err := core.Random(core.Context); err != nil {
		return err
	}
	core.Done.ServerRandom = c.established.ServerRandom
	message := bytes.Clone(server13.RequestCertificate(core))
	if !c.again.request.CompareAndSwap(nil, &request{settings, core.Context, message, core.Asked}) {
		return fault.With(fault.Internal, "a certificate was asked for already")
	}
	c.again.asked.Store(true)
	c.observe(true, iana.ContentHandshake, message)
	c.seal(iana.ContentHandshake, message)
	return nil
}

// onCertificateRequest takes a server's wish to see the client's certificate. A
// client that did not say it may come refuses it.
func (c *Conn) onCertificateRequest(m handshake.Message) error {
	switch {
	case c.established.Transcript == nil:
		return fault.With(fault.UnexpectedMessage, "%v without post_handshake_auth", m.Type)
	case forbidsPost(c.established.ALPN):
		return fault.With(fault.UnexpectedMessage, "%v in HTTP/2 (RFC 8740)", m.Type)
	case c.tooOften():
		return fault.With(fault.UnexpectedMessage, "more than %d of %v", c.again.count, m.Type)
	}
	c.again.waiting, c.again.message = true, bytes.Clone(m.Raw)
	return nil
}

// onCertificate takes the client's answer to a CertificateRequest.
func (c *Conn) onCertificate(m handshake.Message) {
	c.again.waiting, c.again.message = true, bytes.Clone(m.Raw)
}

// beginPost begins with the message that has come: the CertificateRequest, or the
// answer to it.
func (c *Conn) beginPost(received []byte) error {
	c.again.waiting, c.again.message = false, nil
	if c.closeSent && c.side == trace.Client {
		c.messages() // it cannot be answered any more
		return c.err
	}
	asked := c.again.request.Swap(nil)
	c.again.asked.Store(false)
	settings := c.config
	if c.side == trace.Server {
		settings = asked.settings
	}
	core := handshake.NewCore(settings)
	c.core = core
	core.Now, core.Done = c.lastInput, c.established
	t := iana.HandshakeType(received[0])
	core.Log.Received(t)
	if c.side == trace.Server {
		core.Context, core.Asked = asked.context, asked.asked
		c.machine = server13.NewPost(core)
	} else {
		c.machine = client13.NewPost(core)
	}
	params, _ := suite.Of(core.Done.Suite)
	if err := core.Transcript.Restore(params.Hash, core.Done.Transcript); err != nil {
		c.fail(fault.With(fault.Internal, "the transcript: %w", err))
		return c.err
	}
	if c.side == trace.Server {
		core.Transcript.Write(asked.message)
	}
	c.step(handshake.Trigger(t), handshake.Message{Type: t, Body: received[4:], Raw: received})
	c.messages()
	return c.err
}

// authenticating reports whether an authentication after the handshake is under
// way, whose messages follow each other: RFC 9846, section 4.7.2.
func (c *Conn) authenticating() bool {
	return c.complete && c.core != nil && c.established.Version == iana.TLS13
}
