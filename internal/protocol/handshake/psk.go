package handshake

import (
	"slices"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/psk"
	"github.com/handsel-tls/handsel/internal/protocol/schedule"
	"github.com/handsel-tls/handsel/internal/protocol/suite"
)

// AppendOffers appends the pre-shared keys that a client with these settings
// offers in TLS 1.3: that of a session, then the external ones that go with the
// hash of a suite. RFC 9846, section 4.3.11.
func (c *Config) AppendOffers(dst []psk.Key, now time.Time) []psk.Key {
	if !c.Policy.Allows(iana.TLS13) {
		return dst
	}
	if s := c.Session; s != nil && s.State.Version == iana.TLS13 {
		age := uint32(now.Sub(s.State.Created).Milliseconds())
		dst = append(dst, psk.Key{Identity: s.Ticket, Secret: s.State.Secret, Hash: s.State.Hash(), Age: age + s.State.AgeAdd})
	}
	for _, e := range c.PSKs {
		for _, k := range e.Keys() {
			if c.offersHash(k.Hash) {
				dst = append(dst, k)
			}
		}
	}
	return dst
}

// offersHash reports whether a suite of TLS 1.3 goes with the hash.
func (c *Config) offersHash(h schedule.Hash) bool {
	return slices.ContainsFunc(c.Policy.Suites, func(id iana.Suite) bool {
		s, ok := suite.Of(id)
		return ok && s.MinVersion >= iana.TLS13 && s.Hash == h
	})
}
