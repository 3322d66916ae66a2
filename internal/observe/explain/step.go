package explain

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"math/big"
	"slices"
	"strings"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/kex"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/protocol/suite"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// A Step is one thing that one side would do in another way.
type Step struct {
	For   string `json:"for"`  // server or client
	Kind  string `json:"kind"` // version, cipher suite, group, signature scheme, application protocol, certificate
	Value string `json:"value"`

	code     uint16
	protocol string
	key      trace.Key
}

// String says what to do.
func (s *Step) String() string {
	switch {
	case s.Kind == "certificate":
		return "the server has a certificate with " + article(s.Value) + " key as well"
	case s.For == "server":
		return "the server allows the " + s.Kind + " " + s.Value
	}
	return "the client offers the " + s.Kind + " " + s.Value
}

func article(s string) string {
	if strings.HasPrefix(s, "RSA") || strings.HasPrefix(s, "E") {
		return "an " + s
	}
	return "a " + s
}

// indefinite puts the article before the name of a message.
func indefinite(name string) string {
	if name != "" && strings.ContainsRune("AEIO", rune(name[0])) {
		return "an " + name
	}
	return "a " + name
}

// Keys that stand for those of certificates that a server could have: the choices
// look at their kind and length only.
var (
	rsaKey   = trace.Key{Public: &rsa.PublicKey{N: new(big.Int).SetBit(big.NewInt(1), 2047, 1), E: 65537}, Decrypts: true}
	ecdsaKey = trace.Key{Public: &ecdsa.PublicKey{Curve: elliptic.P256()}}
)

// usualCandidates is how many steps bear on a fault, seldom more.
const usualCandidates = 24

// candidates gives the steps that bear on a fault, the most wanted first.
func (t *trial) candidates(code fault.Code) []Step {
	list := make([]Step, 0, usualCandidates)
	switch code {
	case fault.NoSharedVersion, fault.InappropriateFallback, fault.Downgraded:
		return t.versions(list)
	case fault.NoSharedSuite, fault.NoSharedFinite:
		return t.versions(t.groups(t.certificates(t.suites(list))))
	case fault.NoSharedGroup:
		return t.versions(t.groups(list))
	case fault.CurveNotOffered:
		return t.versions(t.suites(t.certificates(t.curves(list))))
	case fault.NoSharedScheme, fault.NoSharedScheme12:
		return t.versions(t.suites(t.certificates(t.schemes(list))))
	case fault.NoSharedProtocol:
		return t.protocols(list)
	}
	return nil
}

// versions adds those that one side has and the other has not, as what follows
// adds other things.
func (t *trial) versions(list []Step) []Step {
	for _, v := range []iana.Version{iana.TLS13, iana.TLS12, iana.TLS11, iana.TLS10, iana.SSL30} {
		offered := t.offer.Has(iana.ExtSupportedVersions) && t.offer.Versions.Has(v) || !t.offer.Has(iana.ExtSupportedVersions) && v <= t.offer.Hello.Version && v <= iana.TLS12
		switch allowed := t.server.Policy.Allows(v); {
		case allowed && !offered:
			list = append(list, Step{For: "client", Kind: "version", Value: v.String(), code: uint16(v)})
		case offered && !allowed && (t.offer.Has(iana.ExtSupportedVersions) || v == t.offer.OfferedVersion()): // which older ones it takes it does not say
			list = append(list, Step{For: "server", Kind: "version", Value: v.String(), code: uint16(v)})
		}
	}
	return list
}

func (t *trial) suites(list []Step) []Step {
	for _, id := range t.server.Policy.Suites {
		if !t.offer.Hello.CipherSuites.Has(id) {
			list = append(list, Step{For: "client", Kind: "cipher suite", Value: id.String(), code: uint16(id)})
		}
	}
	for _, id := range t.offer.Hello.CipherSuites.Values() {
		if _, ok := suite.Of(id); ok && !t.server.Policy.AllowsSuite(id) {
			list = append(list, Step{For: "server", Kind: "cipher suite", Value: id.String(), code: uint16(id)})
		}
	}
	return list
}

func (t *trial) groups(list []Step) []Step {
	for _, g := range t.server.Policy.Groups {
		if !t.offer.Groups.Has(g) {
			list = append(list, Step{For: "client", Kind: "group", Value: g.String(), code: uint16(g)})
		}
	}
	for _, g := range t.offer.Groups.Values() {
		if kex.Supported(g) && !t.server.Policy.AllowsGroup(g) {
			list = append(list, Step{For: "server", Kind: "group", Value: g.String(), code: uint16(g)})
		}
	}
	return list
}

// curves adds those of the server's certificates that the client does not take.
func (t *trial) curves(list []Step) []Step {
	for _, k := range t.server.Keys {
		if g := sign.Curve(k.Public); g != 0 && !t.offer.Groups.Has(g) {
			list = append(list, Step{For: "client", Kind: "group", Value: g.String(), code: uint16(g)})
		}
	}
	return list
}

