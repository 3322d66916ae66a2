package peers

import (
	"bufio"
	"bytes"
	stdtls "crypto/tls"
	"errors"
	"io"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"
)

// clientConfig is for a client that trusts root; version 0 stands for any.
func clientConfig(version uint16) *Config {
	config := newConfig()
	config.RootCAs = root().pool
	config.ServerName = host
	config.MinVersion, config.MaxVersion = version, version
	return config
}

// serverConfig is for a server with the certificates; version 0 stands for any.
func serverConfig(version uint16, ids ...*identity) *Config {
	config := newConfig()
	config.MinVersion, config.MaxVersion = version, version
	for _, id := range ids {
		config.Certificates = append(config.Certificates, id.certificate)
	}
	return config
}

// dial connects to a server of others and makes the handshake. The connection
// is closed at the end of the test.
func dial(t *testing.T, address string, config *Config) *Conn {
	t.Helper()
	conn, err := tryDial(t, address, config)
	if err != nil {
		t.Fatalf("handshake: %v", err)
	}
	return conn
}

// tryDial is dial for handshakes that may fail.
func tryDial(t *testing.T, address string, config *Config) (*Conn, error) {
	t.Helper()
	raw, err := net.DialTimeout("tcp", address, patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { raw.Close() })
	raw.SetDeadline(time.Now().Add(patience))
	conn := tlsClient(raw, config)
	return conn, conn.Handshake()
}

// converse says something and waits for the answer.
func converse(t *testing.T, conn io.ReadWriter, say, hear string) {
	t.Helper()
	if _, err := io.WriteString(conn, say); err != nil {
		t.Fatalf("saying %q: %v", say, err)
	}
	var heard []byte
	buffer := make([]byte, 4096)
	for !bytes.Contains(heard, []byte(hear)) {
		n, err := conn.Read(buffer)
		heard = append(heard, buffer[:n]...)
		if err != nil && !bytes.Contains(heard, []byte(hear)) {
			t.Fatalf("waiting for %q: heard %q, then %v", hear, heard, err)
		}
	}
}

// What clients of others say and what our server answers. The line must not
// begin with a letter that s_client takes for a command.
const (
	greeting = "hello, handsel\n"
	answer   = "heard: " + greeting
	goodbye  = "goodbye\n" // the server is to close
)

// answerLines answers each line until the client closes or says goodbye. It
// gives the error that ended the connection, nil if that was a close_notify.
func answerLines(conn *Conn) error {
	lines := bufio.NewReader(conn)
	for {
		line, err := lines.ReadString('\n')
		if err == io.EOF || line == goodbye {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := io.WriteString(conn, "heard: "+line); err != nil {
			return err
		}
	}
}

// A server is ours, and serves clients of others.
type server struct {
	address string
	ended   chan outcome
}

// An outcome is how a connection of our server went.
type outcome struct {
	state     stdtls.ConnectionState
	handshake error
	err       error // of what was done after the handshake
}

// serve serves on a free port until the end of the test. What to do with a
// connection after its handshake is up to talk; nil stands for answerLines.
func serve(t *testing.T, config *Config, talk func(*Conn) error) *server {
	t.Helper()
	if talk == nil {
		talk = answerLines
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{address: l.Addr().String(), ended: make(chan outcome, 100)}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			raw, err := l.Accept()
			if err != nil {
				return
			}
			go s.one(raw, config, talk)
		}
	}()
	return s
}

func (s *server) one(raw net.Conn, config *Config, talk func(*Conn) error) {
	defer raw.Close()
	raw.SetDeadline(time.Now().Add(patience))
	conn := tlsServer(raw, config)
	var o outcome
	if o.handshake = conn.Handshake(); o.handshake == nil {
		o.err = talk(conn)
		conn.Close()
	}
	o.state = conn.ConnectionState()
	s.ended <- o
}

// outcome waits until the next connection has ended.
func (s *server) outcome(t *testing.T) outcome {
	t.Helper()
	select {
	case o := <-s.ended:
		return o
	case <-time.After(patience):
		t.Fatal("our server has not ended the connection")
		return outcome{}
	}
}

// next is outcome for connections whose handshake must succeed.
func (s *server) next(t *testing.T) outcome {
	t.Helper()
	o := s.outcome(t)
	if o.handshake != nil {
		t.Fatalf("our server's handshake: %v", o.handshake)
	}
	return o
}

// wantError fails the test unless the error matches the pattern. Names of alerts
// may be written with spaces or underscores.
func wantError(t *testing.T, err error, pattern string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error; want one that says %q", pattern)
	}
	if !regexp.MustCompile(pattern).MatchString(strings.ReplaceAll(err.Error(), "_", " ")) {
		t.Errorf("the error is %q; want one that says %q", err, pattern)
	}
}

// truncated reports whether the error says that a connection ended without a
// close_notify.
func truncated(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }
