package endpoint

import (
	"container/list"
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/handsel-tls/handsel/internal/serve/bindings"
	"github.com/handsel-tls/handsel/tls"
)

// A visitor is a TLS connection that remembers which binding its handshake was
// led to: what the binding asks of clients may change while it lasts.
type visitor struct {
	raw     net.Conn
	binding *bindings.Binding // nil until the ClientHello was read
	asked   atomic.Bool       // for a certificate, after the handshake
}

// visitors are the TLS connections there are. The TCP connections are not
// wrapped to remember what belongs to them: package tls keeps no buffer for an
// idle connection if it has the socket itself.
type visitors struct {
	mu     sync.Mutex
	byConn map[net.Conn]*visitor // by http.Server's connection
	byRaw  map[net.Conn]*visitor // by the one beneath
}

type visitorKey struct{}

// arrived is an http.Server's ConnContext, after that of package tls.
func (l *visitors) arrived(ctx context.Context, conn net.Conn) context.Context {
	c := tls.ConnOf(ctx)
	if c == nil {
		return ctx
	}
	v := &visitor{raw: c.NetConn()}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.byConn[conn], l.byRaw[v.raw] = v, v
	return context.WithValue(ctx, visitorKey{}, v)
}

// changed is an http.Server's ConnState.
func (l *visitors) changed(conn net.Conn, state http.ConnState) {
	if state != http.StateClosed && state != http.StateHijacked {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if v := l.byConn[conn]; v != nil {
		delete(l.byConn, conn)
		delete(l.byRaw, v.raw)
	}
}

// led notes the binding of a connection, and whether its client is asked for a
// certificate in the handshake.
func (l *visitors) led(raw net.Conn, b *bindings.Binding, asked bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if v := l.byRaw[raw]; v != nil {
		v.binding = b
		v.asked.Store(asked)
	}
}

func (l *visitors) size() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.byConn) + len(l.byRaw)
}

// visitorOf gives the visitor of a request, nil if it came over plain HTTP.
func visitorOf(r *http.Request) *visitor {
	v, _ := r.Context().Value(visitorKey{}).(*visitor)
	return v
}

// reset ends a connection without a word, so that the client sees a reset.
func reset(conn net.Conn) {
	if p, ok := conn.(*proxied); ok {
		conn = p.Raw()
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	conn.Close()
}

// A crowd are the connections that have not sent a request yet: most of them
// are in their handshake. When there are too many, the one that has waited
// longest goes: whoever stalls ten thousand handshakes stalls those, and not
// the next client, who needs a few milliseconds.
type crowd struct {
	most int

	mu    sync.Mutex
	order list.List // of net.Conn, the oldest first
	at    map[net.Conn]*list.Element
}

func newCrowd(most int) *crowd {
	return &crowd{most: most, at: map[net.Conn]*list.Element{}}
}

// changed is an http.Server's ConnState.
func (c *crowd) changed(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if state != http.StateNew {
		if e := c.at[conn]; e != nil {
			c.order.Remove(e)
			delete(c.at, conn)
		}
		return
	}
	c.at[conn] = c.order.PushBack(conn)
	if c.order.Len() <= c.most {
		return
	}
	oldest := c.order.Remove(c.order.Front()).(net.Conn)
	delete(c.at, oldest)
	go oldest.Close() // it may have to wait for a write
}

// size is how many connections there are.
func (c *crowd) size() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.order.Len()
}
