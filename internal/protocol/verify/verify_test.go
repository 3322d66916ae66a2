package verify

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// A failure is what a case expects: the check, the certificate, the fault, and
// a part of what is said.
type failure struct {
	check Check
	index int
	code  fault.Code
	says  string
}

type verifyCase struct {
	name string
	req  Request
	want *failure // nil: it is in order
}

func check(t *testing.T, c verifyCase) {
	t.Helper()
	if c.req.Now.IsZero() {
		c.req.Now = now
	}
	result, err := Chain(c.req)
	if c.want == nil {
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if len(result.Chains) == 0 {
			t.Errorf("%s: no chain", c.name)
		}
		for _, s := range result.Steps() {
			if !s.OK || s.Detail == "" {
				t.Errorf("%s: %v", c.name, s)
			}
		}
		return
	}
	var e *Error
	if !errors.As(err, &e) {
		t.Errorf("%s: %v", c.name, err)
		return
	}
	if e.Check != c.want.check || e.Index != c.want.index || e.Code != c.want.code || !strings.Contains(e.Detail, c.want.says) {
		t.Errorf("%s: %v of %d, %s: %v", c.name, e.Check, e.Index, e.Code.Name(), err)
	}
	if code, ok := fault.Of(err); !ok || code != c.want.code || len(result.Chains) != 0 {
		t.Errorf("%s: fault %v, %d chains", c.name, code, len(result.Chains))
	}
	steps := result.Steps()
	i := 0
	for i < len(steps) && steps[i].OK {
		i++
	}
	if i == len(steps) && e.Err == nil || i < len(steps) && (steps[i].Check != e.Check || steps[i].Index != e.Index) {
		t.Errorf("%s: the steps are %v", c.name, steps)
	}
}

