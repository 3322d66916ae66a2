package sites

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"

	proxyproto "github.com/pires/go-proxyproto"
)

type clientKey struct{}

// client is who a request is from, and which address it came to.
type client struct{ remote, local net.Addr }

// withClient notes who a request is from, for a connection that is made for it.
func withClient(ctx context.Context, r *http.Request) context.Context {
	remote, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return ctx
	}
	local, _ := ctx.Value(http.LocalAddrContextKey).(net.Addr)
	return context.WithValue(ctx, clientKey{}, client{net.TCPAddrFromAddrPort(remote), local})
}

// sendProxy has a transport begin each connection with a header of the PROXY
// protocol. So a connection is for one request: the next may be another
// client's.
func sendProxy(t *http.Transport, version byte) {
	t.DisableKeepAlives, t.ForceAttemptHTTP2 = true, false
	dial := t.DialContext
	t.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		if _, err := headerFor(ctx, version).WriteTo(c); err != nil {
			c.Close()
			return nil, fmt.Errorf("the header of the PROXY protocol: %w", err)
		}
		return c, nil
	}
}

// headerFor gives the header for a connection on behalf of a client; without one,
// as for a check of health, it says that the connection is nobody's (UNKNOWN in
// version 1, LOCAL in version 2).
func headerFor(ctx context.Context, version byte) *proxyproto.Header {
	who, _ := ctx.Value(clientKey{}).(client)
	return proxyproto.HeaderProxyFromAddrs(version, who.remote, who.local)
}
