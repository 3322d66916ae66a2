package explain

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// A flaw is something of a chain that clients do not take.
type flaw struct {
	id, kind, why string
	weight        int
}

// flaws lists what is wrong with the server's chain by itself, at the time of the
// case.
func (v *view) flaws() (list []flaw) {
	chain := v.chain(trace.Server)
	if len(chain) == 0 {
		return nil
	}
	leaf, at := chain[0], v.At
	for _, authority := range chain[1:] { // which is older than what it issues: the clock of the capture may be wrong
		if !at.IsZero() && authority.IsCA && authority.NotBefore.After(at) {
			at = authority.NotBefore
		}
	}
	for i, c := range chain {
		which := "the certificate"
		if i > 0 {
			which = "the certificate of the authority " + distinguished(c.Subject.CommonName)
		}
		switch {
		case at.IsZero():
		case at.After(c.NotAfter):
			list = append(list, flaw{"certificate-expired", "dates", fmt.Sprintf("%s was valid until %s", which, c.NotAfter.UTC().Format(time.DateTime)), 92})
		case at.Before(c.NotBefore):
			list = append(list, flaw{"certificate-not-yet-valid", "dates", fmt.Sprintf("%s is not valid before %s", which, c.NotBefore.UTC().Format(time.DateTime)), 80})
		}
	}
	if v.Name != "" && leaf.VerifyHostname(v.Name) != nil {
		list = append(list, flaw{"name-mismatch", "name", fmt.Sprintf("the client asked for %s, and the certificate is for %s", v.Name, namesOf(leaf)), 88})
	}
	if ip := v.address(); v.Name == "" && ip != "" && v.offered && leaf.VerifyHostname(ip) != nil {
		list = append(list, flaw{"name-mismatch", "name", "the client has asked for no name, as one that connects to an address, and the certificate is for " + namesOf(leaf), 66})
	}
	for _, authority := range chain[1:] {
		if name := outside(leaf, authority); name != "" {
			list = append(list, flaw{"constraints-violated", "constraints", fmt.Sprintf("the authority %s may not issue for %s", distinguished(authority.Subject.CommonName), name), 86})
		}
	}
	if len(leaf.ExtKeyUsage) > 0 && !slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageServerAuth) && !slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageAny) {
		list = append(list, flaw{"wrong-purpose", "purpose", "its extendedKeyUsage does not have serverAuth", 88})
	}
	switch {
	case len(chain) > 1 && !slices.ContainsFunc(chain[1:], func(c *x509.Certificate) bool { return bytes.Equal(leaf.RawIssuer, c.RawSubject) }) && !selfIssued(leaf):
		list = append(list, flaw{"missing-intermediate", "issuer", "none of the other certificates is that of the first one's issuer, " + distinguished(leaf.Issuer.String()), 84})
	case selfIssued(leaf):
		list = append(list, flaw{"self-signed", "issuer", "the certificate is issued by itself", 84})
	case len(chain) == 1 && len(leaf.IssuingCertificateURL) == 0: // of an authority of one's own, perhaps, without intermediates
		missing := 62
		if intermediate(leaf.Issuer.CommonName) {
			missing = 70
		}
		list = append(list, flaw{"missing-intermediate", "", "only the server's own certificate was sent, which was issued by " + distinguished(leaf.Issuer.String()), missing})
		list = append(list, flaw{"issuer-not-trusted", "", "the certificate names no place to get its issuer's from, as those of private authorities do: the issuer may be a root that the client does not have", 66})
	case len(chain) == 1:
		list = append(list, flaw{"missing-intermediate", "issuer", "only the server's own certificate was sent, which was issued by " + distinguished(leaf.Issuer.String()) + ", whose certificate can be had from " + leaf.IssuingCertificateURL[0], 84})
	}
	if why := weakKey(leaf); why != "" {
		list = append(list, flaw{"weak-certificate", "purpose", why, 70})
	}
	return list
}

// intermediate reports whether the name of an authority says that it is one.
func intermediate(name string) bool {
	name = strings.ToLower(name)
	for _, word := range []string{"intermediate", "issuing", "sub ca", "subca", "server ca", "tls ca"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

// address gives the server's IP address, empty if it is not known.
func (v *view) address() string {
	host, _, err := net.SplitHostPort(v.Server)
	if err != nil || net.ParseIP(host) == nil {
		return ""
	}
	return host
}

// outside gives a name of the certificate that its authority's name constraints do not
// allow. RFC 5280, section 4.2.1.10.
func outside(leaf, authority *x509.Certificate) string {
	below := func(name, domain string) bool {
		domain = strings.TrimPrefix(domain, ".")
		return strings.EqualFold(name, domain) || len(name) > len(domain) && strings.EqualFold(name[len(name)-len(domain)-1:], "."+domain)
	}
	for _, name := range leaf.DNSNames {
		allowed := len(authority.PermittedDNSDomains) == 0
		for _, d := range authority.PermittedDNSDomains {
			allowed = allowed || below(name, d)
		}
		for _, d := range authority.ExcludedDNSDomains {
			allowed = allowed && !below(name, d)
		}
		if !allowed {
			return name
		}
	}
	return ""
}

func selfIssued(c *x509.Certificate) bool { return bytes.Equal(c.RawIssuer, c.RawSubject) }

func weakKey(c *x509.Certificate) string {
	switch k := c.PublicKey.(type) {
	case *rsa.PublicKey:
		if n := k.N.BitLen(); n < 2048 {
			return fmt.Sprintf("its RSA key has %d bits", n)
		}
	case *ecdsa.PublicKey:
		if n := k.Curve.Params().BitSize; n < 256 {
			return fmt.Sprintf("its curve has %d bits", n)
		}
	}
	switch c.SignatureAlgorithm {
	case x509.MD5WithRSA, x509.SHA1WithRSA, x509.ECDSAWithSHA1, x509.DSAWithSHA1:
		return "it is signed with " + c.SignatureAlgorithm.String()
	}
	return ""
}

// namesOf gives what a certificate is for.
func namesOf(c *x509.Certificate) string {
	var all []string
	all = append(all, c.DNSNames...)
	for _, ip := range c.IPAddresses {
		all = append(all, ip.String())
	}
	switch {
	case len(all) == 0:
		return "no name at all (a commonName does not count)"
	case len(all) > 4:
		return fmt.Sprintf("%s, %s and %d more", all[0], all[1], len(all)-2)
	}
	text := all[0]
	for _, n := range all[1:] {
		text += ", " + n
	}
	return text
}
