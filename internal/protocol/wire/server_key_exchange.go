package wire

import "github.com/handsel-tls/handsel/internal/protocol/iana"

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

// ServerKeyExchangeDHE is RFC 5246, section 7.4.3; before TLS 1.2 without the
// algorithm:
//
//	struct {
//	    opaque dh_p<1..2^16-1>;
//	    opaque dh_g<1..2^16-1>;
//	    opaque dh_Ys<1..2^16-1>;
//	    SignatureAndHashAlgorithm algorithm;
//	    opaque signature<0..2^16-1>;
//	} ServerKeyExchange;
type ServerKeyExchangeDHE struct {
	P, G, Ys  []byte
	Params    []byte // what is signed beside the randoms: dh_p to dh_Ys
	Scheme    iana.SignatureScheme
	Signature []byte
}

// ParseServerKeyExchangeDHE reads the body of the message. scheme says whether
// the version has the algorithm in it.
func ParseServerKeyExchangeDHE(body []byte, scheme bool) (m ServerKeyExchangeDHE, err error) {
	r := NewReader("ServerKeyExchange", body)
	m.P = r.Vec(2, "dh_p", 1)
	m.G = r.Vec(2, "dh_g", 1)
	m.Ys = r.Vec(2, "dh_Ys", 1)
	m.Params = body[:r.off:r.off]
	if scheme {
		m.Scheme = iana.SignatureScheme(r.U16("algorithm"))
	}
	m.Signature = r.Vec(2, "signature", 0)
	return m, r.Done()
}

// AppendDHEParams appends dh_p to dh_Ys.
func AppendDHEParams(b, p, g, ys []byte) []byte { return vec(vec(vec(b, 2, p), 2, g), 2, ys) }

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

// ServerKeyExchangePSK is RFC 4279, section 2, without parameters, and RFC 5489,
// section 2, with those of ECDHE:
//
//	opaque psk_identity_hint<0..2^16-1>;
//	ServerECDHParams params;                // ECDHE_PSK only
type ServerKeyExchangePSK struct {
	Hint  []byte
	Group iana.Group
	Point []byte
}

// ParseServerKeyExchangePSK reads the body of the message. params says whether
// the suite has parameters in it.
func ParseServerKeyExchangePSK(body []byte, params bool) (m ServerKeyExchangePSK, err error) {
	r := NewReader("ServerKeyExchange", body)
	m.Hint = r.Vec(2, "psk_identity_hint", 0)
	if params {
		t := iana.CurveType(r.U8("curve_type"))
		r.Check(t == iana.CurveNamed, "curve_type", "it is not named_curve")
		m.Group = iana.Group(r.U16("namedcurve"))
		m.Point = r.Vec(1, "point", 1)
	}
	return m, r.Done()
}

// AppendServerKeyExchangePSK appends the message with ready parameters, if any.
func AppendServerKeyExchangePSK(b, hint, params []byte) []byte {
	b, mark := openMessage(b, iana.MsgServerKeyExchange)
	return mark.Close(append(vec(b, 2, hint), params...))
}
