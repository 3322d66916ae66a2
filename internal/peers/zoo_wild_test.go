//go:build !peers_std

package peers

import (
	stdtls "crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"
)

// wildCerts are certificates with mistakes that are on no list of common ones.
var wildCerts = sync.OnceValue(func() map[string]*zooCert {
	all := map[string]*zooCert{}
	signs := func(name string, change func(*x509.Certificate), by *x509.Certificate, key *zooIssued) *zooIssued {
		c := &x509.Certificate{Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
		if change != nil {
			change(c)
		}
		return issueZoo(c, by, key.key, newKey("P-256"))
	}
	top := &zooIssued{root().cert, root().key}
	middle := signs("wild intermediate", nil, top.cert, top)
	leaf := func(name string, change func(*x509.Certificate), issuer *zooIssued, chain ...[]byte) *zooCert {
		c := &x509.Certificate{Subject: pkix.Name{CommonName: "wild"}, DNSNames: []string{host}, KeyUsage: x509.KeyUsageDigitalSignature,
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
		if change != nil {
			change(c)
		}
		key := newKey("P-256")
		made := issueZoo(c, issuer.cert, issuer.key, key)
		all[name] = newZooCert("wild-"+name, key, append([][]byte{made.cert.Raw}, chain...))
		return all[name]
	}
	extension := func(critical bool, value []byte, oid ...int) func(*x509.Certificate) {
		return func(c *x509.Certificate) {
			c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier(oid), Critical: critical, Value: value}}
		}
	}
	leaf("critical", extension(true, []byte{5, 0}, 1, 2, 3, 4, 5), middle, middle.cert.Raw)
	leaf("staple", extension(false, []byte{0x30, 3, 2, 1, 5}, 1, 3, 6, 1, 5, 5, 7, 1, 24), middle, middle.cert.Raw)
	leaf("certsign", func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageCertSign }, middle, middle.cert.Raw)
	leaf("common", func(c *x509.Certificate) { c.Subject.CommonName, c.DNSNames = host, nil }, middle, middle.cert.Raw)
	leaf("bare", nil, middle) // the intermediate is missing, and nothing says where it is
	shallow := signs("wild shallow", func(c *x509.Certificate) { c.MaxPathLen, c.MaxPathLenZero = 0, true }, top.cert, top)
	deep := signs("wild deep", nil, shallow.cert, shallow)
	leaf("deep", nil, deep, deep.cert.Raw, shallow.cert.Raw)
	common := signs("wild subject", func(c *x509.Certificate) { c.IsCA, c.KeyUsage = false, x509.KeyUsageDigitalSignature }, top.cert, top)
	leaf("notca", nil, common, common.cert.Raw)
	twin := signs("wild intermediate", nil, top.cert, top)
	leaf("twin", nil, middle, twin.cert.Raw)
	good := leaf("good", nil, middle, middle.cert.Raw)
	swapped := *good
	swapped.std.Certificate = [][]byte{middle.cert.Raw, good.std.Certificate[0]}
	all["swapped"] = &swapped
	badKey := *good
	badKey.std.PrivateKey = newKey("P-256")
	all["badkey"] = &badKey
	altered := *good
	altered.std.Certificate = [][]byte{append([]byte(nil), good.std.Certificate[0]...), middle.cert.Raw}
	altered.std.Certificate[0][len(altered.std.Certificate[0])-3] ^= 1
	all["altered"] = &altered
	selfKey := newKey("P-256")
	self := issueZoo(&x509.Certificate{Subject: pkix.Name{CommonName: host}, DNSNames: []string{host}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature}, nil, selfKey, selfKey)
	all["selfca"] = newZooCert("wild-selfca", selfKey, [][]byte{self.cert.Raw})
	return all
})

// anyCert gives a certificate of either collection.
func anyCert(name string) *zooCert {
	if c := zooCerts()[name]; c != nil {
		return c
	}
	return wildCerts()[name]
}

