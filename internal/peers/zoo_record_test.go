//go:build !peers_std

package peers

import (
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/observe/flow"
	"github.com/handsel-tls/handsel/internal/observe/packet"
	"github.com/handsel-tls/handsel/internal/observe/pcap"
	"github.com/handsel-tls/handsel/internal/observe/synth"
	"github.com/handsel-tls/handsel/internal/observe/tcp"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// A bystander stands between a client and a server, hands on what they say, and
// makes the packets of it that would have been captured between the two.
type bystander struct {
	address string
	server  string
	mu      sync.Mutex
	capture *synth.Conn
	ended   chan struct{} // once both directions are over
	table   *tcp.Table
	told    *flow.Story
}

// standBetween begins to stand before a server; the first connection is recorded.
func standBetween(t *testing.T, server string) *bystander {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	r := &bystander{address: l.Addr().String(), server: server, ended: make(chan struct{})}
	r.table = tcp.NewTable(flow.NewFollower(func(s *flow.Story) { r.told = s }, flow.Options{Plain: true}), tcp.Limits{})
	var segment packet.Segment
	var datagram packet.Datagram
	var decoder packet.Decoder
	number := 0
	r.capture = synth.New("192.0.2.1:40000", "198.51.100.1:443", func(p *pcap.Packet) {
		number++
		p.Number = number
		if decoder.Decode(p, &segment, &datagram) == packet.TCP {
			r.table.Add(&segment)
		}
	})
	r.capture.Time = time.Now().UnixNano()
	go func() {
		client, err := l.Accept()
		if err == nil {
			r.carry(client.(*net.TCPConn))
		}
	}()
	return r
}

// carry joins the client with the server.
func (r *bystander) carry(client *net.TCPConn) {
	defer close(r.ended)
	defer client.Close()
	conn, err := net.DialTimeout("tcp", r.server, patience)
	if err != nil {
		r.capture.Segment(trace.Client, packet.SYN, nil)
		r.capture.Segment(trace.Server, packet.RST|packet.ACK, nil)
		client.SetLinger(0)
		return
	}
	server := conn.(*net.TCPConn)
	defer server.Close()
	r.capture.Open()
	client.SetDeadline(time.Now().Add(patience))
	server.SetDeadline(time.Now().Add(patience))
	var both sync.WaitGroup
	both.Go(func() { r.copy(trace.Client, client, server) })
	both.Go(func() { r.copy(trace.Server, server, client) })
	both.Wait()
}

// copy hands on one direction, and its end as it came.
func (r *bystander) copy(from trace.Side, src, dst *net.TCPConn) {
	b := make([]byte, 1<<16)
	for {
		n, err := src.Read(b)
		r.mu.Lock()
		r.capture.Time = max(r.capture.Time, time.Now().UnixNano())
		if n > 0 {
			r.capture.Send(from, b[:n])
		}
		switch {
		case errors.Is(err, io.EOF):
			r.capture.Segment(from, packet.FIN|packet.ACK, nil)
		case errors.Is(err, syscall.ECONNRESET):
			r.capture.Reset(from)
		}
		r.mu.Unlock()
		if n > 0 {
			if _, err := dst.Write(b[:n]); err != nil && from == trace.Server {
				return
			}
		}
		switch {
		case err == nil:
			continue
		case errors.Is(err, io.EOF):
			dst.CloseWrite()
		default:
			dst.SetLinger(0)
			dst.Close()
		}
		return
	}
}

// story tells what was recorded.
func (r *bystander) story(t *testing.T) *flow.Story {
	t.Helper()
	select {
	case <-r.ended:
	case <-time.After(patience):
		t.Fatal("the connection does not end")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.table.Close()
	if r.told == nil {
		t.Fatal("nothing was recorded")
	}
	return r.told
}
