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

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// A flaw is something of a chain that clients do not take.
type flaw struct {
	id     string
	kind   string // what an alert may name of it; empty: either of several
	why    string
	weight int
	place  int // of the certificate in the chain
}

// flaws lists what is wrong with the server's chain by itself, at the time of the
// case.
func (v *view) flaws() (list []flaw) {
	chain := v.chain(trace.Server)
	if len(chain) == 0 {
		return nil
	}
	if other := misplaced(chain); other > 0 {
		return []flaw{{"chain-order", "order", fmt.Sprintf("the first certificate is that of the authority %s, and the server's own is number %d", distinguished(chain[0].Subject.CommonName), other+1), 96, 0}}
	}
	list = append(list, v.dates(chain)...)
	list = append(list, v.names(chain[0])...)
	list = append(list, v.constraints(chain)...)
	list = append(list, v.purpose(chain[0])...)
	list = append(list, v.links(chain)...)
	for i, c := range chain {
		if why := weakKey(c); why != "" && (i == 0 || !selfIssued(c)) {
			list = append(list, flaw{"weak-certificate", "strength", which(chain, i) + ": " + why, 70, i})
		}
	}
	return list
}

// misplaced gives the place of the server's own certificate, if that of an authority
// comes before it.
func misplaced(chain []*x509.Certificate) int {
	if !chain[0].IsCA {
		return 0
	}
	return max(0, slices.IndexFunc(chain, func(c *x509.Certificate) bool { return !c.IsCA && len(c.DNSNames)+len(c.IPAddresses) > 0 }))
}

// which names a certificate of a chain.
func which(chain []*x509.Certificate, i int) string {
	if i == 0 {
		return "the certificate"
	}
	return "the certificate of the authority " + distinguished(chain[i].Subject.CommonName)
}

// dates looks at when the certificates are valid.
func (v *view) dates(chain []*x509.Certificate) (list []flaw) {
	at := v.At
	if at.IsZero() {
		return nil
	}
	for _, authority := range chain[1:] { // which is older than what it issues: the clock of the capture may be wrong
		if authority.IsCA && authority.NotBefore.After(at) {
			at = authority.NotBefore
		}
	}
	for i, c := range chain {
		switch {
		case at.After(c.NotAfter):
			list = append(list, flaw{"certificate-expired", "dates", fmt.Sprintf("%s was valid until %s", which(chain, i), c.NotAfter.UTC().Format(time.DateTime)), 92, i})
		case at.Before(c.NotBefore):
			list = append(list, flaw{"certificate-not-yet-valid", "dates", fmt.Sprintf("%s is not valid before %s", which(chain, i), c.NotBefore.UTC().Format(time.DateTime)), 80, i})
		}
	}
	return list
}

// names looks whether the certificate is for the name that the client asked for.
func (v *view) names(leaf *x509.Certificate) (list []flaw) {
	if v.Name != "" && leaf.VerifyHostname(v.Name) != nil {
		list = append(list, flaw{"name-mismatch", "name", fmt.Sprintf("the client asked for %s, and the certificate is for %s", v.Name, namesOf(leaf)), 88, 0})
	}
	if ip := v.address(); v.Name == "" && ip != "" && v.offered && leaf.VerifyHostname(ip) != nil {
		weight := 59
		if v.Ended.Alert == iana.AlertCertificateUnknown { // of Java, which sends no name without a dot either
			weight = 50
		}
		list = append(list, flaw{"name-mismatch", "name", "the client has asked for no name, as one that connects to an address, and the certificate is for " + namesOf(leaf), weight, 0})
	}
	return list
}

// constraints looks at what the certificates allow their keys to be used for. RFC
// 5280, sections 4.2 and 6.1.
func (v *view) constraints(chain []*x509.Certificate) (list []flaw) {
	add := func(i int, why string) {
		list = append(list, flaw{"constraints-violated", "constraints", why, 86, i})
	}
	path := ordered(chain)
	for i, authority := range path[1:] {
		name := distinguished(authority.Subject.CommonName)
		if outside := outside(path[0], authority); outside != "" {
			add(i+1, fmt.Sprintf("the authority %s may not issue for %s", name, outside))
		}
		switch below := i; { // other authorities between it and the server's own
		case authority.Version == 3 && !authority.IsCA:
			add(i+1, fmt.Sprintf("%s has issued a certificate, and is no authority: its basicConstraints do not say so", name))
		case authority.KeyUsage != 0 && authority.KeyUsage&x509.KeyUsageCertSign == 0:
			add(i+1, fmt.Sprintf("the keyUsage of the authority %s does not allow it to sign certificates", name))
		case (authority.MaxPathLen > 0 || authority.MaxPathLenZero) && below > authority.MaxPathLen && !selfIssued(authority):
			add(i+1, fmt.Sprintf("the authority %s allows %d other authorities below it, and there are %d", name, authority.MaxPathLen, below))
		}
	}
	for i, c := range chain {
		if len(c.UnhandledCriticalExtensions) > 0 {
			list = append(list, flaw{"critical-extension", "constraints", fmt.Sprintf("%s has the critical extension %v, which hardly any client knows", which(chain, i), c.UnhandledCriticalExtensions[0]), 86, i})
		}
	}
	return list
}

