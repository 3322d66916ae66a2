package eventlog

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/handsel-tls/handsel/internal/observe/explain"
)

// ID says what kind of event it is. The numbers are stable.
type ID int

// The kinds of events.
const (
	AlertSent      ID = 100 // this side ended a handshake with an alert
	AlertReceived  ID = 101 // the peer did
	ClosedHere     ID = 102 // this side ended a handshake without an alert
	ClosedByPeer   ID = 103 // the peer did
	Broken         ID = 104 // the connection broke, or a time limit ran out
	PlainHTTP      ID = 110 // a request came that was not encrypted
	NothingSent    ID = 111 // a connection came and went
	WeakUsed       ID = 200 // a handshake succeeded with something weak
	CertificateEnd ID = 201 // a handshake succeeded with a certificate that expires soon
	CertificateOld ID = 202 // or that has expired
	NotResumed     ID = 203 // a session was not resumed that could have been
	StapleMissing  ID = 204 // no OCSP response could be had for a certificate
	Revoked        ID = 205 // a certificate of this server was revoked
	IssueFailed    ID = 206 // an authority did not issue or renew a certificate
	Issued         ID = 207 // it did
	EventsLost     ID = 300 // handshakes came faster than they could be looked at
)

// A Kind is what all events with an ID have in common.
type Kind struct {
	ID    ID
	Name  string
	Level Level // of people; what strangers do is information
	About string
	// Template has fields in braces, by their names in JSON.
	Template string
}

// Kinds are all kinds, by their numbers.
var Kinds = []Kind{
	{AlertSent, "alert-sent", Error, "This side ended a handshake, and told the other with a fatal alert.",
		"A handshake with {peer} for {server_name} failed: {sentence}: {detail}. The fatal alert {alert} ({alert_number}) was sent."},
	{AlertReceived, "alert-received", Error, "The other side ended a handshake with a fatal alert.",
		"A handshake with {peer} for {server_name} failed: the peer ended it with the fatal alert {alert} ({alert_number})."},
	{ClosedHere, "closed-here", Error, "This side ended a handshake without a word: nothing is bound to where it led.",
		"A handshake with {peer} for {server_name} failed: {sentence}: {detail}. The connection was closed without an alert."},
	{ClosedByPeer, "closed-by-peer", Warning, "The other side went away in the middle of a handshake, without a fatal alert.",
		"A handshake with {peer} for {server_name} was not completed: {sentence}: {detail}."},
	{Broken, "broken", Warning, "A connection broke in the middle of a handshake, or took too long.",
		"A handshake with {peer} for {server_name} was not completed: {sentence}: {detail}."},
	{PlainHTTP, "plain-http", Information, "A request came over plain HTTP to a port for HTTPS.",
		"{peer} sent something other than TLS to {local}: {sentence}."},
	{NothingSent, "nothing-sent", Information, "A connection was opened and closed without a byte.",
		"{peer} connected to {local} and sent nothing."},
	{WeakUsed, "weak", Warning, "A handshake succeeded, and something of it is known to be weak.",
		"A handshake with {peer} for {server_name} succeeded with something weak: {weak}."},
	{CertificateEnd, "certificate-ends", Warning, "A certificate that a binding names expires soon. Once a day for each, whether it is asked for or not.",
		"The certificate {certificate} of binding {binding} expires on {ends}: renew it."},
	{CertificateOld, "certificate-ended", Error, "A certificate that a binding names has expired. Likewise.",
		"The certificate {certificate} of binding {binding} expired on {ends}: clients refuse it."},
	{NotResumed, "not-resumed", Information, "A client offered a session that should have been resumable, and a full handshake was made.",
		"A session for {server_name} was not resumed: {session}."},
	{StapleMissing, "staple-missing", Warning, "No OCSP response could be had for a certificate: the one before is stapled as long as it counts, and then none.",
		"For the certificate {certificate}: {detail}."},
	{Revoked, "certificate-revoked", Error, "The authority says that a certificate of this server was revoked.",
		"For the certificate {certificate}: {detail}."},
	{IssueFailed, "issue-failed", Error, "An authority did not issue or renew a certificate (ACME). It is asked again.",
		"No certificate was had for {server_name}: {detail}."},
	{Issued, "issued", Information, "An authority has issued or renewed a certificate (ACME).",
		"A certificate for {server_name} was issued or renewed."},
	{EventsLost, "events-lost", Warning, "Handshakes came faster than they could be looked at.",
		"{lost} handshakes came faster than they could be looked at: what there was to say of them is lost."},
}

