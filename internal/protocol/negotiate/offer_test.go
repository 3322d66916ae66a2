package negotiate

import (
	"slices"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

var example = client{
	version: iana.TLS12, versions: []iana.Version{0x1a1a, iana.TLS13, iana.TLS12, 0x0305},
	suites: []iana.Suite{iana.TLS_AES_128_GCM_SHA256}, groups: []iana.Group{iana.X25519, iana.Secp256r1},
	shares: []iana.Group{iana.X25519}, protocols: []string{"h2"},
}

func TestOfferedVersion(t *testing.T) {
	if o := example.offer(t); o.OfferedVersion() != iana.TLS13 {
		t.Errorf("%v, of the versions there are", o.OfferedVersion())
	}
	if o := (client{version: iana.TLS11, suites: example.suites}).offer(t); o.OfferedVersion() != iana.TLS11 {
		t.Errorf("%v, without supported_versions", o.OfferedVersion())
	}
}

// body gives the ClientHello of the example with other extensions.
func body(change func(wire.Extensions) wire.Extensions) []byte {
	m := exampleHello()
	m.Extensions = change(m.Extensions)
	return m.Append(nil)[wire.HeaderLen:]
}

func exampleHello() wire.ClientHello {
	hello := wire.ClientHello{
		Version: example.version, Random: make([]byte, 32), CipherSuites: wire.NewList(example.suites),
		Compression: []byte{0}, HasBlock: true,
	}
	e := wire.Extensions(wire.AppendSupportedVersionsClient(nil, example.versions))
	e = wire.AppendSupportedGroups(e, example.groups)
	e = wire.AppendALPN(e, "h2")
	hello.Extensions = wire.AppendExtension(e, iana.ExtKeyShare, []byte{0, 5, 0, 0x1d, 0, 1, 7})
	return hello
}

func add(t iana.ExtensionType, b ...byte) func(wire.Extensions) wire.Extensions {
	return func(e wire.Extensions) wire.Extensions { return wire.AppendExtension(slices.Clone(e), t, b) }
}

func TestSameOffer(t *testing.T) {
	same := func(e wire.Extensions) wire.Extensions { return e }
	first := mustRead(t, body(same))
	for name, c := range map[string]struct {
		change func(wire.Extensions) wire.Extensions
		ok     bool
	}{
		"the same":    {same, true},
		"a cookie":    {add(iana.ExtCookie, 0, 1, 7), true},
		"padding":     {add(iana.ExtPadding, 0, 0), true},
		"one more":    {add(iana.ExtExtendedMasterSecret), false},
		"one unknown": {add(9999), false},
		"all gone":    {func(wire.Extensions) wire.Extensions { return nil }, false},
		"other share": {func(e wire.Extensions) wire.Extensions { return replaced(e, iana.ExtKeyShare, 0, 5, 0, 0x17, 0, 1, 7) }, true},
		"other ALPN":  {func(e wire.Extensions) wire.Extensions { return replaced(e, iana.ExtALPN, 0, 2, 1, 'x') }, false},
	} {
		second := mustRead(t, body(c.change))
		if err := SameOffer(&first, &second); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, change := range map[string]func(*wire.ClientHello){
		"version":     func(m *wire.ClientHello) { m.Version = iana.TLS11 },
		"random":      func(m *wire.ClientHello) { m.Random = append(make([]byte, 31), 1) },
		"session ID":  func(m *wire.ClientHello) { m.SessionID = []byte{1} },
		"suites":      func(m *wire.ClientHello) { m.CipherSuites = wire.NewList([]iana.Suite{1}) },
		"compression": func(m *wire.ClientHello) { m.Compression = []byte{0, 1} },
	} {
		m := exampleHello()
		change(&m)
		second := mustRead(t, m.Append(nil)[wire.HeaderLen:])
		if err := SameOffer(&first, &second); err == nil {
			t.Errorf("another %s", name)
		}
	}
}

// A client chooses how many extensions there are, and in which order: comparing
// two ClientHellos may not take time that grows with the square of that.
func TestSameOfferOfThousands(t *testing.T) {
	spent := func(n int) time.Duration {
		many := func(step int) Offer {
			return mustRead(t, body(func(e wire.Extensions) wire.Extensions {
				for i := range n {
					e = wire.AppendExtension(e, iana.ExtensionType(0x4000+(n+step*i)%n), nil)
				}
				return e
			}))
		}
		first, second := many(1), many(-1)
		least := time.Hour
		for range 5 {
			start := time.Now()
			if err := SameOffer(&first, &second); err != nil {
				t.Fatal(err)
			}
			least = min(least, time.Since(start))
		}
		return least
	}
	var few, many time.Duration
	for range 8 { // the machine may be busy
		if few, many = spent(1500), spent(12000); many <= 30*few {
			return
		}
	}
	t.Errorf("eight times as many extensions take %v in place of %v", many, few)
}

func mustRead(t *testing.T, b []byte) Offer {
	t.Helper()
	o, err := ReadOffer(b)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func replaced(e wire.Extensions, t iana.ExtensionType, b ...byte) (out wire.Extensions) {
	for found, old := range e.All() {
		if found == t {
			old = b
		}
		out = wire.AppendExtension(out, found, old)
	}
	return out
}

// FuzzReadOffer reads any ClientHello. What is read twice is the same offer,
// and a choice made of it is one that was offered.
func FuzzReadOffer(f *testing.F) {
	f.Add(body(func(e wire.Extensions) wire.Extensions { return e }))
	f.Add(body(add(iana.ExtPreSharedKey, 0, 7, 0, 1, 1, 0, 0, 0, 0, 0, 33)))
	f.Add(body(add(iana.ExtKeyShare)))
	f.Fuzz(func(t *testing.T, b []byte) {
		o, err := ReadOffer(b)
		if err != nil {
			if _, ok := fault.Of(err); !ok {
				t.Errorf("%v is no fault", err)
			}
			return
		}
		again, err := ReadOffer(b)
		if err != nil || SameOffer(&o, &again) != nil || o.OfferedVersion() > iana.TLS13 && o.Has(iana.ExtSupportedVersions) {
			t.Errorf("%v, %v", err, SameOffer(&o, &again))
		}
	})
}
