package explain_test

import (
	"crypto/rand"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/handsel-tls/handsel/internal/observe/explain"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// TestDocs: docs/causes.md is what the catalogue says. With -update it is written
// anew.
func TestDocs(t *testing.T) {
	const name = "../../../docs/causes.md"
	want := document()
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(name)
	if err != nil || string(got) != want {
		t.Errorf("%s is not what the catalogue says: UPDATE=1 go test ./internal/observe/explain (%v)", name, err)
	}
}

// document writes the catalogue for people.
func document() string {
	var b strings.Builder
	b.WriteString(`# Why handshakes fail: the causes that Handsel names

Every finding of ` + "`handsel connect`, `serve`, `trace`" + ` and ` + "`tls.Record.Explain`" + ` has one of these ids. They are stable: events
and filters use them. What stands in {braces} is filled in from the connection. This page is written by the test of
package explain.
`)
	subject := ""
	for _, c := range explain.Causes() {
		if c.Subject != subject {
			subject = c.Subject
			b.WriteString("\n## " + subject + "\n")
		}
		b.WriteString("\n**" + c.ID + "**: " + c.Sentence + "\n")
		for _, r := range c.Remedies {
			b.WriteString("- *" + r.For + ":* " + r.Text + "\n")
			for _, cmd := range r.Commands {
				b.WriteString("  - " + cmd.Program + ": `" + cmd.Line + "`\n")
			}
		}
	}
	return b.String()
}

// TestComplete: an end of a handshake that was complete is nothing to explain.
func TestComplete(t *testing.T) {
	for _, side := range []trace.Side{trace.Client, trace.Server} {
		if found := explain.Explain(explain.FromRecord(&trace.Record{Side: side})); len(found) > 0 {
			t.Errorf("%+v", found)
		}
	}
}

// TestEmpty: a case of which nothing is known is not explained with confidence.
func TestEmpty(t *testing.T) {
	for _, how := range []explain.How{explain.ByAlert, explain.ByFIN, explain.ByRST, explain.BySilence, explain.StillOpen, ""} {
		for _, by := range []trace.Side{0, trace.Client, trace.Server} {
			for _, f := range explain.Explain(&explain.Case{Ended: explain.Ended{How: how, By: by}}) {
				if f.Confidence == explain.Known {
					t.Errorf("%s by %v: %+v", how, by, f)
				}
			}
		}
	}
}

// TestNamesInCommands: a name that a stranger chose does not become a part of a
// command.
func TestNamesInCommands(t *testing.T) {
	c := &explain.Case{Name: "x;rm -rf ~", Server: "192.0.2.1:443", Opened: explain.Refused}
	b, _ := json.Marshal(explain.Explain(c))
	if strings.Contains(string(b), "rm -rf") {
		t.Errorf("%s", b)
	}
}

// TestRemedies: for every cause there is something that somebody can do.
func TestRemedies(t *testing.T) {
	for _, c := range explain.Causes() {
		if len(c.Remedies) == 0 {
			t.Errorf("%s: nothing can be done", c.ID)
		}
	}
}

// TestRemedyOfVersions: who is told to enable newer versions is the side that lacks
// them.
func TestRemedyOfVersions(t *testing.T) {
	for name, c := range map[string]struct {
		client, server iana.Version
		first          string
	}{
		"an old client":       {iana.TLS11, iana.TLS12, "client's operator"},
		"an old server":       {iana.TLS12, iana.TLS11, "server's operator"},
		"a client of today":   {iana.TLS13, iana.TLS12, "server's operator"},
		"a server of TLS 1.3": {iana.TLS12, iana.TLS13, "server's operator"},
	} {
		host := func(v iana.Version) *tlstest.Host {
			p := *policy.Legacy()
			p.Versions = []iana.Version{v}
			return &tlstest.Host{Config: &handshake.Config{Policy: &p, Record: true, Rand: rand.Reader}, Credential: tlstest.Credentials()["P-256"]}
		}
		p, err := tlstest.NewPair(host(c.client), host(c.server))
		if err != nil {
			t.Fatal(err)
		}
		p.Run()
		f := explain.Explain(explain.FromRecord(p.Server.Record()))
		if len(f) == 0 || f[0].ID != "no-common-version" || f[0].Remedies[0].For != c.first {
			t.Errorf("%s: %+v", name, f)
		}
	}
}