// helloWith is a ClientHello of TLS 1.2 with suites and extensions of one's own.
func helloWith(suites []uint16, extensions ...[]byte) string {
	body := []byte{3, 3}
	body = append(body, "0123456789abcdef0123456789abcdef"...)
	body = append(body, 0)
	body = binary.BigEndian.AppendUint16(body, uint16(2*len(suites)))
	for _, s := range suites {
		body = binary.BigEndian.AppendUint16(body, s)
	}
	body = append(body, 1, 0)
	n := 0
	for _, e := range extensions {
		n += len(e)
	}
	body = binary.BigEndian.AppendUint16(body, uint16(n))
	for _, e := range extensions {
		body = append(body, e...)
	}
	return rec(22, append([]byte{1, 0, byte(len(body) >> 8), byte(len(body))}, body...))
}

func rec(kind byte, body []byte) string {
	return string(append([]byte{kind, 3, 1, byte(len(body) >> 8), byte(len(body))}, body...))
}

func ext(id uint16, body ...byte) []byte {
	return append([]byte{byte(id >> 8), byte(id), byte(len(body) >> 8), byte(len(body))}, body...)
}

var (
	usualGroups  = ext(10, 0, 4, 0, 29, 0, 23)
	usualSchemes = ext(13, 0, 6, 4, 3, 8, 4, 4, 1)
	usualPoints  = ext(11, 1, 0)
	usualSuites  = []uint16{0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x9c, 0x9d, 0x2f, 0x35}
)

func sniOf(name string) []byte {
	n := len(name)
	return ext(0, append([]byte{byte((n + 3) >> 8), byte(n + 3), 0, byte(n >> 8), byte(n)}, name...)...)
}

func usualHello(more ...[]byte) string {
	return helloWith(usualSuites, append([][]byte{usualGroups, usualSchemes, usualPoints}, more...)...)
}

// zooSays is a client that says something, waits for an answer, says more, and closes.
func zooSays(name string, parts ...string) zooClient {
	return zooClient{name, func(t *testing.T, address string) string {
		conn, err := net.DialTimeout("tcp", address, patience)
		if err != nil {
			return err.Error()
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(5 * time.Second))
		b := make([]byte, 1<<14)
		for i, p := range parts {
			io.WriteString(conn, p)
			if i < len(parts)-1 {
				conn.Read(b)
			}
		}
		rest, _ := io.ReadAll(conn)
		return fmt.Sprintf("%.80q", rest)
	}}
}

// zooSaysAndGoes is one that does not wait for the end.
func zooSaysAndGoes(name string, reset bool, parts ...string) zooClient {
	return zooClient{name, func(t *testing.T, address string) string {
		conn, err := net.DialTimeout("tcp", address, patience)
		if err != nil {
			return err.Error()
		}
		conn.SetDeadline(time.Now().Add(5 * time.Second))
		b := make([]byte, 1<<14)
		for _, p := range parts {
			io.WriteString(conn, p)
			conn.Read(b)
		}
		time.Sleep(30 * time.Millisecond)
		if reset {
			conn.(*net.TCPConn).SetLinger(0)
		}
		conn.Close()
		return ""
	}}
}

