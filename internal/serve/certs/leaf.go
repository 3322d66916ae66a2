package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"
)

// issuedFrom is what a Store has as the origin of a certificate of a local CA.
const issuedFrom = "local CA"

// LocalNames are the names under which a computer reaches itself.
func LocalNames() []string { return []string{"localhost", "127.0.0.1", "::1"} }

// A Leaf is a certificate of the local CA that is replaced before it expires.
// It may be used by several goroutines.
type Leaf struct {
	ca    *CA
	names []string // sorted, each once

	current atomic.Pointer[issuedLeaf]
	mu      sync.Mutex // held while a new one is made
}

type issuedLeaf struct {
	*tls.Certificate
	from, renew time.Time // outside of these a new one is made
}

// Leaf gives the certificate for names: DNS names, wildcards such as
// "*.example.com", and IP addresses. For the same names it gives the same Leaf.
// The first certificate is issued now, or taken from the store.
func (ca *CA) Leaf(names ...string) (*Leaf, error) {
	var clean []string
	for _, name := range names {
		n, err := leafName(name)
		if err != nil {
			return nil, err
		}
		clean = append(clean, n)
	}
	if len(clean) == 0 {
		return nil, &Error{What: "a certificate needs a name", Hint: "give a host name or an IP address"}
	}
	slices.Sort(clean)
	clean = slices.Compact(clean)

	ca.mu.Lock()
	defer ca.mu.Unlock()
	id := strings.Join(clean, " ")
	if l := ca.leaves[id]; l != nil {
		return l, nil
	}
	l := &Leaf{ca: ca, names: clean}
	if _, err := l.Certificate(); err != nil {
		return nil, err
	}
	ca.leaves[id] = l
	return l, nil
}

// Names gives the names of the certificate, sorted.
func (l *Leaf) Names() []string { return slices.Clone(l.names) }

