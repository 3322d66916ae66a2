package eventlog

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
)

func TestSystemForm(t *testing.T) {
	for _, test := range []struct {
		fault string
		alert uint8
		id    ID
		want  string // id(alert, state) of each event
	}{
		{"NoSharedSuite", 40, AlertSent, "[36874 36888 40 1205]"},
		{"NoSharedVersion", 70, AlertSent, "[36888 70 105]"},
		{"HTTPRequest", 0, PlainHTTP, "[36888 10 1203]"},
		{"BadRecordMAC", 20, AlertSent, "[36888 20 960]"},
		{"SigningFailed", 80, AlertSent, "[36870 10001]"},
		{"PeerAlert", 48, AlertReceived, "[36887 48]"},
		{"NoSharedSuite", 71, AlertSent, fmt.Sprintf("[36888 71 %d]", StateOf("NoSharedSuite"))}, // a program chose another alert
		{"NoSharedGroup", 40, AlertSent, fmt.Sprintf("[36888 40 %d]", StateOf("NoSharedGroup"))},
		{"NoBinding", 0, ClosedHere, "[102]"}, // HTTP.SYS closes without a word to the log
		{"NoBytes", 0, NothingSent, "[111]"},
	} {
		e := &failure(0, "192.0.2.1", "a.example", test.fault)[0].Event
		e.ID, e.AlertCode = test.id, test.alert
		var got []string
		for _, s := range e.System() {
			one := strconv.Itoa(s.ID)
			for _, d := range s.Data {
				if strings.Contains("AlertDesc ErrorState ErrorStatus", d.Name) {
					one += " " + d.Value
				}
			}
			got = append(got, one)
		}
		if fmt.Sprint(got) != test.want {
			t.Errorf("%s, alert %d: %v, not %s", test.fault, test.alert, got, test.want)
		}
	}
	e := &failure(0, "192.0.2.1", "a.example", "NoSharedSuite", func(e *Event) { e.Number = 7 })[0].Event
	e.Computer, e.Count = "WEB1", 1
	var b bytes.Buffer
	if err := e.WriteSystem(&b); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"Log Name:      System\r\n", "Source:        Schannel\r\n", "Event ID:      36888\r\n", "Level:         Error\r\n", "Computer:      WEB1\r\n",
		"The following fatal alert was generated: 40. The internal error state is 1205.\r\n",
	} {
		if !strings.Contains(b.String(), line) {
			t.Errorf("there is no %q in\n%s", line, b.String())
		}
	}
}

func TestXML(t *testing.T) {
	e := &failure(0, "192.0.2.1", "a.example", "NoSharedSuite", func(e *Event) { e.Number, e.Computer, e.Count = 7, "WEB1", 3 })[0].Event
	var b bytes.Buffer
	if err := e.WriteXML(&b); err != nil {
		t.Fatal(err)
	}
	const want = `<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System><Provider Name="Schannel" Guid="{1f678132-5938-4686-9fdc-c8ff68f15c85}"></Provider>` +
		`<EventID>36888</EventID><Version>0</Version><Level>2</Level><Task>0</Task><Opcode>0</Opcode><TimeCreated SystemTime="2026-11-24T12:00:00.0000000Z"></TimeCreated>` +
		`<EventRecordID>7</EventRecordID><Channel>System</Channel><Computer>WEB1</Computer></System>` +
		`<EventData><Data Name="AlertDesc">40</Data><Data Name="ErrorState">1205</Data><Data Name="Count">3</Data></EventData></Event>`
	lines := strings.Split(b.String(), "\n")
	if len(lines) != 3 || lines[1] != want {
		t.Errorf("it is\n%s\nnot\n%s", b.String(), want)
	}
	b.Reset()
	e = &failure(0, "192.0.2.1", "<b>\x00&", "NoBinding", func(e *Event) { e.ID, e.Message = ClosedHere, "it & that" })[0].Event
	if err := e.WriteXML(&b); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); !strings.Contains(got, `<Provider Name="Handsel"></Provider><EventID>102</EventID>`) || !strings.Contains(got, "it &amp; that") {
		t.Errorf("it is %s", got)
	}
	if err := xml.Unmarshal(b.Bytes(), new(xmlEvent)); err != nil {
		t.Error(err)
	}
}

// Every fault has a state of its own, which no other one ever gets.
func TestStates(t *testing.T) {
	for _, c := range fault.All() {
		if StateOf(c.Name()) == 0 {
			t.Errorf("%s has no state: add it to the end of stateNames", c.Name())
		}
	}
	if got := len(strings.Fields(stateNames)); got != len(states) {
		t.Errorf("%d names have %d states: one stands there twice", got, len(states))
	}
	for name, want := range map[string]int{"Internal": 20001, "NoSharedSuite": 20046, "ECHConfigsUnusable": 20164} {
		if got := StateOf(name); got != want {
			t.Errorf("%s has state %d, and had %d", name, got, want)
		}
	}
}
