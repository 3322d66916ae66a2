package eventlog

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
)

// A SystemEvent is an event in the form of the system log of Windows. Where the
// situation is one that Schannel has an event for, it has that number, and the
// wording of Windows 7 and Windows Server 2008 R2.
type SystemEvent struct {
	ID    int
	Level Level
	Text  string
	Data  []Datum // in the order of Schannel's manifest
}

// A Datum is a field of an event with its name there.
type Datum struct {
	Name  string `xml:"Name,attr"`
	Value string `xml:",chardata"`
}

// The numbers of Schannel's events.
const (
	schannelNoSuite  = 36874
	schannelReceived = 36887
	schannelSent     = 36888
	schannelKey      = 36870
	schannelVersions = 36871
)

// evidenced are the internal error states of Schannel that are known by evidence,
// with the alert that they come with.
var evidenced = map[fault.Code]struct {
	alert uint8
	state int
}{
	fault.NoSharedSuite:     {40, 1205},
	fault.HTTPRequest:       {10, 1203},
	fault.HTTPSProxyRequest: {10, 1203},
	fault.NoSharedVersion:   {70, 105},
	fault.SSL2Hello:         {70, 105},
	fault.BadRecordMAC:      {20, 960},
}

// System gives the events that a system log would have in place of one. An event
// for which it has none is given with the number and the text of this log.
func (e *Event) System() []SystemEvent {
	code, known := fault.Named(e.Fault)
	if !known {
		return []SystemEvent{e.own()}
	}
	if of, ok := evidenced[code]; ok && (e.AlertCode == of.alert || code.Silent()) {
		sent := sentEvent(of.alert, of.state)
		if code == fault.NoSharedSuite {
			return []SystemEvent{noSuite(e), sent}
		}
		return []SystemEvent{sent}
	}
	switch {
	case code == fault.SigningFailed:
		return []SystemEvent{{schannelKey, Error, "A fatal error occurred when attempting to access the SSL server credential private key. The error code returned from the cryptographic module is 0x8009030d. The internal error state is 10001.",
			[]Datum{{"Type", "server"}, {"ErrorCode", "0x8009030d"}, {"ErrorStatus", "10001"}}}}
	case code == fault.NoVersionsEnabled:
		return []SystemEvent{{schannelVersions, Error, "A fatal error occurred while creating an SSL server credential. The internal error state is 10013.",
			[]Datum{{"Type", "server"}, {"ErrorState", "10013"}}}}
	case e.ID == AlertReceived:
		return []SystemEvent{{schannelReceived, Error, fmt.Sprintf("The following fatal alert was received: %d.", e.AlertCode),
			[]Datum{{"AlertDesc", strconv.Itoa(int(e.AlertCode))}}}}
	case e.ID == AlertSent:
		return []SystemEvent{sentEvent(e.AlertCode, StateOf(e.Fault))}
	}
	return []SystemEvent{e.own()}
}

// own is an event that Schannel has none for.
func (e *Event) own() SystemEvent {
	s := SystemEvent{ID: int(e.ID), Level: e.Level, Text: e.Message}
	for _, d := range []Datum{{"Class", e.Class.String()}, {"Cause", e.Cause}, {"Peer", e.Peer}, {"ServerName", e.ServerName}, {"Binding", e.Binding}, {"Message", e.Message}} {
		if d.Value != "" {
			s.Data = append(s.Data, d)
		}
	}
	return s
}

func sentEvent(alert uint8, state int) SystemEvent {
	return SystemEvent{schannelSent, Error, fmt.Sprintf("The following fatal alert was generated: %d. The internal error state is %d.", alert, state),
		[]Datum{{"AlertDesc", strconv.Itoa(int(alert))}, {"ErrorState", strconv.Itoa(state)}}}
}

// noSuite is the event that stands beside 36888 when there is no cipher suite in
// common.
func noSuite(e *Event) SystemEvent {
	v := cmp.Or(e.Version, "SSL")
	return SystemEvent{schannelNoSuite, Error, fmt.Sprintf("An %s connection request was received from a remote client application, but none of the cipher suites supported by the client application are supported by the server. The SSL connection request has failed.", v),
		[]Datum{{"Protocol", v}}}
}

// source gives the provider of an event.
func (s *SystemEvent) source() string {
	if s.ID >= schannelKey {
		return "Schannel"
	}
	return Source
}

// WriteSystem writes an event as the viewer of Windows copies it.
func (e *Event) WriteSystem(w io.Writer) error {
	for _, s := range e.System() {
		text := s.Text
		if e.Count > 1 {
			text += fmt.Sprintf("\r\n(%d times until %s)", e.Count, e.Last.Local().Format(time.DateTime))
		}
		_, err := fmt.Fprintf(w, "Log Name:      System\r\nSource:        %s\r\nDate:          %s\r\nEvent ID:      %d\r\nTask Category: None\r\nLevel:         %s\r\nKeywords:      \r\nUser:          N/A\r\nComputer:      %s\r\nDescription:\r\n%s\r\n\r\n",
			s.source(), e.Time.Local().Format("1/2/2006 3:04:05 PM"), s.ID, title(s.Level.String()), e.Computer, text)
		if err != nil {
			return err
		}
	}
	return nil
}

// xmlEvent is an event in the XML of Windows.
type xmlEvent struct {
	XMLName struct{} `xml:"http://schemas.microsoft.com/win/2004/08/events/event Event"`
	System  struct {
		Provider struct {
			Name string `xml:",attr"`
			Guid string `xml:",attr,omitempty"`
		}
		EventID     int
		Version     int
		Level       int
		Task        int
		Opcode      int
		TimeCreated struct {
			SystemTime string `xml:",attr"`
		}
		EventRecordID int64
		Channel       string
		Computer      string
	}
	EventData struct{ Data []Datum }
}

const schannelGUID = "{1f678132-5938-4686-9fdc-c8ff68f15c85}"

// WriteXML writes an event in the XML of a system log, each on a line. How often it
// happened stands there once more as a field of its own.
func (e *Event) WriteXML(w io.Writer) error {
	for _, s := range e.System() {
		var x xmlEvent
		x.System.Provider.Name = s.source()
		if x.System.Provider.Name != Source {
			x.System.Provider.Guid = schannelGUID
		}
		x.System.EventID, x.System.Level = s.ID, int(s.Level)
		x.System.TimeCreated.SystemTime = e.Time.UTC().Format("2006-01-02T15:04:05.0000000Z")
		x.System.EventRecordID, x.System.Channel, x.System.Computer = e.Number, "System", e.Computer
		x.EventData.Data = s.Data
		if e.Count > 1 {
			x.EventData.Data = append(x.EventData.Data, Datum{"Count", strconv.Itoa(e.Count)})
		}
		b, err := xml.Marshal(&x)
		if err != nil {
			return err
		}
		if _, err := w.Write(append(b, '\n')); err != nil {
			return err
		}
	}
	return nil
}

func title(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
