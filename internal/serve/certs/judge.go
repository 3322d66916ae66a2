package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"slices"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/sign"
)

// EndsSoon reports whether a certificate is about to expire, or has.
func EndsSoon(notBefore, notAfter, now time.Time) bool {
	return now.After(endsSoonAt(notBefore, notAfter))
}

// endsSoonAt gives the time from which on a certificate is about to expire.
func endsSoonAt(notBefore, notAfter time.Time) time.Time {
	return notAfter.Add(-min(soon, notAfter.Sub(notBefore)/3))
}

// soon is how long before its end a certificate is said to expire soon. One that
// lives for days only is so in the last third of its life.
const soon = 14 * 24 * time.Hour

// Judge says what clients may stumble over in a chain, the certificate first.
func Judge(o Options, chain []*x509.Certificate) []Notice {
	j := judge{name: nameOfCert(chain[0])}
	for _, c := range chain {
		j.dates(c, o.now())
		if !selfIssued(c) && weakSignature(c.SignatureAlgorithm) {
			j.add(WeakSignature, "%s is signed with %s, which clients refuse: have it reissued", nameOfCert(c), c.SignatureAlgorithm)
		}
	}
	j.key(chain[0])
	j.use(chain[0])
	j.feature(chain[0])
	j.complete(o, chain)
	return j.notices
}

type judge struct {
	name    string
	notices []Notice
}

func (j *judge) add(code NoticeCode, format string, args ...any) {
	j.notices = append(j.notices, Notice{code, fmt.Sprintf(format, args...)})
}

func (j *judge) dates(c *x509.Certificate, now time.Time) {
	const layout = "2006-01-02 15:04 MST"
	left := c.NotAfter.Sub(now)
	switch {
	case left < 0:
		j.add(Expired, "%s expired on %s: clients refuse it; renew it", nameOfCert(c), c.NotAfter.UTC().Format(layout))
	case now.Before(c.NotBefore):
		j.add(NotYetValid, "%s is valid from %s only: clients refuse it until then; look at the clock of this computer too",
			nameOfCert(c), c.NotBefore.UTC().Format(layout))
	case EndsSoon(c.NotBefore, c.NotAfter, now):
		j.add(ExpiresSoon, "%s expires on %s: renew it", nameOfCert(c), c.NotAfter.UTC().Format(layout))
	}
}

func (j *judge) key(c *x509.Certificate) {
	switch k := c.PublicKey.(type) {
	case *rsa.PublicKey:
		if k.N.BitLen() < 2048 {
			j.add(WeakKey, "%s has an RSA key of %d bits, which clients refuse: make a new one, ECDSA P-256 or RSA of 2048 bits",
				j.name, k.N.BitLen())
		}
	case *ecdsa.PublicKey:
		if k.Curve == elliptic.P224() {
			j.add(WeakKey, "%s has a key on P-224, which TLS 1.3 has no signature scheme for: make a new one on P-256", j.name)
		}
	}
}

// use looks at what the certificate says it is for.
func (j *judge) use(c *x509.Certificate) {
	if len(c.DNSNames) == 0 && len(c.IPAddresses) == 0 {
		j.add(NoNames, "%s has no subject alternative name: clients do not look at the common name; have it reissued with one", j.name)
	}
	usages := c.ExtKeyUsage
	if len(usages)+len(c.UnknownExtKeyUsage) > 0 &&
		!slices.Contains(usages, x509.ExtKeyUsageServerAuth) && !slices.Contains(usages, x509.ExtKeyUsageAny) {
		j.add(WrongPurpose, "%s is not for servers (extended key usage): clients refuse it; have it reissued for serverAuth", j.name)
	}
	if c.IsCA && !selfIssued(c) {
		j.add(IsAuthority, "%s is the certificate of an authority: let it issue one for the server, and keep its key elsewhere", j.name)
	}
}

// feature looks at whether a response can be had that the certificate asks for.
func (j *judge) feature(c *x509.Certificate) {
	if sign.MustStaple(c) && len(c.OCSPServer) == 0 {
		j.add(CannotStaple, "%s asks for an OCSP response to be stapled (must-staple), and names no responder: clients may refuse it; have it reissued", j.name)
	}
}

// complete says if the chain ends before a root that is known.
func (j *judge) complete(o Options, chain []*x509.Certificate) {
	last := chain[len(chain)-1]
	if len(chain) == 1 && selfIssued(last) {
		j.add(SelfSigned, "%s is signed by itself: clients refuse it unless each has been told to trust it", j.name)
	}
	if selfIssued(last) {
		return
	}
	intermediates := x509.NewCertPool()
	for _, c := range chain[1:] {
		intermediates.AddCert(c)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{
		Roots:         o.Roots,
		Intermediates: intermediates,
		// Dates are judged elsewhere: here it matters only who signed what.
		CurrentTime: latestStart(chain),
		KeyUsages:   []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if _, unknown := err.(x509.UnknownAuthorityError); !unknown {
		return
	}
	text := "the chain of %s ends at an issuer that is neither in the files nor among the known roots, %s: " +
		"if that is an intermediate, clients cannot get past it; add its certificate to the file"
	args := []any{j.name, last.Issuer}
	if len(last.IssuingCertificateURL) > 0 {
		text += " (it is at %s)"
		args = append(args, last.IssuingCertificateURL[0])
	}
	j.add(MissingIntermediate, text+", or leave it so if it is a root that your clients trust", args...)
}

// latestStart gives a time at which all of a chain was valid, if there was one.
func latestStart(chain []*x509.Certificate) time.Time {
	var t time.Time
	for _, c := range chain {
		if c.NotBefore.After(t) {
			t = c.NotBefore
		}
	}
	return t
}

func weakSignature(a x509.SignatureAlgorithm) bool {
	switch a {
	case x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1:
		return true
	}
	return false
}
