package tls

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"

	"github.com/handsel-tls/handsel/internal/protocol/compress"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/kex"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/session"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/protocol/suite"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// prepared is what is worked out once from a Config.
type prepared struct {
	err       error
	server    handshake.Config
	client    handshake.Config // but for the target
	sessions  *session.Cache
	delegated []*sign.Credential
	raw       *sign.Credential
}

// prepare works out what a handshake needs, once. Of several mistakes the first
// is told.
func (c *Config) prepare() *prepared {
	c.once.Do(func() {
		p := &c.prepared
		h := &p.server
		h.Rand, h.Now = c.Rand, c.now
		if h.Rand == nil {
			h.Rand = rand.Reader
		}
		var err error
		h.Policy, err = c.policy()
		p.err = cmp.Or(err, c.protocols(h), c.extensions(p), c.preparePSKs(h), c.authentication(h), c.sessions(p))
		if h.SSL2, h.SendSSL2Hello = c.SSL2, c.SendSSL2Hello; h.SendSSL2Hello {
			h.Policy = h.Policy.Between(0, iana.TLS12)
		}
		h.AskSettings, h.Record = c.GetConfigForClient != nil, c.OnHandshake != nil
		if c.KeyLogWriter != nil {
			h.KeyLog = keyLog{c.KeyLogWriter}.write
		}
		p.client = p.server
		c.clientTypes(&p.client)
		p.client.Renegotiation = renegotiation[c.Renegotiation]
		if c.AllowRenegotiation {
			h.Renegotiation = handshake.RenegotiateFreely
		}
		if c.FalseStart {
			p.client.FalseStart = handshake.FalseStartALPN
		}
	})
	return &c.prepared
}

// protocols sets those of ALPN. RFC 7301, section 3.1.
func (c *Config) protocols(h *handshake.Config) error {
	h.Protocols = c.NextProtos
	if slices.ContainsFunc(c.NextProtos, func(name string) bool { return len(name) == 0 || len(name) > 255 }) {
		return errors.New("tls: a protocol in NextProtos is empty or longer than 255 bytes")
	}
	return nil
}

// authentication sets what a server asks of its clients, and what the host is
// asked about them.
func (c *Config) authentication(h *handshake.Config) error {
	h.AskApproval = c.VerifyConnection != nil
	if c.ClientCAs != nil {
		//lint:ignore SA1019 as crypto/tls does: only the system's pool does not give all of them
		h.Authorities = c.ClientCAs.Subjects()
	}
	var known bool
	if h.ClientAuth, known = clientAuth[c.ClientAuth]; !known && c.ClientAuth != NoClientCert {
		return fmt.Errorf("tls: there is no ClientAuthType %d", c.ClientAuth)
	}
	return nil
}

// sessions sets how they are kept.
func (c *Config) sessions(p *prepared) error {
	h := &p.server
	if !c.SessionTicketsDisabled {
		h.Tickets = c.ticketKeys()
		c.mu.Lock()
		c.inUse = true
		c.mu.Unlock()
	}
	h.ClientTickets = c.ClientSessionCache != nil && !c.SessionTicketsDisabled
	h.MaxEarlyData = c.MaxEarlyData
	h.MoreTickets = uint8(max(1, min(c.SessionTickets, mostTickets)) - 1)
	if c.ServerSessions > 0 {
		h.SessionIDs = true
		p.sessions = session.NewCache(c.ServerSessions)
	}
	if c.SessionTickets < 0 || c.SessionTickets > mostTickets {
		return fmt.Errorf("tls: SessionTickets is %d, and may be %d at most", c.SessionTickets, mostTickets)
	}
	return nil
}

var clientAuth = map[ClientAuthType]handshake.ClientAuth{
	RequestClientCert:          handshake.RequestClientAuth,
	VerifyClientCertIfGiven:    handshake.RequestClientAuth,
	RequireAnyClientCert:       handshake.RequireClientAuth,
	RequireAndVerifyClientCert: handshake.RequireClientAuth,
}

// extensions sets what extensions are for, as the fields say.
func (c *Config) extensions(p *prepared) error {
	h := &p.server
	h.NoStatus, h.ClientStatus = c.NoStapling, c.RequestClientStaples
	if !c.NoCertificateCompression {
		h.Compress, h.CompressAfter = compress.All(), 1
	}
	if c.AcceptCompressedCertificates {
		h.Decompress = compress.All()
	}
	if err := cmp.Or(c.prepareECH(h), c.limits(h)); err != nil {
		return err
	}
	h.PermuteExtensions, h.MaxCertificate = c.PermuteExtensions, c.MaxCertificateSize
	if c.NameAuthorities && c.RootCAs != nil {
		//lint:ignore SA1019 as above
		h.ServerAuthorities = c.RootCAs.Subjects()
	}
	h.PostHandshakeAuth = c.PostHandshakeAuth
	if err := c.prepareRawKey(p); err != nil {
		return fmt.Errorf("tls: RawPublicKey: %w", err)
	}
	h.AcceptDelegated = c.AcceptDelegatedCredentials
	for i := range c.DelegatedCredentials {
		cred, err := c.DelegatedCredentials[i].credential()
		if err != nil {
			return fmt.Errorf("tls: DelegatedCredentials[%d]: %w", i, err)
		}
		p.delegated = append(p.delegated, cred)
	}
	return nil
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

// groups gives the wanted groups that are implemented: those of the policy in its
// order, and after them the others.
func groups(preferred []iana.Group, wanted []CurveID) (list []iana.Group) {
	for _, g := range preferred {
		if slices.Contains(wanted, CurveID(g)) {
			list = append(list, g)
		}
	}
	for _, id := range wanted {
		if g := iana.Group(id); kex.Supported(g) && !slices.Contains(list, g) {
			list = append(list, g)
		}
	}
	return list
}
