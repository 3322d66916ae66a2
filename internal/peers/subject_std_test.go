//go:build peers_std

package peers

import (
	subject "crypto/tls"
	"net"
	"net/http"
)

// The standard library in the place of the package under test.
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
var lacks = map[feature]string{
	encryptThenMAC: "crypto/tls has no encrypt_then_mac",
	sessionIDs:     "crypto/tls resumes by ticket only",
	sendKeyUpdate:  "crypto/tls never starts a KeyUpdate",
	truncation:     "crypto/tls takes the end of a connection between two records for its proper end",
	firstAlert:     "crypto/tls closes without an alert if the first record is not of a handshake",
	echRetry:       "NSS misses an extension in crypto/tls's second ClientHelloOuter",
	echOneName:     "crypto/tls takes no public name of one label",
	plainAlert:     "crypto/tls takes an alert in the clear for a record that does not open",
}

// hasSuite reports whether the package under test has the suite.
func hasSuite(id uint16) bool {
	for _, s := range append(subject.CipherSuites(), subject.InsecureCipherSuites()...) {
		if s.ID == id {
			return true
		}
	}
	return false
}

// newConfig gives a Config that may use everything there is.
func newConfig() *Config { return new(Config) }

// keepSessions lets a server resume by session ID.
func keepSessions(*Config) {}

// exportKeys gives keying material of the connection (RFC 9846, section 7.5).
func exportKeys(c *Conn, label string, context []byte, length int) ([]byte, error) {
	state := c.ConnectionState()
	return state.ExportKeyingMaterial(label, context, length)
}

// keyUpdate changes the keys of what the connection sends from now on, and asks
// the peer to do the same.
func keyUpdate(*Conn) error { panic("lacks[sendKeyUpdate] says so") }

// serveHTTP serves HTTP/1.1 and HTTP/2 until the listener is closed.
func serveHTTP(l net.Listener, config *Config, handler http.Handler) error {
	server := &http.Server{Handler: handler, TLSConfig: config}
	return server.ServeTLS(l, "", "")
}

// newTransport gives a client of HTTP/1.1 and HTTP/2.
func newTransport(config *Config) http.RoundTripper {
	return &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true}
}
