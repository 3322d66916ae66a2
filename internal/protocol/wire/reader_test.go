package wire

import (
	"errors"
	"slices"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

func TestList(t *testing.T) {
	want := []iana.Suite{iana.TLS_AES_128_GCM_SHA256, 0x0113, iana.TLS_AES_256_GCM_SHA384}
	l := NewList(want)
	if l.Len() != 3 || l.At(1) != 0x0113 || !slices.Equal(l.Values(), want) {
		t.Errorf("%x", l)
	}
	for _, v := range want {
		if !l.Has(v) {
			t.Errorf("%v is missing", v)
		}
	}
	if l.Has(0x0101) || l.Has(0x1300) { // 0x0101 stands across two values
		t.Error("it has a value that was not put in")
	}
	var none List[iana.Suite]
	if none.Len() != 0 || none.Has(0) || len(none.Values()) != 0 {
		t.Error("an empty list is not empty")
	}
}

// The first error stays; all that is read after it is zero.
func TestReaderSticks(t *testing.T) {
	r := NewReader("Message", unhex("0102 0304"))
	if r.U16("a") != 0x0102 || r.Bytes(3, "b") != nil || r.U8("c") != 0 || r.Vec(1, "d", 0) != nil || r.Rest() != nil {
		t.Error("something was read after the end")
	}
	r.Check(false, "e", "a later problem")
	var e *Error
	if err := r.Done(); !errors.As(err, &e) || e.Field != "b" || e.Offset != 2 || !errors.Is(err, fault.DecodeError) {
		t.Errorf("%v", err)
	}
	if !r.Empty() {
		t.Error("a loop to the end would not end")
	}
	if got := e.Error(); got != "Message: b at byte 2: the message ends before the field does" {
		t.Errorf("%q", got)
	}
}

// What a parser gives is a view: changing the input changes it, and appending to
// it does not change the input.
func TestViews(t *testing.T) {
	body := unhex("0403 0002 aabb")
	m, err := ParseCertificateVerify(append(body, 0)[:len(body)])
	if err != nil || cap(m.Signature) != len(m.Signature) {
		t.Errorf("%v, %v: the view reaches further than the field", m, err)
	}
}

func TestReaderNumbers(t *testing.T) {
	r := NewReader("Message", unhex("01 0203 040506 0708090a ff"))
	if a, b, c, d := r.U8("a"), r.U16("b"), r.Uint(3, "c"), r.U32("d"); a != 1 || b != 0x0203 || c != 0x040506 || d != 0x0708090a {
		t.Error(a, b, c, d)
	}
	if rest := r.Rest(); len(rest) != 1 || r.Done() != nil {
		t.Errorf("%x, %v", rest, r.Done())
	}
}
