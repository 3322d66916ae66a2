package endpoint

import (
	"crypto"
	stdtls "crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/serve/accesslog"
	"github.com/handsel-tls/handsel/internal/serve/acme"
	"github.com/handsel-tls/handsel/internal/serve/bindings"
	"github.com/handsel-tls/handsel/internal/serve/sites"
	"github.com/handsel-tls/handsel/tls"
)

// GetCertificate gives a certificate when a handshake needs it: one of the
// local CA may be new by then.
type GetCertificate func() (*stdtls.Certificate, error)

// A Setup is what a server serves. It does not change once it was applied.
type Setup struct {
	HTTPS, HTTP  []netip.AddrPort
	RedirectHTTP bool // plain requests are sent to the first port of HTTPS
	Table        *bindings.Table
	Router       *sites.Router
	Certificates map[string]GetCertificate                      // by the names in the bindings' settings
	Resolve      func(name string) (*stdtls.Certificate, error) // gives those that are not in Certificates
	Staple       func(*stdtls.Certificate) *stdtls.Certificate  // adds the OCSP response that counts now; nil: nothing does
	ClientCAs    map[string][]*x509.Certificate                 // likewise
	RawKeys      map[string]crypto.Signer                       // likewise
	ClientKeys   map[string][]tls.PublicKeyHash                 // likewise
	PSKs         map[string][]tls.PreSharedKey                  // likewise
	ECH          []tls.EncryptedClientHelloKey                  // for all of HTTPS

	// Believed are the networks from which connections to an address come that begin
	// with a header of the PROXY protocol.
	Believed  map[netip.AddrPort][]netip.Prefix
	AccessLog accesslog.Settings // To is empty: none

	// Revoked gives the fault of a client's chain that was verified, if a binding
	// refuses it because it was revoked, or because that is not known.
	Revoked func(*bindings.Settings, []*x509.Certificate) error

	// Challenge gives the certificate with which a name is proved to be served here,
	// to an authority that offers acme.Protocol alone, and Answer answers a plain
	// request for the same purpose, and reports whether it was one. Both may be nil.
	Challenge func(*stdtls.ClientHelloInfo) (*stdtls.Certificate, error)
	Answer    func(http.ResponseWriter, *http.Request) bool

	config  *tls.Config
	configs sync.Map          // of *bindings.Binding to *tls.Config, made when first used
	later   sync.Map          // likewise, for asking for a certificate after the handshake
	now     sync.Map          // likewise, for asking those in the handshake who cannot be asked after it
	guarded map[string]demand // by site
	inside  *visitors
}

// Next gives a setup with the same, to be changed before it is applied.
func (s *Setup) Next() *Setup {
	return &Setup{
		HTTPS: s.HTTPS, HTTP: s.HTTP, RedirectHTTP: s.RedirectHTTP, Table: s.Table, Router: s.Router,
		Certificates: s.Certificates, Resolve: s.Resolve, Staple: s.Staple, Revoked: s.Revoked, ClientCAs: maps.Clone(s.ClientCAs), RawKeys: maps.Clone(s.RawKeys),
		ClientKeys: maps.Clone(s.ClientKeys), PSKs: maps.Clone(s.PSKs), ECH: s.ECH, Challenge: s.Challenge, Answer: s.Answer, Believed: s.Believed, AccessLog: s.AccessLog,
	}
}

// Certificate gives the certificate that bindings call by a name.
func (s *Setup) Certificate(name string) (*stdtls.Certificate, error) {
	if get, ok := s.Certificates[name]; ok {
		return get()
	}
	if s.Resolve == nil {
		return nil, errors.New("there is none of that name")
	}
	return s.Resolve(name)
}

// places gives what to listen on.
func (s *Setup) places() map[place]bool {
	all := map[place]bool{}
	for _, a := range s.HTTPS {
		all[place{a, false}] = true
	}
	for _, a := range s.HTTP {
		all[place{a, true}] = true
	}
	return all
}

