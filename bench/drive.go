// Package bench compares this TLS stack with crypto/tls and OpenSSL: the same
// chain, the same groups, in turns and in one run, client and server apart. The
// figures are in bench_test.go; how to read them is in README.md.
package bench

import (
	"errors"
	"io"
	"net"
	"runtime"
	"sync"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/engine"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// A meter sums up what happens within the side under test.
type meter struct {
	counting bool // allocations; reading them takes long, so never together with time
	spent    time.Duration
	mallocs  uint64

	start         time.Time
	before, after runtime.MemStats // here, so that reading them allocates nothing
}

func (m *meter) enter() {
	if m.counting {
		runtime.ReadMemStats(&m.before)
	}
	m.start = time.Now()
}

func (m *meter) leave() {
	m.spent += time.Since(m.start)
	if m.counting {
		runtime.ReadMemStats(&m.after)
		m.mallocs += m.after.Mallocs - m.before.Mallocs
	}
}

// A wire is the connection of a side under test whose other end is driven by
// hand. The meter runs from the moment a Read returns until the next Read has
// nothing to give: that is the time within the stack and nothing else, though
// the stack waits in Read as on a socket.
type wire struct {
	meter *meter
	in    []byte
	out   []byte
	more  chan []byte // bytes for a Read that waits; closed: no more
	idle  chan struct{}

	// check, if set, is given what is written in place of out, so that the
	// network costs nothing.
	check func([]byte) error
}

func newWire(m *meter) *wire {
	return &wire{meter: m, more: make(chan []byte), idle: make(chan struct{})}
}

func (w *wire) Read(b []byte) (int, error) {
	if len(w.in) == 0 {
		w.meter.leave()
		w.idle <- struct{}{}
		in, ok := <-w.more
		w.meter.enter()
		if !ok {
			return 0, io.EOF
		}
		w.in = in
	}
	n := copy(b, w.in)
	w.in = w.in[n:]
	return n, nil
}

func (w *wire) Write(b []byte) (int, error) {
	if w.check != nil {
		return len(b), w.check(b)
	}
	w.out = append(w.out, b...)
	return len(b), nil
}

var addr = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 443}

func (w *wire) Close() error                     { return nil }
func (w *wire) LocalAddr() net.Addr              { return addr }
func (w *wire) RemoteAddr() net.Addr             { return addr }
func (w *wire) SetDeadline(time.Time) error      { return nil }
func (w *wire) SetReadDeadline(time.Time) error  { return nil }
func (w *wire) SetWriteDeadline(time.Time) error { return nil }

// A conn is a side under test that looks like crypto/tls.
type conn interface {
	net.Conn
	Handshake() error
}

// A peer is the other side: an engine of ours, driven by hand.
type peer struct {
	conn *engine.Conn
	host *tlstest.Host
	in   []byte
	data []byte
}

// take gives the peer bytes and gives back what it sends.
func (p *peer) take(b []byte) []byte {
	p.in = append(p.in, b...)
	tlstest.Feed(p.conn, p.host, &p.in, &p.data)
	p.conn.Reply()
	out := append([]byte(nil), p.conn.Output()...)
	p.conn.Sent()
	return out
}

// grown runs functions on one goroutine, whose stack has grown to what they
// need, as the one has on which the engine and OpenSSL run. How much a new one
// grows in the handshake is measured apart.
var grown = sync.OnceValue(func() chan<- func() {
	all := make(chan func())
	go func() {
		for f := range all {
			f()
		}
	}()
	return all
})

// handshake runs a handshake of the side under test with a peer, and gives the
// connection for what comes after. It runs on a goroutine of its own, or on the
// one that is grown.
func handshake(m *meter, under func(net.Conn) conn, p *peer, own bool) (conn, *wire, error) {
	w := newWire(m)
	done := make(chan error, 1)
	var c conn
	run := func() {
		m.enter()
		c = under(w)
		err := c.Handshake()
		m.leave()
		done <- err
	}
	if own {
		go run()
	} else {
		grown() <- run
	}
	for {
		select {
		case err := <-done:
			if err != nil {
				return nil, nil, err
			}
			w.meter = &meter{}   // what comes after is not the handshake
			w.in = p.take(w.out) // such as tickets
			w.out = nil
			if !p.conn.Complete() {
				return nil, nil, errors.Join(errors.New("the peer's handshake is not complete"), p.conn.Err())
			}
			return c, w, nil
		case <-w.idle:
			out := p.take(w.out)
			w.out = w.out[:0]
			if len(out) == 0 {
				close(w.more)
				<-done
				return nil, nil, errors.Join(errors.New("both sides wait"), p.conn.Err())
			}
			w.more <- out
		}
	}
}
