package tls

import (
	"bytes"
	"crypto"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
)

func pskOf(name string) PreSharedKey {
	return PreSharedKey{Identity: []byte(name), Key: bytes.Repeat([]byte(name), 32)}
}

// pskPair gives configs that know each other by a key alone.
func pskPair(key PreSharedKey) (client, server *Config) {
	server = &Config{PreSharedKeys: []PreSharedKey{key}, Time: testTime}
	client = &Config{PreSharedKeys: []PreSharedKey{key}, RequirePreSharedKey: true, Time: testTime, ServerName: "a.example"}
	return client, server
}

// TestPreSharedKeys agrees on each kind of key, without a certificate on either
// side, and resumes the session.
func TestPreSharedKeys(t *testing.T) {
	for _, c := range []struct {
		name    string
		version uint16
		change  func(*PreSharedKey)
	}{
		{"plain", VersionTLS13, func(*PreSharedKey) {}},
		{"SHA-384", VersionTLS13, func(k *PreSharedKey) { k.Hash = crypto.SHA384 }},
		{"imported", VersionTLS13, func(k *PreSharedKey) { k.Import, k.Context = true, []byte("context") }},
		{"TLS 1.2", VersionTLS12, func(k *PreSharedKey) { k.TLS12 = true }},
	} {
		t.Run(c.name, func(t *testing.T) {
			key := pskOf("device 1")
			c.change(&key)
			client, server := pskPair(key)
			client.ClientSessionCache = NewLRUClientSessionCache(1)
			for round := range 2 {
				m := rawMeet(t, client, server).good(t)
				for _, end := range []*Conn{m.client.(*Conn), m.server.(*Conn)} {
					s := end.ConnectionState()
					if s.Version != c.version || s.DidResume != (round == 1) || len(s.PeerCertificates) != 0 {
						t.Errorf("round %d: %+v", round, s)
					}
					if id := string(end.PreSharedKeyIdentity()); id != "device 1" || string(end.Record().PreSharedKey) != id {
						t.Errorf("round %d: the identity is %q, in the record %q", round, id, end.Record().PreSharedKey)
					}
				}
			}
			// Without the key, a session that began with it is not resumed.
			server.SetSessionTicketKeys([][32]byte{{1}})
			rawMeet(t, client, server).good(t)
			other := &Config{PreSharedKeys: []PreSharedKey{pskOf("another")}, Time: testTime, Certificates: []Certificate{certOf("P-256")}}
			other.SetSessionTicketKeys([][32]byte{{1}})
			open := &Config{RootCAs: roots(), ServerName: "a.example", Time: testTime, PreSharedKeys: client.PreSharedKeys, ClientSessionCache: client.ClientSessionCache}
			if m := rawMeet(t, open, other).good(t); m.server.ConnectionState().DidResume || m.server.(*Conn).PreSharedKeyIdentity() != nil {
				t.Error("a session of a key that is gone was resumed")
			}
		})
	}
}

// TestGetPreSharedKeys looks keys up by the identities as they were agreed on,
// also those that were imported.
func TestGetPreSharedKeys(t *testing.T) {
	for _, change := range []func(*PreSharedKey){
		func(*PreSharedKey) {}, func(k *PreSharedKey) { k.Import = true }, func(k *PreSharedKey) { k.TLS12 = true },
	} {
		a, b := pskOf("a"), pskOf("b")
		change(&a)
		change(&b)
		client, server := pskPair(b)
		client.PreSharedKeys = []PreSharedKey{a, b}
		if b.TLS12 {
			client.PreSharedKeys = []PreSharedKey{b} // TLS 1.2 names one
			server.CipherSuites = []uint16{0xd001}
		}
		server.PreSharedKeys = nil
		var asked []string
		server.GetPreSharedKeys = func(_ *ClientHelloInfo, ids [][]byte) ([]PreSharedKey, error) {
			for _, id := range ids {
				asked = append(asked, string(id))
			}
			return []PreSharedKey{b}, nil
		}
		m := rawMeet(t, client, server).good(t)
		if id := string(m.server.(*Conn).PreSharedKeyIdentity()); id != "b" || !slices.Contains(asked, "b") || slices.Contains(asked, "a") == b.TLS12 {
			t.Errorf("the key is %q, and %q were looked for", id, asked)
		}
		server.GetPreSharedKeys = func(*ClientHelloInfo, [][]byte) ([]PreSharedKey, error) { return nil, errors.New("no database") }
		if m := rawMeet(t, client, server).bad(t); !strings.Contains(m.serverErr.Error(), "no database") {
			t.Error(m.serverErr)
		}
	}
}

func TestPreSharedKeyMistakes(t *testing.T) {
	short, wrong, both := pskOf("a"), pskOf("a"), pskOf("a")
	short.Key, wrong.Hash, both.Import, both.TLS12 = short.Key[:15], crypto.MD5, true, true
	for _, k := range []PreSharedKey{short, wrong, both, {Key: make([]byte, 32)}} {
		client, server := pskPair(k)
		c, s := tcpPair(t)
		if Client(c, client).Handshake() == nil || Server(s, server).Handshake() == nil {
			t.Errorf("%+v is taken", k)
		}
	}
	client, _ := pskPair(pskOf("a"))
	client.PreSharedKeys = nil
	c, _ := tcpPair(t)
	if err := Client(c, client).Handshake(); err == nil || !strings.Contains(err.Error(), "RequirePreSharedKey") {
		t.Error(err)
	}
	client, server := pskPair(pskOf("a"))
	server.PreSharedKeys = []PreSharedKey{pskOf("b")}
	if m := rawMeet(t, client, server).bad(t); !errors.Is(m.serverErr, fault.NoSharedPSK) {
		t.Error(m.serverErr)
	}
}
