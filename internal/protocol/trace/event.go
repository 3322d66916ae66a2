// Package trace keeps what happened in a handshake: small events without
// pointers in a Log that comes from a pool, and the Record that is made of
// them for whoever wants to see the handshake.
//
// A Log is always kept, because a failure has to be explainable though nobody
// had asked for an explanation. It costs a few nanoseconds an event and is
// thrown away when a handshake succeeds that nobody watches.
package trace

import (
	"strconv"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// An Event is one thing that happened. Its size is 8 bytes.
type Event struct {
	Kind  Kind
	Topic Topic
	Code  uint16 // a value of the topic's registry, a state, a message type
	Arg   uint32 // see Kind
}

// Kind says what an event tells.
type Kind uint8

const (
	// Entered a state: Code is the state, Arg the time in microseconds since
	// the handshake began, Topic the machine.
	Entered Kind = iota + 1
	// Received a message: Code is its type, Arg the time.
	Received
	// Sent a message: Code is its type, Arg the time.
	Sent
	// Chose a value: Code is the value.
	Chose
	// Refused a candidate: Code is the value, Arg the Why.
	Refused
	// AlertReceived and AlertSent: Code is level<<8 | description, Arg the
	// time.
	AlertReceived
	AlertSent
	// ReadKeys and WriteKeys: the keys of a direction changed; Arg the time.
	ReadKeys
	WriteKeys
	// Asked the host a question (Code is the question), and Answered.
	Asked
	Answered
)

// Topic is what a choice is about.
type Topic uint8

// The topics of choices, in the order in which a handshake comes to them.
const (
	Version Topic = iota + 1
	Suite
	Group
	Protocol // ALPN; Code is the place in the list
	Session  // resumption; Code is the place in the client's list
	Credential
	Scheme
	Compression // of the certificate
	ECH         // configurations for Encrypted Client Hello; Code is the place in the list
	EarlyData   // of the client; Code is the place of its session in the list
	Form        // of the client's certificate
	PSK         // an external pre-shared key; Code is the place in the client's list
)

var topics = [...]string{"", "version", "cipher suite", "group", "application protocol", "session", "certificate", "signature scheme", "certificate compression",
	"encrypted ClientHello", "early data", "form of the client's certificate", "pre-shared key"}

func (t Topic) String() string {
	if int(t) < len(topics) {
		return topics[t]
	}
	return "topic " + strconv.Itoa(int(t))
}

// Value names a code of the topic with its registry's name.
func (t Topic) Value(code uint16) string {
	switch t {
	case Version:
		return iana.Version(code).String()
	case Suite:
		return iana.Suite(code).String()
	case Group:
		return iana.Group(code).String()
	case Scheme:
		return iana.SignatureScheme(code).String()
	case Form:
		return iana.CertificateType(code).String()
	case Compression:
		return iana.CertificateCompression(code).String()
	}
	return "#" + strconv.Itoa(int(code))
}

// Why says why a candidate was refused.
type Why uint32

const (
	// NotOffered by the peer.
	NotOffered Why = iota + 1
	// NotAllowed by this side's policy.
	NotAllowed
	// Outranked by one that this side, or the peer, prefers.
	Outranked
	// WrongVersion: it does not exist in the version that was chosen.
	WrongVersion
	// NoGroup: it needs a group and the sides have none in common.
	NoGroup
	// NoKey: no certificate here has a key that can do it.
	NoKey
	// NoScheme: the peer cannot verify what the key can sign.
	NoScheme
	// WrongName: the certificate is not for the name.
	WrongName
	// WrongIssuer: the peer asked for other issuers.
	WrongIssuer
	// Expired: too old.
	Expired
	// Unknown here: it cannot be opened or found.
	Unknown
	// WrongHash: it goes with another hash.
	WrongHash
	// WrongContext: it belongs to another name, protocol or client.
	WrongContext
	// NoShare: the peer sent no key share for it, another was at hand.
	NoShare
	// Disabled here.
	Disabled
	// OtherID: the client's encrypted ClientHello names another configuration.
	OtherID
	// NotDecrypted: the client used another key, or none.
	NotDecrypted
	// NoHPKE: the KEM, or every cipher suite of it, is unknown here.
	NoHPKE
	// Mandatory: it has an extension that has to be known and is not.
	Mandatory
	// BadPublicName: its public name is not one of a host.
	BadPublicName
	// BadPublicKey: its public key is not valid.
	BadPublicKey
	// NoSession was offered.
	NoSession
	// NotResumed: the session was not.
	NotResumed
	// NotOfSession: the session does not allow it.
	NotOfSession
	// Retried: there was a HelloRetryRequest.
	Retried
	// NotFirst: the session is not the first of the client's list.
	NotFirst
	// WrongSuite: the session was made with another cipher suite.
	WrongSuite
	// WrongProtocol: the session was made with another application protocol.
	WrongProtocol
	// AgeSkew: the ticket is older or younger than the client says.
	AgeSkew
	// Seen before: it may be a replay.
	Seen
	// RegisterFull: there is no room to remember it.
	RegisterFull
	// RegisterYoung: what came before the register began may be replayed.
	RegisterYoung
	// NoRegister: nobody remembers what was seen.
	NoRegister
	// Declined by the peer, which does not say why.
	Declined
	// WrongForm: the peer takes certificates of another form.
	WrongForm
)

var whys = [...]string{"", "not offered by the peer", "not allowed here", "another is preferred",
	"not of this version", "no group in common", "no certificate with such a key",
	"the peer cannot verify such a signature", "not for this name", "not of an issuer the peer asked for",
	"expired", "unknown here", "goes with another hash", "belongs to another name or protocol",
	"no key share was sent for it", "disabled here",
	"the client names another", "what came cannot be decrypted with it", "its KEM or cipher suites are unknown here",
	"it has a mandatory extension that is unknown here", "its public name is no host name", "its public key is not valid",
	"no session was offered", "the session was not resumed", "the session does not allow it", "there was a HelloRetryRequest",
	"the session is not the first that is offered", "the session was made with another cipher suite",
	"the session was made with another application protocol", "the ticket's age is not the one that the client tells",
	"it was seen before", "the register of what was seen is full", "the register of what was seen is too young",
	"there is no register of what was seen", "the peer does not say",
	"the peer does not take certificates of this form"}

func (w Why) String() string {
	if int(w) < len(whys) {
		return whys[w]
	}
	return "reason " + strconv.Itoa(int(w))
}
