package handshake

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"slices"

	"github.com/handsel-tls/handsel/internal/protocol/extension"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/negotiate"
	"github.com/handsel-tls/handsel/internal/protocol/session"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// ReadPeer13 copies what a Certificate of TLS 1.3 shows; nil if it is empty.
// asked are the extensions that this side asked for, t is the form that was
// agreed on. RFC 9846, section 4.5.1; RFC 7250, section 4.4.
func ReadPeer13(m *wire.Certificate13, asked extension.Set, t iana.CertificateType) (*PeerCertificates, error) {
	var p *PeerCertificates
	for der, exts := range m.Entries() {
		if _, shown := exts.Get(iana.ExtDelegatedCredential); shown && !asked.Has(iana.ExtDelegatedCredential) {
			return nil, fault.DelegationUnasked
		}
		if _, err := extension.Check(extension.Certificate, exts, asked); err != nil {
			return nil, err
		}
		if p != nil && t == iana.CertRawPublicKey {
			return nil, fault.With(fault.DecodeError, "there is more than the raw public key")
		}
		if p != nil {
			p.Chain = append(p.Chain, bytes.Clone(der))
			continue
		}
		var err error
		if p, err = newPeer(der, t); err != nil {
			return nil, err
		}
		if err := p.readExtensions(exts); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// ReadPeer12 does the same for the body of the message in TLS 1.2 and below. RFC
// 5246, section 7.4.2; RFC 7250, section 3.
func ReadPeer12(body []byte, t iana.CertificateType) (p *PeerCertificates, err error) {
	if t == iana.CertRawPublicKey {
		spki, err := wire.ParseRawPublicKey12(body)
		if err != nil || len(spki) == 0 {
			return nil, err
		}
		return newRawPeer(spki)
	}
	m, err := wire.ParseCertificate12(body)
	if err != nil {
		return nil, err
	}
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

// newRawPeer takes a raw public key, a SubjectPublicKeyInfo.
func newRawPeer(spki []byte) (*PeerCertificates, error) {
	key, err := sign.ParsePublicKey(spki)
	if err != nil {
		return nil, fault.With(fault.DecodeError, "the raw public key: %w", err)
	}
	return &PeerCertificates{RawPublicKey: bytes.Clone(spki), Key: key}, nil
}

func newPeer(b []byte, t iana.CertificateType) (*PeerCertificates, error) {
	if t == iana.CertRawPublicKey {
		return newRawPeer(b)
	}
	return NewPeer(b)
}

func (p *PeerCertificates) readExtensions(exts wire.Extensions) error {
	if b, ok := exts.Get(iana.ExtStatusRequest); ok {
		status, err := wire.ParseCertificateStatus(b)
		if err != nil {
			return err
		}
		p.OCSPStaple = bytes.Clone(status.Response)
	}
	if b, ok := exts.Get(iana.ExtDelegatedCredential); ok {
		p.delegation = bytes.Clone(b)
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

// AcceptsKey refuses a key of id-RSASSA-PSS to a side that has offered no scheme
// for such keys: it looks like any other of RSA, and could be taken for one where
// a signature names no scheme. RFC 9846, section 4.3.3; RFC 4055, section 1.2.
func (c *Core) AcceptsKey(key crypto.PublicKey) error {
	if sign.KindOf(key) != sign.RSAPSS {
		return nil
	}
	for _, s := range c.Config.Policy.Schemes {
		if sign.Fits(s, key, iana.TLS13) { // they are the same in TLS 1.2
			return nil
		}
	}
	return fault.With(fault.KeyAlgorithmNotOffered, "%v", sign.RSAPSS)
}

// MaySign refuses a certificate whose keyUsage is there and does not allow
// signatures. RFC 9846, section 4.5.1.1; RFC 5280, section 4.2.1.3.
func (p *PeerCertificates) MaySign() error {
	if u := p.usage(); u != 0 && u&x509.KeyUsageDigitalSignature == 0 {
		return fault.With(fault.KeyUsageWrong, "digitalSignature is not set")
	}
	return nil
}

// MayEncrypt refuses a certificate whose keyUsage is there and does not allow the
// encryption of keys. RFC 5246, section 7.4.2.
func (p *PeerCertificates) MayEncrypt() error {
	if u := p.usage(); u != 0 && u&x509.KeyUsageKeyEncipherment == 0 {
		return fault.With(fault.KeyUsageWrong, "keyEncipherment is not set")
	}
	return nil
}

func (p *PeerCertificates) usage() x509.KeyUsage {
	if p.Leaf == nil {
		return 0
	}
	return p.Leaf.KeyUsage
}

// PeerOf gives the certificates that the peer showed when the session was
// made, nil if it showed none.
func PeerOf(s *session.State) *PeerCertificates {
	if s.RawKey != nil {
		p, _ := newRawPeer(s.RawKey) // it was parsed before it was kept
		return p
	}
	if len(s.Chain) == 0 {
		return nil
	}
	leaf := s.Leaf
	if leaf == nil { // the session comes from a ticket
		var err error
		if leaf, err = x509.ParseCertificate(s.Chain[0]); err != nil {
			return nil // it was parsed before it was kept
		}
	}
	return &PeerCertificates{Chain: s.Chain, Leaf: leaf, Key: sign.PublicKey(leaf), OCSPStaple: s.OCSPStaple, SCTs: s.SCTs}
}

// AcceptsPeerOf reports whether the form in which the peer showed who it is, when
// the session was made, is one that is accepted now.
func (c *Core) AcceptsPeerOf(s *session.State) bool {
	shown := iana.CertX509
	if s.RawKey != nil {
		shown = iana.CertRawPublicKey
	}
	if c.Config.PeerTypes == nil {
		return shown == iana.CertX509
	}
	return !s.HasPeer() || slices.Contains(c.Config.PeerTypes, shown)
}

// Resume takes over what the peer has shown of itself when the session was made.
func (e *Established) Resume(s *session.State) {
	e.Resumed, e.Peer, e.PeerScheme, e.OwnType, e.Began = true, PeerOf(s), s.PeerScheme, s.OwnType, s.Began
	e.PSK, e.PSKTag = s.PSK, s.PSKTag
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

// ReadTypes takes the forms of certificates that the server chose. RFC 7250,
// section 4.2.
func (c *Core) ReadTypes(exts wire.Extensions) (err error) {
	if c.Done.PeerType, err = readType(exts, iana.ExtServerCertificateType, c.Config.PeerTypes); err != nil {
		return err
	}
	c.Done.OwnType, err = readType(exts, iana.ExtClientCertificateType, c.Config.OwnTypes)
	return err
}

func readType(exts wire.Extensions, t iana.ExtensionType, offered []iana.CertificateType) (iana.CertificateType, error) {
	body, ok := exts.Get(t)
	if !ok {
		return iana.CertX509, nil
	}
	chosen, err := wire.ParseCertificateType(body)
	if err == nil && !slices.Contains(offered, chosen) {
		err = fault.With(fault.NoSharedCertificateType, "the server chose %v", chosen)
	}
	return chosen, err
}

// AcceptsPeerType refuses the form of the peer's certificate if it stands for
// want of another and is not accepted here.
func (c *Core) AcceptsPeerType() error {
	if types := c.Config.PeerTypes; types != nil && !slices.Contains(types, c.Done.PeerType) {
		return fault.With(fault.NoSharedCertificateType, "%v is not accepted", c.Done.PeerType)
	}
	return nil
}

// ChooseTypes is a server's part: the form of the client's certificate, if it
// is asked for one.
func (c *Core) ChooseTypes() (err error) {
	if c.Config.ClientAuth != NoClientAuth {
		c.Done.PeerType, err = negotiate.ClientCertificateType(&c.Offer, c.Config.PeerTypes, c.Log)
	}
	return err
}

// AppendTypes appends the forms of certificates that a server chose, as far as
// the client asked for them.
func (c *Core) AppendTypes(b []byte) []byte {
	if c.Offer.ServerTypes != nil {
		b = wire.AppendCertificateType(b, iana.ExtServerCertificateType, c.Done.OwnType)
	}
	if c.Offer.ClientTypes != nil && c.Config.ClientAuth != NoClientAuth && !c.Done.Resumed {
		b = wire.AppendCertificateType(b, iana.ExtClientCertificateType, c.Done.PeerType)
	}
	return b
}
