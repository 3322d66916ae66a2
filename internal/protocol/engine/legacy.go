package engine

import (
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/legacy"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// keepLegacySession keeps the session of TLS 1.2 and below: on either side
// under its session ID, on the client's with its ticket. A session that was
// resumed is kept anew only if there is a new ticket.
func (c *Conn) keepLegacySession() {
	e := &c.established
	if c.again.count > 0 || e.Legacy == nil || c.side == trace.Client && !c.config.ClientTickets {
		return
	}
	if len(e.Ticket) == 0 && (len(e.SessionID) == 0 || e.Resumed) {
		return
	}
	s := c.newSession(e.Master[:])
	s.ID = e.SessionID
	s.Lifetime = legacy.SessionLifetime
	if e.TicketLifetime > 0 {
		s.Lifetime = min(e.TicketLifetime, maxTicketLifetime)
	}
	c.sessions = append(c.sessions, &handshake.Offered{Ticket: e.Ticket, SessionID: e.SessionID, State: s})
	e.Ticket = nil
}
