package wire

import "github.com/handsel-tls/handsel/internal/protocol/iana"

// ParseECHOuterExtensions reads ech_outer_extensions, which stands for
// extensions of the ClientHelloOuter. RFC 9849, section 5.1:
//
//	ExtensionType OuterExtensions<2..254>;
func ParseECHOuterExtensions(body []byte) (List[iana.ExtensionType], error) {
	r := newExtension("ech_outer_extensions", body)
	l := list[iana.ExtensionType](&r, 1, "OuterExtensions", 2)
	return l, r.Done()
}

// AppendECHOuterExtensions appends the extension, of at most 127 types.
func AppendECHOuterExtensions(b []byte, types []iana.ExtensionType) []byte {
	return appendList(b, iana.ExtECHOuterExtensions, 1, types)
}
