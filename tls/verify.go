package tls

import (
	"crypto/x509"
	"errors"
	"sync"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/verify"
)

// verdict says whether the peer's chain is to be trusted, as crypto/tls does.
func (h *host) verdict(peer *handshake.PeerCertificates) error {
	if err := h.formVerdict(peer); err != nil || peer.RawPublicKey != nil {
		return h.verdictFault(err)
	}
	certs, err := verify.Certificates(peer.Chain)
	if err != nil {
		return h.verdictFault(err)
	}
	switch {
	case !h.conn.isClient && h.verifiesClients():
		err = h.check(verify.Request{Certificates: certs, Roots: h.config.ClientCAs, Usage: h.clientUsage()})
	case h.conn.isClient && !h.config.InsecureSkipVerify:
		err = h.check(verify.Request{Certificates: certs, Roots: h.config.RootCAs, Usage: verify.Server, Name: h.config.ServerName})
	}
	if err == nil && h.config.VerifyPeerCertificate != nil {
		err = h.config.VerifyPeerCertificate(peer.Chain, h.chains)
	}
	return h.verdictFault(err)
}

// check verifies the peer's chain and keeps what was found.
func (h *host) check(r verify.Request) error {
	result, err := h.verify(r)
	h.checked, h.chains = &result, result.Chains
	return err
}

// approve asks the program whether it wants the connection.
func (h *host) approve() error {
	return h.verdictFault(h.config.VerifyConnection(h.conn.newState()))
}

// verdictFault keeps the error for whoever called Handshake, and gives its
// fault.
func (h *host) verdictFault(err error) error {
	if err == nil {
		return nil
	}
	h.err = err
	var failed *verify.Error
	switch {
	case errors.As(err, &failed):
		h.err = &CertificateVerificationError{UnverifiedCertificates: h.unverified(), Err: failed.Err}
		return &fault.Error{Code: failed.Code, Detail: failed.Explain(), Err: failed.Err}
	default:
		if _, ok := fault.Of(err); ok {
			return err
		}
		return fault.With(certificateFault(err), "%w", err)
	}
}

// unverified gives the certificates of a chain that did not verify.
func (h *host) unverified() []*x509.Certificate {
	if h.checked == nil {
		return nil
	}
	return h.checked.Certificates
}

// clientUsage is what a client's certificate has to be for.
func (h *host) clientUsage() verify.Usage {
	if h.config.AnyClientUsage {
		return verify.Anyone
	}
	return verify.Client
}

func (h *host) verifiesClients() bool { return h.config.ClientAuth >= VerifyClientCertIfGiven }

// verifyResumed verifies the chain that a client showed when its session was
// made: the authorities, or the time, may have changed since.
func (h *host) verifyResumed(chain [][]byte) ([][]*x509.Certificate, error) {
	result, err := h.verify(verify.Request{Chain: chain, Roots: h.config.ClientCAs, Usage: h.clientUsage()})
	return result.Chains, err
}

func (h *host) verify(r verify.Request) (verify.Result, error) {
	r.Now = h.config.now()
	if r.Roots == nil {
		var err error
		if r.Roots, err = systemRoots(); err != nil {
			return verify.Result{}, fault.With(fault.UnknownCA, "%w", x509.SystemRootsError{Err: err})
		}
	}
	return verify.Chain(r)
}

// systemRoots are read once: the copy that crypto/x509 makes each time costs
// more than the verification.
var systemRoots = sync.OnceValues(x509.SystemCertPool)

// certificateFault names why a program's own verification refused a chain.
func certificateFault(err error) fault.Code {
	var (
		unknown x509.UnknownAuthorityError
		invalid x509.CertificateInvalidError
		name    x509.HostnameError
	)
	switch {
	case errors.As(err, &name):
		return fault.NameMismatch
	case errors.As(err, &unknown):
		return fault.UnknownCA
	case !errors.As(err, &invalid):
		return fault.CertificateRefused
	case invalid.Reason == x509.Expired:
		return fault.CertificateExpired
	case invalid.Reason == x509.IncompatibleUsage:
		return fault.WrongPurpose
	}
	return fault.BadCertificate
}
