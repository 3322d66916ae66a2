package wire

import (
	"iter"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// ProtocolNameList is the list of ALPN, RFC 7301, section 3.1, as a view:
//
//	opaque ProtocolName<1..2^8-1>;
//	ProtocolName protocol_name_list<2..2^16-1>;
type ProtocolNameList []byte

// ParseALPN reads the extension of either side.
func ParseALPN(body []byte) (ProtocolNameList, error) {
	r := newExtension("application_layer_protocol_negotiation", body)
	r.code = fault.ProtocolListForm
	l := r.Vec(2, "protocol_name_list", 2)
	if err := r.Done(); err != nil {
		return nil, err
	}
	names := r.within(l)
	for !names.Empty() {
		names.Vec(1, "ProtocolName", 1)
	}
	return l, names.Done()
}

// All walks the names.
func (l ProtocolNameList) All() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for b := l; len(b) > 0; {
			n := 1 + int(b[0])
			if !yield(b[1:n:n]) {
				return
			}
			b = b[n:]
		}
	}
}

// Has reports whether the name is in the list.
func (l ProtocolNameList) Has(name string) bool {
	for n := range l.All() {
		if string(n) == name {
			return true
		}
	}
	return false
}

// Single gives the only name of the list, as a server has to answer.
func (l ProtocolNameList) Single() (string, bool) {
	if len(l) == 0 || 1+int(l[0]) != len(l) {
		return "", false
	}
	return string(l[1:]), true
}

// AppendALPN appends the extension.
func AppendALPN(b []byte, names ...string) []byte {
	b, m := openExtension(b, iana.ExtALPN)
	b, l := open(b, 2)
	for _, n := range names {
		b = append(append(b, byte(len(n))), n...)
	}
	return m.Close(l.Close(b))
}
