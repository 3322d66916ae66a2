package admin

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/serve/acme"
	"github.com/handsel-tls/handsel/internal/serve/assemble"
	"github.com/handsel-tls/handsel/internal/serve/bindings"
	"github.com/handsel-tls/handsel/internal/serve/certs"
)

// shortest is the least number of hexadecimal digits by which a certificate may
// be called in place of all.
const shortest = 6

// reference gives the name under which a binding is stored with its certificate:
// its thumbprint of SHA-256, or what the local CA is to issue. The administrator
// may call a certificate by a thumbprint, by how one begins, by a host name that
// one certificate is for, by local-ca, or by acme.
func (e *Estate) reference(name string, key bindings.Key) (string, error) {
	if name == strings.TrimSuffix(assemble.LocalCA, ":") {
		if key.Host() == "" {
			return "", fmt.Errorf("%s: the binding has no name that a certificate could be issued for: write %sNAME", name, assemble.LocalCA)
		}
		name = assemble.LocalCA + key.Host()
	}
	if strings.HasPrefix(name, assemble.LocalCA) {
		_, err := e.data.Certificate(name)
		return name, err
	}
	if name == strings.TrimSuffix(assemble.IssuedByACME, ":") {
		if key.Host() == "" {
			return "", fmt.Errorf("%s: the binding has no name that a certificate could be issued for: write %sNAME", name, assemble.IssuedByACME)
		}
		name = assemble.IssuedByACME + key.Host()
	}
	if host, ok := strings.CutPrefix(name, assemble.IssuedByACME); ok {
		return name, acme.Issuable(host)
	}
	t, err := e.thumbprint(name)
	return string(t), err
}

// thumbprint finds a certificate of the store.
func (e *Estate) thumbprint(name string) (certs.Thumbprint, error) {
	if _, _, err := certs.ParseThumbprint(name); err == nil {
		info, _, err := e.data.Store.Show(name)
		return info.Thumbprint, err
	}
	list, err := e.data.Store.List()
	if err != nil {
		return "", err
	}
	begin := strings.ToLower(strings.ReplaceAll(name, ":", ""))
	var found []certs.Info
	for _, c := range list {
		if len(begin) >= shortest && (strings.HasPrefix(string(c.Thumbprint), begin) || strings.HasPrefix(string(c.SHA1), begin)) ||
			slices.ContainsFunc(c.Names, func(n string) bool { return strings.EqualFold(n, name) }) {
			found = append(found, c)
		}
	}
	switch len(found) {
	case 0:
		return "", fail("not_found", fmt.Errorf("no certificate is called %q: write a thumbprint of handsel cert list, how one begins (%d digits at least), or a host name", name, shortest))
	case 1:
		return found[0].Thumbprint, nil
	}
	text := fmt.Sprintf("%d certificates are called %q:", len(found), name)
	for _, c := range found {
		text += fmt.Sprintf("\n  %s  until %s  %s", c.Thumbprint, c.NotAfter.Format("2006-01-02"), c.Key)
	}
	return "", fail("wrong", errors.New(text))
}

// A fact is what is known of a certificate that a binding names. There may be very
// many, so that it holds no certificate.
type fact struct {
	err     error
	names   []string // host names that the certificate is for
	notices []certs.Notice
	must    certs.Thumbprint // of one that asks for an OCSP response to be stapled; "": it does not
}

// covers reports whether the certificate is for a host.
func (f *fact) covers(host string) bool {
	return (&x509.Certificate{DNSNames: f.names}).VerifyHostname(host) == nil
}

// facts remembers what has been found out of certificates of the local CA, by their
// names, for a while: it issues them when they are asked for, and they grow old. Of
// others it is noted in the store.
type facts struct {
	byName map[string]*fact
	since  time.Time
}

const rememberFor = time.Hour

// forget has everything be found out again.
func (f *facts) forget() { clear(f.byName) }

