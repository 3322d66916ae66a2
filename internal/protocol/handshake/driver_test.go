package handshake

import (
	"errors"
	"slices"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/record"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// door is a machine for the tests.
type door struct {
	opened int
	next   State
	err    error
}

func (d *door) open(Message) (State, error) {
	d.opened++
	return d.next, d.err
}

var doors = Table[door]{Machine: HelloServer, Rows: []Row[door]{
	In("CLOSED", OnMessage(iana.MsgClientHello, (*door).open, 0, 1), On(OnSettings, (*door).open, 1)),
	In("OPEN", On(ChangeCipherSpec, (*door).open, 2)),
	In[door]("GONE"),
}}

func TestStep(t *testing.T) {
	hello := Trigger(iana.MsgClientHello)
	broken := errors.New("broken")
	for _, c := range []struct {
		name  string
		from  State
		on    Trigger
		do    door
		to    State
		fault error
		log   int
	}{
		{"a step", 0, hello, door{next: 1}, 1, nil, 1},
		{"a step that stays", 0, hello, door{next: 0}, 0, nil, 0},
		{"an answer", 0, OnSettings, door{next: 1}, 1, nil, 1},
		{"another message", 0, Trigger(iana.MsgFinished), door{next: 1}, 0, fault.UnexpectedMessage, 0},
		{"where keys have to change", 1, hello, door{next: 1}, 1, fault.MissingChangeCipherSpec, 0},
		{"keys at another time", 0, ChangeCipherSpec, door{next: 1}, 0, fault.UnexpectedChangeCipherSpec, 0},
		{"in the last state", 2, hello, door{next: 1}, 2, fault.UnexpectedMessage, 0},
		{"a step that the table has not", 0, hello, door{next: 2}, 0, fault.Internal, 0},
		{"a handler that fails", 0, hello, door{next: 1, err: broken}, 0, broken, 0},
	} {
		log := trace.NewLog()
		state := c.from
		err := doors.Step(&c.do, &state, c.on, Message{}, log)
		events, _ := log.Events()
		if state != c.to || !errors.Is(err, c.fault) || len(events) != c.log {
			t.Errorf("%s: to %d, %v, %d events", c.name, state, err, len(events))
		}
		if tried := c.do.opened > 0; tried != doors.Accepts(c.from, c.on) {
			t.Errorf("%s: the handler was called: %v", c.name, tried)
		}
		log.Free()
	}
}

func TestDiagram(t *testing.T) {
	d := doors.Diagram()
	hello := Trigger(iana.MsgClientHello)
	want := []Edge{{0, 0, hello}, {0, 1, hello}, {0, 1, OnSettings}, {1, 2, ChangeCipherSpec}}
	if d.Machine != HelloServer || !slices.Equal(d.States, []string{"CLOSED", "OPEN", "GONE"}) || !slices.Equal(d.Edges, want) {
		t.Errorf("%+v", d)
	}
}

// Every question has a name and a trigger of its own.
func TestQuestions(t *testing.T) {
	seen := map[string]bool{}
	for q := Settings; q <= ECHKeys; q++ {
		for _, s := range []string{q.String(), q.trigger().String()} {
			if s == "question" || seen[s] {
				t.Errorf("question %d is %q", q, s)
			}
			seen[s] = true
		}
	}
	if Settings.trigger() != OnSettings || Approval.trigger() != OnApproval || Question(99).String() != "question" {
		t.Error("the triggers of the questions are others")
	}
	for want, trigger := range map[string]Trigger{"finished": Trigger(iana.MsgFinished), "begin": Begin, "change_cipher_spec": ChangeCipherSpec} {
		if trigger.String() != want {
			t.Errorf("%q, want %q", trigger.String(), want)
		}
	}
}

// Messages that follow each other are one effect, so that they share records;
// nothing is reordered.
func TestFlight(t *testing.T) {
	var f Flight
	send := func(s string) { f.Sent(append(f.Message(), s...)) }
	send("one ")
	send("two ")
	f.WriteKeys(record.Keys{})
	send("three ")
	f.ChangeCipherSpec()
	f.ChangeCipherSpec()
	send("four")
	f.ReadKeys(record.Keys{})
	f.Decide()
	f.Complete()

	var got []string
	for _, e := range f.Effects() {
		s := [...]string{"send", "show", "write keys", "read keys", "decide", "limits", "SSL 2.0 message", "SSL 2.0 keys", "complete"}[e.Kind]
		if e.Kind == Send {
			s = e.Content.String() + ": " + string(f.Bytes(e))
		}
		got = append(got, s)
	}
	want := []string{
		"handshake: one two ", "write keys", "handshake: three ", "change_cipher_spec: \x01", "change_cipher_spec: \x01",
		"handshake: four", "read keys", "decide", "complete",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if f.Clear(); len(f.Effects()) != 0 || len(f.Message()) != 0 {
		t.Error("something is left")
	}
}

func TestVerdicted(t *testing.T) {
	broken := errors.New("broken")
	for _, c := range []struct{ err, want error }{
		{nil, nil}, {fault.UnknownCA, fault.UnknownCA}, {fault.With(fault.WeakKey, "short"), fault.WeakKey}, {broken, fault.CertificateRefused},
	} {
		err := Verdicted(c.err)
		if !errors.Is(err, c.want) || c.err != nil && !errors.Is(err, c.err) {
			t.Errorf("%v became %v", c.err, err)
		}
	}
}
