package tls

import (
	"crypto/sha256"
	"net"
	"sync"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/verify"
)

// A Record is the story of one handshake: what was offered, what was chosen
// and what lost to it, how far the handshake went and how it ended. It holds no
// secret.
type Record struct {
	Connection    ConnectionID // the same for all handshakes of a connection
	Server        bool         // this side was the server
	Local, Remote net.Addr
	Started       time.Time
	Duration      time.Duration // until it was complete or had failed

	// What was agreed on; empty or 0 where the handshake did not come to it.
	ServerName      string // the client's server_name
	Version         uint16
	CipherSuite     uint16
	Curve           CurveID
	SignatureScheme SignatureScheme // of the server
	Protocol        string          // ALPN
	Resumed         bool
	Retried         bool // there was a HelloRetryRequest

	// Unresumed says why a server has not resumed the session that the client
	// offered; empty: it offered none, or one was resumed.
	Unresumed string

	// PeerPublicKey is the SHA-256 of the raw public key that the peer has shown in
	// place of a certificate (RFC 7250); nil: it has shown none.
	PeerPublicKey []byte

	// PreSharedKey is the identity of the external pre-shared key that proves who
	// both are; nil: there is none.
	PreSharedKey []byte

	// PostHandshake: a client was asked for its certificate after the handshake
	// of TLS 1.3, and this is how that went.
	PostHandshake bool

	// What became of Encrypted Client Hello: empty if it was not offered, or
	// "accepted", "rejected" (to a server this may have been "grease"), "grease"
	// (this side sent an extension that means nothing), "ignored" (this side has
	// no keys), "disallowed" (a program wanted it so), "backend" (another server
	// has decrypted it), "offered" (the handshake did not come further). If it
	// was offered, OuterName is the server_name that the network could read.
	ECH       string
	OuterName string

	// EarlyData says what became of early data: "accepted", or why it was not;
	// empty: it was not offered, or the handshake did not come to it.
	EarlyData string

	// Weak says what of that is known to be weak, each in a sentence without its
	// period: an old version, RC4, 3DES, a key exchange without forward secrecy or
	// with a short prime, a signature with SHA-1.
	Weak []string

	ClientHello []byte // the first one, with its header of 4 bytes
	ServerHello []byte // likewise

	// What was said, in order, up to the end of the handshake, if
	// Config.KeepMessages is set. It may stop early: there is a limit.
	Messages []Message // in the clear
	Passages []Passage // on the wire

	Failure *Failure // nil: the handshake was complete

	details details
}

// details are worked out when somebody asks for them.
type details struct {
	once    sync.Once
	trace   *trace.Record
	offered []string       // our application protocols
	certs   []string       // our certificates, if there was a choice
	chain   *verify.Result // what was looked at in the peer's chain

	identities []string // of the pre-shared keys that the client has offered

	choices []Choice
	steps   []Step
	checked []Check
}

// is reports whether the record was made of t.
func (r *Record) is(t *trace.Record) bool { return r != nil && r.details.trace == t }

func (r *Record) expand() *details {
	d := &r.details
	d.once.Do(func() {
		if d.trace == nil {
			return
		}
		d.trace.Fill()
		d.identities = identitiesOf(d.trace)
		for _, c := range d.trace.Choices {
			choice := d.newChoice(c)
			if c.Topic == trace.PSK && c.Made && r.PreSharedKey != nil {
				choice.Chosen = string(r.PreSharedKey)
			}
			d.choices = append(d.choices, choice)
		}
		for _, s := range d.trace.Steps {
			d.steps = append(d.steps, Step{s.At, kinds[s.Kind], s.Name})
		}
		if d.chain == nil {
			return
		}
		for _, s := range d.chain.Steps() {
			d.checked = append(d.checked, Check{s.Check.String(), s.Index, s.Subject, s.OK, s.Detail})
		}
	})
	return d
}

// Choices gives what was chosen, in its order, and what lost to it.
func (r *Record) Choices() []Choice { return r.expand().choices }

// Steps gives what happened, in its order.
func (r *Record) Steps() []Step { return r.expand().steps }

// Checks gives what was looked at in the peer's chain, in its order; nothing if
// it was not verified.
func (r *Record) Checks() []Check { return r.expand().checked }

// A Choice is what was chosen of a topic, and every candidate that lost.
type Choice struct {
	// Topic is "version", "cipher suite", "group", "application protocol",
	// "session", "certificate", "signature scheme", "certificate compression",
	// "encrypted ClientHello" or "early data".
	Topic   string
	Chosen  string // empty: nothing was
	Refused []Refusal
}

// A Refusal is a candidate that lost, and why.
type Refusal struct{ Value, Why string }

// A Check is one thing that was looked at in a certificate of the peer's chain.
type Check struct {
	Name        string // "parse", "issuer", "signature", "dates", "key", "constraints", "purpose", "name"
	Certificate int    // its place among those the peer sent, its own 0; -1: it was not sent
	Subject     string // of the certificate; empty if it could not be parsed
	OK          bool
	Detail      string // in a sentence without its period
}

