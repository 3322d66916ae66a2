package tls

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// earlyServer gives the config of a server that takes early data, and a client's
// that has a session for it.
func earlyServer(change func(*Config)) *Config {
	c := &Config{Certificates: []Certificate{certOf("P-256")}, Time: testTime, MaxEarlyData: 1000}
	if change != nil {
		change(c)
	}
	return c
}

func earlyClient() *Config {
	return &Config{ServerName: "a.example", RootCAs: roots(), Time: testTime, ClientSessionCache: NewLRUClientSessionCache(1)}
}

// link gives two ends of a TCP connection.
func link(t *testing.T) (client, server net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if client, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if server, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []net.Conn{client, server} {
		c.SetDeadline(time.Now().Add(10 * time.Second))
		t.Cleanup(func() { c.Close() })
	}
	return client, server
}

// seenEarly is what a server saw of a connection.
type seenEarly struct {
	first   string // what it read at first
	early   bool   // before the handshake was complete
	done    bool   // HandshakeComplete then
	resumed bool
	err     error
}

// talk makes a connection on which the client says something, as early data if
// it can, and the server the same in turn.
func talk(t *testing.T, client, server *Config, say string) (accepted int, saw seenEarly) {
	t.Helper()
	rawClient, rawServer := link(t)
	result := make(chan seenEarly, 1)
	s := Server(rawServer, server)
	exported := make(chan []byte, 1)
	go func() {
		var o seenEarly
		o.err = s.Handshake()
		buf := make([]byte, len(say))
		var n int
		if o.err == nil {
			n, o.err = io.ReadFull(s, buf)
		}
		early, _ := s.ExportEarlyKeyingMaterial("label", nil, 32)
		exported <- early
		o.first, o.early = string(buf[:n]), s.InEarlyData()
		state := s.ConnectionState()
		o.done, o.resumed = state.HandshakeComplete, state.DidResume
		if o.err == nil {
			_, o.err = s.Write([]byte(strings.ToUpper(say) + "\n"))
		}
		io.Copy(io.Discard, s)
		s.Close()
		result <- o
	}()
	c := Client(rawClient, client)
	c.SetEarlyData([]byte(say))
	if err := c.Handshake(); err != nil {
		t.Fatal("client:", err, "server:", (<-result).err)
	}
	accepted = c.EarlyDataAccepted()
	if _, err := c.Write([]byte(say)[accepted:]); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(c).ReadString('\n'); err != nil || line != strings.ToUpper(say)+"\n" {
		t.Errorf("the answer is %q, %v", line, err)
	}
	mine, err := c.ExportEarlyKeyingMaterial("label", nil, 32)
	if theirs := <-exported; (err == nil) != (accepted > 0) || !bytes.Equal(mine, theirs) {
		t.Errorf("exported: %x, %x, %v", mine, theirs, err)
	}
	c.CloseWrite()
	io.Copy(io.Discard, c)
	return accepted, <-result
}

func TestEarlyData(t *testing.T) {
	long := strings.Repeat("long ", 400)
	client := earlyClient()
	var records []*Record
	server := earlyServer(func(c *Config) { c.OnHandshake = func(r *Record) { records = append(records, r) } })
	for i, c := range []struct {
		say      string
		accepted int
	}{{"hello", 0}, {"hello", 5}, {long, 1000}, {"hello", 5}} {
		accepted, saw := talk(t, client, server, c.say)
		if accepted != c.accepted || saw.err != nil || saw.first != c.say || saw.resumed != (i > 0) {
			t.Errorf("connection %d: %d bytes were accepted, the server saw %+v", i, accepted, saw)
		}
		want := "accepted"
		if i == 0 {
			want = "" // it was not offered
		}
		if r := records[len(records)-1]; len(records) != i+1 || r.EarlyData != want {
			t.Errorf("connection %d: %d records, which say %q", i, len(records), r.EarlyData)
		}
		if c.accepted == len(c.say) && saw.early == saw.done {
			t.Errorf("connection %d: early %v, complete %v", i, saw.early, saw.done)
		}
	}
}

