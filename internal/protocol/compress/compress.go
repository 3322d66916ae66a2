// Package compress holds the algorithms that make Certificate messages smaller:
// RFC 8879. What it decompresses never takes more room than the length that was
// announced, and a little for the algorithm itself.
package compress

import (
	"bytes"
	"compress/zlib"
	"errors"
	"io"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// An Algorithm makes the body of a Certificate message smaller and back.
type Algorithm struct {
	ID iana.CertificateCompression

	// Compress gives the compressed body, nil if it cannot.
	Compress func(body []byte) []byte
	// Decompress fills dst. It is an error if that is not the whole of it.
	Decompress func(dst, compressed []byte) error
	// Always sends what Compress gives even if it is not smaller.
	Always bool
}

// The algorithms of RFC 8879, section 3. Their levels are those after which time
// grows much and the size of certificates shrinks little.
var (
	Brotli = &Algorithm{ID: iana.CertificateBrotli, Compress: toBrotli, Decompress: fromBrotli}
	Zlib   = &Algorithm{ID: iana.CertificateZlib, Compress: toZlib, Decompress: fromZlib}
	Zstd   = &Algorithm{ID: iana.CertificateZstd, Compress: toZstd, Decompress: fromZstd}
)

// All are the algorithms, the one first that makes certificates smallest.
func All() []*Algorithm { return []*Algorithm{Brotli, Zstd, Zlib} }

// Of gives the algorithm of the number in the list, nil if it is not there.
func Of(list []*Algorithm, id iana.CertificateCompression) *Algorithm {
	for _, a := range list {
		if a.ID == id {
			return a
		}
	}
	return nil
}

// errLength says that what came out is longer or shorter than was announced.
var errLength = errors.New("it has not the length that was announced")

// fill reads the whole of a stream into dst.
func fill(dst []byte, r io.Reader) error {
	if _, err := io.ReadFull(r, dst); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return errLength
		}
		return err
	}
	var more [1]byte
	switch n, err := io.ReadFull(r, more[:]); {
	case n > 0:
		return errLength
	case errors.Is(err, io.EOF):
		return nil
	default:
		return err
	}
}

func toZlib(body []byte) []byte {
	var b bytes.Buffer
	w, err := zlib.NewWriterLevel(&b, zlib.BestCompression)
	if err != nil {
		return nil
	}
	if _, err := w.Write(body); err != nil || w.Close() != nil {
		return nil
	}
	return b.Bytes()
}

func fromZlib(dst, compressed []byte) error {
	in := bytes.NewReader(compressed)
	r, err := zlib.NewReader(in)
	if err != nil {
		return err
	}
	if err := fill(dst, r); err != nil {
		return err
	}
	if in.Len() > 0 {
		return errLength
	}
	return nil
}

func toBrotli(body []byte) []byte {
	var b bytes.Buffer
	w := brotli.NewWriterOptions(&b, brotli.WriterOptions{Quality: 9, LGWin: window(len(body))})
	if _, err := w.Write(body); err != nil || w.Close() != nil {
		return nil
	}
	return b.Bytes()
}

// window gives the smallest window of brotli that n bytes fit in, as the power
// of two. RFC 7932, section 9.1: 10 to 24.
func window(n int) int {
	bits := 10
	for bits < 24 && n > 1<<bits-16 {
		bits++
	}
	return bits
}

// maxWindow is the longest window in bytes that is decompressed: a few bytes of
// a peer that is not yet known can ask for as much memory. Brotli's tools have it
// as their default, and who compresses a certificate at once needs no more than
// its length.
const maxWindow = 4 << 20

var errWindow = errors.New("its window is longer than 4 MiB")

func fromBrotli(dst, compressed []byte) error {
	// RFC 7932, section 9.1: the stream begins with the size of the window,
	// whose two longest, of 2^23 and 2^24, are these.
	if len(compressed) > 0 && (compressed[0]&0x0f == 0x0d || compressed[0]&0x0f == 0x0f) {
		return errWindow
	}
	return fill(dst, brotli.NewReader(bytes.NewReader(compressed)))
}

func toZstd(body []byte) []byte {
	w, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithEncoderConcurrency(1),
		zstd.WithLowerEncoderMem(true), zstd.WithWindowSize(1<<window(len(body))))
	if err != nil {
		return nil
	}
	defer w.Close()
	return w.EncodeAll(body, nil)
}

func fromZstd(dst, compressed []byte) error {
	r, err := zstd.NewReader(bytes.NewReader(compressed), zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxMemory(maxWindow))
	if err != nil {
		return err
	}
	defer r.Close()
	return fill(dst, r)
}
