//go:build !peers_std

package peers

import (
	stdtls "crypto/tls"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/observe/explain"
	subject "github.com/handsel-tls/handsel/tls"
)

// An inside is a failure that one end of ours explains from its own record.
type inside struct {
	cause  string
	or     []string
	what   string
	change func(*Config) // of our side; nil: as it is by itself
	cert   string        // of our server
	server zooServer     // of others; or:
	client zooClient     // of others
}

// TestZooInside has our server meet wrong clients, and our client wrong servers:
// from inside, every cause has to be the true one.
func TestZooInside(t *testing.T) {
	for _, program := range []string{"openssl", "curl", "gnutls-cli", "node", "python3"} {
		need(t, program)
	}
	for _, s := range append(insideServer(), insideClient()...) {
		name := s.cause + ", " + s.what
		if s.client.connect != nil {
			name += ", " + s.client.name + " to our server"
		} else {
			name += ", our client to " + s.server.name
		}
		t.Run(strings.ReplaceAll(name, "/", "-"), func(t *testing.T) {
			t.Parallel()
			found := s.run(t)
			if len(found) == 0 || found[0].ID != s.cause && !slices.Contains(s.or, found[0].ID) {
				t.Errorf("want %s: %+v", s.cause, found)
			}
		})
	}
}

// run gives the findings of our side.
func (s *inside) run(t *testing.T) []explain.Finding {
	records := make(chan *subject.Record, 10)
	config := &Config{ServerName: host, RootCAs: root().pool, OnHandshake: func(r *subject.Record) { records <- r }}
	if c := zooCerts()[s.cert]; c != nil {
		config.Certificates = []stdtls.Certificate{c.std}
	}
	if s.change != nil {
		s.change(config)
	}
	if s.client.connect != nil {
		server := serve(t, config, func(c *Conn) error { _, err := io.Copy(io.Discard, c); return err })
		said := s.client.connect(t, server.address)
		select {
		case r := <-records:
			if r.Failure == nil {
				t.Logf("the handshake was complete; the client says %s", said)
				return nil
			}
			return r.Explain()
		case <-time.After(patience):
			t.Fatalf("there is no record; the client says %s", said)
		}
	}
	address, _ := s.server.start(t)
	raw, err := net.DialTimeout("tcp", address, patience)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	raw.SetDeadline(time.Now().Add(patience))
	conn := tlsClient(raw, config)
	if conn.Handshake() == nil {
		t.Fatal("the handshake was complete")
	}
	return (<-records).Explain()
}

