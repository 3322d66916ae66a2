//go:build !peers_std

package peers

import (
	"bytes"
	"encoding/hex"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"encoding/pem"

	"github.com/handsel-tls/handsel/internal/protocol/engine"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/session"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

var record = flag.Bool("record", false, "record the transcripts in testdata anew, of those peers that are there")

// A golden case is a connection with a peer that few have. What it sent is kept
// in testdata; TestGolden says it again, and our side has to answer with the
// same bytes. So nothing of the peer is needed, and there is nothing of it in the
// files but what it said.
type golden struct {
	name    string // of the file, in the version's folder
	peer    recorder
	version iana.Version
	suite   iana.Suite
	server  bool    // we are the server
	auth    showing // what the client shows
	again   bool    // there are more connections, with the session of the first
}

type showing int

const (
	unasked showing = iota
	shown           // a certificate
	nothing         // it is asked, and has none
)

// goldens are all cases. Those of SSL 3.0 with OpenSSL have what NSS's have not:
// clients' certificates and sessions. Of SSL 2.0 a second peer is Scapy.
func goldens() []golden {
	all := []golden{
		{name: "server-rc4", peer: nss{}, suite: iana.TLS_RSA_WITH_RC4_128_SHA, server: true},
		{name: "server-rc4-md5", peer: nss{}, suite: iana.TLS_RSA_WITH_RC4_128_MD5, server: true},
		{name: "server-3des", peer: nss{}, suite: iana.TLS_RSA_WITH_3DES_EDE_CBC_SHA, server: true},
		{name: "server-aes", peer: nss{}, suite: iana.TLS_RSA_WITH_AES_128_CBC_SHA, server: true},
		// Padding of RSA cannot be had with given randomness, exponents of DHE can.
		{name: "client-dhe-aes", peer: nss{}, suite: iana.TLS_DHE_RSA_WITH_AES_128_CBC_SHA},

		{name: "openssl-server-rc4", peer: oldOpenSSL{}, suite: iana.TLS_RSA_WITH_RC4_128_SHA, server: true, auth: shown, again: true},
		{name: "openssl-server-3des", peer: oldOpenSSL{}, suite: iana.TLS_RSA_WITH_3DES_EDE_CBC_SHA, server: true, auth: nothing},
		{name: "openssl-server-dhe-aes", peer: oldOpenSSL{}, suite: iana.TLS_DHE_RSA_WITH_AES_256_CBC_SHA, server: true, again: true},
		{name: "openssl-client-dhe-3des", peer: oldOpenSSL{}, suite: iana.TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA, auth: shown, again: true},
		{name: "openssl-client-dhe-aes", peer: oldOpenSSL{}, suite: iana.TLS_DHE_RSA_WITH_AES_128_CBC_SHA, auth: nothing},
	}
	for i := range all {
		all[i].version = iana.SSL30
	}
	// SSL 2.0 pads with the randomness that it is given: both sides can be had
	// with every cipher kind. As a server OpenSSL does not take the word of a
	// client that has no certificate, not even its own client's.
	for _, id := range policy.SSL2Suites() {
		kind := strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(id.String(), "SSL_CK_"), "_WITH_MD5"))
		kind = strings.ReplaceAll(kind, "_", "-")
		for _, server := range []bool{false, true} {
			side := map[bool]string{false: "client-", true: "server-"}[server]
			g := golden{name: side + kind, peer: oldOpenSSL{}, version: iana.SSL20, suite: id, server: server}
			shows := g
			shows.name, shows.auth = g.name+"-certificate", shown
			shows.again = server || id != iana.SSL_CK_RC4_64_WITH_MD5 // see oldOpenSSL
			all = append(all, g, shows)
		}
		all = append(all, golden{name: "server-" + kind + "-no-certificate", peer: oldOpenSSL{}, version: iana.SSL20, suite: id, server: true, auth: nothing})
	}
	for _, g := range []golden{
		{name: "scapy-client-rc4-128", suite: iana.SSL_CK_RC4_128_WITH_MD5},
		{name: "scapy-client-des-192-ede3-cbc", suite: iana.SSL_CK_DES_192_EDE3_CBC_WITH_MD5},
		{name: "scapy-server-des-192-ede3-cbc", suite: iana.SSL_CK_DES_192_EDE3_CBC_WITH_MD5, server: true}, // its client offers no other
	} {
		g.peer, g.version = scapy{}, iana.SSL20
		all = append(all, g)
	}
	return all
}

