package handshake

import (
	"crypto"
	"slices"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// delegates gives the schemes that delegated credentials of the peer may use:
// those that this side accepts anyway, if it accepts any.
func (c *Core) delegates() (schemes []iana.SignatureScheme) {
	if !c.Config.AcceptDelegated {
		return nil
	}
	for _, s := range c.Config.Policy.Schemes {
		if sign.Delegates(s) {
			schemes = append(schemes, s)
		}
	}
	return schemes
}

// AppendDelegates appends delegated_credential of the side that asks, if
// delegated credentials are accepted. RFC 9345, sections 4.1.1 and 4.1.2.
func (c *Core) AppendDelegates(b []byte) []byte {
	if schemes := c.delegates(); len(schemes) > 0 {
		return wire.AppendDelegatedCredentialClient(b, schemes)
	}
	return b
}

// CheckDelegation verifies the delegated credential that the peer shows with its
// certificate, if it shows one. server says whether the peer is a server. RFC
// 9345, section 4.1.3.
func (c *Core) CheckDelegation(p *PeerCertificates, server bool) error {
	switch {
	case p.delegation == nil:
		return nil
	case p.Leaf == nil:
		return fault.With(fault.DelegationInvalid, "it comes with a raw public key, and stands in for a certificate's")
	}
	d, err := sign.VerifyDelegation(p.delegation, p.Leaf, server, c.Now)
	if err != nil {
		return err
	}
	if !slices.Contains(c.delegates(), d.Scheme) || !c.Config.Policy.Accepts(d.By) {
		return fault.With(fault.DelegationInvalid, "%v signed with %v was not asked for", d.Scheme, d.By)
	}
	p.Delegated = d
	return nil
}

// SigningKey gives the key that has to have signed the handshake with the
// scheme: that of the delegated credential, or of the certificate. It refuses
// schemes that were not offered.
func (c *Core) SigningKey(p *PeerCertificates, s iana.SignatureScheme) (crypto.PublicKey, error) {
	switch d := p.Delegated; {
	case d != nil && d.Scheme != s:
		return nil, fault.With(fault.DelegationInvalid, "it is for %v, and the handshake is signed with %v", d.Scheme, s)
	case d != nil:
		return d.Public, nil
	case !c.Config.Policy.Accepts(s):
		return nil, fault.With(fault.SchemeNotOffered, "%v", s)
	}
	return p.Key, nil
}
