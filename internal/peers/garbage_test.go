package peers

import (
	"bytes"
	stdtls "crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// TestGarbageClient sends our server what no client sends, and then has a client
// of others connect: the server keeps serving.
func TestGarbageClient(t *testing.T) {
	huge := append([]byte{22, 3, 1, 0x40, 0}, append([]byte{1, 0xff, 0xff, 0xff}, make([]byte, 0x4000-4)...)...)
	for _, test := range []struct {
		name   string
		say    []byte
		answer string // how what the server says begins
		kind   error  // the error's type, nil for any
	}{
		{"nothing", nil, "", nil},
		{"one byte", []byte{22}, "", nil},
		{"HTTP", []byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), "", stdtls.RecordHeaderError{}},
		{"SMTP", []byte("EHLO handsel.test\r\n"), "", stdtls.RecordHeaderError{}},
		{"zeros", make([]byte, 4096), "", stdtls.RecordHeaderError{}},
		{"a ClientHello of nothing", []byte{22, 3, 1, 0, 4, 1, 0, 0, 0}, "\x15\x03", nil},
		{"a ClientHello of 16 MB", bytes.Repeat(huge, 8), "\x15\x03", nil},
		{"application data", []byte{23, 3, 3, 0, 2, 'h', 'i'}, "\x15\x03", nil},
		{"an alert", []byte{21, 3, 1, 0, 2, 2, 40}, "", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := serve(t, serverConfig(0, identities()["P-256"]), nil)
			raw, err := net.DialTimeout("tcp", server.address, patience)
			if err != nil {
				t.Fatal(err)
			}
			defer raw.Close()
			raw.SetDeadline(time.Now().Add(patience))
			raw.Write(test.say) // may fail: the server need not read it all
			raw.(*net.TCPConn).CloseWrite()
			o := server.outcome(t)
			if o.handshake == nil {
				t.Fatal("our handshake succeeded")
			}
			var header stdtls.RecordHeaderError
			if test.kind != nil && !errors.As(o.handshake, &header) {
				t.Errorf("the error is %T, %[1]v; want a RecordHeaderError", o.handshake)
			}
			said, _ := io.ReadAll(raw)
			if lacks[firstAlert] != "" {
				test.answer = ""
			}
			unread := len(test.say) > 1<<16 // then the system cuts the connection off, and the alert may be lost
			if !strings.HasPrefix(string(said), test.answer) && !(unread && len(said) == 0) {
				t.Errorf("the server said % x, want % x and more", said, test.answer)
			}
			standard{}.connect(t, setup{}, server.address)
			if o := server.next(t); o.err != nil {
				t.Error(o.err)
			}
		})
	}
}

// TestGarbageServer connects to what is not a TLS server.
func TestGarbageServer(t *testing.T) {
	for _, test := range []struct {
		name, say string
	}{
		{"nothing", ""},
		{"HTTP", "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"},
		{"SSH", "SSH-2.0-OpenSSH_9.2\r\n"},
		{"an alert", "\x15\x03\x03\x00\x02\x02\x28"},
		{"a warning, then nothing", "\x15\x03\x03\x00\x02\x01\x70"},
		{"a ServerHello of nothing", "\x16\x03\x03\x00\x04\x02\x00\x00\x00"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { l.Close() })
			go func() {
				if raw, err := l.Accept(); err == nil {
					raw.Read(make([]byte, 4096))
					io.WriteString(raw, test.say)
					raw.Close()
				}
			}()
			_, err = tryDial(t, l.Addr().String(), clientConfig(0))
			if err == nil {
				t.Error("our handshake succeeded")
			}
			var header stdtls.RecordHeaderError
			if plain := test.name == "HTTP" || test.name == "SSH"; plain != errors.As(err, &header) {
				t.Errorf("the error is %T, %[1]v; RecordHeaderError wanted: %v", err, plain)
			}
		})
	}
}
