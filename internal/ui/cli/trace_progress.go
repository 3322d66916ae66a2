package cli

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/handsel-tls/handsel/internal/observe/pcap"
)

// A progress shows how far the reading of a large file has come, on a terminal.
// What is printed goes through it, so that the two do not mix.
type progress struct {
	out, terminal io.Writer // terminal is nil if there is none
	mixed         bool      // out is a terminal, too

	mu     sync.Mutex
	reader *pcap.Reader
	began  time.Time
	shown  bool
	over   chan struct{} // nil: nothing is shown
}

const (
	largeFile    = 32 << 20 // bytes of a file whose progress is shown
	progressStep = 200 * time.Millisecond
)

func newProgress(out, errs io.Writer) *progress {
	p := &progress{out: out, mixed: isTerminal(out)}
	if isTerminal(errs) {
		p.terminal = errs
	}
	return p
}

// of shows the progress of another file.
func (p *progress) of(r *pcap.Reader) {
	p.stop()
	if _, size := r.Progress(); p.terminal == nil || size < largeFile {
		return
	}
	p.reader, p.began, p.over = r, time.Now(), make(chan struct{})
	go p.run(p.over)
}

func (p *progress) run(over chan struct{}) {
	tick := time.NewTicker(progressStep)
	defer tick.Stop()
	for {
		select {
		case <-over:
			return
		case <-tick.C:
			p.mu.Lock()
			if p.over == over {
				read, size := p.reader.Progress()
				fmt.Fprintf(p.terminal, "\r\x1b[K%s", progressText(read, size, time.Since(p.began)))
				p.shown = true
			}
			p.mu.Unlock()
		}
	}
}

// progressText says how far it is, how fast it goes, and how long it takes yet.
func progressText(read, size int64, spent time.Duration) string {
	rate := float64(read) / max(spent.Seconds(), 1e-3)
	left := "?"
	if rate > 0 {
		left = time.Duration(float64(size-read) / rate * 1e9).Round(time.Second).String()
	}
	return fmt.Sprintf("%d %% of %d MB, %.0f MB/s, %s left", read*100/max(size, 1), size/1e6, rate/1e6, left)
}

// Write prints, in place of the progress if both are shown in one place.
func (p *progress) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mixed {
		p.clear()
	}
	return p.out.Write(b)
}

func (p *progress) clear() {
	if p.shown {
		fmt.Fprint(p.terminal, "\r\x1b[K")
		p.shown = false
	}
}

// stop ends the showing.
func (p *progress) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	if p.over != nil {
		close(p.over)
		p.over = nil
	}
}