func TestChain(t *testing.T) {
	root := issue(t, "Root", nil, ca)
	other := issue(t, "Other Root", nil, ca)
	inter := issue(t, "Intermediate", root, ca)
	site := issue(t, "a.example", inter, leaf)
	direct := issue(t, "a.example", root, leaf)
	roots := pool(root)
	old := issue(t, "Old Intermediate", root, both(ca, expired))
	lapsed := issueFor(t, "Root", nil, root.key, both(ca, expired))

	for _, c := range []verifyCase{
		{"in order", Request{Chain: chain(site, inter), Roots: roots, Name: "a.example"}, nil},
		{"wildcard", Request{Chain: chain(site, inter), Roots: roots, Name: "www.b.example"}, nil},
		{"with the root", Request{Chain: chain(site, inter, root), Roots: roots}, nil},
		{"wrong order", Request{Chain: chain(site, root, inter), Roots: roots}, nil},
		{"something else between", Request{Chain: chain(site, other, inter), Roots: roots}, nil},
		{"known intermediate", Request{Chain: chain(site), Roots: roots, Intermediates: pool(inter)}, nil},
		{"direct", Request{Chain: chain(direct), Roots: roots}, nil},
		{"the leaf is trusted itself", Request{Chain: chain(site), Roots: pool(site)}, nil},
		{"IPv4", Request{Chain: chain(site, inter), Roots: roots, Name: "192.0.2.1"}, nil},
		{"IPv6", Request{Chain: chain(site, inter), Roots: roots, Name: "2001:db8::1"}, nil},

		{"nothing sent", Request{Roots: roots}, &failure{Parse, 0, fault.CertificateListEmpty, ""}},
		{"garbage", Request{Chain: [][]byte{site.Raw, {0x30, 1}}, Roots: roots}, &failure{Parse, 1, fault.CertificateParse, ""}},
		{"expired leaf", Request{Chain: chain(issue(t, "x", inter, both(leaf, expired)), inter), Roots: roots},
			&failure{Dates, 0, fault.CertificateExpired, "expired on 26 February 2026 12:00:00 UTC, 3 days before"}},
		{"expired intermediate", Request{Chain: chain(issue(t, "x", old, leaf), old), Roots: roots},
			&failure{Dates, 1, fault.CertificateExpired, "3 days"}},
		{"expired, known intermediate", Request{Chain: chain(issue(t, "x", inter, both(leaf, expired))), Roots: roots, Intermediates: pool(inter)},
			&failure{Dates, 0, fault.CertificateExpired, "3 days"}},
		{"expired root", Request{Chain: chain(site, inter), Roots: pool(lapsed)},
			&failure{Dates, NotSent, fault.CertificateExpired, "3 days"}},
		{"not yet valid", Request{Chain: chain(issue(t, "x", inter, both(leaf, future)), inter), Roots: roots},
			&failure{Dates, 0, fault.CertificateNotYetValid, "in 2 days"}},

		{"untrusted root, not sent", Request{Chain: chain(site, inter), Roots: pool(other)},
			&failure{Issuer, 1, fault.UnknownCA, "CN=Root"}},
		{"untrusted root, sent", Request{Chain: chain(site, inter, root), Roots: pool(other)},
			&failure{Issuer, 2, fault.UnknownCA, "not among those trusted"}},
		{"no roots", Request{Chain: chain(site, inter, root)}, &failure{Issuer, 2, fault.UnknownCA, ""}},
		{"a private authority, or a missing intermediate", Request{Chain: chain(site), Roots: roots},
			&failure{Issuer, 0, fault.UnknownCA, "CN=Intermediate is not among the roots trusted here; if"}},
		{"unrelated intermediate", Request{Chain: chain(site, issue(t, "Unrelated", root, ca)), Roots: roots},
			&failure{Issuer, 0, fault.MissingIntermediate, "CN=Intermediate"}},
		{"intermediate of the same name", Request{Chain: chain(site, issue(t, "Intermediate", root, ca)), Roots: roots},
			&failure{Issuer, 0, fault.MissingIntermediate, "another key"}},
		{"where to get it", Request{Chain: chain(issue(t, "x", inter, both(leaf, func(c *x509.Certificate) {
			c.IssuingCertificateURL = []string{"http://ca.example/inter.cer"}
		}))), Roots: roots}, &failure{Issuer, 0, fault.MissingIntermediate, "http://ca.example/inter.cer"}},
		{"self-signed", Request{Chain: chain(issue(t, "a.example", nil, leaf)), Roots: roots},
			&failure{Issuer, 0, fault.SelfSigned, "signed by itself"}},
		{"self-signed with the root's name", Request{Chain: chain(issue(t, "Root", nil, leaf)), Roots: roots},
			&failure{Issuer, 0, fault.SelfSigned, "the name of a trusted root"}},
		{"root of the same name", Request{Chain: chain(issue(t, "x", issue(t, "Root", nil, ca), leaf)), Roots: roots},
			&failure{Signature, 0, fault.BadCertificate, "trusted root CN=Root"}},

		{"wrong name", Request{Chain: chain(site, inter), Roots: roots, Name: "c.example"},
			&failure{Name, 0, fault.NameMismatch, "it is for a.example, *.b.example, 192.0.2.1, 2001:db8::1, not for c.example"}},
		{"wrong IP", Request{Chain: chain(site, inter), Roots: roots, Name: "192.0.2.2"},
			&failure{Name, 0, fault.NameMismatch, "not for 192.0.2.2"}},
		{"server as a client", Request{Chain: chain(site, inter), Roots: roots, Usage: Client},
			&failure{Purpose, 0, fault.WrongPurpose, "client"}},
	} {
		check(t, c)
	}
}

