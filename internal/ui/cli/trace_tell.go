package cli

import (
	"fmt"
	"strings"

	"github.com/handsel-tls/handsel/internal/observe/flow"
	"github.com/handsel-tls/handsel/internal/observe/tcp"
)

// tell tells the story in a line, or with every message, or with every field.
func (t *tracer) tell(v *traceView, s *flow.Story) string {
	var b strings.Builder
	verbose, c := t.flags.verbose > 0 || len(t.flags.hex) > 0, t.color
	color := c.green
	if v.Failed {
		color = c.red
	}
	number := numberOf(v.Stream, v.QUIC != "")
	fmt.Fprintf(&b, "%s#%s%s %s > %s", color, number, c.off, v.Client, v.Server)
	if v.QUIC != "" {
		b.WriteString("  QUIC " + v.QUIC)
	}
	for _, s := range []string{v.ServerName, v.Version, v.Suite, v.Group, v.ALPN} {
		if s != "" {
			b.WriteString("  " + plain(s))
		}
	}
	for _, p := range v.Preamble {
		b.WriteString("  after " + strings.TrimSpace(p.Kind+" "+plain(p.Detail)))
	}
	if v.Via != "" {
		b.WriteString("  via " + plain(v.Via))
	}
	if v.Resumed == "yes" || v.Resumed == "probably" {
		b.WriteString("  resumed")
	}
	fmt.Fprintf(&b, "  %s%s%s\n", color, v.outcome(), c.off)
	if verbose {
		for _, n := range v.Notes {
			fmt.Fprintf(&b, "    %s%s%s\n", c.yellow, plain(n.Text), c.off)
		}
	}
	for _, one := range []struct {
		name string
		side *traceSide
	}{{"client", &v.Sides.Client}, {"server", &v.Sides.Server}} {
		if text := one.side.oddities(); text != "" && (verbose || one.side.Lost+one.side.Snapped+int64(one.side.Conflicts) > 0) {
			fmt.Fprintf(&b, "    %sTCP of the %s: %s%s\n", c.yellow, one.name, text, c.off)
		}
	}
	v.tellData(&b)
	if !verbose {
		tellCause(&b, "    ", v.Findings, c)
	} else {
		tellFindings(&b, "    ", v.Findings, c)
		v.tellMessages(&b, c, func(i int) { t.tellMore(&b, v, s, i) })
	}
	return b.String()
}

// oddities says what was lost, came twice or in another order, in words.
func (s *traceSide) oddities() string {
	var list []string
	add := func(n int64, one, several string) {
		if n > 0 {
			list = append(list, counted(int(n), one, several))
		}
	}
	add(s.Lost, "byte was not captured", "bytes were not captured")
	add(s.Snapped, "byte was cut off by the capture", "bytes were cut off by the capture")
	add(int64(s.Retransmitted), "segment was sent again", "segments were sent again")
	add(int64(s.Reordered), "came out of order", "came out of order")
	add(int64(s.Overlaps), "overlaps what came before", "overlap what came before")
	add(int64(s.Conflicts), "of them says something else there: the first stands", "of them say something else there: the first stand")
	add(int64(s.KeepAlives), "keep-alive", "keep-alives")
	add(int64(s.Strange), "belongs nowhere and was left out", "belong nowhere and were left out")
	add(int64(s.WrongSums), "wrong checksum", "wrong checksums")
	return strings.Join(list, ", ")
}

// outcome says how the connection ended, in words.
func (v *traceView) outcome() string {
	by, failed := "", ""
	if v.Ended.By != "" {
		by = " by the " + v.Ended.By
	}
	if v.Failed {
		failed = "failed: "
	}
	switch v.Ended.How {
	case "alert":
		if v.Ended.Alert == "" {
			return failed + "an encrypted alert" + by
		}
		return failed + "alert " + v.Ended.Alert + by
	case "close_notify":
		if v.Failed {
			return failed + "close_notify" + by + v.after()
		}
		return "closed" + by
	case "fin":
		if v.Failed {
			return failed + "closed" + by + v.after()
		}
		return "closed" + by + " without close_notify"
	case "rst":
		if v.Failed {
			return failed + "reset" + by + v.after()
		}
		return "reset" + by
	case "silence":
		return failed + "nobody said any more" + v.after()
	}
	switch {
	case v.QUIC != "":
		return "encrypted from there on"
	case v.Sides.How == tcp.Capped.String():
		return "given up, because too many connections were open"
	case v.Sides.How == tcp.Reused.String():
		return "still open when its ports opened another connection"
	}
	return "still open when the capture ends"
}

