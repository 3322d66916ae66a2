package sites

import (
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// A coding is a way to compress an answer. RFC 9110, section 8.4.1; RFC 7932,
// RFC 8878.
type coding struct {
	name   string // in Accept-Encoding
	suffix string // of files that hold it
	pool   *sync.Pool
}

// A compressor writes compressed what is written to it.
type compressor interface {
	io.WriteCloser
	Flush() error
	Reset(io.Writer)
}

// codings are in the order of our liking. Levels and windows of 256 KiB are such
// that one of them needs 2 MiB at most: it is held until the client has taken the
// answer.
var codings = []*coding{
	{"zstd", ".zst", &sync.Pool{New: func() any {
		w, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(256<<10), zstd.WithLowerEncoderMem(true))
		if err != nil {
			panic(err) // the options do not change
		}
		return w
	}}},
	{"br", ".br", &sync.Pool{New: func() any { return brotli.NewWriterOptions(nil, brotli.WriterOptions{Quality: 3, LGWin: 18}) }}},
	{"gzip", ".gz", &sync.Pool{New: func() any {
		w, err := gzip.NewWriterLevel(nil, gzip.DefaultCompression)
		if err != nil {
			panic(err) // the level does not change
		}
		return w
	}}},
}

// accepted gives the codings that a client takes, those that it likes best in
// front. RFC 9110, section 12.5.3.
func accepted(r *http.Request) (list []*coding) {
	all := r.Header["Accept-Encoding"]
	if len(all) == 0 {
		return nil
	}
	weights := map[string]float64{}
	for part := range strings.SplitSeq(strings.Join(all, ","), ",") {
		name, parameter, _ := strings.Cut(part, ";")
		weight := 1.0
		if text, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(parameter)), "q="); ok {
			var err error
			if weight, err = strconv.ParseFloat(text, 64); err != nil {
				weight = 0
			}
		}
		weights[strings.ToLower(strings.TrimSpace(name))] = weight
	}
	weightOf := func(c *coding) float64 {
		if w, ok := weights[c.name]; ok {
			return w
		}
		return weights["*"]
	}
	for _, c := range codings {
		if weightOf(c) > 0 && weightOf(c) >= weights["identity"] {
			list = append(list, c)
		}
	}
	slices.SortStableFunc(list, func(a, b *coding) int {
		switch x, y := weightOf(a), weightOf(b); {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	return list
}

// compressible reports whether a media type is of what becomes smaller.
func compressible(kind string) bool {
	kind, _, _ = strings.Cut(strings.ToLower(kind), ";")
	kind = strings.TrimSpace(kind)
	switch {
	case kind == "text/event-stream": // each event is to arrive at once, and most are short
		return false
	case strings.HasPrefix(kind, "text/"), strings.HasSuffix(kind, "+json"), strings.HasSuffix(kind, "+xml"):
		return true
	}
	return slices.Contains([]string{"application/json", "application/javascript", "application/xml", "application/wasm",
		"application/manifest+json", "application/vnd.ms-fontobject", "application/x-javascript", "application/x-ndjson",
		"font/ttf", "font/otf", "image/x-icon", "image/vnd.microsoft.icon", "image/bmp"}, kind)
}

// leastCompressed is how long an answer has to be to be worth it, in bytes.
const leastCompressed = 1000

// mostCompressed is how many answers are compressed at a time: clients who take
// theirs slowly must not fill the memory. The others go out as they are.
const mostCompressed = 256

var underWay atomic.Int32

// Compress compresses what next answers, if the client takes it, it is of a kind
// that becomes smaller, and it is not compressed yet. A request for a range is
// answered as it is: a range of what is compressed would be another each time.
func Compress(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		list := accepted(r)
		if len(list) == 0 || r.Header.Get("Range") != "" || r.Header.Get("Upgrade") != "" {
			next.ServeHTTP(w, r)
			return
		}
		c := &compressing{ResponseWriter: w, coding: list[0], head: r.Method == http.MethodHead}
		defer c.release()
		next.ServeHTTP(c, r)
		if c.to != nil { // an answer that is broken off stays so: whoever reads it has to see that
			c.to.Close()
		}
	})
}

// compressing is an answer that is compressed, or found not to be worth it when
// its header is there.
type compressing struct {
	http.ResponseWriter
	coding *coding
	head   bool // the request is HEAD
	begun  bool
	to     compressor // nil: it goes out as it is
}

func (c *compressing) WriteHeader(status int) {
	if !c.begun && status >= 200 {
		c.begun = true
		c.decide(status)
	}
	c.ResponseWriter.WriteHeader(status)
}

func (c *compressing) decide(status int) {
	h := c.Header()
	if !compressible(h.Get("Content-Type")) || strings.Contains(strings.ToLower(h.Get("Cache-Control")), "no-transform") {
		return
	}
	if !slices.ContainsFunc(h.Values("Vary"), func(v string) bool { return strings.Contains(strings.ToLower(v), "accept-encoding") }) {
		h.Add("Vary", "Accept-Encoding")
	}
	length, err := strconv.Atoi(h.Get("Content-Length"))
	switch {
	case h.Get("Content-Encoding") != "", h.Get("Content-Range") != "", err == nil && length < leastCompressed,
		status == http.StatusNoContent, status == http.StatusNotModified, status == http.StatusPartialContent:
		return
	}
	if !c.head && underWay.Add(1) > mostCompressed {
		underWay.Add(-1)
		return
	}
	h.Set("Content-Encoding", c.coding.name)
	if tag := h.Get("ETag"); tag != "" && !strings.HasPrefix(tag, "W/") {
		h.Set("ETag", "W/"+tag) // the bytes are others: RFC 9110, section 8.8.3.3
	}
	h.Del("Content-Length")
	h.Del("Accept-Ranges")
	if c.head {
		return
	}
	c.to = c.coding.pool.Get().(compressor)
	c.to.Reset(c.ResponseWriter)
}

func (c *compressing) Write(b []byte) (int, error) {
	if !c.begun {
		if c.Header().Get("Content-Type") == "" {
			c.Header().Set("Content-Type", http.DetectContentType(b))
		}
		c.WriteHeader(http.StatusOK)
	}
	if c.to == nil {
		return c.ResponseWriter.Write(b)
	}
	return c.to.Write(b)
}

// FlushError is what http.ResponseController calls.
func (c *compressing) FlushError() error {
	if !c.begun {
		c.WriteHeader(http.StatusOK)
	}
	if c.to != nil {
		if err := c.to.Flush(); err != nil {
			return err
		}
	}
	return http.NewResponseController(c.ResponseWriter).Flush()
}

// Flush is of http.Flusher.
func (c *compressing) Flush() { c.FlushError() }

// Unwrap is for http.ResponseController.
func (c *compressing) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// release gives back what compressed.
func (c *compressing) release() {
	if c.to != nil {
		c.to.Reset(nil)
		c.coding.pool.Put(c.to)
		underWay.Add(-1)
	}
}
