// Package wire is the presentation language of TLS: the form of messages and
// extensions, without their meaning. What it reads are views of the input;
// nothing is copied, and nothing may be used longer than the input. The comment
// above a type is its structure in the words of the RFC.
package wire

import (
	"fmt"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
)

// An Error says which field of which message did not fit. It unwraps to
// fault.DecodeError, or fault.ExtensionForm within an extension.
type Error struct {
	Message string
	Field   string
	Offset  int // of the field, in bytes from the start of the body of the message or extension
	Problem string
	code    fault.Code
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s: %s at byte %d: %s", e.Message, e.Field, e.Offset, e.Problem)
}

// Unwrap gives the fault.
func (e *Error) Unwrap() error { return e.code }

// A Reader reads fields one after another. After the first that does not fit,
// it gives zero values, and Done says which one that was.
type Reader struct {
	message string
	buf     []byte
	base    int // of buf in the body
	off     int // of what comes next in buf
	at      int // of the field that was begun last in buf
	err     *Error
	code    fault.Code // of an error
}

// NewReader reads the body of a message with the given name.
func NewReader(message string, body []byte) Reader {
	return Reader{message: message, buf: body, code: fault.DecodeError}
}

// newExtension reads the body of an extension.
func newExtension(name string, body []byte) Reader {
	return Reader{message: name, buf: body, code: fault.ExtensionForm}
}

// within reads the inside of the vector that was read last. It fails if r did.
func (r *Reader) within(vector []byte) Reader {
	return Reader{message: r.message, buf: vector, base: r.base + r.off - len(vector), err: r.err, code: r.code}
}

func (r *Reader) fail(field, problem string) {
	if r.err == nil {
		r.err = &Error{r.message, field, r.base + r.at, problem, r.code}
	}
}

// Bytes reads n bytes.
func (r *Reader) Bytes(n int, field string) []byte {
	r.at = r.off
	return r.take(n, field)
}

func (r *Reader) take(n int, field string) []byte {
	if r.err != nil || len(r.buf)-r.off < n {
		r.fail(field, "the message ends before the field does")
		return nil
	}
	b := r.buf[r.off : r.off+n : r.off+n]
	r.off += n
	return b
}

// Uint reads a number of n bytes, at most 4.
func (r *Reader) Uint(n int, field string) uint32 {
	r.at = r.off
	return r.number(n, field)
}

func (r *Reader) number(n int, field string) uint32 {
	var v uint32
	for _, b := range r.take(n, field) {
		v = v<<8 | uint32(b)
	}
	return v
}

// U8 reads a number of one byte.
func (r *Reader) U8(field string) uint8 { return uint8(r.Uint(1, field)) }

// U16 reads a number of two bytes.
func (r *Reader) U16(field string) uint16 { return uint16(r.Uint(2, field)) }

// U32 reads a number of four bytes.
func (r *Reader) U32(field string) uint32 { return r.Uint(4, field) }

// Vec reads a vector: its length in n bytes, at most 3, then so many bytes, at
// least least of them.
func (r *Reader) Vec(n int, field string, least int) []byte {
	r.at = r.off
	length := int(r.number(n, field))
	b := r.take(length, field)
	r.Check(length >= least, field, "the field is shorter than it may be")
	if r.err != nil {
		return nil
	}
	return b
}

// Left gives how many bytes were not read.
func (r *Reader) Left() int { return len(r.buf) - r.off }

// Empty reports whether everything was read.
func (r *Reader) Empty() bool { return r.err != nil || r.off == len(r.buf) }

// Rest reads what is left.
func (r *Reader) Rest() []byte { return r.Bytes(len(r.buf)-r.off, "rest") }

// Check fails at the field that was read last, with the problem, unless ok.
func (r *Reader) Check(ok bool, field, problem string) {
	if !ok {
		r.fail(field, problem)
	}
}

// Done gives the first error; bytes that are left over are one.
func (r *Reader) Done() error {
	if r.err == nil && r.off < len(r.buf) {
		r.at = r.off
		r.fail("end", "there are bytes after the end")
	}
	if r.err != nil {
		return r.err
	}
	return nil
}

// A List is a list of 16-bit values, as a view.
type List[T ~uint16] []byte

// Len is the number of values.
func (l List[T]) Len() int { return len(l) / 2 }

// At gives the value at place i.
func (l List[T]) At(i int) T { return T(uint16(l[2*i])<<8 | uint16(l[2*i+1])) }

// Has reports whether the value is in the list.
func (l List[T]) Has(v T) bool {
	hi, lo := byte(v>>8), byte(v)
	for i := 0; i+1 < len(l); i += 2 {
		if l[i] == hi && l[i+1] == lo {
			return true
		}
	}
	return false
}

// Values copies the list.
func (l List[T]) Values() []T {
	values := make([]T, l.Len())
	for i := range values {
		values[i] = l.At(i)
	}
	return values
}

// list reads a vector of 16-bit values with a length of n bytes.
func list[T ~uint16](r *Reader, n int, field string, least int) List[T] {
	b := r.Vec(n, field, least)
	r.Check(len(b)%2 == 0, field, "the length is odd")
	if r.err != nil {
		return nil
	}
	return List[T](b)
}

// NewList makes a list of values.
func NewList[T ~uint16](values []T) List[T] {
	l := make(List[T], 0, 2*len(values))
	for _, v := range values {
		l = append(l, byte(v>>8), byte(v))
	}
	return l
}

// only reads a body that is one vector with a length of n bytes.
func only(name string, body []byte, n int, field string, least int) ([]byte, error) {
	r := NewReader(name, body)
	v := r.Vec(n, field, least)
	return v, r.Done()
}
