package hello

import (
	"bytes"

	"github.com/handsel-tls/handsel/internal/protocol/ech"
	"github.com/handsel-tls/handsel/internal/protocol/extension"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/negotiate"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// buildHellos writes the ClientHello, or two of which one is encrypted in the
// other.
func (c *Client) buildHellos() error {
	if c.Before != nil { // a renegotiation is encrypted anyway
		return c.buildHello()
	}
	sealer, err := c.sealer()
	if err != nil {
		return err
	}
	if sealer != nil {
		return c.buildEncrypted(sealer)
	}
	if c.Config.ECHGrease && c.Config.Policy.Allows(iana.TLS13) {
		if c.extra, err = ech.Grease(c.Config.Rand); err != nil {
			return err
		}
		c.Done.ECH = &handshake.ECHOutcome{Status: trace.ECHGrease}
	}
	return c.buildHello()
}

// sealer chooses a configuration to encrypt with, nil if there is none.
func (c *Client) sealer() (s *ech.Sealer, err error) {
	var list wire.ECHConfigs
	if c.Config.ECHConfigs != nil {
		if list, err = wire.ParseECHConfigList(c.Config.ECHConfigs); err != nil {
			return nil, fault.With(fault.ECHConfigsForm, "%w", err)
		}
	}
	if c.Config.Policy.Allows(iana.TLS13) {
		s = negotiate.ECHConfig(list, c.Log)
	}
	if s == nil && c.Config.ECHRequired {
		return nil, fault.ECHConfigsUnusable
	}
	return s, nil
}

// buildEncrypted writes the ClientHelloInner and the ClientHelloOuter. What
// both have in common is made once. RFC 9849, section 6.1.
func (c *Client) buildEncrypted(s *ech.Sealer) error {
	if err := c.draw(); err != nil {
		return err
	}
	inner, outer := settings(c.Config, s.PublicName)
	out, err := c.written(outer)
	if err != nil {
		return err
	}
	c.extra = (&wire.EncryptedClientHello{Inner: true}).Append(nil)
	in, err := c.written(inner)
	if err != nil {
		return err
	}
	last, err := c.alike(in.Raw)
	if err != nil {
		return err
	}
	in.Raw, out.Raw, err = s.Encrypt(in.Raw, out.Raw, in.Name, c.fillBinders, last, false)
	if err != nil {
		return err
	}
	c.Out.Show(handshake.InnerHello, in.Raw)
	out.Asked = extension.Of(extensionsOf(out.Raw))
	c.Hellos = &handshake.Hellos{Sealer: s, Inner: in, Outer: out}
	c.Done.ECH = &handshake.ECHOutcome{Status: trace.ECHOffered, PublicName: s.PublicName}
	c.Take(&c.Hellos.Outer)
	return nil
}

// settings gives the settings for the two hellos: the inner one is of TLS 1.3
// alone; the outer one is for the public name, offers no session, and leads to
// nothing that the program would have to approve of.
func settings(c *handshake.Config, public string) (inner, outer *handshake.Config) {
	in, out := *c, *c
	in.Policy = c.Policy.Between(iana.TLS13, 0)
	if s := in.Session; s != nil && s.State.Version < iana.TLS13 {
		in.Session = nil
	}
	out.ServerName, out.Session, out.EarlyData, out.AskApproval = public, nil, false, false
	out.PSKs, out.RequirePSK = nil, false
	out.PeerTypes, out.OwnTypes, out.ServerAuthorities = nil, nil, nil          // a certificate proves the public name
	out.ClientTickets = c.ClientTickets || in.Session != nil || len(c.PSKs) > 0 // so that psk_key_exchange_modes is the same
	return &in, &out
}

// written writes a hello by its settings, without binders.
func (c *Client) written(config *handshake.Config) (handshake.Hello, error) {
	c.Config = config
	err := c.writeHello()
	return handshake.Hello{Config: config, Name: c.Done.ServerName, Raw: bytes.Clone(c.Hello), Asked: c.Asked}, err
}

// alike gives the extensions that the ClientHelloOuter has because the
// ClientHelloInner has them: so that a network sees nothing unusual in the
// server's answer, and a server that does not decrypt it passes over early data.
func (c *Client) alike(inner []byte) (b wire.Extensions, err error) {
	block := extensionsOf(inner)
	if _, ok := block.Get(iana.ExtEarlyData); ok {
		b = wire.AppendExtension(b, iana.ExtEarlyData, nil)
	}
	if psk, ok := block.Get(iana.ExtPreSharedKey); ok {
		var grease wire.Extensions
		grease, err = ech.GreasePSK(c.Config.Rand, psk)
		b = append(b, grease...)
	}
	return b, err
}

// extensionsOf gives the extensions of a ClientHello that was written here.
func extensionsOf(hello []byte) wire.Extensions {
	m, _ := wire.ParseClientHello(hello[wire.HeaderLen:])
	return m.Extensions
}
