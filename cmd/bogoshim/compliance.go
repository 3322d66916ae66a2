package main

import (
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
)

// A profile is what one of BoringSSL's compliance policies leaves of what there
// is, the most wanted first.
type profile struct {
	versions []iana.Version
	suites   []iana.Suite
	groups   []iana.Group
	schemes  []iana.SignatureScheme
}

var complianceFlags = flags{
	"fips-202205":  complies(&fips),
	"wpa-202304":   complies(&wpa),
	"cnsa1-202603": complies(&cnsa1),
	"cnsa2-202603": complies(&cnsa2),
	"cnsa-202407":  complies(&aesFirst),
}

func complies(p *profile) flag {
	return flag{set: func(c *config, _ string) error { c.profile = p; return nil }}
}

// narrow takes the profile over as far as it says something.
func (p *profile) narrow(q *policy.Policy) {
	if p.versions != nil {
		q.Versions = p.versions
	}
	if p.groups != nil {
		q.Groups = p.groups
	}
	if p.schemes != nil {
		q.Schemes, q.SignOnly = p.schemes, nil
	}
	q.Suites = p.suites
}

var (
	tls12Up = []iana.Version{iana.TLS13, iana.TLS12}

	fips = profile{
		versions: tls12Up,
		suites: []iana.Suite{
			iana.TLS_AES_128_GCM_SHA256, iana.TLS_AES_256_GCM_SHA384,
			iana.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, iana.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
			iana.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, iana.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		},
		groups: []iana.Group{iana.Secp256r1, iana.Secp384r1},
		schemes: []iana.SignatureScheme{
			iana.RSAPKCS1SHA256, iana.RSAPKCS1SHA384, iana.RSAPKCS1SHA512,
			iana.ECDSASecp256r1SHA256, iana.ECDSASecp384r1SHA384,
			iana.RSAPSSRSAESHA256, iana.RSAPSSRSAESHA384, iana.RSAPSSRSAESHA512,
		},
	}
	wpa = profile{
		versions: tls12Up,
		suites: []iana.Suite{
			iana.TLS_AES_256_GCM_SHA384, iana.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, iana.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		},
		groups: []iana.Group{iana.Secp384r1},
		schemes: []iana.SignatureScheme{
			iana.ECDSASecp384r1SHA384, iana.RSAPSSRSAESHA384, iana.RSAPSSRSAESHA512, iana.RSAPKCS1SHA384, iana.RSAPKCS1SHA512,
		},
	}
	cnsaSchemes = []iana.SignatureScheme{iana.ECDSASecp384r1SHA384, iana.RSAPSSRSAESHA384, iana.RSAPKCS1SHA384}
	cnsa1       = profile{
		versions: tls12Up,
		suites: []iana.Suite{
			iana.TLS_AES_256_GCM_SHA384, iana.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, iana.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
			iana.TLS_RSA_WITH_AES_256_GCM_SHA384,
		},
		groups:  []iana.Group{iana.MLKEM1024, iana.Secp384r1},
		schemes: cnsaSchemes,
	}
	cnsa2 = profile{
		versions: []iana.Version{iana.TLS13},
		suites:   []iana.Suite{iana.TLS_AES_256_GCM_SHA384},
		groups:   []iana.Group{iana.MLKEM1024},
		schemes:  cnsaSchemes,
	}
	aesFirst = profile{ // an order of suites, and nothing else
		versions: []iana.Version{iana.TLS13},
		suites:   []iana.Suite{iana.TLS_AES_256_GCM_SHA384, iana.TLS_AES_128_GCM_SHA256, iana.TLS_CHACHA20_POLY1305_SHA256},
	}
)
