package handshake

import (
	"bytes"

	"github.com/handsel-tls/handsel/internal/protocol/ech"
	"github.com/handsel-tls/handsel/internal/protocol/extension"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/schedule"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// ECHOutcome is what became of Encrypted Client Hello. RFC 9849.
type ECHOutcome struct {
	Status       trace.ECHStatus
	PublicName   string          // the server_name outside, empty if there is none
	RetryConfigs wire.ECHConfigs // that the server gives the client for its next try
}

// Hellos are the two hellos of a client that encrypts one in the other. Until
// the server's answer tells which one it took, the handshake goes on with the
// outer one.
type Hellos struct {
	Sealer       *ech.Sealer
	Inner, Outer Hello
}

// A Hello is a ClientHello, the settings it was written by, and the extensions
// in it.
type Hello struct {
	Config *Config
	Name   string // its server_name
	Raw    []byte // with its header
	Asked  extension.Set
}

// Take goes on with a hello.
func (c *Core) Take(h *Hello) {
	c.Config, c.Asked, c.Done.ServerName = h.Config, h.Asked, h.Name
	c.Hello = append(c.Hello[:0], h.Raw...)
	h.Identify(&c.Done)
}

// Identify notes the random of the hello.
func (h *Hello) Identify(e *Established) { copy(e.ClientRandom[:], h.Raw[randomAt:]) }

// randomAt is where the random stands in a ClientHello or ServerHello, behind
// the header and legacy_version.
const randomAt = wire.HeaderLen + 2

// InnerHello is the content type under which Config.Messages is shown a
// ClientHelloInner: before the ClientHelloOuter it is sent in, after the one it
// came in.
const InnerHello iana.ContentType = 0xfd

// ShowInner shows one that was received.
func (c *Core) ShowInner(raw []byte) {
	if c.Config.Messages != nil {
		c.Config.Messages(false, InnerHello, raw)
	}
}

// ECHStatus gives what became of Encrypted Client Hello so far.
func (c *Core) ECHStatus() trace.ECHStatus {
	if c.Done.ECH == nil {
		return trace.ECHNotOffered
	}
	return c.Done.ECH.Status
}

// ECHRejected reports whether a client has to give up the connection once it
// knows who the server is. RFC 9849, section 6.1.6.
func (c *Core) ECHRejected() bool { return c.Hellos != nil && c.ECHStatus() == trace.ECHRejected }

// Complete ends the handshake: application data may flow, unless the server has
// rejected the encrypted ClientHello.
func (c *Core) Complete() {
	if c.ECHRejected() {
		c.Out.Refuse(c.Done.ECH.rejection())
		return
	}
	c.Out.Complete()
}

// rejection says what a server wants that has proved its public name.
func (e *ECHOutcome) rejection() error {
	if len(e.RetryConfigs) == 0 {
		return fault.With(fault.ECHRejected, "%s has no configurations to give: nothing can be encrypted there", e.PublicName)
	}
	return fault.With(fault.ECHRejected, "%s gives other configurations for the next try", e.PublicName)
}

// ECHConfirmation gives the eight bytes that stand at a place of a ServerHello
// or HelloRetryRequest, with its header, if the server has read the
// ClientHelloInner. The transcript ends before that message.
func (c *Core) ECHConfirmation(h schedule.Hash, inner, message []byte, at int, retry bool) [8]byte {
	var hash [48]byte
	zeroed := bytes.Clone(message)
	clear(zeroed[at : at+8])
	random := inner[randomAt : randomAt+32]
	return schedule.ECHConfirmation(h, random, c.Transcript.SumWith(hash[:0], zeroed), retry)
}

// ConfirmECH writes those eight bytes.
func (c *Core) ConfirmECH(h schedule.Hash, message []byte, at int, retry bool) {
	confirmation := c.ECHConfirmation(h, c.Hello, message, at, retry)
	copy(message[at:], confirmation[:])
}

// ConfirmationAt is where they stand in a ServerHello: the end of its random.
const ConfirmationAt = randomAt + 32 - 8

// RetryConfirmationAt is where they stand in a HelloRetryRequest with the block
// of extensions; 0 if they do not.
func RetryConfirmationAt(message []byte, block wire.Extensions) int {
	end := block.End(iana.ExtEncryptedClientHello)
	if end == 0 {
		return 0
	}
	return len(message) - len(block) + end - 8
}
