package tls

import (
	"bytes"
	"crypto"
	stdtls "crypto/tls"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/handsel-tls/handsel/internal/tlstest"
)

// hashed gives the hash of a key's public half.
func hashed(t *testing.T, key crypto.Signer) PublicKeyHash {
	t.Helper()
	hash, err := HashPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

// rawPair gives configs whose sides know each other by raw public keys alone.
func rawPair(t *testing.T, version uint16) (client, server *Config) {
	server = &Config{RawPublicKey: tlstest.NewKey("P-256"), ClientAuth: RequireAndVerifyClientCert, Time: testTime, MinVersion: version, MaxVersion: version}
	client = &Config{RawPublicKey: tlstest.NewKey("Ed25519"), Time: testTime}
	server.PeerPublicKeys = []PublicKeyHash{{1}, hashed(t, client.RawPublicKey)}
	client.PeerPublicKeys = []PublicKeyHash{hashed(t, server.RawPublicKey)}
	return client, server
}

// rawMeet has two ends of ours meet.
func rawMeet(t *testing.T, client, server *Config) meeting {
	t.Helper()
	for _, c := range []*Config{client, server} {
		c.OnHandshake = func(*Record) {}
	}
	ours := func(c *Config) *side {
		s := &side{std: &stdtls.Config{}}
		s.once.Do(func() { s.ours = c })
		return s
	}
	return meet(t, pairing{true, true}, ours(client), ours(server))
}

func TestRawPublicKeys(t *testing.T) {
	for _, v := range versions {
		client, server := rawPair(t, v)
		client.ClientSessionCache, client.ServerName = NewLRUClientSessionCache(1), "a.example"
		for round := range 2 {
			m := rawMeet(t, client, server).good(t)
			for c, want := range map[*Conn]PublicKeyHash{m.client.(*Conn): client.PeerPublicKeys[0], m.server.(*Conn): server.PeerPublicKeys[1]} {
				s := c.ConnectionState()
				if s.DidResume != (round == 1) || len(s.PeerCertificates) != 0 {
					t.Errorf("%x, round %d: %+v", v, round, s)
				}
				if r := c.Record(); !bytes.Equal(r.PeerPublicKey, want[:]) || c.PeerPublicKey() == nil {
					t.Errorf("%x, round %d: the record has %x", v, round, r.PeerPublicKey)
				}
			}
		}
	}
}

// A raw key that is not known is refused, whatever else says that the peer need
// not be verified.
func TestRawKeyUnknown(t *testing.T) {
	other := hashed(t, tlstest.NewKey("P-256"))
	for _, v := range versions {
		client, server := rawPair(t, v)
		client.PeerPublicKeys, client.InsecureSkipVerify = []PublicKeyHash{other}, true
		m := rawMeet(t, client, server).bad(t)
		alertAt(t, m.serverErr, 46)
		var e *Error
		if !errors.As(m.clientErr, &e) || e.Fault() != "RawKeyUnknown" {
			t.Error(m.clientErr)
		}
		for _, auth := range []ClientAuthType{RequestClientCert, RequireAnyClientCert, VerifyClientCertIfGiven, RequireAndVerifyClientCert} {
			client, server = rawPair(t, v)
			server.PeerPublicKeys, server.ClientAuth = []PublicKeyHash{other}, auth
			m := rawMeet(t, client, server).bad(t)
			alertAt(t, m.clientErr, 46)
		}
	}
}

// Keys leave out certificates, those of an authority that everybody trusts
// included, unless authorities are named beside the keys.
func TestRawKeysLeaveOutCertificates(t *testing.T) {
	for _, v := range versions {
		client, server := rawPair(t, v)
		server.RawPublicKey, server.Certificates = nil, []Certificate{certOf("P-256")}
		client.ServerName, client.InsecureSkipVerify = "a.example", true
		rawMeet(t, client, server).bad(t)
		client, server = rawPair(t, v)
		server.RawPublicKey, server.Certificates = nil, []Certificate{certOf("P-256")}
		client.ServerName, client.RootCAs = "a.example", roots()
		m := rawMeet(t, client, server).good(t)
		if len(m.client.ConnectionState().VerifiedChains) == 0 || m.server.(*Conn).PeerPublicKey() == nil {
			t.Error("the certificate was not verified")
		}

		for _, auth := range []ClientAuthType{RequestClientCert, VerifyClientCertIfGiven, RequireAnyClientCert, RequireAndVerifyClientCert} {
			for _, named := range []bool{false, true} {
				client, server = rawPair(t, v)
				client.RawPublicKey, client.Certificates = nil, []Certificate{certOf("P-256")}
				server.ClientAuth = auth
				if named {
					server.ClientCAs = roots()
				}
				if m := rawMeet(t, client, server); (m.serverErr == nil) != named {
					t.Errorf("%x, %v, authorities %v: %v", v, auth, named, m.serverErr)
				}
			}
		}
		// Who need not show anything may be one who knows nothing of raw keys.
		client, server = rawPair(t, v)
		client.RawPublicKey, server.ClientAuth = nil, VerifyClientCertIfGiven
		rawMeet(t, client, server).good(t)
	}
}

// A server that has both shows the key to those who take it, and its record says
// why the others got the certificate.
func TestRawKeyOrCertificate(t *testing.T) {
	for _, v := range versions {
		client, server := rawPair(t, v)
		server.Certificates, server.ClientAuth = []Certificate{certOf("RSA-2048")}, NoClientCert
		if c := rawMeet(t, client, server).good(t).client.(*Conn); c.PeerPublicKey() == nil {
			t.Error("it was shown a certificate")
		}
		m := rawMeet(t, &Config{RootCAs: roots(), ServerName: "a.example", Time: testTime}, server).good(t)
		if len(m.client.ConnectionState().PeerCertificates) == 0 {
			t.Error("it was shown no certificate")
		}
		choices := m.server.(*Conn).Record().Choices()
		want := Refusal{"ECDSA, a raw public key", "the peer does not take certificates of this form"}
		if !slices.ContainsFunc(choices, func(c Choice) bool { return slices.Contains(c.Refused, want) && strings.HasPrefix(c.Chosen, "RSA") }) {
			t.Errorf("%+v", choices)
		}
	}
	// And so with a client's: the server's choice is in its record.
	client, server := rawPair(t, VersionTLS13)
	client.Certificates, server.ClientCAs = []Certificate{certOf("P-256")}, roots()
	m := rawMeet(t, client, server).good(t)
	if !slices.ContainsFunc(m.server.(*Conn).Record().Choices(), func(c Choice) bool { return c.Chosen == "RawPublicKey" }) {
		t.Errorf("%+v", m.server.(*Conn).Record().Choices())
	}
	server = &Config{Certificates: server.Certificates, RawPublicKey: server.RawPublicKey, ClientAuth: RequireAndVerifyClientCert, ClientCAs: roots(), Time: testTime}
	if m := rawMeet(t, client, server).good(t); len(m.server.ConnectionState().VerifiedChains) == 0 {
		t.Error("the certificate was not shown to a server without keys")
	}
}

// A session whose peer is not known any more is not resumed.
func TestRawKeyForgotten(t *testing.T) {
	for _, v := range versions {
		client, server := rawPair(t, v)
		client.ClientSessionCache, client.ServerName = NewLRUClientSessionCache(1), "a.example"
		rawMeet(t, client, server).good(t)
		by := server.Clone()
		by.PeerPublicKeys = by.PeerPublicKeys[:1]
		m := rawMeet(t, client, by).bad(t)
		if m.server.ConnectionState().DidResume {
			t.Error("the server has resumed")
		}
		rawMeet(t, client, server).good(t)
		with := client.Clone()
		with.PeerPublicKeys, with.RootCAs = []PublicKeyHash{{1}}, roots()
		m = rawMeet(t, with, server).bad(t)
		if r := m.server.(*Conn).Record(); r.Resumed {
			t.Error("the client has resumed")
		}
	}
}

func TestRawKeyUnusable(t *testing.T) {
	_, server := rawPair(t, 0)
	server.RawPublicKey = opaqueKey{}
	_, s := tcpPair(t)
	if err := Server(s, server).Handshake(); err == nil || !strings.Contains(err.Error(), "RawPublicKey") {
		t.Error(err)
	}
	if _, err := HashPublicKey("no key"); err == nil {
		t.Error("a string has a hash")
	}
}

// opaqueKey is of a kind that nobody knows.
type opaqueKey struct{ crypto.Signer }

func (opaqueKey) Public() crypto.PublicKey { return "opaque" }
