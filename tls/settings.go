package tls

import (
	"fmt"
	"slices"

	"github.com/handsel-tls/handsel/internal/protocol/compress"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/suite"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// extensions sets what extensions are for, as the fields say.
func (c *Config) extensions(p *prepared) {
	h := &p.server
	h.NoStatus, h.ClientStatus = c.NoStapling, c.RequestClientStaples
	if !c.NoCertificateCompression {
		h.Compress, h.CompressAfter = compress.All(), 1
	}
	if c.AcceptCompressedCertificates {
		h.Decompress = compress.All()
	}
	if err := c.prepareECH(h); err != nil {
		p.err = err
	}
	if err := c.limits(h); err != nil {
		p.err = err
	}
	h.PermuteExtensions, h.MaxCertificate = c.PermuteExtensions, c.MaxCertificateSize
	if c.NameAuthorities && c.RootCAs != nil {
		//lint:ignore SA1019 as above
		h.ServerAuthorities = c.RootCAs.Subjects()
	}
	h.PostHandshakeAuth = c.PostHandshakeAuth
	if err := c.prepareRawKey(p); err != nil {
		p.err = fmt.Errorf("tls: RawPublicKey: %w", err)
	}
	h.AcceptDelegated = c.AcceptDelegatedCredentials
	for i := range c.DelegatedCredentials {
		cred, err := c.DelegatedCredentials[i].credential()
		if err != nil {
			p.err = fmt.Errorf("tls: DelegatedCredentials[%d]: %w", i, err)
		}
		p.delegated = append(p.delegated, cred)
	}
}

// policy narrows the named policy by the fields of crypto/tls.
func (c *Config) policy() (*policy.Policy, error) {
	name := c.Policy
	if name == "" {
		name = policy.Modern().Name
	}
	base, err := policy.Named(name)
	if err != nil {
		return policy.Modern(), err
	}
	base = c.schemes(base)
	if c.MinVersion == 0 && c.MaxVersion == 0 && c.CipherSuites == nil && len(c.CurvePreferences) == 0 {
		return base, nil
	}
	p := base.Between(iana.Version(c.MinVersion), iana.Version(c.MaxVersion))
	if c.CipherSuites != nil {
		p.Suites = named(c.CipherSuites, c.SSL2)
	}
	if len(c.CurvePreferences) > 0 {
		p.Groups = groups(base.Groups, c.CurvePreferences)
	}
	return p, nil
}

// limits sets the lengths of records.
func (c *Config) limits(h *handshake.Config) error {
	if n := c.RecordSizeLimit; n != 0 && (n < 64 || n > 1<<14+1) {
		return fmt.Errorf("tls: a RecordSizeLimit of %d: it has to be from 64 to 16385", n)
	}
	h.RecordSizeLimit = c.RecordSizeLimit
	for m := wire.MaxFragmentLength(0); ; m++ {
		n, ok := m.Len()
		switch {
		case n == c.MaxFragmentLength: // 0 stands for none
			h.MaxFragment = m
			return nil
		case !ok && m > 0:
			return fmt.Errorf("tls: a MaxFragmentLength of %d: it has to be 512, 1024, 2048 or 4096", c.MaxFragmentLength)
		}
	}
}

// schemes changes the signature schemes of a policy as the fields say.
func (c *Config) schemes(base *policy.Policy) *policy.Policy {
	if c.SigningSchemes == nil && c.VerifySchemes == nil && c.CertificateSchemes == nil {
		return base
	}
	list := func(schemes []SignatureScheme) (ids []iana.SignatureScheme) {
		for _, s := range schemes {
			ids = append(ids, iana.SignatureScheme(s))
		}
		return ids
	}
	p := *base
	p.SignOnly = slices.Concat(p.SignOnly, list(c.SigningSchemes))
	if c.VerifySchemes != nil {
		p.SignOnly, p.Schemes = append(p.SignOnly, p.Schemes...), list(c.VerifySchemes)
	}
	p.CertificateSchemes = list(c.CertificateSchemes)
	return &p
}

// named gives the suites of TLS 1.3, and of the others those in the list, in
// our order of preference: that of the widest policy. With SSL 2.0 they are its
// cipher kinds.
func named(ids []uint16, ssl2 bool) []iana.Suite {
	if ssl2 {
		return slices.DeleteFunc(policy.SSL2Suites(), func(s iana.Suite) bool { return !slices.Contains(ids, uint16(s)) })
	}
	return slices.DeleteFunc(policy.Suites(), func(s iana.Suite) bool {
		p, _ := suite.Of(s)
		return p.MinVersion < iana.TLS13 && !slices.Contains(ids, uint16(s))
	})
}
