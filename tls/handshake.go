package tls

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/engine"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// handshake runs the handshake within its time limit.
func (c *Conn) handshake(ctx context.Context) error {
	growStack(0)
	if err := c.start(); err != nil {
		return err
	}
	release := c.limit(ctx)
	broken, err := c.sendEarly(), error(nil)
	if broken == nil {
		broken, err = c.drive(ctx, c.open, c.flush, nil)
	}
	switch cause := release(); {
	case err != nil:
	case cause != nil:
		err = c.interrupted(ctx, cause, c.flush)
	case broken != nil:
		err = c.brokenOff(broken)
	}
	if err == nil && c.engine.HalfOpen() {
		c.limitHalf()
		c.half.Store(true)
		return nil
	}
	c.finish()
	c.parting.Store(c.engine.Alerted())
	c.forgetSession()
	c.host.over()
	return err
}

// start makes the engine.
func (c *Conn) start() error {
	p := c.config.prepare()
	if p.err != nil {
		return p.err
	}
	c.host = host{conn: c, config: c.config}
	now := c.config.now()
	if !c.isClient {
		c.engine = engine.NewServer(c.watched(&p.server, now), now)
		return nil
	}
	if c.config.ServerName == "" && !c.config.InsecureSkipVerify && !c.config.RequirePreSharedKey && c.config.takesCertificates(true) {
		return errors.New("tls: either ServerName or InsecureSkipVerify must be specified in the tls.Config")
	}
	for _, name := range c.config.NextProtos {
		if len(name) == 0 || len(name) > 255 {
			return errors.New("tls: invalid NextProtos value")
		}
	}
	if err := c.config.checkECHVersions(); err != nil {
		return err
	}
	target := handshake.Target{
		ServerName: c.config.ServerName, Session: c.offeredSession(now), EarlyData: c.early != nil && len(c.early.data) > 0,
	}
	var err error
	c.engine, err = engine.NewClientTo(target, c.watched(&p.client, now), now)
	if err != nil {
		c.finish()
		return c.netError(err)
	}
	return nil
}

var renegotiation = map[RenegotiationSupport]handshake.Renegotiation{
	RenegotiateOnceAsClient:   handshake.RenegotiateOnce,
	RenegotiateFreelyAsClient: handshake.RenegotiateFreely,
}

// limit interrupts the handshake when its time is up or the context is done: the
// connection is of no use then. release ends that, and gives the cause if it
// happened.
func (c *Conn) limit(ctx context.Context) (release func() error) {
	d := c.config.handshakeTimeout()
	if ctx.Done() == nil { // most handshakes: a timer is a good deal cheaper than a context
		if d <= 0 {
			return func() error { return nil }
		}
		woken := make(chan struct{})
		timer := time.AfterFunc(d, func() { c.wake(woken) })
		return func() error {
			if timer.Stop() {
				return nil
			}
			<-woken
			return errHandshakeTimeout
		}
	}
	cancel := func() {}
	if d > 0 {
		ctx, cancel = context.WithTimeoutCause(ctx, d, errHandshakeTimeout)
	}
	woken := make(chan struct{})
	stop := context.AfterFunc(ctx, func() { c.wake(woken) })
	return func() error {
		defer cancel()
		if stop() {
			return nil
		}
		<-woken
		return context.Cause(ctx)
	}
}

// wake interrupts a Read or Write that waits.
func (c *Conn) wake(woken chan struct{}) {
	c.conn.SetDeadline(past)
	close(woken)
}

var errHandshakeTimeout = errors.New("tls: the handshake took too long")

// interrupted ends a handshake whose time was up. cause is the context's, or
// errHandshakeTimeout.
func (c *Conn) interrupted(ctx context.Context, cause error, flush func() error) error {
	c.conn.SetDeadline(time.Now().Add(alertTimeout))
	code := fault.Canceled
	if errors.Is(cause, errHandshakeTimeout) || errors.Is(cause, context.DeadlineExceeded) {
		code = fault.HandshakeTime
	}
	c.engine.Abort(fault.With(code, "%w", cause), c.config.now())
	flush()
	c.conn.Close()
	if errors.Is(cause, errHandshakeTimeout) {
		return &Error{Err: fault.With(code, "%w", cause), also: errTimeout{}}
	}
	return ctx.Err() // as crypto/tls does; the record has the cause
}

// alertTimeout is how long the alert of a handshake that was interrupted may
// take, and for how long the last word is given time to arrive: there is room for
// it unless the peer does not read at all.
const alertTimeout = 100 * time.Millisecond

// errTimeout is a net.Error, as those expect who look for timeouts.
type errTimeout struct{}

func (errTimeout) Error() string   { return "the handshake took too long" }
func (errTimeout) Timeout() bool   { return true }
func (errTimeout) Temporary() bool { return true }

var _ net.Error = errTimeout{}

// drive moves bytes and answers questions until the handshake is over. keep
// takes application data, of which the first handshake has none. broken
// is why nothing more can be read or written, err why the handshake failed.
func (c *Conn) drive(ctx context.Context, over func() bool, flush func() error, keep func([]byte) error) (broken, err error) {
	c.host.ctx = ctx
	for {
		for ask := c.engine.Pending(); ask != nil; ask = c.engine.Pending() {
			c.engine.Answer(c.host.answer(ask), c.config.now())
		}
		if err := flush(); err != nil && c.engine.Err() == nil {
			return err, nil
		}
		if err := c.engine.Err(); err != nil {
			return nil, c.handshakeError(err)
		}
		if over() {
			return nil, nil
		}
		n, data, err := c.engine.Input(c.in.bytes(), c.config.now())
		if len(data) > 0 {
			if err := keep(data); err != nil {
				return nil, err
			}
		}
		c.in.take(n)
		if n == 0 && err == nil && c.engine.Pending() == nil {
			if err := c.fillIn(); err != nil {
				return err, nil
			}
		}
	}
}

// brokenOff ends a handshake because the network has failed.
func (c *Conn) brokenOff(err error) error {
	reason := err
	if !c.isClient && errors.Is(err, syscall.ECONNRESET) && !c.engine.Heard() {
		reason = io.EOF // some who probe for servers end their connections so
	}
	failure := c.engine.EOF(reason, c.config.now())
	if _, ok := errors.AsType[net.Error](err); ok {
		return err
	}
	return c.netError(failure)
}

// handshakeError gives what crypto/tls would give, with our fault in it.
func (c *Conn) handshakeError(err error) error {
	if c.host.err != nil {
		return &Error{Err: err, also: c.host.err}
	}
	if errors.Is(err, fault.ECHRejected) {
		return &Error{Err: err, also: c.echRejection()}
	}
	return c.netError(err)
}

// finish keeps what is left of the handshake and tells whoever wants to know.
func (c *Conn) finish() {
	if c.engine == nil {
		return
	}
	said := c.said.Swap(nil)
	if r := c.engine.Kept(); r != nil && !c.record.is(r) {
		c.record = newRecord(r, c)
		said.keep(c.record)
		if c.config.OnHandshake != nil {
			c.config.OnHandshake(c.record)
		}
	}
	if c.engine.Err() == nil {
		c.keepSessions()
		c.again.possible.Store(c.engine.Established().Version < iana.TLS13 || c.engine.CanRequestCertificate())
	}
}
