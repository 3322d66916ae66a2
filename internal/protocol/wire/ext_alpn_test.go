package wire

import (
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

func aLPNCodec() codec[ProtocolNameList] {
	return ofExtension(iana.ExtALPN, ParseALPN, func(l ProtocolNameList) []byte {
		var names []string
		for n := range l.All() {
			names = append(names, string(n))
		}
		return AppendALPN(nil, names...)
	}, []string{
		"0003 02 6832",
		"000c 02 6832 08 687474702f312e31",
	},
		bad{"0000", "protocol_name_list", 0},
		bad{"0001 00", "protocol_name_list", 0},
		bad{"0003 00 01 61", "ProtocolName", 2},
		bad{"0003 03 6832", "ProtocolName", 2})
}

func TestALPN(t *testing.T) { aLPNCodec().test(t) }

func FuzzALPN(f *testing.F) { aLPNCodec().fuzz(f) }

func TestProtocolNameList(t *testing.T) {
	l, err := ParseALPN(unhex("0006 02 6832 02 6833"))
	if err != nil || !l.Has("h2") || !l.Has("h3") || l.Has("h") || l.Has("h2\x02h3") {
		t.Errorf("%x: %v", l, err)
	}
	if name, ok := l.Single(); ok {
		t.Errorf("of two names %q is the only one", name)
	}
	if name, ok := l[:3].Single(); !ok || name != "h2" {
		t.Errorf("%q, %v", name, ok)
	}
	if _, ok := (ProtocolNameList)(nil).Single(); ok {
		t.Error("an empty list has a single name")
	}
}
