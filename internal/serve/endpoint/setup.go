package endpoint

import (
	stdtls "crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"sync"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/serve/bindings"
	"github.com/handsel-tls/handsel/internal/serve/sites"
	"github.com/handsel-tls/handsel/tls"
)

// GetCertificate gives a certificate when a handshake needs it: one of the
// local CA may be new by then.
type GetCertificate func() (*stdtls.Certificate, error)

// A Setup is what a server serves. It does not change.
type Setup struct {
	HTTPS, HTTP  []netip.AddrPort
	Table        *bindings.Table
	Router       *sites.Router
	Certificates map[string]GetCertificate // by the names in the bindings' settings

	config      *tls.Config
	configs     sync.Map // of *bindings.Binding to *tls.Config, made when first used
	onHandshake func(*tls.Record)
}

const httpsKey, httpKey = "https ", "http  "

// addresses gives what to listen on, by a key that tells HTTPS from HTTP.
func (s *Setup) addresses() map[string]netip.AddrPort {
	all := map[string]netip.AddrPort{}
	for _, a := range s.HTTPS {
		all[httpsKey+a.String()] = a
	}
	for _, a := range s.HTTP {
		all[httpKey+a.String()] = a
	}
	return all
}

// prepare makes the config that all connections begin with: the ClientHello
// leads to the binding, and that to its own config.
func (s *Setup) prepare() {
	s.config = &tls.Config{
		GetConfigForClient: s.configFor,
		OnHandshake:        s.onHandshake,
		HandshakeTimeout:   handshakeTimeout,
		NextProtos:         []string{"h2", "http/1.1"},
	}
}

// configFor finds the binding of a connection and gives its config.
func (s *Setup) configFor(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	local, err := localOf(hello.Conn.LocalAddr())
	if err != nil {
		return nil, err
	}
	found := s.Table.Lookup(local, hello.ServerName)
	if found.Binding == nil || found.Binding.Settings.Reject {
		return nil, refuse(hello.Conn, found, local, hello.ServerName)
	}
	if c, ok := s.configs.Load(found.Binding); ok {
		return c.(*tls.Config), nil
	}
	c, err := s.newConfig(found.Binding)
	if err != nil {
		return nil, err
	}
	actual, _ := s.configs.LoadOrStore(found.Binding, c)
	return actual.(*tls.Config), nil
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
	if tcp, ok := conn.(*net.TCPConn); ok { // as HTTP.SYS does: no alert, a reset
		tcp.SetLinger(0)
		tcp.Close()
	}
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

// newConfig makes the config of a binding.
func (s *Setup) newConfig(b *bindings.Binding) (*tls.Config, error) {
	set := &b.Settings
	c := &tls.Config{
		Policy:     set.Policy,
		MinVersion: uint16(set.MinVersion), MaxVersion: uint16(set.MaxVersion),
		SessionTicketsDisabled: set.NoTickets,
		NextProtos:             []string{"h2", "http/1.1"},
		ClientAuth:             clientAuth[set.ClientAuth],
	}
	if set.NoHTTP2 {
		c.NextProtos = []string{"http/1.1"}
	}
	for _, id := range set.Suites {
		c.CipherSuites = append(c.CipherSuites, uint16(id))
	}
	if len(set.ClientCAs) > 0 {
		pool, err := readPool(set.ClientCAs)
		if err != nil {
			return nil, err
		}
		c.ClientCAs = pool
	}
	c.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		return s.choose(set, hello)
	}
	return c, nil
}

var clientAuth = map[bindings.ClientAuth]tls.ClientAuthType{
	bindings.ClientAuthNone:    tls.NoClientCert,
	bindings.ClientAuthRequest: tls.VerifyClientCertIfGiven,
	bindings.ClientAuthRequire: tls.RequireAndVerifyClientCert,
}

// choose gives the first certificate of the binding that the client can use.
func (s *Setup) choose(set *bindings.Settings, hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	var first *tls.Certificate
	var errs []error
	for _, name := range set.Certificates {
		get, ok := s.Certificates[name]
		if !ok {
			errs = append(errs, fmt.Errorf("there is no certificate %q", name))
			continue
		}
		cert, err := get()
		if err != nil {
			errs = append(errs, fmt.Errorf("certificate %q: %w", name, err))
			continue
		}
		if len(set.Certificates) == 1 || hello.SupportsCertificate(cert) == nil {
			return cert, nil
		}
		if first == nil {
			first = cert
		}
	}
	if first == nil {
		return nil, errors.Join(errs...)
	}
	return first, nil
}

func readPool(files []string) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			return nil, fmt.Errorf("client authorities: %w", err)
		}
		if !pool.AppendCertsFromPEM(b) {
			return nil, fmt.Errorf("client authorities: %s holds no certificate in PEM", f)
		}
	}
	return pool, nil
}

// serveHTTPS leads a request over TLS to its site. RFC 9110, section 15.5.20:
// a connection that is not authoritative for the Host gets 421.
func (s *Server) serveHTTPS(w http.ResponseWriter, r *http.Request) {
	setup := s.setup.Load()
	fallback := ""
	if c := tls.ConnOf(r.Context()); c != nil {
		local, err := localOf(c.LocalAddr())
		if err != nil {
			http.Error(w, "400 Bad Request", http.StatusBadRequest)
			return
		}
		mine := setup.Table.Lookup(local, r.TLS.ServerName).Binding
		if mine != nil {
			fallback = mine.Settings.Site
		}
		if host := sites.HostOf(r.Host); !setup.authoritative(local, mine, r.TLS.ServerName, host) {
			http.Error(w, "421 Misdirected Request: this connection is not for "+strconv.Quote(host)+".", http.StatusMisdirectedRequest)
			return
		}
	}
	setup.route(w, r, fallback)
}

// authoritative reports whether a connection that was made for a name may serve
// a host: the same one, or one whose binding asks the same of its clients.
func (s *Setup) authoritative(local netip.AddrPort, mine *bindings.Binding, name, host string) bool {
	if host == sites.HostOf(name) || mine == nil {
		return true
	}
	its := s.Table.Lookup(local, host).Binding
	if its == nil {
		return name == "" // the client could not say which name it wants
	}
	a, b := &mine.Settings, &its.Settings
	return its == mine || !b.Reject && a.ClientAuth == b.ClientAuth && a.Policy == b.Policy &&
		a.MinVersion == b.MinVersion && a.MaxVersion == b.MaxVersion && b.ClientAuth == bindings.ClientAuthNone
}

// serveHTTP leads a plain request to its site.
func (s *Server) serveHTTP(w http.ResponseWriter, r *http.Request) {
	s.setup.Load().route(w, r, "")
}

// route answers with the site of the request. No site: 400, as HTTP.SYS does.
func (s *Setup) route(w http.ResponseWriter, r *http.Request, fallback string) {
	site := s.Router.Find(r.Host, r.URL.Path, fallback)
	if site == nil {
		http.Error(w, "400 Bad Request: there is no site "+strconv.Quote(sites.HostOf(r.Host))+" here.", http.StatusBadRequest)
		return
	}
	site.Handler.ServeHTTP(w, r)
}
