package field

import (
	"bytes"
	"crypto/dsa" //lint:ignore SA1019 old certificates are shown, too
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"strings"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// certificate is RFC 9846, section 4.5.1; RFC 5246, section 7.4.2; RFC 7250,
// section 3.
func certificate(r *reader, c *Context) {
	if c.tls13() {
		r.opaque(1, "certificate_request_context", "Certificate Request Context")
	}
	if c.Raw && !c.tls13() {
		r.opaque(3, "ASN.1_subjectPublicKeyInfo", "Public Key")
		return
	}
	r.vector(3, "certificate_list", "Certificates", func(in *reader) {
		n := 0
		for ; !in.bad && in.Left() > 0; n++ {
			in.entry(c, n)
		}
		in.to.Label += " (" + count(n, "certificate") + ")"
		if text := order(in.to); text != "" {
			in.to.Error = text
		}
	})
}

// entry reads a certificate of the list, and in TLS 1.3 its extensions.
func (r *reader) entry(c *Context, n int) {
	b := r.opaque(3, fmt.Sprintf("certificate[%d]", n), "Certificate")
	if b != nil && !c.Raw {
		describe(&r.to.Sub[len(r.to.Sub)-1], b)
	}
	if c.tls13() {
		r.extensions(c, iana.MsgCertificate)
	}
}

// A part of a certificate.
type part struct {
	name, label, value string
	raw                []byte // where in the certificate it is; nil: it is not known
}

// describe shows what a certificate says, in place of its digits. RFC 5280, section
// 4.1.
func describe(f *Field, der []byte) {
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		f.Error = "it cannot be read: " + err.Error()
		return
	}
	f.Value = Name(cert.Subject)
	parts := []part{
		{"version", "Version", fmt.Sprint(cert.Version), nil},
		{"serialNumber", "Serial Number", fmt.Sprintf("%x", cert.SerialNumber), nil},
		{"signatureAlgorithm", "Signature Algorithm", cert.SignatureAlgorithm.String(), nil},
		{"issuer", "Issuer", Name(cert.Issuer), cert.RawIssuer},
		{"notBefore", "Not Before", cert.NotBefore.UTC().Format("2006-01-02 15:04:05 UTC"), nil},
		{"notAfter", "Not After", cert.NotAfter.UTC().Format("2006-01-02 15:04:05 UTC"), nil},
		{"subject", "Subject", Name(cert.Subject), cert.RawSubject},
		{"subjectPublicKeyInfo", "Public Key", Key(cert), cert.RawSubjectPublicKeyInfo},
		{"subjectAltName", "Subject Alternative Names", strings.Join(Names(cert), ", "), extensionOf(cert, 17)},
		{"keyUsage", "Key Usage", usageText(cert), extensionOf(cert, 15)},
		{"extKeyUsage", "Extended Key Usage", extendedText(cert), extensionOf(cert, 37)},
		{"basicConstraints", "Basic Constraints", constraints(cert), extensionOf(cert, 19)},
		{"signature", "Signature", digits(cert.Signature), cert.Signature},
	}
	for _, p := range parts {
		if p.value == "" {
			continue
		}
		sub := Field{Name: p.name, Label: p.label, Value: p.value, Start: f.Start, End: f.End}
		if at := bytes.Index(der, p.raw); len(p.raw) > 0 && at >= 0 {
			if p.name == "subject" { // the same as the issuer's in a certificate that signs itself, and behind it
				at = bytes.LastIndex(der[:len(der)-len(cert.Signature)], p.raw)
			}
			sub.Start, sub.End = f.Start+at, f.Start+at+len(p.raw)
		}
		f.Sub = append(f.Sub, sub)
	}
}

// order says what is wrong with the order of a list of certificates: each should
// certify the one before (RFC 5246, section 7.4.2).
func order(list *Field) string {
	var issuer string
	n := 0
	for i := range list.Sub {
		f := &list.Sub[i]
		subject, by := f.Find(f.Name+".subject"), f.Find(f.Name+".issuer")
		if subject == nil || by == nil {
			continue
		}
		if n > 0 && subject.Value != issuer {
			return fmt.Sprintf("certificate %d did not issue certificate %d: the order is wrong, or one is missing or does not belong", n, n-1)
		}
		issuer = by.Value
		n++
	}
	return ""
}

// Name gives a distinguished name as RFC 4514 writes it, or "(empty)".
func Name(n pkix.Name) string {
	if s := n.String(); s != "" {
		return s
	}
	return "(empty)"
}

// Names gives the names that a certificate is for: DNS names, addresses, mail
// addresses, URIs.
func Names(c *x509.Certificate) (list []string) {
	list = append(list, c.DNSNames...)
	for _, ip := range c.IPAddresses {
		list = append(list, ip.String())
	}
	list = append(list, c.EmailAddresses...)
	for _, u := range c.URIs {
		list = append(list, u.String())
	}
	return list
}

func distinguishedName(der []byte) string {
	var rdn pkix.RDNSequence
	if rest, err := asn1.Unmarshal(der, &rdn); err != nil || len(rest) > 0 {
		return ""
	}
	return rdn.String()
}

// Key gives the kind and the length of a certificate's key.
func Key(c *x509.Certificate) string {
	switch k := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA, %d bits", k.N.BitLen())
	case *ecdsa.PublicKey:
		return "ECDSA, " + k.Curve.Params().Name
	case ed25519.PublicKey:
		return "Ed25519"
	case *dsa.PublicKey:
		return fmt.Sprintf("DSA, %d bits", k.P.BitLen())
	}
	return c.PublicKeyAlgorithm.String()
}

// usages are the bits of keyUsage, RFC 5280, section 4.2.1.3.
var usages = []string{"digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment", "keyAgreement", "keyCertSign", "cRLSign", "encipherOnly", "decipherOnly"}

func usageText(c *x509.Certificate) string {
	var list []string
	for i, name := range usages {
		if c.KeyUsage>>i&1 != 0 {
			list = append(list, name)
		}
	}
	return strings.Join(list, ", ")
}

// extended are the purposes of RFC 5280, section 4.2.1.12, that TLS has to do with.
var extended = map[x509.ExtKeyUsage]string{
	x509.ExtKeyUsageAny: "any", x509.ExtKeyUsageServerAuth: "serverAuth", x509.ExtKeyUsageClientAuth: "clientAuth",
	x509.ExtKeyUsageCodeSigning: "codeSigning", x509.ExtKeyUsageEmailProtection: "emailProtection",
	x509.ExtKeyUsageTimeStamping: "timeStamping", x509.ExtKeyUsageOCSPSigning: "OCSPSigning",
}

func extendedText(c *x509.Certificate) string {
	var list []string
	for _, u := range c.ExtKeyUsage {
		if name := extended[u]; name != "" {
			list = append(list, name)
		} else {
			list = append(list, fmt.Sprintf("purpose %d of crypto/x509", u))
		}
	}
	for _, id := range c.UnknownExtKeyUsage {
		list = append(list, id.String())
	}
	return strings.Join(list, ", ")
}

func constraints(c *x509.Certificate) string {
	switch {
	case !c.BasicConstraintsValid:
		return ""
	case !c.IsCA:
		return "no authority"
	case c.MaxPathLen > 0 || c.MaxPathLenZero:
		return fmt.Sprintf("authority, at most %d below", c.MaxPathLen)
	}
	return "authority"
}

// extensionOf gives the value of an extension of the arc id-ce.
func extensionOf(c *x509.Certificate, id int) []byte {
	for _, e := range c.Extensions {
		if e.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, id}) {
			return e.Value
		}
	}
	return nil
}
