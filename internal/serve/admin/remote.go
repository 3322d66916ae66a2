package admin

import (
	"crypto/x509"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/netip"
	"os"

	"github.com/handsel-tls/handsel/internal/serve/assemble"
	"github.com/handsel-tls/handsel/internal/serve/certs"
	"github.com/handsel-tls/handsel/internal/serve/config"
	"github.com/handsel-tls/handsel/tls"
)

// ListenTLS serves the API on an address, to those who show a certificate that is one
// of set.ClientCAs or of such an authority. TLS 1.3 alone is spoken. tell is called with
// each handshake that is over.
func (e *Estate) ListenTLS(set *config.Admin, tell func(*tls.Record)) (*Listener, error) {
	if err := config.CheckAdmin(set); err != nil {
		return nil, err
	}
	e.mu.Lock()
	file, setup := e.plan.File(), e.plan.Setup
	e.mu.Unlock()
	trusted, err := pool(set.ClientCAs, file.Abs)
	if err != nil {
		return nil, err
	}
	get := func() (*tls.Certificate, error) { return setup.Certificate(set.Certificate) }
	if set.Certificate == "" {
		leaf, err := e.data.CA.Leaf(append(adminNames(set.Listen), set.LocalNames...)...)
		if err != nil {
			return nil, err
		}
		get = leaf.Certificate
	}
	if _, err := get(); err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", set.Listen)
	if err != nil {
		return nil, fmt.Errorf("the admin API cannot be had on %s: %w", set.Listen, err)
	}
	a := e.newListener("", log.New(os.Stderr, "admin: ", 0))
	a.run(tls.NewListener(l, &tls.Config{
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return get() },
		ClientAuth:     tls.RequireAndVerifyClientCert, ClientCAs: trusted,
		MinVersion: tls.VersionTLS13, NextProtos: []string{"http/1.1"}, SessionTicketsDisabled: true,
		OnHandshake: tell,
	}))
	return a, nil
}

func pool(files []string, abs func(string) string) (*x509.CertPool, error) {
	p := x509.NewCertPool()
	for _, name := range files {
		list, err := assemble.Authorities(abs(name))
		if err != nil {
			return nil, err
		}
		for _, c := range list {
			p.AddCert(c)
		}
	}
	return p, nil
}

// adminNames are those under which a computer is called at an address.
func adminNames(listen string) []string {
	names := certs.LocalNames()
	if host, err := os.Hostname(); err == nil {
		names = append(names, host)
	}
	if addr, err := netip.ParseAddrPort(listen); err == nil && !addr.Addr().IsUnspecified() {
		names = append(names, addr.Addr().Unmap().WithZone("").String())
	}
	return names
}

// A Remote is a server that is asked over the network.
type Remote struct {
	URL         string // https://host:port
	Certificate string // PEM file with the certificate and the key that is shown to it
	CA          string // PEM file of who vouches for it; empty: those that this system trusts
}

// DialTLS gives a client for a server elsewhere.
func DialTLS(r Remote) (*Client, error) {
	if r.Certificate == "" {
		return nil, errors.New("the server wants to see a certificate: name the PEM file with it and its key by --admin-cert")
	}
	config := &tls.Config{MinVersion: tls.VersionTLS13}
	pair, err := tls.LoadX509KeyPair(r.Certificate, r.Certificate)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.Certificate, err)
	}
	// The server may know just this certificate, and name no authority of it.
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
	if r.CA != "" {
		if config.RootCAs, err = pool([]string{r.CA}, func(name string) string { return name }); err != nil {
			return nil, err
		}
	}
	transport := tls.NewTransport(config)
	return &Client{
		Running: true, base: r.URL, http: http.Client{Transport: transport},
		close: func() error { transport.CloseIdleConnections(); return nil },
	}, nil
}
