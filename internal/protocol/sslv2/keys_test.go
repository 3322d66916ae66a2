package sslv2

import (
	"bytes"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
)

// What the handshake leaves behind is wiped, and the keys of the records stay:
// the MAC of every record is made with them.
func TestKeysOutliveTheHandshake(t *testing.T) {
	for _, k := range kinds {
		s := NewServer(handshake.NewCore(&handshake.Config{Policy: policy.Modern()}), new(Records))
		s.kind, s.master = k, bytes.Repeat([]byte{7}, k.key)
		s.challenge, s.id = make([]byte, 16), make([]byte, 16)
		if err := s.useKeys(make([]byte, k.argLen()), true); err != nil {
			t.Fatal(err)
		}
		s.records.Protect()
		n := k.key
		want := material(2*n, bytes.Clone(s.master), s.challenge, s.id)
		wiped := s.material
		s.Free()
		if !bytes.Equal(s.records.out.key, want[:n]) || !bytes.Equal(s.records.in.key, want[n:]) {
			t.Errorf("%v: the keys are %x and %x", k.kind, s.records.out.key, s.records.in.key)
		}
		if !bytes.Equal(wiped, make([]byte, 2*n)) || !bytes.Equal(s.master, make([]byte, n)) {
			t.Errorf("%v: the handshake leaves %x and %x", k.kind, wiped, s.master)
		}
	}
}
