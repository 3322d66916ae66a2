package policy

import (
	"slices"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// pskSuites are the suites of pre-shared keys in TLS 1.2 and below, the most
// wanted first. No policy has them: a key of its own turns on the first ones.
var pskSuites = []iana.Suite{
	iana.TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256,
	iana.TLS_ECDHE_PSK_WITH_AES_256_GCM_SHA384,
	iana.TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256,

	iana.TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA,
	iana.TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA,
	iana.TLS_PSK_WITH_AES_128_GCM_SHA256,
	iana.TLS_PSK_WITH_AES_256_GCM_SHA384,
	iana.TLS_PSK_WITH_CHACHA20_POLY1305_SHA256,
	iana.TLS_PSK_WITH_AES_128_CBC_SHA,
	iana.TLS_PSK_WITH_AES_256_CBC_SHA,
}

// strongPSK is how many of them have ECDHE and an AEAD.
const strongPSK = 3

// WithPSK gives the policy with the suites of pre-shared keys that have forward
// secrecy and an AEAD, before its own.
func (p *Policy) WithPSK() *Policy {
	q := *p
	q.Suites = slices.Concat(pskSuites[:strongPSK], p.Suites)
	return &q
}
