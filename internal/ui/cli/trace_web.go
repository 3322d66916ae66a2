package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/handsel-tls/handsel/internal/observe/explain"
	"github.com/handsel-tls/handsel/internal/observe/flow"
	"github.com/handsel-tls/handsel/internal/observe/pcap"
	"github.com/handsel-tls/handsel/internal/ui/web"
)

// traceWeb reads captures and shows them as a page until it is interrupted.
func (a *app) traceWeb(ctx context.Context, files []string, f *traceFlags, t *tracer) error {
	names := make([]string, len(files))
	for i, name := range files {
		names[i] = filepath.Base(name)
	}
	title := names[0]
	if len(names) > 1 {
		title = fmt.Sprintf("%d files", len(names))
	}
	c := web.NewCapture(title, func(id string, s *flow.Story) []web.Form { return t.forms(id, s, files) })
	number := 0 // of the file
	t.show = func(s *flow.Story) {
		kind := ""
		if s.QUIC != "" { // whose connections have numbers of their own
			kind = "q"
		}
		file := ""
		if len(files) > 1 {
			file = names[number]
		}
		c.Add(fmt.Sprintf("%d.%s%d", number, kind, s.TCP.ID), file, s)
	}
	var failed error
	for i, name := range files {
		if number = i; name == "-" {
			return errors.New("--web shows files: standard input is read once")
		}
		if err := t.read(ctx, a.in, name); err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", name, err))
		}
		if ctx.Err() != nil {
			return &exitError{exitFailed, errors.New("interrupted")}
		}
	}
	t.progress.stop()
	if failed != nil {
		if _, total := c.Rows(&web.Filter{}, 0, 0); total == 0 {
			return &exitError{exitFailed, failed}
		}
		fmt.Fprintf(a.err, "handsel: %v\n", failed)
	}
	if n := c.Left(); n > 0 {
		fmt.Fprintf(a.err, "handsel: %d connections are not shown: choose with --failed, --sni, --stream or --since\n", n)
	}
	page, err := web.Listen(f.webListen, web.Options{Source: c, Errors: log.New(a.err, "page: ", 0)})
	if err != nil {
		return &exitError{exitNetwork, err}
	}
	defer page.Close()
	a.announce(page)
	<-ctx.Done()
	return nil
}

// announce says where the page is.
func (a *app) announce(page *web.Page) {
	fmt.Fprintf(a.err, "The page: %s\n", page.URL())
	if page.Exposed() {
		fmt.Fprintln(a.err, "note: others can reach the page, and it is not encrypted: whoever reads the network reads the page and its token")
	}
}

// forms are the ways to take a connection of a capture away.
func (t *tracer) forms(id string, s *flow.Story, files []string) []web.Form {
	digits, _, _ := strings.Cut(id, ".")
	number, _ := strconv.Atoi(digits)
	view := func() *traceView {
		file := ""
		if len(files) > 1 {
			file = files[number]
		}
		v := newTraceView(s, file)
		if v.Failed || s.Ended.How == "fin" {
			v.Findings = explain.Explain(s.Case())
		}
		return v
	}
	return []web.Form{
		{Name: "txt", Text: "Copy as text", Write: func(w io.Writer) error {
			teller := &tracer{flags: &traceFlags{verbose: 2}}
			_, err := io.WriteString(w, teller.tell(view(), s))
			return err
		}},
		{Name: "json", Text: "Download JSON", Write: func(w io.Writer) error {
			v := view()
			v.trees(s)
			e := json.NewEncoder(w)
			e.SetEscapeHTML(false)
			return e.Encode(v)
		}},
		{Name: "pcapng", Text: "Download pcapng", Write: func(w io.Writer) error {
			return packetsOf(w, files[number], s, t.flags.mostOpen)
		}},
	}
}

// packetsOf writes the packets of a connection, without secrets. The file is read
// again.
func packetsOf(w io.Writer, file string, s *flow.Story, mostOpen int) error {
	r, err := pcap.Open(file)
	if err != nil {
		if path := new(os.PathError); errors.As(err, &path) {
			return path.Err
		}
		return err
	}
	defer r.Close()
	e := &extract{mostOpen: mostOpen}
	e.out = pcap.NewWriter(w, func(n int) string { return e.names[n] })
	e.choose(s, nil)
	if err := e.take(context.Background(), r); err != nil {
		return err
	}
	return e.out.Flush()
}
