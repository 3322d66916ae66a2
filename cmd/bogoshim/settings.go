package main

import (
	"crypto/rand"
	"slices"
	"strings"

	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/suite"
)

// settings gives the engine's settings for a connection.
func (p *peer) settings(c *config) *handshake.Config {
	h := &handshake.Config{
		Policy:      c.policy(),
		Rand:        rand.Reader,
		Now:         p.now,
		ServerName:  c.hostName,
		AskSettings: c.server,
		Record:      true,

		Renegotiation: c.renegotiation.mode,
		RequireSecure: c.renegotiation.requireSecure,

		PeerTypes: c.types.accepted,
		Reverify:  c.reverify,
	}
	c.status.configure(h, c.server)
	c.compression.configure(h)
	h.SendLimit = c.sendLimit
	c.early.configure(h, c.server)
	c.configurePSK(h)
	h.PermuteExtensions, h.NoNameAnswer, h.MaxCertificate = c.permute, c.noNameAnswer, c.maxCertificate
	if c.server {
		h.SessionIDs = true
		h.MoreTickets = 1 // as many as the runner counts
		if !c.noTicket && !c.ticket.skips {
			h.Tickets = p.tickets
		}
		h.Authorities, _ = c.authorities() // a flag that is wrong shows in what is asked for
		switch {
		case c.requireClientCert:
			h.ClientAuth = handshake.RequireClientAuth
		case c.verifyPeer:
			h.ClientAuth = handshake.RequestClientAuth
		}
		return h
	}
	h.Protocols = c.alpn.offered()
	h.ClientTickets = !c.noTicket
	h.OwnTypes = c.own()
	h.NoGREASE = !c.grease
	h.Fallback = c.fallback
	switch {
	case c.falseStart && c.falseStartAny:
		h.FalseStart = handshake.FalseStartAny
	case c.falseStart:
		h.FalseStart = handshake.FalseStartALPN
	}
	return h
}

// policy allows all that is implemented, as the runner expects, and then what
// the flags leave of it.
func (c *config) policy() *policy.Policy {
	p := &policy.Policy{
		Name:      "bogoshim",
		Versions:  c.versions(),
		Suites:    c.suites(),
		Groups:    []iana.Group{iana.X25519MLKEM768, iana.X25519, iana.Secp256r1, iana.Secp384r1},
		Schemes:   schemes,
		SignOnly:  append(c.credential.prefs, signOnly...),
		SSL2Hello: true,
	}
	if c.curves != nil {
		p.Groups = c.curves
	}
	if c.keyShares != nil || c.noKeyShares {
		p.Shares = append([]iana.Group{}, c.keyShares...)
	}
	if c.verifyPrefs != nil {
		p.Schemes = c.verifyPrefs
	}
	if c.profile != nil {
		c.profile.narrow(p)
	}
	return p
}

// schemes are what the runner expects to be accepted unless flags say
// otherwise.
var schemes = []iana.SignatureScheme{
	iana.ECDSASecp256r1SHA256, iana.RSAPSSRSAESHA256, iana.RSAPKCS1SHA256,
	iana.ECDSASecp384r1SHA384, iana.RSAPSSRSAESHA384, iana.RSAPKCS1SHA384,
	iana.RSAPSSRSAESHA512, iana.RSAPKCS1SHA512, iana.RSAPKCS1SHA1,
}

// suites gives the cipher suites of -cipher: names of suites and OpenSSL's
// names for some sets of them, of which these are in use. Those of TLS 1.3 are
// always there.
func (c *config) suites() (list []iana.Suite) {
	for _, p := range suite.All() {
		if p.MinVersion >= iana.TLS13 {
			list = append(list, p.ID)
		}
	}
	names := c.cipher
	if names == "" {
		names = "ALL"
	}
	for name := range strings.FieldsFuncSeq(names, func(r rune) bool { return strings.ContainsRune(":[]|", r) }) {
		name, without := strings.CutPrefix(name, "!")
		for _, p := range suite.All() {
			switch in := p.MinVersion < iana.TLS13 && isIn(p, name); {
			case in && without:
				list = slices.DeleteFunc(list, func(s iana.Suite) bool { return s == p.ID })
			case in && !slices.Contains(list, p.ID):
				list = append(list, p.ID)
			}
		}
	}
	return list
}

// isIn reports whether the suite is one of an OpenSSL set, or is called so.
func isIn(p suite.Params, name string) bool {
	triple := strings.Contains(p.ID.String(), "_3DES_")
	switch name {
	case "ALL", "DEFAULT": // the runner knows neither DHE nor RC4
		return !triple && p.KeyExchange != suite.DHE && p.Cipher != suite.RC4
	case "3DES":
		return triple
	case "AES":
		return strings.Contains(p.ID.String(), "_AES_")
	case "AES128":
		return strings.Contains(p.ID.String(), "_AES_128_")
	}
	return p.ID.String() == name
}
