package engine_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/engine"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// bare gives a client that encrypts nothing, for a forger to do it, and a server
// that could open it.
func bare(hosts func(*testing.T) (client, server *tlstest.Host)) func(*testing.T) (client, server *tlstest.Host) {
	return func(t *testing.T) (client, server *tlstest.Host) {
		client, server = hosts(t)
		client.Config.ECHConfigs = nil
		return client, server
	}
}

func atOnce(t *testing.T) (client, server *tlstest.Host) { return echHosts(t) }

// echAttacks are those on Encrypted Client Hello. A forged hello comes in place
// of a client's first, or of its second after a HelloRetryRequest.
func echAttacks() []attack {
	return slices.Concat(echInnerAttacks(), echSecondAttacks(), echAnswerAttacks())
}

// inners are forged ClientHelloInners: what is in them, and the fault.
var inners = []struct {
	code   fault.Code
	name   string
	encode func(inner, outer *wire.ClientHello) []byte
}{
	{fault.ECHInnerForm, "padding", func(inner, _ *wire.ClientHello) []byte {
		return append(inner.Append(nil)[wire.HeaderLen:], 0, 0, 1)
	}},
	{fault.ECHInnerForm, "nonsense", func(inner, _ *wire.ClientHello) []byte { return make([]byte, 20) }},
	{fault.ECHInnerForm, "session ID", func(inner, outer *wire.ClientHello) []byte {
		inner.SessionID = outer.SessionID
		return nil
	}},
	{fault.ECHInnerInvalid, "no mark", func(inner, _ *wire.ClientHello) []byte {
		inner.Extensions = withoutTypes(inner.Extensions, iana.ExtEncryptedClientHello)
		return nil
	}},
	{fault.ECHInnerInvalid, "another outer hello", func(inner, _ *wire.ClientHello) []byte {
		e := wire.EncryptedClientHello{Payload: []byte{1}}
		inner.Extensions = e.Append(withoutTypes(inner.Extensions, iana.ExtEncryptedClientHello))
		return nil
	}},
	{fault.ECHInnerInvalid, "TLS 1.2", func(inner, _ *wire.ClientHello) []byte {
		inner.Extensions = wire.AppendSupportedVersionsClient(withoutTypes(inner.Extensions, iana.ExtSupportedVersions), []iana.Version{iana.TLS13, iana.TLS12})
		return nil
	}},
	{fault.ECHInnerInvalid, "no version", func(inner, _ *wire.ClientHello) []byte {
		inner.Extensions = withoutTypes(inner.Extensions, iana.ExtSupportedVersions)
		return nil
	}},
	{fault.ECHOuterExtension, "missing", refer(iana.ExtKeyShare, 0x7777)},
	{fault.ECHOuterExtension, "order", refer(iana.ExtKeyShare, iana.ExtSupportedGroups)},
	{fault.ECHOuterExtension, "twice", refer(iana.ExtSupportedGroups, iana.ExtSupportedGroups)},
	{fault.ECHOuterExtension, "itself", refer(iana.ExtEncryptedClientHello)},
	{fault.ECHOuterExtension, "two lists", func(inner, _ *wire.ClientHello) []byte {
		inner.Extensions = wire.AppendECHOuterExtensions(inner.Extensions, []iana.ExtensionType{iana.ExtSupportedGroups})
		inner.Extensions = wire.AppendECHOuterExtensions(inner.Extensions, []iana.ExtensionType{iana.ExtKeyShare})
		return nil
	}},
	{fault.ECHOuterExtension, "form", func(inner, _ *wire.ClientHello) []byte {
		inner.Extensions = wire.AppendExtension(inner.Extensions, iana.ExtECHOuterExtensions, []byte{3, 0, 10, 0})
		return nil
	}},
}

// refer puts ech_outer_extensions into the ClientHelloInner.
func refer(types ...iana.ExtensionType) func(inner, outer *wire.ClientHello) []byte {
	return func(inner, _ *wire.ClientHello) []byte {
		inner.Extensions = wire.AppendECHOuterExtensions(withoutTypes(inner.Extensions, types...), types)
		return nil
	}
}

