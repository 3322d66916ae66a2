package revocation

import (
	"context"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"slices"
	"strings"
	"time"
)

// A list is a CRL, ready to be looked into.
type list struct {
	issuer      []byte // DER of the name
	signed      *x509.RevocationList
	this, until time.Time // until is zero if the list has no end
	revoked     map[string]revokedAt
	scope       scope
}

type revokedAt struct {
	at     time.Time
	reason int
}

// A scope is what an IssuingDistributionPoint says a list is about. RFC 5280,
// section 5.2.5.
type scope struct {
	there              bool
	onlyUsers, onlyCAs bool
	other              bool     // only some reasons, attributes, or indirect: not understood here
	places             []string // URLs of the distribution point
	withNames          bool
}

var (
	oidIssuingPoint = asn1.ObjectIdentifier{2, 5, 29, 28}
	oidAuthority    = asn1.ObjectIdentifier{2, 5, 29, 35}
	oidNumber       = asn1.ObjectIdentifier{2, 5, 29, 20}
)

// parseList reads a CRL, in DER or PEM.
func parseList(data []byte) (*list, error) {
	if block, _ := pem.Decode(data); block != nil {
		if block.Type != "X509 CRL" {
			return nil, fmt.Errorf("it is PEM with %q, and should be a CRL (X509 CRL)", block.Type)
		}
		data = block.Bytes
	}
	crl, err := x509.ParseRevocationList(data)
	if err != nil {
		return nil, err
	}
	l := &list{issuer: crl.RawIssuer, signed: crl, this: crl.ThisUpdate, until: crl.NextUpdate, revoked: make(map[string]revokedAt, len(crl.RevokedCertificateEntries))}
	for _, e := range crl.Extensions {
		switch {
		case e.Id.Equal(oidIssuingPoint):
			if l.scope, err = parseScope(e.Value); err != nil {
				return nil, err
			}
		case e.Critical && !e.Id.Equal(oidAuthority) && !e.Id.Equal(oidNumber):
			return nil, fmt.Errorf("it has a critical extension %v, which is not understood here", e.Id)
		}
	}
	for _, e := range crl.RevokedCertificateEntries {
		for _, x := range e.Extensions {
			if x.Critical { // such as the issuer of an entry in an indirect list
				return nil, fmt.Errorf("an entry has a critical extension %v, which is not understood here", x.Id)
			}
		}
		l.revoked[string(e.SerialNumber.Bytes())] = revokedAt{e.RevocationTime, e.ReasonCode}
	}
	crl.RevokedCertificateEntries = nil
	return l, nil
}

func parseScope(der []byte) (s scope, err error) {
	var point struct {
		Name       asn1.RawValue `asn1:"optional,tag:0"`
		OnlyUsers  bool          `asn1:"optional,tag:1"`
		OnlyCAs    bool          `asn1:"optional,tag:2"`
		Reasons    asn1.RawValue `asn1:"optional,tag:3"`
		Indirect   bool          `asn1:"optional,tag:4"`
		Attributes bool          `asn1:"optional,tag:5"`
	}
	if rest, err := asn1.Unmarshal(der, &point); err != nil || len(rest) > 0 {
		return s, errors.New("its issuing distribution point cannot be read")
	}
	s = scope{there: true, onlyUsers: point.OnlyUsers, onlyCAs: point.OnlyCAs, other: point.Indirect || point.Attributes || len(point.Reasons.FullBytes) > 0}
	if len(point.Name.Bytes) == 0 {
		return s, nil
	}
	s.withNames = true
	var names asn1.RawValue // fullName [0] GeneralNames, or nameRelativeToCRLIssuer [1]
	if _, err := asn1.Unmarshal(point.Name.Bytes, &names); err != nil || names.Tag != 0 {
		return s, err
	}
	for rest := names.Bytes; len(rest) > 0; {
		var name asn1.RawValue
		if rest, err = asn1.Unmarshal(rest, &name); err != nil {
			return s, errors.New("its issuing distribution point cannot be read")
		}
		const uri = 6 // uniformResourceIdentifier
		if name.Class == asn1.ClassContextSpecific && name.Tag == uri {
			s.places = append(s.places, string(name.Bytes))
		}
	}
	return s, nil
}

// covers reports why a list says nothing about a certificate of its issuer.
func (s *scope) covers(cert *x509.Certificate) error {
	switch {
	case !s.there:
		return nil
	case s.other:
		return errors.New("the list is about some reasons or indirect, which is not understood here")
	case s.onlyUsers && cert.IsCA, s.onlyCAs && !cert.IsCA:
		return errors.New("the list is about other certificates of the authority")
	case s.withNames && !slices.ContainsFunc(s.places, func(u string) bool { return slices.Contains(cert.CRLDistributionPoints, u) }):
		return errors.New("the list is about those certificates of the authority that name another place")
	}
	return nil
}

