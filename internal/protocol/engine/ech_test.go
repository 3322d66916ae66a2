package engine_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/ech"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

const (
	secretName = "secret.example"
	publicName = "public.example"
)

var echKey, otherECHKey = tlstest.NewECHKey(7, publicName), tlstest.NewECHKey(8, publicName)

// echHosts gives a client that encrypts its hello, and a server that can open
// it.
func echHosts(t testing.TB) (client, server *tlstest.Host) {
	t.Helper()
	client, server = clientHost(), serverHost("P-256")
	return withECH(client, server)
}

func withECH(client, server *tlstest.Host) (*tlstest.Host, *tlstest.Host) {
	client.Config.ServerName = secretName
	client.Config.ECHConfigs = tlstest.ECHList(echKey)
	server.Config.ECH = tlstest.ECHKeys(otherECHKey, echKey)
	return client, server
}

// echRetrying is echHosts with a HelloRetryRequest.
func echRetrying(*testing.T) (client, server *tlstest.Host) {
	return withECH(retrying(iana.Secp384r1))
}

// accepted checks that the ClientHelloInner was taken by both.
func accepted(t *testing.T, p *tlstest.Pair) {
	t.Helper()
	for _, e := range []*handshake.Established{p.Client.Established(), p.Server.Established()} {
		if e.ECH == nil || e.ECH.Status != trace.ECHAccepted || e.ECH.PublicName != publicName || e.ServerName != secretName {
			t.Errorf("%+v for %q", e.ECH, e.ServerName)
		}
	}
	for _, r := range []*trace.Record{p.Client.Record(), p.Server.Record()} {
		if r.ECH != trace.ECHAccepted || r.OuterName != publicName || r.ServerName != secretName {
			t.Errorf("the record says %v, %q in %q", r.ECH, r.ServerName, r.OuterName)
		}
		i := slices.IndexFunc(r.Choices, func(c trace.Choice) bool { return c.Topic == trace.ECH })
		if i < 0 || !r.Choices[i].Made {
			t.Errorf("the record has the choices %+v", r.Choices)
		}
	}
	if bytes.Contains(p.ToServer, []byte(secretName)) || !bytes.Contains(p.ToServer, []byte(publicName)) {
		t.Error("the network has seen the name, or not the public one")
	}
	sameExport(t, p)
}

func TestECH(t *testing.T) {
	for name, hosts := range map[string]func(*testing.T) (client, server *tlstest.Host){
		"at once":       func(t *testing.T) (client, server *tlstest.Host) { return echHosts(t) },
		"after a retry": echRetrying,
	} {
		for _, cut := range []int{0, 1} {
			t.Run(fmt.Sprint(name, cut), func(t *testing.T) {
				client, server := hosts(t)
				client.Credential = tlstest.Credentials()["Ed25519"]
				server.Config.ClientAuth = handshake.RequireClientAuth
				p := run(t, client, server, cut)
				accepted(t, p)
				client.Config.Session = sessionOf(t, p)
				p = run(t, client, server, cut)
				accepted(t, p)
				if !p.Client.Established().Resumed {
					t.Error("it was not resumed")
				}
			})
		}
	}
}

// The server's answer about settings is for the name inside; a program may have
// the outer hello answered rather.
func TestECHSettings(t *testing.T) {
	client, server := echHosts(t)
	server.Config.AskSettings = true
	var asked []string
	server.Asking = func(a *handshake.Ask) {
		if a.Question == handshake.Settings {
			asked = append(asked, a.Offer.ServerName)
		}
	}
	accepted(t, run(t, client, server, 0))
	if !slices.Equal(asked, []string{secretName}) {
		t.Errorf("it was asked about %q", asked)
	}
	asked, server.OuterHello = nil, true
	p, err := tlstest.NewPair(client, server)
	if err != nil {
		t.Fatal(err)
	}
	p.Run()
	if !slices.Equal(asked, []string{secretName, publicName}) || !isFault(p.Client.Err(), fault.ECHRejected) {
		t.Errorf("it was asked about %q, and the client ended with %v", asked, p.Client.Err())
	}
	if e := p.Client.Established().ECH; e.RetryConfigs != nil {
		t.Errorf("the client was given %x to try again with", e.RetryConfigs)
	}
	if r := p.Client.Record(); r.ECH != trace.ECHRejected || r.ServerName != publicName {
		t.Errorf("the record says %v for %q", r.ECH, r.ServerName)
	}
}

