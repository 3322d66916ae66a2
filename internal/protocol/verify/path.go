package verify

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"strings"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
)

// A link is a certificate on the way from the peer's own to a root.
type link struct {
	*x509.Certificate
	index int // among those sent, or NotSent
}

// A path is the way to a root as far as it could be followed.
type path struct {
	links []link
	steps []Step // of the checks Issuer and Signature; the last one failed if the path does not reach a root
	root  int    // the place of the trusted root among the links, -1 if it is not there
	tried int    // signatures
}

const (
	// longest is the number of certificates after which a path is given up.
	longest = 16
	// mostTried bounds the signatures that are checked in search of a reason:
	// a peer may send many certificates of one name.
	mostTried = 32
)

// verified is the path that crypto/x509 found.
func (r *Result) verified() path {
	p := path{root: len(r.Chains[0]) - 1}
	for _, cert := range r.Chains[0] {
		p.links = append(p.links, link{cert, r.index(cert)})
	}
	for i := range p.links[1:] {
		p.linked(p.links[i], p.links[i+1], i+2 == len(p.links))
	}
	if len(p.links) == 1 {
		p.anchored(p.links[0])
	}
	return p
}

// follow goes from the peer's certificate to its issuer, and so on, whatever
// else is wrong with the certificates.
func (r *Result) follow() path {
	p := path{links: []link{{r.Certificates[0], 0}}, root: -1}
	for len(p.links) < longest {
		last := p.links[len(p.links)-1]
		root, trust := r.anchor(last)
		if trust == trusted {
			switch {
			case root == nil:
				p.step(Issuer, last, "issued by the trusted root "+last.Issuer.String())
			case root.Equal(last.Certificate):
				p.root = len(p.links) - 1
				p.anchored(last)
			default:
				p.root = len(p.links)
				p.links = append(p.links, link{root, r.index(root)})
				p.linked(last, p.links[p.root], true)
			}
			return p
		}
		issuer, namesake := r.issuer(last, &p)
		if issuer.Certificate == nil {
			p.steps = append(p.steps, r.deadEnd(&p, last, namesake, trust))
			return p
		}
		p.links = append(p.links, issuer)
		p.linked(last, issuer, false)
	}
	p.steps = append(p.steps, failed(Issuer, p.links[longest-1], fault.UnknownCA, "the path to a root is too long"))
	return p
}

// isRoot reports whether the link at place i is the trusted root, whose own
// signature nobody needs.
func (p *path) isRoot(i int) bool { return i == p.root }

func (p *path) step(check Check, l link, detail string) {
	p.steps = append(p.steps, Step{Check: check, Index: l.index, Subject: subject(l.Certificate), OK: true, Detail: detail})
}

// linked notes that a certificate was issued by another.
func (p *path) linked(l, issuer link, root bool) {
	which := "certificate"
	if root {
		which = "trusted root"
	}
	where := ", not sent"
	if issuer.index != NotSent {
		where = fmt.Sprintf(", certificate %d", issuer.index)
	}
	p.step(Issuer, l, fmt.Sprintf("issued by the %s %s%s", which, subject(issuer.Certificate), where))
	p.step(Signature, l, "signed with "+l.SignatureAlgorithm.String())
}

// anchored notes that a certificate is itself a root.
func (p *path) anchored(l link) { p.step(Issuer, l, "it is among the trusted roots") }

// trust is what the roots say of a certificate.
type trust uint8

const (
	untrusted trust = iota
	trusted
	forged // a root has the issuer's name, and another key than the signature's
)

// anchor looks for a root that issued the certificate, or that it is. The root
// is nil if there is one that crypto/x509 does not give away.
func (r *Result) anchor(l link) (*x509.Certificate, trust) {
	pool := r.request.roots()
	found := untrusted
	// A root may have expired; then it was good when the certificate was made.
	for _, at := range []time.Time{r.request.Now, l.NotBefore, l.NotAfter} {
		root, why := issuedFrom(pool, l.Certificate, at)
		switch {
		case root != nil:
			return root, trusted
		case strings.Contains(why, "insecure algorithm"):
			return nil, trusted // which is said of it where keys are checked
		case strings.Contains(why, "has expired"):
			continue
		case strings.Contains(why, "possibly because of"):
			found = forged
		}
	}
	return nil, found
}

