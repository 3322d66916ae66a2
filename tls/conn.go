package tls

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/engine"
)

// A Conn is a TLS connection. It is safe for concurrent use by one reader and
// one writer.
type Conn struct {
	conn     net.Conn
	config   *Config
	id       ConnectionID
	isClient bool

	handshakeMu sync.Mutex
	complete    atomic.Bool
	parting     atomic.Bool // this side has ended the connection, and said why
	half        atomic.Bool // data flows, and the handshake goes on in Read: a server's early data, a client's false start
	handshakeEr error
	engine      *engine.Conn
	host        host
	record      *Record

	in    input
	out   output
	early *earlyConn           // a client's; nil: there is none
	said  atomic.Pointer[said] // in the handshake, if it is to be kept

	state connectionState
	again again
	reads readDeadline
}

type output struct {
	sync.Mutex
	closed  bool         // close_notify was sent
	err     error        // why nothing more can be written
	writers atomic.Int32 // calls of Write that are under way
	gone    atomic.Bool  // Close was called
}

// Server gives the server's end of a TLS connection over conn. The config must
// have a certificate, or a function that gives one.
func Server(conn net.Conn, config *Config) *Conn { return newConn(conn, config, false) }

// Client gives the client's end. The config must have a ServerName or
// InsecureSkipVerify.
func Client(conn net.Conn, config *Config) *Conn { return newConn(conn, config, true) }

func newConn(conn net.Conn, config *Config, isClient bool) *Conn {
	if config == nil {
		config = &Config{}
	}
	c := &Conn{conn: conn, config: config, id: nextID(), isClient: isClient}
	c.in.conn = conn
	c.in.useSocket()
	return c
}

// LocalAddr gives the address of this end.
func (c *Conn) LocalAddr() net.Addr { return c.conn.LocalAddr() }

// RemoteAddr gives the address of the other end.
func (c *Conn) RemoteAddr() net.Addr { return c.conn.RemoteAddr() }

// NetConn gives the connection beneath. Whoever reads or writes it breaks the
// TLS connection.
func (c *Conn) NetConn() net.Conn { return c.conn }

// Handshake runs the handshake if it has not been run.
func (c *Conn) Handshake() error { return c.HandshakeContext(context.Background()) }

// HandshakeContext runs the handshake if it has not been run. It ends with the
// context's error if that is done first; the connection is of no use then.
func (c *Conn) HandshakeContext(ctx context.Context) error {
	if c.complete.Load() {
		return nil
	}
	c.handshakeMu.Lock()
	defer c.handshakeMu.Unlock()
	if c.handshakeEr != nil || c.complete.Load() {
		return c.handshakeEr
	}
	c.in.Lock()
	defer c.in.Unlock()
	c.handshakeEr = c.handshake(ctx)
	if c.handshakeEr != nil {
		c.in.drop()
		return c.handshakeEr
	}
	c.complete.Store(true)
	return nil
}

// Read reads data. It runs the handshake if that has not been run. At the end
// of the data it gives io.EOF if the peer has said close_notify, and
// io.ErrUnexpectedEOF if the connection was just closed.
func (c *Conn) Read(b []byte) (int, error) {
	if err := c.Handshake(); err != nil {
		return 0, err
	}
	if len(b) == 0 {
		return 0, nil
	}
	c.in.Lock()
	defer c.in.Unlock()
	for len(c.in.data) == 0 {
		if err := c.readNext(); err != nil {
			if c.in.err != nil {
				c.in.drop()
			}
			return 0, err
		}
	}
	n := copy(b, c.in.data)
	c.in.data = c.in.data[n:]
	c.in.release()
	return n, nil
}

func (c *Conn) readNext() error {
	if c.half.Load() {
		return c.readHalf()
	}
	return c.readRecord()
}

// readRecord reads until there is data, after the handshake.
func (c *Conn) readRecord() error {
	if c.in.err != nil {
		return c.in.err
	}
	n, data, err := c.engine.Input(c.in.bytes(), c.config.now())
	c.in.data = data
	c.in.take(n)
	c.keepSessions()
	if c.engine.HasReplies() {
		c.reply()
		data = c.in.data
	}
	c.noteRefusal()
	switch {
	case err != nil:
		c.in.err = c.netError(err)
		c.parting.Store(c.engine.Alerted())
		c.forgetSession()
	case c.engine.CloseReceived():
		c.in.err = io.EOF
	case n == 0:
		return c.fill()
	}
	if len(data) > 0 {
		return nil
	}
	return c.in.err
}

// fill reads more from the network.
func (c *Conn) fill() error {
	err := c.in.fill(c.engine.Need(c.in.bytes()))
	if err == nil {
		return nil
	}
	if timedOut(err) {
		return err // whoever set the deadline may go on
	}
	if err = c.engine.EOF(err, c.config.now()); !errors.Is(err, io.EOF) {
		err = c.netError(err)
	}
	c.in.err = err
	return err
}

func timedOut(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}

