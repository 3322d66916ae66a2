package trace

import (
	"crypto"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// Side is one of the two ends of a connection.
type Side uint8

const (
	Client Side = iota + 1
	Server
)

func (s Side) String() string { return [...]string{"", "client", "server"}[s] }

// Other gives the other side.
func (s Side) Other() Side { return 3 - s }

// A Record is the whole story of one handshake: what was offered, what was
// chosen and what lost to it, how far the handshake went and how it ended. It
// holds no secret.
type Record struct {
	Side     Side          // the side that kept the record
	Started  time.Time     // when the first byte was sent or received
	Duration time.Duration // until the handshake was complete or had failed

	ServerName string               // server_name of the client, empty if it sent none
	Version    iana.Version         // 0 if the handshake did not come to it; so with all below
	Suite      iana.Suite           //
	Group      iana.Group           //
	Scheme     iana.SignatureScheme // of the server's signature
	Prime      int                  // of DHE, its length in bits
	ALPN       string               //
	Resumed    bool                 // a session was resumed
	Retried    bool                 // there was a HelloRetryRequest
	After      bool                 // the client was authenticated after the handshake: there are no hellos
	ECH        ECHStatus            // what became of encrypted_client_hello
	EarlyData  bool                 // early data was offered
	EarlyWhy   Why                  // it was not accepted; 0: it was, or the handshake did not come to it
	OuterName  string               // server_name outside of the encrypted ClientHello, if there was one

	ClientHello []byte // the first ClientHello, whole, with its 4-byte header
	ServerHello []byte // the ServerHello, likewise

	Choices []Choice // in the order in which they were made
	Steps   []Step   // in the order in which they happened
	Lost    int      // events that no longer fitted

	Failure *Failure // nil if the handshake was complete

	// Of a handshake that failed, so that it can be tried again with something
	// changed:
	Settings *Settings   // what this side is willing to do
	Chains   [2][][]byte // certificates that a side has shown, by Side-1, DER, its own first

	events []Event // not yet sorted into Choices and Steps
	name   Namer
}

// Settings are what a side is willing to do, the most wanted first. They are
// those of the connection, which others may share: they are not to be changed.
type Settings struct {
	Policy    string // its name, empty if it has none
	Versions  []iana.Version
	Suites    []iana.Suite
	Groups    []iana.Group
	Schemes   []iana.SignatureScheme // to accept and to sign with
	SignOnly  []iana.SignatureScheme // to sign with only
	Protocols []string               // ALPN
	Keys      []Key                  // of the certificates that came into question; nil: the handshake did not come to it
}

// A Key is what the choices ask of a certificate's key.
type Key struct {
	Public   crypto.PublicKey
	Decrypts bool // it can be used for RSA key exchange
}

// A Namer gives the names of states and questions, which belong to the
// machines.
type Namer func(k Kind, t Topic, code uint16) string

// A Choice is what was chosen of a topic, with every candidate that was looked
// at and refused.
type Choice struct {
	Topic   Topic
	Made    bool // whether anything was chosen
	Chosen  uint16
	Refused []Refusal
}

// A Refusal is a candidate that lost, and why.
type Refusal struct {
	Value uint16
	Why   Why
}

// A Step is a message, an alert, a change of keys or of the state.
type Step struct {
	At    time.Duration // since the start
	Kind  Kind          // Entered, Received, Sent, AlertReceived, AlertSent, ReadKeys, WriteKeys, Asked, Answered
	Name  string        // of the message, the alert, the state or the question
	Fatal bool          // of an alert
}

// A Failure is how a handshake ended that did not succeed.
type Failure struct {
	Code     fault.Code
	By       By         // who ended the handshake
	State    string     // the state in which it ended, in the RFC's words
	Detail   string     // what exactly, for the operator
	Alert    iana.Alert // that was sent, or received
	HasAlert bool       // whether one was
}

// By is who ended a handshake.
type By uint8

const (
	ByUs      By = iota + 1 // this side found something wrong
	ByPeer                  // the peer sent an alert or close_notify, or closed the connection
	ByNetwork               // the connection broke, or a time limit ran out
)

func (b By) String() string { return [...]string{"", "this side", "the peer", "the network"}[b] }

// Error tells the whole failure in one sentence.
func (f *Failure) Error() string {
	s := f.Code.Sentence()
	if f.Detail != "" {
		s += ": " + f.Detail
	}
	return s
}

// Keep takes the log's events over, as they are: most records are looked at for
// a line, and few for every step.
func (r *Record) Keep(l *Log, name Namer) {
	r.events, r.Lost = l.Events()
	r.name = name
}

// Unresumed says why the session of the client that was looked at last was not
// resumed; 0: it offered none, or one was resumed. It is for a record that Fill has
// not sorted yet.
func (r *Record) Unresumed() (why Why) {
	for _, e := range r.events {
		if e.Topic != Session {
			continue
		}
		if e.Kind == Chose {
			return 0
		}
		if e.Kind == Refused {
			why = Why(e.Arg)
		}
	}
	return why
}

// Fill sorts the events that were kept into Choices and Steps.
func (r *Record) Fill() {
	for _, e := range r.events {
		switch e.Kind {
		case Chose, Refused:
			r.choice(e)
		default:
			r.Steps = append(r.Steps, step(e, r.name))
		}
	}
	r.events = nil
}

func (r *Record) choice(e Event) {
	c := r.open(e.Topic)
	if c == nil {
		r.Choices = append(r.Choices, Choice{Topic: e.Topic})
		c = &r.Choices[len(r.Choices)-1]
	}
	if e.Kind == Chose {
		c.Made, c.Chosen = true, e.Code
		return
	}
	c.Refused = append(c.Refused, Refusal{e.Code, Why(e.Arg)})
}

// open gives the choice of a topic that is being made, nil if there is none. That
// of a certificate goes on while suites and schemes are tried with each.
func (r *Record) open(t Topic) *Choice {
	for i := len(r.Choices) - 1; i >= 0; i-- {
		switch c := &r.Choices[i]; {
		case c.Topic == t && (i == len(r.Choices)-1 || !c.Made):
			return c
		case t != Credential:
			return nil
		}
	}
	return nil
}

func step(e Event, name Namer) Step {
	s := Step{At: time.Duration(e.Arg) * time.Microsecond, Kind: e.Kind}
	switch e.Kind {
	case Received, Sent:
		s.Name = iana.HandshakeType(e.Code).String()
	case AlertReceived, AlertSent:
		s.Name = iana.Alert(e.Code & 0xff).String()
		s.Fatal = iana.AlertLevel(e.Code>>8) == iana.LevelFatal
	case ReadKeys:
		s.Name = "read keys"
	case WriteKeys:
		s.Name = "write keys"
	default:
		s.Name = name(e.Kind, e.Topic, e.Code)
	}
	return s
}