// A Step is a message, an alert, a change of keys or of the state, or a
// question to the program.
type Step struct {
	At   time.Duration // since the start
	Kind string        // "received", "sent", "alert received", "alert sent", "keys", "state", "asked", "answered"
	Name string
}

// A Failure is how a handshake ended that did not succeed.
type Failure struct {
	Fault    string // one stable word
	Sentence string // what went wrong
	Detail   string // what exactly
	Clause   string // of the standard
	Whose    string // at whose door it lies: "peer", "both", "local", "peer said", "trust"
	By       string // who ended the handshake: "this side", "the peer", "the network"
	State    string // in the RFC's words
	Alert    string // that was sent or received; empty: none
	Number   uint8  // of the alert
}

// Error tells the failure in one sentence.
func (f *Failure) Error() string {
	if f.Detail == "" {
		return f.Sentence
	}
	return f.Sentence + ": " + f.Detail
}

func newRecord(t *trace.Record, c *Conn) *Record {
	r := &Record{
		Connection: c.id,
		Server:     t.Side == trace.Server, Local: c.conn.LocalAddr(), Remote: c.conn.RemoteAddr(),
		Started: t.Started, Duration: t.Duration, ServerName: t.ServerName,
		Version: uint16(t.Version), CipherSuite: uint16(t.Suite), Curve: CurveID(t.Group),
		SignatureScheme: SignatureScheme(t.Scheme), Protocol: t.ALPN, Resumed: t.Resumed, Retried: t.Retried, PostHandshake: t.After,
		ECH: t.ECH.String(), OuterName: t.OuterName, Weak: policy.Used{Version: t.Version, Suite: t.Suite, Scheme: t.Scheme, Prime: t.Prime}.Weak(),
		ClientHello: t.ClientHello, ServerHello: t.ServerHello,
	}
	if r.Server && !r.Resumed {
		if why := t.Unresumed(); why != 0 {
			r.Unresumed = why.String()
		}
	}
	switch {
	case t.EarlyWhy != 0:
		r.EarlyData = t.EarlyWhy.String()
	case t.EarlyData && t.Failure == nil:
		r.EarlyData = "accepted"
	}
	r.details.trace, r.details.offered, r.details.chain = t, c.host.config.NextProtos, c.host.checked
	if peer := c.engine.Established().Peer; peer != nil && peer.RawPublicKey != nil {
		hash := sha256.Sum256(peer.RawPublicKey)
		r.PeerPublicKey = hash[:]
	}
	r.PreSharedKey = c.engine.Established().PSK
	if c.host.choices != nil {
		r.details.certs = nameCredentials(*c.host.choices)
	}
	if s := t.Settings; s != nil && s.Keys == nil && r.Server { // the handshake did not come to it
		s.Keys = c.host.config.keys()
	}
	if f := t.Failure; f != nil {
		r.Failure = &Failure{
			Fault: f.Code.Name(), Sentence: f.Code.Sentence(), Detail: f.Detail, Clause: f.Code.Clause(),
			Whose: f.Code.Whose().String(), By: f.By.String(), State: f.State,
		}
		if f.HasAlert {
			r.Failure.Alert, r.Failure.Number = f.Alert.String(), uint8(f.Alert)
		}
	}
	return r
}

var kinds = map[trace.Kind]string{
	trace.Entered: "state", trace.Received: "received", trace.Sent: "sent",
	trace.AlertReceived: "alert received", trace.AlertSent: "alert sent",
	trace.ReadKeys: "keys", trace.WriteKeys: "keys", trace.Asked: "asked", trace.Answered: "answered",
}

func (d *details) newChoice(t trace.Choice) Choice {
	names := map[trace.Topic][]string{trace.Protocol: d.offered, trace.Credential: d.certs, trace.PSK: d.identities}[t.Topic]
	name := func(code uint16) string {
		if int(code) < len(names) {
			return names[code]
		}
		return t.Topic.Value(code)
	}
	c := Choice{Topic: t.Topic.String()}
	if t.Made {
		c.Chosen = name(t.Chosen)
	}
	for _, refused := range t.Refused {
		c.Refused = append(c.Refused, Refusal{name(refused.Value), refused.Why.String()})
	}
	return c
}

// nameCredentials names certificates for people to read.
func nameCredentials(list []*sign.Credential) (names []string) {
	for _, c := range list {
		name := c.Kind().String()
		switch {
		case c.Delegated != nil:
			name += " in a delegated credential"
		case c.Leaf == nil:
			name += ", a raw public key"
		case len(c.Leaf.DNSNames) > 0:
			name += " for " + c.Leaf.DNSNames[0]
		default:
			name += " of " + c.Leaf.Subject.String()
		}
		names = append(names, name)
	}
	return names
}

// Names gives what was agreed on by its registered names, each empty if the
// handshake did not come to it.
func (r *Record) Names() (version, suite, group, scheme string) {
	if r.Version != 0 {
		version = iana.Version(r.Version).String()
	}
	if r.CipherSuite != 0 {
		suite = iana.Suite(r.CipherSuite).String()
	}
	if r.Curve != 0 {
		group = iana.Group(r.Curve).String()
	}
	if r.SignatureScheme != 0 {
		scheme = iana.SignatureScheme(r.SignatureScheme).String()
	}
	return version, suite, group, scheme
}
