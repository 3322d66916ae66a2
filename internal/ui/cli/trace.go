package cli

import (
	"bufio"
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/handsel-tls/handsel/internal/observe/flow"
	"github.com/handsel-tls/handsel/internal/observe/packet"
	"github.com/handsel-tls/handsel/internal/observe/pcap"
	"github.com/handsel-tls/handsel/internal/observe/tcp"
)

type traceFlags struct {
	iface, filter string
	json, failed  bool
	all           bool
	verbose       bool
	sni           string
	stream        int
	since         string
	keylogs       []string
	rsaKeys       []string
	write         string
	withKeys      bool
}

func (a *app) traceCommand() *cobra.Command {
	f := traceFlags{stream: -1}
	c := &cobra.Command{
		Use:   "trace [FILE... | -]",
		Short: "Tell the story of the TLS connections in a capture",
		Long: `trace reads captures of packets (pcap and pcapng, also with gzip), standard input
("-"), or an interface, and tells of each connection with TLS who opened it, what
either side said and where it stopped. It finds TLS on any port, and after CONNECT,
STARTTLS and the like.

Connections are told of when they are over; of files, the failed ones first. What
is inferred because it is encrypted is said to be. With a key log (SSLKEYLOGFILE),
also one within a pcapng file, or a server's RSA key for suites without forward
secrecy, it is decrypted.

Exit codes: 0 all of the capture was read; 1 a part of it could not be; 2 the
command is wrong; 3 the interface cannot be captured from.`,
		Example: `  handsel trace capture.pcapng
  handsel trace --failed -v capture.pcap
  handsel trace --json capture.pcap | jq .server_name
  handsel trace -v --keylog keys.txt capture.pcap
  handsel trace --sni www.example.com -w www.pcapng capture.pcap
  tcpdump -w - port 443 | handsel trace -
  handsel trace -i eth0 --filter "port 443"`,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"pcap", "pcapng", "gz"}, cobra.ShellCompDirectiveFilterFileExt
		},
		RunE: func(c *cobra.Command, files []string) error { return a.trace(c.Context(), files, &f) },
	}
	flags := c.Flags()
	flags.StringVarP(&f.iface, "interface", "i", "", "capture from this interface; any stands for all")
	flags.StringVar(&f.filter, "filter", "", `with -i: which packets, such as "host 192.0.2.1 and port 443"`)
	flags.BoolVar(&f.json, "json", false, "a JSON object a line for each connection; docs/trace-json.md has the fields")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "every message, with its time and its frames")
	flags.BoolVar(&f.failed, "failed", false, "only connections that failed")
	flags.BoolVar(&f.all, "all", false, "also connections without TLS")
	flags.StringVar(&f.sni, "sni", "", "only connections with this server name; a leading dot stands for all below it")
	flags.IntVar(&f.stream, "stream", -1, "only this connection, by its number")
	flags.StringVar(&f.since, "since", "", "only connections that began at this time or later, such as 2026-06-01T12:00:00Z")
	flags.StringArrayVar(&f.keylogs, "keylog", nil, "decrypt with the secrets in this file, in the format of SSLKEYLOGFILE")
	flags.StringArrayVar(&f.rsaKeys, "rsa-key", nil, "decrypt with this private RSA key of a server (PEM), where the suite has no forward secrecy")
	flags.StringVarP(&f.write, "write", "w", "", "write the packets of the connections that are told of to this file (pcapng)")
	flags.BoolVar(&f.withKeys, "with-keys", false, "with -w: write the secrets of these connections, too, so that whoever has the file can decrypt them")
	return c
}

// trace reads what the command line names.
func (a *app) trace(ctx context.Context, files []string, f *traceFlags) error {
	if (f.iface == "") == (len(files) == 0) {
		return errors.New("trace wants files, - for standard input, or an interface with -i")
	}
	if f.filter != "" && f.iface == "" {
		return errors.New("--filter goes with -i")
	}
	if f.withKeys && f.write == "" {
		return errors.New("--with-keys goes with -w")
	}
	var since time.Time
	if f.since != "" {
		var err error
		if since, err = time.Parse(time.RFC3339, f.since); err != nil {
			return fmt.Errorf("--since: %q is no time such as 2026-06-01T12:00:00Z", f.since)
		}
	}
	keys, err := f.keys(a.err)
	if err != nil {
		return err
	}
	progress := newProgress(a.out, a.err)
	defer progress.stop()
	out := bufio.NewWriterSize(progress, 1<<16)
	t := &tracer{keys: keys, flags: f, since: since.UnixNano(), out: out, color: colorsFor(a.out), live: f.iface != "", progress: progress}
	if f.write != "" {
		if t.extract, err = newExtract(f.write, f.withKeys); err != nil {
			return err
		}
	}
	if f.since == "" {
		t.since = -1 << 62
	}
	err = a.traceAll(ctx, files, f, t)
	e := out.Flush()
	progress.stop()
	if t.extract != nil {
		e = errors.Join(e, t.extract.close(a.err))
	}
	if err == nil && e != nil {
		err = &exitError{exitFailed, e}
	}
	return err
}

// keys reads the key logs and private keys that the command line names.
func (f *traceFlags) keys(warn io.Writer) (*flow.Keys, error) {
	k := &flow.Keys{Log: new(flow.KeyLog)}
	for _, name := range f.keylogs {
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		if bad := k.Log.Add(b); bad > 0 {
			fmt.Fprintf(warn, "handsel: %s: %d lines are none of a key log\n", name, bad)
		}
	}
	for _, name := range f.rsaKeys {
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		block, _ := pem.Decode(b)
		if block == nil {
			return nil, fmt.Errorf("%s holds no PEM block", name)
		}
		key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			if key, err = x509.ParsePKCS1PrivateKey(block.Bytes); err != nil {
				return nil, fmt.Errorf("%s holds no private key", name)
			}
		}
		private, ok := key.(*rsa.PrivateKey)
		if !ok {
			return nil, fmt.Errorf("%s holds a key of type %T: only RSA keys decrypt", name, key)
		}
		k.RSA = append(k.RSA, private)
	}
	return k, nil
}