// prepare makes the config that all connections begin with: the ClientHello
// leads to the binding, and that to its own config.
func (s *Setup) prepare(server *Server) {
	s.guarded, s.inside = guards(s.Table), &server.inside
	s.config = server.base.Clone()
	s.config.GetConfigForClient = s.configFor
	s.config.EncryptedClientHelloKeys = s.ECH
	if tell := server.options.OnHandshake; tell != nil {
		s.config.OnHandshake = func(r *tls.Record) {
			closedHere(r.Failure)
			tell(&Handshake{r, s})
		}
	}
}

// closedHere puts it right who ended a handshake whose connection was closed on
// this side while it waited: for package tls the connection just broke.
func closedHere(f *tls.Failure) {
	if f != nil && f.Fault == fault.Reset.Name() && strings.HasSuffix(f.Detail, net.ErrClosed.Error()) {
		f.By = trace.ByUs.String()
		f.Sentence = "the connection was closed here"
		f.Detail = "too many were waiting, or the server was shutting down"
	}
}

// configFor finds the binding of a connection and gives its config.
func (s *Setup) configFor(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	local, err := localOf(hello.Conn.LocalAddr())
	if err != nil {
		return nil, err
	}
	if s.Challenge != nil && len(hello.SupportedProtos) == 1 && hello.SupportedProtos[0] == acme.Protocol {
		return &tls.Config{GetCertificate: s.Challenge, NextProtos: hello.SupportedProtos, SessionTicketsDisabled: true}, nil
	}
	found := s.Table.Lookup(local, hello.ServerName)
	if found.Binding == nil || found.Binding.Settings.Reject {
		return nil, refuse(hello.Conn, found, local, hello.ServerName)
	}
	now := asksNow(&found.Binding.Settings, hello)
	s.inside.led(hello.Conn, found.Binding, now)
	if now {
		return made(&s.now, found.Binding, s.nowConfig), nil
	}
	return made(&s.configs, found.Binding, s.newConfig), nil
}

// made gives the config of a binding, and makes it if there is none yet.
func made(all *sync.Map, b *bindings.Binding, make func(*bindings.Binding) *tls.Config) *tls.Config {
	if c, ok := all.Load(b); ok {
		return c.(*tls.Config)
	}
	c, _ := all.LoadOrStore(b, make(b))
	return c.(*tls.Config)
}

// refuse ends a connection that no binding is for, in the way the table says.
func refuse(conn net.Conn, found bindings.Result, local netip.AddrPort, name string) error {
	code := fault.NoBinding
	if found.Binding != nil {
		code = fault.Rejected
	}
	if found.NoMatch == bindings.NoMatchUnrecognizedName {
		return fault.With(fault.UnrecognizedName, "%v, name %q", local, name)
	}
	reset(conn) // as HTTP.SYS does: no alert
	return fault.With(code, "%v, name %q", local, name)
}

func localOf(a net.Addr) (netip.AddrPort, error) {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}, fmt.Errorf("%v is not a TCP address", a)
	}
	p := tcp.AddrPort()
	return netip.AddrPortFrom(p.Addr().Unmap(), p.Port()), nil
}

// keptSessions is how many sessions a binding keeps under their IDs, if its
// policy wants that in place of tickets.
const keptSessions = 1024

