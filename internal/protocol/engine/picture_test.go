package engine_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/engine"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
)

var update = flag.Bool("update", false, "write docs/diagrams.md from the tables")

const pictures = "../../../docs/diagrams.md"

// TestPictures compares the pictures in docs with the tables of the machines.
// After a change of a table, run it with -update.
func TestPictures(t *testing.T) {
	var b strings.Builder
	b.WriteString(`# The diagrams of the machines

These pictures are generated from the tables that the code runs by; do not edit
them. After a change of a table:

    go test ./internal/protocol/engine -run TestPictures -update

An arrow bears the message that the state accepts, or the answer of the host
that it waits for. Everything else is refused with the alert unexpected_message,
except that a client of TLS 1.2 ignores HelloRequests and both sides of TLS 1.3
the records of change_cipher_spec.
What stands in parentheses tells states of one name in the RFC apart, most often
by the question that the host has to answer in it.
`)
	for _, d := range engine.Diagrams() {
		fmt.Fprintf(&b, "\n## %s\n\n```mermaid\n%s```\n", machineNames[d.Machine], mermaid(d))
	}
	if *update {
		if err := os.WriteFile(pictures, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(pictures)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != b.String() {
		t.Error("docs/diagrams.md is not what the tables say: run this test with -update")
	}
}

// mermaid gives the text of a picture.
func mermaid(d handshake.Diagram) string {
	var b strings.Builder
	b.WriteString("stateDiagram-v2\n")
	for i, name := range d.States {
		fmt.Fprintf(&b, "    s%d: %s\n", i, name)
	}
	b.WriteString("    [*] --> s0\n")
	var drawn []handshake.Edge
	for _, e := range d.Edges {
		if slices.Contains(drawn, e) {
			continue
		}
		drawn = append(drawn, e)
		fmt.Fprintf(&b, "    s%d --> s%d: %v\n", e.From, e.To, e.On)
	}
	fmt.Fprintf(&b, "    s%d --> [*]\n", len(d.States)-1)
	return b.String()
}
