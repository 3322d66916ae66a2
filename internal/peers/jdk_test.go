//go:build !peers_std

package peers

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	subject "github.com/handsel-tls/handsel/tls"
)

// jdk is a JDK that serves and connects as often as it is told, in one process:
// it takes a second to start. See testdata/jdk/Peer.java.
type jdk struct {
	*process
	asked atomic.Int64
}

func startJDK(t *testing.T) *jdk {
	t.Helper()
	need(t, "javac") // compiles the source that it is given
	p := start(t, "java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
		"-Djava.security.properties="+filepath.Join("testdata", "jdk", "old.security"),
		filepath.Join("testdata", "jdk", "Peer.java"), root().file)
	p.expect("ready")
	return &jdk{process: p}
}

// ask gives the answer to a command.
func (j *jdk) ask(t *testing.T, words ...string) string {
	t.Helper()
	n := j.asked.Add(1)
	if _, err := fmt.Fprintf(j.input, "%d %s\n", n, strings.Join(words, " ")); err != nil {
		t.Fatal(err)
	}
	re := regexp.MustCompile(fmt.Sprintf(`(?m)^%d (.*)$`, n))
	var found [][]byte
	if !j.until(func(out, _ []byte) bool {
		found = re.FindSubmatch(out)
		return found != nil
	}) {
		t.Fatalf("the JDK did not answer %q", words)
	}
	return string(found[1])
}

// A jdkSetup says what the JDK is to do.
type jdkSetup struct {
	protocols string
	suite     iana.Suite
	id        *identity
	auth      bool // a server wants a certificate
}

func (s jdkSetup) words() []string {
	words := []string{s.protocols, "-", "-", "-"}
	if s.suite != 0 {
		words[1] = s.suite.String()
	}
	if s.id != nil {
		words[2], words[3] = s.id.certFile, s.id.keyFile
	}
	return words
}

// serve has it serve, and gives the address.
func (j *jdk) serve(t *testing.T, s jdkSetup) string {
	t.Helper()
	auth := map[bool]string{false: "-", true: "require"}[s.auth]
	got := j.ask(t, append(append([]string{"serve"}, s.words()...), auth)...)
	port, ok := strings.CutPrefix(got, "port ")
	if !ok {
		t.Fatal(got)
	}
	return "127.0.0.1:" + port
}

// connect has it say a line to our server, and fails the test unless it has the
// answer and what was agreed on.
func (j *jdk) connect(t *testing.T, s jdkSetup, address string, want oldCell) {
	t.Helper()
	_, port, _ := net.SplitHostPort(address)
	got := j.ask(t, append([]string{"connect", port}, s.words()...)...)
	got = strings.Replace(got, " SSL_", " TLS_", 1) // its name for suites of before TLS
	if got != fmt.Sprintf("ok %s %v", protocolOf[want.version], want.suite) {
		t.Errorf("the JDK says %q", got)
	}
}

// protocolOf are the JDK's names of versions.
var protocolOf = map[iana.Version]string{
	iana.SSL30: "SSLv3", iana.TLS10: "TLSv1", iana.TLS11: "TLSv1.1", iana.TLS12: "TLSv1.2", iana.TLS13: "TLSv1.3",
}

// jdkCells are what it speaks: all versions but SSL 2.0.
func jdkCells() []oldCell {
	all := cross([]iana.Version{iana.SSL30, iana.TLS10, iana.TLS11, iana.TLS12}, iana.TLS_RSA_WITH_AES_128_CBC_SHA,
		iana.TLS_DHE_RSA_WITH_AES_256_CBC_SHA, iana.TLS_RSA_WITH_3DES_EDE_CBC_SHA, iana.TLS_RSA_WITH_RC4_128_SHA, iana.TLS_RSA_WITH_RC4_128_MD5)
	all = append(all, cross(upTo12, iana.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA, iana.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA)...)
	all = append(all, cross([]iana.Version{iana.TLS12}, iana.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		iana.TLS_DHE_RSA_WITH_AES_256_GCM_SHA384, iana.TLS_RSA_WITH_AES_128_CBC_SHA256, iana.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256)...)
	return append(all, cross([]iana.Version{iana.TLS13}, iana.TLS_AES_128_GCM_SHA256, iana.TLS_AES_256_GCM_SHA384,
		iana.TLS_CHACHA20_POLY1305_SHA256)...)
}

