package tlstest

import (
	"fmt"
	"strings"

	"github.com/handsel-tls/handsel/internal/protocol/engine"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// tell tells the record of a connection: its steps, its choices and how it
// ended.
func (s *Story) tell(c *engine.Conn, side trace.Side) {
	r := c.Record()
	if r == nil {
		fmt.Fprintf(&s.out, "  %v: in %s\n", side, c.State())
		return
	}
	fmt.Fprintf(&s.out, "  %v: %s\n", side, outcome(r))
	for _, step := range r.Steps {
		fmt.Fprintf(&s.out, "    %s\n", stepText(step))
	}
	for _, choice := range r.Choices {
		s.choice(choice)
	}
	if f := r.Failure; f != nil {
		fmt.Fprintf(&s.out, "    failed in %s: %v\n", f.State, f)
		fmt.Fprintf(&s.out, "    %s, ended by %v, %s", f.Code.Name(), f.By, f.Code.Clause())
		if f.HasAlert {
			fmt.Fprintf(&s.out, ", alert %v", f.Alert)
		}
		s.out.WriteString("\n")
	}
	if c.Err() != nil && r.Failure == nil {
		fmt.Fprintf(&s.out, "    afterwards: %v\n", c.Err())
	}
}

// outcome is the first line of a record.
func outcome(r *trace.Record) string {
	if r.Failure != nil {
		return "the handshake failed"
	}
	parts := []string{r.Version.String(), r.Suite.String()}
	if r.Group != 0 {
		parts = append(parts, r.Group.String())
	}
	if r.Scheme != 0 {
		parts = append(parts, r.Scheme.String())
	}
	if r.ALPN != "" {
		parts = append(parts, r.ALPN)
	}
	if r.ServerName != "" {
		parts = append(parts, "for "+r.ServerName)
	}
	if r.Retried {
		parts = append(parts, "after a retry")
	}
	if r.Resumed {
		parts = append(parts, "resumed")
	}
	return strings.Join(parts, ", ")
}

func stepText(s trace.Step) string {
	switch s.Kind {
	case trace.Entered:
		return "-> " + s.Name
	case trace.Sent:
		return "sent " + s.Name
	case trace.Received:
		return "received " + s.Name
	case trace.AlertSent, trace.AlertReceived:
		level, direction := "warning", "sent"
		if s.Fatal {
			level = "fatal"
		}
		if s.Kind == trace.AlertReceived {
			direction = "received"
		}
		return fmt.Sprintf("%s %s alert %s", direction, level, s.Name)
	case trace.Asked:
		return "asked for: " + s.Name
	case trace.Answered:
		return "answered: " + s.Name
	}
	return "new " + s.Name
}

func (s *Story) choice(c trace.Choice) {
	made := "nothing"
	if c.Made {
		made = c.Topic.Value(c.Chosen)
	}
	fmt.Fprintf(&s.out, "    %v: %s\n", c.Topic, made)
	for _, r := range c.Refused {
		fmt.Fprintf(&s.out, "      not %s: %v\n", c.Topic.Value(r.Value), r.Why)
	}
}
