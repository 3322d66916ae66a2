package client13

import (
	"bytes"
	"slices"

	"github.com/handsel-tls/handsel/internal/protocol/extension"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/hello"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/kex"
	"github.com/handsel-tls/handsel/internal/protocol/psk"
	"github.com/handsel-tls/handsel/internal/protocol/record"
	"github.com/handsel-tls/handsel/internal/protocol/schedule"
	"github.com/handsel-tls/handsel/internal/protocol/suite"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// onFirst is WAIT_SH: the server's answer to the ClientHello is in the core.
func (c *Client) onFirst(msg) (state, error) {
	answer, err := wire.ParseServerHello(c.ServerHello[wire.HeaderLen:])
	if err != nil {
		return 0, err
	}
	if err := c.checkSuite(&answer); err != nil {
		return 0, err
	}
	c.Transcript.Start(c.suite.Hash)
	if err := c.settleECH(&answer); err != nil {
		return 0, err
	}
	c.Transcript.Write(c.Hello)
	if answer.IsRetry() {
		return c.retry(&answer)
	}
	return c.take(&answer)
}

// onServerHello takes the ServerHello that follows a HelloRetryRequest.
func (c *Client) onServerHello(m msg) (state, error) {
	c.ServerHello = append(c.ServerHello[:0], m.Raw...)
	answer, err := wire.ParseServerHello(c.ServerHello[wire.HeaderLen:])
	switch {
	case err != nil:
		return 0, err
	case answer.IsRetry():
		return 0, fault.SecondRetry
	case answer.Version != iana.TLS12:
		return 0, fault.With(fault.LegacyVersionChanged, "%v", answer.Version)
	case answer.CipherSuite != c.suite.ID:
		return 0, fault.With(fault.SuiteChanged, "%v", answer.CipherSuite)
	}
	copy(c.Done.ServerRandom[:], answer.Random)
	body, ok := answer.Extensions.Get(iana.ExtSupportedVersions)
	if v, err := wire.ParseSupportedVersionsServer(body); !ok || err != nil || v != iana.TLS13 {
		return 0, fault.RetryVersionMismatch
	}
	if err := c.checkSuite(&answer); err != nil {
		return 0, err
	}
	if err := c.stillAccepted(); err != nil {
		return 0, err
	}
	return c.take(&answer)
}

// checkSuite refuses what may not stand in any answer. RFC 9846, section 4.2.3.
func (c *Client) checkSuite(answer *wire.ServerHello) error {
	sent, err := wire.ParseClientHello(c.Hello[wire.HeaderLen:])
	if err != nil {
		return err
	}
	params, ok := suite.Of(answer.CipherSuite)
	switch {
	case !bytes.Equal(answer.SessionID, sent.SessionID):
		return fault.SessionIDWrong
	case answer.Compression != iana.CompressionNull:
		return fault.With(fault.DecodeError, "legacy_compression_method of the ServerHello is %d", answer.Compression)
	case !ok || params.MinVersion < iana.TLS13 || !sent.CipherSuites.Has(answer.CipherSuite):
		return fault.With(fault.SuiteNotOffered, "%v", answer.CipherSuite)
	}
	c.suite, c.Done.Suite = params, params.ID
	return nil
}

// retry answers a HelloRetryRequest with a second ClientHello. RFC 9846,
// section 4.2.4.
func (c *Client) retry(answer *wire.ServerHello) (state, error) {
	found, err := extension.Check(extension.HelloRetryRequest, answer.Extensions, c.Asked)
	if err != nil {
		return 0, err
	}
	if !found.Has(iana.ExtKeyShare) && !found.Has(iana.ExtCookie) {
		return 0, fault.EmptyRetry
	}
	body, reshare := answer.Extensions.Get(iana.ExtKeyShare)
	if reshare {
		group, err := wire.ParseKeyShareRetry(body)
		if err != nil {
			return 0, err
		}
		if err := c.shareFor(group); err != nil {
			return 0, err
		}
	}
	var cookie []byte
	if body, ok := answer.Extensions.Get(iana.ExtCookie); ok {
		if cookie, err = wire.ParseCookie(body); err != nil {
			return 0, err
		}
	}
	c.Done.Retried = true
	c.retried()
	c.Transcript.Retry()
	c.Transcript.Write(c.ServerHello)
	c.FirstHello = append(c.FirstHello[:0], c.Hello...)
	c.changeCipherSpec()
	sent, err := c.secondHello(reshare, cookie)
	if err != nil {
		return 0, err
	}
	c.Out.Sent(append(c.Out.Message(), sent...))
	c.Log.Sent(iana.MsgClientHello)
	c.Transcript.Write(c.Hello)
	return waitServerHello, nil
}

// shareFor makes the only key share of the second ClientHello.
func (c *Client) shareFor(group iana.Group) error {
	switch {
	case !c.Config.Policy.AllowsGroup(group):
		return fault.With(fault.GroupNotOffered, "%v", group)
	case slices.ContainsFunc(c.Shares, func(k kex.Key) bool { return k.Group() == group }):
		return fault.With(fault.KeyShareWrong, "one for %v was sent already", group)
	}
	key, err := kex.Generate(group, c.Config.Rand)
	c.Shares = []kex.Key{key}
	return err
}

// secondHello writes the ClientHello again with the cookie, with the new key
// share if one was asked for, and with a binder over what it is now. It gives
// what is to be sent: that, or a ClientHelloOuter with it inside.
func (c *Client) secondHello(reshare bool, cookie []byte) ([]byte, error) {
	if err := c.rewriteHello(reshare, cookie); err != nil {
		return nil, err
	}
	if c.ECHStatus() == trace.ECHAccepted {
		return c.sealSecond()
	}
	c.fillSecondBinder(c.Hello)
	return c.Hello, nil
}

func (c *Client) rewriteHello(reshare bool, cookie []byte) error {
	sent, err := wire.ParseClientHello(c.FirstHello[wire.HeaderLen:])
	if err != nil {
		return err
	}
	b, block := sent.Open(c.Hello[:0])
	start := len(b)
	var buf [1]psk.Key
	keys := c.retriedOffers(buf[:0])
	if s := c.Config.Session; s != nil && s.State.Version == iana.TLS13 && s.State.Hash() != c.suite.Hash {
		c.Log.Refused(trace.Session, 0, trace.WrongHash)
	}
	for t, body := range sent.Extensions.All() {
		switch {
		case t == iana.ExtKeyShare && reshare:
			var shares wire.Block
			b, shares = wire.OpenKeyShareClient(b)
			var share wire.Mark
			b, share = wire.OpenKeyShare(b, c.Shares[0].Group())
			b = shares.Close(share.Close(c.Shares[0].AppendPublic(b)))
		case t == iana.ExtEarlyData: // RFC 9846, section 4.2.2
		case t == iana.ExtPreSharedKey && len(keys) == 0: // or it means nothing (RFC 9849, section 6.1.2)
		case t == iana.ExtPreSharedKey:
			b = appendCookie(b, cookie)
			cookie = nil
			b = hello.AppendPSK(b, keys)
		default:
			b = wire.AppendExtension(b, t, body)
		}
	}
	b = appendCookie(b, cookie)
	c.Asked = extension.Of(b[start:])
	c.Hello = block.Close(b)
	return nil
}

// retriedOffers gives the pre-shared keys that the second ClientHello offers:
// those that go with the server's suite. RFC 9846, section 4.2.2.
func (c *Client) retriedOffers(dst []psk.Key) []psk.Key {
	return slices.DeleteFunc(c.Config.AppendOffers(dst, c.Now), func(k psk.Key) bool { return k.Hash != c.suite.Hash })
}

// fillSecondBinder fills in the binders, if there are any.
func (c *Client) fillSecondBinder(h []byte) {
	if c.Asked.Has(iana.ExtPreSharedKey) {
		var hash [48]byte
		sum := func(truncated []byte) []byte { return c.Transcript.SumWith(hash[:0], truncated) }
		var buf [1]psk.Key
		hello.FillBinders(h, sum, c.retriedOffers(buf[:0]))
	}
}

func appendCookie(b, cookie []byte) []byte {
	if cookie == nil {
		return b
	}
	return wire.AppendCookie(b, cookie)
}

// take goes on with a ServerHello: the keys of the handshake. RFC 9846, section
// 4.2.3.
func (c *Client) take(answer *wire.ServerHello) (state, error) {
	found, err := extension.Check(extension.ServerHello, answer.Extensions, c.Asked)
	if err != nil {
		return 0, err
	}
	if !found.Has(iana.ExtKeyShare) {
		return 0, fault.MissingKeyShare
	}
	if err := c.takePSK(answer.Extensions); err != nil {
		return 0, err
	}
	secret, err := c.shared(answer.Extensions)
	if err != nil {
		return 0, err
	}
	c.Log.Chose(trace.Suite, uint16(c.suite.ID))
	c.Log.Chose(trace.Group, uint16(c.Done.Group))
	c.Transcript.Write(c.ServerHello)
	c.handshakeKeys(secret)
	return waitEncryptedExtensions, nil
}

// takePSK sees which of the pre-shared keys that were offered the server goes on
// with, if any. RFC 9846, section 4.3.11.
func (c *Client) takePSK(exts wire.Extensions) error {
	c.early = schedule.NewEarly(c.suite.Hash, nil)
	body, ok := exts.Get(iana.ExtPreSharedKey)
	switch {
	case !ok && c.Config.RequirePSK:
		return fault.PSKMissing
	case !ok:
		return nil
	case c.ECHRejected():
		return fault.ECHResumed
	}
	selected, err := wire.ParsePreSharedKeyServer(body)
	if err != nil {
		return err
	}
	var buf [1]psk.Key
	keys := c.Config.AppendOffers(buf[:0], c.Now)
	if c.Done.Retried {
		keys = c.retriedOffers(buf[:0])
	}
	if int(selected) >= len(keys) {
		return fault.With(fault.PSKIdentityWrong, "%d of %d", selected, len(keys))
	}
	k := &keys[selected]
	if k.Hash != c.suite.Hash {
		return fault.PSKHashWrong
	}
	c.early = schedule.NewEarly(c.suite.Hash, k.Secret)
	if k.From != nil {
		c.Done.PSK, c.Done.PSKTag = k.From.Identity, k.From.Tag()
		c.Log.Chose(trace.PSK, selected)
		return nil
	}
	c.Done.Resumed = true
	c.Log.Chose(trace.Session, selected)
	return nil
}

// shared completes the key exchange.
func (c *Client) shared(exts wire.Extensions) ([]byte, error) {
	body, _ := exts.Get(iana.ExtKeyShare)
	group, share, err := wire.ParseKeyShareServer(body)
	if err != nil {
		return nil, err
	}
	for i := range c.Shares {
		if c.Shares[i].Group() == group {
			c.Done.Group = group
			return c.Shares[i].AppendSecret(nil, share)
		}
	}
	return nil, fault.With(fault.KeyShareWrong, "%v", group)
}

// handshakeKeys derives the secrets of the handshake and changes to their keys.
// RFC 9846, section 7.1.
func (c *Client) handshakeKeys(secret []byte) {
	var buf [48]byte
	th := c.Transcript.Sum(buf[:0])
	secrets := c.early.Handshake(secret)
	clear(secret)
	c.clientHS, c.serverHS = secrets.ClientTraffic(th), secrets.ServerTraffic(th)
	c.KeyLog("CLIENT_HANDSHAKE_TRAFFIC_SECRET", c.clientHS.Bytes())
	c.KeyLog("SERVER_HANDSHAKE_TRAFFIC_SECRET", c.serverHS.Bytes())
	c.Out.ReadKeys(record.Keys13(c.suite.ID, c.serverHS))
	c.master = secrets.Master()
	switch {
	case c.Done.Early.Flows() && c.Done.Resumed:
		return // what is sent keeps its keys until the server has said whether it takes it
	case c.Done.Early.Flows():
		c.RejectEarly(trace.NotResumed)
	}
	c.changeCipherSpec()
	c.writeHandshake()
}

// changeCipherSpec is for middleboxes that expect it. RFC 9846, appendix E.4.
func (c *Client) changeCipherSpec() {
	if !c.sentCCS && c.Done.Early == nil { // with early data it comes before that
		c.Out.ChangeCipherSpec()
		c.sentCCS = true
	}
}
