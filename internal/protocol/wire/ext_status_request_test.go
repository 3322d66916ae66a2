package wire

import (
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

func statusRequestCodec() codec[iana.StatusType] {
	return ofExtension(iana.ExtStatusRequest, ParseStatusRequest, func(iana.StatusType) []byte { return nil }, []string{
		"01 0000 0000",
		"01 0004 0002 aabb 0001 cc",
	},
		bad{"", "status_type", 0},
		bad{"01 0001 0000", "request_extensions", 4},
		bad{"01 0000", "request_extensions", 3},
		bad{"01 0000 0000 00", "end", 5})
}

func TestStatusRequest(t *testing.T) { statusRequestCodec().test(t) }

func FuzzStatusRequest(f *testing.F) { statusRequestCodec().fuzz(f) }

func TestStatusRequestForms(t *testing.T) {
	if got, want := AppendStatusRequest(nil), unhex("0005 0005 01 0000 0000"); string(got) != string(want) {
		t.Errorf("%x, want %x", got, want)
	}
	if typ, err := ParseStatusRequest(unhex("02 ffffff")); typ != iana.StatusOCSPMulti || err != nil {
		t.Errorf("a type with a form of its own: %v, %v", typ, err)
	}
	staple := AppendOCSPStaple(nil, []byte{0x30})
	if s, err := ParseCertificateStatus(staple[4:]); err != nil || string(s.Response) != "0" {
		t.Errorf("%x: %v, %v", staple, s, err)
	}
}
