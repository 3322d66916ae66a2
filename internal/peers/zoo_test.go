//go:build !peers_std

package peers

import (
	stdtls "crypto/tls"
	"fmt"
	"net"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/observe/explain"
)

// A specimen is a handshake of two strangers that fails for a cause that is known.
type specimen struct {
	cause  string   // the finding's id
	or     []string // others that are as true, where the packets do not tell more
	what   string
	server zooServer
	client zooClient
}

var (
	zooTLS12 = func(c *stdtls.Config) { c.MaxVersion = stdtls.VersionTLS12 }
	only12   = "-tls1_2"
)

// certificateSpecimens are the servers' certificates that clients refuse, each by
// all clients in both versions.
func certificateSpecimens() (all []specimen) {
	clients := []func(v12 bool) zooClient{
		func(v12 bool) zooClient { return zooOpenSSL(if12(v12, "-tls1_2", "-tls1_3")) },
		func(v12 bool) zooClient { return zooCurl("--tls-max", if12(v12, "1.2", "1.3")) },
		func(v12 bool) zooClient {
			if v12 {
				return zooGo(zooTLS12)
			}
			return zooGo(nil)
		},
		func(v12 bool) zooClient {
			return zooGnuTLS("--priority", if12(v12, "NORMAL:-VERS-ALL:+VERS-TLS1.2", "NORMAL:-VERS-ALL:+VERS-TLS1.3"))
		},
		func(v12 bool) zooClient { return zooNode(if12(v12, ",maxVersion:'TLSv1.2'", "")) },
		func(v12 bool) zooClient {
			return zooPython(if12(v12, "c.maximum_version=ssl.TLSVersion.TLSv1_2", ""))
		},
	}
	for _, c := range []struct{ cert, cause string }{
		{"unknown", "issuer-not-trusted"}, {"alone", "missing-intermediate"}, {"other", "name-mismatch"}, {"expired", "certificate-expired"},
		{"future", "certificate-not-yet-valid"}, {"self", "self-signed"}, {"clients", "wrong-purpose"},
	} {
		for _, v12 := range []bool{true, false} {
			for i, client := range clients {
				s := specimen{cause: c.cause, what: c.cert, server: zooOpenSSLServer(c.cert), client: client(v12)}
				if i%2 == 1 {
					s.server = zooGoServer(c.cert, nil)
				}
				if !v12 { // the certificate and, of most clients, the alert are encrypted
					s.or = []string{"certificate-refused"}
					if slices.Contains([]string{"issuer-not-trusted", "missing-intermediate", "self-signed"}, c.cause) {
						s.or = append(s.or, "chain-not-trusted") // unknown_ca says no more than that
					}
				} else if s.client.name == "Node.js" { // which says nothing at all
					s.or = []string{"certificate-refused"}
				}
				s.what += if12(v12, ", TLS 1.2", ", TLS 1.3")
				all = append(all, s)
			}
		}
	}
	return all
}

func if12(v12 bool, a, b string) string {
	if v12 {
		return a
	}
	return b
}

