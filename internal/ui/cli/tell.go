package cli

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// tell prints a whole handshake.
func (v *view) tell(w io.Writer, c colors, insecure bool) {
	fmt.Fprintf(w, "Connected to %s.\n", v.Peer)
	v.Offered.tell(w)
	fmt.Fprint(w, "\nSteps:\n")
	for _, s := range v.Steps {
		fmt.Fprintf(w, "  %8.3f ms  %s\n", s.Millis, s.text())
	}
	v.tellChoices(w, c)
	if v.ECH != "" {
		fmt.Fprintf(w, "\nEncrypted Client Hello: %s%s\n", v.ECH, v.outside())
	}
	if v.PeerKey != "" {
		fmt.Fprintf(w, "\nRaw public key, in place of a certificate: SHA-256 %s\n", v.PeerKey)
	}
	if v.PSK != "" {
		fmt.Fprintf(w, "\nPre-shared key, in place of a certificate: %s\n", plain(v.PSK))
	}
	v.tellChain(w, c, insecure)
	if v.Failure != nil {
		v.Failure.tell(w, c)
		if len(v.Findings) > 0 {
			fmt.Fprint(w, "\nWhy:\n")
			tellFindings(w, "  ", v.Findings, c)
		}
		return
	}
	kind := "full handshake"
	if v.Resumed {
		kind = "resumed session"
	}
	parts := []string{c.green + v.Version + c.off, v.Suite}
	if v.Group != "" {
		parts = append(parts, v.Group)
	}
	parts = append(parts, kind, fmt.Sprintf("%.1f ms", v.Millis))
	fmt.Fprintf(w, "\n%s\n", strings.Join(parts, ", "))
	for _, why := range v.Weak {
		fmt.Fprintf(w, "%sWeak: %s%s\n", c.yellow, why, c.off)
	}
	if v.Protocol != "" {
		fmt.Fprintf(w, "Application protocol: %s\n", plain(v.Protocol))
	}
	fmt.Fprintln(w)
}

// outside says which name the network saw.
func (v *view) outside() string {
	if v.OuterName == "" {
		return ""
	}
	return ", the network saw the name " + plain(v.OuterName)
}

func (o *offerView) tell(w io.Writer) {
	if o == nil {
		return
	}
	fmt.Fprint(w, "\nOffered:\n")
	for _, row := range []struct {
		name   string
		values []string
	}{
		{"versions", o.Versions}, {"cipher suites", o.Suites}, {"groups", o.Groups}, {"key shares", o.KeyShares},
		{"signature schemes", o.Schemes}, {"alpn", o.Protocols},
	} {
		if len(row.values) > 0 {
			fmt.Fprintf(w, "  %-20s  %s\n", row.name, wrap(row.values))
		}
	}
}

// wrap joins values, and begins a line after every eighty characters or so.
func wrap(values []string) string {
	var b strings.Builder
	width := 0
	for i, v := range values {
		v = plain(v)
		switch {
		case i == 0:
		case width+len(v) > 80:
			b.WriteString(",\n" + strings.Repeat(" ", 24))
			width = 0
		default:
			b.WriteString(", ")
		}
		b.WriteString(v)
		width += len(v) + 2
	}
	return b.String()
}

func (v *view) tellChoices(w io.Writer, c colors) {
	if len(v.Choices) == 0 {
		return
	}
	fmt.Fprint(w, "\nChoices:\n")
	for _, ch := range v.Choices {
		chosen := plain(ch.Chosen)
		if chosen == "" {
			chosen = c.red + "none" + c.off
		}
		fmt.Fprintf(w, "  %-20s  %s\n", ch.Topic, chosen)
		for _, r := range ch.Refused {
			fmt.Fprintf(w, "  %20s  %snot %s: %s%s\n", "", c.dim, plain(r.Value), r.Why, c.off)
		}
	}
}

func (v *view) tellChain(w io.Writer, c colors, insecure bool) {
	for i, x := range v.Chain {
		fmt.Fprintf(w, "\nCertificate %d: %s\n", i, plain(x.Subject))
		if len(x.Names) > 0 {
			fmt.Fprintf(w, "  for     %s\n", plain(strings.Join(x.Names, ", ")))
		}
		fmt.Fprintf(w, "  issuer  %s\n  valid   %s to %s\n  key     %s, signed with %s\n", plain(x.Issuer),
			x.NotBefore.Format(time.DateOnly), x.NotAfter.Format(time.DateOnly), x.Key, x.Signature)
	}
	if len(v.Checks) == 0 {
		return
	}
	heading := "Checks:"
	if insecure {
		heading = "Checks (not heeded, as --insecure says):"
	}
	fmt.Fprintf(w, "\n%s\n", heading)
	for _, ch := range v.Checks {
		mark := c.green + "ok" + c.off
		if !ch.OK {
			mark = c.red + "NO" + c.off
		}
		which := fmt.Sprintf("certificate %d", ch.Certificate)
		if ch.Certificate < 0 {
			which = "not sent: " + plain(ch.Subject)
		}
		fmt.Fprintf(w, "  %s  %-11s  %s: %s\n", mark, ch.Check, which, plain(ch.Detail))
	}
}

func (f *failure) tell(w io.Writer, c colors) {
	fmt.Fprintf(w, "\n%sThe handshake failed: %s.%s\n", c.red, f.Sentence, c.off)
	for _, row := range [][2]string{
		{"what", plain(f.Detail)}, {"ended by", f.By}, {"in state", f.State}, {"alert", f.alert()}, {"see", f.Clause},
	} {
		if row[1] != "" {
			fmt.Fprintf(w, "  %-10s %s\n", row[0], row[1])
		}
	}
}

// alert gives the alert with its number, empty if there was none.
func (f *failure) alert() string {
	if f.Alert == "" {
		return ""
	}
	return fmt.Sprintf("%s (%d)", f.Alert, f.Number)
}

func (s *step) text() string {
	switch s.Kind {
	case "received":
		return "<- " + s.Name
	case "sent":
		return "-> " + s.Name
	case "alert received":
		return "<- alert " + s.Name
	case "alert sent":
		return "-> alert " + s.Name
	case "state":
		return "   [" + s.Name + "]"
	}
	return "   (" + s.Kind + ": " + s.Name + ")"
}
