package engine_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"slices"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/engine"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/record"
	"github.com/handsel-tls/handsel/internal/protocol/session"
	"github.com/handsel-tls/handsel/internal/protocol/suite"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// hosts30 are two hosts with SSL 3.0 and one suite.
func hosts30(id iana.Suite, kind string) (client, server *tlstest.Host) {
	client, server = clientHost(), serverHost(kind)
	client.Config.Policy = with(policy.Museum(), func(p *policy.Policy) {
		p.Versions, p.Suites = []iana.Version{iana.SSL30}, []iana.Suite{id}
	})
	server.Config.Policy = client.Config.Policy
	return client, server
}

// TestSSL30 makes a handshake with every suite of SSL 3.0, and sends data. The
// hellos have no extensions, and the records the version.
func TestSSL30(t *testing.T) {
	for _, s := range suite.All() {
		if s.MinVersion > iana.SSL30 {
			continue
		}
		t.Run(s.ID.String(), func(t *testing.T) {
			client, server := hosts30(s.ID, keyTypesOf(s)[0])
			p := run(t, client, server, 0)
			c, e := p.Client.Established(), p.Server.Established()
			if c.Version != iana.SSL30 || c.Suite != s.ID || e.Suite != s.ID || c.EMS || c.EtM || c.ALPN != "" || !c.Secure || !e.Secure {
				t.Errorf("the client has %v, %v; EMS %v, EtM %v, secure renegotiation %v, %v", c.Version, c.Suite, c.EMS, c.EtM, c.Secure, e.Secure)
			}
			if c.VerifyLen != 36 || c.ClientVerify != e.ClientVerify || c.ServerVerify != e.ServerVerify || c.Master != e.Master {
				t.Error("the two sides have other secrets")
			}
			hello, err := wire.ParseClientHello(p.Client.Record().ClientHello[wire.HeaderLen:])
			if err != nil || hello.HasBlock || hello.Version != iana.SSL30 || !hello.CipherSuites.Has(iana.TLS_EMPTY_RENEGOTIATION_INFO_SCSV) {
				t.Errorf("the ClientHello is %+v (%v)", hello, err)
			}
			answer, err := wire.ParseServerHello(p.Client.Record().ServerHello[wire.HeaderLen:])
			if err != nil || !bytes.Equal(answer.Extensions, []byte{0xff, 1, 0, 1, 0}) {
				t.Errorf("the extensions of the ServerHello are %x (%v)", answer.Extensions, err)
			}
			for _, b := range [][]byte{p.ToServer, p.ToClient} {
				for ; len(b) > 0; b = b[record.HeaderLen+(int(b[3])<<8|int(b[4])):] {
					if b[1] != 3 || b[2] != 0 {
						t.Fatalf("a record begins with %x", b[:record.HeaderLen])
					}
				}
			}
			for _, n := range []int{1, 2, 15, 16, 17, 63, 64, 65, 1000, 1 << 14} {
				before := len(p.ServerData)
				if err := p.Send(p.Client, bytes.Repeat([]byte("d"), n)); err != nil || len(p.ServerData) != before+n {
					t.Fatalf("%d bytes: %d came, %v", n, len(p.ServerData)-before, err)
				}
			}
			if _, err := p.Client.Export("EXPORTER-a", nil, 20); !isFault(err, fault.EMSRequired) {
				t.Errorf("an exporter of SSL 3.0: %v", err)
			}
		})
	}
}

// A client of SSL 3.0 signs two digests in its CertificateVerify, and says with
// an alert that it has no certificate. RFC 6101, sections 5.6.6 and 5.6.8.
func TestClientCertificateInSSL30(t *testing.T) {
	for _, kind := range []string{"RSA-2048", "P-256", "DSA", ""} {
		client, server := hosts30(iana.TLS_RSA_WITH_AES_128_CBC_SHA, "RSA-2048")
		server.Config.ClientAuth = handshake.RequestClientAuth
		if kind != "" {
			client.Credential = tlstest.Credentials()[kind]
		}
		p := run(t, client, server, 0)
		if got := p.Server.Established().Peer; (got == nil) != (kind == "") {
			t.Errorf("%q: the server saw %v", kind, got)
		}
	}
	client, server := hosts30(iana.TLS_RSA_WITH_AES_128_CBC_SHA, "RSA-2048")
	server.Config.ClientAuth = handshake.RequireClientAuth
	p, err := tlstest.NewPair(client, server)
	if err != nil {
		t.Fatal(err)
	}
	p.Run()
	if !isFault(p.Server.Err(), fault.CertificateMissing12) {
		t.Errorf("without a certificate the server ended with %v", p.Server.Err())
	}
}