// wild are handshakes of strangers that fail for causes that are on no list.
func wild() []specimen {
	client12 := zooOpenSSL(only12)
	attime := func(d time.Duration) string { return strconv.FormatInt(time.Now().Add(d).Unix(), 10) }
	goServer := func(name string, change func(*stdtls.Config)) zooServer {
		return zooServer{"Go", func(t *testing.T) (string, func() string) {
			return zooGoServer("", func(c *stdtls.Config) {
				c.Certificates = []stdtls.Certificate{anyCert(name).std}
				if change != nil {
					change(c)
				}
			}).start(t)
		}}
	}
	oServer := func(name string, more ...string) zooServer {
		return zooServer{"OpenSSL", func(t *testing.T) (string, func() string) {
			c := anyCert(name)
			args := []string{"-cert", c.chain, "-key", c.key}
			if c.rest != "" {
				args = append(args, "-cert_chain", c.chain)
			}
			return zooOpenSSLServer("", append(args, more...)...).start(t)
		}}
	}
	require := []string{"-Verify", "1", "-verify_return_error", "-CAfile", root().file}
	showing := func(name string) func(*stdtls.Config) {
		return func(c *stdtls.Config) {
			c.MaxVersion = stdtls.VersionTLS12
			c.GetClientCertificate = func(*stdtls.CertificateRequestInfo) (*stdtls.Certificate, error) { return &anyCert(name).std, nil }
		}
	}
	refused := []string{"certificate-refused"}
	return []specimen{
		{"no-common-group", nil, "FFDHE only", goServer("good", nil), zooOpenSSL("-tls1_3", "-groups", "ffdhe2048")},
		{"no-common-group", nil, "Brainpool or X448", goServer("good", nil), zooOpenSSL("-tls1_3", "-groups", "X448")},
		{"no-common-scheme", nil, "no RSA-PSS, RSA key", zooOpenSSLServer("rsa", "-tls1_3"), zooOpenSSL("-tls1_3", "-sigalgs", "RSA+SHA256:ECDSA+SHA256")},
		{"no-common-scheme", nil, "Ed25519 only", goServer("good", nil), zooOpenSSL("-tls1_3", "-sigalgs", "ed25519")},
		{"critical-extension", nil, "", oServer("critical"), client12},
		{"critical-extension", nil, "", goServer("critical", nil), zooGo(zooTLS12)},
		{"critical-extension", nil, "", goServer("critical", nil), zooGnuTLS("--priority", "NORMAL:-VERS-ALL:+VERS-TLS1.2")},
		{"constraints-violated", nil, "path length", oServer("deep"), client12},
		{"constraints-violated", nil, "path length", goServer("deep", nil), zooGo(zooTLS12)},
		{"constraints-violated", nil, "issuer is no authority", oServer("notca"), client12},
		{"constraints-violated", nil, "issuer is no authority", goServer("notca", nil), zooGo(zooTLS12)},
		{"self-signed", nil, "an authority", oServer("selfca"), client12},
		{"chain-order", nil, "", goServer("swapped", zooTLS12), client12},
		{"chain-order", nil, "", goServer("swapped", zooTLS12), zooGo(nil)},
		{"missing-intermediate", []string{"wrong-intermediate"}, "another one with its name", oServer("twin"), client12},
		{"missing-intermediate", []string{"wrong-intermediate"}, "another one with its name", goServer("twin", nil), zooGo(zooTLS12)},
		{"missing-intermediate", []string{"issuer-not-trusted", "chain-not-trusted"}, "of a private authority", oServer("bare"), client12},
		{"missing-intermediate", []string{"issuer-not-trusted", "chain-not-trusted"}, "of a private authority, TLS 1.3", oServer("bare"), zooOpenSSL()},
		{"staple-refused", nil, "must-staple", oServer("staple"), zooGnuTLS("--priority", "NORMAL:-VERS-ALL:+VERS-TLS1.2")},
		{"wrong-purpose", refused, "keyUsage", goServer("certsign", nil), zooGnuTLS("--priority", "NORMAL:-VERS-ALL:+VERS-TLS1.2")},
		{"name-mismatch", nil, "only a commonName", goServer("common", nil), zooGo(zooTLS12)},
		{"revocation-unknown", nil, "no list", oServer("good"), zooOpenSSL(only12, "-crl_check")},
		{"revocation-unknown", []string{"chain-not-trusted", "certificate-refused"}, "no list, TLS 1.3", oServer("good"), zooOpenSSL("-crl_check")},
		{"proof-wrong", nil, "another key", goServer("badkey", nil), client12},
		{"proof-wrong", nil, "another key, TLS 1.3", goServer("badkey", nil), zooOpenSSL()},
		{"certificate-altered", nil, "", goServer("altered", nil), client12},
		{"certificate-altered", nil, "", goServer("altered", nil), zooGo(zooTLS12)},
		{"client-clock", nil, "ahead", oServer("good"), zooOpenSSL(only12, "-attime", attime(24*365*time.Hour))},
		{"client-clock", []string{"certificate-expired"}, "ahead, TLS 1.3", oServer("good"), zooOpenSSL("-attime", attime(24*365*time.Hour))},
		{"client-clock", []string{"certificate-refused", "name-mismatch"}, "behind", oServer("good"), zooOpenSSL(only12, "-attime", attime(-24*365*time.Hour))},
		{"proof-wrong", nil, "client's", oServer("good", require...), zooGo(showing("badkey"))},
		{"client-certificate-untrusted", []string{"client-certificate-refused"}, "intermediate missing", oServer("good", require...), zooGo(showing("bare"))},
		{"client-certificate-refused", nil, "critical", oServer("good", require...), zooGo(showing("critical"))},
		{"no-common-alpn", nil, "http/0.9", goServer("good", func(c *stdtls.Config) { c.NextProtos = []string{"h2", "http/1.1"} }), zooOpenSSL("-alpn", "http/0.9")},
		{"no-common-suite", nil, "RC4 only", goServer("good", nil), zooSays("raw", helloWith([]uint16{4, 5}, usualGroups, usualSchemes))},
		{"no-common-suite", nil, "NULL only", oServer("good"), zooSays("raw", helloWith([]uint16{1, 2, 0x3b}, usualGroups, usualSchemes))},
		{"no-common-suite", []string{"psk-unknown"}, "PSK suites only", oServer("good"), zooOpenSSL(only12, "-psk", "1a2b", "-cipher", "PSK")},
		{"no-common-suite", []string{"anonymous-only"}, "anonymous", oServer("good"), zooSays("raw", helloWith([]uint16{0x34, 0xc018}, usualGroups))},
		{"no-common-suite", []string{"no-suite-for-certificate", "server-policy"}, "no certificate", zooOpenSSLServer("", "-nocert"), zooOpenSSL()},
		{"psk-wrong", []string{"malformed-message", "proof-wrong"}, "TLS 1.3", zooOpenSSLServer("", "-nocert", "-psk", "1a2b3c4d"), zooOpenSSL("-psk", "1a2b3c4e")},
		{"psk-wrong", []string{"record-altered"}, "TLS 1.2", zooOpenSSLServer("", "-nocert", "-psk", "1a2b3c4d", "-tls1_2", "-cipher", "PSK"), zooOpenSSL(only12, "-psk", "1a2b3c4e", "-cipher", "PSK")},
		{"malformed-message", nil, "max_fragment_length of 5", oServer("good"), zooSays("raw", usualHello(ext(1, 5)))},
		{"malformed-message", nil, "an extension twice", goServer("good", nil), zooSays("raw", usualHello(ext(23), ext(23)))},
		{"malformed-message", nil, "no null compression", goServer("good", nil), zooSays("raw", rec(22, append([]byte{1, 0, 0, 41, 3, 3}, append(make([]byte, 32), 0, 0, 2, 0xc0, 0x2b, 1, 1)...)))},
		{"malformed-message", nil, "a length of 20000", goServer("good", nil), zooSays("raw", "\x16\x03\x01\x4e\x20"+string(make([]byte, 20000)))},
		{"malformed-message", nil, "application data first", goServer("good", nil), zooSays("raw", rec(23, []byte("hello")))},
		{"malformed-message", []string{"unrecognized-name", "server-configuration", "server-closed"}, "a name of two", oServer("good"), zooSays("raw", usualHello(ext(0, 0, 20, 0, 0, 7, 'a', '.', 'e', 'x', 'm', 'p', 'l', 0, 0, 7, 'b', '.', 'e', 'x', 'm', 'p', 'l')))},
		{"no-server-name", []string{"server-policy"}, "", zooNginx("good", "ssl_reject_handshake on;"), zooSays("raw", usualHello())},
		{"unrecognized-name", nil, "trailing dot", zooNginx("good", "ssl_reject_handshake on;"), zooSays("raw", usualHello(sniOf("localhost.")))},
		{"unrecognized-name", nil, "an address", zooNginx("good", "ssl_reject_handshake on;"), zooSays("raw", usualHello(sniOf("192.0.2.1")))},
		{"no-common-version", nil, "TLS 1.0, OpenSSL's level", oServer("good"), zooOpenSSL("-tls1", "-cipher", "DEFAULT:@SECLEVEL=0")},
		{"no-common-version", nil, "a server that ignores supported_versions", zooRawServer("old", old12), zooOpenSSL("-tls1_3")},
		{"malformed-message", nil, "a suite that was not offered", zooRawServer("odd", choosesRC4), zooGo(nil)},
		{"malformed-message", nil, "a suite that was not offered", zooRawServer("odd", choosesRC4), zooOpenSSL()},
		{"proof-wrong", []string{"malformed-message"}, "another key, told of with illegal_parameter", goServer("badkey", nil), zooGo(zooTLS12)},
		{"client-certificate-missing", nil, "decode_error for an empty Certificate", zooGnuTLSServer("good"), zooOpenSSL(only12)},
		{"port-probe", nil, "", oServer("good"), zooSaysAndGoes("a health check", false)},
		{"port-probe", nil, "with RST", oServer("good"), zooSaysAndGoes("a health check", true)},
		{"client-speaks-no-tls", nil, "SSH", goServer("good", nil), zooSays("SSH", "SSH-2.0-OpenSSH_9.2\r\n")},
		{"client-speaks-no-tls", nil, "RDP", oServer("good"), zooSays("RDP", "\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00\x00\x01\x00\x08\x00\x0b\x00\x00\x00")},
		{"client-speaks-no-tls", nil, "PostgreSQL", goServer("good", nil), zooSays("PostgreSQL", "\x00\x00\x00\x08\x04\xd2\x16\x2f")},
		{"client-speaks-no-tls", nil, "SIP", goServer("good", nil), zooSays("SIP", "OPTIONS sip:nm SIP/2.0\r\n\r\n")},
		{"client-speaks-no-tls", nil, "SMTP", goServer("good", nil), zooSays("SMTP", "EHLO mail.example\r\n")},
		{"client-speaks-no-tls", nil, "SOCKS", goServer("good", nil), zooSays("SOCKS", "\x05\x01\x00")},
		{"client-speaks-no-tls", nil, "MQTT", goServer("good", nil), zooSays("MQTT", "\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00")},
		{"http-to-tls-port", nil, "HTTP/2", goServer("good", nil), zooSays("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")},
		{"proxy-request-to-tls-port", nil, "", goServer("good", nil), zooSays("curl -x", "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n")},
		{"server-speaks-no-tls", nil, "MySQL", zooRawServer("MySQL", greets("J\x00\x00\x00\x0a8.0.35\x00\x08\x00\x00\x00abcdefgh\x00")), zooOpenSSL()},
		{"server-speaks-no-tls", nil, "Telnet", zooRawServer("Telnet", greets("\xff\xfd\x18\xff\xfd\x20")), zooOpenSSL()},
		{"server-speaks-no-tls", nil, "PostgreSQL", zooRawServer("PostgreSQL", answers("N")), zooOpenSSL()},
		{"server-speaks-no-tls", nil, "IMAP", zooRawServer("IMAP", greets("* OK IMAP4rev1 ready\r\n")), zooGo(nil)},
		{"server-speaks-no-tls", nil, "a proxy", zooRawServer("a proxy", answers("HTTP/1.1 400 Bad Request\r\nServer: squid\r\n\r\n")), zooCurl()},
		{"proxy-refused", nil, "502", zooRawServer("a proxy", answers("HTTP/1.1 502 Bad Gateway\r\n\r\n")), zooSays("a client", "CONNECT www.example.com:443 HTTP/1.1\r\n\r\n")},
		{"closed-after-hello", []string{"server-closed"}, "after 200 to CONNECT", zooRawServer("a proxy", connectThenClose), zooSays("a client", "CONNECT www.example.com:443 HTTP/1.1\r\n\r\n", usualHello(sniOf("www.example.com")))},
		{"client-silent", []string{"port-probe", "server-closed"}, "", zooRawServer("impatient", func(c *net.TCPConn) { time.Sleep(300 * time.Millisecond) }), zooSays("silent")},
		{"client-silent", []string{"hello-cut"}, "half a hello", zooRawServer("impatient", func(c *net.TCPConn) { time.Sleep(300 * time.Millisecond) }), zooSays("slow", usualHello()[:50])},
		{"canceled", []string{"client-gave-up"}, "user_canceled", oServer("good"), zooSays("raw", usualHello(), "\x15\x03\x03\x00\x02\x01\x5a\x15\x03\x03\x00\x02\x01\x00")},
		{"client-gave-up", []string{"certificate-refused", "canceled"}, "close_notify after the certificate", oServer("good"), zooSays("raw", usualHello(), "\x15\x03\x03\x00\x02\x01\x00")},
		{"client-gave-up", nil, "at once", zooRawServer("slow", func(c *net.TCPConn) { time.Sleep(500 * time.Millisecond) }), zooClient{"curl", func(t *testing.T, address string) string {
			conn, _ := net.Dial("tcp", address)
			io.WriteString(conn, usualHello())
			time.Sleep(50 * time.Millisecond)
			return fmt.Sprint(conn.Close())
		}}},
		{"server-failed", []string{"server-closed"}, "closes after its ServerHello", zooRawServer("half", halfServer), zooOpenSSL(only12)},
		{"fallback", nil, "", goServer("good", nil), zooOpenSSL(only12, "-fallback_scsv")},
		{"old-hello", nil, "SSL 3.0", oServer("good"), zooSays("raw", "\x16\x03\x00\x00\x2d\x01\x00\x00\x29\x03\x00"+"0123456789abcdef0123456789abcdef"+"\x00\x00\x02\x00\x05\x01\x00")},
		{"server-speaks-no-tls", []string{"malformed-message", "record-altered"}, "random bytes", zooRawServer("noise", answers("\x93\x12\xff\x00\x7a\x10\x88")), zooOpenSSL()},
	}
}

