//go:build !peers_std

package peers

import (
	"context"
	"crypto"
	"crypto/rand"
	stdtls "crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// The certificates of the zoo, by what is wrong with them.
type zooCert struct {
	chain, key string // files, PEM
	rest       string // the chain without its first; empty: there is no more
	std        stdtls.Certificate
}

// zooCerts are made once: all for localhost, by an authority that the clients trust,
// over an intermediate one, but for what their name says.
var zooCerts = sync.OnceValue(func() map[string]*zooCert {
	root := root()
	middle := issueZoo(&x509.Certificate{Subject: pkix.Name{CommonName: "zoo intermediate"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, root.cert, root.key, newKey("P-256"))
	stranger := stranger()
	day := 24 * time.Hour
	leaf := func(change func(*x509.Certificate)) *x509.Certificate {
		c := &x509.Certificate{
			Subject: pkix.Name{CommonName: "zoo"}, DNSNames: []string{host}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature,
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		}
		if change != nil {
			change(c)
		}
		return c
	}
	all := map[string]*zooCert{}
	add := func(name, kind string, template *x509.Certificate, issuer *zooIssued, chain ...[]byte) {
		key := newKey(kind)
		made := issueZoo(template, issuer.cert, issuer.key, key)
		all[name] = newZooCert(name, key, append([][]byte{made.cert.Raw}, chain...))
	}
	add("good", "P-256", leaf(nil), middle, middle.cert.Raw)
	add("rsa", "RSA-2048", leaf(func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageKeyEncipherment }), middle, middle.cert.Raw)
	add("alone", "P-256", leaf(func(c *x509.Certificate) { c.IssuingCertificateURL = []string{"http://ca.example/middle.cer"} }), middle)
	add("expired", "P-256", leaf(func(c *x509.Certificate) { c.NotBefore, c.NotAfter = time.Now().Add(-9*day), time.Now().Add(-day) }), middle, middle.cert.Raw)
	add("future", "P-256", leaf(func(c *x509.Certificate) { c.NotBefore, c.NotAfter = time.Now().Add(9*day), time.Now().Add(20*day) }), middle, middle.cert.Raw)
	add("other", "P-256", leaf(func(c *x509.Certificate) { c.DNSNames, c.IPAddresses = []string{"other.example"}, nil }), middle, middle.cert.Raw)
	add("clients", "P-256", leaf(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }), middle, middle.cert.Raw)
	add("servers", "P-256", leaf(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }), middle, middle.cert.Raw)
	add("unknown", "P-256", leaf(nil), &zooIssued{stranger.cert, stranger.key}, stranger.cert.Raw)
	old := issueZoo(&x509.Certificate{Subject: pkix.Name{CommonName: "zoo old intermediate"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		NotBefore: time.Now().Add(-9 * day), NotAfter: time.Now().Add(-day)}, root.cert, root.key, newKey("P-256"))
	add("old", "P-256", leaf(nil), old, old.cert.Raw)
	narrow := issueZoo(&x509.Certificate{Subject: pkix.Name{CommonName: "zoo narrow intermediate"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		PermittedDNSDomains: []string{"other.example"}, PermittedDNSDomainsCritical: true}, root.cert, root.key, newKey("P-256"))
	add("narrow", "P-256", leaf(func(c *x509.Certificate) { c.IPAddresses = nil }), narrow, narrow.cert.Raw)
	add("weak", "RSA-1024", leaf(nil), middle, middle.cert.Raw)
	key := newKey("P-256")
	template := leaf(nil)
	self := issueZoo(template, nil, key, key)
	all["self"] = newZooCert("self", key, [][]byte{self.cert.Raw})
	return all
})

type zooIssued struct {
	cert *x509.Certificate
	key  crypto.Signer
}

var zooSerial int64 = 1000

// issueZoo issues a certificate for the key; an issuer of nil stands for itself.
func issueZoo(template, issuer *x509.Certificate, by, key crypto.Signer) *zooIssued {
	zooSerial++
	template.SerialNumber = big.NewInt(zooSerial)
	if template.NotBefore.IsZero() {
		template.NotBefore, template.NotAfter = time.Now().Add(-30*time.Minute), time.Now().Add(40*time.Hour)
	}
	if issuer == nil {
		issuer = template
	}
	return &zooIssued{must(x509.ParseCertificate(must(x509.CreateCertificate(rand.Reader, template, issuer, key.Public(), by)))), key}
}

func newZooCert(name string, key crypto.Signer, chain [][]byte) *zooCert {
	c := &zooCert{std: stdtls.Certificate{Certificate: chain, PrivateKey: key}}
	c.chain = writePEM("zoo-"+name+".crt", "CERTIFICATE", chain[0])
	f := must(os.OpenFile(c.chain, os.O_APPEND|os.O_WRONLY, 0o600))
	defer f.Close()
	for i, der := range chain[1:] {
		c.rest = writePEM(fmt.Sprintf("zoo-%s-%d.crt", name, i), "CERTIFICATE", der)
		b, _ := os.ReadFile(c.rest)
		f.Write(b)
	}
	c.key = writePEM("zoo-"+name+".key", "PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(key)))
	return c
}

// A zooServer is started before a client; heard gives what it printed.
type zooServer struct {
	name  string
	start func(t *testing.T) (address string, heard func() string)
}

// A zooClient connects once and is over; it gives what it printed.
type zooClient struct {
	name    string
	connect func(t *testing.T, address string) string
}

// zooOpenSSLServer is s_server.
func zooOpenSSLServer(cert string, more ...string) zooServer {
	return zooServer{"OpenSSL", func(t *testing.T) (string, func() string) {
		args := []string{"s_server", "-accept", "127.0.0.1:0", "-www"}
		if c := zooCerts()[cert]; c != nil {
			args = append(args, "-cert", c.chain, "-key", c.key)
			if c.rest != "" {
				args = append(args, "-cert_chain", c.rest)
			}
		}
		p := start(t, "openssl", append(args, more...)...)
		return p.expect(`ACCEPT (127\.0\.0\.1:\d+)`)[1], p.said
	}}
}

// zooGoServer is net/http over crypto/tls.
func zooGoServer(cert string, change func(*stdtls.Config)) zooServer {
	return zooServer{"Go", func(t *testing.T) (string, func() string) {
		config := &stdtls.Config{}
		if c := zooCerts()[cert]; c != nil {
			config.Certificates = []stdtls.Certificate{c.std}
		}
		if change != nil {
			change(config)
		}
		var said lockedText
		l := must(net.Listen("tcp", "127.0.0.1:0"))
		server := &http.Server{Handler: http.NotFoundHandler(), TLSConfig: config, ErrorLog: log.New(&said, "", 0)}
		go server.ServeTLS(l, "", "")
		t.Cleanup(func() { server.Close() })
		return l.Addr().String(), said.String
	}}
}

type lockedText struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedText) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *lockedText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// zooNginx is nginx with lines for its server block, in one process: a worker would
// outlive the one that is killed.
func zooNginx(cert, lines string) zooServer {
	return zooServer{"nginx", func(t *testing.T) (string, func() string) {
		dir, port := t.TempDir(), freePort(t)
		logs := filepath.Join(dir, "error.log")
		c := zooCerts()[cert]
		conf := fmt.Sprintf(`daemon off; master_process off; pid %[1]s/pid; error_log %[2]s info;
events {}
http { access_log off; client_body_temp_path %[1]s/b; proxy_temp_path %[1]s/p; fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;
  server { listen 127.0.0.1:%[3]s ssl; ssl_certificate %[4]s; ssl_certificate_key %[5]s; %[6]s location / { return 200 "ok"; } } }
`, dir, logs, port, c.chain, c.key, lines)
		file := filepath.Join(dir, "nginx.conf")
		if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
			t.Fatal(err)
		}
		p := start(t, "nginx", "-c", file, "-e", logs)
		address := "127.0.0.1:" + port
		if !p.within(func() bool {
			conn, err := net.Dial("tcp", address)
			if err == nil {
				conn.Close()
			}
			return err == nil
		}) {
			t.Fatal("nginx does not start")
		}
		return address, func() string { b, _ := os.ReadFile(logs); return string(b) }
	}}
}

// zooWeakDH is GnuTLS's server with a prime of 768 bits for DHE, which OpenSSL's
// programs refuse to take.
func zooWeakDH() zooServer {
	return zooServer{"GnuTLS", func(t *testing.T) (string, func() string) {
		c := zooCerts()["rsa"]
		file := zooDH()
		p, address := startServer(t, setup{}, `listening on IPv4.*done`, func(port string) []string {
			return []string{"gnutls-serv", "--http", "-p", port, "--x509certfile", c.chain, "--x509keyfile", c.key, "--dhparams", file, "--priority", "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+DHE-RSA:-GROUP-ALL:%PROFILE_VERY_WEAK"}
		})
		return address, p.said
	}}
}

// zooDH is a file with parameters of 768 bits.
var zooDH = sync.OnceValue(func() string { return writePEM("zoo-dh.pem", "DH PARAMETERS", dh768()) })

// zooRawServer does as it is told with a connection.
func zooRawServer(name string, do func(*net.TCPConn)) zooServer {
	return zooServer{name, func(t *testing.T) (string, func() string) {
		l := must(net.Listen("tcp", "127.0.0.1:0"))
		t.Cleanup(func() { l.Close() })
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				go func() {
					defer conn.Close()
					conn.SetDeadline(time.Now().Add(patience))
					do(conn.(*net.TCPConn))
				}()
			}
		}()
		return l.Addr().String(), func() string { return "" }
	}}
}