var kindOf = func() map[ID]*Kind {
	m := map[ID]*Kind{}
	for i := range Kinds {
		m[Kinds[i].ID] = &Kinds[i]
	}
	return m
}()

// Kind gives the kind of an ID, nil if there is none.
func (id ID) Kind() *Kind { return kindOf[id] }

// String gives the kind's name.
func (id ID) String() string {
	if k := kindOf[id]; k != nil {
		return k.Name
	}
	return strconv.Itoa(int(id))
}

// compose makes the message of an event out of its kind's template. A field that
// is empty takes the words with it that stand before it.
func (e *Event) compose() string {
	k := e.ID.Kind()
	if k == nil {
		return ""
	}
	var b strings.Builder
	for rest := k.Template; rest != ""; {
		text, after, found := strings.Cut(rest, "{")
		if !found {
			b.WriteString(rest)
			break
		}
		name, next, _ := strings.Cut(after, "}")
		value := e.field(name)
		switch {
		case value != "":
			b.WriteString(text + value)
		case name == "peer":
			b.WriteString(text + e.nobody())
		case name == "server_name" && strings.HasSuffix(text, " for "):
			b.WriteString(strings.TrimSuffix(text, " for "))
		case name == "detail":
		default:
			b.WriteString(text + "(unknown)")
		}
		rest = next
	}
	b.WriteString(e.why())
	return b.String()
}

// why adds to a message what the failure does not say by itself: the likely cause,
// and the change that would have worked.
func (e *Event) why() (s string) {
	if len(e.Findings) == 0 || e.ID == NothingSent || e.ID == PlainHTTP {
		return ""
	}
	f := &e.Findings[0]
	switch f.Confidence {
	case explain.Likely:
		s = " Likely: " + printable(f.Cause)
	case explain.Possible:
		s = " Possibly: " + printable(f.Cause)
	}
	if len(f.Changes) > 0 {
		s += " Would have worked: " + printable(f.Changes[0].String()) + "."
	}
	return s
}

// nobody stands in a message for a peer whose address is not kept.
func (e *Event) nobody() string {
	if e.Addresses > 1 {
		return fmt.Sprintf("%d addresses", e.Addresses)
	}
	return "a peer"
}

// field gives a field as it stands in a message.
func (e *Event) field(name string) string {
	switch name {
	case "peer":
		return e.Peer
	case "server_name":
		return printable(e.ServerName)
	case "local":
		return e.Local
	case "binding":
		return e.Binding
	case "sentence":
		return e.Sentence
	case "detail":
		return printable(e.Detail)
	case "alert":
		return e.Alert
	case "alert_number":
		return strconv.Itoa(int(e.AlertCode))
	case "weak":
		return strings.Join(e.Weak, "; ")
	case "session":
		return e.Session
	case "certificate":
		return printable(e.Certificate)
	case "ends":
		return e.Ends.UTC().Format(time.DateOnly)
	case "lost":
		return strconv.Itoa(e.Lost)
	}
	return ""
}

// printable quotes text with characters that do not print: names come from
// strangers.
func printable(s string) string {
	for _, r := range s {
		if !strconv.IsPrint(r) || r == '�' {
			return strconv.Quote(s)
		}
	}
	return s
}
