package engine_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/session"
	"github.com/handsel-tls/handsel/internal/protocol/sslv2"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

func ssl2Hosts() (client, server *tlstest.Host) {
	client, server = clientHost(), serverHost("RSA-2048")
	client.Config.SSL2, server.Config.SSL2 = true, true
	client.Config.ClientTickets, server.Config.SessionIDs = true, true
	server.Sessions = session.NewCache(4)
	return client, server
}

func ssl2Run(t *testing.T, client, server *tlstest.Host, cut int) *tlstest.Pair {
	t.Helper()
	p, err := tlstest.NewPair(client, server)
	if err != nil {
		t.Fatal(err)
	}
	p.Cut = cut
	if err := p.Run(); err != nil || !p.Client.Complete() || !p.Server.Complete() {
		t.Fatalf("%v; the client is in %s, the server in %s", err, p.Client.State(), p.Server.State())
	}
	flows(t, p, "hello")
	big := string(bytes.Repeat([]byte("0123456789"), 5000))
	flows(t, p, big)
	return p
}

// SSL 2.0 itself: new and resumed sessions, with and without a client
// certificate, however the bytes are cut.
func TestSSL2(t *testing.T) {
	for _, auth := range []handshake.ClientAuth{handshake.NoClientAuth, handshake.RequestClientAuth, handshake.RequireClientAuth} {
		for _, shows := range []bool{true, false} {
			for _, cut := range []int{0, 1, 5} {
				if auth == handshake.RequireClientAuth && !shows {
					continue // TestSSL2Refusals
				}
				t.Run(fmt.Sprint(auth, shows, cut), func(t *testing.T) {
					client, server := ssl2Hosts()
					server.Config.ClientAuth = auth
					if shows {
						client.Credential = tlstest.Credentials()["RSA-2048"]
					}
					p := ssl2Run(t, client, server, cut)
					c, s := p.Client.Established(), p.Server.Established()
					if c.Version != iana.SSL20 || s.Version != iana.SSL20 || sslv2.KindOf(c.Suite) == 0 || c.Suite != s.Suite || c.Resumed {
						t.Errorf("%+v", c)
					}
					if known := auth != handshake.NoClientAuth && shows; (s.Peer != nil) != known {
						t.Errorf("the server knows its client: %v", s.Peer != nil)
					}
					keep(server, p)
					client.Config.Session = sessionOf(t, p)
					p = ssl2Run(t, client, server, cut)
					if !p.Client.Established().Resumed || !p.Server.Established().Resumed {
						t.Error("it was not resumed")
					}
				})
			}
		}
	}
}

// Every cipher kind that is named, in new and resumed sessions; what is not
// named is not spoken.
func TestSSL2Kinds(t *testing.T) {
	for _, id := range policy.SSL2Suites() {
		client, server := ssl2Hosts()
		client.Config.Policy = with(client.Config.Policy, func(p *policy.Policy) { p.Suites = []iana.Suite{id} })
		server.Config.Policy = with(server.Config.Policy, func(p *policy.Policy) { p.Suites = policy.SSL2Suites() })
		for _, resumed := range []bool{false, true} {
			p := ssl2Run(t, client, server, 0)
			if c, s := p.Client.Established(), p.Server.Established(); c.Suite != id || s.Suite != id || s.Resumed != resumed {
				t.Errorf("%v: %v, resumed %v", id, s.Suite, s.Resumed)
			}
			if !resumed {
				keep(server, p)
				client.Config.Session = sessionOf(t, p)
			}
		}
		_, strict := ssl2Hosts()
		if (policy.Used{Suite: id}).Weak() == nil {
			continue
		}
		client.Config.Session = nil
		p, err := tlstest.NewPair(client, strict)
		if err != nil {
			t.Fatal(err)
		}
		if p.Run(); !errors.Is(p.Server.Err(), fault.NoSharedSuite) {
			t.Errorf("%v is taken of a client although nobody has named it: %v", id, p.Server.Err())
		}
	}
}

