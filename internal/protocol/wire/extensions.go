package wire

import (
	"iter"
	"slices"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// Extensions is a block of extensions, without its length. RFC 9846, section
// 4.3:
//
//	struct {
//	    ExtensionType extension_type;
//	    opaque extension_data<0..2^16-1>;
//	} Extension;
type Extensions []byte

// extensions reads a block; that it is well formed is checked here, so that it
// can be walked without errors later.
func extensions(r *Reader) Extensions {
	b := r.Vec(2, "extensions", 0)
	for rest := b; len(rest) > 0; {
		n := 4
		if len(rest) >= n {
			n += int(rest[2])<<8 | int(rest[3])
		}
		if n > len(rest) {
			r.fail("extensions", "an extension is longer than the block")
			return nil
		}
		rest = rest[n:]
	}
	return b
}

// All walks the extensions in their order.
func (e Extensions) All() iter.Seq2[iana.ExtensionType, []byte] {
	return func(yield func(iana.ExtensionType, []byte) bool) {
		for b := e; len(b) >= 4; {
			n := 4 + (int(b[2])<<8 | int(b[3]))
			if !yield(iana.ExtensionType(uint16(b[0])<<8|uint16(b[1])), b[4:n:n]) {
				return
			}
			b = b[n:]
		}
	}
}

// Next takes the first extension off the block: its type and body, and what
// follows. It is All for loops that must not allocate. The block must not be
// empty.
func (e Extensions) Next() (t iana.ExtensionType, body []byte, rest Extensions) {
	n := 4 + (int(e[2])<<8 | int(e[3]))
	return iana.ExtensionType(uint16(e[0])<<8 | uint16(e[1])), e[4:n:n], e[n:]
}

// Get gives the body of the first extension of the type.
func (e Extensions) Get(t iana.ExtensionType) ([]byte, bool) {
	for found, body := range e.All() {
		if found == t {
			return body, true
		}
	}
	return nil, false
}

// End gives where the body of the first extension of the type ends in the block,
// in bytes from its start; 0 if there is none.
func (e Extensions) End(t iana.ExtensionType) int {
	for rest := e; len(rest) > 0; {
		var found iana.ExtensionType
		if found, _, rest = rest.Next(); found == t {
			return len(e) - len(rest)
		}
	}
	return 0
}

// Duplicate gives an extension type that stands twice in the block. It takes
// time proportional to the block: a bit is kept per type.
func (e Extensions) Duplicate() (iana.ExtensionType, bool) {
	var low uint64 // types below 64
	var high [16]iana.ExtensionType
	n := 0
	for t := range e.All() {
		if t < 64 {
			if low&(1<<t) != 0 {
				return t, true
			}
			low |= 1 << t
			continue
		}
		if slices.Contains(high[:n], t) {
			return t, true
		}
		if n == len(high) {
			return e.duplicateOfMany()
		}
		high[n] = t
		n++
	}
	return 0, false
}

// duplicateOfMany is for blocks with more uncommon types than any client sends.
func (e Extensions) duplicateOfMany() (iana.ExtensionType, bool) {
	seen := make(map[iana.ExtensionType]bool)
	for t := range e.All() {
		if seen[t] {
			return t, true
		}
		seen[t] = true
	}
	return 0, false
}

// AppendExtension appends an extension with a ready body.
func AppendExtension(b []byte, t iana.ExtensionType, body []byte) []byte {
	return vec(u16(b, uint16(t)), 2, body)
}

func openExtension(b []byte, t iana.ExtensionType) ([]byte, Mark) {
	return open(u16(b, uint16(t)), 2)
}
