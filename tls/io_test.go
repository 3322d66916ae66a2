package tls

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"
)

// connected gives the two ends of a connection after the handshake.
func connected(t *testing.T, v uint16, p pairing) (client, server conn) {
	t.Helper()
	m := meet(t, p, clientSide(nil), serverSide(v, nil)).good(t)
	return m.client, m.server
}

func isTimeout(err error) bool {
	var e net.Error
	return errors.As(err, &e) && e.Timeout()
}

func TestReadDeadline(t *testing.T) {
	for _, v := range versions {
		client, server := connected(t, v, pairing{true, true})
		client.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
		if _, err := client.Read(make([]byte, 1)); !isTimeout(err) || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%T: %v", err, err)
		}
		client.SetReadDeadline(time.Now().Add(10 * time.Second))
		exchange(t, client, server) // the connection is still good
	}
}

// TestWriteDeadline fills the network until a write takes too long. Then the
// connection is of no use for writing.
func TestWriteDeadline(t *testing.T) {
	client, _ := connected(t, 0, pairing{true, false})
	client.SetWriteDeadline(time.Now().Add(50 * time.Millisecond))
	var err error
	for range 1000 {
		if _, err = client.Write(make([]byte, 1<<16)); err != nil {
			break
		}
	}
	if !isTimeout(err) {
		t.Errorf("%T: %v", err, err)
	}
	client.SetWriteDeadline(time.Time{})
	if _, again := client.Write([]byte{1}); !isTimeout(again) {
		t.Errorf("the next write: %v", again)
	}
}

// TestProbe opens a connection and closes it, with and without a reset: that is
// told apart from a handshake that broke off.
func TestProbe(t *testing.T) {
	for _, c := range []struct {
		sent, fault string
		linger      int
	}{{"", "NoBytes", -1}, {"", "NoBytes", 0}, {"\x16", "Truncated", -1}, {"\x16", "Reset", 0}} {
		client, server := tcpPair(t)
		io.WriteString(client, c.sent)
		if c.sent != "" {
			time.Sleep(10 * time.Millisecond) // or the reset comes first
		}
		client.(*net.TCPConn).SetLinger(c.linger)
		client.Close()
		conn := Server(server, serverSide(0, nil).config())
		err := conn.Handshake()
		if r := conn.Record(); err == nil || r.Failure == nil || r.Failure.Fault != c.fault {
			t.Errorf("%q, linger %d: %v, %+v", c.sent, c.linger, err, r.Failure)
		}
	}
}

// TestHandshakeLimits has a peer that says nothing.
func TestHandshakeLimits(t *testing.T) {
	for name, row := range map[string]struct {
		timeout time.Duration
		limit   func(net.Conn) (context.Context, context.CancelFunc)
		is      func(error) bool
		fault   string
	}{
		"timeout": {20 * time.Millisecond, nil, isTimeout, "HandshakeTime"},
		"deadline": {0, func(c net.Conn) (context.Context, context.CancelFunc) {
			c.SetDeadline(time.Now().Add(20 * time.Millisecond))
			return context.Background(), func() {}
		}, isTimeout, "Reset"},
		"cancel": {0, func(net.Conn) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancelCause(context.Background())
			time.AfterFunc(20*time.Millisecond, func() { cancel(errors.New("the cause")) })
			return ctx, func() {}
		}, func(err error) bool { return errors.Is(err, context.Canceled) }, "Canceled"},
		"canceled before": {0, func(net.Conn) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			return ctx, cancel
		}, func(err error) bool { return errors.Is(err, context.Canceled) }, "Canceled"},
		"context's deadline": {0, func(net.Conn) (context.Context, context.CancelFunc) {
			return context.WithTimeout(context.Background(), 20*time.Millisecond)
		}, func(err error) bool { return isTimeout(err) && errors.Is(err, context.DeadlineExceeded) }, "HandshakeTime"},
	} {
		for _, isClient := range []bool{true, false} {
			c, s := tcpPair(t)
			var conn *Conn
			config := clientSide(nil)
			config.change = func(c *Config) { c.HandshakeTimeout = row.timeout }
			if isClient {
				conn = Client(c, config.config())
			} else {
				conn = Server(s, config.config())
			}
			ctx, cancel := context.Background(), func() {}
			if row.limit != nil {
				var stop context.CancelFunc
				ctx, stop = row.limit(conn.NetConn())
				cancel = func() { stop() }
			}
			err := conn.HandshakeContext(ctx)
			cancel()
			if !row.is(err) {
				t.Errorf("%s: %T: %v", name, err, err)
			}
			if again := conn.Handshake(); again != err {
				t.Errorf("%s: the second call gives %v", name, again)
			}
			if r := conn.Record(); r == nil || r.Failure == nil || r.Failure.Fault != row.fault {
				t.Errorf("%s: the record's failure is %+v", name, r.Failure)
			}
			if _, err := conn.Write([]byte{1}); err == nil {
				t.Errorf("%s: a write succeeds", name)
			}
		}
	}
}

func TestDialTimeout(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, err = DialWithDialer(&net.Dialer{Timeout: 30 * time.Millisecond}, "tcp", l.Addr().String(), clientSide(nil).config())
	if !isTimeout(err) {
		t.Errorf("%T: %v", err, err)
	}
}

