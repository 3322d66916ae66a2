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

// wider are the causes that hold another one, for when the packets do not tell more.
var wider = func() map[string][]string {
	m := map[string][]string{"no-suite-for-certificate": {"no-common-suite"}, "server-certificate-unavailable": {"server-configuration", "server-policy"}}
	for _, id := range []string{"issuer-not-trusted", "missing-intermediate", "self-signed", "name-mismatch", "certificate-expired", "certificate-not-yet-valid",
		"wrong-purpose", "constraints-violated", "critical-extension", "chain-order", "certificate-altered", "weak-certificate", "client-clock", "staple-refused"} {
		m[id] = []string{"certificate-refused"}
	}
	for _, id := range []string{"issuer-not-trusted", "missing-intermediate", "self-signed", "constraints-violated"} {
		m[id] = append(m[id], "chain-not-trusted")
	}
	m["proof-wrong"] = []string{"certificate-refused", "client-certificate-refused", "server-configuration"} // the last of a server that finds it out by itself
	m["certificate-altered"] = append(m["certificate-altered"], "proof-wrong")
	m["missing-intermediate"] = append(m["missing-intermediate"], "proof-wrong") // another one with its name
	for _, id := range []string{"client-certificate-untrusted", "client-certificate-expired"} {
		m[id] = []string{"client-certificate-refused"}
	}
	return m
}()

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
			found, outside := s.run(t)
			if len(found) == 0 || found[0].ID != s.cause && !slices.Contains(s.or, found[0].ID) {
				t.Errorf("want %s: %+v", s.cause, found)
			}
			if len(found) > 0 && len(found[0].Remedies) == 0 {
				t.Errorf("%s: nothing can be done", found[0].ID)
			}
			if len(outside) > 0 && outside[0].Confidence != explain.Possible && !slices.Contains(append(s.or, s.cause), outside[0].ID) && !slices.Contains(wider[s.cause], outside[0].ID) {
				t.Errorf("from the packets: %s (%s) for %q, and it is %s", outside[0].ID, outside[0].Confidence, outside[0].For, s.cause)
			}
		})
	}
}