// otherSpecimens are all that is not about the server's certificate.
func otherSpecimens() []specimen {
	require := []string{"-Verify", "1", "-verify_return_error", "-CAfile", root().file}
	requireGo := func(c *stdtls.Config) { c.ClientAuth, c.ClientCAs = stdtls.RequireAndVerifyClientCert, root().pool }
	show := func(name string) []string {
		return []string{"-cert", zooCerts()[name].chain, "-key", zooCerts()[name].key, "-cert_chain", zooCerts()[name].chain}
	}
	curlShow := func(name string) []string {
		return []string{"--cert", zooCerts()[name].chain, "--key", zooCerts()[name].key}
	}
	return []specimen{
		{"no-common-version", nil, "old client", zooOpenSSLServer("good", "-tls1_3"), zooOpenSSL(only12)},
		{"no-common-version", nil, "old client", zooGoServer("good", nil), zooOpenSSL("-tls1_1", "-cipher", "DEFAULT:@SECLEVEL=0")},
		{"no-common-version", nil, "old client", zooNginx("good", "ssl_protocols TLSv1.3;"), zooCurl("--tls-max", "1.2")},
		{"no-common-version", nil, "old server", zooOpenSSLServer("rsa", "-tls1_2"), zooGo(func(c *stdtls.Config) { c.MinVersion = stdtls.VersionTLS13 })},
		{"no-common-suite", nil, "", zooOpenSSLServer("rsa", "-tls1_2", "-cipher", "ECDHE-RSA-AES256-GCM-SHA384"), zooOpenSSL(only12, "-cipher", "ECDHE-RSA-AES128-SHA")},
		{"no-common-suite", nil, "", zooGoServer("rsa", zooTLS12), zooOpenSSL(only12, "-cipher", "AES256-SHA256")},
		{"no-common-suite", nil, "", zooNginx("rsa", "ssl_protocols TLSv1.2; ssl_ciphers ECDHE-RSA-CHACHA20-POLY1305;"), zooCurl("--tls-max", "1.2", "--ciphers", "ECDHE-RSA-AES256-GCM-SHA384")},
		{"no-common-suite", nil, "TLS 1.3", zooOpenSSLServer("good", "-tls1_3", "-ciphersuites", "TLS_AES_256_GCM_SHA384"), zooOpenSSL("-tls1_3", "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256")},
		{"no-suite-for-certificate", []string{"no-common-suite"}, "RSA certificate", zooOpenSSLServer("rsa", "-tls1_2"), zooOpenSSL(only12, "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384")},
		{"no-suite-for-certificate", []string{"no-common-suite"}, "ECDSA certificate", zooGoServer("good", nil), zooOpenSSL(only12, "-cipher", "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384")},
		{"no-common-group", nil, "TLS 1.3", zooOpenSSLServer("good", "-tls1_3", "-groups", "P-384"), zooOpenSSL("-tls1_3", "-groups", "X25519")},
		{"no-common-group", nil, "TLS 1.3", zooGoServer("good", func(c *stdtls.Config) { c.CurvePreferences = []stdtls.CurveID{stdtls.CurveP256} }), zooOpenSSL("-tls1_3", "-groups", "P-521")},
		{"no-common-group", []string{"no-common-suite"}, "TLS 1.2", zooGoServer("good", func(c *stdtls.Config) { c.CurvePreferences = []stdtls.CurveID{stdtls.X25519} }), zooOpenSSL(only12, "-groups", "P-521")},
		{"no-common-scheme", nil, "", zooOpenSSLServer("good", "-tls1_3"), zooOpenSSL("-tls1_3", "-sigalgs", "RSA-PSS+SHA256")},
		{"no-common-scheme", []string{"no-common-suite", "no-suite-for-certificate"}, "TLS 1.2", zooGoServer("rsa", nil), zooOpenSSL(only12, "-sigalgs", "ECDSA+SHA256")},
		{"no-common-alpn", nil, "", zooGoServer("good", func(c *stdtls.Config) { c.NextProtos = []string{"h2"} }), zooOpenSSL("-alpn", "imap")},
		{"no-common-alpn", nil, "", zooOpenSSLServer("good", "-alpn", "h2"), zooOpenSSL("-alpn", "imap")},
		{"http-to-tls-port", nil, "", zooOpenSSLServer("good"), zooRawClient("plain HTTP", "GET / HTTP/1.0\r\n\r\n")},
		{"http-to-tls-port", nil, "", zooGoServer("good", nil), zooRawClient("plain HTTP", "POST / HTTP/1.1\r\nHost: localhost\r\n\r\n")},
		{"http-to-tls-port", nil, "", zooNginx("good", ""), zooRawClient("plain HTTP", "GET / HTTP/1.0\r\n\r\n")},
		{"server-speaks-no-tls", nil, "HTTP", zooRawServer("plain HTTP", answers("HTTP/1.1 400 Bad Request\r\n\r\n")), zooOpenSSL()},
		{"server-speaks-no-tls", nil, "HTTP", zooRawServer("plain HTTP", answers("HTTP/1.1 400 Bad Request\r\n\r\n")), zooCurl()},
		{"server-speaks-no-tls", nil, "HTTP", zooRawServer("plain HTTP", answers("HTTP/1.1 400 Bad Request\r\n\r\n")), zooGo(nil)},
		{"server-speaks-no-tls", nil, "SSH", zooRawServer("SSH", greets("SSH-2.0-OpenSSH_9.2\r\n")), zooGnuTLS()},
		{"server-speaks-no-tls", nil, "SMTP", zooRawServer("SMTP", greets("220 mail.example ESMTP\r\n")), zooPython("")},
		{"reset-after-hello", nil, "", zooRawServer("resets", resets), zooCurl()},
		{"reset-after-hello", nil, "", zooRawServer("resets", resets), zooGo(nil)},
		{"reset-after-hello", nil, "", zooRawServer("resets", resets), zooOpenSSL()},
		{"closed-after-hello", nil, "", zooRawServer("closes", closes), zooOpenSSL()},
		{"closed-after-hello", nil, "", zooRawServer("closes", closes), zooPython("")},
		{"closed-after-hello", nil, "", zooRawServer("closes", closes), zooGnuTLS()},
		{"closed-after-hello", nil, "", zooRawServer("closes", closes), zooNode("")},
		{"closed-after-hello", nil, "", zooRawServer("closes", closes), zooCurl()},
		{"connection-refused", nil, "", zooServer{"nothing", func(t *testing.T) (string, func() string) {
			return "127.0.0.1:" + freePort(t), func() string { return "" }
		}}, zooCurl()},
		{"unrecognized-name", nil, "", zooNginx("good", "ssl_reject_handshake on;"), zooCurl()},
		{"unrecognized-name", nil, "", zooOpenSSLServer("good", "-servername", "other.example", "-servername_fatal", "-cert2", zooCerts()["other"].chain, "-key2", zooCerts()["other"].key), zooOpenSSL()},
		{"server-configuration", nil, "", zooGoServer("", func(c *stdtls.Config) {
			c.GetCertificate = func(*stdtls.ClientHelloInfo) (*stdtls.Certificate, error) {
				return nil, fmt.Errorf("no certificate for the name")
			}
		}), zooCurl()},
		{"client-certificate-missing", nil, "TLS 1.2", zooOpenSSLServer("good", require...), zooOpenSSL(only12)},
		{"client-certificate-missing", nil, "TLS 1.2", zooGoServer("good", requireGo), zooCurl("--tls-max", "1.2")},
		{"client-certificate-missing", nil, "TLS 1.3", zooOpenSSLServer("good", require...), zooCurl()},
		{"client-certificate-missing", nil, "TLS 1.3", zooGoServer("good", requireGo), zooGo(nil)},
		{"client-certificate-missing", nil, "TLS 1.3", zooGoServer("good", requireGo), zooOpenSSL()},
		{"client-certificate-untrusted", nil, "TLS 1.2", zooOpenSSLServer("good", require...), zooOpenSSL(append(show("unknown"), only12)...)},
		{"client-certificate-untrusted", nil, "TLS 1.2", zooGoServer("good", requireGo), zooCurl(append(curlShow("unknown"), "--tls-max", "1.2")...)},
		{"client-certificate-untrusted", []string{"client-certificate-refused"}, "TLS 1.3", zooGoServer("good", requireGo), zooCurl(curlShow("unknown")...)},
		{"client-certificate-expired", nil, "TLS 1.2", zooOpenSSLServer("good", require...), zooOpenSSL(append(show("expired"), only12)...)},
		{"client-certificate-expired", nil, "TLS 1.2", zooGoServer("good", requireGo), zooOpenSSL(append(show("expired"), only12)...)},
		{"client-certificate-expired", []string{"client-certificate-refused"}, "TLS 1.3", zooOpenSSLServer("good", require...), zooOpenSSL(show("expired")...)},
		{"client-certificate-refused", nil, "wrong purpose, TLS 1.2", zooOpenSSLServer("good", require...), zooOpenSSL(append(show("servers"), only12)...)},
		{"client-certificate-refused", nil, "wrong purpose, TLS 1.2", zooGoServer("good", requireGo), zooOpenSSL(append(show("servers"), only12)...)},
		{"weak-dh", nil, "", zooWeakDH(), zooOpenSSL(only12)},
		{"fallback", nil, "", zooOpenSSLServer("good"), zooOpenSSL(only12, "-fallback_scsv")},
		{"old-hello", nil, "SSL 2.0", zooGoServer("good", nil), zooRawClient("SSL 2.0", ssl2Hello)},
		{"malformed-message", nil, "length", zooGoServer("good", nil), zooRawClient("raw bytes", "\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03")},
		{"malformed-message", nil, "not a hello", zooOpenSSLServer("good"), zooRawClient("raw bytes", "\x16\x03\x01\x00\x04\x02\x00\x00\x00")},
		{"renegotiation-refused", nil, "", zooGoServer("good", zooTLS12), renegotiating()},
		{"certificate-expired", nil, "the intermediate one", zooOpenSSLServer("old"), zooOpenSSL(only12)},
		{"certificate-expired", nil, "the intermediate one", zooOpenSSLServer("old"), zooGo(zooTLS12)},
		{"constraints-violated", nil, "", zooOpenSSLServer("narrow"), zooOpenSSL(only12)},
		{"constraints-violated", nil, "", zooOpenSSLServer("narrow"), zooGo(zooTLS12)},
		{"weak-certificate", nil, "", zooGoServer("weak", zooTLS12), zooOpenSSL(only12)},
		{"weak-certificate", nil, "", zooGoServer("weak", zooTLS12), zooCurl("--tls-max", "1.2")},
		{"proxy-protocol-unexpected", nil, "", zooOpenSSLServer("good"), zooRawClient("a load balancer", "PROXY TCP4 192.0.2.1 198.51.100.1 40000 443\r\n"+tls12Hello)},
		{"proxy-protocol-unexpected", nil, "", zooGoServer("good", nil), zooRawClient("a load balancer", "PROXY TCP4 192.0.2.1 198.51.100.1 40000 443\r\n"+tls12Hello)},
		{"proxy-refused", nil, "", zooRawServer("a proxy", answers("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")), zooRawClient("a client of the proxy", "CONNECT www.example.com:443 HTTP/1.1\r\n\r\n")},
		{"server-silent", nil, "", zooRawServer("says nothing", func(c *net.TCPConn) { time.Sleep(4 * time.Second) }), zooCurl("--max-time", "2")},
		{"name-mismatch", nil, "an address", zooOpenSSLServer("other"), zooByAddress()},
	}
}

