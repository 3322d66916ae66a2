package tls

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// again is what a connection needs for handshakes after the first.
type again struct {
	config    atomic.Pointer[Config] // of the handshake that a server has asked for
	possible  atomic.Bool            // there may be any
	wanted    atomic.Bool            // a server waits for the peer's answer
	rounds    atomic.Int32           // handshakes that are over, and wishes that were refused
	completed atomic.Int32           // handshakes that succeeded
}

// ErrRenegotiationRefused is what Renegotiate gives if the peer does not want
// to. The connection goes on.
var ErrRenegotiationRefused = errors.New("tls: the peer does not renegotiate")

// Renegotiate makes another handshake on the connection (TLS 1.2 and below, with
// peers that know RFC 5746), and waits until it is over. A server may use
// another config for it, such as one that asks for a client certificate; nil is
// the one of before. What the peer sends in the meantime is there for Read; it
// is an error if that is more than a megabyte. HTTP/2 forbids renegotiation (RFC
// 9113, section 9.2.1). A client begins when no other goroutine is in Read.
//
// If the context is done before a client has answered, the connection goes on,
// and so does the wish: another call with the same config waits for the same
// answer, and a Read may meet it. A handshake that has begun is broken off, and
// the connection with it.
func (c *Conn) Renegotiate(ctx context.Context, config *Config) error {
	if err := c.HandshakeContext(ctx); err != nil {
		return err
	}
	settings, err := c.settingsAgain(config)
	if err != nil {
		return err
	}
	c.ConnectionState() // while nothing changes
	if c.isClient {     // it writes a ClientHello, and then has both sides
		completed := c.again.completed.Load()
		if err := c.lockInput(ctx); err != nil {
			return err
		}
		defer c.in.Unlock()
		c.out.Lock()
		defer c.out.Unlock()
		if err = c.engine.Renegotiate(settings); err != nil {
			return c.netError(err)
		}
		c.host.ctx = ctx
		return c.roundOver(completed, c.renegotiate())
	}
	return c.ask(ctx, config, func() error { return c.engine.Renegotiate(settings) })
}

// lockInput locks c.in, which a Read that waits has as well.
func (c *Conn) lockInput(ctx context.Context) error {
	for !c.in.TryLock() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}
	return nil
}

// ask has a server send its wish, and waits until it is met or refused. A wish
// that is still open is not sent again.
func (c *Conn) ask(ctx context.Context, config *Config, send func() error) error {
	completed, before := c.again.completed.Load(), c.again.rounds.Load()
	c.out.Lock()
	var err error
	if open := c.again.wanted.Load() && c.again.config.Load() == config; !open {
		err = c.wish(config, send)
	}
	c.out.Unlock()
	if err == nil {
		err = c.awaitRound(ctx, before)
	}
	return c.roundOver(completed, err)
}

// wish sends a server's wish. The caller has locked c.out.
func (c *Conn) wish(config *Config, send func() error) error {
	if err := send(); err != nil {
		if _, ok := fault.Of(err); ok {
			return c.netError(err)
		}
		return err
	}
	c.again.config.Store(config)
	c.again.wanted.Store(true)
	return c.send(c.engine.Output())
}

// settingsAgain gives the engine's settings for another handshake. It is told of
// if the first one was.
func (c *Conn) settingsAgain(config *Config) (*handshake.Config, error) {
	if config == nil {
		return nil, nil
	}
	p := config.prepare()
	if p.err != nil {
		return nil, p.err
	}
	settings := p.server
	if c.isClient {
		settings = p.client
		settings.ServerName = c.config.ServerName
	}
	settings.Record = settings.Record || c.config.OnHandshake != nil
	return &settings, nil
}

