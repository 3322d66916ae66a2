package wire

import "github.com/handsel-tls/handsel/internal/protocol/iana"

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
	ids := r.within(p.identities)
	p.binders = r.Vec(2, "binders", 33)
	if err := r.Done(); err != nil {
		return p, err
	}
	for !ids.Empty() {
		ids.Vec(2, "identity", 1)
		ids.U32("obfuscated_ticket_age")
	}
	if err := ids.Done(); err != nil {
		return p, err
	}
	binders := r.within(p.binders)
	for !binders.Empty() {
		binders.Vec(1, "PskBinderEntry", 32)
	}
	return p, binders.Done()
}

// Identity gives the identity at place i.
func (p PreSharedKeyClient) Identity(i int) (id PSKIdentity, ok bool) {
	for r := NewReader("", p.identities); !r.Empty(); i-- {
		id = PSKIdentity{r.Vec(2, "", 1), r.U32("")}
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
		r.U32("")
	}
	for r := NewReader("", p.binders); !r.Empty(); binders++ {
		r.Vec(1, "", 32)
	}
	return identities, binders
}

// BindersLen is how many bytes the list of binders takes at the end of the
// ClientHello: what the binders do not cover (RFC 9846, section 4.3.11.2).
func (p PreSharedKeyClient) BindersLen() int { return 2 + len(p.binders) }

// AppendPreSharedKeyClient appends the extension with n identities and room for
// as many binders. at gives each identity, and the length of its binder in bytes.
func AppendPreSharedKeyClient(b []byte, n int, at func(i int) (id PSKIdentity, binder int)) []byte {
	b, m := openExtension(b, iana.ExtPreSharedKey)
	b, ids := open(b, 2)
	for i := range n {
		id, _ := at(i)
		b = u32(vec(b, 2, id.Identity), id.ObfuscatedAge)
	}
	b, binders := open(ids.Close(b), 2)
	for i := range n {
		_, size := at(i)
		b = append(append(b, byte(size)), zeros[:size]...)
	}
	return m.Close(binders.Close(b))
}

// zeros are as many as the longest binder has bytes.
var zeros [255]byte

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
