package legacy

import (
	"bytes"
	"slices"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/negotiate"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// onServerHelloDone asks whether the server's chain is to be trusted, before
// anything is sent to it. RFC 5246, section 7.4.5.
func (c *Client) onServerHelloDone(m msg) (state, error) {
	if err := wire.ParseEmpty("ServerHelloDone", m.Body); err != nil {
		return 0, err
	}
	if c.method.signs && c.exchange == nil {
		return 0, fault.With(fault.UnexpectedMessage, "%v without a ServerKeyExchange", m.Type)
	}
	c.Transcript.Write(m.Raw)
	if c.method.shared {
		return c.Approve(cWaitServerApproval, c.answer)
	}
	c.Pose(handshake.Ask{Question: handshake.Verdict, Peer: c.Done.Peer})
	return cWaitVerdict, nil
}

func (c *Client) onVerdict(msg) (state, error) {
	if err := handshake.Verdicted(c.Answer.Err); err != nil {
		return 0, err
	}
	return c.Approve(cWaitServerApproval, c.answer)
}

// onServerApproval takes the host's word on the connection: before the client
// shows who it is, and before the server takes the handshake for complete.
func (c *Client) onServerApproval(msg) (state, error) {
	return c.IfYes(c.answer)
}

// answer shows a certificate if the server wants one, and the key exchange.
func (c *Client) answer() (state, error) {
	if c.request != nil && c.ECHRejected() { // RFC 9849, section 6.1.7
		c.Answer = handshake.Answer{}
		return c.onCredential(msg{})
	}
	if c.request != nil {
		c.Pose(handshake.Ask{Question: handshake.Credential, Request: c.request})
		return cWaitCredential, nil
	}
	return c.sendExchange()
}

// onCredential shows the client's certificate, or that it has none. RFC 5246,
// section 7.4.6.
func (c *Client) onCredential(msg) (state, error) {
	var err error
	if c.cred, err = c.ChooseCredential(nil, c.fits); err != nil {
		return 0, err
	}
	if c.cred == nil && c.dialect.alerts { // RFC 6101, section 5.6.6
		c.Out.NoCertificate()
		return c.sendExchange()
	}
	list := []byte{0, 0, 0}
	if c.cred != nil {
		c.Done.Local = c.cred
		list = c.cred.List12()
	}
	c.Send(iana.MsgCertificate, wire.AppendCertificate12(c.Out.Message(), list))
	return c.sendExchange()
}

// fits refuses a credential that the server does not want or cannot verify, or
// chooses how to sign with it.
func (c *Client) fits(cred *sign.Credential) (err error) {
	if cred.Delegated != nil || !asksFor(c.request.Types, cred.Kind()) { // RFC 9345: TLS 1.3 only
		return fault.With(fault.CertificateTypeUnasked, "%v", cred.Kind())
	}
	if err := negotiate.ClientCredential(cred, c.Done.OwnType, c.request.Authorities); err != nil {
		return err
	}
	c.scheme, err = c.chooseScheme(negotiate.Schemes(c.request.Schemes), cred)
	return err
}

// asksFor reports whether keys of the kind are of a type that a server asks for.
// RFC 5246, section 7.4.4; RFC 8422, section 5.5.
func asksFor(types []iana.ClientCertificateType, k sign.Kind) bool {
	switch k {
	case sign.RSA, sign.RSAPSS:
		return slices.Contains(types, iana.CertRSASign)
	case sign.ECDSA, sign.Ed25519:
		return slices.Contains(types, iana.CertECDSASign)
	case sign.DSA:
		return slices.Contains(types, iana.CertDSSSign)
	}
	return false
}

// sendExchange sends the ClientKeyExchange, and derives the keys. RFC 5246,
// section 7.4.7.
func (c *Client) sendExchange() (state, error) {
	if !c.method.signs { // else the answer was made when the server's part was there
		if err := c.method.answer(c); err != nil {
			return 0, err
		}
	}
	c.Send(iana.MsgClientKeyExchange, wire.AppendClientKeyExchange(c.Out.Message(), c.exchangeLength(), c.exchange))
	c.deriveMaster(c.premaster)
	if c.cred == nil {
		c.Transcript.Drop()
		return c.finish(), nil
	}
	content := bytes.Clone(c.dialect.proof(&c.common))
	c.Transcript.Drop()
	c.Pose(handshake.Ask{Question: handshake.Signature, Credential: c.cred, Scheme: c.scheme | c.dialect.proofScheme, Content: content})
	return cWaitSignature, nil
}

// onSignature proves that the client has the key. RFC 5246, section 7.4.8.
func (c *Client) onSignature(msg) (state, error) {
	verify := wire.CertificateVerify{Scheme: c.scheme, Signature: c.Answer.Bytes}
	c.Send(iana.MsgCertificateVerify, verify.Append(c.Out.Message()))
	return c.finish(), nil
}

func (c *Client) finish() state {
	c.sendFinished(false)
	c.Done.FalseStart = c.mayStart()
	return c.waitEnd()
}

// mayStart reports whether data may be sent before the server has proved that
// both saw the same handshake. Whoever altered that has then chosen what protects
// the data, so that it has to be good in any case: signed keys with forward
// secrecy, and an AEAD. RFC 7918, section 4.
func (c *Client) mayStart() bool {
	if c.Config.FalseStart == handshake.NoFalseStart || c.Config.FalseStart == handshake.FalseStartALPN && c.Done.ALPN == "" {
		return false
	}
	return c.Before == nil && c.method.signs && c.suite.AEAD() && !c.ECHRejected()
}

// onTicket takes a ticket for later. RFC 5077, section 3.3.
func (c *Client) onTicket(m msg) (state, error) {
	t, err := wire.ParseNewSessionTicket12(m.Body)
	if err != nil {
		return 0, err
	}
	c.Transcript.Write(m.Raw)
	c.Done.Ticket, c.Done.TicketLifetime = bytes.Clone(t.Ticket), t.Lifetime
	return cWaitChangeCipherSpec, nil
}

func (c *Client) onChangeCipherSpec(msg) (state, error) {
	c.Out.ReadKeys(c.server)
	return cWaitFinished, nil
}

// onFinished is WAIT_FINISHED: the server shows that it saw the handshake we
// saw. RFC 5246, section 7.4.9.
func (c *Client) onFinished(m msg) (state, error) {
	want := c.verifyData(true)
	if !c.isVerifyData(m.Body, &want) {
		return 0, fault.FinishedWrong
	}
	c.Done.ServerVerify = want
	c.Transcript.Write(m.Raw)
	if !c.resumed {
		return c.complete() // the host has approved before
	}
	return c.Approve(cWaitApproval, c.complete)
}

func (c *Client) onApproval(msg) (state, error) {
	return c.IfYes(c.complete)
}

// complete ends the handshake. One that resumes a session ends with the
// client's Finished.
func (c *Client) complete() (state, error) {
	if c.resumed {
		c.sendFinished(false)
	}
	c.Complete()
	return cConnected, nil
}
