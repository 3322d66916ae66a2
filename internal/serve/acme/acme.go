// Package acme has certificates be issued and renewed by a certificate authority
// that speaks ACME (RFC 8555), such as Let's Encrypt. It proves that a name is
// served here over plain HTTP (HTTP-01) or in a TLS handshake on the same port as
// everything else (TLS-ALPN-01, RFC 8737). Certificates, keys and the account are
// in the database of the data folder, encrypted.
package acme

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"sync"

	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"

	"github.com/handsel-tls/handsel/internal/serve/certs"
)

// Protocol is the application protocol of a TLS-ALPN-01 challenge. RFC 8737,
// section 3.
const Protocol = "acme-tls/1"

// challengePath begins the paths of HTTP-01 challenges. RFC 8555, section 8.3.
const challengePath = "/.well-known/acme-challenge/"

// Settings say which authority issues, and to whom.
type Settings struct {
	Directory string         // URL; empty: Let's Encrypt
	Email     string         // which the authority may write to; may be empty
	Roots     *x509.CertPool // of the authority's own server; nil: those of the system
	// HTTPPort and TLSPort are where challenges arrive in this process, if not on 80
	// and 443; HTTPPort 0: there is no plain HTTP, and no challenge that needs it.
	HTTPPort, TLSPort uint16
}

// A Manager has certificates issued and renews them. It may be used by several
// goroutines.
type Manager struct {
	storage *storage
	tell    func(News)

	mu       sync.Mutex
	settings *Settings // nil: nobody has agreed to anything
	cache    *certmagic.Cache
	config   *certmagic.Config
	issuer   *certmagic.ACMEIssuer
	ctx      context.Context // nil: not started
	wanted   map[string]bool
	failed   map[string]error // why there is none yet
	given    map[string]*tls.Certificate
}

// News is what became of asking an authority.
type News struct {
	Name string // of the certificate
	Err  error  // why there is none; nil: there is
	Text string // the same for people
}

// New gives a manager that has nothing to do yet.
func New(store *certs.Store) (*Manager, error) {
	vault, err := store.Vault("acme")
	if err != nil {
		return nil, err
	}
	return &Manager{storage: &storage{vault: vault, locks: map[string]chan struct{}{}}, wanted: map[string]bool{}, failed: map[string]error{}, given: map[string]*tls.Certificate{}}, nil
}

// ErrNotAgreed says what is missing before anything can be issued.
var ErrNotAgreed = errors.New("nobody has agreed to the terms of a certificate authority yet: handsel cert acme --agree --email you@example.com, or acme: {agree: true} in handsel.yaml")

// Configure says with which settings certificates are issued from now on; nil: none
// are.
func (m *Manager) Configure(s *Settings) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.settings = s
	if m.ctx != nil && s != nil {
		m.setUp()
		m.manage(m.names())
	}
}

// Start begins to have issued what is wanted, until the context ends. tell is
// called with what happened.
func (m *Manager) Start(ctx context.Context, tell func(News)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ctx, m.tell = ctx, tell
	m.cache = certmagic.NewCache(certmagic.CacheOptions{
		Logger: zap.NewNop(),
		GetConfigForCert: func(certmagic.Certificate) (*certmagic.Config, error) {
			m.mu.Lock()
			defer m.mu.Unlock()
			return m.config, nil
		},
	})
	cache := m.cache
	context.AfterFunc(ctx, cache.Stop)
	if m.settings != nil {
		m.setUp()
		m.manage(m.names())
	}
}

// setUp makes what certmagic needs of the settings.
func (m *Manager) setUp() {
	m.config = certmagic.New(m.cache, certmagic.Config{Storage: m.storage, Logger: zap.NewNop(), OnEvent: m.happened})
	directory := m.settings.Directory
	if directory == "" {
		directory = certmagic.LetsEncryptProductionCA
	}
	m.issuer = certmagic.NewACMEIssuer(m.config, certmagic.ACMEIssuer{
		CA: directory, TestCA: directory, Email: m.settings.Email, Agreed: true, TrustedRoots: m.settings.Roots, Logger: zap.NewNop(),
		DisableHTTPChallenge: m.settings.HTTPPort == 0, AltHTTPPort: int(m.settings.HTTPPort), AltTLSALPNPort: int(m.settings.TLSPort),
		DisableDistributedSolvers: true,
	})
	m.config.Issuers = []certmagic.Issuer{m.issuer}
}

func (m *Manager) names() (list []string) {
	for name := range m.wanted {
		list = append(list, name)
	}
	return list
}

func (m *Manager) manage(names []string) {
	if err := m.config.ManageAsync(m.ctx, names); err != nil {
		for _, name := range names {
			m.failed[name] = err
		}
	}
}