func withoutTypes(block wire.Extensions, types ...iana.ExtensionType) wire.Extensions {
	for _, t := range types {
		block = without(block, t)
	}
	return block
}

func echInnerAttacks() (all []attack) {
	for i, hosts := range []func(*testing.T) (client, server *tlstest.Host){atOnce, echRetrying} {
		for _, in := range inners {
			f := &forger{key: echKey, encode: func(n int, inner, outer *wire.ClientHello) []byte {
				if n != i {
					return nil
				}
				return in.encode(inner, outer)
			}}
			all = append(all, attack{code: in.code, name: fmt.Sprintf("%s in hello %d", in.name, i+1), at: trace.Server, hosts: bare(hosts), alter: f.forge(), both: true})
		}
	}
	return append(all,
		attack{code: fault.ECHInnerBare, name: "in the clear", at: trace.Server, hosts: bare(atOnce), alter: clientHello(func(m *wire.ClientHello) {
			m.Extensions = (&wire.EncryptedClientHello{Inner: true}).Append(m.Extensions)
		})},
		attack{code: fault.ExtensionValue, name: "neither outer nor inner", at: trace.Server, hosts: bare(atOnce), alter: clientHello(func(m *wire.ClientHello) {
			m.Extensions = wire.AppendExtension(m.Extensions, iana.ExtEncryptedClientHello, []byte{2})
		})},
		attack{code: fault.ExtensionForm, name: "inner that is not empty", at: trace.Server, hosts: bare(atOnce), alter: clientHello(func(m *wire.ClientHello) {
			m.Extensions = wire.AppendExtension(m.Extensions, iana.ExtEncryptedClientHello, []byte{1, 42})
		})})
}

// echSecondAttacks alter how the second hello is encrypted.
func echSecondAttacks() (all []attack) {
	second := func(code fault.Code, name string, change func(e *wire.EncryptedClientHello, outer *wire.ClientHello)) {
		f := &forger{key: echKey, hello: func(n int, e *wire.EncryptedClientHello, outer *wire.ClientHello) {
			if n == 1 {
				change(e, outer)
			}
		}}
		all = append(all, attack{code: code, name: name, at: trace.Server, hosts: bare(echRetrying), alter: f.forge(), both: true})
	}
	second(fault.ECHNotDecrypted, "altered", func(e *wire.EncryptedClientHello, _ *wire.ClientHello) { e.Payload[0] ^= 1 })
	second(fault.ECHNotDecrypted, "the outer hello altered", func(_ *wire.EncryptedClientHello, outer *wire.ClientHello) { outer.Random[0] ^= 1 })
	second(fault.ECHChanged, "config_id", func(e *wire.EncryptedClientHello, _ *wire.ClientHello) { e.ConfigID++ })
	second(fault.ECHChanged, "suite", func(e *wire.EncryptedClientHello, _ *wire.ClientHello) { e.AEAD++ })
	second(fault.ECHChanged, "enc", func(e *wire.EncryptedClientHello, _ *wire.ClientHello) { e.Enc = []byte{1} })
	second(fault.ECHChanged, "inner", func(e *wire.EncryptedClientHello, _ *wire.ClientHello) { e.Inner = true })
	second(fault.MissingExtension, "gone", func(_ *wire.EncryptedClientHello, outer *wire.ClientHello) { outer.Extensions = nil })
	second(fault.DuplicateExtension, "twice", func(_ *wire.EncryptedClientHello, outer *wire.ClientHello) {})
	all[len(all)-1].alter = repeatLast(all[len(all)-1].alter)
	return all
}

// repeatLast puts the last extension of the second ClientHello into it again.
func repeatLast(alter func(piece) pieces) func(piece) pieces {
	again := nthClientHello(1, func(m *wire.ClientHello) {
		e := slices.Collect(func(yield func(wire.Extensions) bool) {
			for t, body := range m.Extensions.All() {
				if !yield(wire.AppendExtension(nil, t, body)) {
					return
				}
			}
		})
		m.Extensions = append(m.Extensions, e[len(e)-1]...)
	})
	return func(p piece) (out pieces) {
		for _, p := range alter(p) {
			out = append(out, again(p)...)
		}
		return out
	}
}

