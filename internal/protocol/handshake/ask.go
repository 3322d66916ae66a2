package handshake

import (
	"crypto"
	"crypto/x509"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/ech"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/negotiate"
	"github.com/handsel-tls/handsel/internal/protocol/psk"
	"github.com/handsel-tls/handsel/internal/protocol/session"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// A Question is something that a handshake needs from its host before it can
// go on. The host may answer at once or later.
type Question uint8

const (
	// Settings: a server has read the ClientHello and asks under which
	// settings to go on. Answer.Settings, or nil to keep those it has.
	Settings Question = iota + Question(OnSettings-Begin)
	// Session: a server asks for the session of Ask.Ticket or Ask.SessionID.
	// Answer.Session, or nil.
	Session
	// Credential: which certificate to show, or which ones to choose from. A
	// server must have one; a client may answer nil. None of several that
	// fits is a fault.
	Credential
	// Signature: sign Ask.Content with Ask.Credential and Ask.Scheme.
	// Answer.Bytes.
	Signature
	// Verdict: is the chain of Ask.Peer to be trusted? Answer.Err, nil for
	// yes.
	Verdict
	// Premaster: decrypt Ask.Content with Ask.Credential by RSA PKCS#1 v1.5
	// to Ask.Length bytes, in constant time. Answer.Bytes; any outcome is as many
	// (RFC 5246, section 7.4.7.1).
	Premaster
	// Approval: all is well so far; may the handshake be completed?
	// Answer.Err, nil for yes. It is asked if Config.AskApproval is set.
	Approval
	// ECHKeys: which keys open the encrypted ClientHello in Ask.Offer?
	// Answer.ECHKeys, nil for none. It is asked if Config.AskECHKeys is set.
	ECHKeys
	// Replay: the client's early data can be taken, if its ClientHello is not
	// one that was seen before: Ask.Content, which is unique to it, must not
	// have been asked about already within Ask.Window. Answer.Fresh, or
	// Answer.Why not.
	Replay
	// PSKs: which external pre-shared keys may the client of Ask.Offer, or of
	// Ask.Identity below TLS 1.3, use? Answer.PSKs, the most wanted first. It is
	// asked if Config.AskPSKs is set.
	PSKs
)

func (q Question) String() string {
	if i := int(q - Settings); i < len(questions) {
		return questions[i]
	}
	return "question"
}

var questions = [...]string{"settings", "session", "certificate", "signature", "verdict on the peer's chain", "premaster secret", "approval",
	"keys for the encrypted ClientHello", "replay", "pre-shared keys"}

// trigger is what the answer to the question sets off.
func (q Question) trigger() Trigger { return Begin + Trigger(q) }

// An Ask is a question with what is needed to answer it. What it points at
// may be used until the answer is given.
type Ask struct {
	Question Question

	Offer      *negotiate.Offer     // Settings, Session, and Credential of a server
	Request    *CertificateRequest  // Credential of a client
	Ticket     []byte               // Session: a ticket, sealed with one of
	Keys       *session.Keys        // Session: these keys, or; Replay: those of the ticket
	SessionID  []byte               // Session: a session ID (TLS 1.2)
	Credential *sign.Credential     // Signature, Premaster
	Scheme     iana.SignatureScheme // Signature; 0 for the signatures of TLS 1.1 and below
	Content    []byte               // Signature, Premaster, Replay
	Length     int                  // Premaster: of the secret, in bytes
	Window     time.Duration        // Replay: within which Content may come again
	Peer       *PeerCertificates    // Verdict
	Identity   []byte               // PSKs: of a pre-shared key (TLS 1.2 and below)
	PublicName string               // Verdict: the name that the server has to be verified for in place of the settings', because it rejected the encrypted ClientHello
}

// An Answer answers an Ask; which field counts depends on the question. Err
// ends the handshake, except that for a Verdict it is the answer.
type Answer struct {
	Settings   *Config
	ECHKeys    *ech.Keys
	OuterHello bool // Settings: answer the ClientHelloOuter rather; it is asked about next
	Session    *session.State
	Renew      bool // Session: give the client a new ticket
	Credential *sign.Credential
	Candidates []*sign.Credential // Credential: several, the most wanted first, in place of one
	Bytes      []byte
	PSKs       []*psk.External
	Fresh      bool      // Replay: it was not seen before
	Why        trace.Why // Replay: why it is not taken
	Err        error
}

// A CertificateRequest is what a server wants to see of its client.
type CertificateRequest struct {
	Version     iana.Version
	Form        iana.CertificateType         // that was agreed on: X.509 or a raw public key
	Authorities [][]byte                     // DER names of the issuers it trusts; empty: any
	Schemes     []iana.SignatureScheme       // it can verify
	SchemesCert []iana.SignatureScheme       // it can verify in certificates, if they differ
	Types       []iana.ClientCertificateType // TLS 1.2 and below
}

// PeerCertificates is what the peer has shown of itself.
type PeerCertificates struct {
	Chain [][]byte          // DER, the peer's own first
	Leaf  *x509.Certificate // the first, parsed
	Key   crypto.PublicKey  // of the first; nil: of a kind that is not implemented
	// RawPublicKey is the SubjectPublicKeyInfo that was shown in place of
	// certificates: Chain and Leaf are nil then. RFC 7250.
	RawPublicKey []byte
	OCSPStaple   []byte
	SCTs         [][]byte

	Delegated  *sign.Delegation // in place of Key; nil: there is none
	delegation []byte           // as it was shown
}

// Pose asks the host. The state that the handler returns waits for the
// answer.
func (c *Core) Pose(a Ask) {
	if a.Question == Verdict && c.ECHRejected() {
		a.PublicName = c.Done.ECH.PublicName
	}
	c.ask, c.pending = a, true
	c.Log.Asked(uint8(a.Question))
}

// Pending gives the question that waits for an answer, nil if there is none.
func (c *Core) Pending() *Ask {
	if !c.pending {
		return nil
	}
	return &c.ask
}

// Resolve takes the answer to the pending question and gives the trigger that
// it sets off.
func (c *Core) Resolve(a Answer) (Trigger, error) {
	q := c.ask.Question
	c.ask, c.pending, c.Answer = Ask{}, false, a
	c.Log.Answered(uint8(q))
	if a.Err != nil && q != Verdict && q != Approval {
		if _, ok := fault.Of(a.Err); ok {
			return 0, a.Err
		}
		return 0, fault.With(failed[q], "%w", a.Err)
	}
	return q.trigger(), nil
}

// failed names the fault of an answer that is an error of no known kind.
var failed = map[Question]fault.Code{
	Settings:   fault.ConfigFailed,
	Session:    fault.Internal,
	Credential: fault.CertificateUnusable,
	Signature:  fault.SigningFailed,
	Premaster:  fault.Internal,
	ECHKeys:    fault.ConfigFailed,
	PSKs:       fault.ConfigFailed,
}

// Reverified goes on with next, or first asks for a verdict on the chain of the
// session that is resumed, if the settings want that and there is one, and
// returns the state that waits for it.
func (c *Core) Reverified(waiting State, next func() (State, error)) (State, error) {
	if c.Config.Reverify && c.Done.Peer != nil {
		c.Pose(Ask{Question: Verdict, Peer: c.Done.Peer})
		return waiting, nil
	}
	return next()
}

// Approve goes on with finish, or asks the host first if it wants to be asked
// and returns the state that waits for its approval.
func (c *Core) Approve(waiting State, finish func() (State, error)) (State, error) {
	if c.Config.AskApproval {
		c.Pose(Ask{Question: Approval})
		return waiting, nil
	}
	return finish()
}

// IfYes goes on with next if the host has answered a Verdict or an Approval with
// yes.
func (c *Core) IfYes(next func() (State, error)) (State, error) {
	if err := Verdicted(c.Answer.Err); err != nil {
		return 0, err
	}
	return next()
}