// runClient runs a program that is over soon, and gives what it printed.
func runClient(t *testing.T, environment []string, input, program string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c := exec.CommandContext(ctx, need(t, program), args...)
	c.Env = append(os.Environ(), environment...)
	c.Stdin = strings.NewReader(input)
	out, err := c.CombinedOutput()
	if err != nil {
		return string(out) + "\n(" + err.Error() + ")"
	}
	return string(out)
}

// zooOpenSSL is s_client, which reads the answer to a request.
func zooOpenSSL(more ...string) zooClient {
	return zooClient{"OpenSSL", func(t *testing.T, address string) string {
		args := []string{"s_client", "-connect", address, "-servername", host, "-CAfile", root().file, "-verify_return_error", "-verify_hostname", host, "-quiet"}
		return runClient(t, nil, "GET / HTTP/1.0\r\n\r\n", "openssl", append(args, more...)...)
	}}
}

func zooCurl(more ...string) zooClient {
	return zooClient{"curl", func(t *testing.T, address string) string {
		_, port, _ := net.SplitHostPort(address)
		args := []string{"-sS", "--max-time", "20", "--cacert", root().file, "--resolve", host + ":" + port + ":127.0.0.1", "https://" + host + ":" + port + "/"}
		return runClient(t, nil, "", "curl", append(args, more...)...)
	}}
}

