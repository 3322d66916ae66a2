package trace

import (
	"fmt"
	"slices"
	"testing"
	"time"
	"unsafe"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// The size of an event is what makes it cheap to record always.
func TestSizeOfEvent(t *testing.T) {
	if n := unsafe.Sizeof(Event{}); n != 8 {
		t.Errorf("%d bytes", n)
	}
}

func name(k Kind, machine Topic, code uint16) string { return fmt.Sprint(k, machine, code) }

func TestRecord(t *testing.T) {
	l := NewLog()
	defer l.Free()
	l.Received(iana.MsgClientHello)
	l.Refused(Version, uint16(iana.TLS13), NotOffered)
	l.Chose(Version, uint16(iana.TLS12))
	l.Refused(Suite, uint16(iana.TLS_RSA_WITH_AES_128_CBC_SHA), NoKey)
	l.At(1500 * time.Microsecond)
	l.Entered(0x80, 3)
	l.Sent(iana.MsgServerHello)
	l.Keys(WriteKeys)
	l.Keys(ReadKeys)
	l.Asked(4)
	l.Answered(4)
	l.AlertReceived(iana.LevelWarning, iana.AlertUserCanceled)
	l.At(-time.Second)
	l.AlertSent(iana.LevelFatal, iana.AlertHandshakeFailure)
	var r Record
	r.Keep(l, name)
	r.Fill()
	r.Fill() // once more does nothing

	at := 1500 * time.Microsecond
	want := []Step{
		{0, Received, "client_hello", false}, {at, Entered, name(Entered, 0x80, 3), false}, {at, Sent, "server_hello", false},
		{at, WriteKeys, "write keys", false}, {at, ReadKeys, "read keys", false},
		{at, Asked, name(Asked, 0, 4), false}, {at, Answered, name(Answered, 0, 4), false},
		{at, AlertReceived, "user_canceled", false}, {0, AlertSent, "handshake_failure", true},
	}
	if !slices.Equal(r.Steps, want) {
		t.Errorf("%+v\nwant\n%+v", r.Steps, want)
	}
	if len(r.Choices) != 2 || !r.Choices[0].Made || r.Choices[0].Chosen != uint16(iana.TLS12) || r.Choices[1].Made {
		t.Errorf("%+v", r.Choices)
	}
	if !slices.Equal(r.Choices[0].Refused, []Refusal{{uint16(iana.TLS13), NotOffered}}) {
		t.Errorf("%+v", r.Choices[0].Refused)
	}
}

func TestFullLog(t *testing.T) {
	l := NewLog()
	defer l.Free()
	for i := range uint16(logSize + 10) {
		l.Chose(Suite, i)
	}
	events, lost := l.Events()
	if len(events) != logSize || lost != 10 || events[0].Code != 10 || events[logSize-1].Code != logSize+9 {
		t.Errorf("%d events, %d lost, from %d to %d", len(events), lost, events[0].Code, events[len(events)-1].Code)
	}
}

// A nil log keeps nothing and can be used.
func TestNoLog(t *testing.T) {
	var l *Log
	l.At(time.Second)
	l.Chose(Group, 1)
	l.Refused(Group, 1, NoShare)
	l.Entered(1, 2)
	l.Free()
	if events, lost := l.Events(); events != nil || lost != 0 {
		t.Errorf("%v, %d", events, lost)
	}
}

func TestLateTime(t *testing.T) {
	l := NewLog()
	defer l.Free()
	l.At(100 * time.Hour)
	l.Sent(iana.MsgFinished)
	if events, _ := l.Events(); events[0].Arg != 1<<32-1 {
		t.Errorf("the time is %d", events[0].Arg)
	}
}

func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for w := NotOffered; w <= BadPublicKey; w++ {
		if s := w.String(); s == "" || seen[s] {
			t.Errorf("reason %d is %q", w, s)
		} else {
			seen[s] = true
		}
	}
	for topic := Version; topic <= ECH; topic++ {
		if s := topic.String(); s == "" || seen[s] {
			t.Errorf("topic %d is %q", topic, s)
		} else {
			seen[s] = true
		}
	}
	for want, got := range map[string]string{
		"TLS 1.3": Version.Value(uint16(iana.TLS13)), "TLS_AES_128_GCM_SHA256": Suite.Value(uint16(iana.TLS_AES_128_GCM_SHA256)),
		"x25519": Group.Value(uint16(iana.X25519)), "ed25519": Scheme.Value(uint16(iana.Ed25519)), "#2": Session.Value(2),
		"reason 99": Why(99).String(), "topic 99": Topic(99).String(),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if Client.Other() != Server || Server.Other() != Client || Client.String() != "client" || Server.String() != "server" {
		t.Error("the sides")
	}
}

// BenchmarkLog measures what an event costs.
func BenchmarkLog(b *testing.B) {
	l := NewLog()
	defer l.Free()
	b.ReportAllocs()
	for b.Loop() {
		l.Refused(Suite, 1, NotOffered)
	}
}
