package tlstest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"

	"github.com/handsel-tls/handsel/internal/protocol/engine"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// A Witness is what crossed at one end of a pair, and what the engine there kept of
// it. An observer that was given the bytes has to tell the same.
type Witness struct {
	Site   string       // the test that made the pair, and the line
	Side   trace.Side   // the end
	Said   []Said       // in order
	Keys   string       // the key log of this end
	Record trace.Record // without what is not looked at
	Kept   bool         // there is a record
	Cut    bool         // there was more

	logged []logged
}

// Said is bytes of one side.
type Said struct {
	From  trace.Side
	Bytes []byte
}

const (
	// mostOfSite is how many pairs of one line of a test are kept.
	mostOfSite = 500
	// mostSaid is how many bytes of a pair are kept: with what comes then the end
	// stops to be a witness.
	mostSaid = 1 << 15
)

// witnesses are the pairs of this process, if the environment wants them kept.
var witnesses struct {
	sync.Mutex
	path string
	of   map[string]int // by site
	all  []*[2]*Witness
}

// TestMain is for packages whose pairs are to be witnesses: with HANDSEL_WITNESSES
// in the environment they are written to the file of that name, a line of JSON for
// each end.
func TestMain(run func() int) int {
	witnesses.path = os.Getenv("HANDSEL_WITNESSES")
	witnesses.of = map[string]int{}
	code := run()
	if witnesses.path == "" {
		return code
	}
	if err := writeWitnesses(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

func writeWitnesses() error {
	f, err := os.Create(witnesses.path)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(f)
	e := json.NewEncoder(out)
	for _, pair := range witnesses.all {
		for _, w := range pair {
			if !w.Kept {
				continue
			}
			w.Keys = w.keys()
			if err := e.Encode(w); err != nil {
				return err
			}
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	return f.Close()
}

// logged is a line of a key log.
type logged struct {
	random string // of the client
	line   string
}

// keys gives the end's key log of the connections whose hellos were said: there are
// several where it was negotiated anew. Others may have had the same settings.
func (w *Witness) keys() (lines string) {
	var all []byte
	for _, s := range w.Said {
		all = append(all, s.Bytes...)
	}
	for _, l := range w.logged {
		if bytes.Contains(all, []byte(l.random)) {
			lines += l.line
		}
	}
	return lines
}

func size(said []Said) (n int) {
	for _, s := range said {
		n += len(s.Bytes)
	}
	return n
}

// witness begins to keep what crosses between two hosts; nil if it is not wanted.
func witness(client, server *Host) *[2]*Witness {
	witnesses.Lock()
	defer witnesses.Unlock()
	if witnesses.path == "" {
		return nil
	}
	site := site()
	if witnesses.of[site]++; witnesses.of[site] > mostOfSite {
		return nil
	}
	pair := &[2]*Witness{{Site: site, Side: trace.Client}, {Site: site, Side: trace.Server}}
	witnesses.all = append(witnesses.all, pair)
	for i, h := range []*Host{client, server} {
		heard(h.Config, pair[i])
		if h.Settings != nil && h.Settings != h.Config {
			heard(h.Settings, pair[i])
		}
	}
	return pair
}

// site gives the line of the test that calls: of the function of a test, or of a
// part of one, and not of what helps it.
func site() (line string) {
	var callers [64]uintptr
	frames := runtime.CallersFrames(callers[:runtime.Callers(1, callers[:])])
	for {
		f, more := frames.Next()
		if strings.HasSuffix(f.File, "_test.go") {
			line = fmt.Sprintf("%s:%d", f.Function[strings.LastIndex(f.Function, "/")+1:], f.Line)
		}
		if !more {
			return line
		}
	}
}

// heard has the secrets of connections with these settings noted, and their steps
// recorded. Tests change settings while a connection goes on, so it is no copy.
func heard(config *handshake.Config, end *Witness) {
	before := config.KeyLog
	config.Record = true
	config.KeyLog = func(label string, random, secret []byte) {
		witnesses.Lock()
		end.logged = append(end.logged, logged{string(random), fmt.Sprintf("%s %x %x\n", label, random, secret)})
		witnesses.Unlock()
		if before != nil {
			before(label, random, secret)
		}
	}
}

// says notes bytes at one of the ends.
func (p *Pair) says(at, from trace.Side, b []byte) {
	if p.witness == nil || len(b) == 0 {
		return
	}
	w := p.witness[at-1]
	if w.Cut = w.Cut || size(w.Said)+len(b) > mostSaid; !w.Cut {
		w.Said = append(w.Said, Said{from, append([]byte(nil), b...)})
	}
}

// keep notes what the engines have kept so far.
func (p *Pair) keep() {
	if p.witness == nil {
		return
	}
	for i, c := range []*engine.Conn{p.Client, p.Server} {
		if r, w := c.Record(), p.witness[i]; r != nil && !w.Cut {
			w.Kept, w.Record = true, *r
			w.Record.Settings, w.Record.Chains, w.Record.Choices = nil, [2][][]byte{}, nil
		}
	}
}