// POODLE (CVE-2014-3566): the last block of a record is replaced by another. It
// is found unless that happens to end in the right byte, which is one time in
// 256: nothing but the number of the padding can be checked. In TLS the padding
// itself is checked, and the record is refused in any case.
func TestPOODLE(t *testing.T) {
	for v, most := range map[iana.Version]int{iana.SSL30: 30, iana.TLS10: 0} {
		taken := 0
		for range 300 {
			p, _ := suite.Of(iana.TLS_RSA_WITH_AES_128_CBC_SHA)
			rules := record.RulesOf(v)
			block := make([]byte, record.BlockLen(p, rules))
			rand.Read(block)
			keys, _ := record.KeysBlock(p, block, false, rules)
			var s record.Sealer
			var o record.Opener
			s.SetVersion(v)
			if s.Install(&keys) != nil || o.Install(&keys) != nil {
				t.Fatal("the keys cannot be used")
			}
			secret := make([]byte, 44) // with its MAC it ends with a block, so that all of the last is padding
			rand.Read(secret)
			rec := s.Seal(nil, iana.ContentApplicationData, secret)
			copy(rec[len(rec)-16:], rec[record.HeaderLen:]) // the block of interest
			if _, _, err := o.Open(rec); err == nil {
				taken++
			}
		}
		if taken > most {
			t.Errorf("%v: %d of 300 records were taken", v, taken)
		}
	}
}

// A peer of SSL 3.0 gets none of the alerts that came later. RFC 6101, section
// 5.4.2.
func TestAlertsOfSSL30(t *testing.T) {
	client, server := hosts30(iana.TLS_RSA_WITH_AES_128_CBC_SHA, "RSA-2048")
	for _, c := range []struct{ ours, theirs iana.Alert }{
		{iana.AlertUnknownCA, iana.AlertCertificateUnknown},
		{iana.AlertDecryptError, iana.AlertHandshakeFailure},
		{iana.AlertBadCertificate, iana.AlertBadCertificate},
	} {
		var told []iana.Alert
		client.Verify = func(*handshake.PeerCertificates) error {
			return fault.WithAlert(fault.BadCertificate, c.ours, "a test")
		}
		m := &tlstest.Middle{Alter: func(p tlstest.Piece) []tlstest.Piece {
			if p.Content == iana.ContentAlert {
				told = append(told, iana.Alert(p.Bytes[1]))
			}
			return []tlstest.Piece{p}
		}}
		through(t, client, server, m).Run()
		if !slices.Equal(told, []iana.Alert{c.theirs}) {
			t.Errorf("%v: %v was sent", c.ours, told)
		}
	}
}

// Sessions of old versions are resumed by their IDs, and renegotiated with the
// whole of the Finished messages before: 36 bytes each in SSL 3.0.
func TestOldVersionsGoOn(t *testing.T) {
	for _, v := range []iana.Version{iana.SSL30, iana.TLS10, iana.TLS11} {
		client, server := hosts30(iana.TLS_RSA_WITH_AES_128_CBC_SHA, "RSA-2048")
		p := with(client.Config.Policy, func(p *policy.Policy) { p.Versions = []iana.Version{v} })
		for _, h := range []*tlstest.Host{client, server} {
			h.Config.Policy, h.Config.Renegotiation = p, handshake.RenegotiateFreely
		}
		server.Sessions, server.Config.SessionIDs = session.NewCache(10), true
		first := run(t, client, server, 1)
		keep(server, first)
		client.Config.Session = sessionOf(t, first)
		second := run(t, client, server, 1)
		if !second.Client.Established().Resumed || second.Client.Established().Master != first.Client.Established().Master {
			t.Errorf("%v: the session was not resumed", v)
		}
		for n, from := range []*engine.Conn{second.Client, second.Server} {
			if err := errors.Join(from.Renegotiate(nil), second.Run()); err != nil {
				t.Fatalf("%v: %v", v, err)
			}
			if second.Client.Renegotiations() != n+1 || second.Server.Renegotiations() != n+1 {
				t.Errorf("%v: %d renegotiations", v, second.Client.Renegotiations())
			}
			flows(t, second, "more")
		}
	}
}