// happened takes certmagic's events.
func (m *Manager) happened(_ context.Context, event string, data map[string]any) error {
	name, _ := data["identifier"].(string)
	renewal, _ := data["renewal"].(bool)
	m.mu.Lock()
	tell := m.tell
	text, err := "", error(nil)
	switch event {
	case "cert_obtained":
		delete(m.failed, name)
		text = fmt.Sprintf("a certificate for %s was issued", name)
		if renewal {
			text = fmt.Sprintf("the certificate for %s was renewed", name)
		}
	case "cert_failed":
		err, _ = data["error"].(error)
		m.failed[name] = err
		text = fmt.Sprintf("no certificate was issued for %s: %v", name, err)
	case "cert_ocsp_revoked":
		err = errors.New("it was revoked")
		text = fmt.Sprintf("the certificate for %v was revoked", data["subjects"])
	}
	m.mu.Unlock()
	if text != "" && tell != nil {
		tell(News{name, err, text})
	}
	return nil
}

// Want says that a certificate for a name is needed. It is had soon after, or why
// not is said by Certificate.
func (m *Manager) Want(name string) error {
	if err := Issuable(name); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.settings == nil {
		return ErrNotAgreed
	}
	if m.settings.Directory == "" && !certmagic.SubjectQualifiesForPublicCert(name) {
		return fmt.Errorf("%s: no public authority issues a certificate for such a name: use local-ca", name)
	}
	if !m.wanted[name] {
		m.wanted[name] = true
		if m.ctx != nil {
			m.manage([]string{name})
		}
	}
	return nil
}

// Issuable refuses names that no authority can be asked for in the ways that
// there are here.
func Issuable(name string) error {
	switch _, err := netip.ParseAddr(name); {
	case err == nil:
		return fmt.Errorf("%s is an address: a certificate is issued for a name", name)
	case strings.HasPrefix(name, "*."):
		return fmt.Errorf("%s: for a wildcard the authority wants to see a record in the DNS, which this server cannot make: import such a certificate", name)
	}
	return nil
}

// Certificate gives the certificate for a name. Until there is one, the error says
// why.
func (m *Manager) Certificate(name string) (*tls.Certificate, error) {
	m.mu.Lock()
	cache, failed := m.cache, m.failed[name]
	m.mu.Unlock()
	if cache == nil {
		return nil, errors.New("it is had from the authority while the server runs")
	}
	for _, c := range cache.AllMatchingCertificates(name) {
		return m.same(name, &c.Certificate), nil
	}
	if failed != nil {
		return nil, fmt.Errorf("the authority has not issued one: %w", failed)
	}
	return nil, errors.New("the authority is being asked for it")
}

// Renew has another certificate for a name be issued now, and waits for it.
func (m *Manager) Renew(ctx context.Context, name string) error {
	m.mu.Lock()
	config, cache, wanted := m.config, m.cache, m.wanted[name]
	m.mu.Unlock()
	switch {
	case config == nil:
		return errors.New("it is had from the authority while the server runs")
	case !wanted:
		return fmt.Errorf("no binding names a certificate that an authority issues for %s", name)
	}
	before := cache.AllMatchingCertificates(name)
	if err := config.RenewCertSync(ctx, name, true); err != nil {
		return err
	}
	next, err := config.CacheManagedCertificate(ctx, name)
	if err != nil {
		return err
	}
	var old []string
	for _, c := range before {
		if c.Hash() != next.Hash() {
			old = append(old, c.Hash())
		}
	}
	cache.Remove(old) // now that there is another
	return nil
}

// same gives the certificate that was given before, if it is the same one: what was
// worked out of it for handshakes is found by where it is in memory.
func (m *Manager) same(name string, c *tls.Certificate) *tls.Certificate {
	m.mu.Lock()
	defer m.mu.Unlock()
	if old := m.given[name]; old != nil && bytes.Equal(old.Certificate[0], c.Certificate[0]) && bytes.Equal(old.OCSPStaple, c.OCSPStaple) {
		return old
	}
	m.given[name] = c
	return c
}

// Challenge gives the certificate that answers a TLS-ALPN-01 challenge, for a
// ClientHello that offers Protocol alone.
func (m *Manager) Challenge(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	m.mu.Lock()
	config := m.config
	m.mu.Unlock()
	if config == nil {
		return nil, errors.New("nothing is to be issued here")
	}
	return config.GetCertificate(hello)
}

// Answer answers a request of an HTTP-01 challenge, and reports whether it was
// one that is known.
func (m *Manager) Answer(w http.ResponseWriter, r *http.Request) bool {
	if !strings.HasPrefix(r.URL.Path, challengePath) {
		return false
	}
	if _, open := certmagic.GetACMEChallenge(strings.ToLower(r.Host)); !open {
		return false // certmagic would answer for any token
	}
	m.mu.Lock()
	issuer := m.issuer
	m.mu.Unlock()
	return issuer != nil && issuer.HandleHTTPChallenge(w, r)
}
