package tls

import (
	"slices"
	"testing"
)

// TestSessionWithoutTheKey offers a session that began with a certificate where
// only a pre-shared key will do: at a server without certificates that has the
// same ticket keys, and from a client that requires the key by now.
func TestSessionWithoutTheKey(t *testing.T) {
	for _, v := range versions {
		key := pskOf("a")
		key.TLS12 = v < VersionTLS13
		open := &Config{Certificates: []Certificate{certOf("P-256")}, Time: testTime, MaxVersion: v}
		guarded := &Config{PreSharedKeys: []PreSharedKey{key}, Time: testTime, MaxVersion: v}
		for _, c := range []*Config{open, guarded} {
			c.SetSessionTicketKeys([][32]byte{{1}})
		}
		client := &Config{RootCAs: roots(), ServerName: "a.example", Time: testTime, ClientSessionCache: NewLRUClientSessionCache(1)}
		rawMeet(t, client, open).good(t)
		if m := rawMeet(t, client, guarded); m.serverErr == nil {
			t.Errorf("%x: a client without the key is connected, resumed: %v", v, m.server.ConnectionState().DidResume)
		}

		rawMeet(t, client, open).good(t)
		strict := client.Clone()
		strict.PreSharedKeys, strict.RequirePreSharedKey = []PreSharedKey{key}, true
		if m := rawMeet(t, strict, open); m.clientErr == nil {
			t.Errorf("%x: a server without the key is trusted, resumed: %v", v, m.client.ConnectionState().DidResume)
		}
	}
}

// TestSessionOfAReplacedKey offers a session that began with a key whose identity
// belongs to another key by now: whoever knows the old one is not to stay.
func TestSessionOfAReplacedKey(t *testing.T) {
	for _, v := range versions {
		for _, asked := range []bool{false, true} {
			old := pskOf("a")
			old.TLS12 = v < VersionTLS13
			fresh := old
			fresh.Key = slices.Repeat([]byte{7}, 32)
			client, server := pskPair(old)
			client.ClientSessionCache = NewLRUClientSessionCache(1)
			server.SetSessionTicketKeys([][32]byte{{1}})
			rawMeet(t, client, server).good(t)
			rawMeet(t, client, server).good(t)
			with := func(key PreSharedKey) *Config {
				c := server.Clone()
				if c.PreSharedKeys = []PreSharedKey{key}; asked {
					c.PreSharedKeys, c.GetPreSharedKeys = nil, func(*ClientHelloInfo, [][]byte) ([]PreSharedKey, error) { return []PreSharedKey{key}, nil }
					c.CipherSuites = []uint16{0xd001} // for TLS 1.2
				}
				return c
			}
			if m := rawMeet(t, client, with(old)).good(t); !m.server.ConnectionState().DidResume {
				t.Errorf("%x: the session of the same key is not resumed", v)
			}
			rawMeet(t, client, with(fresh)).bad(t)
			// The client has a new key as well: its session is of no use.
			after := client.Clone()
			after.PreSharedKeys = []PreSharedKey{fresh}
			rawMeet(t, client, server).good(t)
			if m := rawMeet(t, after, with(fresh)).good(t); m.client.ConnectionState().DidResume {
				t.Errorf("%x: a session of the key before was resumed", v)
			}
		}
	}
}
