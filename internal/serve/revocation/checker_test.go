package revocation

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"
)

// looked is the outcome of a check in a word.
func looked(t *testing.T, c *Checker, a *authority, leaf *x509.Certificate, p *Policy) string {
	t.Helper()
	err := c.Check(t.Context(), []*x509.Certificate{leaf, a.cert}, p)
	var revoked *Revoked
	var unknown *Unknown
	switch {
	case err == nil:
		return "good"
	case errors.As(err, &revoked):
		return "revoked"
	case errors.As(err, &unknown):
		return "unknown"
	}
	t.Fatal(err)
	return ""
}

func (a *authority) revoke(c *x509.Certificate) {
	a.revoked = append(a.revoked, x509.RevocationListEntry{SerialNumber: c.SerialNumber, RevocationTime: time.Now().Add(-time.Minute), ReasonCode: 1})
}

// A certificate is looked up with its responder, and if that is not there in its
// list; what is known is not asked again.
func TestCheck(t *testing.T) {
	a, clock := newAuthority(t), &clock{}
	c := NewChecker(newVault(t), clock.now)
	leaf := a.issue("client", nil).Leaf
	expect := func(want string, p Policy) {
		t.Helper()
		if got := looked(t, c, a, leaf, &p); got != want {
			t.Errorf("%s, and not %s", got, want)
		}
	}
	expect("unknown", Policy{CachedOnly: true})
	expect("good", Policy{})
	asked := a.count()
	expect("good", Policy{})
	expect("good", Policy{CachedOnly: true})
	if a.count() != asked {
		t.Error("it is asked again")
	}
	clock.turn(10 * time.Minute)
	expect("good", Policy{Freshness: time.Minute})
	if a.count() == asked {
		t.Error("it is not asked again")
	}
	a.set(func() { a.down = true })
	clock.turn(10 * time.Minute)
	expect("good", Policy{Freshness: time.Minute}) // the one there still counts
	clock.turn(2 * time.Hour)
	expect("unknown", Policy{})
	a.set(func() { a.down, a.template.Status, a.template.RevokedAt = false, ocsp.Revoked, time.Now() })
	clock.turn(-2*time.Hour - 19*time.Minute)
	leaf = a.issue("other", nil).Leaf
	expect("revoked", Policy{})
}

// A list is fetched, kept over a restart, and looked into; one of a file is read
// again when it changes.
func TestLists(t *testing.T) {
	a, clock, vault := newAuthority(t), &clock{}, newVault(t)
	onlyList := func(c *x509.Certificate) { c.OCSPServer = nil }
	good, bad := a.issue("good", onlyList).Leaf, a.issue("bad", onlyList).Leaf
	a.revoke(bad)
	c := NewChecker(vault, clock.now)
	for leaf, want := range map[*x509.Certificate]string{good: "good", bad: "revoked"} {
		if got := looked(t, c, a, leaf, &Policy{}); got != want {
			t.Error(got, want)
		}
	}
	if n := a.count(); n != 1 {
		t.Errorf("the list was fetched %d times", n)
	}
	a.set(func() { a.down = true })
	c = NewChecker(vault, clock.now)
	if got := looked(t, c, a, bad, &Policy{CachedOnly: true}); got != "revoked" {
		t.Error("after a restart it is", got)
	}
	err := c.Check(t.Context(), []*x509.Certificate{bad, a.cert}, &Policy{})
	if err == nil || !strings.Contains(err.Error(), "bad was revoked on") || !strings.Contains(err.Error(), "keyCompromise") {
		t.Error(err)
	}
	clock.turn(2 * time.Hour)
	if got := looked(t, c, a, good, &Policy{}); got != "unknown" {
		t.Error("with a list that has ended it is", got)
	}
	clock.turn(-2 * time.Hour)

	// Of a file, in PEM and in DER.
	nowhere := a.issue("nowhere", func(c *x509.Certificate) { c.OCSPServer, c.CRLDistributionPoints = nil, nil }).Leaf
	if got := looked(t, c, a, nowhere, &Policy{}); got != "unknown" {
		t.Error(got)
	}
	file := filepath.Join(t.TempDir(), "list")
	write := func(data []byte, at time.Time) {
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, at, at); err != nil {
			t.Fatal(err)
		}
	}
	write(pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: a.crl()}), time.Now())
	if err := CheckList(file); err != nil {
		t.Error(err)
	}
	p := &Policy{Lists: []string{file}}
	if got := looked(t, c, a, nowhere, p); got != "good" {
		t.Error(got)
	}
	a.revoke(nowhere)
	write(a.crl(), time.Now().Add(time.Minute))
	clock.turn(lookAtFiles)
	if got := looked(t, c, a, nowhere, p); got != "revoked" {
		t.Error(got)
	}
	write([]byte("no list"), time.Now().Add(2*time.Minute))
	clock.turn(lookAtFiles)
	if got := looked(t, c, a, nowhere, p); got != "revoked" {
		t.Error("a file that is broken makes it", got)
	}
	if err := CheckList(file); err == nil || !strings.Contains(err.Error(), "is no list of revoked certificates") {
		t.Error(err)
	}
}