func TestAuthorities(t *testing.T) {
	root := issue(t, "Root", nil, ca)
	roots := pool(root)
	name := func(e *entity, change func(*x509.Certificate)) *entity {
		return issue(t, "a.example", e, both(leaf, change))
	}
	plain := func(*x509.Certificate) {}

	notCA := issue(t, "Not an Authority", root, leaf)
	noSign := issue(t, "No Signatures", root, both(ca, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageCRLSign }))
	clients := issue(t, "Clients Only", root, both(ca, func(c *x509.Certificate) {
		c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	}))
	narrow := issue(t, "Narrow", root, both(ca, func(c *x509.Certificate) {
		c.PermittedDNSDomainsCritical, c.PermittedDNSDomains = true, []string{"other.example"}
	}))
	flat := issue(t, "Flat", root, both(ca, func(c *x509.Certificate) { c.MaxPathLenZero = true }))
	below := issue(t, "Below", flat, ca)
	odd := func(c *x509.Certificate) {
		c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 99999, 1}, Critical: true, Value: []byte{5, 0}}}
	}

	for _, c := range []verifyCase{
		{"not an authority", Request{Chain: chain(name(notCA, plain), notCA), Roots: roots},
			&failure{Constraints, 1, fault.BadCertificate, "not that of an authority"}},
		{"keyUsage without keyCertSign", Request{Chain: chain(name(noSign, plain), noSign), Roots: roots},
			&failure{Constraints, 1, fault.BadCertificate, "keyUsage"}},
		{"an authority for clients", Request{Chain: chain(name(clients, plain), clients), Roots: roots},
			&failure{Purpose, 1, fault.WrongPurpose, "server"}},
		{"name constraints", Request{Chain: chain(name(narrow, plain), narrow), Roots: roots},
			&failure{Constraints, 0, fault.BadCertificate, "a.example"}},
		{"path length", Request{Chain: chain(name(below, plain), below, flat), Roots: roots},
			&failure{Constraints, 2, fault.BadCertificate, "allows 0 authorities below it, and there are 1"}},
		{"critical extension", Request{Chain: chain(name(root, odd)), Roots: roots},
			&failure{Constraints, 0, fault.BadCertificate, "1.3.6.1.4.1.99999.1"}},
		{"a client", Request{Chain: chain(name(clients, func(c *x509.Certificate) {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
		}), clients), Roots: roots, Usage: Client}, nil},
		{"any purpose", Request{Chain: chain(name(root, func(c *x509.Certificate) {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny}
		})), Roots: roots}, nil},
	} {
		check(t, c)
	}
}

// A bit of the signature is turned, of each certificate in turn.
func TestForged(t *testing.T) {
	root := issue(t, "Root", nil, ca)
	inter := issue(t, "Intermediate", root, ca)
	site := issue(t, "a.example", inter, leaf)
	for i := range 2 {
		sent := chain(site, inter)
		der := bytes.Clone(sent[i])
		der[len(der)-1] ^= 1
		sent[i] = der
		check(t, verifyCase{"forged", Request{Chain: sent, Roots: pool(root)}, &failure{Signature, i, fault.BadCertificate, "did not make its signature"}})
	}
	self := issue(t, "a.example", nil, leaf)
	self.Raw[len(self.Raw)-1] ^= 1
	check(t, verifyCase{"forged self-signed", Request{Chain: chain(self), Roots: pool(root)}, &failure{Signature, 0, fault.BadCertificate, "its key did not"}})
}

// crypto/x509 says of SHA-1 only that the issuer is unknown.
func TestSHA1(t *testing.T) {
	sha1 := func(c *x509.Certificate) { c.SignatureAlgorithm = x509.ECDSAWithSHA1 }
	root := issue(t, "Root", nil, ca)
	inter := issue(t, "Intermediate", root, both(ca, sha1))
	says := "signed with ECDSA-SHA1"
	for _, c := range []verifyCase{
		{"leaf", Request{Chain: chain(issue(t, "x", root, both(leaf, sha1))), Roots: pool(root)}, &failure{Key, 0, fault.WeakKey, says}},
		{"intermediate", Request{Chain: chain(issue(t, "x", inter, leaf), inter), Roots: pool(root)}, &failure{Key, 1, fault.WeakKey, says}},
		{"intermediate, root sent", Request{Chain: chain(issue(t, "x", inter, leaf), inter, root), Roots: pool(root)}, &failure{Key, 1, fault.WeakKey, says}},
	} {
		check(t, c)
	}
	old := issue(t, "Old Root", nil, both(ca, sha1))
	check(t, verifyCase{"a root's own signature does not count", Request{Chain: chain(issue(t, "x", old, leaf)), Roots: pool(old)}, nil})
	self := issue(t, "x", nil, both(leaf, sha1))
	check(t, verifyCase{"nor does that of a trusted leaf", Request{Chain: chain(self), Roots: pool(self)}, nil})
	check(t, verifyCase{"wrong name of a trusted leaf", Request{Chain: chain(self), Roots: pool(self), Name: "c.example"}, &failure{Name, 0, fault.NameMismatch, ""}})
}

func TestWeak(t *testing.T) {
	t.Setenv("GODEBUG", "rsa1024min=0")
	root := issue(t, "Root", nil, ca)
	key, err := rsa.GenerateKey(rand.Reader, 768)
	if err != nil {
		t.Fatal(err)
	}
	check(t, verifyCase{"short key", Request{Chain: chain(issueFor(t, "x", root, key, leaf)), Roots: pool(root)},
		&failure{Key, 0, fault.WeakKey, "RSA of 768 bits"}})
}

