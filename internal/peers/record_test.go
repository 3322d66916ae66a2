//go:build !peers_std

package peers

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// A recorder is a peer with which golden cases can be recorded.
type recorder interface {
	// recordClient starts a client that says a line, and before, if the case says
	// so, connects and connects again.
	recordClient(t *testing.T, g golden, address string)
	// recordServer starts a server that answers, and gives its address.
	recordServer(t *testing.T, g golden) (address string)
}

func (n nss) recorded(g golden) setup {
	return setup{more: []string{"-V", "ssl3:ssl3", "-c", fmt.Sprintf(":%04X", uint16(g.suite))}}
}

func (n nss) recordClient(t *testing.T, g golden, address string) {
	s := n.recorded(g)
	s.more = append(s.more, "-o") // whatever the certificate is
	n.client(t, s, address)
}

func (n nss) recordServer(t *testing.T, g golden) string {
	s := n.recorded(g)
	s.id = identities()["RSA-2048"]
	address, _, _ := n.serve(t, s)
	return address
}

// oldOpenSSL is an OpenSSL that was built with SSL 2.0 and SSL 3.0, up to 1.0.2.
// The variable of the environment has its path; it is wanted for recording only.
// Of SSL 2.0, RC4 with 64 bits is recorded with 1.0.2, and the rest with 0.9.8:
// since 1.0.2g a server of OpenSSL takes no session of SSL 2.0 back.
type oldOpenSSL struct{}

const oldOpenSSLVariable = "HANDSEL_OLD_OPENSSL"

func (oldOpenSSL) program(t *testing.T) string {
	t.Helper()
	path := os.Getenv(oldOpenSSLVariable)
	if path == "" {
		t.Skipf("%s does not name an OpenSSL with SSL 2.0", oldOpenSSLVariable)
	}
	return path
}

func (oldOpenSSL) options(g golden) []string {
	if g.version == iana.SSL20 {
		return []string{"-ssl2", "-cipher", map[iana.Suite]string{
			iana.SSL_CK_DES_192_EDE3_CBC_WITH_MD5: "DES-CBC3-MD5", iana.SSL_CK_RC4_128_WITH_MD5: "RC4-MD5",
			iana.SSL_CK_RC4_64_WITH_MD5: "RC4-64-MD5", iana.SSL_CK_DES_64_CBC_WITH_MD5: "DES-CBC-MD5",
			iana.SSL_CK_RC4_128_EXPORT40_WITH_MD5: "EXP-RC4-MD5",
		}[g.suite]}
	}
	return []string{"-ssl3", "-cipher", map[iana.Suite]string{
		iana.TLS_RSA_WITH_RC4_128_SHA: "RC4-SHA", iana.TLS_RSA_WITH_3DES_EDE_CBC_SHA: "DES-CBC3-SHA",
		iana.TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA: "EDH-RSA-DES-CBC3-SHA",
		iana.TLS_DHE_RSA_WITH_AES_128_CBC_SHA:  "DHE-RSA-AES128-SHA", iana.TLS_DHE_RSA_WITH_AES_256_CBC_SHA: "DHE-RSA-AES256-SHA",
	}[g.suite]}
}

func (o oldOpenSSL) recordClient(t *testing.T, g golden, address string) {
	args := append([]string{"s_client", "-connect", address}, o.options(g)...)
	if g.auth == shown {
		args = append(args, "-cert", goldenFile, "-key", goldenFile)
	}
	if g.again {
		args = append(args, "-reconnect")
	}
	start(t, o.program(t), args...).send(greeting)
}

func (o oldOpenSSL) recordServer(t *testing.T, g golden) string {
	group := filepath.Join(t.TempDir(), "group.pem") // its own is of 512 bits
	run(t, "openssl", "genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", "group:ffdhe2048", "-out", group)
	args := append([]string{"-www", "-cert", goldenFile, "-key", goldenFile, "-dhparam", group}, o.options(g)...)
	if g.auth != unasked {
		args = append(args, "-verify", "1")
	}
	port := freePort(t) // it listens soon
	start(t, o.program(t), append([]string{"s_server", "-accept", port}, args...)...)
	return "127.0.0.1:" + port
}