func answers(text string) func(*net.TCPConn) {
	return func(c *net.TCPConn) {
		b := make([]byte, 4096)
		c.Read(b)
		c.Write([]byte(text))
	}
}

func greets(text string) func(*net.TCPConn) {
	return func(c *net.TCPConn) {
		c.Write([]byte(text))
		b := make([]byte, 4096)
		c.Read(b)
	}
}

func resets(c *net.TCPConn) {
	b := make([]byte, 4096)
	c.Read(b)
	c.SetLinger(0)
}

func closes(c *net.TCPConn) {
	b := make([]byte, 4096)
	c.Read(b)
	c.CloseWrite()
	c.Read(b)
}

// tls12Hello is a ClientHello of TLS 1.2.
const tls12Hello = "\x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x03" + "0123456789abcdef0123456789abcdef" + "\x00\x00\x02\xc0\x2b\x01\x00"

// zooByAddress is a client of Go that connects to an address and not to a name.
func zooByAddress() zooClient {
	return zooGo(func(c *stdtls.Config) { c.MaxVersion, c.ServerName = stdtls.VersionTLS12, "127.0.0.1" })
}

// ssl2Hello is the CLIENT-HELLO of a client that knows nothing newer.
const ssl2Hello = "\x80\x1f\x01\x00\x02\x00\x06\x00\x00\x00\x10" + "\x01\x00\x80\x07\x00\xc0" + "0123456789abcdef"

