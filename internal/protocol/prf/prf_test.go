package prf

import (
	"bytes"
	"crypto/hmac"
	"encoding/hex"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/schedule"
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The test vectors of the IETF's TLS list (2008).
func TestVectors(t *testing.T) {
	for _, c := range []struct {
		hash               schedule.Hash
		secret, seed, want string
	}{
		{schedule.SHA256, "9bbe436ba940f017b17652849a71db35", "a0ba9f936cda311827a6f796ffd5198c",
			"e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66"},
		{schedule.SHA384, "b80b733d6ceefcdc71566ea48e5567df", "cd665cf6a8447dd6ff8b27555edb7465",
			"7b0c18e9ced410ed1804f2cfa34a336a1c14dffb4900bb5fd7942107e81c83cde9ca0faa60be9fe34f82b1233c9146a0e534cb400fed2700884f9dc236f80edd8bfa961144c9e8d792eca722a7b32fc3d416d473ebc2c5fd4abfdad05d9184259b5bf8cd4d90fa0d31e2dec479e4f1a26066f2eea9a69236a3e52655c9e9aee691c8f3a26854308d5eaa3be85e0990703d73e56f"},
	} {
		out := make([]byte, len(c.want)/2)
		TLS12(c.hash).Fill(out, unhex(t, c.secret), "test label", unhex(t, c.seed))
		if hex.EncodeToString(out) != c.want {
			t.Errorf("%v: %x", c.hash, out)
		}
	}
}

// plain is P_hash as RFC 5246, section 5, writes it, over crypto/hmac.
func plain(h schedule.Hash, n int, secret, seed []byte) (out []byte) {
	mac := func(parts ...[]byte) []byte {
		m := hmac.New(h.New, secret)
		for _, p := range parts {
			m.Write(p)
		}
		return m.Sum(nil)
	}
	a := seed
	for len(out) < n {
		a = mac(a)
		out = append(out, mac(a, seed)...)
	}
	return out[:n]
}

func FuzzFill(f *testing.F) {
	f.Add([]byte("secret"), "label", []byte("one"), []byte("two"), uint16(100), true)
	f.Add(make([]byte, 300), "a label that is longer than all that are in use", make([]byte, 400), []byte{}, uint16(0), false)
	f.Fuzz(func(t *testing.T, secret []byte, label string, one, two []byte, n uint16, long bool) {
		h := schedule.SHA256
		if long {
			h = schedule.SHA384
		}
		out := make([]byte, n)
		TLS12(h).Fill(out, secret, label, one, two)
		seed := append(append([]byte(label), one...), two...)
		if want := plain(h, int(n), secret, seed); !bytes.Equal(out, want) {
			t.Errorf("got %x, want %x", out, want)
		}
	})
}

// What each derivation is made of, by the sections that define them.
func TestDerivations(t *testing.T) {
	client, server := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
	secret := bytes.Repeat([]byte{3}, 48)
	both, other := append(bytes.Clone(client), server...), append(bytes.Clone(server), client...)
	for _, h := range []schedule.Hash{schedule.SHA256, schedule.SHA384} {
		f := TLS12(h)
		want := func(n int, label string, seed []byte) []byte {
			return plain(h, n, secret, append([]byte(label), seed...))
		}
		master, extended := f.Master(secret, client, server), f.ExtendedMaster(secret, client)
		keyed := f.With(secret)
		fromClient := keyed.Finished(false, client)
		keyed.Free()
		fromServer := keyed.Finished(true, client)
		block := make([]byte, 136)
		f.KeyBlock(block, secret, client, server)
		for _, c := range []struct {
			name      string
			got, want []byte
		}{
			{"master secret", master[:], want(48, "master secret", both)},
			{"extended master secret", extended[:], want(48, "extended master secret", client)},
			{"key block", block, want(136, "key expansion", other)},
			{"client's Finished", fromClient[:], want(12, "client finished", client)},
			{"server's Finished", fromServer[:], want(12, "server finished", client)},
			{"export", f.Export(secret, client, server, "label", nil, 50), want(50, "label", both)},
			{"export with an empty context", f.Export(secret, client, server, "label", []byte{}, 50), want(50, "label", append(bytes.Clone(both), 0, 0))},
			{"export with a context", f.Export(secret, client, server, "label", []byte("context"), 50),
				want(50, "label", append(append(bytes.Clone(both), 0, 7), "context"...))},
		} {
			if !bytes.Equal(c.got, c.want) {
				t.Errorf("%v: %s is %x, want %x", h, c.name, c.got, c.want)
			}
		}
	}
}

func TestNoAllocations(t *testing.T) {
	for _, h := range []schedule.Hash{schedule.SHA256, schedule.SHA384} {
		master := new([MasterLen]byte) // as a connection has it
		if n := testing.AllocsPerRun(10, func() { handshake(TLS12(h), master) }); n != 0 {
			t.Errorf("%v: a handshake takes %v allocations", h, n)
		}
	}
}

// The PRF of TLS 1.0 and 1.1, with the vector that was posted to the working
// group's list in 1999 (P. Thomas, "TLS PRF test vector").
func TestTLS10(t *testing.T) {
	secret, seed := bytes.Repeat([]byte{0xab}, 48), bytes.Repeat([]byte{0xcd}, 64)
	out := make([]byte, 104)
	Of(iana.TLS11, schedule.SHA384).Fill(out, secret, "PRF Testvector", seed)
	const want = "d3d4d1e349b5d515044666d51de32bab258cb521b6b053463e354832fd976754443bcf9a296519bc289abcbc1187e4ebd31e602353776c408aafb74cbc85eff69255f9788faa184cbb957a9819d84a5d7eb006eb459d3ae8de9810454b8b2d8f1afbc655a8c9a013"
	if got := hex.EncodeToString(out); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
