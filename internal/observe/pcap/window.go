package pcap

import (
	"errors"
	"io"
)

// errMore says that a packet is not whole in what a batch has read.
var errMore = errors.New("pcap: the batch is at its end")

// A window is the part of a stream that is in memory.
type window struct {
	in       io.Reader
	buf      []byte
	pos, end int   // what is in buf and was not used is buf[pos:end]
	start    int64 // of buf[0] in the stream
	err      error // of in
	full     bool  // nothing may be read, for a batch's sake
	more     bool  // something would have been read but for that
}

// at gives the place of the next byte in the stream.
func (w *window) at() int64 { return w.start + int64(w.pos) }

// need reports whether n bytes are there; it reads them if it has to.
func (w *window) need(n int) bool { return w.end-w.pos >= n || w.fill(n) }

func (w *window) fill(n int) bool {
	if w.full {
		w.more = true
		return false
	}
	if w.err != nil {
		return false
	}
	w.move(n, w.buf)
	for tries := 0; w.end < n && w.err == nil; tries++ {
		got, err := w.in.Read(w.buf[w.end:])
		w.end += got
		w.err = err
		if got > 0 {
			tries = 0
		} else if err == nil && tries > 100 {
			w.err = io.ErrNoProgress
		}
	}
	return w.end >= n
}

// move moves what is left to the front of to, or of a larger buffer if n bytes
// would not fit.
func (w *window) move(n int, to []byte) {
	if len(to) < n || len(to) < bufferSize {
		size := bufferSize
		for size < n {
			size *= 2
		}
		to = make([]byte, size)
	}
	w.start += int64(w.pos)
	w.end = copy(to, w.buf[w.pos:w.end])
	w.pos, w.buf = 0, to
}

// skip passes over n bytes without keeping them.
func (w *window) skip(n int64) bool {
	for n > int64(w.end-w.pos) {
		n -= int64(w.end - w.pos)
		w.pos = w.end
		if !w.fill(1) {
			return false
		}
	}
	w.pos += int(n)
	return true
}
