package negotiate

import (
	"crypto"
	"slices"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/protocol/suite"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// A Server is what the choices of a full handshake depend on beside the offer.
type Server struct {
	Policy    *policy.Policy
	Protocols []string    // ALPN
	Keys      []trace.Key // of its certificates, the most wanted first; nil: not known, and nothing is held against them
}

// An Outcome is what a full handshake agrees on.
type Outcome struct {
	Version  iana.Version
	Suite    iana.Suite
	Group    iana.Group           // 0: the suite needs none
	Scheme   iana.SignatureScheme // 0: nothing is signed, the version names none, or the keys are not known
	Protocol string
	Retry    bool // the client has to be asked for another key share
}

// Try makes the choices of a server's full handshake with certificates in their
// order, as its machines make them, and gives what they lead to, or the first
// fault. What the two sides have in common is all that counts: not what is wrong
// in the ClientHello by itself, nor sessions and pre-shared keys.
func Try(o *Offer, s *Server) (out Outcome, err error) {
	if out.Version, err = Version(o, s.Policy, nil); err != nil {
		return out, err
	}
	if out.Version < iana.TLS12 && o.OfferedVersion() >= iana.TLS12 && s.Policy.Highest() >= iana.TLS12 {
		return out, fault.Downgraded // the client sees it in the server's random: RFC 9846, section 4.2.3
	}
	if out.Version >= iana.TLS13 {
		err = out.try13(o, s)
	} else {
		err = out.tryLegacy(o, s)
	}
	return out, err
}

func (out *Outcome) try13(o *Offer, s *Server) (err error) {
	if out.Suite, err = Suite13(o, s.Policy, nil, nil); err != nil {
		return err
	}
	var share []byte
	if out.Group, share, err = Group13(o, s.Policy, nil); err != nil {
		return err
	}
	out.Retry = share == nil
	if out.Protocol, err = Protocol(o, s.Protocols, nil); err != nil || s.Keys == nil {
		return err
	}
	err = fault.NoCertificate
	for _, key := range s.Keys {
		if out.Scheme, err = schemeOf(sign.SchemesFor(key.Public, iana.TLS13), ServerSchemes(o.Schemes), s.Policy, nil); err == nil {
			return nil
		}
	}
	return err
}

func (out *Outcome) tryLegacy(o *Offer, s *Server) (err error) {
	if out.Version <= iana.SSL30 {
		bare := *o
		bare.WithoutBlock()
		o = &bare
	}
	if out.Protocol, err = Protocol(o, s.Protocols, nil); err != nil {
		return err
	}
	group, finite := GroupLegacy(o, s.Policy, nil), FiniteLegacy(o, s.Policy, nil)
	keys := s.Keys
	if keys == nil {
		keys = []trace.Key{{}} // one that fits everything
	}
	err = fault.NoCertificate
	for _, key := range keys {
		var schemeErr error
		if key.Public != nil {
			if err = CertificateCurve(o, key.Public); err != nil {
				continue
			}
			out.Scheme, schemeErr = schemeLegacy(out.Version, o, key.Public, s.Policy)
		}
		out.Suite, err = SuiteLegacy(o, s.Policy, Legacy{
			Version: out.Version, Group: group != 0, Finite: finite != 0,
			Against: func(p suite.Params) trace.Why {
				switch {
				case p.KeyExchange == suite.PSK || p.KeyExchange == suite.ECDHEPSK, key.Public != nil && !KeyFits(p, sign.KindOf(key.Public)),
					key.Public != nil && p.KeyExchange == suite.RSA && !key.Decrypts:
					return trace.NoKey
				case p.KeyExchange != suite.RSA && schemeErr != nil:
					return trace.NoScheme
				}
				return 0
			},
		}, nil)
		if err == nil {
			out.finish(group, finite)
			return nil
		}
		if schemeErr != nil {
			err = fault.NoSharedScheme12
		}
	}
	return err
}

// finish notes what goes with the suite.
func (out *Outcome) finish(group, finite iana.Group) {
	p, _ := suite.Of(out.Suite)
	switch p.KeyExchange {
	case suite.RSA:
		out.Scheme = 0
	case suite.ECDHE:
		out.Group = group
	case suite.DHE:
		out.Group = finite
	}
}

// KeyFits reports whether a certificate's key is of the kind that a suite of TLS
// 1.2 and below wants. EdDSA goes with the suites of ECDSA (RFC 8422, section
// 5.10).
func KeyFits(p suite.Params, k sign.Kind) bool {
	switch p.Auth {
	case suite.RSAKey:
		return k == sign.RSA || k == sign.RSAPSS && p.KeyExchange != suite.RSA
	case suite.ECDSAKey:
		return k == sign.ECDSA || k == sign.Ed25519
	case suite.DSSKey:
		return k == sign.DSA
	}
	return false
}

// schemeLegacy chooses how a server of TLS 1.2 and below signs with a key. Before
// TLS 1.2 the key alone says so, and the scheme is 0.
func schemeLegacy(v iana.Version, o *Offer, key crypto.PublicKey, p *policy.Policy) (iana.SignatureScheme, error) {
	switch {
	case v >= iana.TLS12:
		return schemeOf(sign.SchemesFor(key, v), o.LegacySchemes(), p, nil)
	case !sign.Before12(key):
		return 0, fault.NoSharedScheme
	}
	return 0, nil
}

// LegacySchemes gives what a client of TLS 1.2 and below can verify. One that does
// not say is taken to know SHA-1. RFC 5246, section 7.4.1.4.1.
func (o *Offer) LegacySchemes() Offers {
	if o.Has(iana.ExtSignatureAlgorithms) {
		return o.Schemes
	}
	return Schemes{iana.RSAPKCS1SHA1, iana.ECDSASHA1}
}

// Settings gives what a side is willing to do, as a record keeps it.
func Settings(p *policy.Policy, protocols []string, candidates []*sign.Credential) *trace.Settings {
	return &trace.Settings{
		Policy: p.Name, Versions: p.Versions, Suites: p.Suites, Groups: p.Groups, Schemes: p.Schemes, SignOnly: p.SignOnly,
		Protocols: slices.Clone(protocols), Keys: Keys(candidates),
	}
}

// Keys gives what the choices ask of the keys of certificates.
func Keys(of []*sign.Credential) (keys []trace.Key) {
	for _, c := range of {
		keys = append(keys, trace.Key{Public: c.Public(), Decrypts: Decrypts(c)})
	}
	return keys
}
