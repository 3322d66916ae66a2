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
	b, err := only("key_share", body, 2, 0)
	if err != nil {
		return nil, err
	}
	r := NewReader("key_share", b)
	for !r.Empty() {
		r.U16("group")
		r.Vec(2, "key_exchange", 1)
	}
	return b, r.Done()
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

// PreSharedKeyClient is pre_shared_key of a ClientHello, as a view. RFC 9846,
// section 4.3.11:
//
//	struct {
//	    opaque identity<1..2^16-1>;
//	    uint32 obfuscated_ticket_age;           // milliseconds
//	} PskIdentity;
//	opaque PskBinderEntry<32..255>;
//	struct {
//	    PskIdentity identities<7..2^16-1>;
//	    PskBinderEntry binders<33..2^16-1>;
//	} OfferedPsks;
type PreSharedKeyClient struct {
	identities []byte
	binders    []byte
}

// A PSKIdentity names a pre-shared key or is a ticket.
type PSKIdentity struct {
	Identity      []byte
	ObfuscatedAge uint32
}

// ParsePreSharedKeyClient reads the extension.
func ParsePreSharedKeyClient(body []byte) (p PreSharedKeyClient, err error) {
	r := NewReader("pre_shared_key", body)
	p.identities = r.Vec(2, "identities", 7)
	p.binders = r.Vec(2, "binders", 33)
	if err := r.Done(); err != nil {
		return p, err
	}
	ids := NewReader("pre_shared_key", p.identities)
	for !ids.Empty() {
		ids.Vec(2, "identity", 1)
		ids.Uint(4, "obfuscated_ticket_age")
	}
	if err := ids.Done(); err != nil {
		return p, err
	}
	binders := NewReader("pre_shared_key", p.binders)
	for !binders.Empty() {
		binders.Vec(1, "PskBinderEntry", 32)
	}
	return p, binders.Done()
}

// Identity gives the identity at place i.
func (p PreSharedKeyClient) Identity(i int) (id PSKIdentity, ok bool) {
	for r := NewReader("", p.identities); !r.Empty(); i-- {
		id = PSKIdentity{r.Vec(2, "", 1), r.Uint(4, "")}
		if i == 0 {
			return id, true
		}
	}
	return PSKIdentity{}, false
}

// Binder gives the binder at place i.
func (p PreSharedKeyClient) Binder(i int) ([]byte, bool) {
	for r := NewReader("", p.binders); !r.Empty(); i-- {
		if b := r.Vec(1, "", 32); i == 0 {
			return b, true
		}
	}
	return nil, false
}

// Counts gives the number of identities and of binders. It reads each once: a
// ClientHello has room for thousands.
func (p PreSharedKeyClient) Counts() (identities, binders int) {
	for r := NewReader("", p.identities); !r.Empty(); identities++ {
		r.Vec(2, "", 1)
		r.Uint(4, "")
	}
	for r := NewReader("", p.binders); !r.Empty(); binders++ {
		r.Vec(1, "", 32)
	}
	return identities, binders
}

// BindersLen is how many bytes the list of binders takes at the end of the
// ClientHello: what the binders do not cover (RFC 9846, section 4.3.11.2).
func (p PreSharedKeyClient) BindersLen() int { return 2 + len(p.binders) }

// AppendPreSharedKeyClient appends the extension with one identity and room
// for one binder, which is all of the last binder bytes.
func AppendPreSharedKeyClient(b []byte, id PSKIdentity, binder int) []byte {
	b, m := openExtension(b, iana.ExtPreSharedKey)
	b, ids := open(b, 2)
	b = ids.Close(u32(vec(b, 2, id.Identity), id.ObfuscatedAge))
	b = append(u16(b, uint16(1+binder)), byte(binder))
	return m.Close(append(b, make([]byte, binder)...))
}

// ParsePreSharedKeyServer reads pre_shared_key of a ServerHello:
//
//	uint16 selected_identity;
func ParsePreSharedKeyServer(body []byte) (uint16, error) {
	r := NewReader("pre_shared_key", body)
	v := r.U16("selected_identity")
	return v, r.Done()
}

// AppendPreSharedKeyServer appends the extension of a ServerHello.
func AppendPreSharedKeyServer(b []byte, selected uint16) []byte {
	b, m := openExtension(b, iana.ExtPreSharedKey)
	return m.Close(u16(b, selected))
}
