//go:build !peers_std

package peers

import (
	"net"
	"net/http"

	subject "github.com/handsel-tls/handsel/tls"
)

// The package under test. subject_std_test.go puts crypto/tls in its place.
type (
	Config = subject.Config
	Conn   = subject.Conn
)

var (
	tlsClient       = subject.Client
	tlsServer       = subject.Server
	newSessionCache = subject.NewLRUClientSessionCache
)

// lacks says what the package under test cannot do, and why.
var lacks = map[feature]string{}

// hasSuite reports whether the package under test has the suite.
func hasSuite(uint16) bool { return true }

// newConfig gives a Config that may use everything there is.
func newConfig() *Config { return &Config{Policy: "compatible"} }

// keepSessions lets a server resume by session ID.
func keepSessions(c *Config) { c.ServerSessions = 100 }

// exportKeys gives keying material of the connection (RFC 9846, section 7.5).
func exportKeys(c *Conn, label string, context []byte, length int) ([]byte, error) {
	return c.ExportKeyingMaterial(label, context, length)
}

// keyUpdate changes the keys of what the connection sends from now on, and asks
// the peer to do the same.
func keyUpdate(c *Conn) error { return c.KeyUpdate(true) }

// serveHTTP serves HTTP/1.1 and HTTP/2 until the listener is closed.
func serveHTTP(l net.Listener, config *Config, handler http.Handler) error {
	return subject.Serve(&http.Server{Handler: handler}, l, config)
}

// newTransport gives a client of HTTP/1.1 and HTTP/2.
func newTransport(config *Config) http.RoundTripper { return subject.NewTransport(config) }
