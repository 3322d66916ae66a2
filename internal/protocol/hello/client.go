package hello

import (
	"bytes"
	"net/netip"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// Client is a client that does not yet know which version the server chooses.
type Client struct {
	*handshake.Core
	state handshake.State

	grease    grease
	sessionID [32]byte        // for a ClientHello that has no other
	extra     wire.Extensions // to append to the others
	order     uint64          // of the extensions, if it is to be a random one
}

const (
	clientStart handshake.State = iota
	clientWaitServerHello
	clientDecided
)

var clientTable = handshake.Table[Client]{
	Machine: handshake.HelloClient,
	Rows: []handshake.Row[Client]{
		clientStart: handshake.In("START",
			handshake.On(handshake.Begin, (*Client).onBegin, clientWaitServerHello)),
		clientWaitServerHello: handshake.In("WAIT_SH",
			handshake.OnMessage(iana.MsgServerHello, (*Client).onServerHello, clientDecided)),
		clientDecided: handshake.In[Client]("WAIT_SH (version known)"),
	},
}

// NewClient is about to send its ClientHello.
func NewClient(core *handshake.Core) *Client { return &Client{Core: core} }

// Step gives the machine a message.
func (c *Client) Step(on handshake.Trigger, m handshake.Message) error {
	return clientTable.Step(c, &c.state, on, m, c.Log)
}

// Awaits reports whether the state waits for the trigger.
func (c *Client) Awaits(on handshake.Trigger) bool { return clientTable.Accepts(c.state, on) }

// State names the state.
func (c *Client) State() string { return clientTable.Rows[c.state].Name }

// Free does nothing: the machine is small and not pooled.
func (c *Client) Free() {}

// onBegin is START: the ClientHello is sent. It is kept, because the
// transcript's hash is not known yet.
func (c *Client) onBegin(handshake.Message) (handshake.State, error) {
	if err := c.buildHellos(); err != nil {
		return 0, err
	}
	c.Log.Sent(iana.MsgClientHello)
	if c.Config.SendSSL2Hello && !c.Config.Policy.Allows(iana.TLS13) && c.Before == nil {
		return clientWaitServerHello, c.sendSSL2()
	}
	c.Out.Sent(append(c.Out.Message(), c.Hello...))
	c.beginEarly()
	return clientWaitServerHello, nil
}

// onServerHello is WAIT_SH, as far as the version goes. RFC 9846, section
// 4.2.3.
func (c *Client) onServerHello(m handshake.Message) (handshake.State, error) {
	hello, err := wire.ParseServerHello(m.Body)
	if err != nil {
		return 0, err
	}
	v, err := chosenVersion(&hello)
	if err != nil {
		return 0, err
	}
	if c.Before != nil && v != c.Before.Version {
		return 0, fault.With(fault.RenegotiationVersion, "%v in place of %v", v, c.Before.Version)
	}
	if !c.Config.Policy.Allows(v) {
		return 0, fault.With(fault.VersionNotOffered, "%v", v)
	}
	if c.Done.Early != nil && v < iana.TLS13 {
		return 0, fault.With(fault.EarlyDataVersion, "%v", v)
	}
	if err := c.checkDowngrade(v, hello.Random); err != nil {
		return 0, err
	}
	if c.Hellos != nil && v < iana.TLS13 { // RFC 9849, section 6.1.4
		c.Done.ECH.Status = trace.ECHRejected
	}
	c.Done.Version = v
	c.ServerHello = append(c.ServerHello[:0], m.Raw...)
	copy(c.Done.ServerRandom[:], hello.Random)
	c.Out.Decide()
	return clientDecided, nil
}

func chosenVersion(hello *wire.ServerHello) (iana.Version, error) {
	body, ok := hello.Extensions.Get(iana.ExtSupportedVersions)
	if !ok {
		if hello.Version >= iana.TLS13 {
			return 0, fault.With(fault.VersionNotOffered, "%v without %v", hello.Version, iana.ExtSupportedVersions)
		}
		return hello.Version, nil
	}
	v, err := wire.ParseSupportedVersionsServer(body)
	switch {
	case err != nil:
		return 0, err
	case v < iana.TLS13:
		return 0, fault.With(fault.SelectedVersionWrong, "%v", v)
	case hello.Version != iana.TLS12:
		return 0, fault.With(fault.VersionNotOffered, "legacy_version is %v", hello.Version)
	}
	return v, nil
}

// The last eight bytes of the random of a server that knows a newer version
// than the one it chose. RFC 9846, section 4.2.3.
var (
	downgrade12 = []byte("DOWNGRD\x01") // it chose TLS 1.2 and knows 1.3
	downgrade11 = []byte("DOWNGRD\x00") // it chose TLS 1.1 or below and knows a newer one
)

func (c *Client) checkDowngrade(v iana.Version, random []byte) error {
	highest := c.Config.Policy.Highest()
	if v < iana.TLS13 && highest >= iana.TLS13 && (bytes.HasSuffix(random, downgrade12) || bytes.HasSuffix(random, downgrade11)) ||
		v < iana.TLS12 && highest >= iana.TLS12 && bytes.HasSuffix(random, downgrade11) {
		return fault.With(fault.Downgraded, "it chose %v", v)
	}
	return nil
}

// sentName gives the name for server_name: DNS names only, without the dot at
// the end (RFC 6066, section 3).
func sentName(name string) string {
	for len(name) > 0 && name[len(name)-1] == '.' {
		name = name[:len(name)-1]
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return ""
	}
	return name
}