// TestCloseInterrupts closes while others read and write.
func TestCloseInterrupts(t *testing.T) {
	for _, p := range []pairing{{true, false}, {false, true}} {
		client, server := connected(t, 0, p)
		conn := client
		if p.server {
			conn = server
		}
		errs := make(chan error, 2)
		go func() {
			_, err := io.Copy(io.Discard, conn)
			errs <- err
		}()
		go func() {
			for {
				if _, err := conn.Write(make([]byte, 1<<16)); err != nil {
					errs <- err
					return
				}
			}
		}()
		time.Sleep(30 * time.Millisecond)
		start := time.Now()
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
		for range 2 {
			if err := <-errs; !errors.Is(err, net.ErrClosed) {
				t.Errorf("%T: %v", err, err)
			}
		}
		if d := time.Since(start); d > 2*time.Second {
			t.Errorf("it took %v", d)
		}
		if _, err := conn.Write([]byte{1}); !errors.Is(err, net.ErrClosed) {
			t.Errorf("a write after Close: %v", err)
		}
		if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("a read after Close: %v", err)
		}
		if err := conn.Close(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("the second Close: %v", err)
		}
	}
}

func TestCloseInHandshake(t *testing.T) {
	c, _ := tcpPair(t)
	conn := Client(c, clientSide(nil).config())
	time.AfterFunc(20*time.Millisecond, func() { conn.Close() })
	if err := conn.Handshake(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("%T: %v", err, err)
	}
	if err := conn.CloseWrite(); err == nil {
		t.Error("CloseWrite succeeds")
	}
}

func TestCloseSaysNotify(t *testing.T) {
	forEach(t, func(t *testing.T, v uint16, p pairing) {
		client, server := connected(t, v, p)
		client.Close()
		if b, err := io.ReadAll(server); err != nil || len(b) > 0 {
			t.Errorf("%d bytes, %v", len(b), err)
		}
	})
}

// TestHalfClose closes one direction at a time.
func TestHalfClose(t *testing.T) {
	forEach(t, func(t *testing.T, v uint16, p pairing) {
		client, server := connected(t, v, p)
		exchange(t, client, server)
		if _, err := client.Write([]byte{1}); err == nil {
			t.Error("a write after CloseWrite succeeds")
		}
		if err := client.CloseWrite(); p.client && err != nil {
			t.Error(err)
		}
	})
}

// TestTruncation ends the connection without close_notify, within a record and
// between two.
func TestTruncation(t *testing.T) {
	for _, v := range versions {
		for _, part := range []string{"", "\x17\x03\x03\x00\x40abc"} {
			client, server := connected(t, v, pairing{true, true})
			if _, err := server.Write([]byte("data")); err != nil {
				t.Fatal(err)
			}
			raw := server.(*Conn).NetConn()
			io.WriteString(raw, part)
			raw.Close()
			b, err := io.ReadAll(client)
			if string(b) != "data" || !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%q, %T: %v", b, err, err)
			}
			var e *Error
			if !errors.As(err, &e) || e.Fault() != "TruncatedData" {
				t.Errorf("%v", err)
			}
		}
	}
	c, s := tcpPair(t)
	s.Close()
	err := Client(c, clientSide(nil).config()).Handshake()
	if !errors.Is(err, io.ErrUnexpectedEOF) && !errors.As(err, new(*net.OpError)) {
		t.Errorf("%T: %v", err, err)
	}
}

// TestErrorsOfStrangers has ends that do not speak TLS, or fail at it.
func TestErrorsOfStrangers(t *testing.T) {
	for _, isClient := range []bool{true, false} {
		for name, row := range map[string]struct {
			bytes string
			conn  bool // the header has the connection
		}{
			"HTTP":          {"GET / HTTP/1.1\r\n\r\n", true},
			"SSH":           {"SSH-2.0-OpenSSH\r\n", false},
			"another major": {"\x16\x09\x01\x00\x05hello", false},
			"a long record": {"\x16\x03\x01\xff\xffhello", false},
		} {
			c, s := tcpPair(t)
			near, far := s, c
			conn := Server(near, serverSide(0, nil).config())
			if isClient {
				near, far = c, s
				conn = Client(near, clientSide(nil).config())
			}
			io.WriteString(far, row.bytes)
			err := conn.Handshake()
			var header RecordHeaderError
			if !errors.As(err, &header) || string(header.RecordHeader[:]) != row.bytes[:5] {
				t.Errorf("%s: %T: %v, %q", name, err, err, header.RecordHeader)
			}
			if (header.Conn == near) != (row.conn && !isClient) {
				t.Errorf("%s: Conn is %v", name, header.Conn)
			}
		}
	}
}

// A connection that has ended, well or not, has given its large buffer back to the
// pool, and so does not leave it to the garbage collector.
func TestBufferGoesBack(t *testing.T) {
	for _, v := range versions {
		for _, well := range []bool{true, false} {
			client, server := connected(t, v, pairing{true, true})
			client.Write([]byte("x"))
			if n, err := server.Read(make([]byte, 2)); n != 1 || err != nil {
				t.Fatal(n, err)
			}
			if well {
				client.Close()
			} else {
				client.(*Conn).NetConn().Write([]byte{23, 3, 3, 0, 20, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 99})
			}
			if _, err := server.Read(make([]byte, 1)); (err == io.EOF) != well {
				t.Error(err)
			}
			if in := &server.(*Conn).in; in.large != nil || len(in.bytes()) > 0 {
				t.Errorf("%s, ended well: %t: %d bytes are left in a buffer", VersionName(v), well, len(in.bytes()))
			}
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		c, err := net.Dial("tcp", l.Addr().String())
		if err == nil {
			c.Write([]byte("SSH-2.0-something\r\n"))
			io.Copy(io.Discard, c)
			c.Close()
		}
	}()
	raw, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	server := Server(raw, serverSide(0, nil).config())
	if err := server.Handshake(); err == nil || server.in.large != nil {
		t.Error(err, server.in.large != nil)
	}
	server.Close()
}
