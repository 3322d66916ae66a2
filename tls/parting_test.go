package tls

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// TestLastWordArrives has clients send a good deal more than the server reads of
// it: the alert, or the answer to plain HTTP, reaches them all the same, and no
// reset overtakes it.
func TestLastWordArrives(t *testing.T) {
	long := strings.Repeat("x", 200<<10)
	for name, test := range map[string]struct{ says, hears string }{
		"a record that is too long": {"\x16\x03\x01\xff\xff" + long, "\x15\x03\x03\x00\x02\x02\x16"},
		"plain HTTP":                {"POST / HTTP/1.1\r\n\r\n" + long, "HTTP/1.1 400 Bad Request"},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			over := make(chan struct{})
			go func() {
				defer close(over)
				conn, err := l.Accept()
				if err != nil {
					return
				}
				c := Server(conn, serverSide(VersionTLS13, nil).config())
				h := &httpConn{Conn: c, tls: c}
				h.Read(make([]byte, 1))
				h.Close()
			}()
			conn, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(10 * time.Second))
			if _, err := io.WriteString(conn, test.says); err != nil {
				t.Fatal(err)
			}
			conn.(*net.TCPConn).CloseWrite()
			<-over
			heard, err := io.ReadAll(conn)
			if err != nil && !errors.Is(err, io.EOF) || !bytes.HasPrefix(heard, []byte(test.hears)) {
				t.Errorf("heard %q, and then %v", heard, err)
			}
		})
	}
}