// awaitRound waits until a server's wish is met or refused. Who reads meets it:
// another goroutine that is in Read, or else this one.
func (c *Conn) awaitRound(ctx context.Context, before int32) error {
	ctx, cancel := context.WithTimeout(ctx, c.renegotiationTimeout())
	defer cancel()
	for c.again.rounds.Load() == before {
		if !c.in.TryLock() {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(time.Millisecond):
			}
			continue
		}
		err := c.readForRound(ctx, before)
		c.in.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

// readForRound reads until the round is over, and keeps the data for Read. The
// caller has locked c.in.
func (c *Conn) readForRound(ctx context.Context, before int32) error {
	release := c.untilDone(ctx)
	c.host.ctx = ctx // of a handshake that begins meanwhile
	var kept []byte  // a copy: the buffer is given back in between
	var err error
	for err == nil && c.again.rounds.Load() == before {
		if kept = append(kept, c.in.data...); len(kept) > maxKept {
			err = errKept
			break
		}
		c.in.data = nil
		err = c.readRecord()
	}
	c.in.data = append(kept, c.in.data...)
	c.host.ctx = nil
	if cause := release(); cause != nil {
		return cause
	}
	return err
}

// maxKept is how much data is kept for Read while a handshake goes on, in bytes.
const maxKept = 1 << 20

var errKept = errors.New("tls: the peer sends data and no handshake")

// roundOver tells how a round went.
func (c *Conn) roundOver(completed int32, err error) error {
	if err == nil && c.again.completed.Load() == completed {
		return ErrRenegotiationRefused
	}
	return err
}

func (c *Conn) renegotiationTimeout() time.Duration {
	if d := c.config.handshakeTimeout(); d > 0 {
		return d
	}
	return time.Minute
}

// reply sends what the reading side wants sent, and makes another handshake if
// the peer has asked for one. The caller has locked c.in.
func (c *Conn) reply() {
	begins := c.engine.Waiting()
	if begins {
		c.ConnectionState() // before it changes
	}
	c.out.Lock()
	defer c.out.Unlock()
	c.engine.Reply()
	c.send(c.engine.Output()) // an error in writing shows in the next Write, and does not end reading
	if begins && (c.engine.Renegotiating() || c.engine.Renegotiations() > int(c.again.completed.Load()) || c.engine.Err() != nil) {
		if err := c.renegotiate(); err != nil && c.in.err == nil {
			c.in.err = err
		}
	}
}

// renegotiate makes a handshake that has begun. The caller has locked c.in and
// c.out.
func (c *Conn) renegotiate() error {
	c.again.wanted.Store(false)
	if config := c.again.config.Swap(nil); config != nil {
		c.host.config = config
	}
	if !c.isClient || c.engine.Established().Version < iana.TLS13 {
		c.host.chains, c.host.resumed = nil, nil // the peer has to show anew who it is
	}
	kept := append([]byte(nil), c.in.data...)
	over := func() bool { return !c.engine.Renegotiating() }
	flush := func() error { return c.send(c.engine.Output()) }
	ctx := c.host.ctx // of whoever waits for it
	if ctx == nil {
		ctx = context.Background()
	}
	release := c.limit(ctx)
	broken, err := c.drive(ctx, over, flush, func(data []byte) error {
		if kept = append(kept, data...); len(kept) > maxKept {
			return errKept
		}
		return nil
	})
	switch cause := release(); {
	case err != nil:
	case cause != nil:
		err = c.interrupted(ctx, cause, flush)
	case broken != nil:
		err = c.brokenOff(broken)
	}
	c.in.data = kept
	c.handshakeMu.Lock()
	c.finish()
	c.handshakeMu.Unlock()
	c.forgetSession()
	c.host.over()
	if err == nil && c.engine.Err() == nil && c.engine.Renegotiations() > int(c.again.completed.Load()) {
		c.state.replace(c.newState())
		c.again.completed.Add(1)
	}
	c.again.rounds.Add(1)
	return err
}

// noteRefusal ends a server's waiting if the peer has refused its wish.
func (c *Conn) noteRefusal() {
	if c.again.wanted.Load() && !c.engine.Requested() {
		c.again.wanted.Store(false)
		c.again.rounds.Add(1)
	}
}
