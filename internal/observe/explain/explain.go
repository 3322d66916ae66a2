// Package explain says why a handshake failed: who ended it, the cause, the
// evidence, and what would have made it work. It is fed with a Case, which an end
// of the connection makes of its record and an observer of the packets: what is
// seen in the same way is explained in the same way.
//
// From inside, a fault says what was wrong. From outside, and about what the peer
// says, an alert's number is not enough: a rule weighs who sent it and when, what
// the ClientHello offers and what the certificates show. What cannot be known is
// called so, with what would settle it.
package explain

import (
	"cmp"
	"slices"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// A Case is what is known of one handshake, by an end of it or from between.
type Case struct {
	Seen           trace.Side // whose record it is; 0: it was seen from between
	Client, Server string     // addresses and ports, empty if they are not known
	At             time.Time  // when it ended, to judge dates by

	Opened     Opening
	First      [2][]byte     // by trace.Side-1: how what a side sent begins, if it is not TLS
	Before     []string      // what came before TLS on the connection: "smtp", "http-connect", ...
	Silent     time.Duration // between the last that was said and the end
	Unanswered int           // how often the ClientHello was sent in vain
	Name       string        // server_name of the client; empty if it sent none
	Hellos     [][]byte      // ClientHellos with their headers of 4 bytes; the second answers a HelloRetryRequest
	SSL2Hello  bool          // the ClientHello had the format of SSL 2.0
	ECH        bool          // encrypted_client_hello was offered
	Version    iana.Version  // that was chosen, 0: the handshake did not come to it
	Suite      iana.Suite
	Resumed    bool
	Said       []Said      // in order
	Chains     [2][][]byte // certificates that a side has shown, by trace.Side-1, DER; nil: none, or they are encrypted
	Cut        [2]bool     // by trace.Side-1: the stream of a side ended within a record or message
	Complete   bool        // both sides have finished the handshake
	Ended      Ended

	Failure  *trace.Failure     // from inside: how it ended for the side that kept the record
	Settings [2]*trace.Settings // by trace.Side-1: what a side is willing to do; nil: it is not known
}

// Opening is what became of the TCP connection.
type Opening uint8

const (
	Opened   Opening = iota
	Refused          // the SYN was answered with RST
	NoSYNACK         // the SYN was not answered
)

// Said is a message, an alert, a ChangeCipherSpec or a run of encrypted records.
type Said struct {
	From      trace.Side
	Content   iana.ContentType
	Type      iana.HandshakeType // of a handshake message that could be read
	Name      string             // "ClientHello"
	Alert     iana.Alert
	Fatal     bool
	Encrypted bool   // and could not be read
	Short     bool   // encrypted, and as long as an alert
	Lengths   []int  // of its records, in bytes, if it is encrypted
	Frame     int    // of the capture; 0: there is none
	Broken    string // where it stopped making sense
}

// How a connection ended.
type How string

const (
	ByAlert       How = "alert"
	ByCloseNotify How = "close_notify"
	ByFIN         How = "fin"
	ByRST         How = "rst"
	BySilence     How = "silence"
	StillOpen     How = "open"
)

// Ended is how a connection ended.
type Ended struct {
	How   How
	By    trace.Side // 0: it is not known
	Alert iana.Alert
	Known bool       // the alert could be read
	Then  iana.Alert // that the other side sent after this end; 0: none
	Frame int
}

// Confidence is how sure a finding is.
type Confidence string

const (
	Known    Confidence = "known"    // it was seen to be so
	Likely   Confidence = "likely"   // it was inferred, and nothing else fits as well
	Possible Confidence = "possible" // other causes fit as well
)

// A Finding is a cause, with what speaks for it and what would have helped.
type Finding struct {
	ID         string     `json:"id"` // stable; docs/causes.md lists them
	Confidence Confidence `json:"confidence"`
	EndedBy    string     `json:"ended_by,omitempty"` // client, server or network
	Cause      string     `json:"cause"`              // a sentence
	For        []string   `json:"for,omitempty"`      // what speaks for it, if it is inferred
	Against    []string   `json:"against,omitempty"`
	Evidence   []Evidence `json:"evidence,omitempty"`
	Changes    []Change   `json:"changes,omitempty"` // computed: any one of them makes the handshake succeed
	Remedies   []Remedy   `json:"remedies,omitempty"`
	Settle     []string   `json:"would_settle,omitempty"` // what further evidence would settle it

	weight int
}

// Evidence points at what was seen.
type Evidence struct {
	Message string `json:"message"`         // "ClientHello"
	Field   string `json:"field,omitempty"` // its path in the tree: "ClientHello.extensions.supported_groups"
	Value   string `json:"value,omitempty"`
	Frame   int    `json:"frame,omitempty"`
}

// A Remedy is what somebody can do.
type Remedy struct {
	For      string    `json:"for"` // server's operator, client's operator
	Text     string    `json:"text"`
	Commands []Command `json:"commands,omitempty"`
}

// A Command is a remedy as it is typed into, or set in, a program.
type Command struct {
	Program string `json:"program"` // "handsel", "openssl", "nginx", "java", "iis", "curl", "go", ...
	Line    string `json:"line"`
}

// most is how many findings are given: who has read three knows that it is not
// settled.
const most = 4

// Explain gives the causes that come into question, the most likely first; none if
// the handshake was complete and nothing is odd about its end.
func Explain(c *Case) []Finding {
	v := newView(c)
	v.explain()
	slices.SortStableFunc(v.found, func(a, b Finding) int { return cmp.Compare(b.weight, a.weight) })
	v.found = v.found[:min(len(v.found), most)]
	for i := range v.found {
		v.finish(&v.found[i], i)
	}
	return v.found
}

// finish says how sure a finding is, and adds what can be done.
func (v *view) finish(f *Finding, place int) {
	switch {
	case f.weight >= certain:
		f.Confidence = Known
	case place == 0 && f.weight >= probable && (len(v.found) == 1 || f.weight-v.found[1].weight >= clear):
		f.Confidence = Likely
	default:
		f.Confidence = Possible
	}
	f.EndedBy = v.endedBy()
	if f.Cause == "" {
		f.Cause = v.sentence(f.ID)
	}
	v.remedies(f)
}

// Weights of findings, of 100.
const (
	certain  = 100
	probable = 60
	clear    = 15 // what the first has to have over the second to be called likely
)
