package tls

import (
	"bytes"
	stdtls "crypto/tls"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/prf"
	"github.com/handsel-tls/handsel/internal/protocol/record"
	"github.com/handsel-tls/handsel/internal/protocol/schedule"
	"github.com/handsel-tls/handsel/internal/protocol/suite"
)

// victim is a server on a real listener, and how its connections ended.
type victim struct {
	addr  string
	ended chan error
}

func newVictim(t *testing.T) *victim { return newVictimWithin(t, 600*time.Millisecond) }

// newVictimWithin gives a server with a limit for handshakes: a long one where
// handshakes are to succeed, however slow the machine is.
func newVictimWithin(t *testing.T, limit time.Duration) *victim {
	s := serverSide(0, nil)
	s.change = func(c *Config) { c.HandshakeTimeout = limit }
	l, err := Listen("tcp", "127.0.0.1:0", s.config())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	v := &victim{l.Addr().String(), make(chan error, 100)}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				_, err := io.Copy(conn, conn)
				v.ended <- err
			}()
		}
	}()
	return v
}

// serves makes sure that the server still serves.
func (v *victim) serves(t *testing.T) {
	t.Helper()
	c, err := stdtls.Dial("tcp", v.addr, clientSide(nil).std)
	if err != nil {
		t.Fatal("the server does not serve any more:", err)
	}
	defer c.Close()
	if err := greet(c); err != nil {
		t.Fatal("the server does not serve any more:", err)
	}
	c.Close()
	if err := <-v.ended; err != nil {
		t.Error("a good connection ended with", err)
	}
}

// dial connects without TLS.
func (v *victim) dial(t *testing.T) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", v.addr)
	if err != nil {
		t.Fatal(err)
	}
	c.SetDeadline(time.Now().Add(10 * time.Second))
	t.Cleanup(func() { c.Close() })
	return c
}

// plain is a record in the clear.
func plain(ct iana.ContentType, content []byte) []byte {
	return append([]byte{byte(ct), 3, 1, byte(len(content) >> 8), byte(len(content))}, content...)
}

func faultOf(err error) string {
	var e *Error
	if !errors.As(err, &e) {
		return ""
	}
	return e.Fault()
}

// helloOf gives the first record of a client.
func helloOf(t *testing.T) []byte {
	c, s := net.Pipe()
	defer s.Close()
	go stdtls.Client(c, clientSide(nil).std).Handshake()
	b := make([]byte, 1<<14)
	n, err := io.ReadAtLeast(s, b, 5)
	if err != nil {
		t.Fatal(err)
	}
	if whole := 5 + int(b[3])<<8 + int(b[4]); n < whole {
		if _, err := io.ReadFull(s, b[n:whole]); err != nil {
			t.Fatal(err)
		}
		n = whole
	}
	return b[:n]
}