func insideServer() []inside {
	require := func(c *Config) { c.ClientAuth, c.ClientCAs = stdtls.RequireAndVerifyClientCert, root().pool }
	show := func(name string) []string {
		return []string{"-cert", zooCerts()[name].chain, "-key", zooCerts()[name].key}
	}
	all := []inside{
		{cause: "no-common-version", cert: "good", client: zooOpenSSL("-tls1_1", "-cipher", "DEFAULT:@SECLEVEL=0")},
		{cause: "no-common-suite", cert: "rsa", client: zooOpenSSL(only12, "-cipher", "AES128-SHA")},
		{cause: "no-suite-for-certificate", cert: "good", client: zooOpenSSL(only12, "-cipher", "ECDHE-RSA-AES128-GCM-SHA256")},
		{cause: "no-suite-for-certificate", cert: "rsa", client: zooGnuTLS("--priority", "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+ECDHE-ECDSA")},
		{cause: "no-common-group", cert: "good", client: zooOpenSSL("-tls1_3", "-groups", "X448")},
		{cause: "no-common-scheme", cert: "good", client: zooOpenSSL("-tls1_3", "-sigalgs", "RSA-PSS+SHA256")},
		{cause: "no-common-alpn", cert: "good", change: func(c *Config) { c.NextProtos = []string{"h2"} }, client: zooOpenSSL("-alpn", "imap")},
		{cause: "http-to-tls-port", cert: "good", client: zooRawClient("plain HTTP", "GET / HTTP/1.0\r\n\r\n")},
		{cause: "client-speaks-no-tls", cert: "good", client: zooRawClient("SSH", "SSH-2.0-OpenSSH_9.2\r\n")},
		{cause: "old-hello", cert: "good", client: zooRawClient("SSL 2.0", ssl2Hello)},
		{cause: "malformed-message", cert: "good", client: zooRawClient("raw bytes", "\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03")},
		{cause: "fallback", cert: "good", client: zooOpenSSL(only12, "-fallback_scsv")},
		{cause: "client-certificate-missing", what: "TLS 1.2", cert: "good", change: require, client: zooOpenSSL(only12)},
		{cause: "client-certificate-missing", what: "TLS 1.3", cert: "good", change: require, client: zooCurl()},
		{cause: "client-certificate-untrusted", what: "TLS 1.2", cert: "good", change: require, client: zooOpenSSL(append(show("unknown"), only12)...)},
		{cause: "client-certificate-untrusted", what: "TLS 1.3", cert: "good", change: require, client: zooOpenSSL(show("self")...)},
		{cause: "client-certificate-expired", what: "TLS 1.3", cert: "good", change: require, client: zooOpenSSL(append(show("expired"), "-cert_chain", zooCerts()["expired"].rest)...)},
		{cause: "client-certificate-refused", what: "wrong purpose", cert: "good", change: require, client: zooOpenSSL(append(show("servers"), "-cert_chain", zooCerts()["servers"].rest)...)},
		{cause: "server-certificate-unavailable", client: zooCurl()},
	}
	// What clients say of our certificate: from inside the chain is known, and the
	// alert is read whether it was encrypted or not.
	for _, c := range []struct {
		cert, cause string
		clients     []zooClient
	}{
		{"unknown", "issuer-not-trusted", []zooClient{zooOpenSSL(), zooCurl(), zooGo(nil), zooGnuTLS(), zooPython("")}},
		{"alone", "missing-intermediate", []zooClient{zooOpenSSL(), zooCurl(), zooGo(nil), zooGnuTLS(), zooPython("")}},
		{"other", "name-mismatch", []zooClient{zooOpenSSL(), zooGo(nil), zooGnuTLS(), zooPython("")}},
		{"expired", "certificate-expired", []zooClient{zooOpenSSL(), zooCurl(), zooGo(nil), zooGnuTLS(), zooPython("")}},
		{"future", "certificate-not-yet-valid", []zooClient{zooOpenSSL(), zooCurl(), zooGo(nil), zooGnuTLS(), zooPython("")}},
		{"self", "self-signed", []zooClient{zooOpenSSL(), zooCurl(), zooGo(nil), zooGnuTLS(), zooPython("")}},
		{"clients", "wrong-purpose", []zooClient{zooOpenSSL(), zooCurl(), zooGo(nil), zooGnuTLS(), zooPython("")}},
	} {
		for _, client := range c.clients {
			all = append(all, inside{cause: c.cause, cert: c.cert, client: client})
		}
	}
	return all
}

func insideClient() []inside {
	v12 := func(c *Config) { c.MaxVersion = stdtls.VersionTLS12 }
	require := []string{"-Verify", "1", "-verify_return_error", "-CAfile", root().file}
	all := []inside{
		{cause: "no-common-version", change: v12, server: zooOpenSSLServer("good", "-tls1_3")},
		{cause: "no-common-version", what: "old server", change: func(c *Config) { c.MinVersion = stdtls.VersionTLS13 }, server: zooOpenSSLServer("good", "-tls1_2")},
		{cause: "no-common-suite", change: func(c *Config) {
			c.MaxVersion, c.CipherSuites = stdtls.VersionTLS12, []uint16{stdtls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}
		}, or: []string{"no-suite-for-certificate"}, server: zooOpenSSLServer("rsa", "-tls1_2")},
		{cause: "no-common-alpn", change: func(c *Config) { c.NextProtos = []string{"imap"} }, server: zooOpenSSLServer("good", "-alpn", "h2")},
		{cause: "server-speaks-no-tls", what: "HTTP", server: zooRawServer("plain HTTP", answers("HTTP/1.1 400 Bad Request\r\n\r\n"))},
		{cause: "server-speaks-no-tls", what: "SSH", server: zooRawServer("SSH", greets("SSH-2.0-OpenSSH_9.2\r\n"))},
		{cause: "reset-after-hello", server: zooRawServer("resets", resets)},
		{cause: "closed-after-hello", server: zooRawServer("closes", closes)},
		{cause: "unrecognized-name", server: zooNginx("good", "ssl_reject_handshake on;")},
		{cause: "client-certificate-missing", what: "TLS 1.2", change: v12, server: zooOpenSSLServer("good", require...)},
		{cause: "weak-dh", change: func(c *Config) {
			c.Policy, c.MaxVersion, c.CurvePreferences = "compatible", stdtls.VersionTLS12, []subject.CurveID{subject.X25519} // no groups of RFC 7919
		}, server: zooWeakDH()},
	}
	for _, c := range []struct{ cert, cause string }{
		{"unknown", "issuer-not-trusted"}, {"alone", "missing-intermediate"}, {"other", "name-mismatch"}, {"expired", "certificate-expired"},
		{"future", "certificate-not-yet-valid"}, {"self", "self-signed"}, {"clients", "wrong-purpose"},
	} {
		all = append(all, inside{cause: c.cause, server: zooOpenSSLServer(c.cert)})
	}
	return all
}
