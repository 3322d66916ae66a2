package pcap

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"os"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
)

// Limits of what a file may ask for.
const (
	bufferSize    = 256 << 10 // that reads are done in
	maxPacket     = 4 << 20   // bytes of a packet; more is not one
	maxBlock      = 8 << 20   // bytes of a block of pcapng; longer ones are passed over
	maxInterfaces = 1 << 16   // of a file
	maxText       = 1 << 16   // bytes of the comments of a packet
	maxSecrets    = 32 << 20  // bytes of key log that wait for Secrets
)

// An Error says where a file stops making sense. It unwraps to
// io.ErrUnexpectedEOF if the file ends within a packet.
type Error struct {
	Offset  int64  // in bytes from the start of the file, after decompression
	Packet  int    // the number that would have come next
	Problem string // in words
	Again   bool   // Next goes on behind it
	Err     error  // of reading, or nil
}

func (e *Error) Error() string {
	s := fmt.Sprintf("packet %d, at byte %d of the file: %s", e.Packet, e.Offset, e.Problem)
	if e.Err != nil && !errors.Is(e.Err, io.ErrUnexpectedEOF) {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap gives the error of reading.
func (e *Error) Unwrap() error { return e.Err }

type format uint8

const (
	unknown format = iota
	classic        // pcap
	ng             // pcapng
)

// A Reader reads a file of captured packets. It is a Source.
type Reader struct {
	w      window
	format format
	big    bool // numbers are big-endian
	number int  // of packets so far
	failed error

	// Of a pcap file.
	link    Link
	snaplen int
	frac    int64 // nanoseconds of the unit of fractions of a second
	header  int   // bytes of a packet's header
	last    int64 // time of the last packet

	// Of a pcapng file.
	interfaces []Interface
	first      int // of the section's interfaces
	sectioned  bool
	secrets    []byte
	comment    string

	closers []io.Closer
	size    int64        // of the file; 0: it is not known
	taken   atomic.Int64 // bytes of it that were read, before decompression
}

// Open opens a file; "-" is standard input.
func Open(path string) (*Reader, error) {
	if path == "-" {
		return NewReader(os.Stdin)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	r := new(Reader)
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		r.size = info.Size()
	}
	if err := r.open(f); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	r.closers = append(r.closers, f)
	return r, nil
}

// NewReader reads from in, whose first bytes say what it is. It does not ask in
// for more than it has to give, so a packet is there as soon as it was written.
func NewReader(in io.Reader) (*Reader, error) {
	r := new(Reader)
	return r, r.open(in)
}

// open finds out what in gives.
func (r *Reader) open(in io.Reader) error {
	in = &counted{in, &r.taken}
	r.w = window{in: in}
	if r.w.need(2) && r.w.buf[0] == 0x1f && r.w.buf[1] == 0x8b {
		z, err := gzip.NewReader(io.MultiReader(newRest(&r.w), in))
		if err != nil {
			return fmt.Errorf("it begins like gzip: %w", err)
		}
		r.closers = append(r.closers, z)
		r.w = window{in: z}
	}
	return r.begin()
}

// counted counts the bytes that are read.
type counted struct {
	io.Reader
	n *atomic.Int64
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.n.Add(int64(n))
	return n, err
}

// Progress gives how many bytes of the file were read, before decompression, and
// its size, 0 if that is not known. It may be asked while another goroutine reads.
func (r *Reader) Progress() (read, size int64) { return r.taken.Load(), r.size }

// newRest reads what a window has, once.
func newRest(w *window) io.Reader {
	b := append([]byte(nil), w.buf[w.pos:w.end]...)
	return &once{b}
}

type once struct{ b []byte }

func (o *once) Read(p []byte) (int, error) {
	if len(o.b) == 0 {
		return 0, io.EOF
	}
	n := copy(p, o.b)
	o.b = o.b[n:]
	return n, nil
}

// begin finds out what the file is.
func (r *Reader) begin() error {
	if !r.w.need(4) {
		if r.w.err != io.EOF {
			return r.w.err
		}
		if r.w.end == 0 {
			return errors.New("it is empty")
		}
		return errors.New("it is too short for a pcap or pcapng file")
	}
	if binary.BigEndian.Uint32(r.w.buf) == blockSection {
		r.format = ng
		return nil
	}
	return r.beginClassic()
}

// Interfaces gives those that the file has named so far; for a pcap file, one
// without a name.
func (r *Reader) Interfaces() []Interface {
	if r.format == classic {
		return []Interface{{Link: r.link, SnapLen: r.snaplen}}
	}
	return r.interfaces
}

// Comment gives what the last section of a pcapng file says of itself.
func (r *Reader) Comment() string { return r.comment }

// Offset gives how many bytes of the file were read, after decompression.
func (r *Reader) Offset() int64 { return r.w.at() }

// Next gives the next packet.
func (r *Reader) Next(p *Packet) error {
	if r.failed != nil {
		return r.failed
	}
	if r.format == classic {
		return r.nextClassic(p)
	}
	return r.nextNG(p)
}

// Secrets gives the key log that has come since the last call.
func (r *Reader) Secrets() []byte {
	s := r.secrets
	r.secrets = nil
	return s
}

// Close closes what Open has opened.
func (r *Reader) Close() error {
	var errs []error
	for _, c := range r.closers {
		errs = append(errs, c.Close())
	}
	r.closers = nil
	return errors.Join(errs...)
}

// end says that there are not enough bytes for the next packet, which is in
// order if there are none at all.
func (r *Reader) end(what string) error {
	if r.w.more {
		return errMore
	}
	have := r.w.end - r.w.pos
	if have == 0 && r.w.err == io.EOF {
		r.failed = io.EOF
		return io.EOF
	}
	e := &Error{Offset: r.w.at(), Packet: r.number + 1, Err: r.w.err}
	if r.w.err == io.EOF || errors.Is(r.w.err, io.ErrUnexpectedEOF) {
		e.Err = io.ErrUnexpectedEOF
		e.Problem = fmt.Sprintf("the file ends within %s, after %d bytes of it", what, have)
	} else {
		e.Problem = "it cannot be read on"
	}
	r.failed = io.EOF // for who asks again
	return e
}

func (r *Reader) u32(b []byte) uint32 {
	v := binary.LittleEndian.Uint32(b)
	if r.big {
		v = bits.ReverseBytes32(v)
	}
	return v
}

func (r *Reader) u16(b []byte) uint16 {
	v := binary.LittleEndian.Uint16(b)
	if r.big {
		v = bits.ReverseBytes16(v)
	}
	return v
}