// after names the last message but for the alert that ended the connection.
func (v *traceView) after() string {
	for i := len(v.Messages) - 1; i >= 0; i-- {
		if m := &v.Messages[i]; m.Alert == "" {
			return ", after the " + m.From + "'s " + m.Name
		}
	}
	return ""
}

// tellMore tells what is wanted of a message below its line.
func (t *tracer) tellMore(b *strings.Builder, v *traceView, s *flow.Story, i int) {
	m := s.Messages[i]
	if t.flags.verbose > 1 {
		tellTree(b, s, m, t.color)
	} else {
		for n, c := range v.Messages[i].Certificates {
			fmt.Fprintf(b, "          %d: %s\n", n, plain(c.String()))
		}
	}
	if len(t.flags.hex) == 0 {
		return
	}
	if tree := s.Tree(m); tree != nil {
		for _, want := range t.flags.hex {
			if tellBytes(b, tree, want) {
				t.shown[want] = true
			}
		}
	}
}

// tellMessages lists the segments that opened the connection, and every message;
// more tells more of the message of a number.
func (v *traceView) tellMessages(b *strings.Builder, c colors, more func(i int)) {
	for _, o := range v.Opening {
		options := ""
		if o.Options != "" {
			options = "  " + o.Options
		}
		fmt.Fprintf(b, "    %10.3f ms  %s  %s  frame %d  seq %d ack %d win %d%s  checksum %s %s\n",
			o.Millis, arrow(o.From), o.Flags, o.Frame, o.Seq, o.Ack, o.Window, options, o.Checksum, o.Sum)
	}
	before := 0.0
	for i, m := range v.Messages {
		delta := ""
		if i > 0 {
			delta = fmt.Sprintf(" (+%.3f)", m.Millis-before)
		}
		before = m.Millis
		fmt.Fprintf(b, "    %10.3f ms%s  %s  %s", m.Millis, delta, arrow(m.From), m.Name)
		if m.Alert != "" {
			fmt.Fprintf(b, " %s%s %s%s", c.red, m.Level, m.Alert, c.off)
		}
		b.WriteString("  " + counted(m.Length, "byte", "bytes"))
		if m.Records > 1 {
			fmt.Fprintf(b, " in %d records", m.Records)
		}
		fmt.Fprintf(b, "  %s", frames(m.Frames))
		for _, s := range []string{m.Inferred, m.Broken} {
			if s != "" {
				b.WriteString("  (" + plain(s) + ")")
			}
		}
		switch {
		case m.Uncaptured:
			b.WriteString("  (the rest was not captured)")
		case m.Cut:
			b.WriteString("  (not whole)")
		}
		b.WriteString("\n")
		more(i)
	}
	if v.QUIC != "" {
		return
	}
	fmt.Fprintf(b, "    %10.3f ms  TCP: %s%s\n", v.Millis, v.Sides.How, map[bool]string{true: " by the " + v.Sides.By}[v.Sides.By != ""])
}

func arrow(from string) string {
	if from == "client" {
		return "C ->"
	}
	return "<- S"
}

// frames names the frames that carried a message.
func frames(list []int) string {
	const most = 6
	var words []string
	for i, f := range list {
		if i == most {
			words = append(words, "...")
			break
		}
		words = append(words, fmt.Sprint(f))
	}
	if len(list) == 1 {
		return "frame " + words[0]
	}
	return "frames " + strings.Join(words, ", ")
}
