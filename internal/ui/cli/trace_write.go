package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"

	"github.com/handsel-tls/handsel/internal/observe/flow"
	"github.com/handsel-tls/handsel/internal/observe/packet"
	"github.com/handsel-tls/handsel/internal/observe/pcap"
	"github.com/handsel-tls/handsel/internal/observe/tcp"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// An extract writes the packets of the connections that were told of to a pcapng
// file. Which they are is known at their ends, so the source is read again. What
// can be read once only, standard input or an interface, goes through a temporary
// file.
type extract struct {
	file     *os.File
	path     string
	out      *pcap.Writer
	withKeys bool
	mostOpen int // connections that are followed at a time, as in the first reading

	names    []string                   // of the interfaces of all sources
	chosen   []uint64                   // bits, by the connection's ID
	quic     map[[2]netip.AddrPort]bool // client and server of connections of QUIC: all datagrams between the two
	secrets  bytes.Buffer
	held     bool // the source has secrets
	packets  int
	fragment map[int]pcap.Packet // by their numbers: those of IP whose datagram is not whole
	order    []int
}

// mostFragments is how many fragments wait for the rest of their datagram.
const mostFragments = 1024

// newExtract begins the file, which only its owner can read. It must be none of
// those that are read.
func newExtract(path string, f *traceFlags, files []string) (*extract, error) {
	if path == "-" {
		return nil, errors.New("-w wants the name of a file: what is told goes to standard output")
	}
	if there, err := os.Stat(path); err == nil {
		for _, name := range files {
			if read, err := os.Stat(name); err == nil && os.SameFile(there, read) {
				return nil, fmt.Errorf("-w %s would write over the capture that is read", path)
			}
		}
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	e := &extract{file: file, path: path, withKeys: f.withKeys, mostOpen: f.mostOpen}
	e.out = pcap.NewWriter(file, func(n int) string { return e.names[n] })
	return e, nil
}

// followTwice follows a source, and reads it again for what was chosen.
func (t *tracer) followTwice(ctx context.Context, from pcap.Source, again func() (*pcap.Reader, error)) error {
	err := t.follow(ctx, from)
	if ctx.Err() != nil && t.flags.iface == "" {
		return err
	}
	r, e := again()
	if e != nil {
		return errors.Join(err, e)
	}
	defer r.Close()
	if t.flags.iface != "" { // an interface ends with the context
		ctx = context.WithoutCancel(ctx)
	}
	return errors.Join(err, t.extract.take(ctx, r))
}

// followOnce does the same for a source that can be read once only.
func (t *tracer) followOnce(ctx context.Context, from pcap.Source) error {
	s, err := newSpool(from, t.extract.path)
	if err != nil {
		return err
	}
	defer s.remove()
	return t.followTwice(ctx, s, s.again)
}

// choose notes that a connection is wanted.
func (e *extract) choose(s *flow.Story, keys *flow.Keys) {
	if s.QUIC != "" {
		if e.quic == nil {
			e.quic = map[[2]netip.AddrPort]bool{}
		}
		e.quic[[2]netip.AddrPort{s.TCP.Client, s.TCP.Server}] = true
		return
	}
	id := s.TCP.ID
	for len(e.chosen) <= id/64 {
		e.chosen = append(e.chosen, 0)
	}
	e.chosen[id/64] |= 1 << (id % 64)
	if e.withKeys && s.Keys {
		e.secrets.Write(s.Secrets(keys))
	}
}

func (e *extract) wants(id int) bool {
	return id >= 0 && id/64 < len(e.chosen) && e.chosen[id/64]>>(id%64)&1 != 0
}

// take reads a source again and writes what was chosen of it.
func (e *extract) take(ctx context.Context, r *pcap.Reader) error {
	defer func() { e.chosen, e.quic, e.fragment, e.order = nil, nil, nil, nil }()
	if e.secrets.Len() > 0 {
		if err := e.out.Secrets(e.secrets.Bytes()); err != nil {
			return err
		}
		e.secrets.Reset()
	}
	var p pcap.Packet
	var s packet.Segment
	var u packet.Datagram
	d := packet.Decoder{NoSums: true}
	table := tcp.NewTable(nobody{}, tcp.Limits{Conns: e.mostOpen})
	first := len(e.names)
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := r.Next(&p); err != nil {
			if damaged, ok := errors.AsType[*pcap.Error](err); ok && damaged.Again {
				continue
			}
			return nil // whatever it is, the first reading has told of it
		}
		for _, i := range r.Interfaces()[len(e.names)-first:] {
			e.names = append(e.names, i.Name)
		}
		p.Interface += first
		switch d.Decode(&p, &s, &u) {
		case packet.Fragment:
			e.wait(&p)
		case packet.TCP:
			if err := e.write(&p, &s, e.wants(table.Add(&s))); err != nil {
				return err
			}
		case packet.UDP:
			wanted := e.quic[[2]netip.AddrPort{u.Src, u.Dst}] || e.quic[[2]netip.AddrPort{u.Dst, u.Src}]
			if err := e.write(&p, &packet.Segment{}, wanted); err != nil {
				return err
			}
		}
	}
}

