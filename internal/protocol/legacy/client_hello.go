package legacy

import (
	"bytes"
	"crypto"
	"crypto/hmac"
	"slices"

	"github.com/handsel-tls/handsel/internal/protocol/extension"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/negotiate"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/protocol/suite"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// onHello is WAIT_SH: the server's answer is in the core. RFC 5246, section
// 7.4.1.3.
func (c *Client) onHello(msg) (state, error) {
	if err := c.begin(); err != nil {
		return 0, err
	}
	answer, err := wire.ParseServerHello(c.ServerHello[wire.HeaderLen:])
	if err != nil {
		return 0, err
	}
	sent, err := wire.ParseClientHello(c.Hello[wire.HeaderLen:])
	if err != nil {
		return 0, err
	}
	params, ok := suite.Of(answer.CipherSuite)
	switch {
	case answer.Compression != iana.CompressionNull:
		return 0, fault.CompressionChosen
	case !ok, params.MinVersion > c.Done.Version, params.MaxVersion < c.Done.Version, !sent.CipherSuites.Has(answer.CipherSuite):
		return 0, fault.With(fault.SuiteNotOffered, "%v", answer.CipherSuite)
	}
	c.Log.Chose(trace.Suite, uint16(params.ID))
	c.useSuite(params)
	c.Transcript.Write(c.HelloSent())
	c.Transcript.Write(c.ServerHello)
	if err := c.readExtensions(answer.Extensions); err != nil {
		return 0, err
	}
	if len(answer.SessionID) > 0 && bytes.Equal(answer.SessionID, sent.SessionID) {
		return c.resume()
	}
	c.Done.SessionID = bytes.Clone(answer.SessionID)
	switch {
	case c.method.shared && c.method.curves:
		return cWaitServerKeyExchange, nil
	case c.method.shared:
		return cWaitHint, nil
	}
	c.Transcript.Keep(slices.Concat(c.HelloSent(), c.ServerHello))
	return cWaitCertificate, nil
}

// readExtensions takes what the server agrees to.
func (c *Client) readExtensions(exts wire.Extensions) error {
	asked := c.Asked
	if c.dialect.noBlock {
		asked = 0
	}
	asked.Add(iana.ExtRenegotiationInfo)
	found, err := extension.Check(extension.LegacyServerHello, exts, asked)
	if err != nil {
		return err
	}
	c.ems = found.Has(iana.ExtExtendedMasterSecret)
	c.etm = found.Has(iana.ExtEncryptThenMAC)
	c.ticket = found.Has(iana.ExtSessionTicket)
	c.staple = found.Has(iana.ExtStatusRequest)
	if c.etm && !c.suite.CBC() { // RFC 7366, section 3
		return fault.With(fault.ExtensionValue, "%v with %v", iana.ExtEncryptThenMAC, c.suite.ID)
	}
	if err := c.checkRenegotiation(exts); err != nil {
		return err
	}
	if err := c.keepsEtM(); err != nil {
		return err
	}
	if body, ok := exts.Get(iana.ExtECPointFormats); ok {
		formats, err := wire.ParseECPointFormats(body)
		if err != nil {
			return err
		}
		if bytes.IndexByte(formats, byte(iana.PointUncompressed)) < 0 {
			return fault.PointFormatMissing
		}
	}
	if body, ok := exts.Get(iana.ExtSCT); ok {
		scts, err := wire.ParseSCTs(body)
		if err != nil {
			return err
		}
		for _, sct := range scts {
			c.scts = append(c.scts, bytes.Clone(sct))
		}
	}
	limits, err := negotiate.ClientLimits(exts, c.Config.RecordSizeLimit, c.Config.MaxFragment, c.Done.Version)
	if err != nil {
		return err
	}
	if c.Done.ReadLimit, c.Done.WriteLimit = limits.Read, limits.Write; limits.MaxFragment > 0 {
		c.Out.Limits() // from here on; record_size_limit is for protected records
	}
	if err := c.ReadTypes(exts); err != nil {
		return err
	}
	if c.Before != nil {
		c.Done.ALPN = c.Before.ALPN
		return nil
	}
	c.Done.ALPN, err = handshake.ReadProtocol(exts, c.Config.Protocols)
	return err
}

// checkRenegotiation compares renegotiation_info with the handshake before, if
// there was one. RFC 5746, sections 3.4 and 3.5; RFC 7627, section 5.4.
func (c *Client) checkRenegotiation(exts wire.Extensions) error {
	if c.Before != nil && c.Before.EMS != c.ems {
		return fault.RenegotiationEMS
	}
	body, ok := exts.Get(iana.ExtRenegotiationInfo)
	switch {
	case !ok && c.Before != nil:
		return fault.With(fault.RenegotiationMismatch, "%v is missing", iana.ExtRenegotiationInfo)
	case !ok && c.Config.RequireSecure:
		return fault.RenegotiationUnsafe
	case !ok:
		return nil
	}
	verify, err := wire.ParseRenegotiationInfo(body)
	if err != nil {
		return err
	}
	if !hmac.Equal(verify, c.Before.VerifyData(true)) {
		return fault.RenegotiationMismatch
	}
	c.Done.Secure = true
	return nil
}

// samePeer refuses another certificate in a renegotiation, and keeps what was
// said of the first. RFC 7627, section 5.4.
func (c *Client) samePeer(peer *handshake.PeerCertificates) (*handshake.PeerCertificates, error) {
	if c.Before == nil {
		return peer, nil
	}
	before := c.Before.Peer
	if before == nil || !slices.EqualFunc(before.Chain, peer.Chain, bytes.Equal) || !bytes.Equal(before.RawPublicKey, peer.RawPublicKey) {
		return nil, fault.CertificateChanged
	}
	return before, nil
}

// resume goes on with the session that was offered. RFC 5246, section 7.3.
func (c *Client) resume() (state, error) {
	offered := c.Config.Session
	switch {
	case offered != nil && offered.State.Version != c.Done.Version:
		return 0, fault.SessionVersionChanged
	case offered == nil || len(offered.SessionID) == 0 && !c.Config.ClientTickets:
		return 0, fault.With(fault.SessionIDWrong, "it is echoed though no session was offered")
	case offered.State.Suite != c.suite.ID:
		return 0, fault.SessionSuiteChanged
	case offered.State.EMS && !c.ems:
		return 0, fault.EMSMissing
	case !offered.State.EMS && c.ems:
		return 0, fault.EMSUnexpected
	}
	c.Log.Chose(trace.Session, 0)
	c.resumed, c.Done.Group = true, offered.State.Group
	c.Done.Resume(offered.State)
	copy(c.Done.Master[:], offered.State.Secret)
	c.useMaster()
	return c.Reverified(cWaitResumptionVerdict, c.resumption)
}

func (c *Client) resumption() (state, error) { return c.waitEnd(), nil }

// onResumptionVerdict takes the host's word on the chain that the server showed
// when the session was made.
func (c *Client) onResumptionVerdict(msg) (state, error) {
	return c.waitEnd(), handshake.Verdicted(c.Answer.Err)
}

// waitEnd is the state in which the server's Finished is waited for.
func (c *Client) waitEnd() state {
	if c.ticket {
		return cWaitTicket
	}
	return cWaitChangeCipherSpec
}

// onCertificate is WAIT_CERT. RFC 5246, section 7.4.2.
func (c *Client) onCertificate(m msg) (state, error) {
	if err := c.AcceptsPeerType(); err != nil {
		return 0, err
	}
	peer, err := handshake.ReadPeer12(m.Body, c.Done.PeerType)
	switch {
	case err != nil:
		return 0, err
	case peer == nil:
		return 0, fault.With(fault.DecodeError, "the server's certificate_list is empty") // RFC 5246, section 7.4.2
	}
	if err := c.checkKey(peer.Key); err != nil {
		return 0, err
	}
	c.Transcript.Write(m.Raw)
	peer.SCTs = c.scts
	if c.Done.Peer, err = c.samePeer(peer); err != nil {
		return 0, err
	}
	if c.staple {
		return cWaitCertificateStatus, nil
	}
	return c.afterCertificate(), nil
}

// checkKey refuses a key of the server with which nothing can be had in the
// version, or with the suite. RFC 5246, section 7.4.2; RFC 8422, section 5.3.
func (c *Client) checkKey(key crypto.PublicKey) error {
	kind := sign.KindOf(key)
	if err := c.AcceptsKey(key); err != nil {
		return err
	}
	switch {
	case !c.canUse(key):
		return fault.With(fault.CertificateKeyUnsupported, "%v", kind)
	case !negotiate.KeyFits(c.suite, kind):
		return fault.With(fault.CertificateTypeWrong, "a key of the kind %v with %v", kind, c.suite.ID)
	case !negotiate.TakesCurve(key, c.Config.Policy.AllowsGroup):
		return fault.With(fault.CertificateCurveWrong, "%v", sign.Curve(key))
	}
	return nil
}

func (c *Client) afterCertificate() state {
	if c.method.signs {
		return cWaitServerKeyExchange
	}
	return cWaitServerHelloDone
}

// onCertificateStatus takes the stapled response. RFC 6066, section 8.
func (c *Client) onCertificateStatus(m msg) (state, error) {
	status, err := wire.ParseCertificateStatus(m.Body)
	if err != nil {
		return 0, err
	}
	c.Transcript.Write(m.Raw)
	if c.Before == nil {
		c.Done.Peer.OCSPStaple = bytes.Clone(status.Response)
	}
	return c.afterCertificate(), nil
}

// onServerKeyExchange checks the server's parameters and answers them. RFC
// 5246, section 7.4.3.
func (c *Client) onServerKeyExchange(m msg) (state, error) {
	if !c.method.signs && !c.method.shared {
		return 0, fault.With(fault.UnexpectedMessage, "%v with %v", m.Type, c.suite.ID)
	}
	k, err := c.method.read(c, m.Body)
	if err != nil {
		return 0, err
	}
	if c.method.shared {
		c.Transcript.Write(m.Raw)
		return cWaitServerHelloDone, nil
	}
	if err := c.accepts(k.scheme); err != nil {
		return 0, err
	}
	if err := c.Done.Peer.MaySign(); err != nil {
		return 0, err
	}
	if err := sign.Verify(k.scheme, c.Done.Version, c.Done.Peer.Key, c.signedParams(k.params), k.signature); err != nil {
		return 0, err
	}
	c.Done.Scheme, c.Done.PeerScheme = k.scheme, k.scheme
	if err := c.method.answer(c); err != nil {
		return 0, err
	}
	c.share = nil
	c.Transcript.Write(m.Raw)
	return cWaitServerHelloDone, nil
}

// onCertificateRequest notes what the server wants to see. RFC 5246, section
// 7.4.4.
func (c *Client) onCertificateRequest(m msg) (state, error) {
	if c.request != nil || c.method.shared || c.method.signs && c.exchange == nil {
		return 0, fault.With(fault.UnexpectedMessage, "%v", m.Type)
	}
	r, err := wire.ParseCertificateRequest12(m.Body, c.dialect.schemes)
	if err != nil {
		return 0, err
	}
	names, err := wire.ParseNames(bytes.Clone(r.Authorities))
	if err != nil {
		return 0, err
	}
	c.request = &handshake.CertificateRequest{Version: c.Done.Version, Form: c.Done.OwnType, Authorities: names, Schemes: r.Schemes.Values()}
	for _, t := range r.Types {
		c.request.Types = append(c.request.Types, iana.ClientCertificateType(t))
	}
	c.Transcript.Write(m.Raw)
	return cWaitServerHelloDone, nil
}
