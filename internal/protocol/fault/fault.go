// Package fault is the table of everything that can end a handshake or a
// connection: a row names the alert that is sent, the clause of the standard
// that asks for it, a sentence for the operator, and whose fault it is.
//
// No other package sends an alert or words a failure. Code that finds
// something wrong returns a Code, or With a Code when there is something to
// add; the driver of the handshake does the rest. The sentence and the detail
// are for the operator and are never sent to the peer.
package fault

import (
	"errors"
	"fmt"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// A Code is a row of the table. It is an error by itself.
type Code uint16

// Whose says at whose door a fault lies.
type Whose uint8

const (
	// Peer broke the protocol: what it sent is wrong in itself.
	Peer Whose = iota
	// Both sides are in order and have nothing in common.
	Both
	// Local means that this side could not do what it should have.
	Local
	// PeerSaid means that the peer ended the handshake, with an alert or
	// without.
	PeerSaid
	// Trust means that the peer could not prove who it is.
	Trust
)

func (w Whose) String() string {
	return [...]string{"peer", "both", "local", "peer said", "trust"}[w]
}

type row struct {
	name     string
	token    string // BoringSSL's name for the same situation, as its test runner expects it
	alert    iana.Alert
	clause   string
	sentence string
	whose    Whose
}

func (c Code) row() *row {
	if int(c) < len(table) {
		return &table[c]
	}
	return &table[Internal]
}

// Name is the row's name: stable, one word, safe to store and to filter by.
func (c Code) Name() string { return c.row().name }

// Token is the name that BoringSSL's test runner expects for the situation.
func (c Code) Token() string { return c.row().token }

// Alert is the alert that tells the peer of the fault. Faults that the peer
// caused by going away have none to send: see Silent.
func (c Code) Alert() iana.Alert { return c.row().alert }

// Clause is the section of the standard that calls for the alert.
func (c Code) Clause() string { return c.row().clause }

// Sentence says in one sentence what went wrong.
func (c Code) Sentence() string { return c.row().sentence }

// Whose says at whose door the fault lies.
func (c Code) Whose() Whose { return c.row().whose }

// Silent reports whether the fault ends the connection without an alert: the
// peer is gone, has already ended the connection, or does not speak TLS; or the
// connection is reset because nothing is bound to where it leads.
func (c Code) Silent() bool {
	switch c {
	case HTTPRequest, HTTPSProxyRequest, NoBinding, Rejected:
		return true
	}
	return c.row().whose == PeerSaid
}

// Error gives the sentence.
func (c Code) Error() string { return c.row().sentence }

// All gives every row, in order.
func All() []Code {
	all := make([]Code, 0, len(table))
	for c := range table {
		if table[c].name != "" {
			all = append(all, Code(c))
		}
	}
	return all
}

// Named gives the code with the given name.
func Named(name string) (Code, bool) {
	for c := range table {
		if table[c].name == name && name != "" {
			return Code(c), true
		}
	}
	return 0, false
}

// An Error is a fault with something to add to its sentence.
type Error struct {
	Code   Code
	Detail string // what exactly, for the operator
	Err    error  // the cause beneath, if there is one

	// Alert is sent in place of the row's, if a host chose one.
	Alert    iana.Alert
	HasAlert bool
}

// WithAlert gives a fault whose alert the host has chosen.
func WithAlert(c Code, a iana.Alert, detail string) error {
	return &Error{Code: c, Detail: detail, Alert: a, HasAlert: true}
}

// AlertOf gives the alert that tells the peer of an error.
func AlertOf(err error) iana.Alert {
	if e, ok := errors.AsType[*Error](err); ok && e.HasAlert {
		return e.Alert
	}
	code, _ := Of(err)
	return code.Alert()
}

// With gives a fault with a detail that is formatted as by fmt.Errorf, so that
// %w keeps a cause.
func With(c Code, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: c, Detail: err.Error(), Err: errors.Unwrap(err)}
}

func (e *Error) Error() string { return e.Code.Sentence() + ": " + e.Detail }

// Unwrap lets errors.Is find the code as well as the cause.
func (e *Error) Unwrap() []error {
	if e.Err != nil {
		return []error{e.Code, e.Err}
	}
	return []error{e.Code}
}

// Of gives the code of an error, and whether it has one.
func Of(err error) (Code, bool) {
	if c, ok := errors.AsType[Code](err); ok {
		return c, true
	}
	return Internal, false
}
