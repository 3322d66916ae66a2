package bench

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"

	"github.com/handsel-tls/handsel/internal/observe/pcap"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// Made is what WriteCapture wrote.
type Made struct {
	Connections int
	Failed      int // of them: those whose handshake did not get to its end
	Packets     int
	Bytes       int64 // of the file
	ByTalk      map[string]int
}

// atATime is how many connections are open at once.
const atATime = 64

// WriteCapture writes a pcapng file of so many connections between engines of
// this project, some 8.5 KB each: versions, groups, suites and certificates are
// mixed (see talks), one in ten fails, and a few segments come twice or in the
// wrong order. The same number gives the same bytes on every machine.
func WriteCapture(out io.Writer, connections int) (Made, error) {
	defer customRandomness()()
	counter := &counting{out: out}
	m := &merger{made: Made{ByTalk: map[string]int{}}, w: pcap.NewWriter(counter, nil), random: rand.New(rand.NewPCG(1, 2))}
	// Connections are made by all processors, and written in order.
	work, next := make(chan job), make(chan job, 4*runtime.GOMAXPROCS(0))
	for range runtime.GOMAXPROCS(0) {
		go func() {
			for j := range work {
				j.done <- talkOf(j.number).run(j.number)
			}
		}()
	}
	go func() {
		for i := range connections {
			j := job{i, make(chan result, 1)}
			next <- j
			work <- j
		}
		close(next)
		close(work)
	}()
	var err error
	for j := range next {
		r := <-j.done
		if r.err != nil && err == nil {
			err = fmt.Errorf("connection %d, %s: %w", j.number, r.talk.name, r.err)
		}
		if err == nil {
			err = m.add(r)
		}
	}
	for err == nil && len(m.open) > 0 {
		err = m.one()
	}
	err = errors.Join(err, m.w.Flush())
	m.made.Bytes = counter.n
	return m.made, err
}

// customRandomness has the standard library take the randomness it is given,
// which it does for RSA encryption only if it is told to. What it gives undoes
// that.
func customRandomness() (undo func()) {
	const name = "GODEBUG"
	before := os.Getenv(name)
	_ = os.Setenv(name, strings.Trim(before+",cryptocustomrand=1", ",")) // the name is a valid one
	return func() { _ = os.Setenv(name, before) }
}

// A stream is randomness that is the same each time, even where the standard
// library sometimes reads a byte that it does not use: single bytes are not of
// the stream.
type stream struct{ *rand.ChaCha8 }

func (s stream) Read(b []byte) (int, error) {
	if len(b) == 1 {
		b[0] = 1
		return 1, nil
	}
	return s.ChaCha8.Read(b)
}

type counting struct {
	out io.Writer
	n   int64
}

func (c *counting) Write(b []byte) (int, error) {
	n, err := c.out.Write(b)
	c.n += int64(n)
	return n, err
}

type job struct {
	number int
	done   chan result
}

// A result is a connection's frames.
type result struct {
	talk   *talk
	frames [][]byte
	err    error
}

// A merger writes connections as if they had gone on at the same time.
type merger struct {
	w      *pcap.Writer
	made   Made
	open   [][][]byte // frames that are left of each
	clock  int64
	random *rand.Rand
}

func (m *merger) add(r result) error {
	m.made.Connections++
	m.made.ByTalk[r.talk.name]++
	if r.talk.fails() {
		m.made.Failed++
	}
	m.open = append(m.open, r.frames)
	for len(m.open) >= atATime {
		if err := m.one(); err != nil {
			return err
		}
	}
	return nil
}

// one writes a frame of any of the open connections.
func (m *merger) one() error {
	i := m.random.IntN(len(m.open))
	f := m.open[i][0]
	m.clock += 500 + m.random.Int64N(20000)
	m.made.Packets++
	err := m.w.Write(&pcap.Packet{Time: tlstest.Now.UnixNano() + m.clock, Link: pcap.LinkEthernet, Length: len(f), Data: f})
	if m.open[i] = m.open[i][1:]; len(m.open[i]) == 0 {
		m.open[i] = m.open[len(m.open)-1]
		m.open = m.open[:len(m.open)-1]
	}
	return err
}
