// Package policy says what one side of a connection is willing to do:
// versions, cipher suites, groups and signature schemes, each in order of
// preference. The named policies are starting points; a Policy is a value and
// can be narrowed.
package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// A Policy is what a side allows, the most wanted first. Policies are shared
// between connections and must not be changed once they are in use.
type Policy struct {
	Name     string
	Versions []iana.Version
	Suites   []iana.Suite           // of all versions
	Groups   []iana.Group           // for key exchange
	Shares   []iana.Group           // that a client sends key shares for; nil: as it sees fit
	Schemes  []iana.SignatureScheme // to accept and to sign with

	// SignOnly are schemes to sign with beside those, which are not accepted.
	SignOnly []iana.SignatureScheme

	// CertificateSchemes are those of signatures in certificates, if they are
	// not the same as Schemes: signature_algorithms_cert. RFC 9846, section
	// 4.3.3.
	CertificateSchemes []iana.SignatureScheme

	// MinPrime is the length in bits of the shortest prime of DHE that a client
	// takes of a server; 0 stands for minPrime. Shorter ones can be broken (Logjam,
	// CVE-2015-4000).
	MinPrime int

	// NoTickets has a server of TLS 1.2 and below give no tickets, whatever else
	// is set.
	NoTickets bool

	// SSL2Hello takes a ClientHello in the format of SSL 2.0, which leads to SSL
	// 3.0 to TLS 1.2 (RFC 5246, appendix E.2).
	SSL2Hello bool
}

// Modern is the default: TLS 1.3 and 1.2 with forward secrecy and
// authenticated encryption. RFC 9325, section 4.2.
func Modern() *Policy { return &modern }

// Compatible is Modern and, for peers that know nothing better, CBC suites, DHE and
// RSA key exchange. It gives up forward secrecy with the latter.
func Compatible() *Policy { return &compatible }

var modern = Policy{
	Name:     "modern",
	Versions: []iana.Version{iana.TLS13, iana.TLS12},
	Suites: []iana.Suite{
		iana.TLS_AES_128_GCM_SHA256,
		iana.TLS_AES_256_GCM_SHA384,
		iana.TLS_CHACHA20_POLY1305_SHA256,
		iana.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
		iana.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		iana.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
		iana.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		iana.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
		iana.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	},
	Groups: []iana.Group{
		iana.X25519MLKEM768, iana.X25519, iana.Secp256r1, iana.Secp384r1, iana.Secp521r1,
	},
	Schemes: []iana.SignatureScheme{
		iana.ECDSASecp256r1SHA256, iana.Ed25519,
		iana.RSAPSSRSAESHA256, iana.RSAPSSRSAESHA384, iana.RSAPSSRSAESHA512,
		iana.RSAPSSPSSSHA256, iana.RSAPSSPSSSHA384, iana.RSAPSSPSSSHA512,
		iana.RSAPKCS1SHA256, iana.RSAPKCS1SHA384, iana.RSAPKCS1SHA512,
		iana.ECDSASecp384r1SHA384, iana.ECDSASecp521r1SHA512,
	},
	// ML-DSA signs handshakes, but crypto/x509 cannot verify certificates that
	// are signed with it.
	SignOnly: []iana.SignatureScheme{iana.MLDSA44, iana.MLDSA65, iana.MLDSA87},
}

// ephemeralCBC are the suites of TLS 1.0 to 1.2 with forward secrecy that clients of
// before 2014 have in common: Internet Explorer 11 on Windows 7 with RSA certificates,
// Safari 8, Android 4.3. Their padding was attacked again and again (Lucky Thirteen).
var ephemeralCBC = []iana.Suite{
	iana.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA,
	iana.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
	iana.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA,
	iana.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA,
}

var compatible = func() Policy {
	p := modern
	p.Name = "compatible"
	p.Groups = append(slices.Clone(modern.Groups), finite...)
	p.Suites = append(slices.Concat(modern.Suites, ephemeralCBC),
		iana.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256,
		iana.TLS_DHE_RSA_WITH_AES_256_GCM_SHA384,
		iana.TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
		iana.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256,
		iana.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256,
		iana.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384,
		iana.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384,
		iana.TLS_RSA_WITH_AES_128_GCM_SHA256,
		iana.TLS_RSA_WITH_AES_256_GCM_SHA384,
		iana.TLS_RSA_WITH_AES_128_CBC_SHA,
		iana.TLS_RSA_WITH_AES_256_CBC_SHA,
		iana.TLS_RSA_WITH_AES_128_CBC_SHA256,
		iana.TLS_RSA_WITH_AES_256_CBC_SHA256,
	)
	return p
}()

var named = map[string]func() *Policy{"modern": Modern, "compatible": Compatible, "legacy": Legacy, "museum": Museum}

// Names lists the named policies.
func Names() []string { return []string{"modern", "compatible", "legacy", "museum"} }

// Named gives the policy of a name. The error lists the names there are.
func Named(name string) (*Policy, error) {
	if f, ok := named[strings.ToLower(name)]; ok {
		return f(), nil
	}
	return nil, fmt.Errorf("no policy is called %q: there are %s", name, strings.Join(Names(), ", "))
}

// Between gives the policy with the versions from minimum to maximum, also such
// as it has not itself. A minimum of 0 stands for the policy's own, a maximum of
// 0 for no limit. With a version that it has not itself come suites for it, if it has
// none: there is no authenticated encryption below TLS 1.2.
func (p *Policy) Between(minimum, maximum iana.Version) *Policy {
	q := *p
	q.Versions = nil
	versions := p.Versions
	if minimum != 0 {
		versions = museum.Versions
	}
	for _, v := range versions {
		if v >= minimum && (maximum == 0 || v <= maximum) {
			q.Versions = append(q.Versions, v)
		}
	}
	if older := slices.ContainsFunc(q.Versions, func(v iana.Version) bool { return v < iana.TLS12 }); older && !slices.ContainsFunc(q.Suites, cbc) {
		q.Suites = slices.Concat(q.Suites, ephemeralCBC)
	}
	return &q
}

// minPrime is the length in bits of the shortest prime that nobody can break.
const minPrime = 2048

// TakesPrime reports whether a client takes a server's prime of that length in
// bits for DHE. Longer ones than 8192 bits would keep it busy.
func (p *Policy) TakesPrime(bits int) bool {
	least := p.MinPrime
	if least == 0 {
		least = minPrime
	}
	return bits >= least && bits <= 8192
}

// Allows reports whether the version is allowed.
func (p *Policy) Allows(v iana.Version) bool { return slices.Contains(p.Versions, v) }

// Highest gives the newest version allowed, 0 if there is none.
func (p *Policy) Highest() iana.Version {
	var highest iana.Version
	for _, v := range p.Versions {
		highest = max(highest, v)
	}
	return highest
}

// Accepts reports whether the peer may sign with the scheme.
func (p *Policy) Accepts(s iana.SignatureScheme) bool { return slices.Contains(p.Schemes, s) }

// Signs reports whether this side may sign with the scheme.
func (p *Policy) Signs(s iana.SignatureScheme) bool {
	return slices.Contains(p.Schemes, s) || slices.Contains(p.SignOnly, s)
}

// AllowsGroup reports whether the group is allowed.
func (p *Policy) AllowsGroup(g iana.Group) bool { return slices.Contains(p.Groups, g) }

// AllowsSuite reports whether the cipher suite is allowed.
func (p *Policy) AllowsSuite(s iana.Suite) bool { return slices.Contains(p.Suites, s) }