func zooGo(change func(*stdtls.Config)) zooClient {
	return zooClient{"Go", func(t *testing.T, address string) string {
		config := &stdtls.Config{RootCAs: root().pool, ServerName: host}
		if change != nil {
			change(config)
		}
		conn, err := stdtls.DialWithDialer(&net.Dialer{Timeout: patience}, "tcp", address, config)
		if err != nil {
			return err.Error()
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(patience))
		fmt.Fprint(conn, "GET / HTTP/1.0\r\n\r\n")
		if _, err = io.ReadAll(conn); err != nil {
			return err.Error()
		}
		return "ok"
	}}
}

func zooGnuTLS(more ...string) zooClient {
	return zooClient{"GnuTLS", func(t *testing.T, address string) string {
		_, port, _ := net.SplitHostPort(address)
		args := []string{"--x509cafile", root().file, "--sni-hostname", host, "--verify-hostname", host, "-p", port, "127.0.0.1"}
		return runClient(t, nil, "GET / HTTP/1.0\r\n\r\n", "gnutls-cli", append(more, args...)...)
	}}
}

func zooNode(options string) zooClient {
	return zooClient{"Node.js", func(t *testing.T, address string) string {
		_, port, _ := net.SplitHostPort(address)
		script := fmt.Sprintf(`const s=require('tls').connect({host:'127.0.0.1',port:%s,servername:'%s',ca:require('fs').readFileSync('%s')%s},()=>s.end('GET / HTTP/1.0\r\n\r\n'));
s.on('error',e=>{console.log(e.code,e.message)});s.on('data',()=>{});s.setTimeout(15000,()=>s.destroy())`, port, host, root().file, options)
		return runClient(t, nil, "", "node", "-e", script)
	}}
}

func zooPython(options string) zooClient {
	return zooClient{"Python", func(t *testing.T, address string) string {
		_, port, _ := net.SplitHostPort(address)
		script := fmt.Sprintf(`import ssl,socket
c=ssl.create_default_context(cafile='%s')
%s
s=c.wrap_socket(socket.create_connection(('127.0.0.1',%s),15),server_hostname='%s')
s.send(b'GET / HTTP/1.0\r\n\r\n')
print(s.recv(100))`, root().file, options, port, host)
		return runClient(t, nil, "", "python3", "-c", script)
	}}
}

// zooRawClient says something and reads until the server is over.
func zooRawClient(name, says string) zooClient {
	return zooClient{name, func(t *testing.T, address string) string {
		conn, err := net.DialTimeout("tcp", address, patience)
		if err != nil {
			return err.Error()
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(5 * time.Second))
		io.WriteString(conn, says)
		b, _ := io.ReadAll(conn)
		return string(b)
	}}
}

// dh768 are parameters of DHE with the prime of 768 bits of RFC 2409, section 6.1.
func dh768() []byte {
	const p = "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A63A3620FFFFFFFFFFFFFFFF"
	prime, _ := new(big.Int).SetString(p, 16)
	return must(asn1.Marshal(struct{ P, G *big.Int }{prime, big.NewInt(2)}))
}
