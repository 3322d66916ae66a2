package handshake

import (
	"bytes"
	"crypto/x509"
	"slices"

	"github.com/handsel-tls/handsel/internal/protocol/extension"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/session"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// ReadPeer13 copies what a Certificate of TLS 1.3 shows; nil if it is empty.
// asked are the extensions that this side asked for. RFC 9846, section 4.5.1.
func ReadPeer13(m *wire.Certificate13, asked extension.Set) (*PeerCertificates, error) {
	var p *PeerCertificates
	for der, exts := range m.Entries() {
		if _, err := extension.Check(extension.Certificate, exts, asked); err != nil {
			return nil, err
		}
		if p != nil {
			p.Chain = append(p.Chain, bytes.Clone(der))
			continue
		}
		var err error
		if p, err = NewPeer(der); err != nil {
			return nil, err
		}
		if err := p.readExtensions(exts); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// ReadPeer12 does the same for TLS 1.2 and below.
func ReadPeer12(m *wire.Certificate12) (p *PeerCertificates, err error) {
	for der := range m.All() {
		if p != nil {
			p.Chain = append(p.Chain, bytes.Clone(der))
		} else if p, err = NewPeer(der); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// NewPeer begins a chain with the peer's own certificate.
func NewPeer(der []byte) (*PeerCertificates, error) {
	der = bytes.Clone(der)
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fault.With(fault.CertificateParse, "%w", err)
	}
	return &PeerCertificates{Chain: [][]byte{der}, Leaf: leaf, Key: sign.PublicKey(leaf)}, nil
}

func (p *PeerCertificates) readExtensions(exts wire.Extensions) error {
	if b, ok := exts.Get(iana.ExtStatusRequest); ok {
		status, err := wire.ParseCertificateStatus(b)
		if err != nil {
			return err
		}
		p.OCSPStaple = bytes.Clone(status.Response)
	}
	if b, ok := exts.Get(iana.ExtSCT); ok {
		scts, err := wire.ParseSCTs(b)
		if err != nil {
			return err
		}
		for _, sct := range scts {
			p.SCTs = append(p.SCTs, bytes.Clone(sct))
		}
	}
	return nil
}

// Verdicted gives the fault of a host's verdict on the peer's chain, nil if it
// is trusted.
func Verdicted(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := fault.Of(err); ok {
		return err
	}
	return fault.With(fault.CertificateRefused, "%w", err)
}

// MaySign refuses a certificate whose keyUsage is there and does not allow
// signatures. RFC 9846, section 4.5.1.1; RFC 5280, section 4.2.1.3.
func (p *PeerCertificates) MaySign() error {
	if u := p.Leaf.KeyUsage; u != 0 && u&x509.KeyUsageDigitalSignature == 0 {
		return fault.With(fault.KeyUsageWrong, "digitalSignature is not set")
	}
	return nil
}

// PeerOf gives the certificates that the peer showed when the session was
// made, nil if it showed none.
func PeerOf(s *session.State) *PeerCertificates {
	if len(s.Chain) == 0 {
		return nil
	}
	leaf, err := x509.ParseCertificate(s.Chain[0])
	if err != nil {
		return nil // it was parsed before it was kept
	}
	return &PeerCertificates{Chain: s.Chain, Leaf: leaf, Key: sign.PublicKey(leaf), OCSPStaple: s.OCSPStaple, SCTs: s.SCTs}
}

// Resume takes over what the peer has shown of itself when the session was made.
func (e *Established) Resume(s *session.State) {
	e.Resumed, e.Peer, e.PeerScheme = true, PeerOf(s), s.PeerScheme
}

// ReadProtocol gives the application protocol that the server chose, of those
// that were offered. RFC 7301, section 3.2.
func ReadProtocol(exts wire.Extensions, offered []string) (string, error) {
	body, ok := exts.Get(iana.ExtALPN)
	if !ok {
		return "", nil
	}
	list, err := wire.ParseALPN(body)
	if err != nil {
		return "", err
	}
	name, ok := list.Single()
	if !ok || !slices.Contains(offered, name) {
		return "", fault.With(fault.ProtocolNotOffered, "%q", []byte(list))
	}
	return name, nil
}
