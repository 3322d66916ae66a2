package peers

import (
	stdtls "crypto/tls"
	"io"
	"testing"
)

// What s_client and s_server say with -msg about a KeyUpdate.
const (
	sentUpdate     = `>>> TLS 1\.3, Handshake \[length 0005\], KeyUpdate`
	receivedUpdate = `<<< TLS 1\.3, Handshake \[length 0005\], KeyUpdate`
)

// TestKeyUpdateClient has OpenSSL's client change its keys, and ask for ours to
// change (RFC 9846, section 4.7.3).
func TestKeyUpdateClient(t *testing.T) {
	for _, test := range []struct {
		command string
		answers bool // we have to change ours as well
	}{
		{"k", false},
		{"K", true},
	} {
		t.Run(test.command, func(t *testing.T) {
			t.Parallel()
			server := serve(t, serverConfig(stdtls.VersionTLS13, identities()["P-256"]), nil)
			p := openssl{}.client(t, setup{more: []string{"-msg"}}, server.address)
			p.send(greeting)
			p.expect(answer)
			p.send(test.command + "\n")
			p.expect(sentUpdate)
			p.send("after it\n")
			p.expect("heard: after it\n")
			if test.answers {
				p.expect(receivedUpdate)
			}
			if err := p.finish(); err != nil {
				t.Error(err)
			}
			if o := server.next(t); o.err != nil {
				t.Error(o.err)
			}
		})
	}
}

// TestKeyUpdateServer has OpenSSL's server change its keys, and ask for ours to
// change.
func TestKeyUpdateServer(t *testing.T) {
	for _, test := range []struct {
		command string
		answers bool
	}{
		{"k", false},
		{"K", true},
	} {
		t.Run(test.command, func(t *testing.T) {
			t.Parallel()
			p, address := openssl{}.server(t, setup{id: identities()["P-256"], more: []string{"-msg"}})
			conn := dial(t, address, clientConfig(stdtls.VersionTLS13))
			talkWith(t, p, conn, "before it\n")
			p.send(test.command + "\n")
			p.expect(sentUpdate)
			talkWith(t, p, conn, "after it\n")
			if test.answers {
				p.expect(receivedUpdate)
			}
		})
	}
}

// talkWith says something to a server that talks through its standard input and
// output, and has it say the same.
func talkWith(t *testing.T, p *process, conn io.ReadWriter, line string) {
	t.Helper()
	p.send(line)
	buffer := make([]byte, len(line))
	if _, err := io.ReadFull(conn, buffer); err != nil || string(buffer) != line {
		t.Fatalf("heard %q, %v; want %q", buffer, err, line)
	}
	if _, err := io.WriteString(conn, "ours: "+line); err != nil {
		t.Fatal(err)
	}
	p.expect("ours: " + line)
}

// TestKeyUpdateOurs changes our keys and asks the peer to change its own.
func TestKeyUpdateOurs(t *testing.T) {
	skipLacking(t, sendKeyUpdate)
	t.Run("client", func(t *testing.T) {
		t.Parallel()
		p, address := openssl{}.server(t, setup{id: identities()["P-256"], more: []string{"-msg"}})
		conn := dial(t, address, clientConfig(stdtls.VersionTLS13))
		for _, line := range []string{"one\n", "two\n", "three\n"} {
			talkWith(t, p, conn, line)
			if err := keyUpdate(conn); err != nil {
				t.Fatal(err)
			}
		}
		talkWith(t, p, conn, "four\n")
		p.expect(receivedUpdate)
		p.expect(sentUpdate)
	})
	for _, p := range []peer{standard{}, openssl{}, gnutls{}, nss{}} {
		t.Run("server/"+p.name(), func(t *testing.T) {
			t.Parallel()
			server := serve(t, serverConfig(stdtls.VersionTLS13, identities()["P-256"]), func(conn *Conn) error {
				if err := keyUpdate(conn); err != nil {
					return err
				}
				return answerLines(conn)
			})
			p.connect(t, setup{version: stdtls.VersionTLS13}, server.address)
			if o := server.next(t); o.err != nil {
				t.Error(o.err)
			}
		})
	}
}
