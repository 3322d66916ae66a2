package flow_test

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/handsel-tls/handsel/internal/observe/field"
	"github.com/handsel-tls/handsel/internal/observe/flow"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// certificates compares what is said of the certificates of a message: serial
// numbers, names and addresses of hosts, and from when until when they are valid.
func (d *difference) certificates(m *flow.Message, tree *field.Field, theirs *seen) {
	if m.Type != iana.MsgCertificate || m.SSL2 {
		return
	}
	var serials, times, names []string
	readable := true
	tree.Walk(func(_ int, f *field.Field) {
		readable = readable && f.Error == ""
		switch f.Name {
		case "serialNumber":
			serials = append(serials, f.Value)
		case "notBefore", "notAfter":
			times = append(times, strings.TrimSuffix(f.Value, " UTC"))
		case "subjectAltName":
			for name := range strings.SplitSeq(f.Value, ", ") {
				name, _, _ = strings.Cut(name, "\x00") // where tshark stops
				if !strings.ContainsAny(name, "@/") {  // no mail and no URI
					names = append(names, name)
				}
			}
		}
	})
	if !readable {
		return
	}
	var serialsThere []string
	for _, v := range theirs.fields["x509af.serialNumber"] {
		serialsThere = append(serialsThere, cmp.Or(strings.TrimLeft(v, "0"), "0"))
	}
	d.same("serial numbers", theirs.frame, serials, serialsThere)
	var timesThere []string
	for _, name := range []string{"x509af.utcTime", "x509af.generalizedTime"} {
		for _, label := range theirs.labels[name] {
			_, at, _ := strings.Cut(label, ": ")
			if t, err := time.Parse("Jan _2, 2006 15:04:05.000000000 MST", at); err == nil {
				at = t.Format(time.DateTime)
			}
			timesThere = append(timesThere, strings.TrimSuffix(at, " (UTC)"))
		}
	}
	if len(theirs.fields["x509af.generalizedTime"]) > 0 { // which of the two a time is does not show here
		slices.Sort(times)
		slices.Sort(timesThere)
	}
	d.same("validity", theirs.frame, times, timesThere)
	var namesThere []string
	for _, kind := range []string{"x509ce.dNSName", "x509ce.IPAddress.ipv4", "x509ce.IPAddress.ipv6"} {
		for _, label := range theirs.labels[kind] {
			_, name, _ := strings.Cut(label, ": ")
			namesThere = append(namesThere, name)
		}
	}
	slices.Sort(names)
	slices.Sort(namesThere)
	d.same("names", theirs.frame, names, namesThere)
}

// same compares two lists.
func (d *difference) same(what string, frame int, here, there []string) {
	d.values += len(here)
	if !slices.Equal(here, there) {
		d.differs(what, "frame %d:\n  here   %q\n  tshark %q", frame, here, there)
	}
}
