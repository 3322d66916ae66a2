package tls

import (
	"crypto/x509"
	"errors"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
)

// verdict says whether the peer's chain is to be trusted, as crypto/tls does.
func (h *host) verdict(peer *handshake.PeerCertificates) error {
	certs, err := parseChain(peer.Chain)
	if err != nil {
		h.err = err
		return fault.With(fault.CertificateParse, "%w", err)
	}
	if h.conn.isClient {
		if !h.config.InsecureSkipVerify {
			err = h.verify(certs, h.config.RootCAs, x509.ExtKeyUsageServerAuth, h.config.ServerName)
		}
	} else if h.verifiesClients() {
		err = h.verify(certs, h.config.ClientCAs, x509.ExtKeyUsageClientAuth, "")
	}
	if err == nil && h.config.VerifyPeerCertificate != nil {
		err = h.config.VerifyPeerCertificate(peer.Chain, h.chains)
		h.err = err
	}
	return h.verdictFault(err)
}

// approve asks the program whether it wants the connection.
func (h *host) approve() error {
	err := h.config.VerifyConnection(h.conn.newState())
	if err != nil {
		h.err = err
	}
	return h.verdictFault(err)
}

// verdictFault keeps the error and gives its fault.
func (h *host) verdictFault(err error) error {
	if err == nil {
		return nil
	}
	if h.err == nil {
		h.err = err
	}
	if _, ok := fault.Of(err); ok {
		return err
	}
	return fault.With(certificateFault(err), "%w", err)
}

func (h *host) verifiesClients() bool { return h.config.ClientAuth >= VerifyClientCertIfGiven }

func (h *host) verifyClient(chain [][]byte) error {
	certs, err := parseChain(chain)
	if err != nil {
		return err
	}
	return h.verify(certs, h.config.ClientCAs, x509.ExtKeyUsageClientAuth, "")
}

func (h *host) verify(certs []*x509.Certificate, roots *x509.CertPool, usage x509.ExtKeyUsage, name string) error {
	opts := x509.VerifyOptions{
		Roots: roots, CurrentTime: h.config.now(), DNSName: name,
		Intermediates: x509.NewCertPool(), KeyUsages: []x509.ExtKeyUsage{usage},
	}
	for _, c := range certs[1:] {
		opts.Intermediates.AddCert(c)
	}
	chains, err := certs[0].Verify(opts)
	if err != nil {
		return &CertificateVerificationError{UnverifiedCertificates: certs, Err: err}
	}
	h.chains = chains
	return nil
}

func parseChain(ders [][]byte) ([]*x509.Certificate, error) {
	certs := make([]*x509.Certificate, len(ders))
	for i, der := range ders {
		var err error
		if certs[i], err = x509.ParseCertificate(der); err != nil {
			return nil, err
		}
	}
	return certs, nil
}

// certificateFault names why a chain was not accepted.
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
