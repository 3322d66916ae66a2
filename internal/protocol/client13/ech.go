package client13

import (
	"bytes"
	"crypto/subtle"

	"github.com/handsel-tls/handsel/internal/protocol/ech"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// settleECH finds out which of the two hellos the server has taken, by what it
// writes into its first answer, and goes on with that one. RFC 9849, section
// 6.1.4.
func (c *Client) settleECH(answer *wire.ServerHello) error {
	at, retry := handshake.ConfirmationAt, answer.IsRetry()
	if retry {
		if err := checkConfirmation(answer.Extensions); err != nil {
			return err
		}
		at = handshake.RetryConfirmationAt(c.ServerHello, answer.Extensions)
	}
	if c.Hellos == nil {
		return nil
	}
	inner := c.Hellos.Inner.Raw
	c.Transcript.Write(inner)
	if retry {
		c.Transcript.Retry()
	}
	taken := &c.Hellos.Outer
	c.Done.ECH.Status = trace.ECHRejected
	if at != 0 && c.confirms(inner, at, retry) {
		taken = &c.Hellos.Inner
		c.Done.ECH.Status = trace.ECHAccepted
	}
	c.Take(taken)
	c.Transcript.Start(c.suite.Hash)
	return nil
}

// checkConfirmation refuses a HelloRetryRequest whose encrypted_client_hello has
// not the form of one.
func checkConfirmation(exts wire.Extensions) error {
	if body, ok := exts.Get(iana.ExtEncryptedClientHello); ok {
		_, err := wire.ParseECHConfirmation(body)
		return err
	}
	return nil
}

// confirms reports whether the server's answer shows that it has read the
// ClientHelloInner.
func (c *Client) confirms(inner []byte, at int, retry bool) bool {
	want := c.ECHConfirmation(c.suite.Hash, inner, c.ServerHello, at, retry)
	return subtle.ConstantTimeCompare(want[:], c.ServerHello[at:at+len(want)]) == 1
}

// stillAccepted refuses a ServerHello that takes back what the
// HelloRetryRequest before it said. RFC 9849, section 6.1.5.
func (c *Client) stillAccepted() error {
	if c.Hellos != nil && c.ECHStatus() == trace.ECHAccepted && !c.confirms(c.Hellos.Inner.Raw, handshake.ConfirmationAt, false) {
		return fault.ECHInconsistent
	}
	return nil
}

// sealSecond encrypts the second ClientHelloInner, which is in the core, in a
// second ClientHelloOuter. That takes over what is new and shown anyway. RFC
// 9849, section 6.1.5.
func (c *Client) sealSecond() ([]byte, error) {
	inner, err := wire.ParseClientHello(c.Hello[wire.HeaderLen:])
	if err != nil {
		return nil, err
	}
	outer, err := wire.ParseClientHello(c.Hellos.Outer.Raw[wire.HeaderLen:])
	if err != nil {
		return nil, err
	}
	var block, last wire.Extensions
	for t, body := range outer.Extensions.All() {
		now, ok := inner.Extensions.Get(t)
		switch {
		case t == iana.ExtEncryptedClientHello, t == iana.ExtEarlyData, t == iana.ExtPreSharedKey && !ok:
			continue
		case t == iana.ExtPreSharedKey:
			if last, err = ech.GreasePSK(c.Config.Rand, now); err != nil {
				return nil, err
			}
			continue
		case t == iana.ExtKeyShare && ok:
			body = now
		}
		block = wire.AppendExtension(block, t, body)
	}
	if cookie, ok := inner.Extensions.Get(iana.ExtCookie); ok {
		block = wire.AppendExtension(block, iana.ExtCookie, cookie)
	}
	outer.Extensions = block
	in, out, err := c.Hellos.Sealer.Encrypt(c.Hello, outer.Append(nil), c.Done.ServerName, c.fillSecondBinder, last, true)
	c.Hello = append(c.Hello[:0], in...)
	c.Out.Show(handshake.InnerHello, in)
	return out, err
}

// onRetryConfigs reads what a server that rejected the ClientHelloInner wants to
// be tried with next. RFC 9849, section 6.1.6.
func (c *Client) onRetryConfigs(exts wire.Extensions) error {
	body, ok := exts.Get(iana.ExtEncryptedClientHello)
	if !ok {
		return nil
	}
	if c.ECHStatus() == trace.ECHAccepted {
		return fault.With(fault.UnsolicitedExtension, "%v though it was accepted", iana.ExtEncryptedClientHello)
	}
	configs, err := wire.ParseECHRetryConfigs(body)
	if err != nil {
		return fault.With(fault.ExtensionForm, "%w", err)
	}
	if c.ECHRejected() {
		c.Done.ECH.RetryConfigs = bytes.Clone(configs)
	}
	return nil
}