// echAnswerAttacks are those on a client that encrypts its hello.
func echAnswerAttacks() []attack {
	rejecting := func(t *testing.T) (client, server *tlstest.Host) {
		client, server = echHosts(t)
		server.Config.ECH = tlstest.ECHKeys(otherECHKey)
		return client, server
	}
	resuming := func(t *testing.T) (client, server *tlstest.Host) {
		client, server = echHosts(t)
		client.Config.Session = sessionOf(t, run(t, client, server, 0))
		server.Config.ECH = nil
		return client, server
	}
	retryConfigs := func(body ...byte) func(piece) pieces {
		return first(iana.MsgEncryptedExtensions, func(p piece) pieces {
			m, err := wire.ParseEncryptedExtensions(p.Bytes[wire.HeaderLen:])
			if err != nil {
				panic(err)
			}
			m.Extensions = wire.AppendExtension(withoutTypes(m.Extensions, iana.ExtEncryptedClientHello), iana.ExtEncryptedClientHello, body)
			return as(p, m.Append(nil))
		})
	}
	grease := func(t *testing.T) (client, server *tlstest.Host) {
		client, server = retrying(iana.Secp384r1)
		client.Config.ECHGrease = true
		return client, server
	}
	badConfirmation := func() func(piece) pieces {
		return serverHello(func(m *wire.ServerHello) {
			m.Extensions = wire.AppendExtension(withoutTypes(m.Extensions, iana.ExtEncryptedClientHello), iana.ExtEncryptedClientHello, make([]byte, 7))
		})
	}
	start := func(list []byte) func(*testing.T) error {
		return func(t *testing.T) error {
			client, _ := echHosts(t)
			client.Config.ECHConfigs, client.Config.ECHRequired = list, true
			_, err := engine.NewClient(client.Config, tlstest.Now)
			return err
		}
	}
	none := tlstest.ECHList(tlstest.NewECHKey(1, "no_name"))
	return []attack{
		{code: fault.ECHRejected, name: "keys that are gone", at: trace.Client, hosts: rejecting},
		{code: fault.ECHResumed, name: "session", at: trace.Client, hosts: resuming, alter: serverHello(func(m *wire.ServerHello) {
			m.Extensions = wire.AppendPreSharedKeyServer(m.Extensions, 0)
		})},
		{code: fault.ECHInconsistent, name: "after a retry", at: trace.Client, hosts: echRetrying, alter: nthServerHello(1, func(m *wire.ServerHello) { m.Random[31] ^= 1 })},
		{code: fault.UnsolicitedExtension, name: "retry_configs though accepted", at: trace.Client, hosts: atOnce, alter: retryConfigs(0, 4, 0xba, 0xdd, 0, 0)},
		{code: fault.ExtensionForm, name: "retry_configs", at: trace.Client, hosts: rejecting, alter: retryConfigs(0xba, 0xdd)},
		{code: fault.ExtensionForm, name: "retry_configs for grease", at: trace.Client, hosts: grease, alter: retryConfigs(0xba, 0xdd)},
		{code: fault.ExtensionForm, name: "confirmation", at: trace.Client, hosts: echRetrying, alter: badConfirmation()},
		{code: fault.ExtensionForm, name: "confirmation for grease", at: trace.Client, hosts: grease, alter: badConfirmation()},
		{code: fault.ECHConfigsForm, name: "list", err: start(none[1:])},
		{code: fault.ECHConfigsUnusable, name: "names", err: start(none)},
		{code: fault.ECHConfigsUnusable, name: "empty", err: start(nil)},
	}
}