// look says whether a certificate is in the list. The error says why the list does
// not know.
func (l *list) look(cert, issuer *x509.Certificate, now time.Time) (*Revoked, error) {
	if string(l.issuer) != string(issuer.RawSubject) {
		return nil, errors.New("the list is of another authority")
	}
	if err := l.signed.CheckSignatureFrom(issuer); err != nil {
		return nil, fmt.Errorf("the list is not signed by %s: %w", issuer.Subject, err)
	}
	switch {
	case l.this.After(now.Add(slow)):
		return nil, fmt.Errorf("the list is from %s, which is still to come: look at the clock of this computer", l.this.Format(time.DateTime))
	case !l.until.IsZero() && !l.until.After(now):
		return nil, fmt.Errorf("the list ended on %s", l.until.Format(time.DateTime))
	}
	if err := l.scope.covers(cert); err != nil {
		return nil, err
	}
	if found, ok := l.revoked[serial(cert.SerialNumber)]; ok {
		return &Revoked{cert, found.at, found.reason}, nil
	}
	return nil, nil
}

func serial(n *big.Int) string { return string(n.Bytes()) }

// isPlace reports whether a list is had over the network, and not from a file.
func isPlace(name string) bool {
	return strings.HasPrefix(name, "http://") || strings.HasPrefix(name, "https://")
}

// readList reads a list from a file, unless that is as it was.
func readList(name string, before time.Time) (data []byte, changed time.Time, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, changed, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, changed, err
	}
	if changed = info.ModTime(); changed.Equal(before) {
		return nil, changed, nil
	}
	data, err = io.ReadAll(io.LimitReader(f, mostList+1))
	if err == nil && len(data) > mostList {
		err = fmt.Errorf("it is longer than %d bytes", mostList)
	}
	return data, changed, err
}

// CheckList refuses a file that is no list, and an address that cannot be fetched
// from. What is at the address is looked at when it is needed.
func CheckList(name string) error {
	if isPlace(name) {
		return nil
	}
	data, _, err := readList(name, time.Time{})
	if err == nil {
		_, err = parseList(data)
	}
	if err != nil {
		return fmt.Errorf("%s is no list of revoked certificates (CRL): %w", name, err)
	}
	return nil
}

// held is a list that was read, from a file or an address.
type held struct {
	lock    chan struct{} // a slot: one reads at a time
	list    *list
	looked  time.Time // at the file, or when it was fetched
	changed time.Time // of the file
	err     error     // of the last attempt
}

// list gives the list of a file or an address, for a look at it.
func (c *Checker) list(ctx context.Context, name string, p *Policy) (*list, error) {
	c.mu.Lock()
	h := c.lists[name]
	if h == nil {
		h = &held{lock: make(chan struct{}, 1)}
		c.lists[name] = h
	}
	c.mu.Unlock()
	select {
	case h.lock <- struct{}{}:
		defer func() { <-h.lock }()
	case <-ctx.Done():
		return nil, fmt.Errorf("%s: it is being fetched, and that takes too long", name)
	}
	var err error
	if isPlace(name) {
		err = c.fetchList(ctx, name, h, p)
	} else {
		err = c.openList(name, h)
	}
	if h.list == nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return h.list, nil
}

// openList reads the list of a file, if it has changed.
func (c *Checker) openList(name string, h *held) error {
	now := c.now()
	if now.Sub(h.looked) < lookAtFiles {
		return h.err
	}
	h.looked = now
	data, changed, err := readList(name, h.changed)
	if err == nil && data != nil {
		var l *list
		if l, err = parseList(data); err == nil {
			h.list, h.changed = l, changed
		}
	}
	h.err = err
	return err
}

// fetchList fetches the list of an address, if the one there has ended or is older
// than it may be. If that fails, the one there counts as long as it says.
func (c *Checker) fetchList(ctx context.Context, name string, h *held, p *Policy) error {
	now := c.now()
	if h.list == nil && h.looked.IsZero() {
		if kept, err := c.vault.Get(name); err == nil {
			if l, err := parseList(kept.Data); err == nil {
				h.list, h.looked = l, kept.Changed
			}
		}
	}
	fresh := h.list != nil && (h.list.until.IsZero() || now.Before(h.list.until)) && (p.Freshness == 0 || now.Sub(h.looked) < p.Freshness)
	switch {
	case fresh:
		return nil
	case p.CachedOnly:
		return errNotCached
	case h.err != nil && now.Sub(h.changed) < failedFor:
		return h.err
	}
	data, err := fetch(ctx, name, "", nil, mostList)
	if err == nil {
		var l *list
		if l, err = parseList(data); err == nil {
			h.list, h.looked = l, now
			c.vault.Put(name, data) // if it cannot be kept, it is fetched again after a restart
		}
	}
	h.err, h.changed = err, now
	return err
}
