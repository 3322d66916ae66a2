package handshake

import (
	"io"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/compress"
	"github.com/handsel-tls/handsel/internal/protocol/ech"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/psk"
	"github.com/handsel-tls/handsel/internal/protocol/session"
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

// A Target is what differs between the connections of a client that share a
// Config. It takes the place of the fields of the same names.
type Target struct {
	ServerName string
	Session    *Offered
	EarlyData  bool
}