// A server that cannot open the hello is verified for the public name, and
// nothing of the client is shown to it: the connection is of no use but for the
// configurations that the server wants to be tried with.
func TestECHRejected(t *testing.T) {
	for _, c := range []struct {
		name   string
		retry  bool
		change func(client, server *tlstest.Host)
		fresh  bool // the server gives configurations
	}{
		{"another key", false, func(_, s *tlstest.Host) { s.Config.ECH = tlstest.ECHKeys(otherECHKey) }, true},
		{"another key with the same number", false, func(_, s *tlstest.Host) { s.Config.ECH = tlstest.ECHKeys(tlstest.NewECHKey(7, publicName)) }, true},
		{"after a retry", true, func(_, s *tlstest.Host) { s.Config.ECH = tlstest.ECHKeys(otherECHKey) }, true},
		{"no keys", false, func(_, s *tlstest.Host) { s.Config.ECH = nil }, false},
		{"no keys, after a retry", true, func(_, s *tlstest.Host) { s.Config.ECH = nil }, false},
		{"TLS 1.2", false, func(_, s *tlstest.Host) { s.Config.Policy = policy.Modern().Between(iana.TLS12, iana.TLS12) }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			client, server := echHosts(t)
			if c.retry {
				client, server = echRetrying(t)
			}
			client.Credential = tlstest.Credentials()["Ed25519"]
			server.Config.ClientAuth = handshake.RequestClientAuth
			client.Config.AskApproval = true
			c.change(client, server)
			var verified []string
			client.Asking = func(a *handshake.Ask) {
				if a.Question == handshake.Verdict {
					verified = append(verified, a.PublicName)
				} else {
					t.Errorf("the client was asked for its %v", a.Question)
				}
			}
			p, err := tlstest.NewPair(client, server)
			if err != nil {
				t.Fatal(err)
			}
			p.Run()
			if !isFault(p.Client.Err(), fault.ECHRejected) || p.Client.Complete() {
				t.Errorf("the client ended with %v", p.Client.Err())
			}
			if p.Server.Established().Peer != nil || p.Server.Established().ServerName != publicName {
				t.Errorf("the server has seen %+v", p.Server.Established())
			}
			if !slices.Equal(verified, []string{publicName}) {
				t.Errorf("the server was verified for %q", verified)
			}
			got := p.Client.Established().ECH.RetryConfigs
			if c.fresh && !bytes.Equal(got, server.Config.ECH.Retry) || !c.fresh && got != nil {
				t.Errorf("the configurations are %x", got)
			}
			if n := len(p.Client.TakeSessions()); n != 0 {
				t.Errorf("it was given %d sessions", n)
			}
		})
	}
}

