package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/handsel-tls/handsel/internal/observe/explain"
	"github.com/handsel-tls/handsel/internal/observe/explain/lexicon"
)

func (a *app) explainCommand() *cobra.Command {
	asJSON := false
	c := &cobra.Command{
		Use:   "explain WORDS...",
		Short: "Say what an alert, an event or an error text means",
		Long: `explain takes an alert by number or name, an event of Schannel with its alert and
internal error state, a code of Windows, or an error text as it was printed: by
OpenSSL, curl, Go, Java, GnuTLS, NSS, rustls, mbedTLS, wolfSSL, browsers, Apple's
systems, Node.js, Python, .NET and Schannel, by servers of HTTP, mail, databases and
VPNs, and by what is built on them. It says what the text means, what usually causes
it and how to find out. A longer text is taken from standard input with "-". The id of
a cause says what can be done about it.

It exits with 1 if the words are unknown, and says what is nearest or where to look.`,
		Example: `  handsel explain 40
  handsel explain unrecognized_name
  handsel explain 36888 40 1205
  handsel explain SEC_E_UNTRUSTED_ROOT
  handsel explain 'curl: (35) error:0A000410:SSL routines::sslv3 alert handshake failure'
  handsel explain missing-intermediate
  wevtutil qe System /c:1 /f:text | handsel explain -`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, words []string) error { return a.explain(words, asJSON) },
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var ids []string
			for _, c := range explain.Causes() {
				ids = append(ids, c.ID)
			}
			return append(ids, lexicon.Names()...), cobra.ShellCompDirectiveNoFileComp
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// negative has a number that is less than zero taken for a word of explain, and not for
// a flag: programs print codes of Windows so.
func negative(args []string) []string {
	if len(args) < 2 || args[0] != "explain" {
		return args
	}
	for i, a := range args[1:] {
		if a == "--" {
			return args
		}
		if _, err := strconv.ParseInt(a, 10, 64); err == nil && a[0] == '-' {
			return slices.Insert(slices.Clone(args), i+1, "--")
		}
	}
	return args
}

// mostWords is how many bytes of standard input are read.
const mostWords = 1 << 20

func (a *app) explain(words []string, asJSON bool) error {
	text := strings.Join(words, " ")
	if text == "-" {
		b, err := io.ReadAll(io.LimitReader(a.in, mostWords))
		if err != nil {
			return &exitError{exitFailed, err}
		}
		text = string(b)
	}
	found := lexicon.Look(text)
	cause, isCause := causeOf(strings.TrimSpace(text))
	if len(found) == 0 && !isCause {
		return &exitError{exitFailed, errors.New(unknown(text))}
	}
	if asJSON {
		return json.NewEncoder(a.out).Encode(struct {
			Entries []lexicon.Entry `json:"entries,omitempty"`
			Cause   *explain.Cause  `json:"cause,omitempty"`
		}{found, cause})
	}
	c := colorsFor(a.out)
	if isCause {
		fmt.Fprintf(a.out, "%s%s%s\n  %s\n", c.green, cause.ID, c.off, cause.Sentence)
		tellRemedies(a.out, "  ", cause.Remedies)
	}
	for i := range found {
		if i > 0 || isCause {
			fmt.Fprintln(a.out)
		}
		tellEntry(a.out, &found[i], c)
	}
	return nil
}

// unknown says of words that are unknown what may help instead.
func unknown(text string) string {
	message := "that is not known here"
	if near := lexicon.Near(text); len(near) > 0 {
		return message + "; did you mean " + strings.Join(near, ", or ") + "?"
	}
	if where := lexicon.Where(text); where != "" {
		message += ": " + where
	} else {
		message += ": give the number of an alert, or the error text as it was printed, with the lines around it"
	}
	return message + "; a capture tells more: handsel trace FILE"
}

func causeOf(id string) (*explain.Cause, bool) {
	for _, c := range explain.Causes() {
		if c.ID == id {
			return &c, true
		}
	}
	return nil, false
}

func tellEntry(w io.Writer, e *lexicon.Entry, c colors) {
	fmt.Fprintf(w, "%s%s%s\n  said by  %s\n  means    %s\n", c.green, e.Title, c.off, e.SaidBy, e.Means)
	for i, id := range e.Causes {
		head := "         "
		if i == 0 {
			head = "usually  "
		}
		if cause, ok := causeOf(id); ok {
			fmt.Fprintf(w, "  %s%s [%s]\n", head, cause.Sentence, id)
		}
	}
	if e.Find != "" {
		fmt.Fprintf(w, "  find out %s\n", e.Find)
	}
}
