package tls

import (
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/session"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// An EarlyDataRegister remembers what came with early data, so that nothing is
// taken twice (RFC 9846, section 8). Servers that open each other's tickets have
// to share one. It must be safe for concurrent use.
type EarlyDataRegister interface {
	// Seen reports whether the id was asked about within the window before now,
	// and remembers it. An error says that this cannot be known; the early data
	// is not taken then.
	Seen(id []byte, window time.Duration, now time.Time) (bool, error)
}

// NewEarlyDataRegister gives a register in memory of at most limit ids, of some
// 40 bytes each. It says of nothing that it is new while it is full, and in the
// first seconds: what came before may come again.
func NewEarlyDataRegister(limit int, now time.Time) EarlyDataRegister {
	return register{session.NewRegister(limit, now)}
}

type register struct{ *session.Register }

func (r register) Seen(id []byte, window time.Duration, now time.Time) (bool, error) {
	switch why := r.Register.Seen(id, window, now); why {
	case 0:
		return false, nil
	case trace.Seen:
		return true, nil
	default:
		return false, errors.New("tls: " + why.String())
	}
}

// replayed answers whether a ClientHello with early data came before. Ticket
// keys that rotate by themselves have a register of their own; those that were
// set may be those of other servers, too, so that only the program can know.
func (h *host) replayed(a *handshake.Ask) handshake.Answer {
	now := h.config.now()
	shared := h.config.EarlyDataRegister
	if shared == nil {
		shared = h.conn.config.EarlyDataRegister
	}
	if shared == nil {
		own := a.Keys.Register()
		if own == nil {
			return handshake.Answer{Why: trace.NoRegister}
		}
		why := own.Seen(a.Content, a.Window, now)
		return handshake.Answer{Fresh: why == 0, Why: why}
	}
	switch seen, err := shared.Seen(a.Content, a.Window, now); {
	case err != nil:
		return handshake.Answer{Why: trace.NoRegister}
	case seen:
		return handshake.Answer{Why: trace.Seen}
	}
	return handshake.Answer{Fresh: true}
}

// earlyConn is what a connection keeps of data that goes before the handshake is
// complete; nil if there is none.
type earlyConn struct {
	data []byte // a client's early data: to be sent
	sent int    // how much of it was

	limit   *time.Timer // of a handshake that goes on in Read
	expired atomic.Bool // it was too long
}

// limitHalf gives a handshake that goes on in Read no more time than others
// have, counted anew. After that the connection is closed.
func (c *Conn) limitHalf() {
	c.early = &earlyConn{}
	if d := c.config.handshakeTimeout(); d > 0 {
		c.early.limit = time.AfterFunc(d, func() {
			if c.half.Load() {
				c.early.expired.Store(true)
				c.conn.Close()
			}
		})
	}
}

// SetEarlyData has a client send the beginning of data before the server has
// answered, as much as its session allows: nothing without a session in
// ClientSessionCache whose ticket is for early data. It has to be called before
// the handshake. EarlyDataAccepted says afterwards how much of it the server
// took; the rest has to be written. RFC 9846, section 2.3.
//
// Early data has no forward secrecy, and whoever sees it can send it to the
// server again: it must not do anything that may not be done twice.
func (c *Conn) SetEarlyData(data []byte) {
	if c.isClient && !c.complete.Load() {
		c.early = &earlyConn{data: data}
	}
}

// EarlyDataAccepted gives how many bytes of SetEarlyData the server took: all
// that were sent, or none. The handshake must have been run.
func (c *Conn) EarlyDataAccepted() int {
	if !c.isClient || c.early == nil || !c.complete.Load() || !c.engine.Established().Early.Accepted() {
		return 0
	}
	return c.early.sent
}

// ExportEarlyKeyingMaterial gives length bytes of keying material from
// early_exporter_secret, which both sides have when early data is sent. It is
// as replayable as that. The handshake must have been run, and the early data
// accepted. RFC 9846, section 7.5.
func (c *Conn) ExportEarlyKeyingMaterial(label string, context []byte, length int) ([]byte, error) {
	if !c.complete.Load() {
		return nil, errors.New("tls: the handshake is not complete")
	}
	if c.half.Load() {
		c.out.Lock()
		defer c.out.Unlock()
	}
	return c.engine.ExportEarly(label, context, length)
}

// InEarlyData reports whether the connection is a server's that has accepted
// early data and does not know yet whether the client is there: what was read so
// far may be what somebody sends again. Handshake has returned by then, and data
// can be written.
func (c *Conn) InEarlyData() bool { return !c.isClient && c.half.Load() }

// InEarlyData reports whether a request is early data that somebody may have
// sent again: the handshake of its connection is not complete. It can be
// answered with 425 (Too Early), whereupon the client sends it again when the
// handshake is complete. RFC 8470, section 5.2.
func InEarlyData(r *http.Request) bool {
	c := ConnOf(r.Context())
	return c != nil && c.InEarlyData()
}

// open reports whether data may flow.
func (c *Conn) open() bool { return c.engine.Complete() || c.engine.HalfOpen() }

// sendEarly sends a client's early data behind its ClientHello.
func (c *Conn) sendEarly() error {
	if !c.isClient || c.early == nil {
		return nil
	}
	c.early.sent = min(len(c.early.data), c.engine.EarlyRoom())
	records, err := c.engine.SealEarly(append([]byte(nil), c.engine.Output()...), c.early.data[:c.early.sent])
	c.early.data = nil
	if err != nil || c.early.sent == 0 {
		return err
	}
	c.out.Lock()
	defer c.out.Unlock()
	return c.send(records)
}

// readHalf reads in a handshake in which data may be written already, until there
// is data or the handshake is complete. The caller has locked c.in; whoever writes
// has the engine to himself as well.
func (c *Conn) readHalf() error {
	if c.in.err != nil {
		return c.in.err
	}
	c.out.Lock()
	n, data, err := c.engine.Input(c.in.bytes(), c.config.now())
	c.in.data = data
	c.in.take(n)
	for a := c.engine.Pending(); a != nil && err == nil; a = c.engine.Pending() {
		err = c.engine.Answer(c.host.answer(a), c.config.now())
	}
	c.send(c.engine.Output()) // an error shows in the next Write
	if err != nil {
		c.in.err = c.handshakeError(err)
	}
	c.settle()
	c.out.Unlock()
	if n > 0 || c.in.err != nil {
		return c.in.err
	}
	if err := c.fillIn(); err != nil {
		return c.endHalf(err)
	}
	return nil
}

// endHalf takes an error of the network.
func (c *Conn) endHalf(err error) error {
	if timedOut(err) {
		return err
	}
	c.out.Lock()
	defer c.out.Unlock()
	if c.early.expired.Load() {
		c.engine.Abort(fault.With(fault.HandshakeTime, "%w", errHandshakeTimeout), c.config.now())
		c.in.err = &Error{Err: c.engine.Err(), also: errTimeout{}}
	} else {
		c.in.err = c.brokenOff(err)
	}
	c.settle()
	return c.in.err
}

// settle goes over to what follows the handshake, if that is complete or has
// failed. The caller has locked c.out.
func (c *Conn) settle() {
	if c.engine.Complete() || c.engine.Err() != nil {
		c.handshakeMu.Lock() // of the record; whoever waits for it wants nothing else
		c.finish()
		c.forgetSession()
		c.handshakeMu.Unlock()
		c.host.over()
		c.half.Store(false)
		if c.early.limit != nil {
			c.early.limit.Stop()
		}
	}
}
