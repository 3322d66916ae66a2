package wire

import "github.com/handsel-tls/handsel/internal/protocol/iana"

// Finished is RFC 9846, section 4.5.3; RFC 5246, section 7.4.9:
//
//	struct {
//	    opaque verify_data[length of the hash; 12 in TLS 1.2];
//	} Finished;
type Finished struct{ VerifyData []byte }

// Append appends the whole message.
func (m *Finished) Append(b []byte) []byte { return message(b, iana.MsgFinished, m.VerifyData) }

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
	m.Lifetime = r.Uint(4, "ticket_lifetime")
	m.AgeAdd = r.Uint(4, "ticket_age_add")
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
	m.Lifetime = r.Uint(4, "ticket_lifetime_hint")
	m.Ticket = r.Vec(2, "ticket", 0)
	return m, r.Done()
}

// Append appends the whole message.
func (m *NewSessionTicket12) Append(b []byte) []byte {
	b, mark := openMessage(b, iana.MsgNewSessionTicket)
	return mark.Close(vec(u32(b, m.Lifetime), 2, m.Ticket))
}

// KeyUpdate is RFC 9846, section 4.7.3:
//
//	struct {
//	    enum { update_not_requested(0), update_requested(1) } request_update;
//	} KeyUpdate;
type KeyUpdate struct{ UpdateRequested bool }

// ParseKeyUpdate reads the body of the message. A value other than 0 and 1 is
// not a matter of form: valid is false then.
func ParseKeyUpdate(body []byte) (m KeyUpdate, valid bool, err error) {
	r := NewReader("KeyUpdate", body)
	v := r.U8("request_update")
	return KeyUpdate{v == 1}, v <= 1, r.Done()
}

// Append appends the whole message.
func (m *KeyUpdate) Append(b []byte) []byte {
	v := byte(0)
	if m.UpdateRequested {
		v = 1
	}
	return message(b, iana.MsgKeyUpdate, []byte{v})
}

// AppendEmpty appends a message without a body: ServerHelloDone, HelloRequest
// or EndOfEarlyData.
func AppendEmpty(b []byte, t iana.HandshakeType) []byte { return message(b, t, nil) }

// ParseEmpty refuses a body where there is none.
func ParseEmpty(name string, body []byte) error {
	r := NewReader(name, body)
	return r.Done()
}

// ServerKeyExchangeECDHE is RFC 8422, section 5.4; before TLS 1.2 without the
// algorithm:
//
//	struct {
//	    ECCurveType curve_type = named_curve(3);
//	    NamedCurve namedcurve;
//	    opaque point<1..2^8-1>;
//	    SignatureAndHashAlgorithm algorithm;
//	    opaque signature<0..2^16-1>;
//	} ServerKeyExchange;
type ServerKeyExchangeECDHE struct {
	Group     iana.Group
	Point     []byte
	Params    []byte // what is signed beside the randoms: curve_type to point
	Scheme    iana.SignatureScheme
	Signature []byte
}

// ParseServerKeyExchangeECDHE reads the body of the message. scheme says
// whether the version has the algorithm in it.
func ParseServerKeyExchangeECDHE(body []byte, scheme bool) (m ServerKeyExchangeECDHE, err error) {
	r := NewReader("ServerKeyExchange", body)
	t := iana.CurveType(r.U8("curve_type"))
	r.Check(t == iana.CurveNamed, "curve_type", "it is not named_curve")
	m.Group = iana.Group(r.U16("namedcurve"))
	m.Point = r.Vec(1, "point", 1)
	m.Params = body[:r.off:r.off]
	if scheme {
		m.Scheme = iana.SignatureScheme(r.U16("algorithm"))
	}
	m.Signature = r.Vec(2, "signature", 0)
	return m, r.Done()
}

// AppendECDHEParams appends curve_type to point.
func AppendECDHEParams(b []byte, g iana.Group, point []byte) []byte {
	return vec(u16(append(b, byte(iana.CurveNamed)), uint16(g)), 1, point)
}

// AppendServerKeyExchange appends the message with ready parameters. A scheme
// of 0 is left out.
func AppendServerKeyExchange(b, params []byte, s iana.SignatureScheme, signature []byte) []byte {
	b, mark := openMessage(b, iana.MsgServerKeyExchange)
	b = append(b, params...)
	if s != 0 {
		b = u16(b, uint16(s))
	}
	return mark.Close(vec(b, 2, signature))
}

// ParseClientKeyExchange reads the body of the message, a single vector with a
// length of n bytes: 1 for the point of ECDHE (RFC 8422, section 5.7), 2 for
// the encrypted premaster secret of RSA (RFC 5246, section 7.4.7.1) and for
// the public value of DHE.
func ParseClientKeyExchange(body []byte, n int) ([]byte, error) {
	r := NewReader("ClientKeyExchange", body)
	v := r.Vec(n, "exchange_keys", 1)
	return v, r.Done()
}

// AppendClientKeyExchange appends the message with a vector as above.
func AppendClientKeyExchange(b []byte, n int, v []byte) []byte {
	b, mark := openMessage(b, iana.MsgClientKeyExchange)
	return mark.Close(vec(b, n, v))
}

// Alert is the content of an alert record. RFC 9846, section 6:
//
//	struct {
//	    AlertLevel level;
//	    AlertDescription description;
//	} Alert;
type Alert struct {
	Level       iana.AlertLevel
	Description iana.Alert
}

// ParseAlert reads an alert.
func ParseAlert(content []byte) (a Alert, err error) {
	r := NewReader("Alert", content)
	a.Level = iana.AlertLevel(r.U8("level"))
	a.Description = iana.Alert(r.U8("description"))
	return a, r.Done()
}

// Append appends the content of an alert record.
func (a Alert) Append(b []byte) []byte { return append(b, byte(a.Level), byte(a.Description)) }
