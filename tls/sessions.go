package tls

import (
	"container/list"
	"crypto/subtle"
	"crypto/x509"
	"slices"
	"sync"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/verify"
)

// ClientSessionState is a session that a client can resume. It holds a secret.
type ClientSessionState struct {
	offered *handshake.Offered
	chains  [][]*x509.Certificate
	roots   *x509.CertPool // Config.RootCAs with which they were verified
}

// A ClientSessionCache keeps the sessions of a client, by the name of the
// server. It must be safe for concurrent use.
type ClientSessionCache interface {
	// Get gives the session of a key, if there is one.
	Get(sessionKey string) (session *ClientSessionState, ok bool)
	// Put keeps a session; nil removes the one that is there.
	Put(sessionKey string, cs *ClientSessionState)
}

// NewLRUClientSessionCache gives a cache of at most capacity sessions, which
// drops the one that was not used for the longest time. Less than 1 stands for
// 64.
func NewLRUClientSessionCache(capacity int) ClientSessionCache {
	if capacity < 1 {
		capacity = 64
	}
	return &lruCache{capacity: capacity, byKey: make(map[string]*list.Element), order: list.New()}
}

type lruCache struct {
	mu       sync.Mutex
	capacity int
	byKey    map[string]*list.Element
	order    *list.List // of *lruEntry, the last used first
}

type lruEntry struct {
	key   string
	state *ClientSessionState
}

func (c *lruCache) Get(key string) (*ClientSessionState, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.byKey[key]
	if !ok {
		return nil, false
	}
	c.order.MoveToFront(e)
	return e.Value.(*lruEntry).state, true
}

func (c *lruCache) Put(key string, state *ClientSessionState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.byKey[key]; ok {
		c.order.Remove(e)
		delete(c.byKey, key)
	}
	if state == nil {
		return
	}
	c.byKey[key] = c.order.PushFront(&lruEntry{key, state})
	if c.order.Len() > c.capacity {
		last := c.order.Remove(c.order.Back()).(*lruEntry)
		delete(c.byKey, last.key)
	}
}

// sessionKey is the key of the server in the cache.
func (c *Conn) sessionKey() string {
	if c.config.ServerName != "" {
		return c.config.ServerName
	}
	if addr := c.conn.RemoteAddr(); addr != nil {
		return addr.String()
	}
	return ""
}

// offeredSession gives the session that the client offers to resume, nil if
// there is none that the config still allows.
func (c *Conn) offeredSession(now time.Time) *handshake.Offered {
	key := c.sessionKey()
	if c.config.ClientSessionCache == nil || c.config.SessionTicketsDisabled || key == "" {
		return nil
	}
	s, ok := c.config.ClientSessionCache.Get(key)
	if !ok || s == nil || s.offered == nil {
		return nil
	}
	state, policy := s.offered.State, c.config.prepare().server.Policy
	if !policy.Allows(state.Version) || !policy.AllowsSuite(state.Suite) || state.Expired(now) || !c.stillTrusted(s, now) {
		c.config.ClientSessionCache.Put(key, nil)
		return nil
	}
	if state.Version == iana.TLS13 {
		c.config.ClientSessionCache.Put(key, nil) // a ticket is used once (RFC 9846, appendix C.4)
	}
	return s.offered
}

// stillTrusted reports whether the server's certificate, or raw public key, would
// be accepted now: the config may trust other authorities than the one that the session was made
// with, and certificates of the chain may have expired since.
func (c *Conn) stillTrusted(s *ClientSessionState, now time.Time) bool {
	c.host.resumed = s.chains
	switch {
	case !c.config.formAccepted(s.offered.State, true):
		return false
	case s.offered.State.RawKey != nil, s.offered.State.PSK != nil:
		return true
	case c.config.InsecureSkipVerify:
		return true
	case len(s.chains) == 0: // it was made with InsecureSkipVerify
		return false
	case s.roots == c.config.RootCAs && !slices.ContainsFunc(s.chains, expiredAt(now)):
		return s.chains[0][0].VerifyHostname(c.config.ServerName) == nil
	}
	result, err := c.host.verify(verify.Request{
		Chain: s.offered.State.Chain, Roots: c.config.RootCAs, Usage: verify.Server, Name: c.config.ServerName,
	})
	c.host.resumed = result.Chains
	return err == nil
}

// expiredAt reports whether a chain holds a certificate that has expired.
func expiredAt(now time.Time) func(chain []*x509.Certificate) bool {
	return func(chain []*x509.Certificate) bool {
		return slices.ContainsFunc(chain, func(c *x509.Certificate) bool { return now.After(c.NotAfter) })
	}
}

// keepSessions puts the sessions that have come into the cache.
func (c *Conn) keepSessions() {
	if !c.isClient {
		c.keepServerSessions()
		return
	}
	if c.config.ClientSessionCache == nil {
		return
	}
	for _, s := range c.engine.TakeSessions() {
		c.config.ClientSessionCache.Put(c.sessionKey(), &ClientSessionState{s, c.verifiedChains(), c.config.RootCAs})
	}
}

// forgetSession forgets the session of a connection that has ended with a fatal
// alert: whoever did that to the one could do it to the next. RFC 5246, section
// 7.2.2; in TLS 1.3 a ticket is used once anyway.
func (c *Conn) forgetSession() {
	if c.engine == nil || !c.engine.EndedByAlert() {
		return
	}
	e := c.engine.Established()
	if e.Legacy == nil {
		return
	}
	if !c.isClient {
		if c.host.kept != nil {
			c.host.kept.Remove(e.SessionID)
		}
		return
	}
	cache, key := c.config.ClientSessionCache, c.sessionKey()
	if cache == nil {
		return
	}
	// By now the cache may have the session of another connection.
	if s, ok := cache.Get(key); ok && s != nil && s.offered != nil && subtle.ConstantTimeCompare(s.offered.State.Secret, e.Master[:]) == 1 {
		cache.Put(key, nil)
	}
}

// keepServerSessions keeps the sessions of TLS 1.2 by their session ID.
func (c *Conn) keepServerSessions() {
	cache := c.host.config.prepare().sessions
	for _, s := range c.engine.TakeSessions() {
		if cache != nil {
			cache.Put(s.SessionID, s.State)
			c.host.kept = cache // a request for a certificate may bring another config
		}
	}
}
