// Package accesslog writes requests down, one a line. Requests do not wait for
// it.
package accesslog

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strconv"
	"sync/atomic"
	"time"
)

// Settings say where to write, and how. Two that are equal mean the same log.
type Settings struct {
	To        string // a file, Stdout or Stderr; empty: nowhere
	Combined  bool   // as Apache and nginx write it, with the ID of the connection behind; else JSON
	Bytes     int64  // when a file becomes longer, a new one is begun; 0: never
	Keep      int    // how many of the old ones are kept, called FILE.1, FILE.2 and so on; 0: one
	Query     bool   // also the queries of addresses, in which secrets may stand
	NoAddress bool   // without the addresses of clients
}

// What To may be, other than a file.
const (
	Stdout = "stdout"
	Stderr = "stderr"
)

const (
	queued    = 1 << 13     // requests that have not been written
	lookEvery = time.Second // whether the file is still there: logrotate takes it away
)

// A Log takes requests until it is closed.
type Log struct {
	settings Settings
	note     func(string)
	queue    chan *Entry
	quit     chan struct{}
	done     chan struct{}
	lost     atomic.Int64

	file   *os.File // nil: it is none
	size   int64    // of the file
	out    io.Writer
	buf    *bufio.Writer
	looked time.Time
	failed bool // the last write: it was said
}

// Open opens a log. standard are what Stdout and Stderr stand for; note is told
// what goes wrong later on. A file is made with mode 0600.
func Open(s Settings, standard map[string]io.Writer, note func(string)) (*Log, error) {
	l := &Log{settings: s, note: note, queue: make(chan *Entry, queued), quit: make(chan struct{}), done: make(chan struct{}), looked: time.Now()}
	if l.out = standard[s.To]; l.out == nil {
		if err := l.open(); err != nil {
			return nil, fmt.Errorf("the access log cannot be written: %w", err)
		}
	}
	l.buf = bufio.NewWriterSize(l, 32<<10)
	go l.run()
	return l, nil
}

// Settings gives what the log was opened with.
func (l *Log) Settings() Settings { return l.settings }

// Tell hands a request over. It does not block: when requests come faster than
// they can be written some are lost, and that is written.
func (l *Log) Tell(e *Entry) {
	select {
	case l.queue <- e:
	default:
		l.lost.Add(1)
	}
}

// Close writes what is left. Tell must not be called any more.
func (l *Log) Close() {
	close(l.quit)
	<-l.done
}

func (l *Log) run() {
	defer close(l.done)
	for {
		select {
		case e := <-l.queue:
			l.write(e)
		case <-l.quit:
			for len(l.queue) > 0 {
				l.write(<-l.queue)
			}
			if l.file != nil {
				l.file.Close()
			}
			return
		}
	}
}

// write writes a request, and all to the file if no other is waiting.
func (l *Log) write(e *Entry) {
	line := e.line(&l.settings)
	if n := l.lost.Swap(0); n > 0 {
		l.note(fmt.Sprintf("%d requests are not in the access log: they came faster than they could be written", n))
	}
	if l.file != nil {
		l.look(int64(len(line)))
	}
	l.buf.Write(line)
	if len(l.queue) == 0 {
		l.flush()
	}
}

func (l *Log) flush() {
	err := l.buf.Flush()
	if err != nil {
		l.buf.Reset(l) // or it would give the same error for ever
		if !l.failed {
			l.note(fmt.Sprintf("requests are not written down: %v", err))
		}
	}
	l.failed = err != nil
}

// Write is for the buffer.
func (l *Log) Write(b []byte) (int, error) {
	n, err := l.out.Write(b)
	l.size += int64(n)
	return n, err
}

// look opens the file again if it was taken away, and begins a new one if it
// would become too long.
func (l *Log) look(more int64) {
	if now := time.Now(); now.Sub(l.looked) >= lookEvery {
		l.looked = now
		there, err := os.Stat(l.settings.To)
		if has, bad := l.file.Stat(); err != nil || bad != nil || !os.SameFile(there, has) {
			l.flush()
			l.reopen()
		}
	}
	if most := l.settings.Bytes; most > 0 && l.size > 0 && l.size+int64(l.buf.Buffered())+more > most {
		l.flush()
		l.rotate()
	}
}

// rotate renames the file to FILE.1, that to FILE.2 and so on.
func (l *Log) rotate() {
	name := func(i int) string { return l.settings.To + "." + strconv.Itoa(i) }
	for i := max(l.settings.Keep, 1); i > 1; i-- {
		if err := os.Rename(name(i-1), name(i)); err != nil && !os.IsNotExist(err) {
			l.note(fmt.Sprintf("the access log: %v", err))
		}
	}
	if err := os.Rename(l.settings.To, name(1)); err != nil {
		l.note(fmt.Sprintf("the access log: %v", err))
		l.size = 0 // not to be tried again with each request
		return
	}
	l.reopen()
}

// reopen goes over to the file that has the name now; if there can be none, it
// stays with the one it has.
func (l *Log) reopen() {
	old := l.file
	if err := l.open(); err != nil {
		l.note(fmt.Sprintf("the access log: %v", err))
		return
	}
	old.Close()
}

func (l *Log) open() error {
	f, err := os.OpenFile(l.settings.To, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return err
	}
	l.file, l.out, l.size = f, f, info.Size()
	return nil
}
