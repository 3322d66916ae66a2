package eventlog

import (
	"fmt"
	"time"

	"github.com/handsel-tls/handsel/internal/observe/explain"
)

// Source is the source of all events.
const Source = "Handsel"

// An Event is something that happened, or that happened again and again in the
// same way.
type Event struct {
	Number   int64     `json:"number"` // in the log, from 1
	ID       ID        `json:"id"`
	Level    Level     `json:"level"`
	Source   string    `json:"source"`
	Computer string    `json:"computer"`
	Time     time.Time `json:"time"`
	Last     time.Time `json:"last"`  // the same as Time if it happened once
	Count    int       `json:"count"` // how often it happened
	Class    Class     `json:"class"`
	Cause    string    `json:"cause"` // the id of the first finding, or what else is behind it
	Message  string    `json:"message"`

	Peer       string `json:"peer,omitempty"` // address without the port
	ServerName string `json:"server_name,omitempty"`
	Binding    string `json:"binding,omitempty"`
	Client     string `json:"client,omitempty"` // JA4 of the ClientHello: which program it was

	Fields
	change int64 // counts what is written to the log, and so grows with every change of the event
}

// Fields are what else is known of an event. Those that do not apply are empty.
type Fields struct {
	ClassWhy  string `json:"class_why,omitempty"` // why it is of that class
	Addresses int    `json:"addresses,omitempty"` // how many were folded into the event, if not one
	Port      uint16 `json:"port,omitempty"`      // of the peer, the first time
	Local     string `json:"local,omitempty"`     // address and port
	OuterName string `json:"outer_name,omitempty"`
	// Connections are the IDs of the latest connections of the event, as the access
	// log has them: mostConnections at most.
	Connections []string `json:"connections,omitempty"`
	Rule        string   `json:"rule,omitempty"` // by which the binding was found
	Site        string   `json:"site,omitempty"`

	Version      string   `json:"version,omitempty"`
	Suite        string   `json:"cipher_suite,omitempty"`
	Group        string   `json:"group,omitempty"`
	Protocol     string   `json:"alpn,omitempty"`
	Milliseconds float64  `json:"milliseconds,omitempty"`
	Weak         []string `json:"weak,omitempty"`

	Fault     string `json:"fault,omitempty"`
	Sentence  string `json:"sentence,omitempty"`
	Detail    string `json:"detail,omitempty"`
	Clause    string `json:"clause,omitempty"`
	Whose     string `json:"whose,omitempty"`    // at whose door it lies: peer, both, local, peer said, trust
	EndedBy   string `json:"ended_by,omitempty"` // this side, the peer, the network
	State     string `json:"state,omitempty"`    // of the handshake, in the RFC's words
	Alert     string `json:"alert,omitempty"`
	AlertCode uint8  `json:"alert_number,omitempty"`

	Session     string    `json:"session,omitempty"`     // why none was resumed
	Certificate string    `json:"certificate,omitempty"` // whose end is near
	Ends        time.Time `json:"ends,omitzero"`
	Lost        int       `json:"lost,omitempty"` // events that did not fit into the queue

	// Findings say why it failed, the most likely cause first.
	Findings []explain.Finding `json:"findings,omitempty"`
	// Hello is the ClientHello with its header, without what is nobody's
	// business: see Redact.
	Hello []byte `json:"client_hello,omitempty"`
}

// Level is how much an event matters.
type Level uint8

// The levels, with the numbers of Windows.
const (
	Error       Level = 2
	Warning     Level = 3
	Information Level = 4
)

var levels = map[Level]string{Error: "error", Warning: "warning", Information: "information"}

func (l Level) String() string { return levels[l] }

// MarshalText writes the level as a word.
func (l Level) MarshalText() ([]byte, error) { return []byte(levels[l]), nil }

// UnmarshalText reads one of the words.
func (l *Level) UnmarshalText(text []byte) error {
	for level, word := range levels {
		if word == string(text) {
			*l = level
			return nil
		}
	}
	return fmt.Errorf("%q is no level: write error, warning or information", text)
}

// Class says who is behind an event.
type Class uint8

// The classes.
const (
	Client   Class = iota // somebody who wanted a page, or a program of theirs
	Scanner               // somebody who tries what there is
	Health                // somebody who watches whether the port is open
	Probe                 // somebody who opened the port and said nothing
	HTTP                  // somebody who speaks HTTP without TLS
	Internal              // nobody: the log or the server itself
)

// Classes are all of them, by their words.
var Classes = []string{"client", "scanner", "health", "probe", "http", "internal"}

func (c Class) String() string { return Classes[c] }

// MarshalText writes the class as a word.
func (c Class) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads one of the words.
func (c *Class) UnmarshalText(text []byte) error {
	for i, word := range Classes {
		if word == string(text) {
			*c = Class(i)
			return nil
		}
	}
	return fmt.Errorf("%q is no class: write one of %v", text, Classes)
}

// ofPeople reports whether an event of the class is for whoever looks at the log
// without having asked for more.
func (c Class) ofPeople() bool { return c == Client || c == Internal }