// newConfig makes the config of a binding.
func (s *Setup) newConfig(b *bindings.Binding) *tls.Config {
	set := &b.Settings
	c := &tls.Config{
		Policy:     set.Policy,
		MinVersion: uint16(set.MinVersion), MaxVersion: uint16(set.MaxVersion),
		SessionTicketsDisabled: set.NoTickets, NoStapling: set.NoStapling, AllowRenegotiation: set.Renegotiation, NoCertificateCompression: set.NoCompression, RecordSizeLimit: set.RecordSizeLimit,
		NextProtos: []string{"h2", "http/1.1"},
	}
	if p, err := set.EffectivePolicy(); err == nil && (p.NoTickets || set.SSL2) {
		c.ServerSessions = keptSessions
	}
	c.SSL2 = set.SSL2
	if set.EarlyData {
		c.MaxEarlyData = maxEarlyData
	}
	if set.NoHTTP2 {
		c.NextProtos = []string{"http/1.1"}
	}
	for _, id := range set.Suites {
		c.CipherSuites = append(c.CipherSuites, uint16(id))
	}
	s.askClients(c, set)
	if raw := s.RawKeys[set.RawKey]; raw != nil {
		c.RawPublicKey = raw
	}
	c.PreSharedKeys, c.PreSharedKeyHint = s.PSKs[set.PSKFile], set.PSKHint
	switch {
	case b.Key.Kind() == bindings.KindCentral:
		c.GetCertificates = func(hello *tls.ClientHelloInfo) ([]*tls.Certificate, error) {
			local, err := localOf(hello.Conn.LocalAddr())
			if err != nil {
				return nil, err
			}
			return s.certificates(s.namesOf(b, local, hello.ServerName))
		}
	case len(set.Certificates) > 0:
		c.GetCertificates = func(*tls.ClientHelloInfo) ([]*tls.Certificate, error) { return s.certificates(set.Certificates) }
	}
	return c
}

// askClients makes a config ask clients who they are, as a binding's settings say.
func (s *Setup) askClients(c *tls.Config, set *bindings.Settings) {
	c.ClientAuth = clientAuth[set.ClientAuth]
	if len(set.ClientAuthPaths) > 0 {
		c.ClientAuth, c.PostHandshakeAuth = tls.NoClientCert, true
		c.HTTP11Required = func(path string) bool { return guardsPath(set, path) }
	}
	if len(set.ClientCAs) > 0 {
		c.ClientCAs = x509.NewCertPool()
		for _, name := range set.ClientCAs {
			for _, ca := range s.ClientCAs[name] {
				c.ClientCAs.AddCert(ca)
			}
		}
	}
	c.AnyClientUsage = set.AnyUsage
	if set.Revocation != nil && s.Revoked != nil {
		c.VerifyConnection = func(state tls.ConnectionState) error { return s.revoked(set, &state) }
	}
	for _, name := range set.ClientKeys {
		c.PeerPublicKeys = append(c.PeerPublicKeys, s.ClientKeys[name]...)
	}
}

// revoked refuses a client that was revoked, also if it resumes a session. One that
// has shown no certificate has none to be looked up.
func (s *Setup) revoked(set *bindings.Settings, state *tls.ConnectionState) error {
	if len(state.VerifiedChains) == 0 {
		return nil
	}
	return s.Revoked(set, state.VerifiedChains[0])
}

// maxEarlyData is how many bytes of early data a connection may begin with, if
// its binding allows any: as many as most servers take.
const maxEarlyData = 1 << 14

var clientAuth = map[bindings.ClientAuth]tls.ClientAuthType{
	bindings.ClientAuthNone:    tls.NoClientCert,
	bindings.ClientAuthRequest: tls.VerifyClientCertIfGiven,
	bindings.ClientAuthRequire: tls.RequireAndVerifyClientCert,
}

// namesOf gives the names of the certificates that a binding has for a connection:
// a central store has others for each name.
func (s *Setup) namesOf(b *bindings.Binding, local netip.AddrPort, name string) []string {
	if b.Key.Kind() == bindings.KindCentral {
		return s.Table.Lookup(local, name).Certificates()
	}
	return b.Settings.Certificates
}

// certificates gives those of a binding that can be had. One that cannot is no
// reason to turn away clients who can do with another.
func (s *Setup) certificates(names []string) (certs []*tls.Certificate, err error) {
	var errs []error
	for _, name := range names {
		cert, err := s.Certificate(name)
		if err != nil {
			errs = append(errs, fmt.Errorf("certificate %q: %w", name, err))
			continue
		}
		if s.Staple != nil {
			cert = s.Staple(cert)
		}
		certs = append(certs, cert)
	}
	if len(certs) == 0 {
		return nil, errors.Join(errs...)
	}
	return certs, nil
}