// old12 is a server that knows nothing of supported_versions, and answers with a
// ServerHello of TLS 1.2.
func old12(c *net.TCPConn) {
	b := make([]byte, 4096)
	c.Read(b)
	body := append([]byte{2, 0, 0, 38, 3, 3}, make([]byte, 32)...)
	body = append(body, 0, 0xc0, 0x2b, 0)
	io.WriteString(c, rec(22, body))
	c.Read(b)
}

// halfServer closes after its ServerHello.
func halfServer(c *net.TCPConn) {
	b := make([]byte, 4096)
	c.Read(b)
	body := append([]byte{2, 0, 0, 38, 3, 3}, make([]byte, 32)...)
	body = append(body, 0, 0xc0, 0x2b, 0)
	io.WriteString(c, rec(22, body))
}

// choosesRC4 is a server that chooses a suite that nobody offers any more.
func choosesRC4(c *net.TCPConn) {
	b := make([]byte, 4096)
	c.Read(b)
	body := append([]byte{2, 0, 0, 38, 3, 3}, make([]byte, 32)...)
	io.WriteString(c, rec(22, append(body, 0, 0, 5, 0)))
	c.Read(b)
}

// zooGnuTLSServer is gnutls-serv, which wants a certificate of the client.
func zooGnuTLSServer(cert string) zooServer {
	return zooServer{"GnuTLS", func(t *testing.T) (string, func() string) {
		c := anyCert(cert)
		p, address := startServer(t, setup{}, `port \d+\.\.\.done`, func(port string) []string {
			return []string{"gnutls-serv", "--port", port, "--x509certfile", c.chain, "--x509keyfile", c.key, "--require-client-cert", "--x509cafile", root().file}
		})
		return address, p.said
	}}
}

func connectThenClose(c *net.TCPConn) {
	b := make([]byte, 4096)
	c.Read(b)
	io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
	c.Read(b)
}

// TestZooWild has strangers fail for causes that nobody has listed.
func TestZooWild(t *testing.T) {
	for _, program := range []string{"openssl", "curl", "gnutls-cli", "nginx"} {
		need(t, program)
	}
	judgeAll(t, wild())
}