func (a *app) traceAll(ctx context.Context, files []string, f *traceFlags, t *tracer) error {
	if f.iface != "" {
		return a.traceLive(ctx, f, t)
	}
	bad := 0
	for _, name := range files {
		if len(files) > 1 {
			t.file = name
		}
		if err := t.read(ctx, a.in, name); err != nil {
			if ctx.Err() != nil {
				return &exitError{exitFailed, errors.New("interrupted")}
			}
			bad++
			fmt.Fprintf(a.err, "handsel: %s: %v\n", name, err)
		}
	}
	if bad > 0 {
		return &exitError{exitFailed, nil}
	}
	return nil
}

func (a *app) traceLive(ctx context.Context, f *traceFlags, t *tracer) error {
	var o pcap.LiveOptions
	if f.filter != "" {
		var err error
		if o.Filter, err = pcap.ParseFilter(f.filter); err != nil {
			return err
		}
	}
	live, err := pcap.Listen(f.iface, o)
	if err != nil {
		return &exitError{exitNetwork, err}
	}
	defer live.Close()
	defer context.AfterFunc(ctx, live.Stop)()
	fmt.Fprintf(a.err, "capturing from %s, Ctrl-C ends it\n", f.iface)
	if t.extract != nil {
		err = t.followOnce(ctx, live)
	} else {
		err = t.follow(ctx, live)
	}
	if err != nil {
		return &exitError{exitNetwork, err}
	}
	return nil
}

// A tracer tells the stories of a source.
type tracer struct {
	flags *traceFlags
	since int64
	out   *bufio.Writer
	color colors
	live  bool
	keys  *flow.Keys

	extract  *extract // nil: nothing is written
	progress *progress

	file string // named in what is told, if there are several

	held  []string // of connections that did not fail, until the failed ones were told of
	count struct{ conns, tls, failed int }
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
		var path *os.PathError
		if errors.As(err, &path) {
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
	stories := make(chan []*flow.Story, 4)
	told := make(chan struct{})
	go func() {
		defer close(told)
		for list := range stories {
			for _, s := range list {
				t.story(s)
			}
		}
	}()
	var list []*flow.Story
	f := flow.NewFollower(func(s *flow.Story) {
		if list = append(list, s); len(list) == 32 || t.live {
			stories <- list
			list = nil
		}
	}, flow.Options{Plain: t.flags.all})
	if len(t.flags.keylogs)+len(t.flags.rsaKeys) > 0 {
		f.UseKeys(t.keys)
	}
	table := tcp.NewTable(f, tcp.Limits{})
	var s packet.Segment
	var u packet.Datagram
	var d packet.Decoder
	for b := range packets.full {
		if len(b.Secrets) > 0 {
			t.keys.Log.Add(b.Secrets)
			if t.extract != nil {
				t.extract.held = true
			}
			f.UseKeys(t.keys)
		}
		for i := range b.Packets {
			if d.Decode(&b.Packets[i], &s, &u) == packet.TCP {
				table.Add(&s)
			}
		}
		packets.free <- b
		if ctx.Err() != nil {
			break
		}
	}
	table.Close()
	stories <- list
	close(stories)
	<-told
	t.rest()
	if ctx.Err() != nil { // an interface ends so
		if t.flags.iface != "" {
			return nil
		}
		return ctx.Err()
	}
	return packets.err
}

// An ahead is packets that are read while others are worked on.
type ahead struct {
	full, free chan *pcap.Batch
	err        error // why there are no more, once full is closed; nil: that was all
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

// mostHeld is how many stories are held back so that the failed ones come first.
const mostHeld = 100_000

// story tells of one connection, if it is wanted.
func (t *tracer) story(s *flow.Story) {
	t.count.conns++
	failed := s.Failed()
	if s.TLS {
		t.count.tls++
	}
	if failed {
		t.count.failed++
	}
	if !t.wants(s, failed) {
		return
	}
	if t.extract != nil {
		t.extract.choose(s, t.keys)
	}
	v := newTraceView(s, t.file)
	if t.flags.json {
		e := json.NewEncoder(t.out)
		e.SetEscapeHTML(false)
		_ = e.Encode(v) // a write that fails shows in Flush
		if t.live {
			t.out.Flush()
		}
		return
	}
	text := v.tell(t.color, t.flags.verbose)
	switch {
	case failed || t.live || len(t.held) >= mostHeld:
		t.out.WriteString(text)
		if t.live {
			t.out.Flush()
		}
	default:
		t.held = append(t.held, text)
	}
}

func (t *tracer) wants(s *flow.Story, failed bool) bool {
	name := strings.ToLower(s.ServerName)
	switch want := strings.ToLower(t.flags.sni); {
	case t.flags.failed && !failed, t.flags.stream >= 0 && s.TCP.ID != t.flags.stream, s.TCP.First < t.since:
		return false
	case want == "":
	case strings.HasPrefix(want, "."):
		return strings.HasSuffix(name, want)
	default:
		return name == want
	}
	return true
}

// rest tells of what was held back, and counts.
func (t *tracer) rest() {
	for _, text := range t.held {
		t.out.WriteString(text)
	}
	t.held = nil
	if !t.flags.json {
		fmt.Fprintf(t.out, "%s%d connections with TLS, %d of them failed%s\n", t.color.dim, t.count.tls, t.count.failed, t.color.off)
	}
}
