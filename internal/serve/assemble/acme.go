package assemble

import (
	"crypto/x509"
	"fmt"
	"strings"

	"github.com/handsel-tls/handsel/internal/serve/acme"
	"github.com/handsel-tls/handsel/internal/serve/bindings"
	"github.com/handsel-tls/handsel/internal/serve/config"
)

// issuing is what a plan has to do with a certificate authority.
type issuing struct {
	by       *config.ACME   // nil: with none
	settings *acme.Settings // the same, with what it names
	whole    bool           // it is the plan of everything, not a change
	wants    []string       // host names
}

// InForce says that a plan is served from now on: certificates that an authority
// is to issue are asked for, and OCSP responses of those that there are.
func (p *Plan) InForce() {
	if names := p.stapled; p.data.Stapler != nil && len(names) > 0 {
		p.stapled = nil
		go p.data.fetchAhead(names, p.Setup.Certificates)
	}
	m := p.data.ACME
	if m == nil {
		return
	}
	if p.issuing.whole {
		m.Configure(p.issuing.settings)
	}
	for _, name := range p.issuing.wants {
		if err := m.Want(name); err != nil { // it was checked, but not for the authority
			p.notice("acme:%s: %v", name, err)
		}
	}
}

// ACME gives what is said of a certificate authority, nil if nothing is.
func (p *Plan) ACME() *config.ACME { return p.issuing.by }

// ChangeACME gives the plan with another certificate authority.
func (p *Plan) ChangeACME(by *config.ACME) (*Plan, error) {
	next := &Plan{Setup: p.Setup.Next(), file: p.file, data: p.data, sites: p.sites, stored: p.stored, issuing: issuing{by: by}}
	next.stored.settings.ACME = by
	next.addACME()
	return next, config.Join(next.mistakes...)
}

// addACME reads the settings of the authority, once it is known where there is
// something to listen on.
func (p *Plan) addACME() {
	p.issuing.whole = true
	if m := p.data.ACME; m != nil { // the setup answers challenges
		p.Setup.Challenge, p.Setup.Answer = m.Challenge, m.Answer
	}
	by := p.issuing.by
	if by == nil {
		return
	}
	s := &acme.Settings{Directory: by.Directory, Email: by.Email}
	if by.Roots != "" {
		list, err := Authorities(p.file.Abs(by.Roots))
		switch {
		case err == nil:
		case p.file.ACME != nil:
			p.wrong("$.acme.roots", err)
			return
		default: // it stands in the store
			p.mistakes = append(p.mistakes, &config.Error{What: fmt.Sprintf("acme, roots: %v", err)})
			return
		}
		s.Roots = x509.NewCertPool()
		for _, c := range list {
			s.Roots.AddCert(c)
		}
	}
	if len(p.Setup.HTTP) > 0 {
		s.HTTPPort = p.Setup.HTTP[0].Port()
	}
	if len(p.Setup.HTTPS) > 0 {
		s.TLSPort = p.Setup.HTTPS[0].Port()
	}
	p.issuing.settings = s
}

// want notes the certificates of a binding that an authority issues.
func (p *Plan) want(at string, set *bindings.Settings) {
	for i, name := range set.Certificates {
		host, ok := p.issued(name)
		if !ok {
			continue
		}
		err := acme.Issuable(host)
		if err == nil && p.issuing.by == nil {
			err = acme.ErrNotAgreed
		}
		if err != nil {
			p.wrong(fmt.Sprintf("%s.certificates[%d]", at, i), err)
			continue
		}
		p.issuing.wants = append(p.issuing.wants, host)
	}
}

// issued gives the host name of a certificate that an authority issues.
func (p *Plan) issued(name string) (host string, ok bool) {
	if host, ok = strings.CutPrefix(name, IssuedByACME); ok {
		return host, true
	}
	for _, c := range p.file.Certificates {
		if c.Name == name && c.ACME != "" {
			return c.ACME, true
		}
	}
	return "", false
}
