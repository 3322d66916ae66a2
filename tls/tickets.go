package tls

import "github.com/handsel-tls/handsel/internal/protocol/session"

// SetSessionTicketKeys sets the keys of tickets: the first seals, all open.
func (c *Config) SetSessionTicketKeys(keys [][32]byte) {
	if len(keys) == 0 {
		panic("tls: keys must have at least one key")
	}
	c.mu.Lock()
	if !c.explicit && !c.inUse {
		c.tickets = new(session.Keys) // those of before may be a clone's, too
	}
	c.explicit = true
	c.mu.Unlock()
	c.ticketKeys().Set(keys)
}

// ticketsSet reports whether the program has set the keys of tickets.
func (c *Config) ticketsSet() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.explicit || c.SessionTicketKey != [32]byte{}
}

func (c *Config) ticketKeys() *session.Keys {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tickets == nil {
		c.tickets = new(session.Keys)
		if c.SessionTicketKey != [32]byte{} {
			c.tickets.Set([][32]byte{c.SessionTicketKey})
		}
	}
	return c.tickets
}

// mostTickets is how many tickets a server may give after a handshake.
const mostTickets = 16
