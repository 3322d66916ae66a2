package tls

import "testing"

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
