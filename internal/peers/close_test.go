package peers

import (
	"bufio"
	"io"
	"testing"
)

// TestCloseClient tells how clients of others end a connection: with a
// close_notify, or cut off (RFC 9846, section 6.1).
func TestCloseClient(t *testing.T) {
	for _, p := range []program{openssl{}, gnutls{}} {
		for _, version := range bothVersions {
			t.Run(p.name()+"/"+versionName(version)+"/close_notify", func(t *testing.T) {
				t.Parallel()
				server := serve(t, serverConfig(version, identities()["P-256"]), nil)
				client := p.client(t, setup{version: version}, server.address)
				client.send(greeting)
				client.expect(answer)
				client.input.Close()
				if o := server.next(t); o.err != nil {
					t.Errorf("the client closed; we see %v", o.err)
				}
			})
			t.Run(p.name()+"/"+versionName(version)+"/cut off", func(t *testing.T) {
				t.Parallel()
				skipLacking(t, truncation)
				server := serve(t, serverConfig(version, identities()["P-256"]), nil)
				client := p.client(t, setup{version: version}, server.address)
				client.send(greeting)
				client.expect(answer)
				client.kill()
				if o := server.next(t); !truncated(o.err) {
					t.Errorf("the client was killed; we see %v", o.err)
				}
			})
		}
	}
}

// TestCloseServer is the same with servers of others. Those that serve HTTP
// close after the answer.
func TestCloseServer(t *testing.T) {
	for _, test := range []struct {
		peer program
		more []string
	}{
		{openssl{}, []string{"-www"}},
		{gnutls{}, []string{"--http"}},
		{nss{}, nil},
	} {
		for _, version := range bothVersions {
			s := setup{version: version, id: identities()["P-256"], more: test.more}
			t.Run(test.peer.name()+"/"+versionName(version)+"/close_notify", func(t *testing.T) {
				t.Parallel()
				_, address := test.peer.server(t, s)
				conn := dial(t, address, clientConfig(version))
				if _, err := io.WriteString(conn, "GET / HTTP/1.0\r\n\r\n"); err != nil {
					t.Fatal(err)
				}
				if page, err := io.ReadAll(conn); err != nil || len(page) == 0 {
					t.Errorf("read %d bytes and %v", len(page), err)
				}
			})
		}
	}
	for _, test := range []struct {
		peer      program
		more      []string
		say, hear string
	}{
		{openssl{}, []string{"-rev"}, "lesdnah\n", "handsel\n"},
		{gnutls{}, nil, greeting, greeting},
	} {
		for _, version := range bothVersions {
			t.Run(test.peer.name()+"/"+versionName(version)+"/cut off", func(t *testing.T) {
				t.Parallel()
				skipLacking(t, truncation)
				p, address := test.peer.server(t, setup{
					version: version, id: identities()["P-256"], more: test.more,
				})
				conn := dial(t, address, clientConfig(version))
				converse(t, conn, test.say, test.hear)
				p.kill()
				if rest, err := io.ReadAll(conn); !truncated(err) {
					t.Errorf("read %d bytes and %v", len(rest), err)
				}
			})
		}
	}
}

// TestCloseOurs ends connections to programs that tell the two ways apart.
func TestCloseOurs(t *testing.T) {
	lineAnd := func(end func(*Conn) error) func(*Conn) error {
		return func(conn *Conn) error {
			if _, err := bufio.NewReader(conn).ReadString('\n'); err != nil {
				return err
			}
			if _, err := io.WriteString(conn, answer); err != nil {
				return err
			}
			return end(conn)
		}
	}
	polite := lineAnd((*Conn).Close)
	cut := lineAnd(func(c *Conn) error { return c.NetConn().Close() })
	for _, version := range bothVersions {
		id := identities()["P-256"]
		t.Run("OpenSSL/"+versionName(version)+"/close_notify", func(t *testing.T) {
			t.Parallel()
			server := serve(t, serverConfig(version, id), polite)
			p := openssl{}.client(t, setup{version: version, more: []string{"-msg"}}, server.address)
			p.send(greeting)
			p.expect(answer)
			p.expect(`<<< TLS 1\.[23], Alert \[length 0002\], warning close_notify`)
			if err := p.wait(); err != nil {
				t.Error(err)
			}
		})
		t.Run("OpenSSL/"+versionName(version)+"/cut off", func(t *testing.T) {
			t.Parallel()
			server := serve(t, serverConfig(version, id), cut)
			p := openssl{}.client(t, setup{version: version}, server.address)
			p.send(greeting)
			p.expect(`unexpected eof while reading`)
		})
		t.Run("GnuTLS/"+versionName(version)+"/close_notify", func(t *testing.T) {
			t.Parallel()
			server := serve(t, serverConfig(version, id), polite)
			p := gnutls{}.client(t, setup{version: version}, server.address)
			p.send(greeting)
			p.expect(`Peer has closed the GnuTLS connection`)
			if err := p.wait(); err != nil {
				t.Error(err)
			}
		})
		t.Run("GnuTLS/"+versionName(version)+"/cut off", func(t *testing.T) {
			t.Parallel()
			server := serve(t, serverConfig(version, id), cut)
			p := gnutls{}.client(t, setup{version: version}, server.address)
			p.send(greeting)
			p.expect(`non-properly terminated`)
		})
	}
}

// TestHalfClose ends one direction while the other goes on (RFC 9846, section
// 6.1), with crypto/tls: the programs end both at once.
func TestHalfClose(t *testing.T) {
	for _, version := range bothVersions {
		t.Run(versionName(version), func(t *testing.T) {
			t.Parallel()
			server := serve(t, serverConfig(version, identities()["P-256"]), func(conn *Conn) error {
				said, err := io.ReadAll(conn)
				if err != nil {
					return err
				}
				_, err = conn.Write(said)
				return err
			})
			conn := standard{}.dial(t, server.address, standard{}.config(setup{version: version}))
			if _, err := io.WriteString(conn, greeting); err != nil {
				t.Fatal(err)
			}
			if err := conn.CloseWrite(); err != nil {
				t.Fatal(err)
			}
			if heard, err := io.ReadAll(conn); string(heard) != greeting || err != nil {
				t.Errorf("heard %q, %v", heard, err)
			}
			if o := server.next(t); o.err != nil {
				t.Error(o.err)
			}
		})
	}
}
