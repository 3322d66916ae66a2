package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/handsel-tls/handsel/internal/observe/explain"
	"github.com/handsel-tls/handsel/internal/observe/flow"
	"github.com/handsel-tls/handsel/internal/observe/packet"
	"github.com/handsel-tls/handsel/internal/observe/pcap"
	"github.com/handsel-tls/handsel/internal/observe/quic"
	"github.com/handsel-tls/handsel/internal/observe/tcp"
)

// A tracer tells the stories of a source.
type tracer struct {
	flags *traceFlags
	since int64
	out   *bufio.Writer
	warn  io.Writer // for what is wrong with a source
	color colors
	live  bool
	keys  *flow.Keys

	extract  *extract          // nil: nothing is written
	far      *farEnd           // nil: there is no capture of the server's end
	show     func(*flow.Story) // in place of telling; nil: it is told
	progress *progress

	file string // named in what is told, if there are several

	view traceView // of the story that is told
	line jsonLine

	shown map[string]bool // fields of --hex that there were

	held  held                               // of connections that did not fail, until the failed ones were told of
	count struct{ tls, failed, without int } // without TLS, and failed
}

// read tells of a file; "-" is standard input.
func (t *tracer) read(ctx context.Context, in io.Reader, name string) error {
	var r *pcap.Reader
	var err error
	if name == "-" {
		r, err = pcap.NewReader(in)
	} else {
		r, err = pcap.Open(name)
	}
	if err != nil {
		if path, ok := errors.AsType[*os.PathError](err); ok {
			return path.Err
		}
		return errors.New(strings.TrimPrefix(err.Error(), name+": "))
	}
	defer r.Close()
	t.live = t.live || name == "-"
	t.progress.of(r)
	switch {
	case t.extract == nil:
		return t.follow(ctx, r)
	case name == "-":
		return t.followOnce(ctx, r)
	}
	return t.followTwice(ctx, r, func() (*pcap.Reader, error) { return pcap.Open(name) })
}

// follow tells of a source until it ends. Three goroutines share the work: one
// reads packets, this one follows the connections, one tells of them.
func (t *tracer) follow(ctx context.Context, from pcap.Source) error {
	packets := readAhead(from)
	tell, told := t.telling()
	f := flow.NewFollower(tell, flow.Options{Plain: t.flags.all, KeepData: t.flags.keepData()})
	if len(t.flags.keylogs)+len(t.flags.rsaKeys) > 0 {
		f.UseKeys(t.keys)
	}
	table, initials := tcp.NewTable(f, tcp.Limits{Conns: t.flags.mostOpen}), quic.NewTable(f.QUIC())
	var s packet.Segment
	var u packet.Datagram
	var d packet.Decoder
	take := func(b *pcap.Batch) {
		if len(b.Secrets) > 0 {
			t.keys.Log.Add(b.Secrets)
			if t.extract != nil {
				t.extract.held = true
			}
			f.UseKeys(t.keys)
		}
		for i := range b.Packets {
			switch d.Decode(&b.Packets[i], &s, &u) {
			case packet.TCP:
				table.Add(&s)
			case packet.UDP:
				initials.Add(&u)
			}
		}
	}
	done := ctx.Done()
	if t.flags.iface != "" { // which ends with ctx by itself, when all was read that it has
		done = nil
	}
	packets.each(done, t.live, take, func(d time.Duration) {
		table.Pass(d)
		initials.Pass(d)
	})
	defer t.warnings(&d, table)
	table.Close()
	initials.Close()
	told()
	t.rest()
	if ctx.Err() != nil { // an interface ends so
		if t.flags.iface != "" {
			return nil
		}
		return ctx.Err()
	}
	return packets.err
}

// telling starts what tells of stories. It is given them by tell, several at a time
// unless somebody watches; told waits until it has told of all.
func (t *tracer) telling() (tell func(*flow.Story), told func()) {
	const atOnce = 32
	stories := make(chan []*flow.Story, 4)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for list := range stories {
			for _, s := range list {
				t.story(s)
				if t.show == nil {
					s.Release()
				}
			}
		}
	}()
	var list []*flow.Story
	tell = func(s *flow.Story) {
		if list = append(list, s); len(list) == atOnce || t.live {
			stories <- list
			list = nil
		}
	}
	told = func() {
		stories <- list
		close(stories)
		<-done
	}
	return tell, told
}

