package client13

import (
	"bytes"
	"crypto/hmac"

	"github.com/handsel-tls/handsel/internal/protocol/extension"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/negotiate"
	"github.com/handsel-tls/handsel/internal/protocol/record"
	"github.com/handsel-tls/handsel/internal/protocol/schedule"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// onEncryptedExtensions is WAIT_EE. RFC 9846, section 4.4.1.
func (c *Client) onEncryptedExtensions(m msg) (state, error) {
	ee, err := wire.ParseEncryptedExtensions(m.Body)
	if err != nil {
		return 0, err
	}
	answered, err := extension.Check(extension.EncryptedExtensions, ee.Extensions, c.Asked)
	if err != nil {
		return 0, err
	}
	if c.Done.ALPN, err = handshake.ReadProtocol(ee.Extensions, c.Config.Protocols); err != nil {
		return 0, err
	}
	if err := c.onRetryConfigs(ee.Extensions); err != nil {
		return 0, err
	}
	limits, err := negotiate.ClientLimits(ee.Extensions, c.Config.RecordSizeLimit, c.Config.MaxFragment, iana.TLS13)
	if err != nil {
		return 0, err
	}
	if err := c.settleEarly(answered); err != nil {
		return 0, err
	}
	if c.Done.ReadLimit, c.Done.WriteLimit = limits.Read, limits.Write; limits.Write > 0 {
		c.Out.Limits()
	}
	if err := c.ReadTypes(ee.Extensions); err != nil {
		return 0, err
	}
	c.Transcript.Write(m.Raw)
	if c.Done.Resumed {
		c.Done.Resume(c.Config.Session.State)
		return c.Reverified(waitResumptionVerdict, c.resumed)
	}
	if c.Done.PSK != nil {
		return waitFinished, nil
	}
	return waitCertificateOrRequest, nil
}

func (c *Client) resumed() (state, error) { return waitFinished, nil }

// onResumptionVerdict takes the host's word on the chain that the server showed
// when the session was made.
func (c *Client) onResumptionVerdict(msg) (state, error) {
	return waitFinished, handshake.Verdicted(c.Answer.Err)
}

// onCertificateRequest is WAIT_CERT_CR. RFC 9846, section 4.4.2.
func (c *Client) onCertificateRequest(m msg) (state, error) {
	return waitCertificate, c.readRequest(m, false)
}

// readRequest reads what certificate the server wants, and its context, which is
// for requests after the handshake only.
func (c *Client) readRequest(m msg, after bool) error {
	r, err := wire.ParseCertificateRequest13(m.Body)
	if err != nil {
		return err
	}
	if c.asked, err = extension.Check(extension.CertificateRequest, r.Extensions, 0); err != nil {
		return err
	}
	if len(r.Context) != 0 && !after {
		return fault.RequestContextWrong
	}
	c.Context = bytes.Clone(r.Context)
	body, ok := r.Extensions.Get(iana.ExtSignatureAlgorithms)
	if !ok {
		return fault.RequestSchemesMissing
	}
	schemes, err := wire.ParseSignatureAlgorithms(body)
	if err != nil {
		return err
	}
	c.request = &handshake.CertificateRequest{Version: iana.TLS13, Form: c.Done.OwnType, Schemes: schemes.Values()}
	if body, ok := r.Extensions.Get(iana.ExtSignatureAlgorithmsCert); ok {
		certs, err := wire.ParseSignatureAlgorithms(body)
		if err != nil {
			return err
		}
		c.request.SchemesCert = certs.Values()
	}
	if body, ok := r.Extensions.Get(iana.ExtCertificateAuthorities); ok {
		names, err := wire.ParseCertificateAuthorities(body)
		if err != nil {
			return err
		}
		for _, n := range names {
			c.request.Authorities = append(c.request.Authorities, bytes.Clone(n))
		}
	}
	if body, ok := r.Extensions.Get(iana.ExtDelegatedCredential); ok {
		if c.delegates, err = wire.ParseDelegatedCredentialClient(bytes.Clone(body)); err != nil {
			return err
		}
	}
	if body, ok := r.Extensions.Get(iana.ExtCompressCertificate); ok {
		if c.compressions, err = negotiate.ReadCompressions(bytes.Clone(body)); err != nil {
			return err
		}
	}
	c.Transcript.Write(m.Raw)
	return nil
}

// onCertificate is WAIT_CERT: the server shows who it is. RFC 9846, section
// 4.5.1.
func (c *Client) onCertificate(m msg) (state, error) { return c.takeCertificate(m.Body, m.Raw) }

// onCompressedCertificate is WAIT_CERT as well. RFC 8879, section 4.
func (c *Client) onCompressedCertificate(m msg) (state, error) {
	body, err := c.Decompress(m)
	if err != nil {
		return 0, err
	}
	return c.takeCertificate(body, m.Raw)
}

// takeCertificate goes on with the body of a Certificate; raw is the message as
// it came.
func (c *Client) takeCertificate(body, raw []byte) (state, error) {
	shown, err := wire.ParseCertificate13(body)
	if err != nil {
		return 0, err
	}
	if len(shown.Context) != 0 {
		return 0, fault.RequestContextWrong
	}
	if err := c.AcceptsPeerType(); err != nil {
		return 0, err
	}
	peer, err := handshake.ReadPeer13(&shown, c.Asked, c.Done.PeerType)
	if err != nil {
		return 0, err
	}
	if peer == nil {
		return 0, fault.CertificateListEmpty
	}
	if err := c.AcceptsKey(peer.Key); err != nil {
		return 0, err
	}
	if err := c.CheckDelegation(peer, true); err != nil {
		return 0, err
	}
	c.Transcript.Write(raw)
	c.Done.Peer = peer
	c.Pose(handshake.Ask{Question: handshake.Verdict, Peer: peer})
	return waitVerdict, nil
}

// onVerdict takes the host's word on the server's chain.
func (c *Client) onVerdict(msg) (state, error) {
	return waitCertificateVerify, handshake.Verdicted(c.Answer.Err)
}

// onCertificateVerify is WAIT_CV: the server proves that it has the key. RFC
// 9846, section 4.5.2.
func (c *Client) onCertificateVerify(m msg) (state, error) {
	v, err := wire.ParseCertificateVerify(m.Body)
	if err != nil {
		return 0, err
	}
	key, err := c.SigningKey(c.Done.Peer, v.Scheme)
	if err != nil {
		return 0, err
	}
	if sign.ClientOnly(v.Scheme) {
		return 0, fault.With(fault.SchemeNotOffered, "%v", v.Scheme)
	}
	if err := c.Done.Peer.MaySign(); err != nil {
		return 0, err
	}
	var hash [48]byte
	content := sign.AppendContent13(nil, true, c.Transcript.Sum(hash[:0]))
	if err := sign.Verify(v.Scheme, iana.TLS13, key, content, v.Signature); err != nil {
		return 0, err
	}
	c.Done.Scheme, c.Done.PeerScheme = v.Scheme, v.Scheme
	c.Transcript.Write(m.Raw)
	return waitFinished, nil
}

// onFinished is WAIT_FINISHED: the server shows that it saw the handshake we
// saw. RFC 9846, section 4.5.3.
func (c *Client) onFinished(m msg) (state, error) {
	var hash, mac [48]byte
	if !hmac.Equal(m.Body, c.serverHS.FinishedMAC(mac[:0], c.Transcript.Sum(hash[:0]))) {
		return 0, fault.FinishedWrong
	}
	c.Transcript.Write(m.Raw)
	c.Transcript.Sum(c.app[:0])
	return c.Approve(waitApproval, c.answer)
}

func (c *Client) onApproval(msg) (state, error) {
	return c.IfYes(c.answer)
}

// answer shows a certificate if the server wants one, and ends the handshake.
func (c *Client) answer() (state, error) {
	if c.request != nil && c.ECHRejected() { // RFC 9849, section 6.1.7
		c.Answer = handshake.Answer{}
		return c.onCredential(msg{})
	}
	if c.request != nil {
		c.Pose(handshake.Ask{Question: handshake.Credential, Request: c.request})
		return waitCredential, nil
	}
	return c.finish()
}

// onCredential shows the client's certificate, or that it has none. RFC 9846,
// section 4.5.1.
func (c *Client) onCredential(msg) (state, error) {
	if err := c.showCertificate(); err != nil {
		return 0, err
	}
	if c.cred == nil {
		return c.finish()
	}
	return waitSignature, nil
}

// showCertificate sends the certificate that was answered, or an empty list, and
// asks for the signature that has to follow a certificate.
func (c *Client) showCertificate() (err error) {
	if c.cred, err = c.ChooseCredential(c.suits, c.fits); err != nil {
		return err
	}
	if c.cred == nil {
		c.Send(iana.MsgCertificate, wire.AppendCertificate13(c.Out.Message(), c.Context, []byte{0, 0, 0}))
		return nil
	}
	c.Done.Local = c.cred
	c.SendCertificate13(c.cred, c.compressions, c.asked.Has(iana.ExtStatusRequest), c.asked.Has(iana.ExtSCT))
	var hash [48]byte
	content := sign.AppendContent13(nil, false, c.Transcript.Sum(hash[:0]))
	c.Pose(handshake.Ask{Question: handshake.Signature, Credential: c.cred, Scheme: c.scheme, Content: content})
	return nil
}

// suits refuses a credential that the server may not be able to verify.
func (c *Client) suits(cred *sign.Credential) error {
	return negotiate.CertificateSignatures(wire.NewList(c.request.Schemes), wire.NewList(c.request.SchemesCert), cred)
}

// fits refuses a credential that the server does not want or cannot verify, or
// chooses how to sign with it.
func (c *Client) fits(cred *sign.Credential) (err error) {
	if err := negotiate.ClientCredential(cred, c.Done.OwnType, c.request.Authorities); err != nil {
		return err
	}
	c.scheme, err = negotiate.Scheme13(negotiate.Schemes(c.request.Schemes), c.delegates, cred, c.Now, c.Config.Policy, c.Log)
	return err
}

// onSignature proves that the client has the key. RFC 9846, section 4.5.2.
func (c *Client) onSignature(msg) (state, error) {
	c.sendSignature()
	return c.finish()
}

func (c *Client) sendSignature() {
	verify := wire.CertificateVerify{Scheme: c.scheme, Signature: c.Answer.Bytes}
	c.Send(iana.MsgCertificateVerify, verify.Append(c.Out.Message()))
}

// sendFinished ends what was sent, with a MAC whose base key is the secret. RFC
// 9846, section 4.5.3.
func (c *Client) sendFinished(base *schedule.Secret) {
	var hash, mac [48]byte
	finished := wire.Finished{VerifyData: base.FinishedMAC(mac[:0], c.Transcript.Sum(hash[:0]))}
	c.Send(iana.MsgFinished, finished.Append(c.Out.Message()))
}

// finish ends the handshake with the client's Finished.
func (c *Client) finish() (state, error) {
	c.endEarly()
	c.sendFinished(&c.clientHS)
	if err := c.KeepTranscript(c.Asked.Has(iana.ExtPostHandshakeAuth)); err != nil {
		return 0, err
	}
	var hash [48]byte
	th := c.app[:c.suite.Hash.Size()]
	c.Done.ReadTraffic, c.Done.WriteTraffic = c.master.ServerTraffic(th), c.master.ClientTraffic(th)
	c.Done.Exporter = c.master.Exporter(th)
	c.Done.Resumption = c.master.Resumption(c.Transcript.Sum(hash[:0]))
	c.Done.EMS = true
	c.KeyLog("CLIENT_TRAFFIC_SECRET_0", c.Done.WriteTraffic.Bytes())
	c.KeyLog("SERVER_TRAFFIC_SECRET_0", c.Done.ReadTraffic.Bytes())
	c.KeyLog("EXPORTER_SECRET", c.Done.Exporter.Bytes())
	c.Out.WriteKeys(record.Keys13(c.suite.ID, c.Done.WriteTraffic))
	c.Out.ReadKeys(record.Keys13(c.suite.ID, c.Done.ReadTraffic))
	c.Complete()
	return connected, nil
}
