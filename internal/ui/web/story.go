package web

import (
	"fmt"
	"strings"
	"time"

	"github.com/handsel-tls/handsel/internal/observe/explain"
	"github.com/handsel-tls/handsel/internal/observe/flow"
	"github.com/handsel-tls/handsel/internal/observe/tcp"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// ofStory gives a connection of a capture in a list.
func ofStory(id string, s *flow.Story) Row {
	r := Row{
		ID: id, Time: time.Unix(0, s.TCP.First), Client: s.TCP.Client.String(), Server: s.TCP.Server.String(), Name: s.ServerName,
		Resumed: s.Resumed == flow.Yes || s.Resumed == flow.Probably, Millis: millis(time.Duration(s.TCP.Last - s.TCP.First)),
		Failed: s.Failed(), Outcome: outcome(s), Program: s.JA4,
	}
	if s.Version != 0 {
		r.Version = s.Version.String()
		if s.Version != iana.SSL20 {
			r.Suite = s.Suite.String()
		}
	}
	if s.Group != 0 {
		r.Group = s.Group.String()
	}
	if r.Failed || s.Ended.How == "fin" {
		r.because(explain.Explain(s.Case()))
	}
	return r
}

// hedges say how sure a cause is where it stands alone.
var hedges = map[explain.Confidence]string{explain.Likely: "Likely: ", explain.Possible: "Possibly: "}

// because notes the most likely cause.
func (r *Row) because(found []explain.Finding) {
	if len(found) > 0 {
		r.Cause, r.Why = found[0].ID, hedges[found[0].Confidence]+found[0].Cause
	}
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// outcome says in words how a connection ended.
func outcome(s *flow.Story) string {
	by := ""
	if s.Ended.By != 0 {
		by = " by the " + s.Ended.By.String()
	}
	switch e := s.Ended; e.How {
	case "alert":
		if !e.Known {
			return "encrypted alert" + by
		}
		return "alert " + e.Alert.String() + by
	case "close_notify":
		return "closed" + by
	case "fin":
		return "closed" + by + " without close_notify"
	case "rst":
		return "reset" + by
	case "silence":
		return "silence"
	}
	return "still open at the end of the capture"
}

// pageOfStory gives a connection of a capture in full.
func pageOfStory(id string, s *flow.Story) *Handshake {
	h := &Handshake{Row: ofStory(id, s)}
	if h.Failed || s.Ended.How == "fin" {
		h.Findings = explain.Explain(s.Case())
	}
	h.facts(s.ALPN)
	for _, f := range []Fact{{"Session resumed", known(s.Resumed), ""}, {"Handshake complete", known(s.Complete), ""},
		{"Client certificate", known(s.ClientAuth), ""}, {"JA3", s.JA3, ""}, {"JA3S", s.JA3S, ""}, {"JA4", s.JA4, ""}, {"Packets came through", s.TCP.Via, ""}} {
		h.fact(f)
	}
	if s.Keys {
		h.fact(Fact{"Decrypted", "with a key log or a private key", ""})
	}
	for _, n := range s.Notes {
		h.Notes = append(h.Notes, n.Text)
	}
	since := func(t int64) time.Duration { return time.Duration(t - s.TCP.First) }
	h.segments(s.TCP, since)
	for _, p := range s.Preamble {
		h.Steps = append(h.Steps, Step{At: since(s.Started), Kind: "note", Text: "before TLS: " + strings.TrimSpace(p.Kind+" "+p.Detail), Message: -1})
	}
	for _, m := range s.Messages {
		h.said(s, m, since(m.Time))
	}
	end := s.TCP.End
	if end.How != tcp.Open {
		text := "TCP " + end.How.String()
		if end.By != 0 {
			text += " by the " + end.By.String()
		}
		h.Steps = append(h.Steps, Step{At: since(s.TCP.Last), Kind: "note", Text: text, Message: -1, Look: look(end.How == tcp.Reset && h.Failed, "alert")})
	}
	return h
}

// facts gives what both kinds of handshakes have.
func (h *Handshake) facts(alpn string) {
	for _, f := range []Fact{{"Server name", h.Name, ""}, {"Version", h.Version, "version"}, {"Cipher suite", h.Suite, "suite"},
		{"Group", h.Group, "group"}, {"Application protocol", alpn, ""}} {
		h.fact(f)
	}
}

func (h *Handshake) fact(f Fact) {
	if f.Value != "" {
		h.Facts = append(h.Facts, f)
	}
}

func known(k flow.Known) string {
	return [...]string{flow.Unknown: "", flow.No: "no", flow.Yes: "yes", flow.Probably: "probably"}[k]
}

func look(yes bool, how string) string {
	if yes {
		return how
	}
	return ""
}

// segments adds those that opened the connection.
func (h *Handshake) segments(c *tcp.Conn, since func(int64) time.Duration) {
	for _, o := range c.Opening {
		h.Steps = append(h.Steps, Step{
			At: since(o.Time), Kind: "segment", From: o.From, Text: o.Flags.String(), Message: -1,
			Beside: strings.TrimSuffix(fmt.Sprintf("frame %d, %s", o.Frame, o.Options), ", "),
			More:   fmt.Sprintf("seq %d, ack %d, window %d", o.Seq, o.Ack, o.Window),
		})
	}
}

// said adds a message of a story.
func (h *Handshake) said(s *flow.Story, m *flow.Message, at time.Duration) {
	v := Message{From: m.From, Name: m.Name, Length: m.Length, Tree: s.Tree(m)}
	step := Step{At: at, Kind: "message", From: m.From, Text: m.Name, Message: len(h.Messages), Beside: count(m.Length, "byte")}
	switch {
	case m.Opened:
		v.Seal, step.Look = "decrypted", "opened"
	case m.Encrypted || m.Content == iana.ContentApplicationData:
		v.Seal, step.Look = "encrypted", "sealed"
	}
	if m.Content == iana.ContentAlert && v.Seal != "encrypted" {
		if a, err := wire.ParseAlert(m.Raw); err == nil {
			step.Text += ": " + a.Description.String()
			step.Look = look(a.Description != iana.AlertCloseNotify, "alert")
		}
	}
	if m.Inferred != "" {
		step.Text += " (inferred)"
		v.About = append(v.About, "Inferred: "+m.Inferred)
	}
	if m.Broken != nil {
		step.Look = "broken"
		v.About = append(v.About, "It stops making sense: "+m.Broken.Error())
	}
	switch {
	case m.Uncaptured:
		v.About = append(v.About, "It is not whole here: the rest of it was not captured")
	case m.Cut:
		step.Look = "broken"
		v.About = append(v.About, "It is not whole: the stream ends or is lost within it")
	}
	v.About = append(v.About, carried(m)...)
	h.Messages, h.Steps = append(h.Messages, v), append(h.Steps, step)
}

// carried says in which frames and records a message came.
func carried(m *flow.Message) (lines []string) {
	const most = 8
	var frames []string
	for i, f := range m.Frames {
		if i == most {
			frames = append(frames, fmt.Sprintf("and %d more", len(m.Frames)-i))
			break
		}
		if len(m.Frames) == 1 {
			frames = append(frames, fmt.Sprintf("frame %d", f))
		} else {
			frames = append(frames, fmt.Sprintf("frame %d (%s)", f, count(m.Segs[i], "byte")))
		}
	}
	lines = append(lines, "In "+strings.Join(frames, ", "))
	for i, r := range m.Records {
		if i == most {
			lines = append(lines, fmt.Sprintf("and %s more", count(len(m.Records)-i, "record")))
			break
		}
		if m.SSL2 {
			lines = append(lines, fmt.Sprintf("Record of SSL 2.0, %s", count(r.Length, "byte")))
			continue
		}
		lines = append(lines, fmt.Sprintf("Record: %v, %v, %s", r.Content, r.Version, count(r.Length, "byte")))
	}
	return lines
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
