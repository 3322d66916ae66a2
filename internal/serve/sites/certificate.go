package sites

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
)

// The headers that tell a server behind of the client's certificate. The first
// two are of RFC 9440; X-Client-Cert-Verified is there in any case.
const (
	headerCert        = "Client-Cert"            // in DER, as a byte sequence of RFC 9651
	headerChain       = "Client-Cert-Chain"      // what the client sent with it, as a list of those
	headerSubject     = "X-Client-Cert-Subject"  // as RFC 4514 writes names
	headerIssuer      = "X-Client-Cert-Issuer"   // likewise
	headerSerial      = "X-Client-Cert-Serial"   // hexadecimal
	headerFingerprint = "X-Client-Cert-SHA256"   // of the certificate in DER, hexadecimal
	headerVerified    = "X-Client-Cert-Verified" // SUCCESS, or NONE if there is no certificate
	headerPrefix      = "X-Client-Cert-"         // nobody else says anything that begins so
)

// stripCertificate takes out of a request what its client says of a certificate.
// Servers that read headers as CGI has them take _ for -, so that goes as well.
func stripCertificate(r *http.Request) {
	for _, h := range []http.Header{r.Header, r.Trailer} {
		for name := range h {
			if ofCertificate(name) {
				delete(h, name)
			}
		}
	}
}

func ofCertificate(name string) bool {
	name = http.CanonicalHeaderKey(strings.ReplaceAll(name, "_", "-"))
	return name == headerCert || name == headerChain || strings.HasPrefix(name, headerPrefix)
}

// setCertificate says which certificate the client of a connection has shown. It
// was verified, or the connection would not be there.
func setCertificate(h http.Header, state *tls.ConnectionState) {
	if state == nil || len(state.PeerCertificates) == 0 || len(state.VerifiedChains) == 0 {
		h.Set(headerVerified, "NONE")
		return
	}
	leaf := state.PeerCertificates[0]
	h.Set(headerCert, byteSequence(leaf))
	var rest []string
	for _, c := range state.PeerCertificates[1:] {
		rest = append(rest, byteSequence(c))
	}
	if len(rest) > 0 {
		h.Set(headerChain, strings.Join(rest, ", "))
	}
	sum := sha256.Sum256(leaf.Raw)
	h.Set(headerSubject, inHeader(leaf.Subject.String()))
	h.Set(headerIssuer, inHeader(leaf.Issuer.String()))
	h.Set(headerSerial, leaf.SerialNumber.Text(16))
	h.Set(headerFingerprint, hex.EncodeToString(sum[:]))
	h.Set(headerVerified, "SUCCESS")
}

// byteSequence writes a certificate as RFC 9651, section 3.3.5, has bytes.
func byteSequence(c *x509.Certificate) string {
	return ":" + base64.StdEncoding.EncodeToString(c.Raw) + ":"
}

// inHeader writes what cannot stand in a header as RFC 4514, section 2.4, allows:
// \ and two hexadecimal digits for a byte.
func inHeader(name string) string {
	var b strings.Builder
	for i := range len(name) {
		if c := name[i]; c < ' ' || c > '~' {
			fmt.Fprintf(&b, `\%02x`, c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