func (t *trial) schemes(list []Step) []Step {
	for _, s := range t.server.Policy.Schemes {
		if !t.offer.Schemes.Has(s) {
			list = append(list, Step{For: "client", Kind: "signature scheme", Value: s.String(), code: uint16(s)})
		}
	}
	for _, s := range t.offer.Schemes.Values() {
		if !t.server.Policy.Signs(s) {
			list = append(list, Step{For: "server", Kind: "signature scheme", Value: s.String(), code: uint16(s)})
		}
	}
	return list
}

// certificates adds the kinds of keys that the server has no certificate for.
func (t *trial) certificates(list []Step) []Step {
	if t.server.Keys == nil {
		return list
	}
	for _, k := range []trace.Key{rsaKey, ecdsaKey} {
		if !slices.ContainsFunc(t.server.Keys, func(have trace.Key) bool { return sign.KindOf(have.Public) == sign.KindOf(k.Public) }) {
			list = append(list, Step{For: "server", Kind: "certificate", Value: sign.KindOf(k.Public).String(), key: k})
		}
	}
	return list
}

func (t *trial) protocols(list []Step) []Step {
	for _, p := range t.server.Protocols {
		list = append(list, Step{For: "client", Kind: "application protocol", Value: p, protocol: p})
	}
	for p := range t.offer.Protocols.All() {
		list = append(list, Step{For: "server", Kind: "application protocol", Value: string(p), protocol: string(p)})
	}
	return list
}

// with makes next the two sides after a step.
func (t *trial) with(s *Step, next *trial) {
	*next = *t
	if s.For == "client" {
		next.client(s)
		return
	}
	p := &next.policy
	*p = *t.server.Policy
	next.server.Policy = p
	switch s.Kind {
	case "version": // in the order of the policy, the newest first
		p.Versions = plus(p.Versions, iana.Version(s.code))
		slices.SortFunc(p.Versions, func(a, b iana.Version) int { return cmp.Compare(b, a) })
	case "cipher suite":
		p.Suites = plus(p.Suites, iana.Suite(s.code))
	case "group":
		p.Groups = plus(p.Groups, iana.Group(s.code))
	case "signature scheme":
		p.Schemes = plus(p.Schemes, iana.SignatureScheme(s.code))
	case "certificate":
		next.server.Keys = plus(t.server.Keys, s.key)
	case "application protocol":
		next.server.Protocols = plus(t.server.Protocols, s.protocol)
	}
}

// client takes a step on the client's side.
func (t *trial) client(s *Step) {
	o := &t.offer
	switch s.Kind {
	case "version":
		t.offerVersion(iana.Version(s.code))
	case "cipher suite":
		o.Hello.CipherSuites = also(o.Hello.CipherSuites, iana.Suite(s.code))
	case "group":
		o.Groups = also(o.Groups, iana.Group(s.code))
		o.Present.Add(iana.ExtSupportedGroups)
	case "signature scheme":
		o.Schemes = also(o.Schemes, iana.SignatureScheme(s.code))
		o.Present.Add(iana.ExtSignatureAlgorithms)
	case "application protocol":
		o.Protocols = append(append(slices.Clone(o.Protocols), byte(len(s.protocol))), s.protocol...)
	}
}

// offerVersion has the client offer another version, with what goes with it: no
// client has TLS 1.3 or 1.2 without suites of that version, TLS 1.3 without key
// shares, or TLS 1.2 without signature_algorithms.
func (t *trial) offerVersion(v iana.Version) {
	o := &t.offer
	switch {
	case o.Has(iana.ExtSupportedVersions):
		o.Versions = also(o.Versions, v)
	case v <= iana.TLS12:
		o.Hello.Version = v
	default:
		list := []iana.Version{v}
		for older := min(o.Hello.Version, iana.TLS12); older >= iana.SSL30; older-- {
			list = append(list, older)
		}
		o.Versions = wire.NewList(list)
		o.Present.Add(iana.ExtSupportedVersions)
	}
	if v >= iana.TLS12 && len(o.Schemes) == 0 {
		o.Schemes = wire.NewList(policy.Modern().Schemes)
		o.Present.Add(iana.ExtSignatureAlgorithms)
	}
	for _, id := range policy.Modern().Suites {
		if p, _ := suite.Of(id); p.MinVersion == v && !o.Hello.CipherSuites.Has(id) {
			o.Hello.CipherSuites = also(o.Hello.CipherSuites, id)
		}
	}
	if v < iana.TLS13 {
		return
	}
	if len(o.Groups) == 0 {
		o.Groups = wire.NewList(policy.Modern().Groups)
	}
	o.Present.Add(iana.ExtSupportedGroups)
	o.Present.Add(iana.ExtKeyShare)
}

// also gives the list with another value at its end.
func also[T ~uint16](l wire.List[T], v T) wire.List[T] {
	return append(append(make(wire.List[T], 0, len(l)+2), l...), byte(v>>8), byte(v))
}

// plus gives a list of its own with another value at its end.
func plus[T any](list []T, v T) []T { return append(append(make([]T, 0, len(list)+1), list...), v) }