// A list that does not speak of a certificate, or is not the authority's, says
// nothing about it.
func TestListsOfOthers(t *testing.T) {
	a := newAuthority(t)
	leaf := a.issue("client", nil).Leaf
	a.revoke(leaf)
	look := func(l *list, err error) (string, error) {
		t.Helper()
		if err != nil {
			return "", err
		}
		revoked, err := l.look(leaf, a.cert, time.Now())
		if revoked != nil {
			return "revoked", nil
		}
		return "", err
	}
	point := func(value any, tags string) func(*x509.RevocationList) {
		der, err := asn1.MarshalWithParams(value, tags)
		if err != nil {
			t.Fatal(err)
		}
		sequence, _ := asn1.Marshal(asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: der})
		return func(l *x509.RevocationList) {
			l.ExtraExtensions = []pkix.Extension{{Id: oidIssuingPoint, Critical: true, Value: sequence}}
		}
	}
	place := func(url string) func(*x509.RevocationList) {
		uri := asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 6, Bytes: []byte(url)}
		uriDER, _ := asn1.Marshal(uri)
		full, _ := asn1.Marshal(asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: uriDER})
		return point(asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: full}, "")
	}
	for name, x := range map[string]struct {
		list func(*x509.RevocationList)
		want string
	}{
		"all":        {nil, "revoked"},
		"of users":   {point(true, "tag:1"), "revoked"},
		"of CAs":     {point(true, "tag:2"), "about other certificates"},
		"indirect":   {point(true, "tag:4"), "not understood"},
		"this place": {place(leaf.CRLDistributionPoints[0]), "revoked"},
		"elsewhere":  {place("http://example.com/crl"), "name another place"},
		"unknown": {func(l *x509.RevocationList) {
			l.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: true}}
		}, "not understood"},
		"ended": {func(l *x509.RevocationList) {
			l.ThisUpdate, l.NextUpdate = time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)
		}, "ended on"},
		"to come": {func(l *x509.RevocationList) { l.ThisUpdate = time.Now().Add(30 * time.Minute) }, "still to come"},
	} {
		a.list = x.list
		got, err := look(parseList(a.crl()))
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, x.want) {
			t.Errorf("%s: %s, and not %s", name, got, x.want)
		}
	}
	a.list = nil
	forged := newAuthority(t)
	forged.cert.RawSubject, forged.revoked = a.cert.RawSubject, a.revoked
	if got, err := look(parseList(forged.crl())); err == nil || !strings.Contains(err.Error(), "is not signed by") {
		t.Error(got, err)
	}
}

func FuzzParseList(f *testing.F) {
	t := &testing.T{}
	a := &authority{t: t, key: newKey(t)}
	a.cert = a.make(&x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign}, nil, a.key)
	a.revoke(a.cert)
	f.Add(a.crl())
	f.Fuzz(func(t *testing.T, data []byte) {
		if l, err := parseList(data); err == nil {
			l.look(a.cert, a.cert, time.Now())
		}
	})
}