// renegotiating is s_client, which wants to renegotiate.
func renegotiating() zooClient {
	return zooClient{"OpenSSL", func(t *testing.T, address string) string {
		p := start(t, "openssl", "s_client", "-connect", address, "-servername", host, "-tls1_2", "-CAfile", root().file)
		p.expect(`Verify return code`)
		p.send("R\n")
		p.wait()
		return p.said()
	}}
}

// A sighting is how a specimen showed.
type sighting struct {
	of             specimen
	server, client string // what they printed
	found          []explain.Finding
	seen           *explain.Case
}

// TestZoo has strangers fail for causes that are known, and explains what was
// captured between them. The first cause has to be the true one in nine of ten, and
// no wrong one may be called likely or known. HANDSEL_ZOO=write writes docs/zoo.md.
func TestZoo(t *testing.T) {
	for _, program := range []string{"openssl", "curl", "gnutls-cli", "nginx", "node", "python3"} {
		need(t, program)
	}
	specimens := append(append(certificateSpecimens(), otherSpecimens()...), platformSpecimens(startJDK(t))...)
	if testing.Short() {
		specimens = slices.DeleteFunc(specimens, func(s specimen) bool { return s.client.name == "Python" || s.client.name == "Node.js" })
	}
	seen := judgeAll(t, specimens)
	if os.Getenv("HANDSEL_ZOO") == "write" {
		if err := os.WriteFile("../../docs/zoo.md", []byte(zooPage(seen)), 0o644); err != nil {
			t.Error(err)
		}
	}
}