// scapy speaks SSL 2.0 and is made by others than OpenSSL. Debian's python3 has it
// in python3-scapy; it is wanted for recording only.
type scapy struct{}

const (
	scapyClient = `import sys
from scapy.layers.tls.automaton_cli import TLSClientAutomaton
TLSClientAutomaton(server="127.0.0.1", dport=int(sys.argv[1]), version="sslv2", data=sys.argv[2].encode()).run()`
	scapyServer = `import sys
from scapy.layers.tls.automaton_srv import TLSServerAutomaton
TLSServerAutomaton(server="127.0.0.1", sport=int(sys.argv[1]), mycert=sys.argv[2], mykey=sys.argv[3]).run()`
)

func (scapy) recordClient(t *testing.T, _ golden, address string) {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	start(t, "/usr/bin/python3", "-c", scapyClient, port, greeting)
}

// recordServer starts a server that says what it is told.
func (scapy) recordServer(t *testing.T, _ golden) string {
	text, err := os.ReadFile(goldenFile)
	if err != nil {
		t.Fatal(err)
	}
	_, key := pem.Decode(text)
	dir, port := t.TempDir(), freePort(t)
	cert, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	if err := errors.Join(os.WriteFile(cert, text[:len(text)-len(key)], 0o600), os.WriteFile(keyFile, key, 0o600)); err != nil {
		t.Fatal(err)
	}
	start(t, "/usr/bin/python3", "-c", scapyServer, port, cert, keyFile)
	return "127.0.0.1:" + port
}

// recordGolden has the peer speak with our side, and writes down what both say.
func recordGolden(t *testing.T, g golden) {
	makeGolden(t)
	var next func() (net.Conn, error)
	if g.server {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		l.(*net.TCPListener).SetDeadline(time.Now().Add(patience))
		g.peer.recordClient(t, g, l.Addr().String())
		next = l.Accept
	} else {
		next = dialing(g.peer.recordServer(t, g))
	}
	var text strings.Builder
	for p := newParty(t, g); ; text.WriteString("again\n") {
		conn, err := next()
		if err != nil {
			t.Fatal(err)
		}
		p.record(t, conn, &text)
		conn.Close()
		last := p.spoke() && (!g.again || p.connections > 1)
		if p.end(t, last); last {
			break
		}
	}
	if err := os.MkdirAll(filepath.Dir(g.file()), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(g.file(), []byte(text.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// dialing connects to a server that may not listen yet.
func dialing(address string) func() (net.Conn, error) {
	return func() (conn net.Conn, err error) {
		for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
			if conn, err = net.Dial("tcp", address); err == nil {
				break
			}
		}
		return conn, err
	}
}

// record makes one connection.
func (p *party) record(t *testing.T, conn net.Conn, text *strings.Builder) {
	t.Helper()
	conn.SetDeadline(time.Now().Add(patience))
	p.begin(t)
	buf := make([]byte, 1<<15)
	for {
		if b := p.give(); len(b) > 0 {
			fmt.Fprintf(text, "ours %x\n", b)
			if _, err := conn.Write(b); err != nil {
				t.Fatal(err)
			}
		}
		if p.spoke() {
			return
		}
		n, err := conn.Read(buf)
		if p.conn.Complete() && err != nil {
			return // to connect again
		}
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(text, "peer %x\n", buf[:n])
		p.take(t, buf[:n])
	}
}

// makeGolden makes the key and the certificate, once.
func makeGolden(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(goldenFile); err == nil {
		return
	}
	key := tlstest.NewKey("RSA-2048")
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	cert := tlstest.Root().Leaf(key, []string{host}, nil)[0]
	text := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})...)
	if err := os.WriteFile(goldenFile, text, 0o600); err != nil {
		t.Fatal(err)
	}
}
