package field

import (
	"strings"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

const helloRandom = "0123456789abcdef0123456789abcdef"

// value gives what is shown of a field, and whether it is there.
func value(f *Field, path string) (string, bool) {
	found := f.Find(path)
	if found == nil {
		return "", false
	}
	return found.Value, true
}

// TestClientHello has a hello of RFC 9846, section 4.2.2, as a tree.
func TestClientHello(t *testing.T) {
	const body = "\x03\x03" + helloRandom + "\x00" + "\x00\x04\x13\x01\xc0\x2f" + "\x01\x00" + "\x00\x19" +
		"\x00\x00\x00\x0e\x00\x0c\x00\x00\x09a.example" + "\x00\x2b\x00\x03\x02\x03\x04"
	raw := []byte("\x01\x00\x00" + string(rune(len(body))) + body)
	f := Handshake(raw, Context{From: trace.Client})
	for path, want := range map[string]string{
		"ClientHello.msg_type":                                          "client_hello (1)",
		"ClientHello.legacy_version":                                    "TLS 1.2 (0x0303)",
		"ClientHello.cipher_suites.cipher_suite[1]":                     "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 (0xc02f)",
		"ClientHello.extensions.server_name.server_name_list.host_name": "a.example",
		"ClientHello.extensions.supported_versions.versions.version[0]": "TLS 1.3 (0x0304)",
	} {
		if got, ok := value(f, path); !ok || got != want {
			t.Errorf("%s: %q, %v", path, got, ok)
		}
	}
	f.Walk(func(_ int, one *Field) {
		if one.Error != "" {
			t.Errorf("%s: %s", one.Name, one.Error)
		}
	})
	if name := f.Find("ClientHello.extensions.server_name.server_name_list.host_name"); name == nil || string(raw[name.Start:name.End]) != "a.example" {
		t.Errorf("the bytes of the name: %+v", name)
	}
	// However short it is cut, what is there is shown, within its bytes, and one field says where it ends.
	for n := 4; n < len(raw); n++ {
		broken := 0
		Handshake(raw[:n:n], Context{From: trace.Client}).Walk(func(_ int, one *Field) {
			if one.End > n || one.Start > one.End {
				t.Errorf("cut to %d: %s is %d to %d", n, one.Name, one.Start, one.End)
			}
			if one.Error != "" {
				broken++
			}
		})
		if broken == 0 {
			t.Errorf("cut to %d: nothing says so", n)
		}
	}
}

// TestDraftServerHello tells the form of old drafts from the final one.
func TestDraftServerHello(t *testing.T) {
	short := helloRandom + "\x13\x01\x00\x04\x00\x28\x00\x00"
	final := helloRandom + "\x00\x13\x01\x00\x00\x06\x00\x2b\x00\x02\x03\x04"
	for body, want := range map[string]bool{
		"\x7f\x12" + short: true, "\x7f\x16" + final: false, "\x03\x04" + short: true, "\x03\x04" + final: false, "\x03\x03" + final: false, "\x03\x03" + short: false, "\x7f": false, "": false,
	} {
		if DraftServerHello([]byte(body)) != want {
			t.Errorf("%x: want %v", body, want)
		}
	}
}

// TestAlert shows an alert, and one that is cut off.
func TestAlert(t *testing.T) {
	if got, _ := value(Alert([]byte{2, 40}), "Alert.description"); !strings.HasPrefix(got, iana.AlertHandshakeFailure.String()) {
		t.Error(got)
	}
	if f := Alert([]byte{2}); len(f.Sub) != 2 || f.Sub[1].Error == "" {
		t.Errorf("%+v", f)
	}
}