// Certificate gives the certificate that is to be used now. When a third of its
// life is left a new one is issued; that takes a fraction of a millisecond. An
// error means that there is none that could be used.
func (l *Leaf) Certificate() (*tls.Certificate, error) {
	now := l.ca.options.Now()
	if c := l.current.Load(); c.fresh(now) {
		return c.Certificate, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	old := l.current.Load()
	if old.fresh(now) { // somebody else was here
		return old.Certificate, nil
	}
	c, err := l.obtain(now)
	switch {
	case err == nil:
		l.current.Store(&issuedLeaf{c, c.Leaf.NotBefore, renewal(c.Leaf)})
		return c, nil
	case old != nil && now.Before(old.Leaf.NotAfter) && !now.Before(old.from):
		return old.Certificate, nil // still good, and there is time to try again
	}
	return nil, err
}

func (c *issuedLeaf) fresh(now time.Time) bool {
	return c != nil && now.Before(c.renew) && !now.Before(c.from)
}

// renewal gives the time at which a third of a certificate's life is left.
func renewal(c *x509.Certificate) time.Time {
	return c.NotAfter.Add(-c.NotAfter.Sub(c.NotBefore) / 3)
}

// obtain takes a certificate from the store, or issues one and keeps it there.
func (l *Leaf) obtain(now time.Time) (*tls.Certificate, error) {
	store := l.ca.options.Store
	if store != nil {
		if c, err := l.fromStore(store, now); c != nil || err != nil {
			return c, err
		}
	}
	p, err := l.another(now)
	if err != nil {
		return nil, err
	}
	return p.Certificate(), nil
}

// fromStore looks for a certificate of this CA for just these names that is
// fresh, and takes out those that have expired.
func (l *Leaf) fromStore(store *Store, now time.Time) (*tls.Certificate, error) {
	list, err := store.List()
	if err != nil {
		return nil, err
	}
	var best *x509.Certificate
	for _, info := range list {
		names := info.Names
		slices.Sort(names)
		if info.From != issuedFrom || !slices.Equal(names, l.names) {
			continue
		}
		full, _, err := store.Show(string(info.Thumbprint))
		if err != nil || full.Chain[0].CheckSignatureFrom(l.ca.cert) != nil {
			continue
		}
		c := full.Chain[0]
		if now.After(c.NotAfter) {
			if _, err := store.Remove(string(info.Thumbprint)); err != nil {
				return nil, err
			}
			continue
		}
		if now.Before(renewal(c)) && !now.Before(c.NotBefore) {
			best = c // the list has the one that lasts longest at its end
		}
	}
	if best == nil {
		return nil, nil
	}
	return store.Get(string(ThumbprintOf(best)))
}

// Pair gives the certificate that is to be used now with its key.
func (l *Leaf) Pair() (*Pair, error) {
	c, err := l.Certificate()
	if err != nil {
		return nil, err
	}
	key, err := asSigner(c.PrivateKey)
	return &Pair{Chain: []*x509.Certificate{c.Leaf}, Key: key}, err
}

// Renew issues another certificate now, and gives it with its key.
func (l *Leaf) Renew() (*Pair, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p, err := l.another(l.ca.options.Now())
	if err == nil {
		l.current.Store(&issuedLeaf{p.Certificate(), p.Leaf().NotBefore, renewal(p.Leaf())})
	}
	return p, err
}

// another issues a certificate and keeps it.
func (l *Leaf) another(now time.Time) (*Pair, error) {
	p, err := l.ca.issue(l.names, now)
	if err != nil {
		return nil, &Error{What: fmt.Sprintf("the local CA cannot issue a certificate for %s", strings.Join(l.names, ", ")), Err: err}
	}
	if store := l.ca.options.Store; store != nil {
		if _, err := store.Add(p, issuedFrom); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// IssuedHere gives the names of a certificate that the local CA has issued; ok is
// false if it has not.
func (i *Info) IssuedHere() (names []string, ok bool) { return i.Names, i.From == issuedFrom }

// Client issues a certificate by which a person or a program called so is known to
// servers. It is kept nowhere.
func (ca *CA) Client(name string) (*Pair, error) {
	const most = 64 // RFC 5280, appendix A.1
	name = strings.TrimSpace(name)
	if name == "" || len(name) > most || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return nil, &Error{What: fmt.Sprintf("%q cannot be the name of a client", name), Hint: fmt.Sprintf("write %d bytes at most, such as the name of a person", most)}
	}
	template := leafTemplate(ca.options.Now())
	template.Subject.CommonName, template.ExtKeyUsage = name, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	return ca.newPair(template)
}

// issue makes a key and a certificate for names.
func (ca *CA) issue(names []string, now time.Time) (*Pair, error) {
	template := leafTemplate(now)
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	for _, name := range names {
		if addr, err := netip.ParseAddr(name); err == nil {
			template.IPAddresses = append(template.IPAddresses, addr.AsSlice())
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	template.Subject.CommonName = commonName(names)
	return ca.newPair(template)
}

// leafTemplate is what all certificates of the CA have in common.
func leafTemplate(now time.Time) *x509.Certificate {
	return &x509.Certificate{
		Subject:               pkix.Name{Organization: []string{"Handsel local CA"}},
		NotBefore:             now.Add(-backdate),
		NotAfter:              now.Add(leafLife),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		BasicConstraintsValid: true,
	}
}

// newPair makes a key, and the certificate for it.
func (ca *CA) newPair(template *x509.Certificate) (*Pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	c, err := ca.sign(template, ca.cert, key.Public(), ca.key)
	if err != nil {
		return nil, err
	}
	return &Pair{Chain: []*x509.Certificate{c}, Key: key}, nil
}

// commonName gives the first DNS name that fits into a common name, which has
// at most 64 characters (RFC 5280, appendix A.1): it is for people to read,
// clients look at the alternative names.
func commonName(names []string) string {
	for _, name := range names {
		if _, err := netip.ParseAddr(name); err != nil && len(name) <= 64 {
			return name
		}
	}
	return ""
}

// leafName checks a name and gives it in the form certificates have.
func leafName(name string) (string, error) {
	if addr, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil {
		if addr.Zone() != "" {
			return "", &Error{What: fmt.Sprintf("address %s has a zone, which a certificate cannot have", name)}
		}
		return addr.Unmap().String(), nil
	}
	plain := strings.ToLower(strings.TrimSuffix(name, "."))
	if len(plain) > 253 {
		return "", &Error{What: fmt.Sprintf("host name %q has %d bytes, 253 are allowed", name, len(plain))}
	}
	for label := range strings.SplitSeq(strings.TrimPrefix(plain, "*."), ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return "", &Error{What: fmt.Sprintf("%q is neither a host name nor an IP address: label %q is wrong", name, label),
				Hint: "write letters, digits and hyphens, other letters as DNS has them (xn--...); a wildcard is the whole first label"}
		}
	}
	return plain, nil
}
