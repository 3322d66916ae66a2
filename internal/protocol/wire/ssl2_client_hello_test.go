package wire

import (
	"bytes"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

func ssl2ClientHelloCodec() codec[SSL2ClientHello] {
	return codec[SSL2ClientHello]{
		parse: ParseSSL2ClientHello,
		build: func(m SSL2ClientHello) []byte { return vec(nil, 2, m.Append(nil)) },
		size:  2,
		valid: []string{
			"01 0301 0006 0000 0010 00002f 010080 aa*16",
			"01 0002 0003 0010 0020 0700c0 bb*16 cc*32",
		},
		bad: []bad{
			{"02 0301 0003 0000 0010 00002f aa*16", "msg_type", 0},
			{"01 0301 0004 0000 0010 00002f 00 aa*16", "cipher_spec_length", 7},
			{"01 0301 0003 0000 000f 00002f aa*15", "challenge", 12},
			{"01 0301 0003 0000 0010 00002f aa*17", "end", 28},
		},
	}
}

func TestSSL2ClientHello(t *testing.T) {
	ssl2ClientHelloCodec().test(t)
	m, err := ParseSSL2ClientHello(unhex("01 0301 0009 0000 0010 00002f 010080 000005 aa*16"))
	if err != nil {
		t.Fatal(err)
	}
	h := m.ClientHello()
	if h.Version != iana.TLS10 || h.HasBlock || h.CipherSuites.Len() != 2 || h.CipherSuites.At(1) != iana.TLS_RSA_WITH_RC4_128_SHA ||
		!bytes.Equal(h.Random, append(make([]byte, 16), bytes.Repeat([]byte{0xaa}, 16)...)) {
		t.Errorf("%+v", h)
	}
	back := h.SSL2Hello()
	if !bytes.Equal(back.CipherSpecs, unhex("00002f 000005")) || !bytes.Equal(back.Challenge, h.Random) {
		t.Errorf("%+v", back)
	}
}

// Of a challenge that is longer than may be, the beginning counts; a shorter one
// stands at the end of the random.
func TestSSL2Challenge(t *testing.T) {
	long := make([]byte, 48)
	for i := range long {
		long[i] = byte(i + 1)
	}
	for n, want := range map[int][]byte{
		16: append(make([]byte, 16), long[:16]...),
		31: append([]byte{0}, long[:31]...),
		32: long[:32],
		33: long[:32],
		48: long[:32],
	} {
		m := SSL2ClientHello{Version: iana.TLS10, CipherSpecs: []byte{0, 0, 0x2f}, Challenge: long[:n]}
		if h := m.ClientHello(); !bytes.Equal(h.Random, want) {
			t.Errorf("%d bytes: %x", n, h.Random)
		}
	}
}

func FuzzSSL2ClientHello(f *testing.F) { ssl2ClientHelloCodec().fuzz(f) }
