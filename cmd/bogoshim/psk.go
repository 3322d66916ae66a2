package main

import (
	"bytes"
	"slices"

	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/negotiate"
	"github.com/handsel-tls/handsel/internal/protocol/psk"
	"github.com/handsel-tls/handsel/internal/protocol/schedule"
)

// pskFlags make a credential that is an imported pre-shared key (RFC 9258), and
// name the key of TLS 1.2 and below (RFC 4279).
var pskFlags = flags{
	"new-psk-credential": {set: func(c *config, _ string) error {
		c.credentials = append(c.credentials, &credentialConfig{psk: &psk.External{Import: true}})
		return nil
	}},
	"psk-importer-key":      encoded(func(c *config) *[]byte { return &c.currentPSK().Secret }),
	"psk-importer-identity": encoded(func(c *config) *[]byte { return &c.currentPSK().Identity }),
	"psk-importer-context":  encoded(func(c *config) *[]byte { return &c.currentPSK().Context }),
	"psk":                   text(func(c *config) *string { return &c.oldPSK.secret }),
	"psk-identity":          text(func(c *config) *string { return &c.oldPSK.identity }),
	"psk-importer-sha256":   pskHash(schedule.SHA256),
	"psk-importer-sha384":   pskHash(schedule.SHA384),
}

// oldPSK is what the flags say of a key for TLS 1.2 and below.
type oldPSK struct{ identity, secret string }

func pskHash(h schedule.Hash) flag {
	return flag{set: func(c *config, _ string) error { c.currentPSK().Hash = h; return nil }}
}

// currentPSK is the key that the flags are about; a spare one if there is none.
func (c *config) currentPSK() *psk.External {
	if p := c.current().psk; p != nil {
		return p
	}
	return new(psk.External)
}

// psks gives the external pre-shared keys, in their order.
func (c *config) psks() (keys []*psk.External) {
	if old := c.oldPSK; old.secret != "" {
		keys = append(keys, &psk.External{Identity: []byte(old.identity), Secret: []byte(old.secret), Old: true})
	}
	for _, one := range c.credentials {
		if one.psk != nil {
			keys = append(keys, one.psk)
		}
	}
	return keys
}

// configurePSK takes the keys over. A client that verifies no certificates wants
// none beside them; a server with -async has them later.
func (c *config) configurePSK(h *handshake.Config) {
	keys := c.psks()
	h.PSKHint = []byte(c.oldPSK.identity)
	if c.server && (c.async || c.firstPSK() > 0) {
		h.AskPSKs = len(keys) > 0
		return
	}
	h.PSKs = keys
	h.RequirePSK = !c.server && slices.ContainsFunc(keys, func(e *psk.External) bool { return !e.Old }) && !c.verifyPeer
	if h.RequirePSK {
		h.Policy = h.Policy.Between(iana.TLS13, 0)
	}
}

// firstPSK gives the place of the first pre-shared key among the credentials, -1
// if there is none.
func (c *config) firstPSK() int {
	return slices.IndexFunc(c.credentials, func(one *credentialConfig) bool { return one.psk != nil })
}

// wantedPSKs gives the keys that a client may use: none if a certificate stands
// before them that it can verify.
func (h *host) wantedPSKs(a *handshake.Ask) handshake.Answer {
	keys := h.config.psks()
	if a.Offer == nil || h.config.firstPSK() <= 0 { // TLS 1.2 and below ask by identity, and have an order of their own
		return handshake.Answer{PSKs: keys}
	}
	list, places, err := h.config.loadAll()
	if err != nil {
		return handshake.Answer{Err: err}
	}
	for _, cred := range list {
		if place := places[cred]; place < 0 || place > h.config.firstPSK() || negotiate.ServerCredential(a.Offer, cred) != nil {
			continue
		}
		schemes := negotiate.ServerSchemes(a.Offer.Schemes)
		if _, err := negotiate.Scheme13(schemes, negotiate.ServerSchemes(a.Offer.Delegates), cred, h.peer.now(), h.settings.Policy, nil); err == nil {
			return handshake.Answer{}
		}
	}
	return handshake.Answer{PSKs: keys}
}

// selectedPSK gives the place of the key among the credentials, -1 if there is
// none with the identity.
func (c *config) selectedPSK(identity []byte) int {
	for i, one := range c.credentials {
		if one.psk != nil && bytes.Equal(one.psk.Identity, identity) {
			return i
		}
	}
	return -1
}
