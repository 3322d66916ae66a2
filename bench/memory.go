package bench

import (
	"fmt"
	"io"
	"net"
	"runtime"
	"sync"
	"time"
)

// A link is one end of a connection in memory that costs next to nothing.
type link struct {
	mu    sync.Mutex
	buf   []byte
	other *link
	wake  chan struct{}
}

func newLink() (a, b *link) {
	a, b = &link{wake: make(chan struct{}, 1)}, &link{wake: make(chan struct{}, 1)}
	a.other, b.other = b, a
	return a, b
}

func (l *link) Read(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.buf) == 0 {
		l.mu.Unlock()
		select {
		case <-l.wake:
			l.mu.Lock()
		case <-time.After(5 * time.Second):
			l.mu.Lock()
			return 0, io.ErrNoProgress
		}
	}
	n := copy(b, l.buf)
	if l.buf = l.buf[n:]; len(l.buf) == 0 {
		l.buf = nil
	}
	return n, nil
}

func (l *link) Write(b []byte) (int, error) {
	l.other.mu.Lock()
	l.other.buf = append(l.other.buf, b...)
	l.other.mu.Unlock()
	select {
	case l.other.wake <- struct{}{}:
	default:
	}
	return len(b), nil
}

func (l *link) Close() error                     { return nil }
func (l *link) LocalAddr() net.Addr              { return addr }
func (l *link) RemoteAddr() net.Addr             { return addr }
func (l *link) SetDeadline(time.Time) error      { return nil }
func (l *link) SetReadDeadline(time.Time) error  { return nil }
func (l *link) SetWriteDeadline(time.Time) error { return nil }

// idleBytes gives the bytes on the heap of one end of an idle connection: both
// ends of many connections are of the stack, and have had 16 KB each way.
func (g *goStack) idleBytes(s scenario, count int) (int, error) {
	server, client := g.server(s), g.client(s)
	if err := connect(server, client, nil); err != nil { // what is made once
		return 0, err
	}
	links := make([]*link, 0, 2*count)
	before := heap()
	for range count {
		a, b := newLink()
		links = append(links, a, b)
	}
	bare := heap()
	var kept []conn
	for i := range count {
		links[2*i], links[2*i+1] = nil, nil
		if err := connect(server, client, &kept); err != nil {
			return 0, err
		}
	}
	after := heap()
	runtime.KeepAlive(links)
	runtime.KeepAlive(kept)
	return int(int64(after-before)-int64(bare-before)) / (2 * count), nil
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// connect makes a connection and sends 16 KB each way.
func connect(server, client func(net.Conn) conn, kept *[]conn) error {
	a, b := newLink()
	s, c := server(a), client(b)
	done := make(chan error, 1)
	go func() { done <- echo(s) }()
	data := make([]byte, recordSize)
	if _, err := c.Write(data); err != nil {
		return fmt.Errorf("client: %w", err)
	}
	if err := <-done; err != nil {
		return fmt.Errorf("server: %w", err)
	}
	if _, err := io.ReadFull(c, data); err != nil {
		return fmt.Errorf("client: %w", err)
	}
	if kept != nil {
		*kept = append(*kept, s, c)
	}
	return nil
}

func echo(c conn) error {
	data := make([]byte, recordSize)
	if _, err := io.ReadFull(c, data); err != nil {
		return err
	}
	_, err := c.Write(data)
	return err
}
