package cli

import (
	"bufio"
	"context"
	"fmt"
	"io"

	"github.com/handsel-tls/handsel/internal/observe/explain"
	"github.com/handsel-tls/handsel/internal/observe/flow"
	"github.com/handsel-tls/handsel/internal/observe/packet"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// mostFar is how many connections of the capture at the server are kept.
const mostFar = 200_000

// A farEnd has the connections of a capture that was made at the server, by what a
// device between mostly leaves alone: the client's random, and the sequence number
// with which the client begins.
type farEnd struct {
	cases  map[string]*explain.Case
	joined int
}

// readFarEnd reads the capture that was made at the server.
func readFarEnd(ctx context.Context, name string, keys *flow.Keys) (*farEnd, error) {
	far := &farEnd{cases: map[string]*explain.Case{}}
	t := silentTracer(keys, func(s *flow.Story) {
		c := s.Case()
		for _, key := range keysOf(s, c) {
			if len(far.cases) < mostFar {
				far.cases[key] = c
			}
		}
	})
	if err := t.read(ctx, nil, name); err != nil {
		return nil, fmt.Errorf("--server-end: %s: %w", name, err)
	}
	return far, nil
}

// silentTracer hands all stories on, and prints nothing.
func silentTracer(keys *flow.Keys, show func(*flow.Story)) *tracer {
	return &tracer{
		flags: &traceFlags{all: true}, since: -1 << 62, keys: keys, show: show,
		out: bufio.NewWriter(io.Discard), warn: io.Discard, progress: newProgress(io.Discard, io.Discard), shown: map[string]bool{},
	}
}

// keysOf gives what a connection can be found by at the other end.
func keysOf(s *flow.Story, c *explain.Case) (keys []string) {
	const from, to = 4 + 2, 4 + 2 + 32 // of the random in a ClientHello
	if len(c.Hellos) > 0 && len(c.Hellos[0]) >= to {
		keys = append(keys, "random "+string(c.Hellos[0][from:to]))
	}
	if o := s.TCP.Opening; len(o) > 0 && o[0].From == trace.Client && o[0].Flags&packet.SYN != 0 {
		keys = append(keys, fmt.Sprintf("syn %d %d", o[0].Seq, s.TCP.Client.Port()))
	}
	return keys
}

// explain explains a connection together with what was seen of it at the server.
func (f *farEnd) explain(s *flow.Story) []explain.Finding {
	c := s.Case()
	for _, key := range keysOf(s, c) {
		if far := f.cases[key]; far != nil {
			f.joined++
			return explain.Join(c, far)
		}
	}
	if len(f.cases) == 0 {
		return explain.Explain(c)
	}
	return explain.Join(c, nil)
}
