package handshake

import (
	"io"
	"slices"
	"sync"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/compress"
	"github.com/handsel-tls/handsel/internal/protocol/ech"
	"github.com/handsel-tls/handsel/internal/protocol/extension"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/kex"
	"github.com/handsel-tls/handsel/internal/protocol/negotiate"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/prf"
	"github.com/handsel-tls/handsel/internal/protocol/psk"
	"github.com/handsel-tls/handsel/internal/protocol/schedule"
	"github.com/handsel-tls/handsel/internal/protocol/session"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/transcript"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// ClientAuth is what a server wants of its clients.
type ClientAuth uint8

const (
	// NoClientAuth asks for no certificate.
	NoClientAuth ClientAuth = iota
	// RequestClientAuth asks for one and goes on without.
	RequestClientAuth
	// RequireClientAuth asks for one and refuses clients without.
	RequireClientAuth
)

// Renegotiation says whether the peer may renegotiate. RFC 5746.
type Renegotiation uint8

const (
	// RenegotiateNever answers with a warning and goes on.
	RenegotiateNever Renegotiation = iota
	// RenegotiateOnce allows one more handshake.
	RenegotiateOnce
	// RenegotiateFreely allows any number of them.
	RenegotiateFreely
	// RenegotiateIgnored goes on without a word, as RFC 5246, section
	// 7.4.1.1, allows a client.
	RenegotiateIgnored
	// RenegotiateFatal ends the connection with no_renegotiation.
	RenegotiateFatal
)

// FalseStart says whether a client of TLS 1.2 sends data before the server's
// Finished has come. RFC 7918.
type FalseStart uint8

const (
	// NoFalseStart waits for it.
	NoFalseStart FalseStart = iota
	// FalseStartALPN does not, if an application protocol was agreed on: the
	// servers that cannot bear it are older than that extension.
	FalseStartALPN
	// FalseStartAny does not, even without one.
	FalseStartAny
)

// A Config is the settings of a connection. It is shared and not changed
// while it is in use.
type Config struct {
	Policy    *policy.Policy
	Protocols []string         // ALPN, in order of preference
	Rand      io.Reader        // of cryptographic quality
	Now       func() time.Time // the host's clock

	// RecordSizeLimit is the longest protected record that this side takes, as
	// RFC 8449 counts: in bytes of content, and one more in TLS 1.3; 64 at
	// least. A client offers it, a server answers with it. 0: a client offers
	// none, a server takes what the protocol allows.
	RecordSizeLimit uint16
	// MaxFragment is offered by a client: max_fragment_length, 0 for none.
	MaxFragment wire.MaxFragmentLength
	// SendLimit is how many bytes of content a record of this side has at most;
	// 0: as many as the peer allows.
	SendLimit uint16

	// Renegotiation says whether the peer may ask for another handshake in TLS
	// 1.2 and below. RequireSecure refuses peers that do not know RFC 5746.
	Renegotiation Renegotiation
	RequireSecure bool

	// SSL2 speaks SSL 2.0, and nothing else: see package sslv2.
	SSL2 bool

	// NoStatus and NoSCTs: a client asks for no OCSP response and no SCTs, a
	// server gives none.
	NoStatus, NoSCTs bool

	// Compress are the algorithms with which the certificate of this side is
	// compressed, the most wanted first, once it was used as often as
	// CompressAfter says. Decompress are those that are accepted of the peer.
	// RFC 8879; TLS 1.3.
	Compress, Decompress []*compress.Algorithm
	CompressAfter        int

	// PeerTypes are the forms of the peer's certificate that are accepted, the
	// most wanted first; nil: X.509. OwnTypes are those that a client can
	// show. RFC 7250.
	PeerTypes, OwnTypes []iana.CertificateType

	// AcceptDelegated asks the peer for a delegated credential, with the schemes
	// of the policy that may be used with one. RFC 9345; TLS 1.3.
	AcceptDelegated bool

	// MaxCertificate is the length in bytes of the longest Certificate message
	// that is accepted, compressed or not; 0: 2^17.
	MaxCertificate int

	// PSKs are keys that were agreed on by other means, the most wanted first.
	// A client offers them beside a session, a server takes the first that is
	// offered before it shows a certificate. A client with RequirePSK takes no
	// certificate. A server with AskPSKs asks for them once there is an offer.
	// PSKHint is what a server of TLS 1.2 and below says for clients to know
	// which key to use (RFC 4279, section 5.2); what it means is up to both.
	PSKs       []*psk.External
	RequirePSK bool
	AskPSKs    bool
	PSKHint    []byte

	// Of a server.
	NoNameAnswer bool // do not tell clients that their server_name was used
	ClientStatus bool // ask clients of TLS 1.3 for what there is of those
	AskSettings  bool // ask for other Settings once the ClientHello is read
	ClientAuth   ClientAuth
	Authorities  [][]byte      // DER names to put into the CertificateRequest
	Tickets      *session.Keys // nil: no tickets are given or taken
	SessionIDs   bool          // resume TLS 1.2 by session ID: the host keeps the sessions
	ECH          *ech.Keys     // opens encrypted ClientHellos; nil: they are ignored
	AskECHKeys   bool          // ask for other ECHKeys once the ClientHello is read
	MoreTickets  uint8         // that are given beside the first after a full handshake of TLS 1.3
	MaxEarlyData uint32        // bytes of early data that tickets allow; 0: none
	EarlySkew    time.Duration // by how much a client's age of a ticket may differ for early data; 0: ten seconds

	// Of a client.
	ServerName    string // for server_name; empty or an IP address: none is sent
	ECHConfigs    []byte // an ECHConfigList: encrypt the ClientHello (RFC 9849)
	ECHRequired   bool   // fail if that has nothing usable
	ECHGrease     bool   // without it, send an extension that looks like it
	Session       *Offered
	ClientTickets bool // take tickets for later
	EarlyData     bool // offer early data if the session allows it
	Fallback      bool // say that a newer version was tried and failed
	FalseStart    FalseStart
	// PermuteExtensions puts the extensions of the ClientHello in a random
	// order. ServerAuthorities are the DER names of the authorities that a
	// server should have its certificate from, for certificate_authorities.
	PermuteExtensions bool
	ServerAuthorities [][]byte
	NoGREASE          bool // leave out the values of RFC 8701
	SendSSL2Hello     bool // send the ClientHello in the format of SSL 2.0; not with TLS 1.3

	// Record keeps the story of a handshake that is complete; that of one that
	// failed is kept in any case.
	Record bool

	// AskApproval asks for the host's approval before the handshake is
	// completed.
	AskApproval bool

	// PostHandshakeAuth lets a server ask for the client's certificate once the
	// handshake is complete: a client says that it may, a server keeps what it
	// needs for it. RFC 9846, sections 4.3.6 and 4.7.2; TLS 1.3.
	PostHandshakeAuth bool

	// Reverify asks for a verdict on the peer's chain also when the session is
	// resumed in which it was shown: it may have expired, or lost its trust.
	Reverify bool

	// Messages sees every handshake message, ChangeCipherSpec and alert in the
	// clear, as it is sent or received; nil: nobody looks. A ChangeCipherSpec
	// that is dropped (RFC 9846, section 5) is none. A hello in the format of
	// SSL 2.0 has the content type SSL2Content, one that goes encrypted in
	// another InnerHello.
	Messages func(sent bool, ct iana.ContentType, message []byte)

	// KeyLog takes the secrets of a connection in NSS's key log form: label,
	// client random, secret. nil: none.
	KeyLog func(label string, clientRandom, secret []byte)
}

// SSL2Content stands for the content type of a hello in the format of SSL 2.0,
// which has none.
const SSL2Content iana.ContentType = 0x80

// Offered is a session that a client offers to resume.
type Offered struct {
	Ticket    []byte
	SessionID []byte
	State     *session.State
}

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

// Established is what a handshake agreed on. It outlives the handshake.
type Established struct {
	Version    iana.Version
	Suite      iana.Suite
	Group      iana.Group
	Scheme     iana.SignatureScheme // of the server
	PeerScheme iana.SignatureScheme // with which the peer has signed; 0: it has not

	PeerType, OwnType     iana.CertificateType // the forms of the certificates
	ReadLimit, WriteLimit uint16               // bytes of content in a record; 0: 2^14

	ALPN       string
	ServerName string // of the client's server_name
	PSK        []byte // the identity of the external pre-shared key that proves who both are; nil: there is none
	PSKTag     psk.Tag
	Resumed    bool
	Retried    bool
	EMS        bool // extended_master_secret, or TLS 1.3
	EtM        bool // encrypt_then_mac
	Secure     bool // secure renegotiation, before TLS 1.3
	FalseStart bool // a client may send data from its Finished on, though the server's has not come

	HelloVersion iana.Version // client_version of a client's first ClientHello

	ECH   *ECHOutcome // nil: Encrypted Client Hello was not offered
	Early *EarlyData  // nil: early data was not offered
	Began int64       // as session.State has it, of a session that was resumed

	Local *sign.Credential // what this side showed
	Peer  *PeerCertificates

	// TLS 1.3: the traffic secrets of both directions and those derived later.
	ReadTraffic, WriteTraffic schedule.Secret
	Exporter, Resumption      schedule.Secret
	// The transcript up to the client's Finished, as Transcript.Save gives it,
	// if the client may be asked for its certificate later.
	Transcript []byte

	ClientRandom, ServerRandom [32]byte

	*Legacy // TLS 1.2 and below; nil: it has not come to it
}

// Legacy is what only TLS 1.2 and below have to agree on.
type Legacy struct {
	SessionID                  []byte // under which the session can be kept
	Ticket                     []byte // that a client was given
	TicketLifetime             uint32 // seconds
	Master                     [48]byte
	ClientVerify, ServerVerify [prf.MaxFinishedLen]byte // verify_data, for renegotiation_info and tls-unique
	VerifyLen                  uint8                    // of either, in bytes
	Prime                      uint16                   // of DHE, its length in bits; 0: there was none
}

// VerifyData gives what renegotiation_info has to hold after this handshake, of
// a client or of a server; empty before the first. RFC 5746, section 3.2.
func (e *Established) VerifyData(server bool) []byte {
	switch {
	case e == nil || e.Legacy == nil:
		return nil
	case server:
		return slices.Concat(e.ClientVerify[:e.VerifyLen], e.ServerVerify[:e.VerifyLen])
	}
	return e.ClientVerify[:e.VerifyLen]
}

// TLSUnique gives the channel binding tls-unique, the first Finished of the
// handshake: nil where there is none that is unique, in TLS 1.3 and after a
// resumption without extended_master_secret. RFC 5929, section 3.1; RFC 7627,
// section 1.
func (e *Established) TLSUnique() []byte {
	if e.Legacy == nil || e.Resumed && !e.EMS {
		return nil
	}
	first := e.ClientVerify
	if e.Resumed {
		first = e.ServerVerify
	}
	if first == [len(first)]byte{} {
		return nil
	}
	return first[:e.VerifyLen]
}

// A Target is what differs between the connections of a client that share a
// Config. It takes the place of the fields of the same names.
type Target struct {
	ServerName string
	Session    *Offered
	EarlyData  bool
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