// warnings says what the stories cannot tell.
func (t *tracer) warnings(d *packet.Decoder, table *tcp.Table) {
	file := ""
	if t.file != "" {
		file = t.file + ": "
	}
	if n := table.Capped(); n > 0 {
		l := table.Limits()
		fmt.Fprintf(t.warn, "handsel: %s%s given up: more than %d were open at a time, or %d in which nothing was said; --most-open raises that\n",
			file, counted(n, "connection was", "connections were"), l.Conns, l.Quiet)
	}
	if d.Strange > 0 {
		fmt.Fprintf(t.warn, "handsel: %s%s a link layer that is not read (type %d of www.tcpdump.org/linktypes.html)\n",
			file, counted(d.Strange, "packet has", "packets have"), d.StrangeLink)
	}
	if d.Dropped > 0 {
		fmt.Fprintf(t.warn, "handsel: %s%s of IP not whole: fragments are missing, or are cut off\n", file, counted(d.Dropped, "datagram is", "datagrams are"))
	}
}

// counted gives a number with the words for one or for several.
func counted(n int, one, several string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprint(n) + " " + several
}

// An ahead is packets that are read while others are worked on.
type ahead struct {
	full, free chan *pcap.Batch
	err        error // why there are no more, once full is closed; nil: that was all
}

// each takes batches until there are no more, or done. In a live capture pass is told
// how long there was none.
func (a *ahead) each(done <-chan struct{}, live bool, take func(*pcap.Batch), pass func(time.Duration)) {
	const step = 500 * time.Millisecond
	var quiet <-chan time.Time
	if live {
		tick := time.NewTicker(step)
		defer tick.Stop()
		quiet = tick.C
	}
	for came := false; ; {
		select {
		case <-done:
			return
		case b, ok := <-a.full:
			if !ok {
				return
			}
			take(b)
			a.free <- b
			came = true
		case <-quiet:
			if !came {
				pass(step)
			}
			came = false
		}
	}
}

func readAhead(from pcap.Source) *ahead {
	const batches = 3
	a := &ahead{full: make(chan *pcap.Batch, batches), free: make(chan *pcap.Batch, batches)}
	for range batches {
		a.free <- new(pcap.Batch)
	}
	go func() {
		defer close(a.full)
		for b := range a.free {
			err := b.Fill(from)
			a.full <- b
			var damaged *pcap.Error
			switch {
			case errors.As(err, &damaged) && damaged.Again, err == nil:
			case errors.Is(err, io.EOF):
				return
			default:
				a.err = err
				return
			}
		}
	}()
	return a
}

// explain says why a connection failed, with what was seen of it at the other end if
// that is there.
func (t *tracer) explain(s *flow.Story) []explain.Finding {
	if t.far != nil {
		return t.far.explain(s)
	}
	return explain.Explain(s.Case())
}

// story tells of one connection, if it is wanted.
func (t *tracer) story(s *flow.Story) {
	failed := s.Failed()
	switch {
	case s.TLS:
		t.count.tls++
		if failed {
			t.count.failed++
		}
	case failed:
		t.count.without++
	}
	if !t.wants(s, failed) {
		return
	}
	if t.extract != nil {
		t.extract.choose(s, t.keys)
	}
	if t.show != nil {
		t.show(s)
		return
	}
	v := &t.view
	v.fill(s, t.file)
	if s.Doubtful() {
		v.Findings = t.explain(s)
	}
	v.Data = dataOf(s)
	if t.flags.json {
		if t.flags.verbose > 1 {
			v.trees(s)
		}
		t.line.b = t.line.b[:0]
		t.line.view(v)
		t.out.Write(append(t.line.b, '\n')) // if it fails, that shows in Flush
		if t.live {
			t.out.Flush()
		}
		return
	}
	text := t.tell(v, s)
	switch {
	case failed || t.live || !t.held.add(text):
		t.out.WriteString(text)
		if t.live {
			t.out.Flush()
		}
	}
}

func (t *tracer) wants(s *flow.Story, failed bool) bool {
	name := strings.ToLower(s.ServerName)
	switch want := strings.ToLower(t.flags.sni); {
	case t.flags.failed && !failed, t.flags.stream != "" && t.flags.stream != numberOf(s.TCP.ID, s.QUIC != ""), s.TCP.First < t.since:
		return false
	case want == "":
	case strings.HasPrefix(want, "."):
		return strings.HasSuffix(name, want)
	default:
		return name == want
	}
	return true
}

// numberOf gives the number of a connection as --stream has it: those of QUIC have
// numbers of their own.
func numberOf(id int, quic bool) string {
	if quic {
		return "q" + strconv.Itoa(id)
	}
	return strconv.Itoa(id)
}

// rest tells of what was held back, and counts.
func (t *tracer) rest() {
	t.held.release(t.out)
	if !t.flags.json && t.show == nil {
		more := ""
		if t.count.without > 0 {
			more = fmt.Sprintf("; %d that should have had it failed without", t.count.without)
		}
		fmt.Fprintf(t.out, "%s%s with TLS, %d of them failed%s%s\n", t.color.dim, counted(t.count.tls, "connection", "connections"), t.count.failed, more, t.color.off)
	}
}
