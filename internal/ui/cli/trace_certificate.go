package cli

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/handsel-tls/handsel/internal/observe/field"
)

// A traceCertificate is a certificate that a side has shown.
type traceCertificate struct {
	Subject   string   `json:"subject,omitempty"`
	Issuer    string   `json:"issuer,omitempty"`
	Names     []string `json:"names,omitempty"`
	NotBefore string   `json:"not_before,omitempty"`
	NotAfter  string   `json:"not_after,omitempty"`
	Serial    string   `json:"serial,omitempty"`
	Key       string   `json:"key,omitempty"`
	Signature string   `json:"signature,omitempty"`
	SHA256    string   `json:"sha256"`
	Bytes     int      `json:"length"`
	Error     string   `json:"error,omitempty"`

	json []byte // all of this
}

// certificates are those that were read last: a server shows the same ones to
// everybody.
var certificates struct {
	sync.Mutex
	of map[string]*traceCertificate
}

const mostCertificates = 1000

// certificateOf describes a certificate.
func certificateOf(der []byte) *traceCertificate {
	certificates.Lock()
	defer certificates.Unlock()
	if v, ok := certificates.of[string(der)]; ok {
		return v
	}
	if certificates.of == nil || len(certificates.of) >= mostCertificates {
		certificates.of = map[string]*traceCertificate{}
	}
	v := newTraceCertificate(der)
	var j jsonLine
	j.value(v)
	v.json = j.b
	certificates.of[string(der)] = v
	return v
}

func newTraceCertificate(der []byte) *traceCertificate {
	sum := sha256.Sum256(der)
	v := &traceCertificate{SHA256: hex.EncodeToString(sum[:]), Bytes: len(der)}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		v.Error = err.Error()
		return v
	}
	v.Subject, v.Issuer, v.Names = field.Name(c.Subject), field.Name(c.Issuer), field.Names(c)
	v.NotBefore, v.NotAfter = c.NotBefore.UTC().Format(time.RFC3339), c.NotAfter.UTC().Format(time.RFC3339)
	v.Serial, v.Key, v.Signature = fmt.Sprintf("%x", c.SerialNumber), field.Key(c), c.SignatureAlgorithm.String()
	return v
}

// String gives it in a line.
func (c *traceCertificate) String() string {
	if c.Error != "" {
		return fmt.Sprintf("%d bytes, which cannot be read: %s", c.Bytes, c.Error)
	}
	s := c.Subject
	if len(c.Names) > 0 {
		s += " for " + strings.Join(c.Names, ", ")
	}
	return fmt.Sprintf("%s, by %s, from %s until %s, %s, %s", s, c.Issuer, c.NotBefore[:10], c.NotAfter[:10], c.Key, c.Signature)
}
