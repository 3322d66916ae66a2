package hello

import (
	"encoding/binary"
	"slices"

	"github.com/handsel-tls/handsel/internal/protocol/extension"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/kex"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/psk"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/protocol/suite"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// grease are the random values that keep servers tolerant of what they do not
// know. RFC 8701.
type grease struct {
	sent                                       bool
	suite, group, first, last, version, scheme uint16
}

func newGrease(random []byte, sent bool) grease {
	value := func(i int) uint16 { return uint16(random[i]&0xf0|0x0a) * 0x0101 }
	g := grease{sent, value(0), value(1), value(2), value(3), value(4), value(5)}
	if g.last == g.first {
		g.last ^= 0x1010
	}
	return g
}

// buildHello writes the ClientHello to the core and makes the keys of its key
// shares. RFC 9846, section 4.2.2.
func (c *Client) buildHello() error {
	if err := c.draw(); err != nil {
		return err
	}
	if err := c.writeHello(); err != nil {
		return err
	}
	c.fillBinders(c.Hello)
	return nil
}

// draw draws the random values that two hellos of a handshake share.
func (c *Client) draw() error {
	var random [8]byte
	if err := c.Random(random[:]); err != nil {
		return err
	}
	c.grease = newGrease(random[:], !c.Config.NoGREASE)
	if c.Config.PermuteExtensions {
		var seed [8]byte
		if err := c.Random(seed[:]); err != nil {
			return err
		}
		c.order = binary.BigEndian.Uint64(seed[:])
	}
	return c.Random(c.sessionID[:])
}

// writeHello writes the ClientHello, without binders.
func (c *Client) writeHello() error {
	p, g := c.Config.Policy, c.grease
	if len(p.Versions) == 0 {
		return fault.NoVersionsEnabled
	}
	if err := c.Random(c.Done.ClientRandom[:]); err != nil {
		return err
	}
	c.Done.ServerName = sentName(c.Config.ServerName)

	c.Done.HelloVersion = min(p.Highest(), iana.TLS12)
	if c.Before != nil {
		c.Done.HelloVersion = c.Before.HelloVersion
	}
	hello := wire.ClientHello{
		Version:     c.Done.HelloVersion,
		Random:      c.Done.ClientRandom[:],
		Compression: []byte{byte(iana.CompressionNull)},
	}
	switch s := c.Config.Session; {
	case s != nil && len(s.SessionID) > 0:
		hello.SessionID = s.SessionID
	case p.Allows(iana.TLS13) || s != nil:
		// For middleboxes (RFC 9846, appendix E.4), and to see whether a
		// ticket was accepted (RFC 5077, section 3.4).
		hello.SessionID = c.sessionID[:]
	}
	hello.CipherSuites = c.offeredSuites(g)
	if c.Config.Fallback { // RFC 7507, section 4
		hello.CipherSuites = binary.BigEndian.AppendUint16(hello.CipherSuites, uint16(iana.TLS_FALLBACK_SCSV))
	}
	if !offersSuite(hello.CipherSuites) {
		return fault.With(fault.NoSharedSuite, "no cipher suite is enabled")
	}
	if len(sign.OfServers(p.Schemes)) == 0 {
		return fault.With(fault.NoSharedScheme, "no signature scheme is enabled that a server may use")
	}
	if len(p.Groups) == 0 && p.Allows(iana.TLS13) {
		return fault.With(fault.NoSharedGroup, "no group is enabled")
	}
	if p.Highest() == iana.SSL30 {
		c.writeHello30(hello)
		return nil
	}
	b, block := hello.Open(c.Hello[:0])
	start := len(b)
	b, err := c.appendExtensions(b, g)
	if err != nil {
		return err
	}
	c.Asked = extension.Of(b[start:])
	c.Hello = block.Close(b)
	return nil
}

// writeHello30 writes a ClientHello of SSL 3.0, which has no extensions. A signal
// among the suites stands for the one it could have, and in a renegotiation the
// extension itself does. RFC 5746, sections 3.3 and 3.5.
func (c *Client) writeHello30(hello wire.ClientHello) {
	c.Done.ServerName, c.Asked = "", 0
	hello.CipherSuites = c.offeredSuites(grease{})
	if c.Config.Fallback {
		hello.CipherSuites = binary.BigEndian.AppendUint16(hello.CipherSuites, uint16(iana.TLS_FALLBACK_SCSV))
	}
	if c.Before == nil {
		hello.CipherSuites = binary.BigEndian.AppendUint16(hello.CipherSuites, uint16(iana.TLS_EMPTY_RENEGOTIATION_INFO_SCSV))
	}
	b, block := hello.Open(c.Hello[:0])
	if c.Before != nil {
		b = wire.AppendRenegotiationInfo(b, c.Before.VerifyData(false))
	}
	c.Hello = block.CloseHello(b)
}

// offersSuite reports whether there is more in the list than GREASE.
func offersSuite(list wire.List[iana.Suite]) bool {
	n := list.Len()
	return n > 0 && !list.At(n-1).IsGREASE()
}

// offeredSuites gives the suites of the policy's versions: those of pre-shared
// keys if there is one for them.
func (c *Client) offeredSuites(g grease) wire.List[iana.Suite] {
	var b []byte
	p := c.Config.Policy
	shared := slices.ContainsFunc(c.Config.PSKs, func(e *psk.External) bool { return e.Old })
	if g.sent {
		b = binary.BigEndian.AppendUint16(b, g.suite)
	}
	for _, id := range p.Suites {
		s, ok := suite.Of(id)
		if ok && s.Auth == suite.NoKey && !shared || ok && c.Config.RequirePSK && s.KeyExchange != suite.Separate && s.Auth != suite.NoKey {
			continue
		}
		if ok && slices.ContainsFunc(p.Versions, func(v iana.Version) bool { return s.MinVersion <= v && v <= s.MaxVersion }) {
			b = binary.BigEndian.AppendUint16(b, uint16(id))
		}
	}
	return b
}

// offeredGroups gives the policy's groups, without those of TLS 1.3 if it does
// not allow that.
func offeredGroups(p *policy.Policy, g grease) []iana.Group {
	list := make([]iana.Group, 0, len(p.Groups)+1)
	if g.sent {
		list = append(list, iana.Group(g.group))
	}
	for _, group := range p.Groups {
		if p.Allows(iana.TLS13) || !kex.PostQuantum(group) {
			list = append(list, group)
		}
	}
	return list
}

// appendExtensions appends the extensions, the pre-shared key last.
func (c *Client) appendExtensions(b []byte, g grease) ([]byte, error) {
	p, start := c.Config.Policy, len(b)
	legacy := slices.ContainsFunc(p.Versions, func(v iana.Version) bool { return v < iana.TLS13 })
	if g.sent {
		b = wire.AppendExtension(b, iana.ExtensionType(g.first), nil)
	}
	if c.Done.ServerName != "" {
		b = wire.AppendServerNameClient(b, c.Done.ServerName)
	}
	if !c.Config.NoStatus {
		b = wire.AppendStatusRequest(b)
	}
	b = wire.AppendSupportedGroups(b, offeredGroups(p, g))
	if !c.Config.RequirePSK {
		b = appendSchemes(b, p, g)
	}
	if !c.Config.NoSCTs {
		b = wire.AppendExtension(b, iana.ExtSCT, nil)
	}
	b = appendTypes(b, iana.ExtServerCertificateType, c.Config.PeerTypes)
	b = appendTypes(b, iana.ExtClientCertificateType, c.Config.OwnTypes)
	if len(c.Config.ServerAuthorities) > 0 {
		b = wire.AppendCertificateAuthorities(b, c.Config.ServerAuthorities)
	}
	if len(c.Config.Protocols) > 0 {
		b = wire.AppendALPN(b, c.Config.Protocols...)
	}
	if c.Config.MaxFragment > 0 {
		b = wire.AppendMaxFragmentLength(b, c.Config.MaxFragment)
	}
	if c.Config.RecordSizeLimit > 0 {
		b = wire.AppendRecordSizeLimit(b, c.Config.RecordSizeLimit)
	}
	if legacy {
		b = c.appendLegacy(b)
	}
	if p.Allows(iana.TLS13) {
		var err error
		if b, err = c.append13(b, g); err != nil {
			return b, err
		}
	}
	if g.sent {
		b = wire.AppendExtension(b, iana.ExtensionType(g.last), []byte{0})
	}
	b = append(c.appendEarlyData(b), c.extra...)
	if c.Config.PermuteExtensions {
		permute(b[start:], c.order)
	}
	var buf [1]psk.Key
	keys := c.Config.AppendOffers(buf[:0], c.Now)
	return AppendPSK(pad(b, pskLen(keys)), keys), nil
}

// appendSchemes appends the signature schemes that a server may use, and those
// of its certificates if they are others. RFC 9846, section 4.3.3.
func appendSchemes(b []byte, p *policy.Policy, g grease) []byte {
	if p.Highest() >= iana.TLS12 { // RFC 5246, section 7.4.1.4.1
		schemes := sign.OfServers(p.Schemes)
		if g.sent {
			var list [32]iana.SignatureScheme
			schemes = append(append(list[:0], iana.SignatureScheme(g.scheme)), schemes...)
		}
		b = wire.AppendSignatureAlgorithms(b, schemes)
	}
	if len(p.CertificateSchemes) > 0 {
		b = wire.AppendSignatureAlgorithmsCert(b, p.CertificateSchemes)
	}
	return b
}

// appendTypes appends an extension for certificate types, unless they are what
// stands for none. RFC 7250, section 4.1.
func appendTypes(b []byte, t iana.ExtensionType, types []iana.CertificateType) []byte {
	if len(types) == 0 || len(types) == 1 && types[0] == iana.CertX509 {
		return b
	}
	return wire.AppendCertificateTypes(b, t, types)
}

// appendLegacy appends what matters to TLS 1.2 and below only.
func (c *Client) appendLegacy(b []byte) []byte {
	b = wire.AppendECPointFormats(b)
	b = wire.AppendExtension(b, iana.ExtExtendedMasterSecret, nil)
	b = wire.AppendExtension(b, iana.ExtEncryptThenMAC, nil)
	b = wire.AppendRenegotiationInfo(b, c.Before.VerifyData(false))
	if c.Config.ClientTickets {
		var ticket []byte
		if s := c.Config.Session; s != nil && s.State.Version < iana.TLS13 {
			ticket = s.Ticket
		}
		b = wire.AppendExtension(b, iana.ExtSessionTicket, ticket)
	}
	return b
}

// append13 appends what makes it a ClientHello of TLS 1.3.
func (c *Client) append13(b []byte, g grease) ([]byte, error) {
	p := c.Config.Policy
	versions := p.Versions
	if g.sent {
		versions = append([]iana.Version{iana.Version(g.version)}, versions...)
	}
	b = wire.AppendSupportedVersionsClient(b, versions)
	if c.Config.ClientTickets || c.Config.Session != nil || len(c.Config.PSKs) > 0 {
		// Without it, a server has no use for tickets and sends none (RFC
		// 9846, section 4.3.9).
		b = wire.AppendPSKKeyExchangeModes(b, iana.PSKModeDHEKE)
	}
	b = c.AppendDelegates(c.AppendCompressions(b))
	if c.Config.PostHandshakeAuth {
		b = wire.AppendExtension(b, iana.ExtPostHandshakeAuth, nil)
	}
	b, shares := wire.OpenKeyShareClient(b)
	var share wire.Mark
	if g.sent {
		b, share = wire.OpenKeyShare(b, iana.Group(g.group))
		b = share.Close(append(b, 0))
	}
	if err := c.makeShares(); err != nil {
		return b, err
	}
	for i := range c.Shares {
		b, share = wire.OpenKeyShare(b, c.Shares[i].Group())
		b = share.Close(c.Shares[i].AppendPublic(b))
	}
	return shares.Close(b), nil
}

// makeShares makes the keys of the key shares, unless another hello of the
// handshake has them already.
func (c *Client) makeShares() error {
	if c.Shares != nil {
		return nil
	}
	for _, group := range shareGroups(c.Config.Policy) {
		key, err := kex.Generate(group, c.Config.Rand)
		if err != nil {
			return err
		}
		c.Shares = append(c.Shares, key)
	}
	return nil
}

// shareGroups are the groups for which a key share is sent: the most wanted
// with ML-KEM and the most wanted without, so that a server that insists on
// either needs no second round trip.
func shareGroups(p *policy.Policy) []iana.Group {
	if p.Shares != nil || len(p.Groups) == 0 {
		return p.Shares
	}
	first := kex.PostQuantum(p.Groups[0])
	for _, g := range p.Groups[1:] {
		if kex.PostQuantum(g) != first {
			return []iana.Group{p.Groups[0], g}
		}
	}
	return p.Groups[:1]
}
