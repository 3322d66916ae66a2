package hello

import (
	"crypto/rand"
	"slices"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/negotiate"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// RFC 8701: the values are GREASE, and the two extensions differ whatever the
// randomness is.
func TestGrease(t *testing.T) {
	for i := range 256 {
		for j := range 256 {
			g := newGrease([]byte{byte(i), byte(j), byte(i), byte(j), byte(i), 0, 0, 0}, true)
			if g.first == g.last {
				t.Fatalf("%d, %d: the extensions are both %#x", i, j, g.first)
			}
			if !iana.Suite(g.suite).IsGREASE() || !iana.Group(g.group).IsGREASE() || !iana.Version(g.version).IsGREASE() ||
				!iana.ExtensionType(g.first).IsGREASE() || !iana.ExtensionType(g.last).IsGREASE() {
				t.Fatalf("%d, %d: %+v", i, j, g)
			}
		}
	}
}

func TestShareGroups(t *testing.T) {
	hybrid, other := iana.X25519MLKEM768, iana.SecP256r1MLKEM768
	for _, c := range []struct{ groups, want []iana.Group }{
		{nil, nil},
		{[]iana.Group{iana.X25519, iana.Secp256r1, hybrid}, []iana.Group{iana.X25519, hybrid}},
		{[]iana.Group{iana.X25519, iana.Secp256r1}, []iana.Group{iana.X25519}},
		{[]iana.Group{hybrid, iana.X25519, iana.Secp256r1}, []iana.Group{hybrid, iana.X25519}},
		{[]iana.Group{hybrid, other, iana.Secp256r1}, []iana.Group{hybrid, iana.Secp256r1}},
		{[]iana.Group{hybrid, other}, []iana.Group{hybrid}},
	} {
		if got := shareGroups(&policy.Policy{Groups: c.groups}); !slices.Equal(got, c.want) {
			t.Errorf("%v: shares for %v, want %v", c.groups, got, c.want)
		}
	}
	none := &policy.Policy{Groups: []iana.Group{iana.X25519}, Shares: []iana.Group{}}
	if got := shareGroups(none); len(got) > 0 {
		t.Errorf("shares for %v though none are wanted", got)
	}
}

func TestSentName(t *testing.T) {
	for name, want := range map[string]string{
		"a.example": "a.example", "a.example.": "a.example", "a..": "a", ".": "", "": "",
		"192.0.2.1": "", "2001:db8::1": "", "fe80::1%eth0": "", "192.0.2.1.": "",
	} {
		if got := sentName(name); got != want {
			t.Errorf("%q is sent as %q, want %q", name, got, want)
		}
	}
}

// written gives the ClientHello of a client.
func written(t *testing.T, p *policy.Policy) negotiate.Offer {
	t.Helper()
	core := handshake.NewCore(&handshake.Config{
		Policy: p, Rand: rand.Reader, ServerName: "a.example", Protocols: []string{"h2"}, ClientTickets: true,
	})
	c := NewClient(core)
	if err := c.Step(handshake.Begin, handshake.Message{}); err != nil {
		t.Fatal(err)
	}
	o, err := negotiate.ReadOffer(slices.Clone(core.Hello[wire.HeaderLen:]))
	if err != nil {
		t.Fatal(err)
	}
	core.Free()
	return o
}

// TestClientHello reads what is written as a server does.
func TestClientHello(t *testing.T) {
	legacy := []iana.ExtensionType{iana.ExtExtendedMasterSecret, iana.ExtEncryptThenMAC, iana.ExtRenegotiationInfo, iana.ExtECPointFormats, iana.ExtSessionTicket}
	modern := []iana.ExtensionType{iana.ExtKeyShare, iana.ExtSupportedVersions, iana.ExtPSKKeyExchangeModes}
	always := []iana.ExtensionType{iana.ExtServerName, iana.ExtALPN, iana.ExtSupportedGroups, iana.ExtSignatureAlgorithms, iana.ExtStatusRequest, iana.ExtSCT}
	for _, c := range []struct{ low, high iana.Version }{{iana.TLS12, iana.TLS12}, {iana.TLS12, iana.TLS13}, {iana.TLS13, iana.TLS13}} {
		p := policy.Compatible().Between(c.low, c.high)
		o := written(t, p)
		has := func(want bool, types []iana.ExtensionType) {
			for _, typ := range types {
				if o.Has(typ) != want {
					t.Errorf("%v to %v: %v is there: %v", c.low, c.high, typ, !want)
				}
			}
		}
		has(true, always)
		has(c.low < iana.TLS13, legacy)
		has(c.high == iana.TLS13, modern)
		if o.Hello.Version != iana.TLS12 || o.OfferedVersion() != c.high || o.ServerName != "a.example" {
			t.Errorf("%v to %v: legacy_version %v, at most %v, for %q", c.low, c.high, o.Hello.Version, o.OfferedVersion(), o.ServerName)
		}
		if !o.Hello.CipherSuites.At(0).IsGREASE() || !o.Groups.At(0).IsGREASE() {
			t.Errorf("%v to %v: there is no GREASE", c.low, c.high)
		}
		if (len(o.Hello.SessionID) == 32) != (c.high == iana.TLS13) {
			t.Errorf("%v to %v: the session ID is %x", c.low, c.high, o.Hello.SessionID)
		}
		for _, id := range p.Suites {
			if !o.Hello.CipherSuites.Has(id) == (c.low != c.high || (id>>8 == 0x13) == (c.high == iana.TLS13)) {
				t.Errorf("%v to %v: %v is offered: %v", c.low, c.high, id, o.Hello.CipherSuites.Has(id))
			}
		}
	}
}