// write writes the packets of a segment, if it is wanted.
func (e *extract) write(p *pcap.Packet, s *packet.Segment, wanted bool) error {
	for _, n := range s.Frames {
		if f, ok := e.fragment[n]; ok && wanted {
			e.packets++
			if err := e.out.Write(&f); err != nil {
				return err
			}
		}
		delete(e.fragment, n)
	}
	if !wanted {
		return nil
	}
	e.packets++
	return e.out.Write(p)
}

// wait keeps a fragment until its datagram is whole.
func (e *extract) wait(p *pcap.Packet) {
	if e.fragment == nil {
		e.fragment = map[int]pcap.Packet{}
	}
	f := *p
	f.Data = bytes.Clone(p.Data)
	e.fragment[p.Number] = f
	if e.order = append(e.order, p.Number); len(e.order) > mostFragments {
		delete(e.fragment, e.order[0])
		e.order = e.order[1:]
	}
}

// close ends the file and says what is in it.
func (e *extract) close(to io.Writer) error {
	err := e.out.Flush()
	if c := e.file.Close(); err == nil {
		err = c
	}
	if err != nil {
		return fmt.Errorf("%s: %w", e.path, err)
	}
	fmt.Fprintf(to, "handsel: %d packets written to %s\n", e.packets, e.path)
	if e.held && !e.withKeys {
		fmt.Fprintln(to, "handsel: the capture holds secrets, which were left out; --with-keys writes those of the chosen connections")
	}
	return nil
}

// nobody listens to what a table says.
type nobody struct{}

func (nobody) Opened(*tcp.Conn)                                  {}
func (nobody) Data(*tcp.Conn, trace.Side, []byte, tcp.Chunk)     {}
func (nobody) Gap(*tcp.Conn, trace.Side, int64, bool, tcp.Chunk) {}
func (nobody) Ended(*tcp.Conn)                                   {}

// A spool is a source whose packets are kept in a temporary file, to be read
// again.
type spool struct {
	pcap.Source
	file *os.File
	out  *pcap.Writer
	err  error // of writing
}

// newSpool begins the temporary file beside the one that is to be written.
func newSpool(from pcap.Source, beside string) (*spool, error) {
	f, err := os.CreateTemp(filepath.Dir(beside), ".handsel-*.pcapng")
	if err != nil {
		return nil, err
	}
	s := &spool{Source: from, file: f}
	s.out = pcap.NewWriter(f, func(n int) string {
		if r, ok := from.(*pcap.Reader); ok && n < len(r.Interfaces()) {
			return r.Interfaces()[n].Name
		}
		return ""
	})
	return s, nil
}

// Next gives the next packet and keeps it.
func (s *spool) Next(p *pcap.Packet) error {
	err := s.Source.Next(p)
	if err == nil && s.err == nil {
		s.err = s.out.Write(p)
	}
	return err
}

// Waiting reports whether Next has a packet at once.
func (s *spool) Waiting() bool {
	w, ok := s.Source.(interface{ Waiting() bool })
	return ok && w.Waiting()
}

// again gives what was kept.
func (s *spool) again() (*pcap.Reader, error) {
	if s.err == nil {
		s.err = s.out.Flush()
	}
	if s.err != nil {
		return nil, fmt.Errorf("%s: %w", s.file.Name(), s.err)
	}
	return pcap.Open(s.file.Name())
}

// remove takes the temporary file away.
func (s *spool) remove() {
	_ = s.file.Close()
	_ = os.Remove(s.file.Name())
}
