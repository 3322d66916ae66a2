package wire

import (
	"iter"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// KeyShareClient is key_share of a ClientHello, as a view. RFC 9846, section
// 4.3.8:
//
//	struct {
//	    NamedGroup group;
//	    opaque key_exchange<1..2^16-1>;
//	} KeyShareEntry;
//	KeyShareEntry client_shares<0..2^16-1>;
type KeyShareClient []byte

// ParseKeyShareClient reads the extension.
func ParseKeyShareClient(body []byte) (KeyShareClient, error) {
	r := NewReader("key_share", body)
	list := r.Vec(2, "client_shares", 0)
	if err := r.Done(); err != nil {
		return nil, err
	}
	shares := r.within(list)
	for !shares.Empty() {
		shares.U16("group")
		shares.Vec(2, "key_exchange", 1)
	}
	return list, shares.Done()
}

// All walks the key shares.
func (k KeyShareClient) All() iter.Seq2[iana.Group, []byte] {
	return Extensions(k).groups
}

// groups walks a list of pairs of a 16-bit number and a vector, which has the
// form of a block of extensions.
func (e Extensions) groups(yield func(iana.Group, []byte) bool) {
	for t, v := range e.All() {
		if !yield(iana.Group(t), v) {
			return
		}
	}
}

// Get gives the key share for a group.
func (k KeyShareClient) Get(g iana.Group) ([]byte, bool) {
	return Extensions(k).Get(iana.ExtensionType(g))
}

// Count is the number of key shares.
func (k KeyShareClient) Count() (n int) {
	for range k.All() {
		n++
	}
	return n
}

// OpenKeyShareClient appends the extension up to its key shares.
func OpenKeyShareClient(b []byte) ([]byte, Block) {
	var k Block
	b, k.message = openExtension(b, iana.ExtKeyShare)
	b, k.extensions = open(b, 2)
	return b, k
}

// OpenKeyShare appends a key share up to its key_exchange.
func OpenKeyShare(b []byte, g iana.Group) ([]byte, Mark) { return open(u16(b, uint16(g)), 2) }

// ParseKeyShareServer reads key_share of a ServerHello: one entry.
func ParseKeyShareServer(body []byte) (g iana.Group, share []byte, err error) {
	r := NewReader("key_share", body)
	g = iana.Group(r.U16("group"))
	share = r.Vec(2, "key_exchange", 1)
	return g, share, r.Done()
}

// AppendKeyShareServer appends the extension of a ServerHello.
func AppendKeyShareServer(b []byte, g iana.Group, share []byte) []byte {
	b, m := openExtension(b, iana.ExtKeyShare)
	return m.Close(vec(u16(b, uint16(g)), 2, share))
}

// ParseKeyShareRetry reads key_share of a HelloRetryRequest:
//
//	NamedGroup selected_group;
func ParseKeyShareRetry(body []byte) (iana.Group, error) {
	r := NewReader("key_share", body)
	g := iana.Group(r.U16("selected_group"))
	return g, r.Done()
}

// AppendKeyShareRetry appends the extension of a HelloRetryRequest.
func AppendKeyShareRetry(b []byte, g iana.Group) []byte {
	b, m := openExtension(b, iana.ExtKeyShare)
	return m.Close(u16(b, uint16(g)))
}
