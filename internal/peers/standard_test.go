package peers

import (
	stdtls "crypto/tls"
	"net"
	"testing"
	"time"
)

// standard is the standard library, in this process.
type standard struct{}

func (standard) name() string { return "Go" }

func (standard) config(s setup) *stdtls.Config {
	config := &stdtls.Config{
		RootCAs: root().pool, ServerName: s.serverName(), CurvePreferences: s.groups,
		MinVersion: s.version, MaxVersion: s.version,
	}
	if s.suite != 0 {
		config.CipherSuites = []uint16{s.suite}
	}
	if s.id != nil {
		config.Certificates = []stdtls.Certificate{s.id.certificate}
	}
	return config
}

func (p standard) serve(t *testing.T, s setup) (address, say, hear string) {
	t.Helper()
	return p.serveConfig(t, p.config(s)), greeting, greeting
}

// serveConfig sends back what it receives, until the end of the test.
func (standard) serveConfig(t *testing.T, config *stdtls.Config) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			raw, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer raw.Close()
				raw.SetDeadline(time.Now().Add(patience))
				conn := stdtls.Server(raw, config)
				buffer := make([]byte, 16<<10)
				for {
					n, err := conn.Read(buffer)
					if err != nil {
						break
					}
					if _, err := conn.Write(buffer[:n]); err != nil {
						break
					}
				}
				conn.Close()
			}()
		}
	}()
	return l.Addr().String()
}

func (p standard) connect(t *testing.T, s setup, address string) {
	t.Helper()
	conn := p.dial(t, address, p.config(s))
	converse(t, conn, greeting, answer)
	conn.Close()
}

// dial connects to our server and makes the handshake.
func (standard) dial(t *testing.T, address string, config *stdtls.Config) *stdtls.Conn {
	t.Helper()
	raw, err := net.DialTimeout("tcp", address, patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { raw.Close() })
	raw.SetDeadline(time.Now().Add(patience))
	conn := stdtls.Client(raw, config)
	if err := conn.Handshake(); err != nil {
		t.Fatalf("handshake of crypto/tls: %v", err)
	}
	return conn
}
