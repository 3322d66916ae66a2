package tls

import (
	"encoding/binary"
	"net/url"
	"slices"
	"sync"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// net/http gives a handler no way to say with which code a stream of HTTP/2 is
// to end, and one that a handler aborts ends with INTERNAL_ERROR. So the frames
// of connections with Config.HTTP11Required are looked at as they pass: what
// comes in tells which streams are for requests that need HTTP/1.1, and their
// RST_STREAM gets the code HTTP_1_1_REQUIRED on its way out. RFC 9113, sections 7
// and 9.2.1.

// A frameWatch looks at both directions of an HTTP/2 connection of a server.
type frameWatch struct {
	required func(path string) bool

	in      frames
	decoder *hpack.Decoder
	block   []byte // of a header, as far as it has come
	stream  uint32 // whose
	path    string
	blind   bool // what came in was not to be understood: http.Server ends the connection

	out frames

	mu    sync.Mutex
	needs map[uint32]bool // the streams that need HTTP/1.1
}

// Lengths of frames and of what precedes them, in bytes.
const (
	prefaceLen     = 24
	frameHeaderLen = 9
	mostHeaders    = 1 << 20 // of a header in pieces: http.Server takes less
	headerTable    = 4096    // of HPACK, as http.Server has it by itself
)

func newFrameWatch(required func(path string) bool) *frameWatch {
	w := &frameWatch{required: required, needs: map[uint32]bool{}}
	w.in.skip = prefaceLen
	w.decoder = hpack.NewDecoder(headerTable, func(f hpack.HeaderField) {
		if f.Name == ":path" {
			w.path = f.Value
		}
	})
	return w
}

// received looks at what came in, before http.Server sees it.
func (w *frameWatch) received(b []byte) {
	if w.blind {
		return
	}
	w.in.each(b, func(f *frame) {
		if f.kind != http2.FrameRSTStream {
			w.blind = w.blind || !w.header(f)
			return
		}
		w.mu.Lock()
		delete(w.needs, f.stream) // there will be no answer
		w.mu.Unlock()
	}, http2.FrameHeaders, http2.FrameContinuation, http2.FrameRSTStream)
}

// header takes a frame with a part of a header. It reports whether it was
// understood.
func (w *frameWatch) header(f *frame) bool {
	part := f.payload
	if f.kind == http2.FrameHeaders {
		w.stream, w.block = f.stream, w.block[:0]
		pad := 0
		if f.flags.Has(http2.FlagHeadersPadded) {
			if len(part) < 1 {
				return false
			}
			pad, part = int(part[0]), part[1:]
		}
		if f.flags.Has(http2.FlagHeadersPriority) {
			if len(part) < 5 {
				return false
			}
			part = part[5:]
		}
		if pad > len(part) {
			return false
		}
		part = part[:len(part)-pad]
	}
	if f.stream != w.stream || len(w.block)+len(part) > mostHeaders {
		return false
	}
	w.block = append(w.block, part...)
	if !f.flags.Has(http2.FlagHeadersEndHeaders) {
		return true
	}
	w.path = ""
	if _, err := w.decoder.Write(w.block); err != nil || w.decoder.Close() != nil {
		return false
	}
	if w.path == "" { // a trailer
		return true
	}
	if u, err := url.ParseRequestURI(w.path); err == nil && w.required(u.Path) {
		w.mu.Lock()
		w.needs[w.stream] = true
		w.mu.Unlock()
	}
	return true
}

// sent looks at what goes out, and gives it with other codes where they have to
// be others.
func (w *frameWatch) sent(b []byte) []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	copied := false
	w.out.each(b, func(f *frame) {
		if !w.needs[f.stream] || len(f.payload) != 4 {
			return
		}
		delete(w.needs, f.stream)
		if http2.ErrCode(binary.BigEndian.Uint32(f.payload)) != http2.ErrCodeInternal {
			return
		}
		if !copied { // a writer's bytes are not to be changed: see io.Writer
			b, copied = append([]byte(nil), b...), true
		}
		b[f.end-1] = byte(http2.ErrCodeHTTP11Required) // only the last byte differs
	}, http2.FrameRSTStream)
	return b
}

// A frame is one of those that are looked at.
type frame struct {
	kind    http2.FrameType
	flags   http2.Flags
	stream  uint32
	payload []byte
	end     int // where in the bytes at hand it ends
}

// frames cuts one direction of a connection into frames, in whatever pieces it
// comes.
type frames struct {
	skip  int    // bytes that do not matter
	begun []byte // of a frame whose rest is to come
}

// each calls see with each frame of some types. It does not keep b.
func (s *frames) each(b []byte, see func(*frame), types ...http2.FrameType) {
	for at := 0; at < len(b); {
		if s.skip > 0 {
			n := min(s.skip, len(b)-at)
			s.skip -= n
			at += n
			continue
		}
		if len(s.begun) < frameHeaderLen {
			n := min(frameHeaderLen-len(s.begun), len(b)-at)
			s.begun = append(s.begun, b[at:at+n]...)
			at += n
			if len(s.begun) < frameHeaderLen {
				return
			}
		}
		length := int(s.begun[0])<<16 | int(s.begun[1])<<8 | int(s.begun[2])
		f := frame{kind: http2.FrameType(s.begun[3]), flags: http2.Flags(s.begun[4]), stream: binary.BigEndian.Uint32(s.begun[5:]) &^ (1 << 31)}
		if !slices.Contains(types, f.kind) {
			s.skip, s.begun = length, s.begun[:0]
			continue
		}
		n := min(frameHeaderLen+length-len(s.begun), len(b)-at)
		s.begun = append(s.begun, b[at:at+n]...)
		at += n
		if len(s.begun) < frameHeaderLen+length {
			return
		}
		f.payload, f.end = s.begun[frameHeaderLen:], at
		see(&f)
		s.begun = s.begun[:0]
	}
}
