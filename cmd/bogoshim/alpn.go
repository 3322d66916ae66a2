package main

import (
	"fmt"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/negotiate"
)

// alpnConfig is what the flags say of ALPN.
type alpnConfig struct {
	advertise        string // a ProtocolNameList without its length
	expect           string
	expectAdvertised string
	selects          string
	declines         bool
	rejects          bool
	selectsEmpty     bool
	allowUnknown     bool
}

var alpnFlags = flags{
	"advertise-alpn":            text(func(c *config) *string { return &c.alpn.advertise }),
	"expect-alpn":               text(func(c *config) *string { return &c.alpn.expect }),
	"expect-advertised-alpn":    text(func(c *config) *string { return &c.alpn.expectAdvertised }),
	"select-alpn":               text(func(c *config) *string { return &c.alpn.selects }),
	"decline-alpn":              yes(func(c *config) *bool { return &c.alpn.declines }),
	"reject-alpn":               yes(func(c *config) *bool { return &c.alpn.rejects }),
	"select-empty-alpn":         yes(func(c *config) *bool { return &c.alpn.selectsEmpty }),
	"allow-unknown-alpn-protos": yes(func(c *config) *bool { return &c.alpn.allowUnknown }),
}

// offered gives the protocols that a client offers.
func (a *alpnConfig) offered() (names []string) {
	for rest := a.advertise; len(rest) > 0 && len(rest) > int(rest[0]); {
		n := 1 + int(rest[0])
		names = append(names, rest[1:n])
		rest = rest[n:]
	}
	return names
}

// choose sets the protocols of a server for the client that asks.
func (a *alpnConfig) choose(settings *handshake.Config, o *negotiate.Offer) error {
	list := []byte(nil)
	for name := range o.Protocols.All() {
		list = append(append(list, byte(len(name))), name...)
	}
	if a.expectAdvertised != "" && string(list) != a.expectAdvertised {
		return fmt.Errorf("the client offers %q, not %q", list, a.expectAdvertised)
	}
	switch {
	case len(list) == 0:
	case a.rejects:
		return fault.NoSharedProtocol
	case a.selectsEmpty:
		settings.Protocols = []string{""}
	case a.selects != "":
		settings.Protocols = []string{a.selects}
	}
	return nil
}

// check compares the protocol that was agreed on.
func (a *alpnConfig) check(server bool, got string) error {
	want := a.expect
	if server {
		want = a.selects
	}
	if got != want {
		return fmt.Errorf("the application protocol is %q, not %q", got, want)
	}
	return nil
}
