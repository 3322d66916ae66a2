// Package verify decides whether a peer's certificates are to be trusted, and
// names the check and the certificate where they are not.
//
// Building the paths and checking them is the work of crypto/x509. What it
// says of a failure is one sentence about one certificate; so after a failure
// this package goes over the chain itself and finds out which check failed on
// which certificate: a missing intermediate is told apart from a root that is
// not trusted, and both from a certificate that is signed by itself. The same
// walk gives the steps that are shown of a chain that is in order.
//
// The alerts of failures are those of RFC 9846, section 6.2. It has none for a
// wrong name: fault.NameMismatch sends bad_certificate.
package verify

import (
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
)

// Usage is what the peer uses its certificate for.
type Usage uint8

const (
	// Server authenticates a server: id-kp-serverAuth.
	Server Usage = iota
	// Client authenticates a client: id-kp-clientAuth.
	Client
	// Anyone authenticates somebody, whatever the certificate says it is for.
	Anyone
)

func (u Usage) String() string { return [...]string{"server", "client", "peer"}[u] }

func (u Usage) eku() x509.ExtKeyUsage {
	return [...]x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageAny}[u]
}

// A Request is a chain and what to check it against.
type Request struct {
	// Chain has the certificates that the peer sent, DER, its own first. They
	// are parsed here unless Certificates has them already.
	Chain        [][]byte
	Certificates []*x509.Certificate

	// Roots are trusted; none are if it is nil.
	Roots *x509.CertPool
	// Intermediates may complete the peer's chain.
	Intermediates *x509.CertPool
	// Name is the DNS name or the IP address that the certificate has to be
	// for. It is not checked if empty.
	Name string
	// Now is the time at which the certificates have to be valid.
	Now   time.Time
	Usage Usage
}

// A Result is what became of a Request.
type Result struct {
	// Certificates are those of the peer, parsed, its own first.
	Certificates []*x509.Certificate
	// Chains are the ways from the peer's certificate to a root, each with the
	// root at its end. There are none if verification failed.
	Chains [][]*x509.Certificate

	request Request
	err     error // of crypto/x509
	parse   *Error
}

// Chain verifies. The error is an *Error.
func Chain(r Request) (Result, error) {
	result := Result{request: r, Certificates: r.Certificates}
	if result.Certificates == nil {
		certs, failed := parse(r.Chain)
		if failed != nil {
			result.parse = failed
			return result, failed
		}
		result.Certificates = certs
	}
	if len(result.Certificates) == 0 {
		result.parse = &Error{Check: Parse, Code: fault.CertificateListEmpty, Detail: "the peer sent no certificate"}
		return result, result.parse
	}
	if r.Now.IsZero() {
		// crypto/x509 would ask the clock of the machine.
		result.parse = &Error{Check: Dates, Code: fault.Internal, Detail: "the time of the verification is not set"}
		return result, result.parse
	}
	result.Chains, result.err = result.build()
	if result.err == nil && len(r.Name) > 0 {
		result.err = result.Certificates[0].VerifyHostname(r.Name)
	}
	if result.err == nil {
		if !weakKey(result.Certificates[0]) {
			return result, nil
		}
		result.err = errWeak
	}
	err := result.explain()
	result.Chains = nil
	return result, err
}

var errWeak = errors.New("the key is too weak")

// none is for requests without roots: for crypto/x509, nil means the system's.
var none = x509.NewCertPool()

func (r *Request) roots() *x509.CertPool {
	if r.Roots == nil {
		return none
	}
	return r.Roots
}

// build has crypto/x509 find the chains.
func (r *Result) build() ([][]*x509.Certificate, error) {
	pool := r.request.Intermediates
	if rest := r.Certificates[1:]; len(rest) > 0 {
		if pool == nil {
			pool = x509.NewCertPool()
		} else {
			pool = pool.Clone()
		}
		for _, cert := range rest {
			pool.AddCert(cert)
		}
	}
	return r.Certificates[0].Verify(x509.VerifyOptions{
		Roots:         r.request.roots(),
		Intermediates: pool,
		CurrentTime:   r.request.Now,
		KeyUsages:     []x509.ExtKeyUsage{r.request.Usage.eku()},
	})
}

// parse refuses RSA keys that are so long that a peer could keep this side busy
// with them, before anything is verified with one (CVE-2023-29409).
func parse(chain [][]byte) ([]*x509.Certificate, *Error) {
	certs := make([]*x509.Certificate, 0, len(chain))
	for i, der := range chain {
		cert, err := shared.Parse(der)
		if err != nil {
			return nil, &Error{Check: Parse, Index: i, Code: fault.CertificateParse, Detail: err.Error(), Err: err}
		}
		if bits := rsaBits(cert); bits > maxRSA {
			return nil, &Error{Check: Key, Index: i, Subject: subject(cert), Code: fault.BadCertificate,
				Detail: fmt.Sprintf("its key is RSA of %d bits, and the longest that is taken has %d", bits, maxRSA)}
		}
		certs = append(certs, cert)
	}
	return certs, nil
}

// Certificates parses a chain, DER, the peer's own certificate first. Parsed
// certificates are shared between all callers and must not be changed. The
// error is an *Error of the check Parse.
func Certificates(chain [][]byte) ([]*x509.Certificate, error) {
	certs, err := parse(chain)
	if err != nil {
		return nil, err
	}
	return certs, nil
}

// NotSent is the Index of a certificate that the peer did not send: a root, or
// one of Request.Intermediates.
const NotSent = -1

// An Error says which check failed on which certificate. It is the fault Code
// and, if there is one, Err.
type Error struct {
	Check   Check
	Index   int    // among those the peer sent, 0 for its own; or NotSent
	Subject string // of that certificate, empty if it could not be parsed
	Code    fault.Code
	Detail  string
	Err     error // of crypto/x509
}

func (e *Error) Error() string { return e.Code.Sentence() + ": " + e.Explain() }

// Explain says what is wrong with which certificate, without the sentence of
// the fault.
func (e *Error) Explain() string {
	who := "the peer's certificate"
	switch {
	case e.Index == NotSent:
		who = "a certificate that was not sent"
	case e.Index > 0:
		who = fmt.Sprintf("certificate %d of the peer's chain", e.Index)
	}
	if e.Subject != "" {
		who += " (" + e.Subject + ")"
	}
	return who + ": " + e.Detail
}

// Unwrap gives the fault, whose alert is to be sent, and the cause.
func (e *Error) Unwrap() []error {
	if e.Err != nil {
		return []error{e.Code, e.Err}
	}
	return []error{e.Code}
}