// judgeAll runs specimens, and fails unless the true cause comes first in nine of ten
// and none is wrong with confidence.
func judgeAll(t *testing.T, specimens []specimen) []sighting {
	seen := make([]sighting, len(specimens))
	t.Run("specimens", func(t *testing.T) {
		for i, s := range specimens {
			t.Run(s.String(), func(t *testing.T) {
				t.Parallel()
				seen[i] = s.see(t)
			})
		}
	})
	seen = slices.DeleteFunc(seen, func(s sighting) bool { return s.seen == nil }) // it was not run, or has failed
	right, exactly := 0, 0
	for _, s := range seen {
		switch verdict := s.judge(); verdict {
		case "right":
			right++
			if len(s.found) > 0 && s.found[0].ID == s.of.cause {
				exactly++
			}
		case "wrong":
			t.Errorf("%v: a confident wrong answer\n%s", s.of, s.tell())
		default:
			t.Logf("%v: %s\n%s", s.of, verdict, s.tell())
		}
	}
	t.Logf("%d of %d right, %d of them to the very cause", right, len(seen), exactly)
	if right*10 < len(seen)*9 {
		t.Errorf("the true cause comes first in %d of %d", right, len(seen))
	}
	return seen
}

func (s specimen) String() string {
	return strings.ReplaceAll(strings.TrimSuffix(s.cause+", "+s.what, ", ")+", "+s.client.name+" to "+s.server.name, "/", "-")
}

// see runs it.
func (s specimen) see(t *testing.T) sighting {
	address, heard := s.server.start(t)
	r := standBetween(t, address)
	said := s.client.connect(t, r.address)
	story := r.story(t)
	time.Sleep(20 * time.Millisecond) // for what the server prints at the end
	seen := story.Case()
	return sighting{s, heard(), said, explain.Explain(seen), seen}
}

