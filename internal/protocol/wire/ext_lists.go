package wire

import (
	"iter"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// ParseSupportedVersionsClient reads supported_versions of a ClientHello. RFC
// 9846, section 4.3.1:
//
//	ProtocolVersion versions<2..254>;
func ParseSupportedVersionsClient(body []byte) (List[iana.Version], error) {
	r := NewReader("supported_versions", body)
	l := list[iana.Version](&r, 1, "versions", 2)
	return l, r.Done()
}

// AppendSupportedVersionsClient appends the extension of a ClientHello.
func AppendSupportedVersionsClient(b []byte, versions []iana.Version) []byte {
	return appendList(b, iana.ExtSupportedVersions, 1, versions)
}

// ParseSupportedVersionsServer reads supported_versions of a ServerHello or
// HelloRetryRequest:
//
//	ProtocolVersion selected_version;
func ParseSupportedVersionsServer(body []byte) (iana.Version, error) {
	r := NewReader("supported_versions", body)
	v := iana.Version(r.U16("selected_version"))
	return v, r.Done()
}

// AppendSupportedVersionsServer appends the extension of a server.
func AppendSupportedVersionsServer(b []byte, v iana.Version) []byte {
	b, m := openExtension(b, iana.ExtSupportedVersions)
	return m.Close(u16(b, uint16(v)))
}

// ParseSupportedGroups reads supported_groups. RFC 9846, section 4.3.7:
//
//	NamedGroup named_group_list<2..2^16-1>;
func ParseSupportedGroups(body []byte) (List[iana.Group], error) {
	r := NewReader("supported_groups", body)
	l := list[iana.Group](&r, 2, "named_group_list", 2)
	return l, r.Done()
}

// AppendSupportedGroups appends the extension.
func AppendSupportedGroups(b []byte, groups []iana.Group) []byte {
	return appendList(b, iana.ExtSupportedGroups, 2, groups)
}

// ParseSignatureAlgorithms reads signature_algorithms or
// signature_algorithms_cert. RFC 9846, section 4.3.3:
//
//	SignatureScheme supported_signature_algorithms<2..2^16-2>;
func ParseSignatureAlgorithms(body []byte) (List[iana.SignatureScheme], error) {
	r := NewReader("signature_algorithms", body)
	l := list[iana.SignatureScheme](&r, 2, "supported_signature_algorithms", 2)
	return l, r.Done()
}

// AppendSignatureAlgorithms appends signature_algorithms.
func AppendSignatureAlgorithms(b []byte, schemes []iana.SignatureScheme) []byte {
	return appendList(b, iana.ExtSignatureAlgorithms, 2, schemes)
}

// appendList appends an extension that is one list of 16-bit values with a
// length of n bytes.
func appendList[T ~uint16](b []byte, t iana.ExtensionType, n int, values []T) []byte {
	b, m := openExtension(b, t)
	b = length(b, n, 2*len(values))
	for _, v := range values {
		b = u16(b, uint16(v))
	}
	return m.Close(b)
}

// ProtocolNameList is the list of ALPN, RFC 7301, section 3.1, as a view:
//
//	opaque ProtocolName<1..2^8-1>;
//	ProtocolName protocol_name_list<2..2^16-1>;
type ProtocolNameList []byte

// ParseALPN reads the extension of either side.
func ParseALPN(body []byte) (ProtocolNameList, error) {
	r := NewReader("application_layer_protocol_negotiation", body)
	l := r.Vec(2, "protocol_name_list", 2)
	if err := r.Done(); err != nil {
		return nil, err
	}
	names := NewReader("application_layer_protocol_negotiation", l)
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

// ParsePSKKeyExchangeModes reads psk_key_exchange_modes. RFC 9846, section
// 4.3.9:
//
//	PskKeyExchangeMode ke_modes<1..255>;
func ParsePSKKeyExchangeModes(body []byte) ([]byte, error) {
	return only("psk_key_exchange_modes", body, 1, 1)
}

// AppendPSKKeyExchangeModes appends the extension.
func AppendPSKKeyExchangeModes(b []byte, modes ...iana.PSKMode) []byte {
	b, m := openExtension(b, iana.ExtPSKKeyExchangeModes)
	b = append(b, byte(len(modes)))
	for _, v := range modes {
		b = append(b, byte(v))
	}
	return m.Close(b)
}

// ParseECPointFormats reads ec_point_formats. RFC 8422, section 5.1.2:
//
//	ECPointFormat ec_point_format_list<1..2^8-1>;
func ParseECPointFormats(body []byte) ([]byte, error) { return only("ec_point_formats", body, 1, 1) }

// AppendECPointFormats appends the extension with the uncompressed format.
func AppendECPointFormats(b []byte) []byte {
	return AppendExtension(b, iana.ExtECPointFormats, []byte{1, byte(iana.PointUncompressed)})
}

// ParseRenegotiationInfo reads renegotiation_info. RFC 5746, section 3.2:
//
//	opaque renegotiated_connection<0..255>;
func ParseRenegotiationInfo(body []byte) ([]byte, error) {
	return only("renegotiation_info", body, 1, 0)
}

// AppendRenegotiationInfo appends the extension.
func AppendRenegotiationInfo(b, verify []byte) []byte {
	b, m := openExtension(b, iana.ExtRenegotiationInfo)
	return m.Close(vec(b, 1, verify))
}

// ParseCookie reads cookie. RFC 9846, section 4.3.2:
//
//	opaque cookie<1..2^16-1>;
func ParseCookie(body []byte) ([]byte, error) { return only("cookie", body, 2, 1) }

// AppendCookie appends the extension.
func AppendCookie(b, cookie []byte) []byte {
	b, m := openExtension(b, iana.ExtCookie)
	return m.Close(vec(b, 2, cookie))
}

// only reads a body that is one vector with a length of n bytes.
func only(name string, body []byte, n, least int) ([]byte, error) {
	r := NewReader(name, body)
	v := r.Vec(n, name, least)
	return v, r.Done()
}

// ParseCertificateAuthorities reads certificate_authorities. RFC 9846, section
// 4.3.4:
//
//	opaque DistinguishedName<1..2^16-1>;
//	DistinguishedName authorities<3..2^16-1>;
func ParseCertificateAuthorities(body []byte) ([][]byte, error) {
	b, err := only("certificate_authorities", body, 2, 3)
	if err != nil {
		return nil, err
	}
	return ParseNames(b)
}

// AppendCertificateAuthorities appends the extension.
func AppendCertificateAuthorities(b []byte, names [][]byte) []byte {
	b, m := openExtension(b, iana.ExtCertificateAuthorities)
	return m.Close(AppendList(b, 2, 2, names))
}

// ParseSCTs reads signed_certificate_timestamp of a server. RFC 6962, section
// 3.3:
//
//	opaque SerializedSCT<1..2^16-1>;
//	SerializedSCT sct_list<1..2^16-1>;
func ParseSCTs(body []byte) (scts [][]byte, err error) {
	b, err := only("signed_certificate_timestamp", body, 2, 1)
	if err != nil {
		return nil, err
	}
	for r := NewReader("signed_certificate_timestamp", b); ; {
		if r.Empty() {
			return scts, r.Done()
		}
		scts = append(scts, r.Vec(2, "SerializedSCT", 1))
	}
}

// AppendSCTs appends the extension of a server.
func AppendSCTs(b []byte, scts [][]byte) []byte {
	b, m := openExtension(b, iana.ExtSCT)
	return m.Close(AppendList(b, 2, 2, scts))
}
