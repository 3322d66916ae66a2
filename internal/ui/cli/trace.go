package cli

import (
	"bufio"
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/handsel-tls/handsel/internal/observe/flow"
	"github.com/handsel-tls/handsel/internal/observe/pcap"
)

type traceFlags struct {
	iface, filter string
	json, failed  bool
	all           bool
	verbose       int // 1: messages, 2: fields
	hex           []string
	farEnd        string
	data          bool
	sni           string
	stream        string // a number, with q before it if it is one of QUIC; empty: all
	since         string
	keylogs       []string
	rsaKeys       []string
	write         string
	withKeys      bool
	mostOpen      int
	web           bool
	webListen     string
}

func (a *app) traceCommand() *cobra.Command {
	var f traceFlags
	c := &cobra.Command{
		Use:   "trace [FILE... | -]",
		Short: "Tell the story of the TLS connections in a capture",
		Long: `trace reads captures of packets (pcap and pcapng, also with gzip), standard input
("-"), or an interface, and tells of each connection with TLS who opened it, what
either side said and where it stopped. It finds TLS on any port, and after CONNECT,
STARTTLS and the like; of QUIC it reads the hellos.

Connections are told of when they are over; of files, the failed ones first. What
is inferred because it is encrypted is said to be. With a key log (SSLKEYLOGFILE),
also one within a pcapng file, or a server's RSA key for suites without forward
secrecy, it is decrypted.

Exit codes: 0 all of the capture was read; 1 a part of it could not be; 2 the
command is wrong; 3 the interface cannot be captured from.`,
		Example: `  handsel trace capture.pcapng
  handsel trace --failed -v capture.pcap
  handsel trace -vv --stream 3 capture.pcap
  handsel trace --failed -v --server-end server.pcap client.pcap
  handsel trace --stream 3 --hex ClientHello.random capture.pcap
  handsel trace --json capture.pcap | jq .server_name
  handsel trace -v --keylog keys.txt capture.pcap
  handsel trace --sni www.example.com -w www.pcapng capture.pcap
  handsel trace --web capture.pcapng
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
	flags.CountVarP(&f.verbose, "verbose", "v", "every message, with its time and its frames; -vv: every field of it")
	flags.StringArrayVar(&f.hex, "hex", nil, "show the bytes of this field of the messages, such as random or ClientHello.extensions.server_name")
	c.RegisterFlagCompletionFunc("hex", cobra.FixedCompletions(hexFields, cobra.ShellCompDirectiveNoFileComp))
	flags.BoolVar(&f.data, "data", false, "with keys: show the application data as well, up to 1 MiB of a connection")
	flags.StringVar(&f.farEnd, "server-end", "", "a capture of the same connections that was made at the server: what differs was done between the two")
	flags.BoolVar(&f.failed, "failed", false, "only connections that failed")
	flags.BoolVar(&f.all, "all", false, "also connections without TLS")
	flags.StringVar(&f.sni, "sni", "", "only connections with this server name; a leading dot stands for all below it")
	flags.StringVar(&f.stream, "stream", "", "only this connection, by its number: 3, or q3 of those of QUIC")
	flags.StringVar(&f.since, "since", "", "only connections that began at this time or later, such as 2026-06-01T12:00:00Z")
	flags.StringArrayVar(&f.keylogs, "keylog", nil, "decrypt with the secrets in this file, in the format of SSLKEYLOGFILE")
	flags.StringArrayVar(&f.rsaKeys, "rsa-key", nil, "decrypt with this private RSA key of a server (PEM), where the suite has no forward secrecy, and the sessions that are resumed from there")
	flags.StringVarP(&f.write, "write", "w", "", "write the packets of the connections that are told of to this file (pcapng)")
	flags.BoolVar(&f.withKeys, "with-keys", false, "with -w: write the secrets of these connections, too, so that whoever has the file can decrypt them")
	flags.IntVar(&f.mostOpen, "most-open", 0, "how many connections are followed at a time before the oldest is given up (default 30000)")
	flags.BoolVar(&f.web, "web", false, "show the captures as a page in the browser, until Ctrl-C")
	flags.StringVar(&f.webListen, "web-listen", "127.0.0.1:0", "with --web: the address of the page")
	return c
}

// trace reads what the command line names.
func (a *app) trace(ctx context.Context, files []string, f *traceFlags) error {
	since, err := f.check(files)
	if err != nil {
		return err
	}
	keys, err := f.keys(a.err)
	if err != nil {
		return err
	}
	defer halveCollections()()
	progress := newProgress(a.out, a.err)
	defer progress.stop()
	out := bufio.NewWriterSize(progress, 1<<16)
	t := &tracer{keys: keys, flags: f, since: since.UnixNano(), out: out, warn: a.err, color: colorsFor(a.out), live: f.iface != "", progress: progress, shown: map[string]bool{}}
	if f.write != "" {
		if t.extract, err = newExtract(f.write, f, files); err != nil {
			return err
		}
	}
	if f.since == "" {
		t.since = -1 << 62
	}
	if f.farEnd != "" {
		if t.far, err = readFarEnd(ctx, f.farEnd, keys); err != nil {
			return &exitError{exitFailed, err}
		}
	}
	if f.web {
		return a.traceWeb(ctx, files, f, t)
	}
	err = a.traceAll(ctx, files, f, t)
	e := out.Flush()
	progress.stop()
	for _, name := range f.hex {
		if !t.shown[name] {
			fmt.Fprintf(a.err, "--hex: no message has a field %s; -vv shows the fields, and --json -vv their names\n", name)
		}
	}
	if t.extract != nil {
		e = errors.Join(e, t.extract.close(a.err))
	}
	if err == nil && e != nil {
		err = &exitError{exitFailed, e}
	}
	return err
}

// check refuses flags that do not go together, and reads --since.
func (f *traceFlags) check(files []string) (since time.Time, err error) {
	if (f.iface == "") == (len(files) == 0) {
		return since, errors.New("trace wants files, - for standard input, or an interface with -i")
	}
	if f.filter != "" && f.iface == "" {
		return since, errors.New("--filter goes with -i")
	}
	if f.withKeys && f.write == "" {
		return since, errors.New("--with-keys goes with -w")
	}
	if f.web && (f.iface != "" || f.json || f.write != "") {
		return since, errors.New("--web shows files, and goes without -i, --json and -w")
	}
	if digits, quic := strings.CutPrefix(f.stream, "q"); f.stream != "" {
		n, err := strconv.ParseUint(digits, 10, 32)
		if err != nil {
			return since, fmt.Errorf("--stream: %q is no number of a connection, such as 3 or, of QUIC, q3", f.stream)
		}
		f.stream = numberOf(int(n), quic)
	}
	if f.mostOpen < 0 {
		return since, errors.New("--most-open wants a number of connections")
	}
	if f.since != "" {
		if since, err = time.Parse(time.RFC3339, f.since); err != nil {
			return since, fmt.Errorf("--since: %q is no time such as 2026-06-01T12:00:00Z", f.since)
		}
	}
	return since, nil
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