func (g golden) file() string {
	return filepath.Join("testdata", map[iana.Version]string{iana.SSL20: "ssl20", iana.SSL30: "ssl30"}[g.version], g.name+".txt")
}

func TestGolden(t *testing.T) {
	for _, g := range goldens() {
		t.Run(g.version.String()+"/"+g.name, func(t *testing.T) {
			if *record {
				recordGolden(t, g)
			}
			text, err := os.ReadFile(g.file())
			if err != nil {
				t.Fatal(err)
			}
			p := newParty(t, g)
			p.begin(t)
			for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
				who, digits, _ := strings.Cut(line, " ")
				b, err := hex.DecodeString(digits)
				if err != nil {
					t.Fatalf("line %d: %v", i+1, err)
				}
				switch who {
				case "again":
					p.end(t, false)
					p.begin(t)
				case "peer":
					p.take(t, b)
				default:
					if got := p.give(); !bytes.Equal(got, b) {
						t.Fatalf("line %d: we say\n%x\nand not\n%x", i+1, got, b)
					}
				}
			}
			if p.end(t, true); g.again != (p.connections > 1) {
				t.Errorf("there were %d connections", p.connections)
			}
		})
	}
}

// A party is our side of connections, with randomness that is always the same.
type party struct {
	golden
	conn        *engine.Conn
	host        *tlstest.Host
	connections int
	in, data    []byte
	spoken      bool
}

func newParty(t *testing.T, g golden) *party {
	t.Helper()
	p := *policy.Museum()
	p.Suites = []iana.Suite{g.suite}
	if g.version != iana.SSL20 {
		p.Versions = []iana.Version{g.version}
	}
	host := &tlstest.Host{Config: &handshake.Config{
		Policy: &p, Rand: rand.NewChaCha8([32]byte{3}), Now: func() time.Time { return tlstest.Now }, SSL2: g.version == iana.SSL20,
	}}
	if g.again {
		host.Sessions = session.NewCache(4)
		host.Config.SessionIDs, host.Config.ClientTickets = true, true
	}
	if g.server || g.auth == shown {
		host.Credential = goldenCredential(t)
	}
	if g.auth != unasked {
		host.Config.ClientAuth = handshake.RequestClientAuth
	}
	return &party{golden: g, host: host}
}

// begin begins a connection.
func (p *party) begin(t *testing.T) {
	t.Helper()
	p.in, p.data, p.spoken = nil, nil, false
	p.connections++
	if p.server {
		p.conn = engine.NewServer(p.host.Config, tlstest.Now)
		return
	}
	var err error
	if p.conn, err = engine.NewClient(p.host.Config, tlstest.Now); err != nil {
		t.Fatal(err)
	}
}

// spoke reports whether both sides have said a line.
func (p *party) spoke() bool { return p.spoken && bytes.Contains(p.data, []byte("\n")) }

// end looks at what came out of a connection, and keeps its session. s_client
// says something in its last connection only.
func (p *party) end(t *testing.T, last bool) {
	t.Helper()
	e := p.conn.Established()
	if !p.conn.Complete() || e.Version != p.version || e.Suite != p.suite || last && !p.spoke() {
		t.Errorf("%v, %v, heard %q", e.Version, e.Suite, p.data)
	}
	if e.Resumed != (p.connections > 1) {
		t.Errorf("connection %d: resumed is %v", p.connections, e.Resumed)
	}
	if !e.Resumed && p.server && (e.Peer != nil) != (p.auth == shown) {
		t.Errorf("we know the client: %v", e.Peer != nil)
	}
	if !e.Resumed && !p.server && (e.Local != nil) != (p.auth == shown) {
		t.Errorf("we have shown a certificate: %v", e.Local != nil)
	}
	if !p.golden.again {
		return
	}
	for _, o := range p.conn.TakeSessions() {
		p.host.Sessions.Put(o.SessionID, o.State)
		p.host.Config.Session = o
	}
}

// goldenCredential is a key and a certificate that are known to everybody.
func goldenCredential(t *testing.T) *sign.Credential {
	t.Helper()
	text, err := os.ReadFile(goldenFile)
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

var goldenFile = filepath.Join("testdata", "ssl30", "server.pem")

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
			t.Fatalf("%v, in state %s of connection %d", err, p.conn.State(), p.connections)
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