// The outer hello cannot be altered without the server noticing: it then takes
// the altered outer one, and the client learns that. RFC 9849, section 10.12.3.
func TestECHOuterIsAuthenticated(t *testing.T) {
	for name, change := range map[string]func(*wire.ClientHello){
		"random":     func(m *wire.ClientHello) { m.Random[5] ^= 1 },
		"extension":  func(m *wire.ClientHello) { m.Extensions = wire.AppendExtension(m.Extensions, 0x7777, nil) },
		"suites":     func(m *wire.ClientHello) { m.CipherSuites = append(m.CipherSuites, 0x13, 0x07) },
		"session ID": func(m *wire.ClientHello) { m.SessionID[0] ^= 1 },
		"payload": func(m *wire.ClientHello) {
			body, _ := m.Extensions.Get(iana.ExtEncryptedClientHello)
			body[len(body)-1] ^= 1
		},
	} {
		t.Run(name, func(t *testing.T) {
			client, server := echHosts(t)
			p := through(t, client, server, &tlstest.Middle{Alter: clientHello(change)})
			p.Run()
			if p.Client.Complete() || p.Server.Established().ServerName != publicName || p.Server.Established().ECH.Status != trace.ECHRejected {
				t.Errorf("the client ended with %v, the server has %+v", p.Client.Err(), p.Server.Established().ECH)
			}
		})
	}
}

// Somebody in between who puts an extension that means nothing in its place gets
// no further than the name that everybody sees.
func TestECHReplacedByGrease(t *testing.T) {
	client, server := echHosts(t)
	p := through(t, client, server, &tlstest.Middle{Alter: clientHello(func(m *wire.ClientHello) {
		e := wire.EncryptedClientHello{KDF: 1, AEAD: 1, ConfigID: 7, Enc: bytes.Repeat([]byte{9}, 32), Payload: make([]byte, 200)}
		m.Extensions = e.Append(withoutTypes(m.Extensions, iana.ExtEncryptedClientHello))
	})})
	client.Verify = func(*handshake.PeerCertificates) error { return fault.NameMismatch }
	p.Run()
	// The two do not agree on the hello, so that even a server that can prove
	// the public name is found out.
	if p.Client.Complete() || p.Server.Established().ServerName != publicName || isFault(p.Client.Err(), fault.ECHRejected) {
		t.Errorf("the client ended with %v", p.Client.Err())
	}
}

// A server cannot be asked which keys it has: that the number is unknown and
// that the key is another shows nothing different.
func TestECHKeysDoNotShow(t *testing.T) {
	answers := map[string][]int{}
	for name, key := range map[string]tlstest.ECHKey{
		"another number": tlstest.NewECHKey(99, publicName),
		"another key":    tlstest.NewECHKey(7, publicName),
	} {
		client, server := withECH(clientHost(), serverHost("Ed25519")) // whose signatures are all of a length
		client.Config.ECHConfigs = tlstest.ECHList(key)
		p, err := tlstest.NewPair(client, server)
		if err != nil {
			t.Fatal(err)
		}
		p.Run()
		if !isFault(p.Client.Err(), fault.ECHRejected) {
			t.Errorf("%s: %v", name, p.Client.Err())
		}
		answers[name] = []int{len(p.ToClient), len(p.ToServer)}
	}
	if !slices.Equal(answers["another number"], answers["another key"]) {
		t.Errorf("%v", answers)
	}
}

// A HelloRetryRequest cannot be put in by somebody in between to learn the
// second hello: what it confirms cannot be guessed, and the client goes on with
// the outer hello. RFC 9849, section 10.12.2.
func TestECHRetryIsConfirmed(t *testing.T) {
	client, server := echRetrying(t)
	p := through(t, client, server, &tlstest.Middle{Alter: serverHello(func(m *wire.ServerHello) {
		m.Extensions = wire.AppendECHConfirmation(withoutTypes(m.Extensions, iana.ExtEncryptedClientHello), [8]byte{1, 2, 3})
	})})
	p.Run()
	if p.Client.Complete() || bytes.Contains(p.ToServer, []byte(secretName)) {
		t.Errorf("the client ended with %v", p.Client.Err())
	}
	if e := p.Client.Established(); e.ECH.Status != trace.ECHRejected || e.ServerName != publicName {
		t.Errorf("%+v for %q", e.ECH, e.ServerName)
	}
}

