// Package netsh reads what "netsh http show sslcert" prints on Windows: the
// bindings of HTTP.SYS, with their settings.
package netsh

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/handsel-tls/handsel/internal/serve/bindings"
	"github.com/handsel-tls/handsel/internal/serve/certs"
	"github.com/handsel-tls/handsel/internal/serve/config"
)

// A Record is a binding of HTTP.SYS.
type Record struct {
	Line    int // at which it begins, from 1
	Binding config.Binding
	// ClientAuth reports whether clients are asked for a certificate in the
	// handshake, which needs to be told whose are accepted.
	ClientAuth bool
	// Notes say what was set and has no counterpart here.
	Notes []string
	// Foreign reports that the labels are not English, so that nothing but key and
	// certificate could be told.
	Foreign bool
	// Scoped reports a record of the central store that is for one name.
	Scoped bool
	// Wrong says why the key cannot be read, which then is as it was printed; "" if it
	// can.
	Wrong string
}

// Parse reads what netsh has printed, as it comes out of a console (any code
// page) or out of PowerShell's > (UTF-16).
func Parse(data []byte) ([]Record, error) {
	var list []Record
	var now *raw
	flush := func() {
		if now != nil {
			list = append(list, now.record())
		}
		now = nil
	}
	for i, text := range strings.Split(decode(data), "\n") {
		label, value, ok := split(text)
		if !ok {
			if strings.TrimSpace(text) == "" {
				flush()
			}
			continue
		}
		key, isKey := keyOf(label, value)
		switch {
		case isKey && (now == nil || keyLabels[label]):
			flush()
			now = &raw{line: i + 1, key: key, label: label, values: map[string]string{}}
		case keyLabels[label]: // or what follows would be taken for the record before
			flush()
			_, err := bindings.ParseKey(value)
			now = &raw{line: i + 1, key: value, label: label, wrong: err, values: map[string]string{}}
		case now != nil:
			now.values[label] = value
		}
	}
	flush()
	if len(list) == 0 {
		return nil, errors.New("there are no bindings in it: it has to be what netsh http show sslcert prints")
	}
	return list, nil
}

// decode makes text of what a Windows program has written.
func decode(data []byte) string {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}):
		order = binary.LittleEndian
	case bytes.HasPrefix(data, []byte{0xfe, 0xff}):
		order = binary.BigEndian
	default:
		return strings.TrimPrefix(string(data), "\ufeff")
	}
	var units []uint16
	for data = data[2:]; len(data) >= 2; data = data[2:] {
		units = append(units, order.Uint16(data))
	}
	return string(utf16.Decode(units))
}

// split takes a line apart: a label in lower case, a colon with blanks around it,
// and a value.
func split(text string) (label, value string, ok bool) {
	label, value, ok = strings.Cut(strings.TrimRight(text, "\r"), " : ")
	return strings.ToLower(strings.Join(strings.Fields(label), " ")), strings.TrimSpace(value), ok
}

// The labels of the line that a record begins with, in English.
var keyLabels = map[string]bool{
	"ip:port": true, "hostname:port": true, "central certificate store": true,
	"scoped central certificate store": true, "hostname:port (scoped ccs)": true,
}

// keyOf gives the key that a record begins with. In other languages it is told by
// its form.
func keyOf(label, value string) (key string, ok bool) {
	if n, err := strconv.ParseUint(value, 10, 16); err == nil && n > 0 {
		return "ccs=" + value, label != "" && (keyLabels[label] || !strings.ContainsAny(label, "0123456789"))
	}
	k, err := bindings.ParseKey(value)
	if err != nil {
		return "", false
	}
	return k.String(), true
}

// raw is a record as it was printed.
type raw struct {
	line   int
	key    string
	label  string            // of the key
	wrong  error             // why the key is none
	values map[string]string // by label in lower case
}

// on reports whether an option is on: "Enabled" of the older ones, "Set" of the
// newer.
func (r *raw) on(label string) bool {
	v := strings.ToLower(r.values[label])
	return v == "enabled" || v == "set"
}

