package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/handsel-tls/handsel/internal/observe/explain"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/serve/endpoint"
)

// A printer prints handshakes, each on a line. Handshakes do not wait for it:
// when whoever reads the lines is too slow, some are left out, and it says how
// many. Connections that were closed without a byte, as by those who watch over
// servers or look for open ports, are counted: only the first is a line.
type printer struct {
	mu    sync.Mutex // of out
	out   io.Writer
	color colors
	json  bool

	queue chan *endpoint.Handshake
	lines bytes.Buffer // that wait to be written together
	lost  atomic.Int64
	probe int // connections that were closed without a byte
	done  chan struct{}
	once  sync.Once
	quit  chan struct{}
}

func newPrinter(out io.Writer, asJSON bool) *printer {
	p := &printer{out: out, color: colorsFor(out), json: asJSON,
		queue: make(chan *endpoint.Handshake, 4096), done: make(chan struct{}), quit: make(chan struct{})}
	go p.run()
	return p
}

// Write writes lines between those of handshakes.
func (p *printer) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.Write(b)
}

// print hands a handshake over. It does not block.
func (p *printer) print(h *endpoint.Handshake) {
	select {
	case p.queue <- h:
	default:
		p.lost.Add(1)
	}
}

// close prints what is left, for as long as a second.
func (p *printer) close() {
	p.once.Do(func() { close(p.quit) })
	select {
	case <-p.done:
	case <-time.After(time.Second):
	}
}

func (p *printer) run() {
	defer close(p.done)
	for {
		select {
		case h := <-p.queue:
			p.line(h)
			p.rest()
		case <-p.quit:
			p.rest()
			if p.probe > 1 {
				fmt.Fprintf(p, "%s(%d connections were closed without a byte)%s\n", p.color.dim, p.probe, p.color.off)
			}
			return
		}
	}
}

// manyLines is how many bytes of lines are written together at most, but for the
// last line.
const manyLines = 64 << 10

// rest makes lines of what waits, and writes them together.
func (p *printer) rest() {
	for len(p.queue) > 0 {
		if p.lines.Len() >= manyLines {
			p.flush()
		}
		p.line(<-p.queue)
	}
	p.flush()
}

func (p *printer) flush() {
	if p.lines.Len() > 0 {
		p.Write(p.lines.Bytes())
		p.lines.Reset()
	}
}

func (p *printer) line(h *endpoint.Handshake) {
	if n := p.lost.Swap(0); n > 0 && !p.json {
		fmt.Fprintf(&p.lines, "%s(%d handshakes are not shown: they came faster than they could be printed)%s\n", p.color.yellow, n, p.color.off)
	}
	v := newView(h.Record)
	if p.json {
		v.addDetails(h.Record)
		v.Binding = newBindingView(h)
		json.NewEncoder(&p.lines).Encode(v)
		return
	}
	if v.Failure == nil || v.Failure.Fault != fault.NoBytes.Name() {
		fmt.Fprintln(&p.lines, v.line(p.color))
		return
	}
	if p.probe++; p.probe == 1 {
		fmt.Fprintf(&p.lines, "%s%s  %-21s  closed without a byte; more like it are counted only%s\n", p.color.dim, v.Time.Format("15:04:05.000"), v.Peer, p.color.off)
	}
}

// hint says on a line of its own what the failure does not say by itself: the cause
// of what a peer said, and the change that would have worked.
func (v *view) hint(c colors) string {
	if len(v.Findings) == 0 {
		return ""
	}
	var b strings.Builder
	f := &v.Findings[0]
	switch {
	case len(f.Changes) > 0:
		fmt.Fprintf(&b, "\n    %swould have worked: %s%s", c.dim, plain(f.Changes[0].String()), c.off)
	case f.Confidence != explain.Known:
		fmt.Fprintf(&b, "\n    %s%s%s%s", c.dim, hedge(f), plain(f.Cause), c.off)
	}
	return b.String()
}

// line tells a handshake in one line. What strangers sent is quoted if it is
// not plain.
func (v *view) line(c colors) string {
	name := "(no SNI)"
	if v.ServerName != "" {
		name = plain(v.ServerName)
	}
	head := fmt.Sprintf("%s%s%s  %-21s  %s", c.dim, v.Time.Format("15:04:05.000"), c.off, v.Peer, name)
	if f := v.Failure; f != nil {
		s := fmt.Sprintf("%s  %sfailed: %s%s", head, c.red, f.Sentence, c.off)
		if f.Detail != "" {
			s += ": " + plain(f.Detail)
		}
		if f.Alert != "" {
			s += fmt.Sprintf(" (alert %s)", f.Alert)
		}
		return fmt.Sprintf("%s  %.1f ms%s", s, v.Millis, v.hint(c))
	}
	kind := "full"
	if v.Resumed {
		kind = "resumed"
	}
	if v.After {
		kind = "certificate after the handshake"
	}
	if v.Retried {
		kind += ", retried"
	}
	if v.ECH == "accepted" {
		kind += ", encrypted hello"
	}
	if len(v.Weak) > 0 {
		kind += ", " + c.yellow + "weak" + c.off
	}
	parts := []string{head, c.green + v.Version + c.off, v.Suite}
	if v.Group != "" {
		parts = append(parts, v.Group)
	}
	return strings.Join(append(parts, kind, fmt.Sprintf("%.1f ms", v.Millis)), "  ")
}
