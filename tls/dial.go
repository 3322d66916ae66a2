package tls

import (
	"context"
	"errors"
	"net"
	"strings"
)

// NewListener gives a listener whose connections are TLS servers over those of
// inner.
func NewListener(inner net.Listener, config *Config) net.Listener {
	return &listener{inner, config}
}

// Listen listens on an address. The config must have a certificate, or a
// function that gives one.
func Listen(network, laddr string, config *Config) (net.Listener, error) {
	if config == nil || config.noCertificates() && config.RawPublicKey == nil && config.GetConfigForClient == nil && !config.usesPSKs() {
		return nil, errors.New("tls: neither Certificates, GetCertificate, nor GetConfigForClient set in Config")
	}
	inner, err := net.Listen(network, laddr)
	if err != nil {
		return nil, err
	}
	return NewListener(inner, config), nil
}

type listener struct {
	net.Listener
	config *Config
}

func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return Server(c, l.config), nil
}

// Dial connects to an address and runs the handshake.
func Dial(network, addr string, config *Config) (*Conn, error) {
	return DialWithDialer(new(net.Dialer), network, addr, config)
}

// DialWithDialer connects with the dialer and runs the handshake. The dialer's
// timeout covers both.
func DialWithDialer(dialer *net.Dialer, network, addr string, config *Config) (*Conn, error) {
	return dial(context.Background(), dialer, network, addr, config, nil)
}

// A Dialer connects and runs the handshake.
type Dialer struct {
	NetDialer *net.Dialer // nil: a plain one
	Config    *Config

	// EarlyData is what is sent before the server has answered, as
	// Conn.SetEarlyData does it.
	EarlyData []byte
}

// Dial connects to an address and runs the handshake. What it gives is a *Conn.
func (d *Dialer) Dial(network, addr string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, addr)
}

// DialContext is Dial, until the context is done.
func (d *Dialer) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	dialer := d.NetDialer
	if dialer == nil {
		dialer = new(net.Dialer)
	}
	c, err := dial(ctx, dialer, network, addr, d.Config, d.EarlyData)
	if err != nil {
		return nil, err // not a *Conn that is nil
	}
	return c, nil
}

func dial(ctx context.Context, dialer *net.Dialer, network, addr string, config *Config, early []byte) (*Conn, error) {
	if dialer.Timeout != 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, dialer.Timeout)
		defer cancel()
	}
	if !dialer.Deadline.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, dialer.Deadline)
		defer cancel()
	}
	raw, err := dialer.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	if config == nil {
		config = &Config{}
	}
	if config.ServerName == "" {
		config = config.Clone()
		config.ServerName = hostOf(addr)
	}
	c := Client(raw, config)
	if len(early) > 0 {
		c.SetEarlyData(early)
	}
	if err := c.HandshakeContext(ctx); err != nil {
		raw.Close()
		return nil, err
	}
	return c, nil
}

// hostOf gives the host of an address with a port.
func hostOf(addr string) string {
	if i := strings.LastIndex(addr, ":"); i >= 0 {
		addr = addr[:i]
	}
	return strings.Trim(addr, "[]")
}
