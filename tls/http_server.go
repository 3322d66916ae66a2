package tls

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
)

// Serve serves HTTP/1.1 and HTTP/2 over TLS on a listener of plain connections,
// as http.Server.ServeTLS does with crypto/tls. Request.TLS is filled, and
// Shutdown works. Without NextProtos in the config they are "h2" and
// "http/1.1"; name "http/1.1" alone to do without HTTP/2. A client that speaks
// plain HTTP is told so. Serve changes srv; it must not be in use.
func Serve(srv *http.Server, l net.Listener, config *Config) error {
	if config == nil {
		config = &Config{}
	}
	if len(config.NextProtos) == 0 {
		config = config.Clone()
		config.NextProtos = []string{"h2", "http/1.1"}
	}
	PrepareServer(srv)
	return srv.Serve(&httpListener{Listener: l, config: func() *Config { return config }})
}

// NewHTTPListener gives the connections of a listener of plain connections to
// an http.Server that PrepareServer has prepared. config is called for each
// connection, so that settings can change while the server runs.
func NewHTTPListener(l net.Listener, config func() *Config) net.Listener {
	return &httpListener{Listener: l, config: config}
}

// PrepareServer makes an http.Server serve the connections of NewHTTPListener.
//
// net/http takes the HTTP/2 connections of crypto/tls only for what they are.
// Ours go in as if they were plain, where HTTP/2 is told by its preface, and
// the state of the TLS connection is put into each request.
func PrepareServer(srv *http.Server) {
	if srv.Protocols == nil {
		srv.Protocols = new(http.Protocols)
		srv.Protocols.SetHTTP1(true)
	}
	srv.Protocols.SetUnencryptedHTTP2(true)
	inner := srv.ConnContext
	srv.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		if inner != nil {
			ctx = inner(ctx, c)
		}
		if h, ok := c.(*httpConn); ok {
			ctx = context.WithValue(ctx, connKey{}, h.tls)
		}
		return ctx
	}
	srv.Handler = withState(srv.Handler)
}

type connKey struct{}

// ConnOf gives the connection of a request that is served here, nil if it came
// in another way.
func ConnOf(ctx context.Context) *Conn {
	c, _ := ctx.Value(connKey{}).(*Conn)
	return c
}

// withState fills Request.TLS.
func withState(next http.Handler) http.Handler {
	if next == nil {
		next = http.DefaultServeMux
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c := ConnOf(r.Context()); c != nil {
			state := c.ConnectionState()
			r.TLS = &state
		}
		next.ServeHTTP(w, r)
	})
}

type httpListener struct {
	net.Listener
	config func() *Config
}

func (l *httpListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	conn := Server(c, l.config())
	return &httpConn{Conn: conn, tls: conn}, nil
}

// httpConn is a connection for http.Server. It hides ConnectionState, and sees
// to it that the client speaks what the handshake agreed on: http.Server goes
// by the preface of HTTP/2 alone.
type httpConn struct {
	net.Conn
	tls     *Conn
	checked bool  // the handshake was made
	failed  error // of the handshake, or of what the client speaks

	preface int  // how many bytes of beginsHTTP2 have come
	known   bool // whether the client speaks HTTP/2 or not

	watch *frameWatch // nil: there is nothing to look for
	armed time.Time   // when the time limit for writes was set
}

// Read runs the handshake. What goes wrong in it is not for http.Server to
// log, which has no idea of it: Config.OnHandshake tells.
func (c *httpConn) Read(b []byte) (int, error) {
	if c.failed != nil {
		return 0, c.failed
	}
	if !c.checked {
		if c.failed = c.tls.Handshake(); c.failed != nil {
			c.answerHTTP(c.failed) // once: http.Server reads again
			return 0, c.failed
		}
		c.checked = true
		if required := c.tls.host.config.HTTP11Required; required != nil && c.tls.engine.Established().ALPN == "h2" {
			c.watch = newFrameWatch(required)
		}
	}
	n, err := c.tls.Read(b)
	if c.watch != nil {
		c.watch.received(b[:n])
	}
	if !c.known && n > 0 {
		if c.failed = c.hear(b[:n]); c.failed != nil {
			return 0, c.failed
		}
	}
	return n, err
}

// Write writes, with what the watch has to say.
func (c *httpConn) Write(b []byte) (int, error) {
	if limit := c.tls.config.WriteStall; limit > 0 {
		// It is set when half of it is over and for half as long again, and not for
		// each write.
		if now := time.Now(); now.Sub(c.armed) > limit/2 {
			c.armed = now
			c.tls.SetWriteDeadline(now.Add(limit + limit/2))
		}
	}
	if c.watch != nil {
		return c.Conn.Write(c.watch.sent(b))
	}
	return c.Conn.Write(b)
}

// beginsHTTP2 is how every HTTP/2 connection begins, and no HTTP/1.1 one. RFC
// 9113, section 3.4.
const beginsHTTP2 = "PRI * HTTP/2.0"

// hear refuses a client that speaks another protocol than ALPN agreed on: one
// for which HTTP/2 is off does not get it by way of its preface. RFC 9113,
// section 3.2.
func (c *httpConn) hear(b []byte) error {
	n := 0
	for n < len(b) && c.preface < len(beginsHTTP2) && b[n] == beginsHTTP2[c.preface] {
		n++
		c.preface++
	}
	speaks := c.preface == len(beginsHTTP2)
	if c.known = speaks || n < len(b); !c.known {
		return nil // it may become either
	}
	if agreed := c.tls.engine.Established().ALPN == "h2"; agreed != speaks {
		c.tls.Close() // or http.Server would answer
		return fmt.Errorf("tls: the client speaks HTTP/2: %t; it agreed to: %t", speaks, agreed)
	}
	return nil
}

// answerHTTP tells a client that speaks plain HTTP, if it does.
func (c *httpConn) answerHTTP(err error) {
	if errors.Is(err, fault.HTTPRequest) {
		const answer = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n" +
			"This is an HTTPS port, and the request came as plain HTTP. Use https:// in the address.\n"
		c.tls.NetConn().Write([]byte(answer))
		c.tls.parting.Store(true)
	}
}
