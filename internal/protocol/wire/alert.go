package wire

import "github.com/handsel-tls/handsel/internal/protocol/iana"

// Alert is the content of an alert record. RFC 9846, section 6:
//
//	struct {
//	    AlertLevel level;
//	    AlertDescription description;
//	} Alert;
type Alert struct {
	Level       iana.AlertLevel
	Description iana.Alert
}

// ParseAlert reads an alert.
func ParseAlert(content []byte) (a Alert, err error) {
	r := NewReader("Alert", content)
	a.Level = iana.AlertLevel(r.U8("level"))
	a.Description = iana.Alert(r.U8("description"))
	return a, r.Done()
}

// Append appends the content of an alert record.
func (a Alert) Append(b []byte) []byte { return append(b, byte(a.Level), byte(a.Description)) }
