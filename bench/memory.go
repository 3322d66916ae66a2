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
	mu      sync.Mutex
	more    sync.Cond
	buf     []byte
	closed  bool
	waiting bool // a Read waits
	other   *link
}

func newLink() (a, b *link) {
	a, b = new(link), new(link)
	a.other, b.other = b, a
	a.more.L, b.more.L = &a.mu, &b.mu
	return a, b
}

func (l *link) Read(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.buf) == 0 {
		if l.closed {
			return 0, io.EOF
		}
		l.waiting = true
		l.more.Wait()
		l.waiting = false
	}
	n := copy(b, l.buf)
	if l.buf = l.buf[n:]; len(l.buf) == 0 {
		l.buf = nil // a network keeps nothing here
	}
	return n, nil
}

func (l *link) Write(b []byte) (int, error) {
	l.other.mu.Lock()
	defer l.other.mu.Unlock()
	l.other.buf = append(l.other.buf, b...)
	l.other.more.Signal()
	return len(b), nil
}

// stop ends what waits in Read.
func (l *link) stop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	l.more.Signal()
}

func (l *link) waits() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.waiting
}

func (l *link) Close() error                     { return nil }
func (l *link) LocalAddr() net.Addr              { return addr }
func (l *link) RemoteAddr() net.Addr             { return addr }
func (l *link) SetDeadline(time.Time) error      { return nil }
func (l *link) SetReadDeadline(time.Time) error  { return nil }
func (l *link) SetWriteDeadline(time.Time) error { return nil }

// idleBytes gives the bytes on the heap that an established connection of the
// stack holds after 16 KB each way, with a Read that waits as in every server
// or without. The other ends are gone; what the link and the goroutine take is
// measured apart and left out.
func (g *goStack) idleBytes(server, reading bool, count int) (int, error) {
	s := bulkScenario
	accept, dial := g.server(s), g.client(s)
	open := func() (io.Reader, *link, error) {
		a, b := newLink()
		sc, cc := accept(a), dial(b)
		err := exchange(sc, cc)
		if server {
			return sc, a, err
		}
		return cc, b, err
	}
	plain := func() (io.Reader, *link, error) {
		a, _ := newLink()
		return a, a, nil
	}
	if _, err := held(plain, reading, count); err != nil { // makes the goroutines
		return 0, err
	}
	link, err := held(plain, reading, count)
	if err != nil {
		return 0, err
	}
	if _, _, err := open(); err != nil { // what is made once
		return 0, err
	}
	all, err := held(open, reading, count)
	return (all - link) / count, err
}

// held gives the bytes on the heap that count connections hold.
func held(open func() (io.Reader, *link, error), reading bool, count int) (int, error) {
	readers, links := make([]io.Reader, count), make([]*link, count)
	before := heap()
	for i := range count {
		var err error
		if readers[i], links[i], err = open(); err != nil {
			return 0, err
		}
	}
	var running sync.WaitGroup
	if reading {
		for i := range count {
			running.Add(1)
			go func(r io.Reader) {
				defer running.Done()
				r.Read(make([]byte, 1))
			}(readers[i])
		}
		for _, l := range links {
			for !l.waits() {
				time.Sleep(100 * time.Microsecond)
			}
		}
	}
	after := heap()
	for _, l := range links {
		l.stop()
	}
	running.Wait()
	runtime.KeepAlive(readers)
	return int(after) - int(before), nil
}

// heap gives the bytes of what is alive. Twice, because pools survive once.
func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// exchange runs a handshake and sends 16 KB each way.
func exchange(server, client conn) error {
	done := make(chan error, 1)
	go func() {
		data := make([]byte, recordSize)
		_, err := io.ReadFull(server, data)
		if err == nil {
			_, err = server.Write(data)
		}
		done <- err
	}()
	data := make([]byte, recordSize)
	if _, err := client.Write(data); err != nil {
		return fmt.Errorf("client: %w", err)
	}
	if err := <-done; err != nil {
		return fmt.Errorf("server: %w", err)
	}
	if _, err := io.ReadFull(client, data); err != nil {
		return fmt.Errorf("client: %w", err)
	}
	return nil
}
