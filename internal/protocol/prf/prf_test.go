package prf

import (
	"encoding/hex"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/schedule"
)

// The published test vector for P_SHA256 of the IETF's TLS list (2008).
func TestVector(t *testing.T) {
	unhex := func(s string) []byte { b, _ := hex.DecodeString(s); return b }
	out := make([]byte, 100)
	TLS12(schedule.SHA256)(out, unhex("9bbe436ba940f017b17652849a71db35"), "test label", unhex("a0ba9f936cda311827a6f796ffd5198c"))
	const want = "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66"
	if hex.EncodeToString(out) != want {
		t.Errorf("got %x", out)
	}
}
