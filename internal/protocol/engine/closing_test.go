package engine_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/engine"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

func ends(p *tlstest.Pair) map[string][2]*engine.Conn {
	return map[string][2]*engine.Conn{
		"client": {p.Client, p.Server},
		"server": {p.Server, p.Client},
	}
}

func TestKeyUpdate(t *testing.T) {
	for _, request := range []bool{false, true} {
		for _, name := range []string{"client", "server"} {
			client, server := hostsOf(iana.TLS13, "P-256")
			p := run(t, client, server, 0)
			us, them := ends(p)[name][0], ends(p)[name][1]
			write, read := us.Established().WriteTraffic, us.Established().ReadTraffic
			for range 3 {
				if err := us.KeyUpdate(request); err != nil {
					t.Fatal(err)
				}
				exchange(t, p)
			}
			if us.Established().WriteTraffic == write || us.Established().WriteTraffic != them.Established().ReadTraffic {
				t.Errorf("the keys of the %s's writing did not change on both sides", name)
			}
			if (us.Established().ReadTraffic != read) != request {
				t.Errorf("the %s asked for new keys: %v, and reads with new ones: %v", name, request, !request)
			}
		}
	}
}

// exchange sends data both ways and checks that it arrives.
func exchange(t *testing.T, p *tlstest.Pair) {
	t.Helper()
	p.ServerData, p.ClientData = nil, nil
	for from, text := range map[*engine.Conn]string{p.Client: "to the server", p.Server: "to the client"} {
		if err := p.Send(from, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if string(p.ServerData) != "to the server" || string(p.ClientData) != "to the client" {
		t.Fatalf("arrived: %q and %q", p.ServerData, p.ClientData)
	}
}

func TestKeyUpdateBothAtOnce(t *testing.T) {
	client, server := hostsOf(iana.TLS13, "P-256")
	p := run(t, client, server, 0)
	for _, c := range []*engine.Conn{p.Client, p.Server} {
		if err := c.KeyUpdate(true); err != nil {
			t.Fatal(err)
		}
	}
	exchange(t, p)
	client, server = hostsOf(iana.TLS12, "P-256")
	if err := run(t, client, server, 0).Client.KeyUpdate(true); err == nil {
		t.Error("keys were updated in TLS 1.2")
	}
}

// TestClose closes one direction, and then the other.
func TestClose(t *testing.T) {
	for _, v := range bothVersions {
		for _, name := range []string{"client", "server"} {
			client, server := hostsOf(v, "P-256")
			p := run(t, client, server, 0)
			us, them := ends(p)[name][0], ends(p)[name][1]
			us.Close()
			us.Close() // once more does nothing
			if err := p.Run(); err != nil {
				t.Fatal(err)
			}
			if !them.CloseReceived() || us.CloseReceived() {
				t.Fatal("close_notify did not arrive, or on the wrong side")
			}
			if _, err := us.Seal(nil, []byte("more")); err == nil {
				t.Error("data was sent after close_notify")
			}
			p.ServerData, p.ClientData = nil, nil
			if err := p.Send(them, []byte("half open")); err != nil {
				t.Fatal(err)
			}
			if got := append(p.ServerData, p.ClientData...); string(got) != "half open" {
				t.Errorf("the side that closed got %q", got)
			}
			them.Close()
			if err := p.Run(); err != nil || !us.CloseReceived() {
				t.Error("the other close_notify did not arrive")
			}
			for _, c := range []*engine.Conn{us, them} {
				if err := c.EOF(io.EOF, tlstest.Now); err != io.EOF {
					t.Errorf("the end is %v", err)
				}
			}
		}
	}
}

// TestTruncation ends a connection without close_notify, in the handshake and
// after it.
func TestTruncation(t *testing.T) {
	for _, v := range bothVersions {
		client, server := hostsOf(v, "P-256")
		whole := run(t, client, server, 0).ToServer
		for n := 1; n < 200; n += 13 { // within the ClientHello
			c := engine.NewServer(server.Config, tlstest.Now)
			in, data := bytes.Clone(whole[:n]), []byte(nil)
			tlstest.Feed(c, server, &in, &data)
			if code, _ := fault.Of(c.EOF(io.EOF, tlstest.Now)); code != fault.Truncated {
				t.Errorf("cut at %d: %v", n, c.Err())
			}
			if f := c.Record().Failure; f == nil || f.HasAlert {
				t.Errorf("the record says %+v", f)
			}
			if len(c.Output()) > 0 && bytes.Contains(c.Output(), []byte{byte(iana.ContentAlert), 3, 3}) {
				t.Error("an alert for a peer that is gone")
			}
		}
		client, server = hostsOf(v, "P-256")
		p := run(t, client, server, 0)
		if code, _ := fault.Of(p.Client.EOF(io.EOF, tlstest.Now)); code != fault.TruncatedData {
			t.Errorf("%v: %v", v, p.Client.Err())
		}
		err := p.Server.EOF(errors.New("broken pipe"), tlstest.Now)
		if code, _ := fault.Of(err); code != fault.Reset {
			t.Errorf("%v: %v", v, err)
		}
	}
}

// TestAfterTheEnd gives a connection that has ended more input.
func TestAfterTheEnd(t *testing.T) {
	client, server := hostsOf(iana.TLS13, "P-256")
	p := run(t, client, server, 0)
	p.Server.Abort(fault.Canceled, tlstest.Now)
	p.Run()
	if code, _ := fault.Of(p.Client.Err()); code != fault.PeerAlert {
		t.Errorf("the client ended with %v", p.Client.Err())
	}
	if n, data, err := p.Client.Input([]byte{23, 3, 3, 0, 1, 0}, tlstest.Now); n != 0 || data != nil || err == nil {
		t.Errorf("%d bytes were taken, %q, %v", n, data, err)
	}
	if _, err := p.Server.Seal(nil, []byte("more")); err != nil {
		return
	}
	t.Error("data was sent after a fatal alert")
}

// TestEndWhileWaiting ends connections, as a time limit does, while a question
// is open; the answer that comes afterwards does nothing.
func TestEndWhileWaiting(t *testing.T) {
	for _, s := range scenarios {
		for n := range 6 {
			for _, side := range []trace.Side{trace.Client, trace.Server} {
				client, server := s.hosts(t)
				p, err := tlstest.NewPair(client, server)
				if err != nil {
					t.Fatal(err)
				}
				h, c := client, p.Client
				if side == trace.Server {
					h, c = server, p.Server
				}
				asked, in := 0, ""
				h.Asking = func(*handshake.Ask) {
					if asked++; asked == n+1 {
						in = c.State()
						c.Abort(fault.HandshakeTime, tlstest.Now)
					}
				}
				p.Run()
				if asked <= n {
					continue // it is not asked so often
				}
				f := c.Record().Failure
				if !isFault(c.Err(), fault.HandshakeTime) || c.Complete() || f == nil || f.State != in || f.By != trace.ByNetwork {
					t.Errorf("%s, %v, question %d: %v, %+v", s.name, side, n, c.Err(), f)
				}
				if c.Pending() != nil || c.State() != in {
					t.Errorf("%s, %v, question %d: it still waits in %s", s.name, side, n, c.State())
				}
			}
		}
	}
}
