package engine_test

import (
	"strings"
	"testing"
	"unicode"

	"github.com/handsel-tls/handsel/internal/protocol/engine"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// An attack provokes a fault at one side: by what the hosts are, by altering
// what crosses, or by what is done once the handshake has gone as far as it
// goes. With err it does not need a pair.
type attack struct {
	code  fault.Code
	name  string
	at    trace.Side
	hosts func(*testing.T) (client, server *tlstest.Host)
	alter func(tlstest.Piece) []tlstest.Piece
	both  bool // alter also what the attacked side sends
	after func(*testing.T, *tlstest.Pair, *tlstest.Middle)
	err   func(*testing.T) error
}

// unprovoked are the rows that no test provokes here, with the reason.
var unprovoked = map[fault.Code]string{
	fault.UnrecognizedName:   "a host's answer: TestNoMatch of internal/serve/endpoint has one give it",
	fault.CertificateRevoked: "a host's answer: revocation.txtar of internal/ui/cli has one give it",
	fault.RevocationUnknown:  "likewise",
	fault.EarlyDataOverLimit: "TestTooMuchEarlyData provokes it",
	fault.EarlyDataVersion:   "TestEarlyDataToAnOldServer provokes it",
	fault.EarlyDataTooLong:   "TestEarlyDataIsSkipped provokes it",
}

// attacks are all there are.
func attacks() []attack {
	var all []attack
	for _, list := range []func() []attack{recordAttacks, helloAttacks, answerAttacks, resumptionAttacks, certificateAttacks, schemeAttacks, compressionAttacks, limitAttacks, delegationAttacks, hostAttacks, echAttacks, earlyAttacks, rawKeyAttacks, renegotiationAttacks, postAttacks, finiteAttacks, pskAttacks, falseStartAttacks} {
		all = append(all, list()...)
	}
	return all
}

// TestEveryFault provokes each row of the table, and checks that it ends the
// right side, is told to the peer with the row's alert, and stands in the
// record.
func TestEveryFault(t *testing.T) {
	provoked := map[fault.Code]bool{}
	for _, a := range attacks() {
		provoked[a.code] = true
		t.Run(a.code.Name()+" "+a.name, func(t *testing.T) { a.run(t) })
	}
	for _, code := range fault.All() {
		reason, exempt := unprovoked[code]
		switch {
		case !provoked[code] && !exempt:
			t.Errorf("no test provokes %s", code.Name())
		case provoked[code] && exempt:
			t.Errorf("%s is provoked and exempt: %s", code.Name(), reason)
		}
	}
}

func (a *attack) run(t *testing.T) {
	if a.err != nil {
		if err := a.err(t); !isFault(err, a.code) {
			t.Errorf("it gave %v", err)
		}
		return
	}
	if a.hosts == nil {
		a.hosts = hosts13("P-256")
	}
	client, server := a.hosts(t)
	var told *wire.Alert
	m := &tlstest.Middle{}
	m.Alter = func(p tlstest.Piece) []tlstest.Piece {
		if p.Content == iana.ContentAlert && p.From == a.at {
			if alert, err := wire.ParseAlert(p.Bytes); err == nil && alert.Level == iana.LevelFatal {
				told = &alert
			}
		}
		if a.alter == nil || p.From == a.at && !a.both {
			return []tlstest.Piece{p}
		}
		return a.alter(p)
	}
	p := through(t, client, server, m)
	p.Run()
	if a.after != nil {
		a.after(t, p, m)
		p.Run()
	}
	a.check(t, p, told)
}

func (a *attack) check(t *testing.T, p *tlstest.Pair, told *wire.Alert) {
	t.Helper()
	c := map[trace.Side]*engine.Conn{trace.Client: p.Client, trace.Server: p.Server}[a.at]
	if !isFault(c.Err(), a.code) {
		t.Fatalf("the client ended with %v, the server with %v", p.Client.Err(), p.Server.Err())
	}
	if a.code.Silent() != (told == nil) {
		t.Errorf("the alert is %v", told)
	} else if told != nil && told.Description != a.code.Alert() {
		t.Errorf("the alert is %v, want %v", told.Description, a.code.Alert())
	}
	// The other side hears of it, unless that was gone before.
	other := map[trace.Side]*engine.Conn{trace.Client: p.Server, trace.Server: p.Client}[a.at]
	if told != nil && !isFault(other.Err(), fault.PeerAlert) && !isFault(other.Err(), fault.HelloRefused) {
		t.Errorf("the other side ended with %v", other.Err())
	}
	if c.Complete() {
		return
	}
	f := c.Record().Failure
	if f == nil || f.Code != a.code || f.State == "" || f.HasAlert != !a.code.Silent() && a.code != fault.PeerAlert && a.code != fault.HelloRefused {
		t.Errorf("the record says %+v", f)
	}
}

// TestTable checks the rows themselves.
func TestTable(t *testing.T) {
	names := map[string]bool{}
	for _, c := range fault.All() {
		if names[c.Name()] {
			t.Errorf("%s stands twice", c.Name())
		}
		names[c.Name()] = true
		if found, ok := fault.Named(c.Name()); !ok || found != c {
			t.Errorf("%s is not found by its name", c.Name())
		}
		if strings.ContainsFunc(c.Name(), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
			t.Errorf("%q is not one word", c.Name())
		}
		if s := c.Sentence(); len(s) < 10 || strings.HasSuffix(s, ".") || strings.ContainsAny(s, "\n%") {
			t.Errorf("%s: the sentence is %q", c.Name(), s)
		}
		if !strings.HasPrefix(c.Clause(), "RFC ") || !strings.Contains(c.Clause(), ", section ") && !strings.Contains(c.Clause(), ", appendix ") {
			t.Errorf("%s: the clause is %q", c.Name(), c.Clause())
		}
		if c.Token() == "" || strings.ToUpper(c.Token()) != c.Token() {
			t.Errorf("%s: the token is %q", c.Name(), c.Token())
		}
		if gone := c.Whose() == fault.PeerSaid; gone != (c.Alert() == iana.AlertCloseNotify) || gone && !c.Silent() {
			t.Errorf("%s: silent %v, the alert %v", c.Name(), c.Silent(), c.Alert())
		}
	}
}