// TestEarlyDataIsOff has servers that take none: by default, and with ticket
// keys that were set and nobody to remember what was seen.
func TestEarlyDataIsOff(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Config)
		taken  bool
	}{
		"by default":       {func(c *Config) { c.MaxEarlyData = 0 }, false},
		"keys were set":    {func(c *Config) { c.SetSessionTicketKeys([][32]byte{{1}}) }, false},
		"a young register": {func(c *Config) { c.EarlyDataRegister = NewEarlyDataRegister(10, testTime()) }, false},
		"a full register":  {func(c *Config) { c.EarlyDataRegister = NewEarlyDataRegister(0, testTime().Add(-time.Hour)) }, false},
		"it fails":         {func(c *Config) { c.EarlyDataRegister = answers{err: errors.New("no network")} }, false},
		"it has seen it":   {func(c *Config) { c.EarlyDataRegister = answers{seen: true} }, false},
		"a register": {func(c *Config) {
			c.SetSessionTicketKeys([][32]byte{{1}})
			c.EarlyDataRegister = NewEarlyDataRegister(10, testTime().Add(-time.Hour))
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			client, server := earlyClient(), earlyServer(c.change)
			talk(t, client, server, "first")
			accepted, saw := talk(t, client, server, "second")
			if taken := accepted > 0; taken != c.taken || !saw.resumed || saw.first != "second" || saw.err != nil {
				t.Errorf("%d bytes were accepted, the server saw %+v", accepted, saw)
			}
		})
	}
}

type answers struct {
	seen bool
	err  error
}

func (a answers) Seen([]byte, time.Duration, time.Time) (bool, error) { return a.seen, a.err }

// recorder keeps what a client writes.
type recorder struct {
	net.Conn
	written []byte
}

func (r *recorder) Write(b []byte) (int, error) {
	r.written = append(r.written, b...)
	return r.Conn.Write(b)
}

// TestEarlyDataReplayed sends a client's first flight again: to the same config,
// and to another that has its ticket keys, as clones and those of
// GetConfigForClient do.
func TestEarlyDataReplayed(t *testing.T) {
	client, server := earlyClient(), earlyServer(nil)
	talk(t, client, server, "first")
	rawClient, rawServer := link(t)
	r := &recorder{Conn: rawClient}
	c, s := Client(r, client), Server(rawServer, server)
	c.SetEarlyData([]byte("GET /buy"))
	done := make(chan error, 1)
	go func() { done <- c.Handshake() }()
	buf := make([]byte, 8)
	if _, err := io.ReadFull(s, buf); err != nil || string(buf) != "GET /buy" {
		t.Fatalf("%q, %v", buf, err)
	}
	<-done
	s.Close()
	chosen := earlyServer(func(c *Config) { c.MaxEarlyData = 1000 })
	by := server.Clone()
	by.GetConfigForClient = func(*ClientHelloInfo) (*Config, error) { return chosen, nil }
	for name, config := range map[string]*Config{"the same": server, "a clone": server.Clone(), "chosen": by} {
		rawClient, rawServer := link(t)
		rawServer.SetDeadline(time.Now().Add(300 * time.Millisecond))
		rawClient.Write(r.written)
		s := Server(rawServer, config)
		if n, err := s.Read(buf); n > 0 || err == nil || s.InEarlyData() {
			t.Errorf("%s: %d bytes of it were taken again", name, n)
		}
	}
}

// TestEarlyDataThenNothing has a client that goes away, or is not the one it
// says, after its early data.
func TestEarlyDataThenNothing(t *testing.T) {
	client := earlyClient()
	var last *Record
	server := earlyServer(func(c *Config) { c.OnHandshake = func(r *Record) { last = r } })
	talk(t, client, server, "first")
	rawClient, rawServer := link(t)
	c, s := Client(rawClient, client), Server(rawServer, server)
	c.SetEarlyData([]byte("hello"))
	if err := c.start(); err != nil {
		t.Fatal(err)
	}
	if err := c.sendEarly(); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 10)
	if n, err := s.Read(buf); n != 5 || err != nil || !s.InEarlyData() {
		t.Fatalf("%d, %v", n, err)
	}
	rawClient.Write([]byte{23, 3, 3, 0, 17, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17})
	_, err := s.Read(buf)
	var failed *Error
	if !errors.As(err, &failed) || failed.Fault() != "BadRecordMAC" {
		t.Errorf("it ended with %v", err)
	}
	if r := s.Record(); r != nil && r.EarlyData != "" {
		t.Errorf("the record says of early data %q", r.EarlyData)
	}
	if r := s.Record(); r == nil || r != last || r.Failure == nil || r.Failure.Fault != "BadRecordMAC" {
		t.Errorf("the record is %+v", r)
	}
	if _, again := s.Read(buf); again != err {
		t.Errorf("then with %v", again)
	}
	if _, err := s.Write(buf); err == nil {
		t.Error("it can still be written")
	}
}

