package eventlog

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/handsel-tls/handsel/internal/observe/fingerprint"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// helloWithSecrets is a ClientHello whose secrets are all 0x5e.
func helloWithSecrets() []byte {
	secret := func(n int) []byte { return bytes.Repeat([]byte{0x5e}, n) }
	m := wire.ClientHello{
		Version: iana.TLS12, Random: secret(32), SessionID: secret(32),
		CipherSuites: wire.NewList([]iana.Suite{0x1301, 0xc02f}), Compression: []byte{0}, HasBlock: true,
	}
	b := wire.AppendServerNameClient(nil, "shop.example.com")
	b = wire.AppendExtension(b, iana.ExtSupportedGroups, []byte{0, 2, 0, 0x1d})
	b = wire.AppendExtension(b, iana.ExtSessionTicket, secret(50))
	b = wire.AppendExtension(b, iana.ExtCookie, append([]byte{0, 8}, secret(8)...))
	b = wire.AppendExtension(b, iana.ExtEncryptedClientHello, secret(90))
	b = wire.AppendExtension(b, iana.ExtRenegotiationInfo, append([]byte{12}, secret(12)...))
	b = wire.AppendExtension(b, iana.ExtensionType(0x1234), secret(5))
	b = wire.AppendExtension(b, iana.ExtKeyShare, append([]byte{0, 36, 0, 0x1d, 0, 32}, secret(32)...))
	b = wire.AppendExtension(b, iana.ExtSupportedVersions, []byte{2, 3, 4})
	psk := append([]byte{0, 26, 0, 20}, secret(20)...)
	psk = append(append(psk, secret(4)...), 0, 33, 32)
	b = wire.AppendExtension(b, iana.ExtPreSharedKey, append(psk, secret(32)...))
	m.Extensions = b
	return m.Append(nil)
}

func TestRedact(t *testing.T) {
	hello := helloWithSecrets()
	before := bytes.Clone(hello)
	got := Redact(hello, true)
	if !bytes.Equal(hello, before) {
		t.Error("it changed what it was given")
	}
	if len(got) != len(hello) {
		t.Errorf("it has %d bytes, not %d", len(got), len(hello))
	}
	if bytes.Contains(got, []byte{0x5e, 0x5e, 0x5e, 0x5e}) {
		t.Errorf("a secret is left: %x", got)
	}
	if !bytes.Contains(got, []byte("shop.example.com")) {
		t.Error("the name is gone, and was to be kept")
	}
	was, err := wire.ParseClientHello(hello[wire.HeaderLen:])
	if err != nil {
		t.Fatal(err)
	}
	is, err := wire.ParseClientHello(got[wire.HeaderLen:])
	if err != nil {
		t.Fatal(err)
	}
	if a, b := fingerprint.JA4(&was), fingerprint.JA4(&is); a != b {
		t.Errorf("the fingerprint is %s, and was %s", b, a)
	}
	body, _ := is.Extensions.Get(iana.ExtPreSharedKey)
	if _, err := wire.ParsePreSharedKeyClient(body); err != nil {
		t.Error(err)
	}

	without := Redact(hello, false)
	if bytes.Contains(without, []byte("example")) {
		t.Error("the name is there, and was not to be kept")
	}
	if m, err := wire.ParseClientHello(without[wire.HeaderLen:]); err != nil {
		t.Error(err)
	} else if _, ok := m.Extensions.Get(iana.ExtServerName); !ok {
		t.Error("nobody can see that there was a name")
	}
}

func FuzzRedact(f *testing.F) {
	f.Add(helloWithSecrets())
	f.Add([]byte{1, 0, 0, 0})
	f.Fuzz(func(t *testing.T, hello []byte) {
		got := Redact(hello, true)
		if got == nil {
			return
		}
		if len(got) != len(hello) {
			t.Fatalf("%d bytes in place of %d", len(got), len(hello))
		}
		if _, err := wire.ParseClientHello(got[wire.HeaderLen:]); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got[6:38], make([]byte, 32)) {
			t.Fatal("the random is left")
		}
	})
}

func TestKeepOut(t *testing.T) {
	h, err := openHasher(filepath.Join(t.TempDir(), keyFile))
	if err != nil {
		t.Fatal(err)
	}
	event := func(whose string) *Event {
		return &Event{Peer: "192.0.2.7", ServerName: "Shop.example.com", Fields: Fields{
			Port: 5000, OuterName: "cdn.example.net", Whose: whose, Detail: `192.0.2.7, name "Shop.example.com"`,
		}}
	}
	for _, test := range []struct {
		p      Privacy
		whose  string
		absent string // from what is stored
	}{
		{Privacy{KeepHash, KeepAll}, "both", "example"},
		{Privacy{KeepNone, KeepAll}, "both", "example"},
		{Privacy{KeepAll, KeepHash}, "both", "192.0.2"},
		{Privacy{KeepAll, KeepNone}, "both", "192.0.2"},
		{Privacy{KeepNone, KeepNone}, "trust", "name"},
	} {
		e := event(test.whose)
		test.p.keepOut(e, h)
		all := strings.Join([]string{e.Peer, e.ServerName, e.OuterName, e.Detail}, "|")
		if strings.Contains(all, test.absent) {
			t.Errorf("%v: it holds %q: %s", test.p, test.absent, all)
		}
	}
	e := event("both")
	(&Privacy{}).keepOut(e, h)
	if e.Peer != "192.0.2.7" || e.Port != 5000 || e.Detail == "" {
		t.Errorf("what is kept was not: %+v", e)
	}
	if h.name("Shop.example.com.") != h.name("shop.example.com") || h.name("a") == h.address("a") {
		t.Error("hashes of one name differ, or those of a name and an address do not")
	}
}
