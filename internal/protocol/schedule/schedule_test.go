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
		half := len(message) / 2
		h.MAC(&got, key, message[:half], message[half:])
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
