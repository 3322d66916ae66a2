package signer

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"
)

const (
	mostAtOnce = 8           // processes of one signer
	idleFor    = time.Minute // how long one is kept that has nothing to do
	mostAnswer = 64 << 10    // bytes of an answer
	mostSaid   = 300         // bytes of standard error that are repeated
)

// A pool are the processes of a program. Each is asked one thing at a time.
type pool struct {
	slots chan struct{} // one for each process that may be at work

	mu   sync.Mutex
	idle []*process
}

func newPool() pool { return pool{slots: make(chan struct{}, mostAtOnce)} }

// errEnded is a process that ended without an answer.
var errEnded = errors.New("it ended without an answer")

// ask sends a request to a process that waits, or to a new one.
func (s *Signer) ask(r *Request) ([]byte, error) {
	end := time.Now().Add(s.limit)
	patience := time.NewTimer(s.limit)
	defer patience.Stop()
	select {
	case s.pool.slots <- struct{}{}:
		defer func() { <-s.pool.slots }()
	case <-patience.C:
		return nil, fmt.Errorf("it is busy: %d signatures are being made, and none was done within %v", mostAtOnce, s.limit)
	}
	for {
		p, waited := s.pool.take()
		if !waited {
			var err error
			if p, err = start(s.command); err != nil {
				return nil, err
			}
		}
		answer, err := p.ask(r, end, s.limit)
		switch {
		case err == nil:
			s.pool.keep(p)
		case waited && errors.Is(err, errEnded): // since it was last asked, as it may
			p.kill() // which gives its pipes back
			continue
		default:
			p.kill()
			return nil, err
		}
		if answer.Error != "" {
			return nil, errors.New(oneLine(answer.Error))
		}
		return answer.Signature, nil
	}
}

// take gives a process that waits, if there is one.
func (l *pool) take() (p *process, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.idle) == 0 {
		return nil, false
	}
	last := len(l.idle) - 1
	p, l.idle = l.idle[last], l.idle[:last]
	p.until.Stop()
	return p, true
}

// keep has a process wait for the next request, for a while.
func (l *pool) keep(p *process) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.idle = append(l.idle, p)
	p.until = time.AfterFunc(idleFor, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		for i, other := range l.idle {
			if other == p {
				l.idle = append(l.idle[:i], l.idle[i+1:]...)
				p.in.Close() // it ends by itself
				time.AfterFunc(Limit, p.kill)
				return
			}
		}
	})
}

// A process is a program that runs.
type process struct {
	command *exec.Cmd
	in      *os.File // its standard input
	out     *os.File // its standard output
	lines   *bufio.Reader
	said    *tail // its standard error
	until   *time.Timer
	once    sync.Once
	ended   atomic.Bool // and its number may be another's
}

// start starts a program. It is reaped when it ends.
func start(command []string) (*process, error) {
	theirIn, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	out, theirOut, err := os.Pipe()
	if err != nil {
		theirIn.Close()
		in.Close()
		return nil, err
	}
	p := &process{command: exec.Command(command[0], command[1:]...), in: in, out: out, lines: bufio.NewReaderSize(out, mostAnswer), said: &tail{}}
	p.command.Stdin, p.command.Stdout, p.command.Stderr = theirIn, theirOut, p.said
	p.command.WaitDelay = time.Second // what it has started may hold its standard error
	apart(p.command)
	err = p.command.Start()
	theirIn.Close()
	theirOut.Close()
	if err != nil {
		in.Close()
		out.Close()
		return nil, fmt.Errorf("it cannot be started: %w", err)
	}
	go func() {
		p.command.Wait()
		p.ended.Store(true)
	}()
	return p, nil
}

// kill ends a process, and what it has started.
func (p *process) kill() {
	p.once.Do(func() {
		if !p.ended.Load() {
			end(p.command.Process)
		}
		p.in.Close()
		p.out.Close()
	})
}

// ask sends a request, and waits for the answer until a time.
func (p *process) ask(r *Request, end time.Time, limit time.Duration) (a Answer, err error) {
	line, err := json.Marshal(r)
	if err != nil {
		return a, err
	}
	// Where pipes have no deadlines, to end the process ends the wait.
	stop := time.AfterFunc(time.Until(end), p.kill)
	defer stop.Stop()
	p.in.SetWriteDeadline(end)
	p.out.SetReadDeadline(end)
	_, err = p.in.Write(append(line, '\n'))
	if err == nil {
		line, err = p.lines.ReadSlice('\n')
	}
	switch {
	case err != nil && !time.Now().Before(end):
		return a, fmt.Errorf("it gave no answer within %v%s", limit, p.said.text())
	case errors.Is(err, bufio.ErrBufferFull):
		return a, fmt.Errorf("its answer is longer than %d bytes", mostAnswer)
	case err != nil && !(errors.Is(err, io.EOF) && len(line) > 0): // the last line may have no end
		return a, fmt.Errorf("%w%s", errEnded, p.said.text())
	}
	if err := json.Unmarshal(line, &a); err != nil || (a.Error == "") == (len(a.Signature) == 0) {
		return a, fmt.Errorf("it answered %q: a line of JSON is expected, {\"signature\": \"base64\"} or {\"error\": \"why\"}", line[:min(len(line), mostSaid)])
	}
	return a, nil
}

// tail keeps the beginning of what a process says to people.
type tail struct {
	mu   sync.Mutex
	kept []byte
}

// Write keeps what there is room for.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, b[:min(len(b), mostSaid-len(t.kept))]...)
	return len(b), nil
}

// text gives what was said, to go after a message.
func (t *tail) text() string {
	time.Sleep(20 * time.Millisecond) // it comes by another pipe
	t.mu.Lock()
	defer t.mu.Unlock()
	if said := oneLine(string(t.kept)); said != "" {
		return ": " + said
	}
	return ""
}

// oneLine makes what a program has written fit for a message.
func oneLine(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, text[:min(len(text), mostSaid)])
}