// Configurations that cannot be used are passed over, each with its reason.
func TestECHConfigs(t *testing.T) {
	bad := []tlstest.ECHKey{
		{Config: wire.AppendECHConfig(nil, 0xbadd, []byte{5, 4, 3, 2, 1})},
		tlstest.NewECHKey(1, publicName, func(c *wire.ECHConfigContents) { c.KEM = 0x6666 }),
		tlstest.NewECHKey(2, publicName, func(c *wire.ECHConfigContents) {
			c.Suites = wire.NewHPKESuites(wire.HPKESuite{KDF: 0x1111, AEAD: 0x2222}, wire.HPKESuite{KDF: 1, AEAD: 0xffff})
		}),
		tlstest.NewECHKey(3, publicName, func(c *wire.ECHConfigContents) {
			c.Extensions = wire.AppendExtension(nil, 0x8001, nil)
		}),
		tlstest.NewECHKey(4, "not_a.name"),
		tlstest.NewECHKey(5, publicName, func(c *wire.ECHConfigContents) { c.PublicKey = c.PublicKey[1:] }),
	}
	client, server := echHosts(t)
	client.Config.ECHConfigs = tlstest.ECHList(append(bad, echKey, otherECHKey)...)
	p := run(t, client, server, 0)
	accepted(t, p)
	want := []trace.Why{trace.WrongVersion, trace.NoHPKE, trace.NoHPKE, trace.Mandatory, trace.BadPublicName, trace.BadPublicKey}
	var got []trace.Why
	for _, c := range p.Client.Record().Choices {
		if c.Topic == trace.ECH {
			for _, r := range c.Refused {
				got = append(got, r.Why)
			}
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("refused for %v, want %v", got, want)
	}

	// Without any that can be used the hello is sent as it is, unless it must
	// be encrypted.
	client.Config.ECHConfigs = tlstest.ECHList(bad...)
	if e := run(t, client, server, 0).Server.Established(); e.ECH != nil || e.ServerName != secretName {
		t.Errorf("%+v for %q", e.ECH, e.ServerName)
	}
	client.Config.ECHConfigs = tlstest.ECHList(tlstest.NewECHKey(9, publicName, func(c *wire.ECHConfigContents) {
		c.Extensions = wire.AppendExtension(nil, 0x1001, []byte{1})
		c.Suites = append(wire.NewHPKESuites(wire.HPKESuite{KDF: 0x1111, AEAD: 0x2222}), c.Suites...)
	}))
	p, err := tlstest.NewPair(client, server)
	if err != nil {
		t.Fatal(err)
	}
	if p.Run(); !isFault(p.Client.Err(), fault.ECHRejected) {
		t.Errorf("an extension that is not mandatory: %v", p.Client.Err())
	}
}

// A client without a configuration may send an extension that means nothing,
// also twice, to any server.
func TestECHGrease(t *testing.T) {
	for _, retry := range []bool{false, true} {
		for name, keys := range map[string]*ech.Keys{"no keys": nil, "keys": tlstest.ECHKeys(echKey)} {
			t.Run(fmt.Sprint(name, retry), func(t *testing.T) {
				client, server := clientHost(), serverHost("P-256")
				if retry {
					client, server = retrying(iana.Secp384r1)
				}
				client.Config.ECHGrease, server.Config.ECH = true, keys
				p := run(t, client, server, 0)
				want := trace.ECHIgnored
				if keys != nil {
					want = trace.ECHRejected
				}
				if c, s := p.Client.Established().ECH, p.Server.Established().ECH; c.Status != trace.ECHGrease || c.RetryConfigs != nil || s.Status != want {
					t.Errorf("the client has %+v, the server %+v", c, s)
				}
				client.Config.Session = sessionOf(t, p)
				if p = run(t, client, server, 0); !p.Client.Established().Resumed {
					t.Error("it was not resumed")
				}
			})
		}
	}
}

// In split mode the ClientHelloInner comes from the server that has decrypted
// it, and this one confirms that it was read.
func TestECHBackend(t *testing.T) {
	for _, retry := range []bool{false, true} {
		client, front := echHosts(t)
		if retry {
			client, front = echRetrying(t)
		}
		backend := *front
		settings := *front.Config
		settings.ECH = nil
		backend.Config = &settings
		var opened *ech.Opened
		m := &tlstest.Middle{Alter: func(p tlstest.Piece) []tlstest.Piece {
			if !p.Is(iana.MsgClientHello) {
				return pieces{p}
			}
			inner, o := open(t, p.Bytes, front.Config.ECH, opened)
			opened = o
			return as(p, inner)
		}}
		p := through(t, client, &backend, m)
		if err := p.Run(); err != nil {
			t.Fatal(err)
		}
		if c, s := p.Client.Established().ECH, p.Server.Established(); c.Status != trace.ECHAccepted || s.ECH.Status != trace.ECHBackend || s.ServerName != secretName {
			t.Errorf("the client has %+v, the server %+v for %q", c, s.ECH, s.ServerName)
		}
	}
}

// A host may have the keys for a client that has encrypted its hello, and is not
// asked for them by others.
func TestECHKeysAsked(t *testing.T) {
	client, server := echHosts(t)
	server.Config.AskECHKeys, server.ECHKeys, server.Config.ECH = true, server.Config.ECH, nil
	accepted(t, run(t, client, server, 1))
	server.ECHKeys = nil
	p, err := tlstest.NewPair(client, server)
	if err != nil {
		t.Fatal(err)
	}
	if p.Run(); !isFault(p.Client.Err(), fault.ECHRejected) {
		t.Error(p.Client.Err())
	}
	server.Asked, client.Config.ECHConfigs = nil, nil
	run(t, client, server, 0)
	if slices.Contains(server.Asked, handshake.ECHKeys) {
		t.Errorf("it was asked for %v", server.Asked)
	}
}

// A key log names a connection by the random of the hello that was taken, on
// both sides.
func TestECHKeyLog(t *testing.T) {
	client, server := echHosts(t)
	randoms := map[string]int{}
	note := func(_ string, random, _ []byte) { randoms[string(random)]++ }
	client.Config.KeyLog, server.Config.KeyLog = note, note
	p := run(t, client, server, 0)
	inner, err := wire.ParseClientHello(p.Client.Record().ClientHello[wire.HeaderLen:])
	if err != nil {
		t.Fatal(err)
	}
	if len(randoms) != 1 || randoms[string(inner.Random)] == 0 || bytes.Contains(p.ToServer, inner.Random) {
		t.Errorf("the randoms are %x, that inside %x", randoms, inner.Random)
	}
}

// Early data goes with the ClientHelloInner; a server that does not read that
// passes over it.
func TestECHEarlyData(t *testing.T) {
	for name, keys := range map[string]*ech.Keys{"accepted": tlstest.ECHKeys(echKey), "rejected": tlstest.ECHKeys(otherECHKey), "no keys": nil} {
		t.Run(name, func(t *testing.T) {
			client, server := again(hosts13("P-256", early, func(client, server *tlstest.Host) { withECH(client, server) }))(t)
			server.Config.ECH = keys
			logged := map[string][]byte{}
			client.Config.KeyLog = func(label string, random, _ []byte) { logged[label] = bytes.Clone(random) }
			p, err := tlstest.NewPair(client, server)
			if err != nil {
				t.Fatal(err)
			}
			in := ready(t, p.Client, []byte("early"))
			if bytes.Contains(in, logged["CLIENT_EARLY_TRAFFIC_SECRET"]) {
				t.Error("the key log has the random outside")
			}
			var got []byte
			tlstest.Feed(p.Server, p.ServerHost, &in, &got)
			p.Run()
			if name != "accepted" {
				if len(got) > 0 || !isFault(p.Client.Err(), fault.ECHRejected) || p.Client.Established().Early.Accepted() {
					t.Errorf("%q came, and the client ended with %v", got, p.Client.Err())
				}
				return
			}
			if string(got) != "early" || !p.Client.Complete() || !p.Client.Established().Early.Accepted() {
				t.Errorf("%q came, and the client ended with %v", got, p.Client.Err())
			}
		})
	}
}

// What only the server inside may know of the client's trust is not offered
// outside: a raw public key proves no public name.
func TestECHRawKeys(t *testing.T) {
	client, server := changed(iana.TLS13, "P-256", []func(c, s *tlstest.Host){rawKeys})(t)
	client, server = withECH(client, server)
	client.Config.ServerAuthorities = [][]byte{tlstest.Root().Cert.RawSubject}
	var outer wire.Extensions
	p := through(t, client, server, &tlstest.Middle{Alter: clientHello(func(m *wire.ClientHello) { outer = bytes.Clone(m.Extensions) })})
	if err := p.Run(); err != nil {
		t.Fatal(err)
	}
	if p.Client.Established().Peer.RawPublicKey == nil || p.Client.Established().ECH.Status != trace.ECHAccepted {
		t.Errorf("%+v", p.Client.Established().ECH)
	}
	for _, typ := range []iana.ExtensionType{iana.ExtServerCertificateType, iana.ExtClientCertificateType, iana.ExtCertificateAuthorities} {
		if _, ok := outer.Get(typ); ok {
			t.Errorf("%v is outside", typ)
		}
	}
	server.Config.ECH = tlstest.ECHKeys(otherECHKey)
	if p, err := tlstest.NewPair(client, server); err != nil {
		t.Fatal(err)
	} else if p.Run(); isFault(p.Client.Err(), fault.ECHRejected) || p.Client.Complete() {
		t.Errorf("rejected by a raw key: %v", p.Client.Err())
	}
}

// The extensions may be in any order: those that are shared are in that of the
// outer hello.
func TestECHPermuted(t *testing.T) {
	for range 20 {
		client, server := echRetrying(t)
		client.Config.PermuteExtensions = true
		p := run(t, client, server, 0)
		accepted(t, p)
		client.Config.Session = sessionOf(t, p)
		accepted(t, run(t, client, server, 0))
	}
}

// Trial decryption finds the key whatever config_id says. RFC 9849, section
// 10.4.
func TestECHAnyID(t *testing.T) {
	client, server := echHosts(t)
	server.Config.ECH = tlstest.ECHKeys(otherECHKey, echKey)
	server.Config.ECH.AnyID = true
	accepted(t, run(t, client, server, 0))
}

// A session of TLS 1.2 is not offered in an encrypted hello.
func TestECHLegacySession(t *testing.T) {
	client, server := echHosts(t)
	configs, keys := client.Config.ECHConfigs, server.Config.ECH
	client.Config.ECHConfigs, server.Config.Policy = nil, policy.Modern().Between(iana.TLS12, iana.TLS12)
	client.Config.Session = sessionOf(t, run(t, client, server, 0))
	client.Config.ECHConfigs, server.Config.Policy, server.Config.ECH = configs, policy.Modern(), keys
	accepted(t, run(t, client, server, 0))
}
