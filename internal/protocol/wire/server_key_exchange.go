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
