//go:build !peers_std

package peers

import (
	"bufio"
	stdtls "crypto/tls"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// words are early data.
const words = "hello, early handsel\n"

// TestEarlyDataServer sends early data to servers of others.
func TestEarlyDataServer(t *testing.T) {
	for name, start := range map[string]func(t *testing.T, s setup) (p *process, address string){
		"OpenSSL": func(t *testing.T, s setup) (*process, string) {
			s.more = []string{"-early_data"}
			return openssl{}.server(t, s)
		},
		"GnuTLS": func(t *testing.T, s setup) (*process, string) {
			s.more = []string{"--earlydata", "--maxearlydata", "1000"}
			return gnutls{}.server(t, s)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, address := start(t, setup{version: stdtls.VersionTLS13, id: identities()["P-256"]})
			config := clientConfig(stdtls.VersionTLS13)
			config.ClientSessionCache = newSessionCache(8)
			first := dial(t, address, config)
			if name == "OpenSSL" {
				p.send("first\n")
				converse(t, first, "", "first") // the ticket comes before it
			} else {
				converse(t, first, greeting, greeting)
			}
			first.Close()

			raw, err := net.DialTimeout("tcp", address, patience)
			if err != nil {
				t.Fatal(err)
			}
			defer raw.Close()
			raw.SetDeadline(time.Now().Add(patience))
			conn := tlsClient(raw, config)
			conn.SetEarlyData([]byte(words))
			if err := conn.Handshake(); err != nil {
				t.Fatal(err)
			}
			if n := conn.EarlyDataAccepted(); n != len(words) {
				t.Errorf("%d bytes were accepted, of %d", n, len(words))
			}
			if name == "OpenSSL" { // the other does not say what it got
				p.expect(`hello, early handsel`)
				p.send("second\n")
				converse(t, conn, "", "second")
			} else {
				converse(t, conn, greeting, greeting)
			}
			conn.Close()
		})
	}
}

// TestEarlyDataNSS sends half of a request early to NSS, which takes none in its
// first seconds, and sends it again.
func TestEarlyDataNSS(t *testing.T) {
	t.Parallel()
	address, say, hear := nss{}.serve(t, setup{version: stdtls.VersionTLS13, id: identities()["P-256"], more: []string{"-u", "-Z"}})
	config := clientConfig(stdtls.VersionTLS13)
	config.ClientSessionCache = newSessionCache(8)
	for i := range 2 {
		raw, err := net.DialTimeout("tcp", address, patience)
		if err != nil {
			t.Fatal(err)
		}
		defer raw.Close()
		raw.SetDeadline(time.Now().Add(patience))
		conn := tlsClient(raw, config)
		conn.SetEarlyData([]byte(say[:len(say)/2]))
		if err := conn.Handshake(); err != nil {
			t.Fatal(err)
		}
		n := conn.EarlyDataAccepted()
		if n > i*len(say)/2 {
			t.Errorf("connection %d: %d bytes were accepted", i, n)
		}
		converse(t, conn, say[n:], hear)
		conn.Close()
	}
}

// TestEarlyDataClient has clients of others send early data to our server, once
// accepted and once not.
func TestEarlyDataClient(t *testing.T) {
	for _, test := range []struct {
		name string
		max  uint32
		peer func(t *testing.T, s setup, address, file string) (p *process)
		says [2]string // if it is not accepted, if it is
	}{
		{"OpenSSL/accepted", 1000, earlyOpenSSL, [2]string{1: "Early data was accepted"}},
		{"OpenSSL/rejected", 0, earlyOpenSSL, [2]string{0: "Early data was not sent"}},
		{"GnuTLS/accepted", 1000, earlyGnuTLS, [2]string{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "early")
			if err := os.WriteFile(file, []byte(words), 0o600); err != nil {
				t.Fatal(err)
			}
			config := serverConfig(stdtls.VersionTLS13, identities()["P-256"])
			config.MaxEarlyData = test.max
			heard := make(chan string, 10)
			server := serve(t, config, func(c *Conn) error {
				lines := bufio.NewReader(c)
				for {
					line, err := lines.ReadString('\n')
					if err != nil {
						return nil
					}
					heard <- line
					io.WriteString(c, "heard: "+line)
				}
			})
			p := test.peer(t, setup{version: stdtls.VersionTLS13}, server.address, file)
			accepted := test.max > 0
			if say := test.says[map[bool]int{true: 1}[accepted]]; say != "" {
				p.expect(say)
			}
			conversation(t, p)
			server.next(t)
			if !server.next(t).state.DidResume {
				t.Error("the second connection did not resume the first one's session")
			}
			close(heard)
			if all := slices.Collect(func(yield func(string) bool) {
				for line := range heard {
					if !yield(line) {
						return
					}
				}
			}); slices.Contains(all, words) != accepted {
				t.Errorf("our server heard %q", all)
			}
		})
	}
}

func earlyOpenSSL(t *testing.T, s setup, address, file string) *process {
	session := filepath.Join(t.TempDir(), "session")
	first := s
	first.more = []string{"-sess_out", session}
	conversation(t, openssl{}.client(t, first, address))
	s.more = []string{"-sess_in", session, "-early_data", file}
	return openssl{}.client(t, s, address)
}

func earlyGnuTLS(t *testing.T, s setup, address, file string) *process {
	s.more = []string{"--resume", "--waitresumption", "--earlydata", file}
	p := gnutls{}.client(t, s, address)
	p.expect(`This is a resumed session`)
	return p
}