// The two randoms differ, and nothing in the outer hello tells of the session
// that is offered inside. RFC 9849, section 10.12.1 and 6.1.2.
func TestECHOuterTellsNothing(t *testing.T) {
	client, server := echHosts(t)
	client.Config.Session = sessionOf(t, run(t, client, server, 0))
	var sent []wire.ClientHello
	m := &tlstest.Middle{Alter: clientHello(func(m *wire.ClientHello) { sent = append(sent, *m) })}
	p := through(t, client, server, m)
	if err := p.Run(); err != nil {
		t.Fatal(err)
	}
	inner, err := wire.ParseClientHello(p.Client.Record().ClientHello[wire.HeaderLen:])
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(inner.Random, sent[0].Random) {
		t.Error("the randoms are the same")
	}
	out, _ := sent[0].Extensions.Get(iana.ExtPreSharedKey)
	in, _ := inner.Extensions.Get(iana.ExtPreSharedKey)
	if len(out) == 0 || len(out) != len(in) || bytes.Equal(out, in) || bytes.Contains(p.ToServer, client.Config.Session.Ticket) {
		t.Errorf("pre_shared_key has %d bytes outside and %d inside", len(out), len(in))
	}
	if _, err := wire.ParsePreSharedKeyClient(out); err != nil {
		t.Error(err)
	}
}

// The length of what is encrypted does not tell that of the name.
func TestECHPadding(t *testing.T) {
	lengths := map[int]bool{}
	for _, name := range []string{"a.de", "secret.example", "just-as-long-as-that.example.net", ""} {
		client, server := echHosts(t)
		client.Config.ServerName, client.Config.NoGREASE = name, true
		p := through(t, client, server, &tlstest.Middle{Alter: clientHello(func(m *wire.ClientHello) {
			body, _ := m.Extensions.Get(iana.ExtEncryptedClientHello)
			lengths[len(body)] = true
		})})
		if err := p.Run(); err != nil {
			t.Fatal(err)
		}
	}
	if len(lengths) != 1 {
		t.Errorf("the lengths are %v", lengths)
	}
}

// A hello that refers to as many extensions as fit, in one that has as many as
// fit, takes the server no more time than its length asks for.
func TestECHOuterExtensionsTakeLinearTime(t *testing.T) {
	f := &forger{key: echKey, encode: func(_ int, inner, outer *wire.ClientHello) []byte {
		var types []iana.ExtensionType
		var many wire.Extensions
		for i := range 12000 {
			typ := iana.ExtensionType(0x4000 + i)
			many = wire.AppendExtension(many, typ, nil)
			if i >= 12000-100 {
				types = append(types, typ)
			}
		}
		outer.Extensions = append(many, outer.Extensions...)
		inner.Extensions = wire.AppendECHOuterExtensions(inner.Extensions, types)
		return nil
	}}
	client, server := bare(atOnce)(t)
	client.Config.NoGREASE = true // its values could be among the types
	p := through(t, client, server, &tlstest.Middle{Alter: f.forge()})
	started := time.Now()
	p.Run()
	if e := p.Server.Established(); e.ECH == nil || e.ECH.Status != trace.ECHAccepted || e.Version != iana.TLS13 {
		t.Errorf("the server ended with %v, %+v", p.Server.Err(), e.ECH)
	}
	if took := time.Since(started); took > time.Second {
		t.Errorf("it took %v", took)
	}
}

// FuzzECHInner has a server decrypt anything.
func FuzzECHInner(f *testing.F) {
	f.Add([]byte(nil))
	f.Add(make([]byte, 50))
	f.Fuzz(func(t *testing.T, encoded []byte) {
		client, server := bare(atOnce)(t)
		forged := &forger{key: echKey, encode: func(_ int, inner, _ *wire.ClientHello) []byte {
			if len(encoded) == 0 {
				return inner.Append(nil)[wire.HeaderLen:]
			}
			return encoded
		}}
		p := through(t, client, server, &tlstest.Middle{Alter: forged.forge()})
		p.Run()
		if _, known := fault.Of(p.Server.Err()); p.Server.Err() != nil && !known {
			t.Errorf("%v is no fault", p.Server.Err())
		}
	})
}