func TestJDK(t *testing.T) {
	j := startJDK(t)
	for _, c := range jdkCells() {
		s := jdkSetup{protocols: protocolOf[c.version], suite: c.suite}
		t.Run("server/"+c.String(), func(t *testing.T) {
			t.Parallel()
			s := s
			s.id = identities()[c.key()]
			conn := dial(t, j.serve(t, s), c.config(clientConfig(0)))
			converse(t, conn, greeting, answer)
			c.check(t, conn.ConnectionState())
		})
		t.Run("client/"+c.String(), func(t *testing.T) {
			t.Parallel()
			server := serve(t, c.config(serverConfig(0, identities()[c.key()])), nil)
			j.connect(t, s, server.address, c)
			c.check(t, server.next(t).state)
		})
	}
	for v, protocol := range protocolOf {
		c := oldCell{v, iana.TLS_RSA_WITH_AES_128_CBC_SHA}
		if v == iana.TLS13 {
			c.suite = iana.TLS_AES_128_GCM_SHA256
		}
		s := jdkSetup{protocols: protocol, suite: c.suite}
		t.Run("server/certificate/"+v.String(), func(t *testing.T) {
			t.Parallel()
			s := s
			s.id, s.auth = identities()["RSA-2048"], true
			config := c.config(clientConfig(0))
			config.Certificates = append(config.Certificates, clientIdentities()["RSA-2048"].certificate)
			converse(t, dial(t, j.serve(t, s), config), greeting, answer)
		})
		t.Run("client/certificate/"+v.String(), func(t *testing.T) {
			t.Parallel()
			config := c.config(serverConfig(0, identities()["RSA-2048"]))
			config.ClientAuth, config.ClientCAs = subject.RequireAndVerifyClientCert, root().pool
			server := serve(t, config, nil)
			s := s
			s.id = clientIdentities()["RSA-2048"]
			j.connect(t, s, server.address, c)
			if got := server.next(t).state.PeerCertificates; len(got) != 1 {
				t.Errorf("the JDK has shown %d certificates", len(got))
			}
		})
		if v != iana.TLS13 {
			t.Run("server/hello/"+v.String(), func(t *testing.T) { t.Parallel(); serverOfSSL2Hello(t, j, c) })
			t.Run("client/hello/"+v.String(), func(t *testing.T) { t.Parallel(); clientWithSSL2Hello(t, j, c) })
		}
	}
	t.Run("server/SSL 2.0", func(t *testing.T) { // which it knows just enough to say no
		t.Parallel()
		config := clientConfig(0)
		config.SSL2 = true
		_, err := tryDial(t, j.serve(t, jdkSetup{protocols: "SSLv2Hello,TLSv1", id: identities()["RSA-2048"]}), config)
		if !errors.Is(err, fault.HelloRefused) {
			t.Errorf("%v", err)
		}
	})
}

// noting is a connection of which the first bytes of both directions are kept.
type noting struct {
	net.Conn
	sent, received []byte
}

func (n *noting) Write(b []byte) (int, error) {
	n.sent = append(n.sent, b...)
	return n.Conn.Write(b)
}

func (n *noting) Read(b []byte) (int, error) {
	got, err := n.Conn.Read(b)
	n.received = append(n.received, b[:got]...)
	return got, err
}

// isSSL2Hello reports whether a ClientHello in the format of SSL 2.0 is for the
// version: RFC 5246, appendix E.2.
func isSSL2Hello(b []byte, v iana.Version) bool {
	return len(b) > 5 && b[0]&0x80 != 0 && b[2] == 1 && iana.Version(b[3])<<8|iana.Version(b[4]) == v
}

// serverOfSSL2Hello sends the JDK a hello in the format of SSL 2.0.
func serverOfSSL2Hello(t *testing.T, j *jdk, c oldCell) {
	address := j.serve(t, jdkSetup{protocols: "SSLv2Hello," + protocolOf[c.version], suite: c.suite, id: identities()["RSA-2048"]})
	raw, err := net.DialTimeout("tcp", address, patience)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	raw.SetDeadline(time.Now().Add(patience))
	config := c.config(clientConfig(0))
	config.SendSSL2Hello = true
	noted := &noting{Conn: raw}
	conn := tlsClient(noted, config)
	converse(t, conn, greeting, answer)
	c.check(t, conn.ConnectionState())
	if !isSSL2Hello(noted.sent, c.version) {
		t.Errorf("our hello begins with %x", noted.sent[:5])
	}
}

// clientWithSSL2Hello takes one of the JDK.
func clientWithSSL2Hello(t *testing.T, j *jdk, c oldCell) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ended := make(chan *noting, 1)
	s := &server{ended: make(chan outcome, 1)}
	go func() {
		raw, err := l.Accept()
		if err != nil {
			return
		}
		noted := &noting{Conn: raw}
		s.one(noted, c.config(serverConfig(0, identities()["RSA-2048"])), answerLines)
		ended <- noted
	}()
	j.connect(t, jdkSetup{protocols: "SSLv2Hello," + protocolOf[c.version], suite: c.suite}, l.Addr().String(), c)
	c.check(t, s.next(t).state)
	if noted := <-ended; !isSSL2Hello(noted.received, c.version) {
		t.Errorf("its hello begins with %x", noted.received[:5])
	}
}
