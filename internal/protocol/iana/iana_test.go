package iana

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The generated file is written elsewhere: a test that rewrites the source would
// change it under those who compile at the same time.
func TestGeneratedIsCurrent(t *testing.T) {
	fresh := filepath.Join(t.TempDir(), "tables_gen.go")
	if out, err := exec.Command("go", "run", "./gen", "-o", fresh).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	want, err := os.ReadFile(fresh)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("tables_gen.go")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("tables_gen.go is not what registry says: run go generate ./internal/protocol/iana and commit it")
	}
}

func TestNames(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{TLS13.String(), "TLS 1.3"},
		{TLS_AES_128_GCM_SHA256.String(), "TLS_AES_128_GCM_SHA256"},
		{Suite(0x1a1a).String(), "GREASE(0x1a1a)"},
		{Suite(0x1234).String(), "suite(0x1234)"},
		{Suite(0x0a1a).String(), "suite(0x0a1a)"},
		{Group(0x7777).String(), "group(0x7777)"},
		{X25519.String(), "x25519"},
		{ECDSASecp256r1SHA256.String(), "ecdsa_secp256r1_sha256"},
		{ExtServerName.String(), "server_name"},
		{CertificateBrotli.String(), "brotli"},
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

// everyName checks that each value of a registry is found by its name and by
// its number.
func everyName[T interface {
	~uint8 | ~uint16
	fmt.Stringer
}](t *testing.T, values []T, named func(string) (T, error)) {
	t.Helper()
	for i, v := range values {
		if i > 0 && values[i-1] >= v {
			t.Errorf("%v is out of order", v)
		}
		for _, name := range []string{v.String(), fmt.Sprintf("0x%x", uint16(v)), fmt.Sprint(uint16(v))} {
			if got, err := named(name); err != nil || got != v {
				t.Errorf("%q gives %v, %v; want %v", name, got, err, v)
			}
		}
	}
}

func TestEveryNameIsFound(t *testing.T) {
	everyName(t, Versions(), VersionNamed)
	everyName(t, Suites(), SuiteNamed)
	everyName(t, Groups(), GroupNamed)
	everyName(t, SignatureSchemes(), SignatureSchemeNamed)
	everyName(t, ExtensionTypes(), ExtensionTypeNamed)
	everyName(t, HandshakeTypes(), HandshakeTypeNamed)
	everyName(t, ContentTypes(), ContentTypeNamed)
	everyName(t, Alerts(), AlertNamed)
	everyName(t, CertificateCompressions(), CertificateCompressionNamed)
}

func TestGREASE(t *testing.T) {
	n := 0
	for v := range 1 << 16 {
		if Suite(v).IsGREASE() {
			n++
			if v>>8 != v&0xff || v&0xf != 0xa {
				t.Errorf("%#04x is taken for GREASE", v)
			}
		}
	}
	if n != 16 {
		t.Errorf("there are %d GREASE values, want 16", n)
	}
	for _, s := range Suites() {
		if s.IsGREASE() {
			t.Errorf("%v has a name and is GREASE", s)
		}
	}
}
