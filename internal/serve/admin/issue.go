package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/handsel-tls/handsel/internal/serve/assemble"
	"github.com/handsel-tls/handsel/internal/serve/certs"
)

// An Issuance says for whom the local CA is to issue a certificate.
type Issuance struct {
	Names  []string `json:"names"`            // host names and addresses; of a client, what it is called
	Client bool     `json:"client,omitempty"` // for a client
	Key    bool     `json:"key,omitempty"`    // give the key as well, as for a client it always is
}

// An IssuedCertificate is a certificate that there was not before.
type IssuedCertificate struct {
	Thumbprint certs.Thumbprint `json:"thumbprint"`
	Names      []string         `json:"names"`
	NotAfter   time.Time        `json:"not_after"`
	Data       []byte           `json:"data,omitempty"` // PEM: certificate, and key if it was asked for
}

func issued(p *certs.Pair, key bool) (*IssuedCertificate, error) {
	c := p.Leaf()
	out := &IssuedCertificate{Thumbprint: certs.ThumbprintOf(c), Names: c.DNSNames, NotAfter: c.NotAfter}
	for _, ip := range c.IPAddresses {
		out.Names = append(out.Names, ip.String())
	}
	if len(out.Names) == 0 {
		out.Names = []string{c.Subject.CommonName}
	}
	var err error
	out.Data, err = p.PEM(key)
	return out, err
}

// Issue has the local CA issue a certificate. That of a server is in the store from
// now on, and the same is given until it is to be renewed; that of a client is given
// away and kept nowhere.
func (e *Estate) Issue(i Issuance) (*IssuedCertificate, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if i.Client {
		if len(i.Names) != 1 {
			return nil, fail("wrong", errors.New("a client is called in one way: write one name"))
		}
		p, err := e.data.CA.Client(i.Names[0])
		if err != nil {
			return nil, err
		}
		return issued(p, true)
	}
	leaf, err := e.data.CA.Leaf(i.Names...)
	if err != nil {
		return nil, err
	}
	p, err := leaf.Pair()
	if err != nil {
		return nil, err
	}
	return issued(p, i.Key)
}

// renewLimit is the longest time that an authority may take.
const renewLimit = 5 * time.Minute

// Renew has another certificate be issued in place of one of the local CA or of an
// authority that speaks ACME. Bindings name the new one from then on.
func (e *Estate) Renew(ctx context.Context, name string) (*IssuedCertificate, error) {
	if host, ok := strings.CutPrefix(name, assemble.IssuedByACME); ok {
		return e.renewACME(ctx, host)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.ready(); err != nil {
		return nil, err
	}
	old, names, err := e.renewable(name)
	if err != nil {
		return nil, err
	}
	leaf, err := e.data.CA.Leaf(names...)
	if err != nil {
		return nil, err
	}
	p, err := leaf.Renew()
	if err == nil && old != "" {
		err = e.replace(old, certs.ThumbprintOf(p.Leaf()))
	}
	if err != nil {
		return nil, err
	}
	e.facts.forget()
	return issued(p, false)
}

// renewable gives the names for which the local CA has issued a certificate, and the
// certificate if it was called by a thumbprint or a name of its.
func (e *Estate) renewable(name string) (old certs.Thumbprint, names []string, err error) {
	if list, ok := strings.CutPrefix(name, assemble.LocalCA); ok {
		return "", strings.Split(list, ","), nil
	}
	if old, err = e.thumbprint(name); err != nil {
		return "", nil, err
	}
	info, _, err := e.data.Store.Show(string(old))
	if err != nil {
		return "", nil, err
	}
	names, ok := info.IssuedHere()
	if !ok {
		return "", nil, fail("wrong", fmt.Errorf("%s was issued by %s: have that authority issue another one, and import it in its place: handsel cert import new.pem new.key --replace %s", name, info.Issuer, name))
	}
	return old, names, nil
}

// renewACME waits for the authority, while everything else goes on.
func (e *Estate) renewACME(ctx context.Context, host string) (*IssuedCertificate, error) {
	ctx, cancel := context.WithTimeout(ctx, renewLimit)
	defer cancel()
	if err := e.data.ACME.Renew(ctx, host); err != nil {
		return nil, fail("failed", fmt.Errorf("%s was not renewed: %w", host, err))
	}
	cert, err := e.data.ACME.Certificate(host)
	if err != nil {
		return nil, err
	}
	return &IssuedCertificate{Thumbprint: certs.ThumbprintOf(cert.Leaf), Names: cert.Leaf.DNSNames, NotAfter: cert.Leaf.NotAfter}, nil
}

func issueCertificate(e *Estate, r *http.Request) (any, error) {
	i, err := read[Issuance](r)
	if err != nil {
		return nil, err
	}
	return e.Issue(i)
}

func renewCertificate(e *Estate, r *http.Request) (any, error) {
	return e.Renew(r.Context(), r.PathValue("name"))
}
