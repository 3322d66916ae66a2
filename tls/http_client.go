//lint:file-ignore SA1019 http.Transport speaks HTTP/2 over TLS on connections of crypto/tls only

package tls

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync"

	stdtls "crypto/tls"

	"golang.org/x/net/http2"
)

// A Transport is an http.RoundTripper for HTTP/1.1 and HTTP/2 over this
// package's connections. Response.TLS is filled. It is safe for concurrent
// use; make it once and keep it, because it keeps connections.
type Transport struct {
	// HTTP1 is the transport beneath for HTTP/1.1 and for plain HTTP. Its
	// fields about TLS do not count; others may be set before first use.
	HTTP1 *http.Transport

	config *Config
	http2  *http2.Transport

	mu     sync.Mutex
	speaks map[string]string  // the protocol of an address, once known
	spare  map[string][]*Conn // connections that were made to find out
}

// NewTransport gives a Transport. Without NextProtos in the config they are
// "h2" and "http/1.1".
func NewTransport(config *Config) *Transport {
	config = config.Clone()
	if config == nil {
		config = &Config{}
	}
	if len(config.NextProtos) == 0 {
		config.NextProtos = []string{"h2", "http/1.1"}
	}
	t := &Transport{
		HTTP1:  http.DefaultTransport.(*http.Transport).Clone(),
		config: config,
		speaks: make(map[string]string),
		spare:  make(map[string][]*Conn),
	}
	t.HTTP1.ForceAttemptHTTP2 = false
	t.HTTP1.TLSNextProto = map[string]func(string, *stdtls.Conn) http.RoundTripper{}
	t.HTTP1.DialTLSContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		return t.take(ctx, network, addr, "http/1.1")
	}
	t.http2 = &http2.Transport{
		DialTLSContext: func(ctx context.Context, network, addr string, _ *stdtls.Config) (net.Conn, error) {
			return t.take(ctx, network, addr, "h2")
		},
	}
	return t
}

// RoundTrip sends a request.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" {
		return t.HTTP1.RoundTrip(r)
	}
	protocol, err := t.protocol(r)
	if err != nil {
		if r.Body != nil {
			r.Body.Close()
		}
		return nil, err
	}
	var conn net.Conn
	ctx := httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) { conn = info.Conn },
	})
	var next http.RoundTripper = t.HTTP1
	if protocol == "h2" {
		next = t.http2
	}
	response, err := next.RoundTrip(r.WithContext(ctx))
	if _, ok := errors.AsType[*otherProtocol](err); ok && (r.Body == nil || r.GetBody != nil) {
		// The server has changed its mind since the last connection.
		return t.again(r)
	}
	if c, ok := conn.(*Conn); ok && response != nil {
		state := c.ConnectionState()
		response.TLS = &state
	}
	return response, err
}

func (t *Transport) again(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	if r.GetBody != nil {
		body, err := r.GetBody()
		if err != nil {
			return nil, err
		}
		r.Body = body
	}
	return t.RoundTrip(r)
}

// protocol says what the server of a request speaks, and connects to it to find
// out if that is not known.
func (t *Transport) protocol(r *http.Request) (string, error) {
	addr := addrOf(r)
	t.mu.Lock()
	protocol, ok := t.speaks[addr]
	t.mu.Unlock()
	if ok {
		return protocol, nil
	}
	c, err := t.dial(r.Context(), "tcp", addr)
	if err != nil {
		return "", err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.spare[addr] = append(t.spare[addr], c)
	return t.speaks[addr], nil
}

func addrOf(r *http.Request) string {
	port := r.URL.Port()
	if port == "" {
		port = "443"
	}
	return net.JoinHostPort(r.URL.Hostname(), port)
}

// dial connects and notes what the server speaks.
func (t *Transport) dial(ctx context.Context, network, addr string) (*Conn, error) {
	c, err := (&Dialer{Config: t.config}).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	conn := c.(*Conn)
	protocol := conn.ConnectionState().NegotiatedProtocol
	if protocol != "h2" {
		protocol = "http/1.1"
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.speaks[addr] = protocol
	return conn, nil
}

// take gives a connection to a server that is expected to speak the protocol.
func (t *Transport) take(ctx context.Context, network, addr, protocol string) (net.Conn, error) {
	t.mu.Lock()
	spare := t.spare[addr]
	if n := len(spare); n > 0 {
		t.spare[addr] = spare[:n-1]
		if n == 1 {
			delete(t.spare, addr)
		}
		t.mu.Unlock()
		return spare[n-1], nil
	}
	t.mu.Unlock()
	c, err := t.dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	if got := c.ConnectionState().NegotiatedProtocol; (got == "h2") != (protocol == "h2") {
		c.Close()
		return nil, &otherProtocol{addr, got}
	}
	return c, nil
}

// otherProtocol says that a server speaks something else than the last time.
type otherProtocol struct{ addr, protocol string }

func (e *otherProtocol) Error() string {
	return "tls: " + e.addr + " now speaks " + e.protocol
}

// CloseIdleConnections closes connections that are not in use.
func (t *Transport) CloseIdleConnections() {
	t.mu.Lock()
	spare := t.spare
	t.spare = make(map[string][]*Conn)
	t.mu.Unlock()
	for _, conns := range spare {
		for _, c := range conns {
			c.Close()
		}
	}
	t.HTTP1.CloseIdleConnections()
	t.http2.CloseIdleConnections()
}
