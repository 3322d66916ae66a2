// Package handshake is what the machines of a handshake share: the table that
// is a machine's diagram, the driver that walks it, the flight in which its
// effects are put in order, and the questions it asks its host.
//
// A handler never sends a byte, changes a key or sends an alert. It puts what
// is to happen into the flight and returns the next state or a fault; the
// engine carries it out.
package handshake

import (
	"slices"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// A State is a row of a machine's table.
type State uint8

// A Trigger is what a state waits for: a handshake message (its type), or one
// of the constants below.
type Trigger uint16

const (
	// Begin starts a machine.
	Begin Trigger = 0x100 + iota
	// ChangeCipherSpec is the record of that name, in TLS 1.2 and below.
	ChangeCipherSpec
	// NoCertificate is the alert with which a client of SSL 3.0 says that it has
	// no certificate.
	NoCertificate
	// The answers to questions.
	OnSettings
	OnSession
	OnCredential
	OnSignature
	OnVerdict
	OnPremaster
	OnApproval
	OnECHKeys
	OnReplay
	OnPSKs
)

func (t Trigger) String() string {
	switch {
	case t < 0x100:
		return iana.HandshakeType(t).String()
	case t == Begin:
		return "begin"
	case t == ChangeCipherSpec:
		return "change_cipher_spec"
	case t == NoCertificate:
		return "alert: no_certificate"
	}
	return "answer: " + Question(t-Begin).String()
}

// A Message is a handshake message as it was received. Its bytes are only
// there during the call that it is given to.
type Message struct {
	Type iana.HandshakeType
	Body []byte // without the header
	Raw  []byte // with the 4-byte header
}

// An Arm is what a state does on one trigger, and where that may lead.
type Arm[M any] struct {
	On Trigger
	Do func(*M, Message) (State, error)
	To []State
}

// A Row is one state: its name in the words of the RFC, and its arms.
type Row[M any] struct {
	Name string
	Arms []Arm[M]
}

// A Table is the diagram of a machine.
type Table[M any] struct {
	Machine trace.Topic // tells the machines apart in a log
	Rows    []Row[M]
}

// Step is the driver: the only place where a state changes and where a message
// is refused for coming at the wrong time.
func (t *Table[M]) Step(m *M, state *State, on Trigger, msg Message, log *trace.Log) error {
	row := &t.Rows[*state]
	for i := range row.Arms {
		arm := &row.Arms[i]
		if arm.On != on {
			continue
		}
		next, err := arm.Do(m, msg)
		if err != nil {
			return err
		}
		if !slices.Contains(arm.To, next) {
			return fault.With(fault.Internal, "%s may not lead to %s", row.Name, t.Rows[next].Name)
		}
		if next != *state {
			*state = next
			log.Entered(t.Machine, uint8(next))
		}
		return nil
	}
	return refusal(row.Name, on, t.Accepts(*state, ChangeCipherSpec))
}

// refusal is the fault of a trigger that the state does not wait for. Keys that
// change too early or too late are told apart from other messages.
func refusal(state string, on Trigger, waitsForKeys bool) error {
	switch {
	case on == ChangeCipherSpec:
		return fault.With(fault.UnexpectedChangeCipherSpec, "in state %s", state)
	case waitsForKeys:
		return fault.With(fault.MissingChangeCipherSpec, "%v in state %s", on, state)
	}
	return fault.With(fault.UnexpectedMessage, "%v in state %s", on, state)
}

// Accepts reports whether the state waits for the trigger.
func (t *Table[M]) Accepts(state State, on Trigger) bool {
	return slices.ContainsFunc(t.Rows[state].Arms, func(a Arm[M]) bool { return a.On == on })
}

// A Diagram is a table for tests and pictures: every arm of every state.
type Diagram struct {
	Machine trace.Topic
	States  []string
	Edges   []Edge
}

// An Edge leads from a state to another on a trigger.
type Edge struct {
	From, To State
	On       Trigger
}

// Diagram gives the table's diagram.
func (t *Table[M]) Diagram() Diagram {
	d := Diagram{Machine: t.Machine}
	for from, row := range t.Rows {
		d.States = append(d.States, row.Name)
		for _, arm := range row.Arms {
			for _, to := range arm.To {
				d.Edges = append(d.Edges, Edge{State(from), to, arm.On})
			}
		}
	}
	return d
}

// The machines, as topics of a log.
const (
	HelloServer trace.Topic = 0x80 + iota
	HelloClient
	Server13
	Client13
	LegacyServer
	LegacyClient
	SSL2Server
	SSL2Client
	ServerPost
	ClientPost
)

// In makes a row: the name of a state and its arms.
func In[M any](name string, arms ...Arm[M]) Row[M] { return Row[M]{name, arms} }

// On makes an arm for a trigger that is not a message.
func On[M any](t Trigger, do func(*M, Message) (State, error), to ...State) Arm[M] {
	return Arm[M]{t, do, to}
}

// OnMessage makes an arm for a message.
func OnMessage[M any](t iana.HandshakeType, do func(*M, Message) (State, error), to ...State) Arm[M] {
	return Arm[M]{Trigger(t), do, to}
}