// ordered gives the path from the server's own certificate upwards, as far as it was
// sent, by the names of the issuers.
func ordered(chain []*x509.Certificate) []*x509.Certificate {
	path := chain[:1:1]
	for len(path) < len(chain) && !selfIssued(path[len(path)-1]) {
		last := path[len(path)-1]
		i := slices.IndexFunc(chain[1:], func(c *x509.Certificate) bool { return bytes.Equal(last.RawIssuer, c.RawSubject) })
		if i < 0 || slices.Contains(path, chain[1+i]) {
			break
		}
		path = append(path, chain[1+i])
	}
	return path
}

// purpose looks whether the certificate is one for servers. RFC 5280, section 4.2.1.12.
func (v *view) purpose(leaf *x509.Certificate) (list []flaw) {
	if len(leaf.ExtKeyUsage)+len(leaf.UnknownExtKeyUsage) > 0 && !slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageServerAuth) && !slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageAny) {
		list = append(list, flaw{"wrong-purpose", "purpose", "its extendedKeyUsage does not have serverAuth", 88, 0})
	}
	if _, rsa := leaf.PublicKey.(*rsa.PublicKey); leaf.KeyUsage != 0 && leaf.KeyUsage&x509.KeyUsageDigitalSignature == 0 && !(rsa && leaf.KeyUsage&x509.KeyUsageKeyEncipherment != 0 && !v.is13()) {
		list = append(list, flaw{"wrong-purpose", "purpose", "its keyUsage does not have digitalSignature, which the key exchange needs", 84, 0})
	}
	switch {
	case !sign.MustStaple(leaf), v.said(trace.Server, iana.MsgCertificateStatus) != nil:
	case v.is13():
		list = append(list, flaw{"staple-refused", "staple", "the certificate says that an OCSP response comes with it (must-staple); whether the server has sent one does not show", 66, 0})
	default:
		list = append(list, flaw{"staple-refused", "staple", "the certificate says that an OCSP response comes with it (must-staple), and the server has sent none", 84, 0})
	}
	return list
}

// links looks whether the chain hangs together.
func (v *view) links(chain []*x509.Certificate) []flaw {
	leaf := chain[0]
	issuer := distinguished(leaf.Issuer.String())
	switch {
	case selfIssued(leaf):
		return []flaw{{"self-signed", "issuer", "the certificate is issued by itself", 84, 0}}
	case len(chain) > 1 && len(ordered(chain)) == 1:
		return []flaw{{"missing-intermediate", "issuer", "none of the other certificates is that of the first one's issuer, " + issuer, 84, 0}}
	case len(chain) > 1:
		return nil
	case len(leaf.IssuingCertificateURL) > 0:
		return []flaw{{"missing-intermediate", "issuer", "only the server's own certificate was sent, which was issued by " + issuer + ", whose certificate can be had from " + leaf.IssuingCertificateURL[0], 84, 0}}
	}
	alone := "only the server's own certificate was sent, which was issued by " + issuer
	missing := 58 // of an authority of one's own, perhaps, without intermediates
	if intermediate(leaf.Issuer.CommonName) {
		missing = 72
	}
	return []flaw{{"missing-intermediate", "", alone, missing, 0}, {"issuer-not-trusted", "", "the certificate names no place to get its issuer's from, as those of private authorities do: the issuer may be a root that the client does not have", 64, 0}}
}

// forged finds a certificate of the chain that the key of its issuer has not signed.
// It takes longer than all else here, and is for when nothing else was found.
func (v *view) forged() []flaw {
	chain := v.chain(trace.Server)
	if len(chain) == 0 {
		return nil
	}
	path := ordered(chain[:min(len(chain), mostLinks)])
	for i := range len(path) - 1 {
		child, parent := path[i], path[i+1]
		if signedBy(child, parent) {
			continue
		}
		place := slices.Index(chain, child)
		name := distinguished(parent.Subject.CommonName)
		if len(child.AuthorityKeyId) > 0 && len(parent.SubjectKeyId) > 0 && !bytes.Equal(child.AuthorityKeyId, parent.SubjectKeyId) {
			return []flaw{{"missing-intermediate", "signature", fmt.Sprintf("the certificate of %s that was sent is not the one that issued %s: it has the name and another key", name, which(chain, place)), 90, place}}
		}
		return []flaw{{"certificate-altered", "signature", fmt.Sprintf("the key of %s has not made the signature of %s", name, which(chain, place)), 90, place}}
	}
	return nil
}

// mostLinks is how many certificates of a stranger's chain have their signatures
// checked.
const mostLinks = 6

// intermediate reports whether the name of an authority says that it is one.
func intermediate(name string) bool {
	name = strings.ToLower(name)
	for _, word := range []string{"intermediate", "issuing", "sub ca", "sub-ca", "subca", "subordinate", "server ca", "tls ca", "inter ca"} {
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
