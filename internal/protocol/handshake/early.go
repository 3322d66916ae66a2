package handshake

import (
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/schedule"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// EarlyData is what becomes of the early data that a client has offered. RFC
// 9846, section 2.3.
type EarlyData struct {
	State    EarlyState
	Max      uint32          // bytes that the session allows
	Exporter schedule.Secret // early_exporter_secret; it is wiped if the data is rejected
	Why      trace.Why       // it was rejected
	Bytes    int64           // that were sent, or came; with headers if they were passed over
}

// EarlyState is how far early data has come.
type EarlyState uint8

const (
	// EarlyOffered: a client can send it, and waits for the server's word.
	EarlyOffered EarlyState = iota
	// EarlyAccepted: the server takes it. It ends with EndOfEarlyData.
	EarlyAccepted
	// EarlyEnded: it was accepted, and all of it has come.
	EarlyEnded
	// EarlyRejected: the server has read nothing of it.
	EarlyRejected
)

// Accepted reports whether the server takes early data, or took it.
func (e *EarlyData) Accepted() bool {
	return e != nil && (e.State == EarlyAccepted || e.State == EarlyEnded)
}

// Flows reports whether early data may still come: of a client, whether it may
// send some.
func (e *EarlyData) Flows() bool {
	return e != nil && (e.State == EarlyOffered || e.State == EarlyAccepted)
}

// RejectEarly notes that early data is not taken, and why. Without an offer
// there is nothing to note.
func (c *Core) RejectEarly(why trace.Why) {
	c.Log.Refused(trace.EarlyData, 0, why)
	if e := c.Done.Early; e != nil {
		e.State, e.Why, e.Exporter = EarlyRejected, why, schedule.Secret{}
	}
}

// EarlyWindow is for how long a ClientHello with early data may come again and
// still tell an age of its ticket that is believed. RFC 9846, section 8.2.
func (c *Config) EarlyWindow() time.Duration { return 2 * (c.Skew() + time.Second) }

// Skew is by how much the two sides' ages of a ticket may differ for early
// data. RFC 9846, section 8.3, thinks of ten seconds for clients on the
// internet.
func (c *Config) Skew() time.Duration {
	if c.EarlySkew == 0 {
		return 10 * time.Second
	}
	return c.EarlySkew
}

// Began gives the time for a session made of this one: of a resumption, that of
// the first.
func (c *Core) Began() int64 {
	if c.Done.Resumed {
		return c.Done.Began
	}
	return c.Now.Unix()
}
