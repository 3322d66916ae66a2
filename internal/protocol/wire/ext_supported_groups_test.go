package wire

import (
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

func supportedGroupsCodec() codec[List[iana.Group]] {
	return ofExtension(iana.ExtSupportedGroups, ParseSupportedGroups, func(l List[iana.Group]) []byte { return AppendSupportedGroups(nil, l.Values()) }, []string{
		"0002 001d",
		"0006 0a0a 11ec 0017",
	},
		bad{"0000", "named_group_list", 0},
		bad{"0003 001d00", "named_group_list", 0},
		bad{"0004 001d", "named_group_list", 0})
}

func TestSupportedGroups(t *testing.T) { supportedGroupsCodec().test(t) }

func FuzzSupportedGroups(f *testing.F) { supportedGroupsCodec().fuzz(f) }
