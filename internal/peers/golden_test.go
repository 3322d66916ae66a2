//go:build !peers_std

package peers

import (
	"bytes"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/engine"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

var record = flag.Bool("record", false, "record testdata/ssl30 anew, with NSS")

// golden are connections of SSL 3.0 with NSS, which few peers still speak. What
// it sent is kept in testdata/ssl30; TestGoldenSSL30 says it again, and our side
// has to answer with the same bytes. So nothing of NSS is needed, and there is
// nothing of it in the files but what it said.
var golden = []struct {
	name   string
	suite  iana.Suite
	server bool // we are the server
}{
	{"server-rc4", iana.TLS_RSA_WITH_RC4_128_SHA, true},
	{"server-rc4-md5", iana.TLS_RSA_WITH_RC4_128_MD5, true},
	{"server-3des", iana.TLS_RSA_WITH_3DES_EDE_CBC_SHA, true},
	{"server-aes", iana.TLS_RSA_WITH_AES_128_CBC_SHA, true},
	// Padding of RSA cannot be had with given randomness, exponents of DHE can.
	{"client-dhe-aes", iana.TLS_DHE_RSA_WITH_AES_128_CBC_SHA, false},
}

func TestGoldenSSL30(t *testing.T) {
	for _, g := range golden {
		t.Run(g.name, func(t *testing.T) {
			file := filepath.Join("testdata", "ssl30", g.name+".txt")
			if *record {
				recordGolden(t, file, g.suite, g.server)
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			p := newParty(t, g.suite, g.server)
			for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
				who, digits, _ := strings.Cut(line, " ")
				b, err := hex.DecodeString(digits)
				if err != nil {
					t.Fatalf("line %d: %v", i+1, err)
				}
				if who == "peer" {
					p.take(t, b)
				} else if got := p.give(); !bytes.Equal(got, b) {
					t.Fatalf("line %d: we say\n%x\nand not\n%x", i+1, got, b)
				}
			}
			e := p.conn.Established()
			if !p.conn.Complete() || e.Version != iana.SSL30 || e.Suite != g.suite || !bytes.Contains(p.data, []byte("\n")) {
				t.Errorf("%v, %v, heard %q", e.Version, e.Suite, p.data)
			}
		})
	}
}

// A party is our side of a connection, with randomness that is always the same.
type party struct {
	conn     *engine.Conn
	host     *tlstest.Host
	server   bool
	in, data []byte
	spoken   bool
}

func newParty(t *testing.T, id iana.Suite, server bool) *party {
	t.Helper()
	p := *policy.Museum()
	p.Versions, p.Suites = []iana.Version{iana.SSL30}, []iana.Suite{id}
	host := &tlstest.Host{Config: &handshake.Config{
		Policy: &p, Rand: rand.NewChaCha8([32]byte{3}), Now: func() time.Time { return tlstest.Now },
	}}
	if server {
		host.Credential = goldenCredential(t)
		return &party{conn: engine.NewServer(host.Config, tlstest.Now), host: host, server: true}
	}
	c, err := engine.NewClient(host.Config, tlstest.Now)
	if err != nil {
		t.Fatal(err)
	}
	return &party{conn: c, host: host}
}

// goldenCredential is a key and a certificate that are known to everybody.
func goldenCredential(t *testing.T) *sign.Credential {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "ssl30", "server.pem"))
	if err != nil {
		t.Fatal(err)
	}
	cert, rest := pem.Decode(text)
	der, _ := pem.Decode(rest)
	key, err := sign.ParsePrivateKey(der.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	c, err := sign.NewCredential([][]byte{cert.Bytes}, nil, key, sign.Extra{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// take takes what the peer says.
func (p *party) take(t *testing.T, b []byte) {
	t.Helper()
	p.in = append(p.in, b...)
	for {
		n, data, err := p.conn.Input(p.in, tlstest.Now)
		for err == nil && p.conn.Pending() != nil {
			err = p.conn.Answer(p.host.Answer(p.conn.Pending()), tlstest.Now)
		}
		if err != nil {
			t.Fatal(err)
		}
		p.data = append(p.data, data...)
		if n == 0 {
			return
		}
		p.in = p.in[n:]
	}
}

// give gives what is to be said to the peer: the handshake, and then a line, a
// client's as soon as it can and a server's in answer to one.
func (p *party) give() []byte {
	b := bytes.Clone(p.conn.Output())
	p.conn.Sent()
	if p.conn.Complete() && !p.spoken && (!p.server || bytes.Contains(p.data, []byte("\n"))) {
		p.spoken = true
		b, _ = p.conn.Seal(b, []byte("GET / HTTP/1.0\r\n\r\n"))
	}
	return b
}

// recordGolden has NSS speak with our side, and writes down what both say.
func recordGolden(t *testing.T, file string, id iana.Suite, server bool) {
	s := setup{more: []string{"-V", "ssl3:ssl3", "-c", fmt.Sprintf(":%04X", uint16(id))}}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	var conn net.Conn
	if server {
		makeGolden(t)
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		s.more = append(s.more, "-o") // whatever the certificate is
		nss{}.client(t, s, l.Addr().String())
		if conn, err = l.Accept(); err != nil {
			t.Fatal(err)
		}
	} else {
		s.id = identities()["RSA-2048"]
		address, _, _ := nss{}.serve(t, s)
		var err error
		if conn, err = net.Dial("tcp", address); err != nil {
			t.Fatal(err)
		}
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	p := newParty(t, id, server)
	var text strings.Builder
	buf := make([]byte, 1<<15)
	for {
		if b := p.give(); len(b) > 0 {
			fmt.Fprintf(&text, "ours %x\n", b)
			if _, err := conn.Write(b); err != nil {
				t.Fatal(err)
			}
		}
		if p.spoken && bytes.Contains(p.data, []byte("\n")) {
			break
		}
		n, err := conn.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&text, "peer %x\n", buf[:n])
		p.take(t, buf[:n])
	}
	if err := os.WriteFile(file, []byte(text.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// makeGolden makes the key and the certificate, once.
func makeGolden(t *testing.T) {
	t.Helper()
	file := filepath.Join("testdata", "ssl30", "server.pem")
	if _, err := os.Stat(file); err == nil {
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
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
}
