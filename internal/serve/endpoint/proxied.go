package endpoint

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"

	proxyproto "github.com/pires/go-proxyproto"
)

// A believing listener takes connections that come by way of others, who say with
// a header of the PROXY protocol whose they are. Whoever is believed has to say
// so: otherwise a client could say it in their place. From all others a header
// is no more than bytes that are neither TLS nor HTTP.
type believing struct {
	net.Listener
	server *Server
	at     place
}

func (l *believing) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	if l.server.setup.Load().believes(l.at.addr, c.RemoteAddr()) {
		c = &proxied{proxyproto.NewConn(c, proxyproto.WithPolicy(proxyproto.REQUIRE), proxyproto.ValidateHeader(overTCP),
			proxyproto.SetReadHeaderTimeout(l.server.options.HandshakeTimeout))}
	}
	if l.at.plain {
		c = &stalling{Conn: c, limit: l.server.options.StallTimeout}
	}
	return c, nil
}

// believes reports whether a peer may say whose the connection is.
func (s *Setup) believes(at netip.AddrPort, peer net.Addr) bool {
	networks := s.Believed[at]
	if len(networks) == 0 {
		return false
	}
	from, err := localOf(peer)
	return err == nil && slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(from.Addr()) })
}

// overTCP refuses headers for what is not TCP.
func overTCP(h *proxyproto.Header) error {
	if _, _, ok := h.TCPAddrs(); !ok && !h.Command.IsLocal() && h.TransportProtocol != proxyproto.UNSPEC {
		return errors.New("it is not for TCP")
	}
	return nil
}

// A proxied connection is one whose other end is not the client. RemoteAddr is
// the client's. LocalAddr stays the address that was connected to here: bindings
// are of that.
type proxied struct{ *proxyproto.Conn }

func (p *proxied) LocalAddr() net.Addr { return p.Raw().LocalAddr() }

// CloseWrite says that no more will be written, so that the last word arrives.
func (p *proxied) CloseWrite() error {
	if conn, ok := p.Raw().(*net.TCPConn); ok {
		return conn.CloseWrite()
	}
	return errors.ErrUnsupported
}

func (p *proxied) Read(b []byte) (int, error) {
	if p.ProxyHeader() == nil {
		_, err := p.Conn.Read(nil)
		return 0, fmt.Errorf("no header of the PROXY protocol came from %v, whose connections have to begin with one: %w", p.Raw().RemoteAddr(), err)
	}
	return p.Conn.Read(b)
}
