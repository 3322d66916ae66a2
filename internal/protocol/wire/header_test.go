package wire

import (
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

func TestNextMessage(t *testing.T) {
	buf := unhex("14 000002 aabb 0e 000000 01")
	typ, raw, ok := NextMessage(buf)
	if !ok || typ != iana.MsgFinished || len(raw) != 6 || cap(raw) != 6 {
		t.Fatalf("%v %x %v", typ, raw, ok)
	}
	typ, raw, ok = NextMessage(buf[6:])
	if !ok || typ != iana.MsgServerHelloDone || len(raw) != HeaderLen {
		t.Fatalf("%v %x %v", typ, raw, ok)
	}
	if _, raw, ok := NextMessage(buf[:6]); !ok || len(raw) != 6 {
		t.Errorf("a buffer that ends with the message: %x, %v", raw, ok)
	}
	for n := range 6 {
		if _, raw, ok := NextMessage(buf[:n]); ok || raw != nil {
			t.Errorf("%d bytes of 6 are a message: %x", n, raw)
		}
	}
	if h, ok := ParseHeader(unhex("0b ffffff")); !ok || h != (Header{iana.MsgCertificate, 1<<24 - 1}) {
		t.Errorf("%v %v", h, ok)
	}
	if _, ok := ParseHeader(buf[:3]); ok {
		t.Error("3 bytes are a header")
	}
}

func FuzzNextMessage(f *testing.F) {
	f.Add(unhex("14 000002 aabb 0e 000000 01"))
	f.Fuzz(func(t *testing.T, buf []byte) {
		for n := 0; ; {
			typ, raw, ok := NextMessage(buf[n:])
			if !ok {
				return
			}
			if string(message(nil, typ, raw[HeaderLen:])) != string(raw) {
				t.Fatalf("%x", raw)
			}
			n += len(raw)
		}
	})
}
