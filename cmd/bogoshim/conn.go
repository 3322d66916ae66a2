package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/engine"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
)

// patience is how long the runner may be silent.
const patience = 60 * time.Second

// A conn joins an engine and a socket.
type conn struct {
	config *config
	host   *host
	socket net.Conn
	engine *engine.Conn

	in       []byte // received, not yet given to the engine
	held     []byte // received, but held back: bytes come one at a time
	plain    []byte // application data, not yet read
	sessions []*handshake.Offered
	eof      bool

	started      bool // the exchange has begun
	pastEarly    bool // the client knows that its early data was rejected
	earlyChecked bool
}

// connect makes one connection and does what the runner expects on it.
func (p *peer) connect(c, retry *config, resuming bool) error {
	socket, err := dial(c)
	if err != nil {
		return err
	}
	defer drain(socket)
	settings := p.settings(c)
	if resuming && !c.server {
		settings.Session = p.offer()
	}
	if err := c.ech.configure(settings); err != nil {
		return err
	}
	seen := new(messageLog)
	settings.Messages = seen.see
	x := &conn{config: c, socket: socket, host: &host{peer: p, config: c, settings: settings}}
	if c.server {
		x.engine = engine.NewServer(settings, p.now())
	} else {
		x.engine, err = engine.NewClient(settings, p.now())
	}
	if err != nil {
		return err
	}
	p.session = nil
	if err = x.exchange(resuming); errors.Is(err, errEarlyRejected) && c.early.rejected {
		x.pastEarly, x.config, x.host.config = true, retry, retry
		err = x.exchange(resuming)
	}
	err = c.ech.checkRejected(err, x.engine.Established().ECH)
	x.flush()
	if err == nil {
		err = seen.check(c.expectMessages)
	}
	if n := len(x.sessions); n > 0 && err == nil {
		p.session = x.sessions[n-1]
	}
	return err
}

// dial calls the runner and says which test this is.
func dial(c *config) (net.Conn, error) {
	address := "127.0.0.1"
	if c.ipv6 {
		address = "::1"
	}
	socket, err := net.DialTimeout("tcp", net.JoinHostPort(address, strconv.Itoa(c.port)), patience)
	if err != nil {
		return nil, err
	}
	socket.SetDeadline(time.Now().Add(patience))
	_, err = socket.Write(binary.LittleEndian.AppendUint64(nil, uint64(c.shimID)))
	return socket, err
}

// drain closes the socket once the other end has: what is unread would reset
// the connection, and take an alert with it.
func drain(socket net.Conn) {
	if tcp, ok := socket.(*net.TCPConn); ok {
		tcp.CloseWrite()
	}
	io.Copy(io.Discard, socket)
	socket.Close()
}

// flush sends what the engine wants sent.
func (x *conn) flush() error {
	if x.engine.Complete() && x.engine.HasReplies() {
		x.engine.Reply()
		if x.engine.Renegotiating() {
			x.host.verified = 0
		}
	}
	out := x.engine.Output()
	if len(out) == 0 {
		return nil
	}
	_, err := x.socket.Write(out)
	x.engine.Sent()
	return err
}

// pump moves bytes and answers questions until done says so, the peer has
// closed its side, or something fails.
func (x *conn) pump(done func() bool) error {
	for {
		if err := x.rejection(); err != nil {
			return err
		}
		x.questions()
		if err := x.flush(); err != nil && x.engine.Err() == nil {
			return err
		}
		x.keepSessions()
		if err := x.engine.Err(); err != nil {
			return err
		}
		if done() || x.engine.CloseReceived() || x.eof {
			return nil
		}
		n, data, err := x.engine.Input(x.in, x.host.peer.now())
		x.plain = append(x.plain, data...)
		if x.config.export.betweenReads && x.engine.Complete() && err == nil {
			if _, err := x.engine.Export("", nil, 1); err != nil {
				return fmt.Errorf("failed to export keying material: %w", err)
			}
		}
		x.in = x.in[n:]
		if n == 0 && err == nil && x.engine.Pending() == nil {
			if err := x.receive(); err != nil {
				return err
			}
		}
	}
}

// questions answers what the engine asks. One whose answer is late must take no
// input until it is there.
func (x *conn) questions() {
	for a := x.engine.Pending(); a != nil; a = x.engine.Pending() {
		if x.config.async {
			x.engine.Input(x.in, x.host.peer.now())
		}
		x.engine.Answer(x.host.answer(a), x.host.peer.now())
	}
}

// receive takes more bytes from the socket: one, if they come one at a time.
func (x *conn) receive() error {
	if len(x.held) == 0 {
		buf := make([]byte, 1<<15)
		n, err := x.socket.Read(buf)
		if x.held = buf[:n]; n == 0 {
			x.eof = true
			if err = x.engine.EOF(err, x.host.peer.now()); errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
	n := len(x.held)
	if x.config.async {
		n = 1
	}
	x.in = append(x.in, x.held[:n]...)
	x.held = x.held[n:]
	return nil
}

// keepSessions takes the sessions that came: a client's for the next
// connection, a server's into its cache.
func (x *conn) keepSessions() {
	for _, s := range x.engine.TakeSessions() {
		x.sessions = append(x.sessions, s)
		if x.config.server && s.SessionID != nil {
			x.host.peer.sessions.Put(s.SessionID, s.State)
		}
	}
}

// handshake completes the handshake.
func (x *conn) handshake() error {
	settled := func() bool { return x.engine.Complete() && !x.engine.Renegotiating() || x.inEarly() }
	if err := x.pump(settled); err != nil {
		return err
	}
	if !settled() {
		return errors.New("the peer has closed the connection")
	}
	return nil
}

// read gives application data, at most size bytes; io.EOF if there will be no
// more.
func (x *conn) read(size int) ([]byte, error) {
	if err := x.handshake(); err != nil {
		return nil, err
	}
	if err := x.pump(func() bool { return len(x.plain) > 0 }); err != nil {
		return nil, err
	}
	if len(x.plain) == 0 {
		return nil, io.EOF
	}
	n := min(size, len(x.plain))
	data := x.plain[:n:n]
	x.plain = x.plain[n:]
	return data, nil
}

// write sends application data.
func (x *conn) write(data []byte) error {
	if err := x.handshake(); err != nil {
		return err
	}
	if x.sendsEarly() {
		var err error
		if data, err = x.writeEarly(data); err != nil || len(data) == 0 {
			return err
		}
	}
	if !x.config.server && !x.engine.HalfOpen() {
		if err := x.pump(x.engine.Complete); err != nil {
			return err
		}
	}
	b, err := x.engine.Seal(nil, data)
	if err != nil {
		return err
	}
	_, err = x.socket.Write(b)
	return err
}
