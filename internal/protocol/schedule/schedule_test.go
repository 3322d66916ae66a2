package schedule

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"encoding/hex"
	"testing"
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// RFC 8448, section 3: a simple 1-RTT handshake.
func TestRFC8448(t *testing.T) {
	early := NewEarly(SHA256, nil)
	hs := early.Handshake(unhex(t, "8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d"))
	master := hs.Master()
	fin := unhex(t, "9608102a0f1ccc6db6250b7b7e417b1a000eaada3daae4777a7686c9ff83df13")
	app := master.ServerTraffic(fin)
	for _, c := range []struct {
		name string
		got  []byte
		want string
	}{
		{"early secret", early.s.Bytes(), "33ad0a1c607ec03b09e6cd9893680ce210adf300aa1f2660e1b22e10f170f92a"},
		{"handshake secret", hs.s.Bytes(), "1dc826e93606aa6fdc0aadc12f741b01046aa6b99f691ed221a9f0ca043fbeac"},
		{"master", master.s.Bytes(), "18df06843d13a08bf2a449844c5f8a478001bc4d4c627984d5a41da8d0402919"},
		{"server app", app.Bytes(), "a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643"},
	} {
		if hex.EncodeToString(c.got) != c.want {
			t.Errorf("%s is %x, want %s", c.name, c.got, c.want)
		}
	}
}

func FuzzMAC(f *testing.F) {
	f.Add([]byte("key"), []byte("message"), true)
	f.Add(bytes.Repeat([]byte{1}, 200), []byte{}, false)
	f.Add([]byte("key"), bytes.Repeat([]byte{2}, 1000), true)
	f.Fuzz(func(t *testing.T, key, message []byte, long bool) {
		h := SHA256
		if long {
			h = SHA384
		}
		want := hmac.New(h.New, key)
		want.Write(message)
		var got [maxHash]byte
		h.MAC(&got, key, message)
		if !bytes.Equal(got[:h.Size()], want.Sum(nil)) {
			t.Errorf("HMAC of %x under %x", message, key)
		}
	})
}

func TestExpandAgainstStandardLibrary(t *testing.T) {
	for _, h := range []Hash{SHA256, SHA384} {
		for _, n := range []int{1, 12, 16, 32, 48, 49, 200, 1000} {
			s := NewSecret(h, bytes.Repeat([]byte{7}, h.Size()))
			got := make([]byte, n)
			s.expandLabel(got, "label", []byte("context"))
			info := string([]byte{byte(n >> 8), byte(n), 11}) + "tls13 label" + "\x07context"
			want, err := hkdf.Expand(h.New, s.Bytes(), info, n)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%v, %d bytes: %x, want %x (%v)", h, n, got, want, err)
			}
		}
	}
}

func BenchmarkMAC(b *testing.B) {
	key, message := make([]byte, 32), make([]byte, 54)
	b.Run("here", func(b *testing.B) {
		b.ReportAllocs()
		var out [maxHash]byte
		for b.Loop() {
			SHA256.MAC(&out, key, message)
		}
	})
	b.Run("crypto/hmac", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			m := hmac.New(SHA256.New, key)
			m.Write(message)
			m.Sum(nil)
		}
	})
}
