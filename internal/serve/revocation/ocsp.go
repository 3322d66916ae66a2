package revocation

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/crypto/ocsp"
)

// A Response is what a responder has said of a certificate, and was right to say.
type Response struct {
	Raw        []byte // DER
	Revoked    bool
	RevokedAt  time.Time
	Reason     int // RFC 5280, section 5.3.1
	ThisUpdate time.Time
	Until      time.Time // from when it counts no more
}

const (
	slow      = 5 * time.Minute // that clocks may be apart
	unlimited = 12 * time.Hour  // that a response without an end counts
)

// ErrUnknown is a responder that does not know a certificate.
var ErrUnknown = errors.New("the responder does not know the certificate")

// ParseResponse reads an OCSP response about a certificate. It is refused unless
// the issuer has signed it, or somebody whom the issuer has appointed to (RFC 6960,
// section 4.2.2.2), and unless it counts now.
func ParseResponse(der []byte, cert, issuer *x509.Certificate, now time.Time) (*Response, error) {
	// Without the issuer: who may have signed is looked at here, more closely.
	r, err := ocsp.ParseResponseForCert(der, cert, nil)
	if err != nil {
		return nil, err
	}
	if err := signedFor(r, issuer, now); err != nil {
		return nil, err
	}
	until := r.NextUpdate
	if until.IsZero() {
		until = r.ThisUpdate.Add(unlimited)
	}
	switch {
	case r.ThisUpdate.After(now.Add(slow)):
		return nil, fmt.Errorf("the response is from %s, which is still to come: look at the clock of this computer", r.ThisUpdate.Format(time.DateTime))
	case !until.After(now):
		return nil, fmt.Errorf("the response counts until %s, which is over", until.Format(time.DateTime))
	case r.Status != ocsp.Good && r.Status != ocsp.Revoked:
		return nil, ErrUnknown
	}
	return &Response{
		Raw: der, Revoked: r.Status == ocsp.Revoked, RevokedAt: r.RevokedAt, Reason: r.RevocationReason, ThisUpdate: r.ThisUpdate, Until: until,
	}, nil
}

// signedFor reports who has signed a response, if that was nobody who may.
func signedFor(r *ocsp.Response, issuer *x509.Certificate, now time.Time) error {
	by := r.Certificate // its key has signed, which was looked at
	switch {
	case by == nil:
		if err := r.CheckSignatureFrom(issuer); err != nil {
			return fmt.Errorf("the response is not signed by %s: %w", issuer.Subject, err)
		}
		return nil
	case by.Equal(issuer):
		return nil
	}
	if err := by.CheckSignatureFrom(issuer); err != nil {
		return fmt.Errorf("the response is signed by %s, whom %s has not appointed: %w", by.Subject, issuer.Subject, err)
	}
	if !slices.Contains(by.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning) {
		return fmt.Errorf("the response is signed by %s, whose certificate is not for that (OCSPSigning)", by.Subject)
	}
	if now.After(by.NotAfter) || now.Before(by.NotBefore) {
		return fmt.Errorf("the response is signed by %s, whose certificate is valid from %s to %s", by.Subject, by.NotBefore.Format(time.DateTime), by.NotAfter.Format(time.DateTime))
	}
	return nil
}

// Ask asks the responders that a certificate names, until one answers.
func Ask(ctx context.Context, cert, issuer *x509.Certificate, now func() time.Time) (*Response, error) {
	if len(cert.OCSPServer) == 0 {
		return nil, errors.New("the certificate names no responder")
	}
	request, err := ocsp.CreateRequest(cert, issuer, nil) // SHA-1, which all of them know: it names, and signs nothing
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, address := range cert.OCSPServer {
		der, err := fetch(ctx, address, "application/ocsp-request", request, mostOCSP)
		if err == nil {
			var r *Response
			if r, err = ParseResponse(der, cert, issuer, now()); err == nil {
				return r, nil
			}
			err = fmt.Errorf("%s: %w", address, err)
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}
