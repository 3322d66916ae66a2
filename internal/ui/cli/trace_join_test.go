package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/handsel-tls/handsel/internal/observe/pcap"
	"github.com/handsel-tls/handsel/internal/observe/synth"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// end writes a capture of one connection, as it was seen at one end.
func end(t *testing.T, client string, say func(c *synth.Conn)) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "end.pcap")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := pcap.NewWriter(f, nil)
	number := 0
	c := synth.New(client, "198.51.100.1:443", func(p *pcap.Packet) {
		number++
		p.Number = number
		if err := w.Write(p); err != nil {
			t.Fatal(err)
		}
	})
	say(c)
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestServerEnd: two captures of one connection say what was done between the two
// ends.
func TestServerEnd(t *testing.T) {
	hello := []byte(traceHello)
	asked := func(c *synth.Conn) {
		c.Open()
		c.Send(trace.Client, hello)
	}
	for _, c := range []struct {
		name      string
		near, far func(c *synth.Conn)
		want      string
	}{
		{"a reset between", func(c *synth.Conn) { asked(c); c.Reset(trace.Server) }, func(c *synth.Conn) { asked(c); c.Reset(trace.Client) }, "[reset-between]"},
		{"a reset of the server", func(c *synth.Conn) { asked(c); c.Reset(trace.Server) }, func(c *synth.Conn) { asked(c); c.Reset(trace.Server) }, "[reset-after-hello]"},
		{"a lost hello", func(c *synth.Conn) { asked(c); c.Reset(trace.Client) }, func(c *synth.Conn) { c.Open(); c.Reset(trace.Client) }, "[hello-lost]"},
		{"another hello", func(c *synth.Conn) {
			asked(c)
			c.Send(trace.Server, []byte("\x15\x03\x03\x00\x02\x02\x28"))
			c.Close(trace.Server)
		}, func(c *synth.Conn) {
			c.Open()
			c.Send(trace.Client, []byte(strings.Replace(traceHello, "\xc0\x2f", "\x00\x2f", 1)))
			c.Send(trace.Server, []byte("\x15\x03\x03\x00\x02\x02\x28"))
			c.Close(trace.Server)
		}, "[altered-between]"},
		{"found by the random alone", func(c *synth.Conn) { asked(c); c.Reset(trace.Server) }, func(c *synth.Conn) { c.Seq[0] += 1000; asked(c); c.Close(trace.Client) }, "[reset-between]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			// between the two the addresses are translated
			code, out, errs := runTrace("--server-end", end(t, "203.0.113.9:40000", c.far), end(t, "192.0.2.1:40000", c.near))
			if code != 0 || !strings.Contains(out, c.want) {
				t.Errorf("%d %s %s", code, out, errs)
			}
		})
	}
	if code, _, errs := runTrace("--server-end", "nowhere.pcap", end(t, "192.0.2.1:40000", asked)); code == 0 || !strings.Contains(errs, "nowhere.pcap") {
		t.Errorf("%d %s", code, errs)
	}
}
