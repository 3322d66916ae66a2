package negotiate

import (
	"slices"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/kex"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/psk"
	"github.com/handsel-tls/handsel/internal/protocol/schedule"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/protocol/suite"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// Version chooses the protocol version: the first of the policy that the
// client offers. RFC 9846, section 4.3.1; RFC 5246, appendix E.1, for clients
// without supported_versions.
func Version(o *Offer, p *policy.Policy, log *trace.Log) (iana.Version, error) {
	if o.offersVersion(iana.TLS13) && o.Hello.Version <= iana.SSL30 {
		return 0, fault.With(fault.HelloVersionWrong, "%v", o.Hello.Version)
	}
	for _, v := range p.Versions {
		if !o.offersVersion(v) {
			log.Refused(trace.Version, uint16(v), trace.NotOffered)
			continue
		}
		// RFC 7507, section 3: a client that fell back would be served
		// better by a newer version.
		if o.Hello.CipherSuites.Has(iana.TLS_FALLBACK_SCSV) && o.OfferedVersion() < p.Highest() {
			return 0, fault.With(fault.InappropriateFallback, "the client offers %v at most, %v is enabled here", o.OfferedVersion(), p.Highest())
		}
		log.Chose(trace.Version, uint16(v))
		return v, nil
	}
	return 0, fault.With(fault.NoSharedVersion, "the client offers %v at most", o.OfferedVersion())
}

func (o *Offer) offersVersion(v iana.Version) bool {
	if o.Has(iana.ExtSupportedVersions) {
		return o.Versions.Has(v)
	}
	return v <= iana.TLS12 && v <= o.Hello.Version
}

// Suite13 chooses a cipher suite of TLS 1.3 in the policy's order. If the client
// offers one of the keys that were agreed on by other means, one that the key goes
// with comes first.
func Suite13(o *Offer, p *policy.Policy, keys []*psk.External, log *trace.Log) (iana.Suite, error) {
	var fits func(schedule.Hash) bool
	choose := func(log *trace.Log) (iana.Suite, error) {
		return chooseSuite(o, p, log, func(s suite.Params) trace.Why {
			switch {
			case s.MinVersion < iana.TLS13:
				return trace.WrongVersion
			case fits != nil && !fits(s.Hash):
				return trace.WrongHash
			}
			return 0
		})
	}
	if len(keys) > 0 {
		if fits = hashesOf(o, keys); fits != nil {
			if _, err := choose(nil); err != nil {
				fits = nil
			}
		}
	}
	return choose(log)
}

// Legacy is what the choice of a cipher suite of TLS 1.2 and below depends on
// beside the offer.
type Legacy struct {
	Version iana.Version
	Group   bool                         // a group of ECDHE is in common
	Finite  bool                         // a group of DHE is
	Against func(suite.Params) trace.Why // what of the certificate speaks against a suite, 0 if nothing
}

// SuiteLegacy chooses a cipher suite of TLS 1.2 or below in the policy's order.
func SuiteLegacy(o *Offer, p *policy.Policy, l Legacy, log *trace.Log) (iana.Suite, error) {
	finite := false // whether a suite is ruled out by the groups of DHE that the client names
	id, err := chooseSuite(o, p, log, func(s suite.Params) trace.Why {
		switch {
		case s.MinVersion > l.Version || s.MaxVersion < l.Version:
			return trace.WrongVersion
		case (s.KeyExchange == suite.ECDHE || s.KeyExchange == suite.ECDHEPSK) && !l.Group:
			return trace.NoGroup
		case s.KeyExchange == suite.DHE && !l.Finite:
			finite = finite || o.namesFinite() && o.Hello.CipherSuites.Has(s.ID)
			return trace.NoGroup
		}
		return l.Against(s)
	})
	if err != nil && finite {
		err = fault.NoSharedFinite
	}
	return id, err
}

// Outranked reports whether a server would choose another suite of the version
// now than that of a session, for a key of the same kind and with the same
// key exchange. Who made the session when nothing better was allowed, or offered,
// does not have to go on with that. What was chosen is chosen again as long as
// neither side has changed its mind.
func Outranked(o *Offer, p *policy.Policy, v iana.Version, id iana.Suite) bool {
	made, ok := suite.Of(id)
	if !ok {
		return false
	}
	now, err := chooseSuite(o, p, nil, func(s suite.Params) trace.Why {
		if s.MinVersion > v || s.MaxVersion < v || s.KeyExchange != made.KeyExchange || s.Auth != made.Auth {
			return trace.WrongVersion
		}
		return 0
	})
	return err == nil && now != id
}

// chooseSuite takes the first suite of the policy that is offered and that
// nothing speaks against. A client whose first choice is ChaCha20-Poly1305 has
// no AES instructions, and gets it before any other.
func chooseSuite(o *Offer, p *policy.Policy, log *trace.Log, against func(suite.Params) trace.Why) (iana.Suite, error) {
	prefers := prefersChaCha(o)
	for _, chacha := range [...]bool{true, false} {
		if chacha && !prefers {
			continue
		}
		for _, id := range p.Suites {
			params, ok := suite.Of(id)
			if !ok || prefers && chacha != (params.Cipher == suite.ChaCha20Poly1305) {
				continue // it comes in the other round
			}
			why := against(params)
			if why == trace.WrongVersion {
				continue // it does not come into question at all
			}
			if !o.Hello.CipherSuites.Has(id) {
				why = trace.NotOffered
			}
			if why != 0 {
				log.Refused(trace.Suite, uint16(id), why)
				continue
			}
			log.Chose(trace.Suite, uint16(id))
			return id, nil
		}
	}
	return 0, fault.NoSharedSuite
}

func prefersChaCha(o *Offer) bool {
	for i := range o.Hello.CipherSuites.Len() {
		if id := o.Hello.CipherSuites.At(i); !id.IsGREASE() {
			params, ok := suite.Of(id)
			return ok && params.Cipher == suite.ChaCha20Poly1305
		}
	}
	return false
}

// Group13 chooses the group of the key exchange of TLS 1.3 in the policy's order.
// Among groups that are alike, one that the client has sent a key share for comes
// first, so that no round trip is lost; a group of another strength that is wanted
// more is worth one. share is nil if the client has to be asked for it with a
// HelloRetryRequest. RFC 9846, section 4.2.1.
func Group13(o *Offer, p *policy.Policy, log *trace.Log) (group iana.Group, share []byte, err error) {
	if !o.Has(iana.ExtSupportedGroups) {
		return 0, nil, fault.MissingGroups
	}
	if !o.Has(iana.ExtKeyShare) {
		return 0, nil, fault.MissingKeyShare
	}
	for _, g := range p.Groups {
		if !o.Groups.Has(g) {
			log.Refused(trace.Group, uint16(g), trace.NotOffered)
			continue
		}
		share, ok := o.KeyShares.Get(g)
		switch {
		case group != 0 && !kex.Alike(g, group):
			log.Refused(trace.Group, uint16(g), trace.Outranked)
		case ok:
			log.Chose(trace.Group, uint16(g))
			return g, share, nil
		default:
			log.Refused(trace.Group, uint16(g), trace.NoShare)
			if group == 0 {
				group = g
			}
		}
	}
	if group == 0 {
		return 0, nil, fault.NoSharedGroup
	}
	log.Chose(trace.Group, uint16(group))
	return group, nil, nil
}

// GroupLegacy chooses the group of ECDHE in TLS 1.2 and below. A client
// without supported_groups is taken to know secp256r1 (RFC 8422, section 4).
// It gives 0 if there is none, which rules out the suites of ECDHE only.
func GroupLegacy(o *Offer, p *policy.Policy, log *trace.Log) iana.Group {
	for _, g := range p.Groups {
		switch {
		case !kex.Curve(g):
			continue // not of these versions, or of DHE
		case o.Has(iana.ExtSupportedGroups) && o.Groups.Has(g), !o.Has(iana.ExtSupportedGroups) && g == iana.Secp256r1:
			log.Chose(trace.Group, uint16(g))
			return g
		}
		log.Refused(trace.Group, uint16(g), trace.NotOffered)
	}
	return 0
}

// FiniteLegacy chooses the group of DHE in TLS 1.2 and below. A client that
// names groups of RFC 7919 gets one of those or no DHE; one that names none
// takes whatever comes, as all did before that RFC. It gives 0 if there is none.
// RFC 7919, section 4.
func FiniteLegacy(o *Offer, p *policy.Policy, log *trace.Log) iana.Group {
	names := o.namesFinite()
	for _, g := range p.Groups {
		switch {
		case !kex.IsFinite(g):
			continue
		case !names || o.Groups.Has(g):
			log.Chose(trace.Group, uint16(g))
			return g
		}
		log.Refused(trace.Group, uint16(g), trace.NotOffered)
	}
	return 0
}

// namesFinite reports whether the client names a group of DHE, known or not: a
// code point that was set aside for them. RFC 7919, section 2.
func (o *Offer) namesFinite() bool {
	for i := range o.Groups.Len() {
		if o.Groups.At(i)>>8 == 1 {
			return true
		}
	}
	return false
}

// Offers is a list of signature schemes as a peer offers it.
type Offers interface {
	Has(iana.SignatureScheme) bool
}

// Scheme chooses the signature scheme: the first that the key can use in the
// version, that the policy allows and that the peer can verify. RFC 9846,
// section 4.3.3.
func Scheme(v iana.Version, offered Offers, cred *sign.Credential, p *policy.Policy, log *trace.Log) (iana.SignatureScheme, error) {
	return schemeOf(cred.SchemesFor(v), offered, p, log)
}

// schemeOf chooses among the schemes that the key can use in the version.
func schemeOf(schemes []iana.SignatureScheme, offered Offers, p *policy.Policy, log *trace.Log) (iana.SignatureScheme, error) {
	for _, s := range schemes {
		why := trace.Why(0)
		switch {
		case !p.Signs(s):
			why = trace.NotAllowed
		case !offered.Has(s):
			why = trace.NotOffered
		}
		if why != 0 {
			log.Refused(trace.Scheme, uint16(s), why)
			continue
		}
		log.Chose(trace.Scheme, uint16(s))
		return s, nil
	}
	return 0, fault.NoSharedScheme
}

// Protocol chooses the application protocol in this side's order. Without an
// offer, or without protocols of our own, there is none and no error. RFC 7301,
// section 3.2. Neither is there for a client with HTTP/1.1 and a server with
// HTTP/2 only: many such servers speak HTTP/1.1 to clients without the
// extension, and crypto/tls takes such clients for those.
func Protocol(o *Offer, ours []string, log *trace.Log) (string, error) {
	if !o.Has(iana.ExtALPN) || len(ours) == 0 {
		return "", nil
	}
	for i, name := range ours {
		if len(name) == 0 || len(name) > 255 {
			return "", fault.ProtocolNameWrong
		}
		if o.Protocols.Has(name) {
			log.Chose(trace.Protocol, uint16(i))
			return name, nil
		}
		log.Refused(trace.Protocol, uint16(i), trace.NotOffered)
	}
	if slices.Contains(ours, "h2") && o.Protocols.Has("http/1.1") {
		return "", nil
	}
	return "", fault.NoSharedProtocol
}

// ServerSchemes is what a client offers to a server of TLS 1.3, which may not
// sign with the schemes that are for clients only.
type ServerSchemes wire.List[iana.SignatureScheme]

// Has reports whether the client can verify the scheme of a server.
func (l ServerSchemes) Has(s iana.SignatureScheme) bool {
	return wire.List[iana.SignatureScheme](l).Has(s) && !sign.ClientOnly(s)
}

// Schemes is a list of signature schemes as Offers.
type Schemes []iana.SignatureScheme

// Has reports whether the scheme is in the list.
func (l Schemes) Has(s iana.SignatureScheme) bool { return slices.Contains(l, s) }
