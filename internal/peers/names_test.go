package peers

import (
	stdtls "crypto/tls"
	"sync"
	"testing"
)

// TestALPNServer negotiates an application protocol with servers of others.
func TestALPNServer(t *testing.T) {
	for _, test := range []struct {
		peer peer
		more []string
	}{
		{openssl{}, []string{"-alpn", "two,one"}},
		{gnutls{}, []string{"--alpn", "two", "--alpn", "one"}},
	} {
		for _, version := range bothVersions {
			t.Run(test.peer.name()+"/"+versionName(version), func(t *testing.T) {
				t.Parallel()
				address, say, hear := test.peer.serve(t, setup{
					version: version, id: identities()["P-256"], more: test.more,
				})
				config := clientConfig(version)
				config.NextProtos = []string{"three", "one"}
				conn := dial(t, address, config)
				converse(t, conn, say, hear)
				if got := conn.ConnectionState().NegotiatedProtocol; got != "one" {
					t.Errorf("the protocol is %q, want one", got)
				}
			})
		}
	}
	t.Run("GnuTLS/none in common", func(t *testing.T) {
		t.Parallel()
		_, address := gnutls{}.server(t, setup{
			id: identities()["P-256"], more: []string{"--alpn", "two", "--alpn-fatal"},
		})
		config := clientConfig(0)
		config.NextProtos = []string{"three"}
		_, err := tryDial(t, address, config)
		wantError(t, err, "no application protocol")
	})
}

// TestALPNClient negotiates an application protocol with clients of others.
func TestALPNClient(t *testing.T) {
	for _, test := range []struct {
		peer peer
		more []string
	}{
		{openssl{}, []string{"-alpn", "two,one"}},
		{gnutls{}, []string{"--alpn", "two", "--alpn", "one"}},
	} {
		for _, version := range bothVersions {
			t.Run(test.peer.name()+"/"+versionName(version), func(t *testing.T) {
				t.Parallel()
				config := serverConfig(version, identities()["P-256"])
				config.NextProtos = []string{"three", "one", "two"} // the server's order counts
				server := serve(t, config, nil)
				test.peer.connect(t, setup{version: version, more: test.more}, server.address)
				if got := server.next(t).state.NegotiatedProtocol; got != "one" {
					t.Errorf("the protocol is %q, want one", got)
				}
			})
		}
	}
	t.Run("OpenSSL/none in common", func(t *testing.T) {
		t.Parallel()
		config := serverConfig(0, identities()["P-256"])
		config.NextProtos = []string{"three"}
		server := serve(t, config, nil)
		p := openssl{}.client(t, setup{more: []string{"-alpn", "two"}}, server.address)
		p.expect("no application protocol")
	})
}

// names are identities of servers that have one name each.
var names = sync.OnceValue(func() map[string]*identity {
	return map[string]*identity{
		"one.test": root().issue("one", "P-256", "one.test"),
		"two.test": root().issue("two", "P-256", "two.test"),
	}
})

// TestServerNameClient has clients of others ask for a name. They verify that
// the certificate is for it.
func TestServerNameClient(t *testing.T) {
	for _, p := range []peer{standard{}, openssl{}, gnutls{}} { // the database of NSS is full by now
		for _, version := range bothVersions {
			for name := range names() {
				t.Run(p.name()+"/"+versionName(version)+"/"+name, func(t *testing.T) {
					t.Parallel()
					config := serverConfig(version, names()["one.test"], names()["two.test"])
					server := serve(t, config, nil)
					p.connect(t, setup{version: version, name: name}, server.address)
					if got := server.next(t).state.ServerName; got != name {
						t.Errorf("ServerName is %q, want %q", got, name)
					}
				})
			}
		}
	}
	t.Run("OpenSSL/no name", func(t *testing.T) {
		t.Parallel()
		server := serve(t, serverConfig(0, names()["two.test"], names()["one.test"]), nil)
		p := openssl{}.client(t, setup{
			more: []string{"-noservername", "-verify_hostname", "two.test"}, // the first certificate
		}, server.address)
		conversation(t, p)
		if got := server.next(t).state.ServerName; got != "" {
			t.Errorf("ServerName is %q", got)
		}
	})
}

// TestServerNameServer asks servers of others for a name and verifies that the
// certificate is for it.
func TestServerNameServer(t *testing.T) {
	for _, test := range []struct {
		peer peer
		more func() []string // gives it two.test as well
	}{
		{openssl{}, func() []string {
			two := names()["two.test"]
			return []string{"-servername", "two.test", "-cert2", two.certFile, "-key2", two.keyFile}
		}},
		{gnutls{}, func() []string {
			two := names()["two.test"]
			return []string{"--x509certfile", two.certFile, "--x509keyfile", two.keyFile}
		}},
	} {
		for _, version := range bothVersions {
			t.Run(test.peer.name()+"/"+versionName(version), func(t *testing.T) {
				t.Parallel()
				address, say, hear := test.peer.serve(t, setup{
					version: version, id: names()["one.test"], more: test.more(),
				})
				for name, id := range names() {
					config := clientConfig(version)
					config.ServerName = name
					conn := dial(t, address, config)
					converse(t, conn, say, hear)
					if !conn.ConnectionState().PeerCertificates[0].Equal(id.certificate.Leaf) {
						t.Errorf("the certificate is not that of %s", name)
					}
					conn.Close()
				}
			})
		}
	}
}

// unknownAuthority is how unknown_ca reads.
const unknownAuthority = "unknown (certificate )?(authority|ca)"

// TestServerNotTrusted meets servers whose certificate is not to be trusted, and
// has clients of others meet ours. Whoever refuses must say why to the other.
func TestServerNotTrusted(t *testing.T) {
	for _, version := range bothVersions {
		t.Run("server/"+versionName(version)+"/authority", func(t *testing.T) {
			t.Parallel()
			p, address := openssl{}.server(t, setup{version: version, id: strangeServer()})
			_, err := tryDial(t, address, clientConfig(version))
			wantError(t, err, unknownAuthority)
			p.expect("alert (unknown ca|bad certificate)")
		})
		t.Run("server/"+versionName(version)+"/name", func(t *testing.T) {
			t.Parallel()
			p, address := openssl{}.server(t, setup{version: version, id: names()["one.test"]})
			_, err := tryDial(t, address, clientConfig(version))
			wantError(t, err, "not "+host)
			p.expect("alert bad certificate")
		})
		t.Run("client/"+versionName(version)+"/authority", func(t *testing.T) {
			t.Parallel()
			if version == stdtls.VersionTLS13 {
				skipLacking(t, plainAlert)
			}
			server := serve(t, serverConfig(version, strangeServer()), nil)
			openssl{}.client(t, setup{version: version}, server.address)
			wantError(t, server.outcome(t).handshake, unknownAuthority)
		})
	}
}
