package wire

import "github.com/handsel-tls/handsel/internal/protocol/iana"

// NewSessionTicket13 is RFC 9846, section 4.7.1:
//
//	struct {
//	    uint32 ticket_lifetime;                 // seconds
//	    uint32 ticket_age_add;
//	    opaque ticket_nonce<0..255>;
//	    opaque ticket<1..2^16-1>;
//	    Extension extensions<0..2^16-2>;
//	} NewSessionTicket;
type NewSessionTicket13 struct {
	Lifetime   uint32
	AgeAdd     uint32
	Nonce      []byte
	Ticket     []byte
	Extensions Extensions
}

// ParseNewSessionTicket13 reads the body of the message.
func ParseNewSessionTicket13(body []byte) (m NewSessionTicket13, err error) {
	r := NewReader("NewSessionTicket", body)
	m.Lifetime = r.U32("ticket_lifetime")
	m.AgeAdd = r.U32("ticket_age_add")
	m.Nonce = r.Vec(1, "ticket_nonce", 0)
	m.Ticket = r.Vec(2, "ticket", 1)
	m.Extensions = extensions(&r)
	return m, r.Done()
}

// Append appends the whole message.
func (m *NewSessionTicket13) Append(b []byte) []byte {
	b, mark := openMessage(b, iana.MsgNewSessionTicket)
	b = vec(u32(u32(b, m.Lifetime), m.AgeAdd), 1, m.Nonce)
	return mark.Close(vec(vec(b, 2, m.Ticket), 2, m.Extensions))
}

// NewSessionTicket12 is RFC 5077, section 3.3:
//
//	struct {
//	    uint32 ticket_lifetime_hint;            // seconds
//	    opaque ticket<0..2^16-1>;
//	} NewSessionTicket;
type NewSessionTicket12 struct {
	Lifetime uint32
	Ticket   []byte
}

// ParseNewSessionTicket12 reads the body of the message.
func ParseNewSessionTicket12(body []byte) (m NewSessionTicket12, err error) {
	r := NewReader("NewSessionTicket", body)
	m.Lifetime = r.U32("ticket_lifetime_hint")
	m.Ticket = r.Vec(2, "ticket", 0)
	return m, r.Done()
}

// Append appends the whole message.
func (m *NewSessionTicket12) Append(b []byte) []byte {
	b, mark := openMessage(b, iana.MsgNewSessionTicket)
	return mark.Close(vec(u32(b, m.Lifetime), 2, m.Ticket))
}