// A peer that sends many authorities of one name does not keep us busy.
func TestManyNamesakes(t *testing.T) {
	root := issue(t, "Root", nil, ca)
	site := issue(t, "a.example", issue(t, "Intermediate", root, ca), leaf)
	all := []*entity{site}
	for range 200 {
		all = append(all, issue(t, "Intermediate", root, both(ca, func(c *x509.Certificate) { c.SubjectKeyId = []byte{1} })))
	}
	start := time.Now()
	if _, err := Chain(Request{Chain: chain(all...), Roots: pool(root), Now: now}); err == nil {
		t.Error("it was accepted")
	}
	if d := time.Since(start); d > 2*time.Second {
		t.Errorf("it took %v", d)
	}
}

func TestNoTime(t *testing.T) {
	root := issue(t, "Root", nil, ca)
	if _, err := Chain(Request{Chain: chain(root), Roots: pool(root)}); !errors.Is(err, fault.Internal) {
		t.Error("the clock of the machine was asked:", err)
	}
}

func TestErrorNamesTheCertificate(t *testing.T) {
	root := issue(t, "Root", nil, ca)
	inter := issue(t, "Intermediate", root, both(ca, expired))
	nameless := issue(t, "", inter, both(leaf, func(c *x509.Certificate) { c.Subject = pkix.Name{} }))
	certs, err := Certificates(chain(nameless, inter))
	if err != nil {
		t.Fatal(err)
	}
	result, err := Chain(Request{Certificates: certs, Roots: pool(root), Now: now})
	want := "a certificate has expired: certificate 1 of the peer's chain (CN=Intermediate): it expired on 26 February 2026 12:00:00 UTC, 3 days before"
	if err == nil || err.Error() != want {
		t.Error(err)
	}
	if s := result.Steps()[0]; s.Subject != "a.example" || s.Check.String() != "parse" {
		t.Error(s)
	}
	if !errors.As(err, new(x509.CertificateInvalidError)) {
		t.Error("the error of crypto/x509 is lost")
	}
	if _, err := Certificates([][]byte{{1}}); !errors.Is(err, fault.CertificateParse) {
		t.Error(err)
	}
}

func TestAlerts(t *testing.T) {
	for code, alert := range map[fault.Code]iana.Alert{
		fault.CertificateExpired: iana.AlertCertificateExpired, fault.CertificateNotYetValid: iana.AlertCertificateExpired,
		fault.UnknownCA: iana.AlertUnknownCA, fault.MissingIntermediate: iana.AlertUnknownCA, fault.SelfSigned: iana.AlertUnknownCA,
		fault.NameMismatch: iana.AlertBadCertificate, fault.WrongPurpose: iana.AlertUnsupportedCertificate,
		fault.BadCertificate: iana.AlertBadCertificate, fault.WeakKey: iana.AlertBadCertificate, fault.CertificateParse: iana.AlertDecodeError,
	} {
		if got, _ := fault.Of(&Error{Code: code}); got.Alert() != alert {
			t.Errorf("%s: %v", code.Name(), got.Alert())
		}
	}
}

func FuzzChain(f *testing.F) {
	root := issue(f, "Root", nil, ca)
	inter := issue(f, "Intermediate", root, ca)
	site := issue(f, "a.example", inter, leaf)
	roots := pool(root)
	f.Add(site.Raw, inter.Raw, "a.example")
	f.Add(inter.Raw, site.Raw, "192.0.2.1")
	f.Add(root.Raw, []byte{}, "")
	f.Fuzz(func(t *testing.T, first, second []byte, name string) {
		result, err := Chain(Request{Chain: [][]byte{first, second}, Roots: roots, Name: name, Now: now})
		result.Steps()
		if e := (*Error)(nil); err != nil && !errors.As(err, &e) {
			t.Error(err)
		}
		known := bytes.Equal(first, site.Raw) || bytes.Equal(first, inter.Raw) || bytes.Equal(first, root.Raw)
		if err == nil && !known {
			t.Error("a certificate was accepted that the root did not issue")
		}
	})
}
