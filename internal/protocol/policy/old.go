package policy

import (
	"fmt"
	"slices"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/suite"
)

// Legacy is Compatible and TLS 1.1 and 1.0, DHE and 3DES, and signatures with
// SHA-1, for peers of before 2010 that are still at work.
func Legacy() *Policy { return &legacy }

// Museum is all that is implemented, down to SSL 3.0: RC4, MD5, DSA and primes
// of 1024 bits for DHE. None of it keeps a secret from somebody who wants to
// know; it is for machines that speak nothing else, on a network of their own.
//
// RC4 comes before CBC, as servers had it from 2011 to 2013: a server cannot
// make its clients split their records, which is the other remedy for BEAST.
// Sessions are kept under their IDs and not in tickets: the key of the tickets
// would open every session at once in which nothing else is ephemeral.
func Museum() *Policy { return &museum }

var finite = []iana.Group{iana.FFDHE2048, iana.FFDHE3072, iana.FFDHE4096, iana.FFDHE6144, iana.FFDHE8192}

var legacy = func() Policy {
	p := compatible
	p.Name = "legacy"
	p.Versions = append(slices.Clone(p.Versions), iana.TLS11, iana.TLS10)
	withoutSecrecy := slices.Index(p.Suites, iana.TLS_RSA_WITH_AES_128_GCM_SHA256)
	p.Suites = slices.Insert(slices.Clone(p.Suites), withoutSecrecy,
		iana.TLS_DHE_RSA_WITH_AES_128_CBC_SHA,
		iana.TLS_DHE_RSA_WITH_AES_256_CBC_SHA,
		iana.TLS_DHE_RSA_WITH_AES_128_CBC_SHA256,
		iana.TLS_DHE_RSA_WITH_AES_256_CBC_SHA256,
	)
	p.Suites = append(p.Suites,
		iana.TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA,
		iana.TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA,
		iana.TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA,
		iana.TLS_RSA_WITH_3DES_EDE_CBC_SHA,
	)
	p.Schemes = append(slices.Clone(p.Schemes), iana.ECDSASHA1, iana.RSAPKCS1SHA1)
	p.SSL2Hello = true
	return p
}()

func cbc(id iana.Suite) bool {
	s, _ := suite.Of(id)
	return s.CBC()
}

var museum = func() Policy {
	p := legacy
	p.Name = "museum"
	p.Versions = append(slices.Clone(p.Versions), iana.SSL30)
	first := slices.IndexFunc(p.Suites, cbc)
	p.Suites = slices.Insert(slices.Clone(p.Suites), first,
		iana.TLS_ECDHE_ECDSA_WITH_RC4_128_SHA,
		iana.TLS_ECDHE_RSA_WITH_RC4_128_SHA,
		iana.TLS_RSA_WITH_RC4_128_SHA,
		iana.TLS_RSA_WITH_RC4_128_MD5,
	)
	p.Suites = append(p.Suites,
		iana.TLS_DHE_DSS_WITH_AES_128_CBC_SHA,
		iana.TLS_DHE_DSS_WITH_AES_256_CBC_SHA,
		iana.TLS_DHE_DSS_WITH_3DES_EDE_CBC_SHA,
	)
	p.Schemes = append(slices.Clone(p.Schemes), iana.DSASHA256, iana.DSASHA1)
	p.MinPrime = 1024
	p.NoTickets = true
	return p
}()

// Suites gives every suite that some policy allows, the weak ones last: the order
// for those that are named one by one.
func Suites() []iana.Suite {
	all := slices.Concat(pskSuites, legacy.Suites)
	for _, id := range museum.Suites {
		if !slices.Contains(all, id) {
			all = append(all, id)
		}
	}
	return all
}

// ssl2Bits are the lengths of the keys of SSL 2.0 that are spoken only where they
// are named: see package sslv2.
var ssl2Bits = map[iana.Suite]int{
	iana.SSL_CK_RC4_64_WITH_MD5:           64,
	iana.SSL_CK_DES_64_CBC_WITH_MD5:       56,
	iana.SSL_CK_RC4_128_EXPORT40_WITH_MD5: 40,
}

// SSL2Suites are the cipher kinds of SSL 2.0. No policy has them: they count
// where SSL 2.0 is spoken, and only if they are named one by one.
func SSL2Suites() []iana.Suite {
	return []iana.Suite{
		iana.SSL_CK_DES_192_EDE3_CBC_WITH_MD5, iana.SSL_CK_RC4_128_WITH_MD5,
		iana.SSL_CK_RC4_64_WITH_MD5, iana.SSL_CK_DES_64_CBC_WITH_MD5, iana.SSL_CK_RC4_128_EXPORT40_WITH_MD5,
	}
}

// Used is what a handshake has agreed on, as far as it can be weak. Each may be 0:
// there was none.
type Used struct {
	Version iana.Version
	Suite   iana.Suite
	Scheme  iana.SignatureScheme // with which the server has signed
	Prime   int                  // of DHE, its length in bits
}

// Weak says what of that is known to be weak, for people to read; nothing if all
// is well.
func (u Used) Weak() (why []string) {
	switch v := u.Version; {
	case v == iana.SSL20:
		why = append(why, "SSL 2.0 protects nothing (RFC 6176)")
	case v == iana.SSL30:
		why = append(why, "SSL 3.0 does not protect its padding (POODLE; RFC 7568)")
	case v != 0 && v < iana.TLS12:
		why = append(why, v.String()+" signs with MD5 and SHA-1 (RFC 8996)")
	}
	why = append(why, weakSuite(u.Suite)...)
	switch u.Scheme {
	case iana.RSAPKCS1SHA1, iana.ECDSASHA1, iana.DSASHA1:
		why = append(why, "signatures with SHA-1 can be forged (RFC 9155)")
	}
	if u.Prime != 0 && u.Prime < minPrime {
		why = append(why, "primes of less than 2048 bits can be broken (Logjam)")
	}
	return why
}

func weakSuite(id iana.Suite) (why []string) {
	if bits := ssl2Bits[id]; bits != 0 {
		why = append(why, fmt.Sprintf("keys of %d bits are found by trying", bits))
	}
	s, ok := suite.Of(id)
	if !ok {
		return why
	}
	switch s.Cipher {
	case suite.RC4:
		why = append(why, "RC4 gives parts of what it encrypts away (RFC 7465)")
	case suite.TripleDESCBC:
		why = append(why, "3DES has blocks of 64 bits (Sweet32; RFC 9325, section 4.2.1)")
	}
	if s.KeyExchange == suite.RSA {
		why = append(why, "RSA key exchange has no forward secrecy (RFC 9325, section 4.1)")
	}
	if s.KeyExchange == suite.PSK {
		why = append(why, "a pre-shared key alone has no forward secrecy (RFC 9325, section 4.1)")
	}
	if s.Auth == suite.DSSKey {
		why = append(why, "DSA was given up (FIPS 186-5)")
	}
	return why
}

// Weaknesses says what of a policy is known to be weak, each once. What a policy
// has only in the second place counts as well: a peer may know nothing else.
func (p *Policy) Weaknesses() (why []string) {
	add := func(u Used) {
		for _, w := range u.Weak() {
			if !slices.Contains(why, w) {
				why = append(why, w)
			}
		}
	}
	for _, v := range p.Versions {
		add(Used{Version: v})
	}
	for _, id := range p.Suites {
		add(Used{Suite: id})
	}
	for _, s := range p.Schemes {
		add(Used{Scheme: s})
	}
	add(Used{Prime: p.MinPrime})
	return why
}