// Write writes data. It runs the handshake if that has not been run.
func (c *Conn) Write(b []byte) (int, error) {
	if err := c.Handshake(); err != nil {
		return 0, err
	}
	c.out.writers.Add(1)
	defer c.out.writers.Add(-1)
	c.out.Lock()
	defer c.out.Unlock()
	switch {
	case c.out.gone.Load():
		return 0, net.ErrClosed
	case c.out.err != nil:
		return 0, c.out.err
	case c.out.closed:
		return 0, errShutdown
	}
	buf := recordBuffers.Get().(*[]byte)
	defer recordBuffers.Put(buf)
	written := 0
	for len(b) > 0 {
		n := min(len(b), writeSize)
		records, err := c.engine.Seal((*buf)[:aligned], b[:n])
		if err == nil {
			_, err = c.conn.Write(records[aligned:])
		}
		if err != nil {
			c.out.err = err
			return written, err
		}
		written += n
		b = b[n:]
	}
	return written, nil
}

// writeSize is how much is encrypted before it is written: four records.
const writeSize = 4 << 14

// aligned is where the first record begins in its buffer: so that what follows
// its header of 5 bytes begins with a cache line, which AES takes a few percent
// faster.
const aligned = 64 - 5

var recordBuffers = sync.Pool{New: func() any {
	b := make([]byte, 0, aligned+4*(1<<14+64))
	return &b
}}

var errShutdown = errors.New("tls: protocol is shutdown")

// flush writes what the engine wants sent.
func (c *Conn) flush() error {
	c.out.Lock()
	defer c.out.Unlock()
	c.engine.Reply()
	return c.send(c.engine.Output())
}

// send writes what the engine wants sent. The caller has locked c.out.
func (c *Conn) send(b []byte) error {
	if len(b) == 0 {
		c.engine.Sent() // a handshake that ends without output leaves its buffer
		return nil
	}
	if s := c.said.Load(); s != nil {
		s.passage(true, c.config.now(), b)
	}
	_, err := c.conn.Write(b)
	c.engine.Sent()
	if err != nil {
		c.out.err = err
	}
	return err
}

// closeTimeout is how long close_notify may take.
const closeTimeout = 5 * time.Second

// Close says close_notify and closes the connection. A Write that is under way
// is interrupted; then there is no close_notify.
func (c *Conn) Close() error {
	if c.out.gone.Swap(true) {
		return net.ErrClosed
	}
	if c.out.writers.Load() > 0 {
		return c.conn.Close()
	}
	var alertErr error
	if c.complete.Load() {
		c.conn.SetWriteDeadline(time.Now().Add(closeTimeout))
		alertErr = c.CloseWrite()
	}
	if c.parting.Load() {
		c.letArrive()
	}
	if err := c.conn.Close(); err != nil {
		return err
	}
	return alertErr
}

// letArrive waits until the peer has seen the last word, mostly a fatal alert. If
// there is something of the peer's left unread, TCP ends the connection with a
// reset (RFC 1122, section 4.2.2.13), and that may overtake the word: the peer
// would never learn what was wrong. So the connection is closed for writing, and
// what still comes is thrown away until the peer closes, too.
func (c *Conn) letArrive() {
	conn, ok := c.conn.(interface{ CloseWrite() error })
	if !ok || conn.CloseWrite() != nil {
		return
	}
	c.conn.SetReadDeadline(time.Now().Add(alertTimeout))
	io.CopyN(io.Discard, c.conn, maxAfterParting)
}

// maxAfterParting is how many bytes are taken after the last word at most: more
// than the longest ClientHello.
const maxAfterParting = 256 << 10

// CloseWrite says close_notify: no more data will be written; what the peer
// sends can still be read. The handshake must have been run.
func (c *Conn) CloseWrite() error {
	if !c.complete.Load() {
		return errEarlyCloseWrite
	}
	c.out.Lock()
	defer c.out.Unlock()
	if c.out.closed || c.out.err != nil {
		return nil
	}
	c.out.closed = true
	c.engine.Close()
	return c.send(c.engine.Output())
}

var errEarlyCloseWrite = errors.New("tls: CloseWrite called before handshake complete")

// KeyUpdate changes the keys for writing of a TLS 1.3 connection, and asks the
// peer to do the same if request is set. RFC 9846, section 4.7.3.
func (c *Conn) KeyUpdate(request bool) error {
	if err := c.Handshake(); err != nil {
		return err
	}
	c.out.Lock()
	defer c.out.Unlock()
	if err := c.engine.KeyUpdate(request); err != nil {
		return err
	}
	return c.send(c.engine.Output())
}

// VerifyHostname checks that the peer's certificate is for the name. The
// connection must be a client's whose handshake was run and verified.
func (c *Conn) VerifyHostname(name string) error {
	switch state := c.ConnectionState(); {
	case !c.isClient:
		return errors.New("tls: VerifyHostname called on TLS server connection")
	case !state.HandshakeComplete:
		return errors.New("tls: handshake has not yet been performed")
	case len(state.VerifiedChains) == 0:
		return errors.New("tls: handshake did not verify certificate chain")
	default:
		return state.PeerCertificates[0].VerifyHostname(name)
	}
}

// OCSPResponse gives the response that the server stapled, if any.
func (c *Conn) OCSPResponse() []byte { return c.ConnectionState().OCSPResponse }

// Record gives the story of the handshake: of one that failed in any case, of
// one that succeeded if Config.OnHandshake is set; else nil.
func (c *Conn) Record() *Record {
	c.handshakeMu.Lock()
	defer c.handshakeMu.Unlock()
	return c.record
}