// issuedFrom looks in a pool for the issuer of a certificate. A pool cannot be
// searched; but it can be had as the roots for a certificate from which
// everything was taken that crypto/x509 might object to. For a failure it
// gives the words of crypto/x509, which have the reason for which a
// certificate with the issuer's name was passed over.
func issuedFrom(pool *x509.CertPool, cert *x509.Certificate, at time.Time) (*x509.Certificate, string) {
	bare := *cert
	bare.Extensions, bare.UnhandledCriticalExtensions = nil, nil
	bare.NotBefore, bare.NotAfter = at, at
	bare.BasicConstraintsValid = false
	chains, err := bare.Verify(x509.VerifyOptions{Roots: pool, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	if err != nil {
		return nil, err.Error()
	}
	if len(chains[0]) == 1 {
		return cert, ""
	}
	return chains[0][len(chains[0])-1], ""
}

// issuer looks for the certificate that issued another, among those sent and
// then among the intermediates that are known here. namesake has the issuer's
// name, but its key did not make the signature.
func (r *Result) issuer(l link, p *path) (issuer, namesake link) {
	for i, candidate := range r.Certificates {
		if !bytes.Equal(candidate.RawSubject, l.RawIssuer) || contains(p.links, candidate) {
			continue
		}
		if p.tried++; p.tried > mostTried {
			break
		}
		if candidate.CheckSignature(l.SignatureAlgorithm, l.RawTBSCertificate, l.Signature) == nil {
			return link{candidate, i}, link{}
		}
		namesake = link{candidate, i}
	}
	if r.request.Intermediates != nil {
		found, _ := issuedFrom(r.request.Intermediates, l.Certificate, r.request.Now)
		if found != nil && !contains(p.links, found) {
			return link{found, r.index(found)}, link{}
		}
	}
	return link{}, namesake
}

func contains(seen []link, cert *x509.Certificate) bool {
	for _, l := range seen {
		if l.Equal(cert) {
			return true
		}
	}
	return false
}

// index is a certificate's place among those sent.
func (r *Result) index(cert *x509.Certificate) int {
	for i, sent := range r.Certificates {
		if sent.Equal(cert) {
			return i
		}
	}
	return NotSent
}

// deadEnd says why the path ends at a certificate that no root issued.
func (r *Result) deadEnd(p *path, last, namesake link, t trust) Step {
	issuer := last.Issuer.String()
	signedBySelf := bytes.Equal(last.RawSubject, last.RawIssuer)
	switch {
	case t == forged && signedBySelf:
		return failed(Issuer, last, orSelfSigned(last, fault.UnknownCA),
			"it has the name of a trusted root, and another key")
	case t == forged:
		return failed(Signature, last, fault.BadCertificate,
			fmt.Sprintf("the key of the trusted root %s did not make its signature", issuer))
	case signedBySelf && last.CheckSignature(last.SignatureAlgorithm, last.RawTBSCertificate, last.Signature) != nil:
		return failed(Signature, last, fault.BadCertificate, "it names itself as its issuer, and its key did not make its signature")
	case signedBySelf && last.index == 0:
		return failed(Issuer, last, fault.SelfSigned, "it is signed by itself, and is not among the trusted roots")
	case signedBySelf:
		return failed(Issuer, last, fault.UnknownCA, "it is a root that is not among those trusted here")
	case namesake.Certificate != nil && otherKey(last.Certificate, namesake.Certificate):
		return failed(Issuer, last, fault.MissingIntermediate,
			fmt.Sprintf("certificate %d has the name of its issuer %s, but is another one: it has another key", namesake.index, issuer))
	case namesake.Certificate != nil:
		return failed(Signature, last, fault.BadCertificate,
			fmt.Sprintf("the key of certificate %d, %s, did not make its signature", namesake.index, issuer))
	case last.index == 0 && len(r.Certificates) == 1 && fetch(last) == "":
		// Public authorities say where their certificate can be had; private
		// ones hardly do, and often have no intermediates.
		return failed(Issuer, last, fault.UnknownCA, "its issuer "+issuer+
			" is not among the roots trusted here; if it is an intermediate authority, its certificate has to be sent as well")
	case last.index == 0 || len(p.links) < len(r.Certificates):
		return failed(Issuer, last, fault.MissingIntermediate, "its issuer "+issuer+" was not sent and is not a trusted root"+fetch(last))
	default:
		return failed(Issuer, last, fault.UnknownCA, "its issuer "+issuer+" is not among the roots trusted here")
	}
}

func orSelfSigned(l link, c fault.Code) fault.Code {
	if l.index == 0 {
		return fault.SelfSigned
	}
	return c
}

// otherKey reports whether two certificates say themselves that the key of one
// is not the one that signed the other. RFC 5280, section 4.2.1.1.
func otherKey(cert, issuer *x509.Certificate) bool {
	return len(cert.AuthorityKeyId) > 0 && len(issuer.SubjectKeyId) > 0 &&
		!bytes.Equal(cert.AuthorityKeyId, issuer.SubjectKeyId)
}

// fetch says where the issuer's certificate can be had. RFC 5280, section
// 4.2.2.1.
func fetch(l link) string {
	if len(l.IssuingCertificateURL) == 0 {
		return ""
	}
	return "; it can be had at " + l.IssuingCertificateURL[0]
}