// judge says whether the first finding is right; a wrong one is not so bad if it
// was only called possible.
func (s *sighting) judge() string {
	if len(s.found) == 0 {
		return "nothing found"
	}
	f := &s.found[0]
	switch {
	case f.ID == s.of.cause || slices.Contains(s.of.or, f.ID):
		return "right"
	case f.Confidence == explain.Possible:
		return "only possible"
	}
	return "wrong"
}

func (s *sighting) tell() string {
	var b strings.Builder
	for i := range s.found {
		f := &s.found[i]
		fmt.Fprintf(&b, "    %s [%s] %s for %q\n", f.Confidence, f.ID, f.Cause, f.For)
	}
	if len(s.found) == 0 {
		fmt.Fprintf(&b, "    ended %+v, complete %v, %v\n", s.seen.Ended, s.seen.Complete, s.seen.Version)
		for _, m := range s.seen.Said {
			fmt.Fprintf(&b, "    %v: %v %s %s encrypted %v short %v %v\n", m.From, m.Content, m.Name, m.Alert, m.Encrypted, m.Short, m.Lengths)
		}
	}
	fmt.Fprintf(&b, "    client: %s\n    server: %s\n", keyLine(s.client), keyLine(s.server))
	return b.String()
}

var (
	telling  = regexp.MustCompile(`(?i)error|alert|fail|refused|reset|\beof\b|empty reply|http request|verify|mismatch|not valid|terminated|trusted|expired|closed`)
	variable = regexp.MustCompile(`127\.0\.0\.1:\d+|localhost:\d+|port \d+|[0-9A-F]{12,}|0x[0-9a-f]+|\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(Z|\.\d+)?|\d+#\d+: (\*\d+ )?`)
)

// keyLine gives the line that says most of what a program printed, without what
// changes with each run.
func keyLine(said string) string {
	best := ""
	for _, line := range strings.Split(said, "\n") {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "curl: (") {
			best = line
			break
		}
		if telling.MatchString(line) && !strings.HasPrefix(line, "(exit") && (best == "" || !strings.Contains(line, "Verify return code")) {
			best = line
		}
	}
	best = variable.ReplaceAllStringFunc(best, func(s string) string {
		if strings.Contains(s, ":") && strings.HasPrefix(s, "127") || strings.HasPrefix(s, "localhost") {
			return host
		}
		return "..."
	})
	if len(best) > 220 {
		best = best[:220] + "..."
	}
	return best
}

// zooPage tells side by side what others print and what Handsel says.
func zooPage(seen []sighting) string {
	var b strings.Builder
	b.WriteString(`# The zoo: what others print, and what Handsel says

Each row is a handshake of two strangers that fails for a known cause. Handsel sees the packets between them, without keys.
"Known" was seen to be so, "likely" was inferred, "possible" is one of several. Of TLS 1.3 the packets show neither the
certificates nor most alerts: there **certificate-refused** and **chain-not-trusted** are all that can be known. This page is written by a run of the test:
` + "`HANDSEL_ZOO=write go test ./internal/peers -run TestZoo`" + `.

| true cause | client, and what it prints | server, and what it prints | Handsel, from the packets |
|---|---|---|---|
`)
	cell := func(s string) string {
		s = strings.ReplaceAll(strings.ReplaceAll(s, "|", "\\|"), "`", "'")
		if s == "" {
			return "(nothing)"
		}
		return "`" + s + "`"
	}
	for _, s := range seen {
		says := "(nothing)"
		if len(s.found) > 0 {
			f := &s.found[0]
			says = fmt.Sprintf("**%s** (%s): %s", f.ID, f.Confidence, f.Cause)
		}
		fmt.Fprintf(&b, "| %s | %s: %s | %s: %s | %s |\n", strings.TrimSuffix(s.of.cause+", "+s.of.what, ", "), s.of.client.name, cell(keyLine(s.client)), s.of.server.name, cell(keyLine(s.server)), says)
	}
	return b.String()
}
