package handshake

import (
	"io"
	"sync"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/ech"
	"github.com/handsel-tls/handsel/internal/protocol/extension"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/kex"
	"github.com/handsel-tls/handsel/internal/protocol/negotiate"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/transcript"
)

// Core is what the machines of one handshake share. It comes from a pool and
// goes back to it when the handshake is over.
type Core struct {
	Config      *Config
	aimed       *Config   // the copy that Aim makes
	Now         time.Time // when the last input came
	Log         *trace.Log
	Out         Flight
	Transcript  transcript.Transcript
	Offer       negotiate.Offer // a server's view of Hello
	Hello       []byte          // the ClientHello that counts, with its header
	FirstHello  []byte          // the first one, if there was a HelloRetryRequest
	SSL2Hello   []byte          // the same hello in the format of SSL 2.0, if that is how it was sent
	ServerHello []byte          // with its header
	Shares      []kex.Key       // a client: the keys of its key shares
	Context     []byte          // certificate_request_context: empty in the handshake itself
	Asked       extension.Set   // the extensions that this side asks for: a client's ClientHello, a server's CertificateRequest
	Hellos      *Hellos         // a client that encrypts its ClientHello: both of them
	Opened      *ech.Opened     // a server that has decrypted a ClientHello: how
	Answer      Answer          // the last one
	Before      *Established    // the handshake before this one; nil: it is the first of the connection

	Done Established

	ask     Ask
	pending bool
}

var cores = sync.Pool{New: func() any { return new(Core) }}

// NewCore takes a core from the pool.
func NewCore(config *Config) *Core {
	c := cores.Get().(*Core)
	c.Config = config
	c.Log = trace.NewLog()
	return c
}

// Aim has a client's core do with its target what Config says. The copy of Config
// that this takes goes back to the pool with the core: a connection that is open
// for long has none.
func (c *Core) Aim(t Target) {
	if c.aimed == nil {
		c.aimed = new(Config)
	}
	*c.aimed = *c.Config
	c.aimed.ServerName, c.aimed.Session, c.aimed.EarlyData = t.ServerName, t.Session, t.EarlyData
	c.Config = c.aimed
}

// Aimed reports whether Config is the copy that Aim made, which ends with the core.
func (c *Core) Aimed() bool { return c.Config == c.aimed }

// Free wipes the core and gives it back to the pool. What Done points at is
// not touched.
func (c *Core) Free() {
	c.Log.Free()
	c.Transcript.Stop()
	c.Out.Clear()
	// What is kept is small: a Core made here would be a large frame on the
	// stack of a goroutine that is mostly new.
	buf, effects := c.Out.buf, c.Out.effects
	hello, first, server := c.Hello[:0], c.FirstHello[:0], c.ServerHello[:0]
	aimed := c.aimed
	if aimed != nil {
		*aimed = Config{}
	}
	*c = Core{aimed: aimed}
	c.Out.buf, c.Out.effects = buf, effects
	c.Hello, c.FirstHello, c.ServerHello = hello, first, server
	cores.Put(c)
}

// Staples reports whether a server sends an OCSP response with its certificate,
// if there is one.
func (c *Core) Staples() bool { return !c.Config.NoStatus && c.Offer.Has(iana.ExtStatusRequest) }

// SendsSCTs reports whether a server sends SCTs with its certificate, if there
// are any.
func (c *Core) SendsSCTs() bool { return !c.Config.NoSCTs && c.Offer.Has(iana.ExtSCT) }

// Random fills b.
func (c *Core) Random(b []byte) error {
	if _, err := io.ReadFull(c.Config.Rand, b); err != nil {
		return fault.With(fault.Internal, "no randomness: %w", err)
	}
	return nil
}

// HelloSent gives the ClientHello as it counts in the transcript: as it was
// sent. In the format of SSL 2.0 that is without the record's header (RFC 5246,
// appendix E.2).
func (c *Core) HelloSent() []byte {
	if c.SSL2Hello != nil {
		return c.SSL2Hello
	}
	return c.Hello
}

// Send puts a message into the flight, the transcript and the log.
func (c *Core) Send(t iana.HandshakeType, buf []byte) []byte {
	raw := c.Out.Sent(buf)
	if c.Transcript.Started() {
		c.Transcript.Write(raw)
	}
	c.Log.Sent(t)
	return raw
}

// ChooseCredential takes the answer to Credential: the one there is if it fits,
// or the first of several that does, nil if there is none. Those of several that
// well refuses come last; it may be nil.
func (c *Core) ChooseCredential(well, fits func(*sign.Credential) error) (*sign.Credential, error) {
	switch one := c.Answer.Credential; {
	case len(c.Answer.Candidates) > 0:
		return negotiate.Credential(c.Answer.Candidates, well, fits, c.Log)
	case one != nil:
		return one, fits(one)
	}
	return nil, nil
}

// KeyLog hands a secret to the key log, if there is one.
func (c *Core) KeyLog(label string, secret []byte) {
	if c.Config.KeyLog != nil {
		c.Config.KeyLog(label, c.Done.ClientRandom[:], secret)
	}
}
