//go:build linux

package pcap_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/observe/packet"
	"github.com/handsel-tls/handsel/internal/observe/pcap"
)

// listen begins a live capture, or skips the test if that is not allowed.
func listen(t *testing.T, name string, o pcap.LiveOptions) *pcap.Live {
	t.Helper()
	l, err := pcap.Listen(name, o)
	if errors.Is(err, os.ErrPermission) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// serve answers one connection on a loopback address.
func serve(t *testing.T, answer []byte) net.Addr {
	t.Helper()
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	go func() {
		c, err := server.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		_, _ = c.Write(answer)
	}()
	return server.Addr()
}

// TestLive captures a connection over the loopback interface: every segment
// once, in both directions, and nothing else.
func TestLive(t *testing.T) {
	answer := bytes.Repeat([]byte("what the server says. "), 10000)
	for _, name := range []string{"lo", pcap.Any} {
		addr := serve(t, answer)
		f, err := pcap.ParseFilter(fmt.Sprintf("tcp port %d", addr.(*net.TCPAddr).Port))
		if err != nil {
			t.Fatal(err)
		}
		l := listen(t, name, pcap.LiveOptions{Filter: f})
		c, err := net.Dial("tcp", addr.String())
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(c)
		if err != nil || !bytes.Equal(got, answer) {
			t.Fatalf("%d bytes, %v", len(got), err)
		}
		_ = c.Close()
		time.AfterFunc(50*time.Millisecond, l.Stop)

		var d packet.Decoder
		var p pcap.Packet
		var s packet.Segment
		syns, payload, sums := 0, 0, [4]int{}
		for {
			if err := l.Next(&p); err != nil {
				if err != io.EOF {
					t.Fatal(err)
				}
				break
			}
			if k := d.Decode(&p, &s, new(packet.Datagram)); k != packet.TCP || s.Src.String() != addr.String() && s.Dst.String() != addr.String() {
				t.Errorf("kind %d, %v to %v", k, s.Src, s.Dst)
			}
			if s.Flags&packet.SYN != 0 {
				syns++
			}
			payload += len(s.Payload) + s.Snapped
			sums[s.Sum]++
			if age := time.Since(p.At()); age < 0 || age > time.Minute {
				t.Errorf("it was captured %v ago", age)
			}
		}
		stats, err := l.Stats()
		if syns != 2 || payload != len(answer) || sums[packet.SumWrong] > 0 || err != nil || stats.Dropped > 0 {
			t.Errorf("%s: %d SYNs, %d bytes of %d, checksums %v, %+v, %v", name, syns, payload, len(answer), sums, stats, err)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestLiveStops stops a capture in which nothing comes.
func TestLiveStops(t *testing.T) {
	f, err := pcap.ParseFilter("tcp and udp")
	if err != nil {
		t.Fatal(err)
	}
	l := listen(t, "lo", pcap.LiveOptions{Filter: f, Blocks: 2})
	defer l.Close()
	time.AfterFunc(20*time.Millisecond, l.Stop)
	began := time.Now()
	var p pcap.Packet
	if err := l.Next(&p); err != io.EOF || time.Since(began) > 5*time.Second {
		t.Errorf("%v after %v", err, time.Since(began))
	}
}

func TestNoInterface(t *testing.T) {
	if _, err := pcap.Listen("nosuch0", pcap.LiveOptions{}); err == nil || !strings.Contains(err.Error(), `there is no interface "nosuch0": there are any, lo`) {
		t.Error(err)
	}
}