// What is refused, and how.
func TestSSL2Refusals(t *testing.T) {
	run := func(change func(client, server *tlstest.Host)) (client, server error) {
		c, s := ssl2Hosts()
		change(c, s)
		p, err := tlstest.NewPair(c, s)
		if err != nil {
			t.Fatal(err)
		}
		p.Run()
		return p.Client.Err(), p.Server.Err()
	}
	if _, err := run(func(c, s *tlstest.Host) { s.Config.ClientAuth = handshake.RequireClientAuth }); !errors.Is(err, fault.CertificateMissing12) {
		t.Error(err)
	}
	if _, err := run(func(c, s *tlstest.Host) { s.Credential = tlstest.Credentials()["P-256"] }); !errors.Is(err, fault.CertificateTypeRefused) {
		t.Error(err)
	}
	// It is never negotiated: who has not named it refuses it.
	if _, err := run(func(c, s *tlstest.Host) { s.Config.SSL2 = false }); !errors.Is(err, fault.SSL2Hello) {
		t.Error(err)
	}
	// And who has named it speaks nothing else.
	if _, err := run(func(c, s *tlstest.Host) { c.Config.SSL2 = false }); !errors.Is(err, fault.NoSharedVersion) {
		t.Error(err)
	}
	if err, _ := run(func(c, s *tlstest.Host) {
		c.Verify = func(*handshake.PeerCertificates) error { return fault.UnknownCA }
	}); !errors.Is(err, fault.UnknownCA) {
		t.Error(err)
	}
}

// An altered record ends the connection, wherever it is altered; nothing of it
// reaches the program.
func TestSSL2Altered(t *testing.T) {
	for at := range 40 {
		client, server := ssl2Hosts()
		p := ssl2Run(t, client, server, 0)
		b, err := p.Client.Seal(nil, []byte("an order of 100 pounds"))
		if err != nil {
			t.Fatal(err)
		}
		if at == 0 || at == 1 || at == 2 || at >= len(b) {
			continue // of the header: the length, and what is waited for
		}
		b[at] ^= 1
		if _, data, err := p.Server.Input(b, tlstest.Now); !errors.Is(err, fault.BadRecordMAC) || len(data) > 0 {
			t.Errorf("byte %d: %q, %v", at, data, err)
		}
	}
}

// DROWN (Aviram and others, 2016; CVE-2016-0800, CVE-2015-3197): key data in the
// clear is refused with a cipher that has none, and a master key that does not
// decrypt is told only by the Finished that nobody can make, as any other wrong
// key is.
func TestDROWN(t *testing.T) {
	client, server := ssl2Hosts()
	for name, alter := range map[string]func(msg []byte) []byte{
		"in the clear": func(msg []byte) []byte {
			out := append([]byte{}, msg[:10]...)
			out[5] = 8 // clear_key_length
			return append(append(out, make([]byte, 8)...), msg[10:]...)
		},
		"another padding": func(msg []byte) []byte { msg[20] ^= 1; return msg },
		"another kind":    func(msg []byte) []byte { msg[1] = 2; return msg },
	} {
		p, err := tlstest.NewPair(client, server)
		if err != nil {
			t.Fatal(err)
		}
		hello := append([]byte{}, p.Client.Output()...)
		p.Client.Sent()
		var in, data []byte
		in = append(in, hello...)
		tlstest.Feed(p.Server, server, &in, &data)
		in = append([]byte{}, p.Server.Output()...)
		p.Server.Sent()
		tlstest.Feed(p.Client, client, &in, &data)
		out := append([]byte{}, p.Client.Output()...)
		n := sslv2.Need(out)
		key, finished := alter(out[2:n:n]), out[n:]
		in = append([]byte{0x80 | byte(len(key)>>8), byte(len(key))}, key...)
		in = append(in, finished...)
		tlstest.Feed(p.Server, server, &in, &data)
		want := map[string]fault.Code{"in the clear": fault.DecodeError, "another padding": fault.BadRecordMAC, "another kind": fault.SuiteNotOffered}[name]
		if err := p.Server.Err(); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
}

// FuzzSSL2 gives a server and a client of SSL 2.0 any bytes.
func FuzzSSL2(f *testing.F) {
	client, server := ssl2Hosts()
	p, err := tlstest.NewPair(client, server)
	if err != nil {
		f.Fatal(err)
	}
	if err := p.Run(); err != nil {
		f.Fatal(err)
	}
	f.Add(true, p.ToServer)
	f.Add(false, p.ToClient)
	f.Fuzz(func(t *testing.T, atServer bool, b []byte) {
		p, err := tlstest.NewPair(client, server)
		if err != nil {
			t.Fatal(err)
		}
		var data []byte
		if atServer {
			tlstest.Feed(p.Server, server, &b, &data)
		} else {
			tlstest.Feed(p.Client, client, &b, &data)
		}
	})
}
