package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/handsel-tls/handsel/internal/observe/explain"
)

// tellCause tells the first finding in a line.
func tellCause(w io.Writer, indent string, found []explain.Finding, c colors) {
	if len(found) == 0 {
		return
	}
	f := &found[0]
	fmt.Fprintf(w, "%s%s%s%s%s [%s]\n", indent, c.yellow, hedge(f), plain(f.Cause), c.off, f.ID)
}

// hedge says how sure a finding is, in the words that come before it.
func hedge(f *explain.Finding) string {
	return map[explain.Confidence]string{explain.Likely: "Likely: ", explain.Possible: "Possibly: "}[f.Confidence]
}

// tellFindings tells all findings, with what speaks for them and what can be done.
func tellFindings(w io.Writer, indent string, found []explain.Finding, c colors) {
	for i := range found {
		f := &found[i]
		tellCause(w, indent, found[i:], c)
		in := indent + "  "
		for _, e := range f.Evidence {
			fmt.Fprintf(w, "%ssee %s\n", in, plain(evidence(&e)))
		}
		lines(w, in+"for: ", f.For)
		lines(w, in+"against: ", f.Against)
		for i := range f.Changes {
			ch := &f.Changes[i]
			weak := ""
			if len(ch.Weak) > 0 {
				weak = " (weak: " + strings.Join(ch.Weak, "; ") + ")"
			}
			fmt.Fprintf(w, "%s%swould have worked: %s%s, and leads to %s%s\n", in, c.green, plain(ch.String()), c.off, plain(ch.Result), weak)
		}
		if i == 0 || f.Confidence != explain.Possible { // what is only possible is settled first
			tellRemedies(w, in, f.Remedies)
		}
		lines(w, in+"would settle it: ", f.Settle)
	}
}

func tellRemedies(w io.Writer, indent string, list []explain.Remedy) {
	for _, r := range list {
		fmt.Fprintf(w, "%s%s: %s\n", indent, r.For, plain(r.Text))
		for _, cmd := range r.Commands {
			fmt.Fprintf(w, "%s  %-8s %s\n", indent, cmd.Program, plain(cmd.Line))
		}
	}
}

func lines(w io.Writer, before string, list []string) {
	for _, s := range list {
		fmt.Fprintf(w, "%s%s\n", before, plain(s))
	}
}

// evidence says where something was seen.
func evidence(e *explain.Evidence) string {
	s := e.Message
	if e.Field != "" {
		s = e.Field
	}
	if e.Value != "" {
		s += " = " + e.Value
	}
	if e.Frame != 0 {
		s += fmt.Sprintf(" (frame %d)", e.Frame)
	}
	return s
}
