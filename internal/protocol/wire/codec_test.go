package wire

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// unhex reads hexadecimal bytes between spaces; aa*32 is 32 of them.
func unhex(s string) []byte {
	var b []byte
	for _, word := range strings.Fields(s) {
		word, times, many := strings.Cut(word, "*")
		n := 1
		if many {
			n, _ = strconv.Atoi(times)
		}
		v, err := hex.DecodeString(strings.Repeat(word, n))
		if err != nil {
			panic(err)
		}
		b = append(b, v...)
	}
	return b
}

// A codec is a parser and its encoder. What build makes of what parse found has
// to be what parse was given; build goes through the views and iterators that
// others use. It may give nil for what the encoder never writes.
type codec[T any] struct {
	parse func(body []byte) (T, error)
	build func(T) []byte // the whole message or extension
	begin []byte         // the type, as it stands on the wire
	size  int            // of the length after it, in bytes

	valid    []string
	bad      []bad
	prefixes bool // a prefix can be valid
	longer   bool // more can be valid
	copies   bool // the parser allocates
}

// bad is a body that is refused at a field.
type bad struct {
	body, field string
	offset      int
}

func ofMessage[T any](t iana.HandshakeType, parse func([]byte) (T, error), build func(T) []byte, valid []string, refused ...bad) codec[T] {
	return codec[T]{parse: parse, build: build, begin: []byte{byte(t)}, size: 3, valid: valid, bad: refused}
}

func ofExtension[T any](t iana.ExtensionType, parse func([]byte) (T, error), build func(T) []byte, valid []string, refused ...bad) codec[T] {
	return codec[T]{parse: parse, build: build, begin: u16(nil, uint16(t)), size: 2, valid: valid, bad: refused}
}

// check parses a body, and holds the result or the error to what all parsers
// promise. It reports whether the body was accepted.
func (c *codec[T]) check(t *testing.T, body []byte) bool {
	t.Helper()
	v, err := c.parse(body)
	if err != nil {
		var e *Error
		switch {
		case !errors.As(err, &e) || !errors.Is(err, fault.DecodeError) && !errors.Is(err, fault.ExtensionForm) && !errors.Is(err, fault.ProtocolListForm):
			t.Errorf("%x: %v is not a decode_error", body, err)
		case e.Message == "" || e.Field == "" || e.Offset < 0 || e.Offset > len(body):
			t.Errorf("%x: %+v names no place in it", body, *e)
		}
		return false
	}
	built := c.build(v)
	if want := vec(bytes.Clone(c.begin), c.size, body); built != nil && !bytes.Equal(built, want) {
		t.Errorf("%x\nis built as\n%x", want, built)
	}
	return true
}

func (c codec[T]) test(t *testing.T) {
	t.Helper()
	for _, s := range c.valid {
		body := unhex(s)
		if !c.check(t, body) {
			_, err := c.parse(body)
			t.Errorf("%x: %v", body, err)
		}
		for n := range body {
			if c.check(t, body[:n:n]) && !c.prefixes {
				t.Errorf("the first %d bytes of %x are accepted", n, body)
			}
		}
		if c.check(t, append(bytes.Clone(body), 0)) && !c.longer {
			t.Errorf("%x with a byte more is accepted", body)
		}
		if n := testing.AllocsPerRun(10, func() { c.parse(body) }); n != 0 && !c.copies {
			t.Errorf("%x: %v allocations", body, n)
		}
	}
	for _, b := range c.bad {
		body := unhex(b.body)
		if c.check(t, body) {
			t.Errorf("%s is accepted", b.body)
			continue
		}
		_, err := c.parse(body)
		if e := (*Error)(nil); errors.As(err, &e) && (e.Field != b.field || e.Offset != b.offset) {
			t.Errorf("%s: %v; want %s at byte %d", b.body, err, b.field, b.offset)
		}
	}
}

func (c codec[T]) fuzz(f *testing.F) {
	for _, s := range c.valid {
		f.Add(unhex(s))
	}
	for _, b := range c.bad {
		f.Add(unhex(b.body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if len(body) < 1<<16 {
			c.check(t, body)
		}
	})
}
