package main

import (
	"fmt"

	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// renegotiationConfig is what the flags say of renegotiation.
type renegotiationConfig struct {
	mode                       handshake.Renegotiation
	forbidLater                bool // from the end of the handshake on
	requireSecure              bool
	expect                     int // how many there have to be
	expectSecure, expectUnsafe bool
}

var renegotiationFlags = flags{
	"renegotiate-once":   renegotiates(handshake.RenegotiateOnce),
	"renegotiate-freely": renegotiates(handshake.RenegotiateFreely),
	"renegotiate-ignore": renegotiates(handshake.RenegotiateIgnored),
	// The engine begins only when Reply is called: the shim always asks for it.
	"renegotiate-explicit": renegotiates(handshake.RenegotiateFreely),

	"forbid-renegotiation-after-handshake": yes(func(c *config) *bool { return &c.renegotiation.forbidLater }),
	"no-legacy-server-connect":             yes(func(c *config) *bool { return &c.renegotiation.requireSecure }),
	"expect-total-renegotiations":          number(func(c *config) *int { return &c.renegotiation.expect }),
	"expect-secure-renegotiation":          yes(func(c *config) *bool { return &c.renegotiation.expectSecure }),
	"expect-no-secure-renegotiation":       yes(func(c *config) *bool { return &c.renegotiation.expectUnsafe }),
}

func renegotiates(m handshake.Renegotiation) flag {
	return flag{set: func(c *config, _ string) error { c.renegotiation.mode = m; return nil }}
}

// check compares what the peer knows of secure renegotiation, which TLS 1.3 does
// not need.
func (r *renegotiationConfig) check(e *handshake.Established) error {
	secure := e.Secure || e.Version == iana.TLS13
	if r.expectSecure && !secure || r.expectUnsafe && secure {
		return fmt.Errorf("secure renegotiation is %v", secure)
	}
	return nil
}

// checkCount compares how many renegotiations there were.
func (x *conn) checkCount() error {
	if got := x.engine.Renegotiations(); got != x.config.renegotiation.expect {
		return fmt.Errorf("%d renegotiations, not %d", got, x.config.renegotiation.expect)
	}
	return nil
}
