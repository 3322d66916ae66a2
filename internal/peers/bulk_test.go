package peers

import (
	"bytes"
	stdtls "crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// bulk is several megabytes of lines that differ.
func bulk() []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < 3<<20; i++ {
		fmt.Fprintf(&b, "%06d %s\n", i, strings.Repeat("handsel", i%19))
	}
	return b.Bytes()
}

// bulkCells are one cell for each way to protect records.
func bulkCells() []cell {
	var all []cell
	for _, s := range []iana.Suite{
		iana.TLS_AES_128_GCM_SHA256,
		iana.TLS_CHACHA20_POLY1305_SHA256,
		iana.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		iana.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
		iana.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
		iana.TLS_RSA_WITH_AES_128_CBC_SHA256,
	} {
		version := uint16(stdtls.VersionTLS12)
		if suiteOf(uint16(s)).auth == anyKey {
			version = stdtls.VersionTLS13
		}
		c := cell{version, uint16(s), stdtls.X25519, "RSA-2048"}
		if suiteOf(c.suite).auth == rsaOnly {
			c.group = 0
		}
		all = append(all, c)
	}
	return all
}

// TestBulkServer exchanges megabytes with servers of others, both ways at once.
func TestBulkServer(t *testing.T) {
	data := bulk()
	for _, c := range bulkCells() {
		s := setup{version: c.version, suite: c.suite, groups: c.allowed(), id: identities()[c.key]}
		config := func() *Config {
			config := clientConfig(c.version)
			config.CipherSuites = []uint16{c.suite}
			return config
		}
		t.Run("OpenSSL/"+shortName(c.suite), func(t *testing.T) {
			t.Parallel()
			s := s
			s.more = []string{"-quiet", "-naccept", "1"} // quiet: no line is a command
			port := freePort(t)
			p := start(t, "openssl", append([]string{"s_server", "-accept", "127.0.0.1:" + port}, openssl{}.options(s)...)...)
			waitForPort(t, p, port)
			conn := dial(t, "127.0.0.1:"+port, config())
			checkBulk(t, conn, p, data)
		})
		t.Run("GnuTLS/"+shortName(c.suite), func(t *testing.T) {
			t.Parallel()
			address, _, _ := gnutls{}.serve(t, s)
			checkEcho(t, dial(t, address, config()), data)
		})
		t.Run("Go/"+shortName(c.suite), func(t *testing.T) {
			t.Parallel()
			if why := impossible("Go", asServer, c); why != "" {
				t.Skip(why)
			}
			address, _, _ := standard{}.serve(t, s)
			checkEcho(t, dial(t, address, config()), data)
		})
	}
}

// checkBulk sends the data over the connection and through the program at once,
// and wants it whole at both ends.
func checkBulk(t *testing.T, conn io.ReadWriter, p *process, data []byte) {
	t.Helper()
	go p.input.Write(data)
	sent := make(chan error, 1)
	go func() {
		_, err := conn.Write(data)
		sent <- err
	}()
	got := make([]byte, len(data))
	if _, err := io.ReadFull(conn, got); err != nil || !bytes.Equal(got, data) {
		t.Errorf("what the program sent did not come whole: %v", err)
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
	if !p.until(func(out, _ []byte) bool { return len(out) >= len(data) }) || !bytes.HasSuffix(p.printed(), data) {
		t.Error("what we sent did not come whole")
	}
}

// checkEcho sends the data and wants it back.
func checkEcho(t *testing.T, conn io.ReadWriter, data []byte) {
	t.Helper()
	sent := make(chan error, 1)
	go func() {
		_, err := conn.Write(data)
		sent <- err
	}()
	got := make([]byte, len(data))
	if n, err := io.ReadFull(conn, got); err != nil || !bytes.Equal(got, data) {
		t.Errorf("the echo of %d bytes is not the same: %d bytes, %v", len(data), n, err)
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
}

// waitForPort waits until a server that does not say that it is ready listens.
// The port is looked up and not connected to: the server serves one connection.
func waitForPort(t *testing.T, p *process, port string) {
	t.Helper()
	if !p.within(func() bool {
		l, err := net.Listen("tcp", "127.0.0.1:"+port)
		if err == nil {
			l.Close()
		}
		return err != nil
	}) {
		t.Fatalf("%s does not listen", p.command.Args[0])
	}
}

// TestBulkClient exchanges megabytes with clients of others.
func TestBulkClient(t *testing.T) {
	data := bulk()
	echo := func(conn *Conn) error {
		if _, err := io.Copy(conn, io.LimitReader(conn, int64(len(data)))); err != nil {
			return err
		}
		_, err := io.Copy(io.Discard, conn) // until the client closes
		return err
	}
	for _, c := range bulkCells() {
		s := setup{version: c.version, suite: c.suite, groups: c.offered()}
		config := func() *Config {
			config := serverConfig(c.version, identities()[c.key])
			config.CipherSuites = []uint16{c.suite}
			return config
		}
		t.Run("OpenSSL/"+shortName(c.suite), func(t *testing.T) {
			t.Parallel()
			s := s
			s.more = []string{"-quiet", "-no_ign_eof"} // quiet: no line is a command
			server := serve(t, config(), echo)
			checkProgramEcho(t, openssl{}.client(t, s, server.address), data)
			if o := server.next(t); o.err != nil {
				t.Error(o.err)
			}
		})
		t.Run("GnuTLS/"+shortName(c.suite), func(t *testing.T) {
			t.Parallel()
			server := serve(t, config(), echo)
			checkProgramEcho(t, gnutls{}.client(t, s, server.address), data)
			if o := server.next(t); o.err != nil {
				t.Error(o.err)
			}
		})
		t.Run("NSS/"+shortName(c.suite), func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "data")
			if err := os.WriteFile(file, data, 0o600); err != nil {
				t.Fatal(err)
			}
			s := s
			s.more = []string{"-A", file}
			server := serve(t, config(), echo)
			p := nss{}.client(t, s, server.address)
			p.until(func(out, _ []byte) bool { return len(out) >= len(data) })
			p.kill() // it does not close by itself
			if err := p.wait(); !bytes.Contains(p.printed(), data) {
				t.Errorf("tstclnt: the echo is not the same: %v", err)
			}
		})
	}
}

// checkProgramEcho sends the data through a client and wants it back from there.
func checkProgramEcho(t *testing.T, p *process, data []byte) {
	t.Helper()
	go p.input.Write(data)
	last := data[len(data)-500:] // some lines, with their numbers
	whole := p.until(func(out, _ []byte) bool {
		return len(out) >= len(data) && bytes.Contains(out[max(0, len(out)-1500):], last)
	})
	if !whole || !bytes.Contains(p.printed(), data) {
		t.Errorf("the echo of %d bytes is not the same: %d bytes", len(data), len(p.printed()))
	}
	p.input.Close()
}
