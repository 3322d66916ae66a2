// Package field shows messages of TLS field by field, in the manner of a
// protocol analyser's tree. It reads with package wire, and goes on where that
// gives up: what makes sense of a malformed message is shown, and where it stops.
package field

import (
	"strings"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// A Field is a line of the tree.
type Field struct {
	Name  string // as the RFC has it: "legacy_version", "cipher_suites", "server_name"; unique among its siblings
	Label string // for people: "Version", "Cipher Suites (12 suites)"
	Value string // for people; empty if the label or Sub says it
	Start int    // in bytes from the first of the message
	End   int    // after the last byte
	Error string // what does not make sense here
	Sub   []Field

	// Raw is what the offsets of the fields below count in. It is set at the root,
	// and where something else begins: a message that was compressed.
	Raw []byte
}

// A Context is what has to be known of the connection to read a message.
type Context struct {
	Version iana.Version // that was chosen; 0: none yet
	Suite   iana.Suite
	From    trace.Side
	Retry   bool // the ServerHello is a HelloRetryRequest
	SSL2    bool // the message is one of SSL 2.0, or a ClientHello in its format
	Raw     bool // certificates are raw public keys (RFC 7250)
}

// String gives the line.
func (f *Field) String() string {
	s := f.Label
	if f.Value != "" {
		s += ": " + f.Value
	}
	if f.Error != "" {
		s += "  [" + f.Error + "]"
	}
	return s
}

// Find gives the field of a path of names with dots, such as
// "ClientHello.extensions.server_name"; nil if there is none. The first name is
// that of the field itself.
func (f *Field) Find(path string) *Field {
	name, rest, more := strings.Cut(path, ".")
	if !strings.EqualFold(f.Name, name) {
		return nil
	}
	if !more {
		return f
	}
	for i := range f.Sub {
		if found := f.Sub[i].Find(rest); found != nil {
			return found
		}
	}
	return nil
}

// Walk calls visit with f and every field below it, in their order, with the depth
// below f.
func (f *Field) Walk(visit func(depth int, f *Field)) { f.walk(0, visit) }

func (f *Field) walk(depth int, visit func(int, *Field)) {
	visit(depth, f)
	for i := range f.Sub {
		f.Sub[i].walk(depth+1, visit)
	}
}