// TestHostileBeforeHandshake has peers that never come to a handshake.
func TestHostileBeforeHandshake(t *testing.T) {
	hello := helloOf(t)
	for name, row := range map[string]struct {
		send  func(net.Conn)
		fault string
		alert int  // -1: none is sent
		flood bool // what the server has not read makes the system reset the connection
	}{
		"garbage":     {func(c net.Conn) { c.Write(bytes.Repeat([]byte("\xdb\x00\x99"), 5000)) }, "NotTLS", 70, true},
		"an SSL2 one": {func(c net.Conn) { c.Write(append([]byte{0x80, 0x2e, 1, 0, 2}, make([]byte, 43)...)) }, "SSL2Hello", 70, false},
		"nothing":     {func(net.Conn) {}, "HandshakeTime", 90, false},
		"half a hello, and nothing": {func(c net.Conn) { c.Write(hello[:100]) },
			"HandshakeTime", 90, false},
		"one byte at a time": {func(c net.Conn) {
			for i := range hello {
				if _, err := c.Write(hello[i : i+1]); err != nil {
					return
				}
				time.Sleep(5 * time.Millisecond)
			}
		}, "HandshakeTime", 90, true},
		"it goes away": {func(c net.Conn) { c.Write(hello[:100]); c.(*net.TCPConn).CloseWrite() }, "Truncated", -1, false},
		"plain HTTP":   {func(c net.Conn) { io.WriteString(c, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n") }, "HTTPRequest", -1, false},
		"CONNECT":      {func(c net.Conn) { io.WriteString(c, "CONNECT a.example:443 HTTP/1.1\r\n\r\n") }, "HTTPSProxyRequest", -1, false},
		"16 MB hello": {func(c net.Conn) {
			c.Write(plain(iana.ContentHandshake, append([]byte{1, 0xff, 0xff, 0xff}, make([]byte, 16000)...)))
			for range 1000 {
				if _, err := c.Write(plain(iana.ContentHandshake, make([]byte, 16384))); err != nil {
					return
				}
			}
		}, "MessageTooLong", 47, true},
		"empty records": {func(c net.Conn) {
			for range 1000 {
				if _, err := c.Write(plain(iana.ContentHandshake, nil)); err != nil {
					return
				}
			}
		}, "EmptyHandshakeRecord", 10, true},
		"warning alerts": {func(c net.Conn) {
			for range 1000 {
				if _, err := c.Write(plain(iana.ContentAlert, []byte{1, 112})); err != nil {
					return
				}
			}
		}, "WarningAlerts", 50, true},
		"change_cipher_spec": {func(c net.Conn) {
			c.Write(hello)
			for range 1000 {
				if _, err := c.Write(plain(iana.ContentChangeCipherSpec, []byte{1})); err != nil {
					return
				}
			}
		}, "EmptyRecords", 0, true},
		"a record of 64 KB": {func(c net.Conn) { c.Write([]byte{22, 3, 1, 0xff, 0xff}) }, "RecordOverflow", 22, false},
		"data":              {func(c net.Conn) { c.Write(plain(iana.ContentApplicationData, []byte("hello"))) }, "", 10, false},
		"close_notify":      {func(c net.Conn) { c.Write(plain(iana.ContentAlert, []byte{1, 0})) }, "ClosedInHandshake", -1, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := newVictim(t)
			c := v.dial(t)
			sent := make(chan bool)
			go func() { row.send(c); close(sent) }()
			start := time.Now()
			err := <-v.ended
			if d := time.Since(start); d > 3*time.Second {
				t.Errorf("it took %v", d)
			}
			if got := faultOf(err); got != row.fault && row.fault != "" {
				t.Errorf("it ended with %q, want %s: %v", got, row.fault, err)
			}
			if (row.fault == "HandshakeTime") != isTimeout(err) {
				t.Errorf("timeout: %v", err)
			}
			answer, _ := io.ReadAll(c)
			<-sent
			want := plain(iana.ContentAlert, []byte{2, byte(row.alert)})
			want[2] = 3
			switch {
			case row.alert < 0 && len(answer) > 0, row.alert > 0 && len(answer) > 0 && !bytes.Equal(answer, want):
				t.Errorf("the answer is %x, want the alert %d", answer, row.alert)
			case len(answer) == 0 && row.alert > 0 && !row.flood:
				t.Errorf("there is no answer, want the alert %d", row.alert)
			}
			v.serves(t)
		})
	}
}

// attacker is a client after the handshake that seals records of its own.
type attacker struct {
	net.Conn
	record.Sealer
}

func (a *attacker) send(ct iana.ContentType, content []byte) error {
	_, err := a.Write(a.Seal(nil, ct, content))
	return err
}

// newAttacker runs a handshake and takes over its keys for writing.
func newAttacker(t *testing.T, v *victim, version uint16) *attacker {
	t.Helper()
	var log bytes.Buffer
	client := clientSide(func(c *stdtls.Config) { c.KeyLogWriter, c.MaxVersion = &log, version })
	raw := v.dial(t)
	conn := Client(raw, client.config())
	if err := conn.Handshake(); err != nil {
		t.Fatal(err)
	}
	return takeOver(t, conn, raw, log.String(), "CLIENT_TRAFFIC_SECRET_0")
}

// takeOver gives an attacker in the place of an end that has sent no data.
func takeOver(t *testing.T, conn *Conn, raw net.Conn, log, label string) *attacker {
	t.Helper()
	a := &attacker{Conn: raw}
	a.SetVersion(iana.TLS12)
	id := iana.Suite(conn.ConnectionState().CipherSuite)
	params, _ := suite.Of(id)
	var keys record.Keys
	if conn.ConnectionState().Version == VersionTLS12 {
		e := conn.engine.Established()
		block := make([]byte, record.BlockLen(params, record.Rules{}))
		prf.TLS12(params.Hash).KeyBlock(block, e.Master[:], e.ClientRandom[:], e.ServerRandom[:])
		var server record.Keys
		if keys, server = record.KeysBlock(params, block, e.EtM, record.Rules{}); !conn.isClient {
			keys = server
		}
	}
	for line := range strings.Lines(log) {
		if f := strings.Fields(line); f[0] == label {
			secret, err := hex.DecodeString(f[2])
			if err != nil {
				t.Fatal(err)
			}
			keys = record.Keys13(id, schedule.NewSecret(params.Hash, secret))
		}
	}
	if err := a.Install(&keys); err != nil {
		t.Fatal(err)
	}
	if conn.ConnectionState().Version == VersionTLS12 || !conn.isClient {
		a.Seal(nil, iana.ContentHandshake, []byte{0}) // the number of the Finished, or of the ticket
	}
	return a
}

// TestHostileAfterHandshake has peers that flood once they are connected.
func TestHostileAfterHandshake(t *testing.T) {
	for name, row := range map[string]struct {
		version uint16
		content iana.ContentType
		bytes   []byte
		fault   string
	}{
		"empty records":               {VersionTLS13, iana.ContentApplicationData, nil, "EmptyRecords"},
		"empty handshake":             {VersionTLS13, iana.ContentHandshake, nil, "EmptyHandshakeRecord"},
		"warning alerts":              {VersionTLS13, iana.ContentAlert, []byte{1, 90}, "WarningAlerts"},
		"16 MB KeyUpdate":             {VersionTLS13, iana.ContentHandshake, []byte{24, 0xff, 0xff, 0xff, 0}, "MessageTooLong"},
		"64 KB in pieces":             {VersionTLS13, iana.ContentHandshake, append([]byte{24, 1, 0, 0}, make([]byte, 100)...), "DecodeError"},
		"a ClientHello":               {VersionTLS13, iana.ContentHandshake, []byte{1, 0, 0, 1, 0}, "UnexpectedMessage"},
		"KeyUpdate of value":          {VersionTLS13, iana.ContentHandshake, []byte{24, 0, 0, 1, 2}, "KeyUpdateWrong"},
		"tickets of a client":         {VersionTLS13, iana.ContentHandshake, []byte{4, 0, 0, 1, 2}, "UnexpectedMessage"},
		"an unknown type":             {VersionTLS13, iana.ContentType(99), []byte{1}, "UnexpectedRecord"},
		"TLS 1.2, empty records":      {VersionTLS12, iana.ContentApplicationData, nil, "EmptyRecords"},
		"TLS 1.2, warning alerts":     {VersionTLS12, iana.ContentAlert, []byte{1, 90}, "WarningAlerts"},
		"TLS 1.2, renegotiation":      {VersionTLS12, iana.ContentHandshake, []byte{1, 0, 0, 1, 0}, "NoRenegotiation"},
		"TLS 1.2, KeyUpdate":          {VersionTLS12, iana.ContentHandshake, []byte{24, 0, 0, 1, 0}, "UnexpectedMessage"},
		"TLS 1.2, change_cipher_spec": {VersionTLS12, iana.ContentChangeCipherSpec, []byte{1}, "UnexpectedChangeCipherSpec"},
		"TLS 1.2, 16 MB message":      {VersionTLS12, iana.ContentHandshake, []byte{11, 0xff, 0xff, 0xff, 0}, "MessageTooLong"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := newVictimWithin(t, 20*time.Second)
			a := newAttacker(t, v, row.version)
			if err := a.send(iana.ContentApplicationData, []byte("hello")); err != nil {
				t.Fatal(err)
			}
			go func() {
				for range 2000 {
					if a.send(row.content, row.bytes) != nil {
						return
					}
				}
			}()
			if err := <-v.ended; faultOf(err) != row.fault {
				t.Errorf("it ended with %q: %v", faultOf(err), err)
			} else if code, ok := fault.Of(err); ok && code.Whose() == fault.Peer && !errors.As(err, new(AlertError)) {
				t.Errorf("no alert in %v", err)
			}
			v.serves(t)
		})
	}
}

// TestKeyUpdateFlood changes keys without end, and asks for the peer's each
// time.
func TestKeyUpdateFlood(t *testing.T) {
	v := newVictimWithin(t, 20*time.Second)
	c := v.dial(t)
	conn := Client(c, clientSide(nil).config())
	if err := greet(conn); err != nil {
		t.Fatal(err)
	}
	go io.Copy(io.Discard, conn)
	updates := 0
	for ; updates < 5000; updates++ {
		if conn.KeyUpdate(true) != nil {
			break
		}
	}
	if err := <-v.ended; faultOf(err) != "KeyUpdates" {
		t.Errorf("%d updates, it ended with %v", updates, err)
	}
	v.serves(t)
}

// TestManyStall has connections that stall in the handshake while others are
// served.
func TestManyStall(t *testing.T) {
	v := newVictim(t)
	hello := helloOf(t)
	for range 50 {
		c := v.dial(t)
		c.Write(hello[:50])
	}
	c, err := stdtls.Dial("tcp", v.addr, clientSide(nil).std)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := greet(c); err != nil {
		t.Error(err)
	}
	for range 50 {
		if err := <-v.ended; faultOf(err) != "HandshakeTime" {
			t.Error(err)
		}
	}
}

// TestHostileServer has clients meet servers that flood once they are
// connected.
func TestHostileServer(t *testing.T) {
	ticket := []byte{4, 0, 0, 14, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 1, 7, 0, 0}
	for name, row := range map[string]struct {
		version uint16
		content iana.ContentType
		bytes   []byte
		fault   string
	}{
		"tickets":                {VersionTLS13, iana.ContentHandshake, ticket, "UnexpectedMessage"},
		"KeyUpdates":             {VersionTLS13, iana.ContentHandshake, []byte{24, 0, 0, 1, 1}, "BadRecordMAC"}, // the keys do not change
		"empty records":          {VersionTLS13, iana.ContentApplicationData, nil, "EmptyRecords"},
		"a certificate request":  {VersionTLS13, iana.ContentHandshake, []byte{13, 0, 0, 3, 0, 0, 0}, "UnexpectedMessage"},
		"HelloRequests":          {VersionTLS12, iana.ContentHandshake, []byte{0, 0, 0, 0}, "NoRenegotiation"},
		"TLS 1.2, empty records": {VersionTLS12, iana.ContentApplicationData, nil, "EmptyRecords"},
		"16 MB certificate":      {VersionTLS12, iana.ContentHandshake, []byte{11, 0xff, 0xff, 0xff, 0}, "MessageTooLong"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, s := tcpPair(t)
			var log bytes.Buffer
			server := Server(s, serverSide(row.version, func(c *stdtls.Config) { c.KeyLogWriter = &log }).config())
			client := Client(c, clientSide(nil).cached().config())
			done := make(chan error, 1)
			go func() { done <- server.Handshake() }()
			if err := errors.Join(client.Handshake(), <-done); err != nil {
				t.Fatal(err)
			}
			a := takeOver(t, server, s, log.String(), "SERVER_TRAFFIC_SECRET_0")
			go func() {
				for range 2000 {
					if a.send(row.content, row.bytes) != nil {
						return
					}
				}
			}()
			if _, err := io.Copy(io.Discard, client); faultOf(err) != row.fault {
				t.Errorf("it ended with %q: %v", faultOf(err), err)
			}
			client.Close()
		})
	}
}
