// Package engine is a TLS connection without input and output: bytes in, bytes
// and events out. It owns the record layer, takes the messages out of it, walks
// the machine of the handshake and carries out its effects. It starts no
// goroutine, waits for nothing and knows no socket; time comes in with the
// input.
package engine

import (
	"errors"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/hello"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/record"
	"github.com/handsel-tls/handsel/internal/protocol/sslv2"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// Conn is one end of a TLS connection. It has a reading side (Input, Answer)
// and a writing side (Output, Sent, Seal, Close, KeyUpdate). During the
// handshake one goroutine has both; once it is complete, the two sides may be
// used by one goroutine each.
type Conn struct {
	config  *handshake.Config
	side    trace.Side
	started time.Time

	// The handshake. It is gone when that is over.
	core    *handshake.Core
	machine machine
	decided bool   // the version was chosen, and its machine has to take over
	ended   string // the state in which the handshake was when it ended

	established handshake.Established
	complete    bool
	done        bool // the handshake that is under way is complete
	again       renegotiation
	record      *trace.Record

	// The reading side.
	read          record.Opener
	partial       []byte // handshake bytes whose message is not yet whole
	early         bool   // a client's early data may have to be passed over
	more          bool   // the record goes on after the message that is read
	heard         bool   // a byte came
	begun         bool   // the first record was seen
	unsealed      bool   // a protected record was opened
	closeReceived bool   // close_notify came
	err           error  // what ended the connection
	count         counters
	replies       replies // for the writing side
	sessions      []*handshake.Offered
	lastInput     time.Time

	ssl2 *sslv2.Records // of a connection of SSL 2.0, in place of read and write

	// The writing side.
	write     record.Sealer
	out       []byte  // records to be sent
	outBuf    *[]byte // the pooled buffer of out, during the handshake
	updateDue bool    // the peer wants other keys for the next data
	closeSent bool    // close_notify or a fatal alert was sent, or a fatal alert came
}

// NewServer gives the server's end. now is the time of the connection's start.
func NewServer(config *handshake.Config, now time.Time) *Conn {
	c := newConn(config, trace.Server, now)
	c.machine = hello.NewServer(c.core)
	return c
}

// NewClient gives the client's end, with its ClientHello in Output. The error
// says that the settings allow no ClientHello.
func NewClient(config *handshake.Config, now time.Time) (*Conn, error) {
	return NewClientTo(handshake.Target{ServerName: config.ServerName, Session: config.Session, EarlyData: config.EarlyData}, config, now)
}

// NewClientTo does the same for one of several connections that share the
// settings.
func NewClientTo(t handshake.Target, config *handshake.Config, now time.Time) (*Conn, error) {
	c := newConn(config, trace.Client, now)
	c.core.Aim(t)
	c.write.SetVersion(min(config.Policy.Highest(), iana.TLS10)) // of the first record; RFC 9846, section 5.1
	if c.machine = hello.NewClient(c.core); config.SSL2 {
		c.ssl2 = sslv2.NewRecords(0)
		c.machine = sslv2.NewClient(c.core, c.ssl2)
	}
	c.step(handshake.Begin, handshake.Message{})
	c.write.SetVersion(iana.TLS12)
	return c, c.err
}

func newConn(config *handshake.Config, side trace.Side, now time.Time) *Conn {
	c := &Conn{config: config, side: side, started: now, core: handshake.NewCore(config)}
	c.core.Now = now
	c.outBuf = outputs.Get().(*[]byte)
	c.out = *c.outBuf
	c.write.SetVersion(iana.TLS12)
	c.write.SetRand(config.Rand)
	c.write.SetLimit(config.SendLimit)
	return c
}

// Pending gives the question that the handshake waits for, nil if there is
// none. Until Answer is called, Input takes nothing.
func (c *Conn) Pending() *handshake.Ask {
	if c.core == nil || c.err != nil {
		return nil
	}
	return c.core.Pending()
}

// Answer answers the pending question and goes on with what was received in
// the meantime. It gives the error that ended the connection, if one did.
func (c *Conn) Answer(a handshake.Answer, now time.Time) error {
	if c.Pending() == nil {
		return c.err
	}
	c.tick(now)
	trigger, err := c.core.Resolve(a)
	if err != nil {
		c.fail(err)
		return c.err
	}
	c.step(trigger, handshake.Message{})
	c.messages()
	return c.err
}

// Complete reports whether the handshake is complete.
func (c *Conn) Complete() bool { return c.complete }

// Err gives what ended the connection: nil, or a fault.
func (c *Conn) Err() error { return c.err }

// Heard reports whether a byte has come.
func (c *Conn) Heard() bool { return c.heard }

// CloseReceived reports whether the peer has closed its side with
// close_notify.
func (c *Conn) CloseReceived() bool { return c.closeReceived }

// Established gives what the handshake has agreed on so far; during a
// renegotiation, what the one before it has.
func (c *Conn) Established() *handshake.Established {
	if c.core != nil && !c.complete {
		return &c.core.Done
	}
	return &c.established
}

// State names the state of the handshake in the words of the RFC.
func (c *Conn) State() string {
	if c.machine == nil {
		return c.ended
	}
	return c.machine.State()
}

// tick notes the time at which the input to come arrived.
func (c *Conn) tick(now time.Time) {
	c.lastInput = now
	if c.core != nil {
		c.core.Now = now
		c.core.Log.At(now.Sub(c.started))
	}
}

// step walks the machine and carries out what it wants done.
func (c *Conn) step(on handshake.Trigger, m handshake.Message) {
	err := c.machine.Step(on, m)
	if err == nil {
		err = c.perform()
	}
	switch {
	case err != nil:
		c.fail(err)
	case c.done:
		c.done = false
		c.release()
		c.keepLegacySession()
	case c.decided:
		c.decided = false
		c.handOver()
	}
}

// fail ends the connection because of something that was found here: the peer
// gets the alert, the record the reason.
func (c *Conn) fail(err error) {
	if c.err != nil {
		return
	}
	if errors.Is(err, fault.NoSharedSuite) && c.ssl2 != nil {
		c.sendSSL2(sslv2.NoCipher())
	}
	if code, _ := fault.Of(err); !code.Silent() {
		c.alert(iana.LevelFatal, fault.AlertOf(err))
	}
	c.end(err)
}

// end notes how the connection ended.
func (c *Conn) end(err error) {
	if c.err != nil {
		return
	}
	c.err = err
	if c.core != nil {
		c.record = c.newRecord(err)
		if c.complete {
			c.abandon()
			return
		}
		c.release()
	}
}

// abandon ends a handshake after the first that has agreed on nothing.
func (c *Conn) abandon() {
	established, config := c.established, c.config
	c.release()
	c.established, c.config = established, config
}

// release gives the handshake's core and machine back to their pools.
func (c *Conn) release() {
	if c.core == nil {
		return
	}
	c.established = c.core.Done
	if !c.core.Aimed() {
		c.config = c.core.Config // of this client, or of a renegotiation
	}
	c.ended = c.machine.State()
	c.machine.Free()
	c.core.Free()
	c.machine, c.core = nil, nil
}