func (e *Estate) fact(name string) *fact {
	if now := time.Now(); now.Sub(e.facts.since) > rememberFor {
		e.facts.forget()
		e.facts.since = now
	}
	if f := e.facts.byName[name]; f != nil {
		return f
	}
	f := &fact{}
	if get := e.plan.Setup.Certificates[name]; get != nil { // of the configuration file, and not read for this
		cert, err := get()
		f.err = f.take(cert, err, e.data.CA.Certificate())
		return f
	}
	if host, ok := strings.CutPrefix(name, assemble.IssuedByACME); ok { // it may be there in a moment
		f.names = []string{host}
		if e.apply != nil { // a server runs, that has it
			_, f.err = e.data.Certificate(name)
		}
		return f
	}
	if strings.HasPrefix(name, assemble.LocalCA) {
		e.facts.byName[name] = f
		var cert *tls.Certificate
		if cert, f.err = e.data.Certificate(name); f.err == nil {
			f.names = cert.Leaf.DNSNames
		}
		return f
	}
	var v certs.Verdict
	v, f.err = e.data.Store.Verdict(certs.Thumbprint(name))
	f.names, f.notices = v.Names, v.Notices
	if v.Staple {
		f.must = certs.Thumbprint(name)
	}
	return f
}

// take looks at a certificate of the configuration file, with the chain that is sent.
func (f *fact) take(cert *tls.Certificate, err error, localCA *x509.Certificate) error {
	if err != nil {
		return err
	}
	var chain []*x509.Certificate
	for _, der := range cert.Certificate {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return err
		}
		chain = append(chain, c)
	}
	if len(chain) == 0 {
		return errors.New("its chain is empty")
	}
	f.names, f.notices = chain[0].DNSNames, certs.Judge(certs.Options{}, chain)
	if bytes.Equal(chain[0].RawIssuer, localCA.RawSubject) { // whoever wants that CA knows where it is
		f.notices = slices.DeleteFunc(f.notices, func(n certs.Notice) bool { return n.Code == certs.MissingIntermediate })
	}
	if sign.MustStaple(chain[0]) && len(cert.OCSPStaple) == 0 {
		f.must = certs.ThumbprintOf(chain[0])
	}
	return nil
}

// certificateWarnings says what clients of a binding will not like about its certificates.
func (e *Estate) certificateWarnings(b *bindings.Binding) (list []Warning) {
	if b.Settings.Reject {
		return nil
	}
	k, covered, known := b.Key, false, false
	for _, name := range b.Settings.Certificates {
		f := e.fact(name)
		if f.err != nil {
			list = append(list, Warning{"no-certificate", fmt.Sprintf("certificate %s cannot be had: %v", name, f.err)})
			continue
		}
		known = true
		covered = covered || f.covers(probe(k))
		for _, n := range f.notices {
			list = append(list, Warning{string(n.Code), n.Text})
		}
		if why := e.mustStaple(f.must, b); why != "" {
			list = append(list, Warning{"must-staple", fmt.Sprintf("a certificate of %v asks for an OCSP response to be stapled (must-staple), and %s: clients may refuse it", k, why)})
		}
	}
	if host := k.Host(); host != "" && known && !covered {
		list = append(list, Warning{"name-not-covered", fmt.Sprintf("no certificate of %v is for %s: clients refuse it", k, host)})
	}
	return list
}

// mustStaple says why no response is stapled to a certificate that asks for one.
func (e *Estate) mustStaple(cert certs.Thumbprint, b *bindings.Binding) string {
	if cert == "" {
		return ""
	}
	if b.Settings.NoStapling {
		return "stapling is turned off"
	}
	if e.apply == nil { // no server runs that could have one
		return ""
	}
	state := e.data.Stapler.State(string(cert))
	switch {
	case state != nil && state.Status == "good":
		return ""
	case state != nil && state.Status == "revoked":
		return "it was revoked"
	case state != nil && state.Problem != "":
		return "none could be had: " + state.Problem
	}
	return "there is none yet"
}

// probe gives a name that a certificate of a binding has to be for.
func probe(k bindings.Key) string {
	if rest, ok := strings.CutPrefix(k.Host(), "*."); ok {
		return "any." + rest
	}
	return k.Host()
}
