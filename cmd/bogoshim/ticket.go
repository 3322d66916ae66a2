package main

import "github.com/handsel-tls/handsel/internal/protocol/handshake"

// ticketConfig is what the flags say of tickets. Opening one is a question to
// the host in any case, so that there is nothing else to a callback for it.
type ticketConfig struct {
	skips, renews bool
}

var ticketFlags = flags{
	"use-ticket-callback":      {set: func(*config, string) error { return nil }},
	"use-ticket-aead-callback": {set: func(*config, string) error { return nil }},
	"skip-ticket":              yes(func(c *config) *bool { return &c.ticket.skips }),
	"renew-ticket":             yes(func(c *config) *bool { return &c.ticket.renews }),
}

// offer gives the session that a client offers: the last, if it is not too old.
func (p *peer) offer() *handshake.Offered {
	if p.session != nil && p.session.State.Expired(p.now()) {
		return nil
	}
	return p.session
}
