package tls

import (
	"context"
	"errors"
)

// ErrNoPostHandshakeAuth is what RequestCertificate gives if the client cannot be
// asked in TLS 1.3: it did not say so in its ClientHello, as browsers do not, or
// the connection speaks HTTP/2, which forbids it (RFC 8740), or PostHandshakeAuth
// is not set. The connection goes on.
var ErrNoPostHandshakeAuth = errors.New("tls: the client cannot be asked for its certificate after the handshake")

// RequestCertificate has a server ask for the client's certificate on a
// connection that is open, under the ClientAuth and ClientCAs of config, and
// waits for the answer: in TLS 1.3 by post-handshake authentication (RFC 9846,
// section 4.7.2), which PostHandshakeAuth has to allow on both sides; below by
// renegotiation, as Renegotiate does. ConnectionState then has the certificate,
// or none if the client has none and config does not require one. What else the
// peer sends in the meantime is there for Read; it is an error if that is more
// than a megabyte.
//
// A client may take its time. If the context is done first, the connection goes
// on and the question stays open: another call with the same config waits for
// the same answer, and a Read may take it. One with another config is an error
// as long as a question of TLS 1.3 is open.
func (c *Conn) RequestCertificate(ctx context.Context, config *Config) error {
	switch {
	case c.isClient:
		return errors.New("tls: RequestCertificate called on TLS client connection")
	case config == nil || config.ClientAuth == NoClientCert:
		return errors.New("tls: RequestCertificate with a config that wants no certificate")
	}
	if err := c.HandshakeContext(ctx); err != nil {
		return err
	}
	if c.half.Load() {
		return errors.New("tls: RequestCertificate before the handshake is complete")
	}
	if c.ConnectionState().Version < VersionTLS13 {
		return c.Renegotiate(ctx, config)
	}
	settings, err := c.settingsAgain(config)
	if err != nil {
		return err
	}
	return c.ask(ctx, config, func() error {
		if !c.engine.CanRequestCertificate() {
			return ErrNoPostHandshakeAuth
		}
		return c.engine.RequestCertificate(settings)
	})
}
