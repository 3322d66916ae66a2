package verify

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
)

// A Check is one of the things that have to be in order with a certificate.
type Check uint8

// The checks, in the order in which they are made.
const (
	// Parse: the certificate is one.
	Parse Check = iota
	// Issuer: there is a way from it to a trusted root.
	Issuer
	// Signature: its issuer's key made its signature.
	Signature
	// Dates: it is valid at the time.
	Dates
	// Key: its key, and the hash of its signature, are strong enough.
	Key
	// Constraints: it may issue certificates, so many below it, and for these
	// names; it has no critical extension that is not understood. RFC 5280,
	// sections 4.2 and 6.1.
	Constraints
	// Purpose: it may be used for the Request's Usage.
	Purpose
	// Name: it is for the Request's Name.
	Name
)

func (c Check) String() string {
	return [...]string{"parse", "issuer", "signature", "dates", "key", "constraints", "purpose", "name"}[c]
}

// A Step is one check of one certificate.
type Step struct {
	Check   Check
	Index   int    // among the certificates sent, 0 for the peer's own; or NotSent
	Subject string // of the certificate, empty if it could not be parsed
	OK      bool
	Detail  string // a sentence without its period

	code fault.Code
}

func failed(check Check, l link, code fault.Code, detail string) Step {
	return Step{Check: check, Index: l.index, Subject: subject(l.Certificate), Detail: detail, code: code}
}

// subject names a certificate to people.
func subject(cert *x509.Certificate) string {
	switch {
	case len(cert.RawSubject) > 2: // not an empty sequence
		return cert.Subject.String()
	case len(cert.DNSNames) > 0:
		return cert.DNSNames[0]
	default:
		return "serial " + cert.SerialNumber.String()
	}
}

// Steps gives all that was checked, in order, for people to read. Checks that
// failed are among them, and those behind them were made all the same: only a
// certificate that cannot be parsed ends the list. It is computed when asked
// for.
func (r *Result) Steps() []Step {
	if r.parse != nil {
		return []Step{{Check: r.parse.Check, Index: r.parse.Index, Detail: r.parse.Detail, code: r.parse.Code}}
	}
	if len(r.Certificates) == 0 {
		return nil
	}
	var p path
	if len(r.Chains) > 0 {
		p = r.verified()
	} else {
		p = r.follow()
	}
	steps := make([]Step, 0, 8*len(p.links))
	for i, cert := range r.Certificates {
		steps = append(steps, Step{Check: Parse, Index: i, Subject: subject(cert), OK: true, Detail: "X.509 version " + fmt.Sprint(cert.Version)})
	}
	steps = append(steps, p.steps...)
	for i, l := range p.links {
		steps = append(steps, r.dates(l))
		steps = append(steps, key(l, p.isRoot(i)))
	}
	for i, l := range p.links {
		steps = append(steps, p.constraints(i, l))
	}
	return append(append(steps, r.names()...), r.purpose(&p), r.name())
}

// explain names the check and the certificate of a failure: the first step
// that failed.
func (r *Result) explain() *Error {
	chains := r.Chains
	r.Chains = nil
	if r.err == errWeak || errors.As(r.err, new(x509.HostnameError)) {
		r.Chains = chains // the path is in order
	}
	for _, s := range r.Steps() {
		if !s.OK {
			return &Error{s.Check, s.Index, s.Subject, s.code, s.Detail, r.err}
		}
	}
	// crypto/x509 has a reason that the walk does not know, such as policies.
	leaf := link{r.Certificates[0], 0}
	return &Error{Constraints, 0, subject(leaf.Certificate), fault.BadCertificate, r.err.Error(), r.err}
}

func (r *Result) dates(l link) Step {
	const day = "2 January 2006 15:04:05 MST"
	now := r.request.Now
	switch {
	case now.After(l.NotAfter):
		return failed(Dates, l, fault.CertificateExpired,
			fmt.Sprintf("it expired on %s, %s before", l.NotAfter.UTC().Format(day), span(now.Sub(l.NotAfter))))
	case now.Before(l.NotBefore):
		return failed(Dates, l, fault.CertificateNotYetValid,
			fmt.Sprintf("it is valid from %s, in %s", l.NotBefore.UTC().Format(day), span(l.NotBefore.Sub(now))))
	}
	return passed(Dates, l, fmt.Sprintf("valid until %s, %s more", l.NotAfter.UTC().Format(day), span(l.NotAfter.Sub(now))))
}

// span words a duration in its largest unit.
func span(d time.Duration) string {
	for _, u := range []struct {
		of   time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		switch n := d / u.of; {
		case n == 1:
			return "1 " + u.name
		case n > 1:
			return fmt.Sprintf("%d %ss", n, u.name)
		}
	}
	return "less than a second"
}

func passed(check Check, l link, detail string) Step {
	return Step{Check: check, Index: l.index, Subject: subject(l.Certificate), OK: true, Detail: detail}
}

// minRSA and maxRSA are the lengths in bits of the shortest and of the longest
// RSA key that is taken.
const (
	minRSA = 1024
	maxRSA = 8192
)

