package field

import (
	"encoding/hex"
	"fmt"
	"strconv"

	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// A reader reads bytes into fields. After the first that does not fit it gives
// zero values and adds nothing.
type reader struct {
	wire.Reader
	buf  []byte
	base int // of buf in the message
	to   *Field
	bad  bool
}

// newReader reads the bytes into fields below to.
func newReader(to *Field, b []byte, base int) *reader {
	return &reader{Reader: wire.NewReader("", b), buf: b, base: base, to: to}
}

// at gives where in the message the reader is.
func (r *reader) at() int { return r.base + len(r.buf) - r.Left() }

func (r *reader) add(f Field) *Field {
	r.to.Sub = append(r.to.Sub, f)
	return &r.to.Sub[len(r.to.Sub)-1]
}

// ends notes that the message is shorter than what it says.
func (r *reader) ends(name, label string, wanted int) {
	r.add(Field{Name: name, Label: label, Start: r.at(), End: r.at() + r.Left(),
		Error: fmt.Sprintf("it takes %s, and %d are left", count(wanted, "byte"), r.Left())})
	r.bad = true
}

// number reads a number of n bytes. show gives its text; nil: in digits.
func (r *reader) number(n int, name, label string, show func(uint32) string) uint32 {
	if r.bad {
		return 0
	}
	if r.Left() < n {
		r.ends(name, label, n)
		return 0
	}
	start := r.at()
	v := r.Uint(n, name)
	text := strconv.FormatUint(uint64(v), 10)
	if show != nil {
		text = show(v)
	}
	r.add(Field{Name: name, Label: label, Value: text, Start: start, End: r.at()})
	return v
}

// bytes reads n bytes.
func (r *reader) bytes(n int, name, label string) []byte {
	if r.bad || n == 0 {
		return nil
	}
	if r.Left() < n {
		r.ends(name, label, n)
		return nil
	}
	start := r.at()
	b := r.Bytes(n, name)
	r.add(Field{Name: name, Label: label, Value: digits(b), Start: start, End: r.at()})
	return b
}

// rest reads what is left, if anything is.
func (r *reader) rest(name, label string) []byte { return r.bytes(r.Left(), name, label) }

// opaque reads a vector of bytes with a length of n bytes.
func (r *reader) opaque(n int, name, label string) []byte {
	length := int(r.number(n, name+"_length", label+" Length", nil))
	if r.bad {
		return nil
	}
	if r.Left() < length {
		r.ends(name, label, length)
		return nil
	}
	return r.bytes(length, name, label)
}

// vector reads a vector with a length of n bytes, whose inside is read by inside.
// That may set the label of the field it is given. A vector that is cut off is
// read as far as it goes.
func (r *reader) vector(n int, name, label string, inside func(in *reader)) {
	length := int(r.number(n, name+"_length", label+" Length", nil))
	if r.bad {
		return
	}
	problem := ""
	if r.Left() < length {
		problem = fmt.Sprintf("it takes %s, and %d are left", count(length, "byte"), r.Left())
		r.bad, length = true, r.Left()
	}
	if length == 0 && problem == "" {
		return
	}
	start := r.at()
	b := r.Bytes(length, name)
	f := r.add(Field{Name: name, Label: label, Start: start, End: start + length, Error: problem})
	in := newReader(f, b, start)
	inside(in)
	in.over()
}

// over notes bytes that are left.
func (r *reader) over() {
	if n := r.Left(); n > 0 && !r.bad {
		start := r.at()
		r.add(Field{Name: "end", Label: "Left over", Value: digits(r.Rest()), Start: start, End: start + n, Error: "nothing belongs here"})
	}
}

// list reads numbers of n bytes to the end, and counts them in the label: "Cipher
// Suites (12 suites)". of is what one of them is called.
func (r *reader) list(n int, of, label string, show func(uint32) string) {
	for i := 0; !r.bad && r.Left() > 0; i++ {
		r.number(n, fmt.Sprintf("%s[%d]", of, i), label, show)
	}
}

// counted adds to the label of the field that is read into how many of a thing
// there are.
func (r *reader) counted(one string) {
	r.to.Label += " (" + count(len(r.to.Sub), one) + ")"
}

func count(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + one + "s"
}

// shown is how many bytes of a field are shown.
const shown = 64

// digits gives bytes in hexadecimal digits, and how many are left out.
func digits(b []byte) string {
	if len(b) > shown {
		return hex.EncodeToString(b[:shown]) + fmt.Sprintf("... (%d bytes)", len(b))
	}
	return hex.EncodeToString(b)
}

// named gives a function that shows a number by its registered name, and in n
// digits, or in decimal digits if n is 0.
func named[T interface {
	~uint8 | ~uint16
	String() string
}](n int) func(uint32) string {
	return func(v uint32) string {
		if n == 0 {
			return fmt.Sprintf("%v (%d)", T(v), v)
		}
		return fmt.Sprintf("%v (0x%0*x)", T(v), n, v)
	}
}

// unit shows a number with its unit.
func unit(one string) func(uint32) string {
	return func(v uint32) string { return count(int(v), one) }
}

func hexadecimal(n int) func(uint32) string {
	return func(v uint32) string { return fmt.Sprintf("0x%0*x", n, v) }
}