// off reports whether one of the older options is off, which is said.
func (r *raw) off(label string) bool { return strings.EqualFold(r.values[label], "disabled") }

// number gives a value that is one, 0 if it is none.
func (r *raw) number(label string) int {
	n, err := strconv.ParseUint(r.values[label], 10, 31)
	if err != nil {
		return 0
	}
	return int(n)
}

// given gives a value, empty if there is none.
func (r *raw) given(label string) string {
	if v := r.values[label]; !strings.EqualFold(v, "(null)") {
		return v
	}
	return ""
}

// noted are options without a counterpart, and what there is instead.
var noted = []struct{ label, note string }{
	{"ds mapper usage", "client certificates are not mapped to accounts of a directory"},
	{"enable token binding", "token binding is not spoken, as browsers do not speak it any more"},
}

// record reads the options.
func (r *raw) record() Record {
	b := config.Binding{On: r.key}
	out := Record{Line: r.line, Scoped: strings.Contains(r.label, "scoped")}
	if r.wrong != nil {
		out.Binding, out.Wrong = b, r.wrong.Error()
		return out
	}
	hash, english := r.values["certificate hash"]
	if !english {
		for _, v := range r.values {
			if t := thumbprint(v); t != "" {
				b.Certificates = []string{t}
			}
		}
		out.Binding, out.Foreign = b, true
		return out
	}
	if t, _, err := certs.ParseThumbprint(hash); err == nil { // perhaps with what is invisible, or with blanks
		b.Certificates = []string{string(t)}
	} else if r.given("certificate hash") != "" {
		out.Notes = append(out.Notes, fmt.Sprintf("its certificate hash %q is none", hash))
	}
	no := false
	if b.Reject = r.on("reject connections"); b.Reject {
		b.Certificates = nil // which nobody sees
	}
	if r.on("disable http2") {
		b.HTTP2 = &no
	}
	if r.on("disable ocsp stapling") {
		b.Stapling = &no
	}
	if r.on("disable session id") && !r.on("enable session ticket") {
		b.Tickets = &no
	}
	switch no12, no13 := r.on("disable tls1.2"), r.on("disable tls1.3"); {
	case no12 && no13:
		out.Notes = append(out.Notes, "TLS 1.2 and TLS 1.3 are turned off: nothing that is safe is left, and both stay on")
	case no12:
		b.MinVersion = "1.3"
	case no13:
		b.MaxVersion = "1.2"
	}
	out.ClientAuth = r.on("negotiate client certificate")
	if ctl := r.given("ctl identifier"); ctl != "" {
		out.Notes = append(out.Notes, fmt.Sprintf("the list of trusted issuers %q has to be given as a PEM file (--client-ca)", ctl))
	}
	if out.ClientAuth {
		r.revocation(&out, &b)
	}
	for _, n := range noted {
		if r.on(n.label) {
			out.Notes = append(out.Notes, n.note)
		}
	}
	out.Binding = b
	return out
}

// mostWait is how long a handshake may wait for what is fetched, in milliseconds.
const mostWait = 8000

// revocation reads how certificates of clients are looked up. On Windows a client of
// which it is not known whether it was revoked is refused.
func (r *raw) revocation(out *Record, b *config.Binding) {
	if r.off("usage check") {
		no := false
		b.UsageCheck = &no
	}
	if !r.on("verify client certificate revocation") {
		return
	}
	b.Revocation = bindings.RevocationStrict.String()
	b.CachedOnly = r.on("verify revocation using cached client certificate only")
	b.Freshness = r.number("revocation freshness time")
	if b.LookupLimit = r.number("url retrieval timeout"); b.LookupLimit > mostWait {
		out.Notes = append(out.Notes, fmt.Sprintf("what is fetched may take %d milliseconds there, and %d here, for which clients wait", b.LookupLimit, mostWait))
		b.LookupLimit = mostWait
	}
}

// thumbprint gives the hash of a certificate, empty if it is something else.
func thumbprint(value string) string {
	const digits = 40 // SHA-1
	if len(value) != digits || strings.Trim(strings.ToLower(value), "0123456789abcdef") != "" {
		return ""
	}
	return strings.ToLower(value)
}
