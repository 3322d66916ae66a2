package iana

import (
	"os"
	"os/exec"
	"testing"
)

func TestGeneratedIsCurrent(t *testing.T) {
	before, err := os.ReadFile("tables_gen.go")
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("go", "run", "./gen").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	after, _ := os.ReadFile("tables_gen.go")
	if string(before) != string(after) {
		t.Error("tables_gen.go is not what registry says: run go generate ./internal/protocol/iana and commit it")
	}
}

func TestNames(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{TLS13.String(), "TLS 1.3"},
		{TLS_AES_128_GCM_SHA256.String(), "TLS_AES_128_GCM_SHA256"},
		{Suite(0x1a1a).String(), "GREASE(0x1a1a)"},
		{Group(0x7777).String(), "group(0x7777)"},
		{X25519MLKEM768.String(), "X25519MLKEM768"},
		{AlertUnknownCA.String(), "unknown_ca"},
		{ExtRenegotiationInfo.String(), "renegotiation_info"},
		{MsgClientHello.String(), "client_hello"},
		{Alert(77).String(), "alert(0x4d)"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
	if g, err := GroupNamed("P-999"); err == nil {
		t.Errorf("P-999 is %v", g)
	}
	if g, err := GroupNamed("x25519mlkem768"); err != nil || g != X25519MLKEM768 {
		t.Errorf("got %v, %v", g, err)
	}
}
