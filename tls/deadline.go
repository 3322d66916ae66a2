package tls

import (
	"context"
	"net"
	"sync"
	"time"
)

// readDeadline is the program's deadline for reads. A wait that ends early has
// to interrupt a Read, and to put back afterwards what the program has set.
type readDeadline struct {
	mu   sync.Mutex
	at   time.Time // that the program has set; zero: none
	held bool      // a Read is being interrupted, and the program's deadline has to wait
}

// set sets the program's deadline.
func (d *readDeadline) set(conn net.Conn, t time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at = t
	if d.held {
		return nil
	}
	return conn.SetReadDeadline(t)
}

// interrupt ends a Read that waits.
func (d *readDeadline) interrupt(conn net.Conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.held = true
	conn.SetReadDeadline(past)
}

// restore puts the program's deadline back.
func (d *readDeadline) restore(conn net.Conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.held = false
	conn.SetReadDeadline(d.at)
}

// past is a deadline that interrupts what waits.
var past = time.Unix(1, 0)

// SetDeadline sets both deadlines. After a write has timed out, no more can be
// written.
func (c *Conn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

// SetReadDeadline sets the deadline of reads.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.reads.set(c.conn, t) }

// SetWriteDeadline sets the deadline of writes.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.conn.SetWriteDeadline(t) }

// untilDone interrupts a Read once the context is done, and leaves the
// connection as it is. release ends that, and gives the cause if it happened.
func (c *Conn) untilDone(ctx context.Context) (release func() error) {
	woken := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		c.reads.interrupt(c.conn)
		close(woken)
	})
	return func() error {
		if stop() {
			return nil
		}
		<-woken
		c.reads.restore(c.conn)
		return context.Cause(ctx)
	}
}