func weakKey(cert *x509.Certificate) bool {
	bits := rsaBits(cert)
	return bits > 0 && bits < minRSA
}

// rsaBits gives the length of an RSA key, 0 for other keys.
func rsaBits(cert *x509.Certificate) int {
	if public, ok := cert.PublicKey.(*rsa.PublicKey); ok {
		return public.N.BitLen()
	}
	return 0
}

// key checks the key and, except for a root, which is trusted without it, the
// hash of the signature. RFC 9846, section 4.5.1.4.
func key(l link, root bool) Step {
	kind := l.PublicKeyAlgorithm.String()
	switch public := l.PublicKey.(type) {
	case *rsa.PublicKey:
		kind = fmt.Sprintf("RSA of %d bits", public.N.BitLen())
	case *ecdsa.PublicKey:
		kind = "ECDSA on " + public.Params().Name
	}
	switch {
	case weakKey(l.Certificate):
		return failed(Key, l, fault.WeakKey, fmt.Sprintf("its key is %s, which is less than %d", kind, minRSA))
	case !root && weakHash(l.SignatureAlgorithm):
		return failed(Key, l, fault.WeakKey, "it is signed with "+l.SignatureAlgorithm.String())
	}
	return passed(Key, l, "the key is "+kind)
}

func weakHash(a x509.SignatureAlgorithm) bool {
	name := a.String()
	return strings.Contains(name, "SHA1") || strings.Contains(name, "MD5") || strings.Contains(name, "MD2")
}

// constraints checks what the certificate at place i of the path, its leaf at
// 0, says of itself and of those below it.
func (p *path) constraints(i int, l link) Step {
	ca := l.BasicConstraintsValid && l.IsCA || p.isRoot(i) && l.Version < 3
	switch {
	case len(l.UnhandledCriticalExtensions) > 0:
		return failed(Constraints, l, fault.BadCertificate,
			fmt.Sprintf("it has a critical extension that is not understood, %v", l.UnhandledCriticalExtensions[0]))
	case i == 0:
		return passed(Constraints, l, "no critical extension that is not understood")
	case !ca:
		return failed(Constraints, l, fault.BadCertificate, "it is not that of an authority, and issued another")
	case l.KeyUsage != 0 && l.KeyUsage&x509.KeyUsageCertSign == 0:
		return failed(Constraints, l, fault.BadCertificate, "its keyUsage does not allow it to sign certificates")
	case l.BasicConstraintsValid && l.MaxPathLen >= 0 && i-1 > l.MaxPathLen:
		return failed(Constraints, l, fault.BadCertificate,
			fmt.Sprintf("it allows %d authorities below it, and there are %d", l.MaxPathLen, i-1))
	}
	return passed(Constraints, l, "an authority, which may issue certificates")
}

// names has the step for the name constraints of authorities, if they were
// what crypto/x509 objects to: they are checked nowhere else.
func (r *Result) names() []Step {
	var invalid x509.CertificateInvalidError
	if !errors.As(r.err, &invalid) {
		return nil
	}
	switch invalid.Reason {
	case x509.CANotAuthorizedForThisName, x509.UnconstrainedName, x509.TooManyConstraints:
		return []Step{failed(Constraints, link{r.Certificates[0], 0}, fault.BadCertificate,
			"an authority above it may not issue certificates for its names: "+invalid.Detail)}
	}
	return nil
}

// purpose checks the extended key usages: an authority that lists some limits
// those below it. RFC 5280, section 4.2.1.12.
func (r *Result) purpose(p *path) Step {
	usage, leaf := r.request.Usage, p.links[0]
	if usage == Anyone {
		return passed(Purpose, leaf, "whatever it is for")
	}
	for _, l := range slices.Backward(p.links) {
		if len(l.ExtKeyUsage)+len(l.UnknownExtKeyUsage) == 0 {
			continue
		}
		if !slices.Contains(l.ExtKeyUsage, usage.eku()) && !slices.Contains(l.ExtKeyUsage, x509.ExtKeyUsageAny) {
			return failed(Purpose, l, fault.WrongPurpose, "its extendedKeyUsage does not allow to authenticate a "+usage.String())
		}
	}
	return passed(Purpose, leaf, "it may authenticate a "+usage.String())
}

func (r *Result) name() Step {
	leaf := link{r.Certificates[0], 0}
	if r.request.Name == "" {
		return passed(Name, leaf, "no name was asked for")
	}
	if leaf.VerifyHostname(r.request.Name) == nil {
		return passed(Name, leaf, "it is for "+r.request.Name)
	}
	return failed(Name, leaf, fault.NameMismatch, "it is for "+forNames(leaf.Certificate)+", not for "+r.request.Name)
}

// forNames lists what a certificate is for, not too much of it.
func forNames(cert *x509.Certificate) string {
	all := slices.Clone(cert.DNSNames)
	for _, ip := range cert.IPAddresses {
		all = append(all, ip.String())
	}
	const most = 8
	switch {
	case len(all) == 0:
		return "no name at all"
	case len(all) > most:
		return fmt.Sprintf("%s and %d more", strings.Join(all[:most], ", "), len(all)-most)
	}
	return strings.Join(all, ", ")
}