// run gives the findings of our side, and of one who sees the packets.
func (s *inside) run(t *testing.T) (found, outside []explain.Finding) {
	records := make(chan *subject.Record, 10)
	config := &Config{ServerName: host, RootCAs: root().pool, OnHandshake: func(r *subject.Record) { records <- r }}
	if c := anyCert(s.cert); c != nil {
		config.Certificates = []stdtls.Certificate{c.std}
	}
	if s.change != nil {
		s.change(config)
	}
	if s.client.connect != nil {
		server := serve(t, config, func(c *Conn) error { _, err := io.Copy(io.Discard, c); return err })
		between := standBetween(t, server.address)
		said := s.client.connect(t, between.address)
		select {
		case r := <-records:
			if r.Failure == nil {
				t.Logf("the handshake was complete; the client says %s", said)
			}
			return r.Explain(), explain.Explain(between.story(t).Case())
		case <-time.After(patience):
			t.Fatalf("there is no record; the client says %s", said)
		}
	}
	address, _ := s.server.start(t)
	between := standBetween(t, address)
	raw, err := net.DialTimeout("tcp", between.address, patience)
	if err != nil {
		t.Fatal(err)
	}
	raw.SetDeadline(time.Now().Add(patience))
	conn := tlsClient(raw, config)
	if err = conn.Handshake(); err == nil { // what the server does not like it says only now
		_, err = conn.Read(make([]byte, 1))
		found = (<-records).ExplainError(err)
	} else {
		found = (<-records).Explain()
	}
	raw.Close()
	return found, explain.Explain(between.story(t).Case())
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
		{cause: "no-common-group", what: "FFDHE only", cert: "good", client: zooOpenSSL("-tls1_3", "-groups", "ffdhe2048")},
		{cause: "no-common-suite", what: "RC4 only", cert: "good", client: zooSays("raw", helloWith([]uint16{4, 5}, usualGroups, usualSchemes))},
		{cause: "no-common-suite", what: "PSK only", cert: "good", client: zooOpenSSL(only12, "-psk", "1a2b", "-cipher", "PSK")},
		{cause: "no-common-suite", what: "anonymous", cert: "good", client: zooSays("raw", helloWith([]uint16{0x34, 0xc018}, usualGroups))},
		{cause: "malformed-message", what: "max_fragment_length of 5", cert: "good", client: zooSays("raw", usualHello(ext(1, 5)))},
		{cause: "malformed-message", what: "an extension twice", cert: "good", client: zooSays("raw", usualHello(ext(23), ext(23)))},
		{cause: "malformed-message", what: "no null compression", cert: "good", client: zooSays("raw", rec(22, append([]byte{1, 0, 0, 41, 3, 3}, append(make([]byte, 32), 0, 0, 2, 0xc0, 0x2b, 1, 1)...)))},
		{cause: "malformed-message", what: "application data first", cert: "good", client: zooSays("raw", rec(23, []byte("hello")))},
		{cause: "port-probe", cert: "good", client: zooSaysAndGoes("a health check", false)},
		{cause: "port-probe", what: "with RST", cert: "good", client: zooSaysAndGoes("a health check", true)},
		{cause: "client-speaks-no-tls", what: "RDP", cert: "good", client: zooSays("RDP", "\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00\x00\x01\x00\x08\x00\x0b\x00\x00\x00")},
		{cause: "client-speaks-no-tls", what: "SIP", cert: "good", client: zooSays("SIP", "OPTIONS sip:nm SIP/2.0\r\n\r\n")},
		{cause: "client-speaks-no-tls", what: "SMTP", cert: "good", client: zooSays("SMTP", "EHLO mail.example\r\n")},
		{cause: "proxy-protocol-unexpected", cert: "good", client: zooSays("a load balancer", "PROXY TCP4 192.0.2.1 198.51.100.1 40000 443\r\n"+usualHello())},
		{cause: "proxy-protocol-unexpected", what: "version 2", cert: "good", client: zooSays("a load balancer", "\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\xc0\x00\x02\x01\xc6\x33\x64\x01\x9c\x40\x01\xbb"+usualHello())},
		{cause: "proxy-request-to-tls-port", cert: "good", client: zooSays("curl -x", "CONNECT example.com:443 HTTP/1.1\r\n\r\n")},
		{cause: "http-to-tls-port", what: "HTTP/2", cert: "good", client: zooSays("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")},
		{cause: "canceled", or: []string{"client-gave-up"}, what: "user_canceled", cert: "good", client: zooSays("raw", usualHello(), "\x15\x03\x03\x00\x02\x01\x5a\x15\x03\x03\x00\x02\x01\x00")},
		{cause: "proof-wrong", what: "the client's", cert: "good", change: require, client: zooGo(func(c *stdtls.Config) {
			c.GetClientCertificate = func(*stdtls.CertificateRequestInfo) (*stdtls.Certificate, error) {
				return &wildCerts()["badkey"].std, nil
			}
		})},
		{cause: "client-certificate-refused", what: "critical extension", cert: "good", change: require, client: zooGo(func(c *stdtls.Config) {
			c.GetClientCertificate = func(*stdtls.CertificateRequestInfo) (*stdtls.Certificate, error) {
				return &wildCerts()["critical"].std, nil
			}
		})},
		{cause: "proof-wrong", what: "our key is another", cert: "badkey", client: zooOpenSSL(), or: []string{"key-unusable", "server-certificate-unavailable"}},
		{cause: "client-clock", or: []string{"certificate-expired"}, cert: "good", client: zooOpenSSL("-attime", "4102444800")},
		{cause: "old-hello", or: []string{"no-common-version"}, what: "SSL 3.0", cert: "good", client: zooSays("raw", "\x16\x03\x00\x00\x2d\x01\x00\x00\x29\x03\x00"+"0123456789abcdef0123456789abcdef"+"\x00\x00\x02\x00\x05\x01\x00")},
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
		{"critical", "critical-extension", []zooClient{zooOpenSSL(), zooCurl(), zooGo(nil), zooGnuTLS(), zooPython("")}},
		{"deep", "constraints-violated", []zooClient{zooOpenSSL(), zooGo(nil), zooGnuTLS()}},
		{"notca", "constraints-violated", []zooClient{zooOpenSSL(), zooGo(nil), zooGnuTLS()}},
		{"narrow", "constraints-violated", []zooClient{zooOpenSSL(), zooGo(nil), zooGnuTLS()}},
		{"twin", "missing-intermediate", []zooClient{zooOpenSSL(), zooGo(nil), zooGnuTLS()}},
		{"altered", "certificate-altered", []zooClient{zooOpenSSL(), zooGo(nil)}},
		{"staple", "staple-refused", []zooClient{zooGnuTLS()}},
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
	showing := func(name string) func(*Config) {
		return func(c *Config) {
			c.GetClientCertificate = func(*stdtls.CertificateRequestInfo) (*stdtls.Certificate, error) { return &anyCert(name).std, nil }
		}
	}
	both := func(a, b func(*Config)) func(*Config) { return func(c *Config) { a(c); b(c) } }
	goServer := func(name string) zooServer {
		return zooServer{"Go", func(t *testing.T) (string, func() string) {
			return zooGoServer("", func(c *stdtls.Config) { c.Certificates = []stdtls.Certificate{anyCert(name).std} }).start(t)
		}}
	}
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
		{cause: "client-certificate-missing", what: "TLS 1.3", server: zooOpenSSLServer("good", require...)},
		{cause: "client-certificate-untrusted", what: "TLS 1.3", change: showing("unknown"), server: zooOpenSSLServer("good", require...)},
		{cause: "client-certificate-untrusted", what: "TLS 1.2", change: both(v12, showing("unknown")), server: zooOpenSSLServer("good", require...)},
		{cause: "client-certificate-expired", what: "TLS 1.3", change: showing("expired"), server: zooOpenSSLServer("good", require...)},
		{cause: "client-certificate-expired", what: "TLS 1.2", change: both(v12, showing("expired")), server: zooOpenSSLServer("good", require...)},
		{cause: "client-certificate-refused", what: "TLS 1.3", change: showing("servers"), server: zooOpenSSLServer("good", require...)},
		{cause: "server-speaks-no-tls", what: "SMTP", server: zooRawServer("SMTP", greets("220 mail.example ESMTP\r\n"))},
		{cause: "server-speaks-no-tls", what: "MySQL", server: zooRawServer("MySQL", greets("J\x00\x00\x00\x0a8.0.35\x00\x08\x00\x00\x00abcdefgh\x00"))},
		{cause: "server-failed", or: []string{"server-closed"}, what: "closes after its ServerHello", change: v12, server: zooRawServer("half", halfServer)},
		{cause: "server-configuration", server: zooGoServer("", func(c *stdtls.Config) {
			c.GetCertificate = func(*stdtls.ClientHelloInfo) (*stdtls.Certificate, error) { return nil, io.ErrUnexpectedEOF }
		})},
		{cause: "no-common-group", change: func(c *Config) {
			c.CurvePreferences = []subject.CurveID{subject.CurveP521}
			c.MinVersion = stdtls.VersionTLS13
		}, server: zooOpenSSLServer("good", "-groups", "X25519")},
		{cause: "no-common-version", what: "a server that ignores supported_versions", change: func(c *Config) { c.MinVersion = stdtls.VersionTLS13 }, server: zooRawServer("old", old12)},
		{cause: "renegotiation-unsafe", or: []string{"server-failed", "malformed-message", "server-closed"}, what: "an old server", change: v12, server: zooRawServer("half", halfServer)},
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
	for _, c := range []struct{ cert, cause string }{
		{"critical", "critical-extension"}, {"deep", "constraints-violated"}, {"notca", "constraints-violated"}, {"narrow", "constraints-violated"},
		{"swapped", "chain-order"}, {"twin", "missing-intermediate"}, {"altered", "certificate-altered"}, {"badkey", "proof-wrong"}, {"selfca", "self-signed"},
		{"certsign", "wrong-purpose"}, {"common", "name-mismatch"}, {"bare", "missing-intermediate"}, {"old", "certificate-expired"},
	} {
		all = append(all, inside{cause: c.cause, server: goServer(c.cert)})
	}
	return all
}