// TestEarlyRequest has a handler that answers early data with 425, and sees the
// request again when the handshake is complete. RFC 8470, section 5.2.
func TestEarlyRequest(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if InEarlyData(r) && r.Method != http.MethodGet {
			w.WriteHeader(http.StatusTooEarly)
			return
		}
		fmt.Fprintf(w, "%s %t", r.Method, InEarlyData(r))
	})}
	go Serve(srv, l, earlyServer(func(c *Config) { c.NextProtos = []string{"http/1.1"} }))
	defer srv.Shutdown(context.Background())
	client := earlyClient()
	client.NextProtos = []string{"http/1.1"}
	for i, method := range []string{"GET", "GET", "POST"} {
		request := method + " / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 0\r\n\r\n"
		d := &Dialer{Config: client, EarlyData: []byte(request)}
		conn, err := d.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		n := conn.(*Conn).EarlyDataAccepted()
		if want := len(request); n != 0 && n != want || (n == want) != (i > 0) {
			t.Errorf("request %d: %d bytes were accepted", i, n)
		}
		io.WriteString(conn, request[n:])
		all := bufio.NewReader(conn)
		answer, err := http.ReadResponse(all, nil)
		if err != nil {
			t.Fatal(err)
		}
		if method == "POST" && answer.StatusCode != http.StatusTooEarly && answer.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", method, answer.Status)
		}
		io.Copy(io.Discard, answer.Body)
		io.WriteString(conn, request) // the ticket comes before this answer
		if _, err := http.ReadResponse(all, nil); err != nil {
			t.Error(err)
		}
		conn.Close()
	}
}

// deaf is a client's connection that loses what is sent after the first flight.
type deaf struct {
	net.Conn
	sent bool
}

func (d *deaf) Write(b []byte) (int, error) {
	if d.sent {
		return len(b), nil
	}
	d.sent = true
	return d.Conn.Write(b)
}

// Early data that somebody sends again is all that comes: the handshake has its
// limit of time all the same.
func TestEarlyDataHasALimitOfTime(t *testing.T) {
	client, server := earlyClient(), earlyServer(func(c *Config) { c.HandshakeTimeout = 200 * time.Millisecond })
	talk(t, client, server, "hello")
	rawClient, rawServer := link(t)
	c := Client(&deaf{Conn: rawClient}, client)
	c.SetEarlyData([]byte("hello"))
	go c.Handshake()
	s := Server(rawServer, server)
	b := make([]byte, 5)
	if _, err := io.ReadFull(s, b); err != nil || string(b) != "hello" || !s.InEarlyData() {
		t.Fatalf("%q, %v, early: %v", b, err, s.InEarlyData())
	}
	_, err := s.Read(b)
	if r := s.Record(); !isTimeout(err) || r == nil || r.Failure == nil || r.Failure.Fault != "HandshakeTime" {
		t.Errorf("%v, %+v", err, r)
	}
}

// A program that wants to approve of connections is not asked before the
// handshake is complete: there is no early data for it.
func TestNoEarlyDataBeforeApproval(t *testing.T) {
	client, server := earlyClient(), earlyServer(func(c *Config) { c.VerifyConnection = func(ConnectionState) error { return nil } })
	for range 2 {
		if accepted, saw := talk(t, client, server, "hello"); accepted != 0 || saw.early || saw.err != nil {
			t.Errorf("%d bytes were accepted, the server saw %+v", accepted, saw)
		}
	}
}
