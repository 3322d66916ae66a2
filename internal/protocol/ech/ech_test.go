package ech

import (
	"bytes"
	"crypto/ecdh"
	"crypto/hpke"
	"crypto/rand"
	"errors"
	"slices"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// newKey makes a configuration with its private key.
func newKey(t testing.TB, kem hpke.KEM, suites ...wire.HPKESuite) (config, private []byte) {
	t.Helper()
	key, err := kem.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	c := wire.ECHConfigContents{
		ConfigID: 5, KEM: kem.ID(), PublicKey: key.PublicKey().Bytes(), Suites: wire.NewHPKESuites(suites...),
		MaximumNameLength: 20, PublicName: []byte("public.example"),
	}
	if private, err = key.Bytes(); err != nil {
		t.Fatal(err)
	}
	return wire.AppendECHConfig(nil, wire.ECHVersion, c.Append(nil)), private
}

// helloOf writes a ClientHello with its header.
func helloOf(id []byte, extensions wire.Extensions) []byte {
	m := wire.ClientHello{
		Version: iana.TLS12, Random: bytes.Repeat([]byte{7}, 32), SessionID: id,
		CipherSuites: wire.NewList([]iana.Suite{iana.TLS_AES_128_GCM_SHA256}), Compression: []byte{0},
		HasBlock: true, Extensions: extensions,
	}
	return m.Append(nil)
}

// block makes extensions that hold their own type, one byte of it.
func block(types ...iana.ExtensionType) (b wire.Extensions) {
	for _, t := range types {
		b = wire.AppendExtension(b, t, []byte{byte(t)})
	}
	return b
}

// What is sealed with a configuration is opened with its key, twice, with every
// KEM and suite; and what the client takes for the ClientHelloInner is what the
// server makes of it.
func TestSealAndOpen(t *testing.T) {
	for _, kem := range []hpke.KEM{hpke.DHKEM(ecdh.X25519()), hpke.DHKEM(ecdh.P256()), hpke.DHKEM(ecdh.P384()), hpke.MLKEM768X25519()} {
		for _, suite := range []wire.HPKESuite{{KDF: 1, AEAD: 1}, {KDF: 1, AEAD: 2}, {KDF: 1, AEAD: 3}, {KDF: 2, AEAD: 2}} {
			config, private := newKey(t, kem, wire.HPKESuite{KDF: 0x1111, AEAD: 1}, suite)
			key, err := NewKey(config, private)
			if err != nil {
				t.Fatal(err)
			}
			c, _ := wire.ParseECHConfig(config)
			chosen, ok := Suite(&c)
			if !ok || chosen != suite || !Known(c.KEM) {
				t.Fatalf("the suite is %+v", chosen)
			}
			sealer, err := NewSealer(config, &c, chosen)
			if err != nil {
				t.Fatal(err)
			}
			var opened *Opened
			for _, again := range []bool{false, true} {
				inner := helloOf([]byte{1, 2}, block(43, 10, 51, 0x7777))
				outer := helloOf([]byte{1, 2}, block(51, 13, 0x7777, 10))
				in, out, err := sealer.Encrypt(inner, outer, "a.example", func([]byte) {}, block(41), again)
				if err != nil {
					t.Fatal(err)
				}
				var got []byte
				if again {
					got, err = opened.Again(out[wire.HeaderLen:])
				} else {
					o, _ := wire.ParseClientHello(out[wire.HeaderLen:])
					body, _ := o.Extensions.Get(iana.ExtEncryptedClientHello)
					e, _ := Parse(body)
					var encoded []byte
					if opened, encoded, err = key.Open(out[wire.HeaderLen:], o.Extensions, &e); err == nil {
						got, err = Decode(encoded, &o)
					}
				}
				if err != nil || !bytes.Equal(got, in) {
					t.Fatalf("KEM %d, again %v: %v\n%x\n%x", kem.ID(), again, err, got, in)
				}
				if m, _ := wire.ParseClientHello(in[wire.HeaderLen:]); !bytes.Equal(m.Extensions, block(43, 51, 0x7777, 10)) {
					t.Errorf("the extensions are %x", m.Extensions)
				}
			}
		}
	}
}

func TestNewKey(t *testing.T) {
	x, p := hpke.DHKEM(ecdh.X25519()), hpke.DHKEM(ecdh.P256())
	suite := wire.HPKESuite{KDF: 1, AEAD: 1}
	config, private := newKey(t, x, suite)
	other, otherPrivate := newKey(t, x, suite)
	unknown, unknownPrivate := newKey(t, x, wire.HPKESuite{KDF: 1, AEAD: 0xffff})
	_, longer := newKey(t, p, suite)
	kem := bytes.Clone(config)
	kem[5], kem[6] = 0x66, 0x66
	for name, c := range map[string]struct{ config, private []byte }{
		"another key": {config, otherPrivate}, "another configuration": {other, private}, "a short key": {config, private[1:]},
		"no configuration": {nil, private}, "two": {append(slices.Clone(config), other...), private},
		"export only": {unknown, unknownPrivate}, "an unknown KEM": {kem, private}, "a key of another KEM": {config, append(longer, 0)},
	} {
		if _, err := NewKey(c.config, c.private); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

// What is not shared stays inside, whatever it is; what is shared has to be the
// same, and never the name.
func TestShare(t *testing.T) {
	name := wire.AppendServerNameClient(nil, "public.example")
	inner := slices.Concat(name, block(10, 13, 16), wire.AppendExtension(nil, 51, []byte{1}), block(41))
	outer := slices.Concat(name, block(16), wire.AppendExtension(nil, 51, []byte{2}), block(10, 41, 99))
	shared := share(inner, outer)
	if !slices.Equal(shared, []iana.ExtensionType{16, 10}) {
		t.Errorf("%v are shared", shared)
	}
	full := arrange(inner, outer, shared)
	want := slices.Concat(name, block(13), wire.AppendExtension(nil, 51, []byte{1}), block(16, 10, 41))
	if !bytes.Equal(full, want) {
		t.Errorf("arranged as %x, want %x", full, want)
	}
	want = slices.Concat(name, block(13), wire.AppendExtension(nil, 51, []byte{1}), wire.AppendECHOuterExtensions(nil, shared), block(41))
	if got := compress(full, shared); !bytes.Equal(got, want) {
		t.Errorf("compressed to %x, want %x", got, want)
	}
}

func TestGrease(t *testing.T) {
	sizes := map[int]bool{}
	for range 100 {
		b, err := Grease(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		body, ok := b.Get(iana.ExtEncryptedClientHello)
		e, err := Parse(body)
		if !ok || err != nil || e.Inner || len(e.Enc) != 32 || (len(e.Payload)-overhead)%32 != 0 {
			t.Fatalf("%+v, %v", e, err)
		}
		sizes[len(e.Payload)] = true
	}
	if len(sizes) != 4 {
		t.Errorf("the sizes are %v", sizes)
	}
	if _, err := Grease(bytes.NewReader(nil)); err == nil {
		t.Error("without randomness")
	}
}

func TestGreasePSK(t *testing.T) {
	inner := wire.AppendPreSharedKeyClient(nil, 1, func(int) (wire.PSKIdentity, int) { return wire.PSKIdentity{Identity: make([]byte, 300)}, 48 })[4:]
	b, err := GreasePSK(rand.Reader, inner)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := b.Get(iana.ExtPreSharedKey)
	p, err := wire.ParsePreSharedKeyClient(body)
	id, _ := p.Identity(0)
	binder, _ := p.Binder(0)
	if err != nil || len(id.Identity) != 300 || len(binder) != 48 || bytes.Equal(id.Identity, make([]byte, 300)) || bytes.Equal(binder, make([]byte, 48)) {
		t.Errorf("%x, %x, %v", id, binder, err)
	}
	if _, err := GreasePSK(bytes.NewReader(nil), inner); err == nil {
		t.Error("without randomness")
	}
}

// ech_outer_extensions cannot lead to another list, or to the encryption itself.
func TestListOfLists(t *testing.T) {
	for _, typ := range []iana.ExtensionType{iana.ExtECHOuterExtensions, iana.ExtEncryptedClientHello} {
		outer, err := wire.ParseClientHello(helloOf(nil, append(block(10), wire.AppendECHOuterExtensions(nil, []iana.ExtensionType{10})...))[wire.HeaderLen:])
		if err != nil {
			t.Fatal(err)
		}
		encoded := helloOf(nil, append(block(43), wire.AppendECHOuterExtensions(nil, []iana.ExtensionType{typ})...))[wire.HeaderLen:]
		if _, err := Decode(encoded, &outer); !errors.Is(err, fault.ECHOuterExtension) {
			t.Errorf("%v: %v", typ, err)
		}
	}
}

// FuzzDecode: whatever a client encrypts, the result is no longer than both
// hellos together, and each fault is one of the table.
func FuzzDecode(f *testing.F) {
	outer := helloOf(nil, block(10, 13, 51, 0x7777))
	f.Add(helloOf(nil, append(block(43), wire.AppendECHOuterExtensions(nil, []iana.ExtensionType{10, 51})...))[wire.HeaderLen:], outer)
	f.Add(append(helloOf(nil, block(43))[wire.HeaderLen:], 0, 0, 0), outer)
	f.Fuzz(func(t *testing.T, encoded, outer []byte) {
		if len(outer) < wire.HeaderLen {
			return
		}
		o, err := wire.ParseClientHello(outer[wire.HeaderLen:])
		if err != nil {
			return
		}
		inner, err := Decode(encoded, &o)
		if _, known := fault.Of(err); err != nil && !known {
			t.Errorf("%v is no fault", err)
		}
		if len(inner) > len(encoded)+len(outer)+wire.HeaderLen {
			t.Errorf("%d bytes became %d", len(encoded), len(inner))
		}
	})
}
