package cli

import (
	"testing"

	"github.com/handsel-tls/handsel/internal/observe/flow"
	"github.com/handsel-tls/handsel/internal/observe/tcp"
)

// TestTraceStream: --stream takes numbers of connections over TCP, and of QUIC.
func TestTraceStream(t *testing.T) {
	over, quic := &flow.Story{TCP: &tcp.Conn{ID: 3}}, &flow.Story{TCP: &tcp.Conn{ID: 3}, QUIC: "1"}
	for stream, want := range map[string][2]bool{"": {true, true}, "3": {true, false}, "03": {true, false}, "q3": {false, true}, "q4": {}, "4": {}} {
		f := traceFlags{stream: stream}
		if _, err := f.check([]string{"-"}); err != nil {
			t.Fatal(err)
		}
		tr := &tracer{flags: &f}
		if got := [2]bool{tr.wants(over, false), tr.wants(quic, false)}; got != want {
			t.Errorf("--stream %q: %v, want %v", stream, got, want)
		}
	}
	for _, stream := range []string{"q", "-1", "3q", "x"} {
		if _, err := (&traceFlags{stream: stream}).check([]string{"-"}); err == nil {
			t.Errorf("--stream %s is taken", stream)
		}
	}
}
