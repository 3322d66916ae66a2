package verify

import (
	"bytes"
	"crypto/x509"
	"sync"
)

// shared has the certificates of recent peers: a client that comes back to a
// server, and a server whose clients share their intermediates, get the same
// bytes again. A look-up takes some 30 ns and allocates nothing, parsing some
// 5 µs and fifty allocations (see BenchmarkParse).
var shared = Cache{Size: 256}

// A Cache keeps parsed certificates by their DER bytes. It holds at most twice
// Size of them, and forgets those that were not asked for longest. It may be
// used by several goroutines at once. The zero value keeps nothing.
type Cache struct {
	Size int // certificates

	mu    sync.RWMutex
	young map[string]*x509.Certificate
	old   map[string]*x509.Certificate
}

// Parse gives the certificate of the bytes, which may be reused afterwards.
// The certificate may be one that others have as well and must not be changed.
func (c *Cache) Parse(der []byte) (*x509.Certificate, error) {
	c.mu.RLock()
	cert, isYoung := c.young[string(der)]
	if !isYoung {
		cert = c.old[string(der)]
	}
	c.mu.RUnlock()
	if isYoung {
		return cert, nil
	}
	if cert == nil {
		var err error
		// The certificate keeps the bytes it was parsed from.
		if cert, err = x509.ParseCertificate(bytes.Clone(der)); err != nil {
			return nil, err
		}
	}
	c.keep(string(der), cert)
	return cert, nil
}

// keep puts a certificate among the young. When there are Size of these they
// become the old, and the old are forgotten.
func (c *Cache) keep(der string, cert *x509.Certificate) {
	if c.Size <= 0 || len(der) > maxCached {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.young) >= c.Size {
		c.old, c.young = c.young, nil
	}
	if c.young == nil {
		c.young = make(map[string]*x509.Certificate)
	}
	c.young[der] = cert
}

// maxCached is the length in bytes up to which a certificate is kept, so that
// peers cannot fill the memory with large ones.
const maxCached = 8 << 10
