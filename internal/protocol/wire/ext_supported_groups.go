package wire

import "github.com/handsel-tls/handsel/internal/protocol/iana"

// ParseSupportedGroups reads supported_groups. RFC 9846, section 4.3.7:
//
//	NamedGroup named_group_list<2..2^16-1>;
func ParseSupportedGroups(body []byte) (List[iana.Group], error) {
	r := newExtension("supported_groups", body)
	l := list[iana.Group](&r, 2, "named_group_list", 2)
	return l, r.Done()
}

// AppendSupportedGroups appends the extension.
func AppendSupportedGroups(b []byte, groups []iana.Group) []byte {
	return appendList(b, iana.ExtSupportedGroups, 2, groups)
}
