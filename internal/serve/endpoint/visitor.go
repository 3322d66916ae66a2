package endpoint

import (
	"container/list"
	"net"
	"net/http"
	"sync"

	"github.com/handsel-tls/handsel/internal/serve/bindings"
	"github.com/handsel-tls/handsel/tls"
)

// A visitor is a TCP connection that remembers which binding its handshake was
// led to: what the binding asks of clients may change while it lasts.
type visitor struct {
	net.Conn
	binding *bindings.Binding // nil until the ClientHello was read
}

// visitors makes visitors of a listener's connections.
type visitors struct{ net.Listener }

func (l visitors) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &visitor{Conn: c}, nil
}

// visitorOf gives the visitor of a request, nil if it came over plain HTTP.
func visitorOf(r *http.Request) *visitor {
	c := tls.ConnOf(r.Context())
	if c == nil {
		return nil
	}
	v, _ := c.NetConn().(*visitor)
	return v
}

// reset ends a connection without a word, so that the client sees a reset.
func (v *visitor) reset() {
	if tcp, ok := v.Conn.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	v.Close()
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
