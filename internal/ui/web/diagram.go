package web

import (
	"fmt"
	"slices"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// Places in the diagram, in units of its own.
const (
	timeX       = 62 // times end here
	between     = 380
	narrowLeft  = 110 // of the client's line, if nothing stands beside it
	wideRight   = 190 // of the server's line, if its states stand there
	narrowRight = 60
	stepHeight  = 40
	smallHeight = 22 // of a state, and of a gap in time
	firstY      = 56
	mostSteps   = 200 // that are drawn unless all are asked for
	longGap     = 50 * time.Millisecond
)

// A diagram is a handshake as a picture: the client's line on the left, the
// server's on the right, time down the side.
type diagram struct {
	Width, Height    int
	ClientX, ServerX int
	TimeX, Between   int
	Client, Server   string
	Lines            []drawn
	Left             int // steps that are not drawn
	All              string
}

// A drawn is a line of a diagram with its place.
type drawn struct {
	Step
	Y, X1, X2 int
	Head      string // points of the arrow's head
	Time      string // empty: the same as above
	Href      string
	Chosen    bool
	TextX     int
	Anchor    string
}

// draw lays the steps of a handshake out, whose page is here. chosen is the message that is shown
// beside it.
func draw(h *Handshake, here string, chosen int, all bool) *diagram {
	d := &diagram{ClientX: narrowLeft, TimeX: timeX, Between: between, Client: h.Client, Server: h.Server}
	d.ServerX = d.ClientX + between
	d.Width = d.ServerX + narrowRight
	if slices.ContainsFunc(h.Steps, func(s Step) bool { return s.Kind == "state" }) {
		d.Width = d.ServerX + wideRight
	}
	steps := h.Steps
	if !all && len(steps) > mostSteps {
		d.Left, steps = len(steps)-mostSteps, steps[:mostSteps]
		d.All = here + "?all=1"
	}
	y, before := firstY, ""
	for i, s := range steps {
		if i > 0 {
			if gap := s.At - steps[i-1].At; gap > longGap {
				d.Lines = append(d.Lines, drawn{Step: Step{Kind: "gap", Text: duration(gap) + " pass", Message: -1}, Y: y - 8, TextX: d.ClientX + between/2, Anchor: "middle"})
				y += smallHeight
			}
		}
		line := drawn{Step: s, Y: y, TextX: d.ClientX + between/2, Anchor: "middle"}
		if t := duration(s.At); t != before {
			line.Time, before = t, t
		}
		line.place(d, here)
		line.Chosen = s.Message >= 0 && s.Message == chosen
		d.Lines = append(d.Lines, line)
		if s.Kind == "state" || s.Kind == "keys" {
			y += smallHeight
		} else {
			y += stepHeight
		}
	}
	d.Height = y + 4
	return d
}

// place gives an arrow its ends, and a state its place beside the server's line.
func (l *drawn) place(d *diagram, here string) {
	if l.Message >= 0 {
		l.Href = fmt.Sprintf("%s?m=%d#message", here, l.Message)
	}
	switch {
	case l.Kind == "state" || l.Kind == "keys":
		l.TextX, l.Anchor = d.ServerX+10, "start"
	case l.Kind == "message" || l.Kind == "segment":
		l.X1, l.X2 = d.ClientX, d.ServerX
		back := -9
		if l.From == trace.Server {
			l.X1, l.X2, back = d.ServerX, d.ClientX, 9
		}
		l.Head = fmt.Sprintf("%d,%d %d,%d %d,%d", l.X2, l.Y, l.X2+back, l.Y-5, l.X2+back, l.Y+5)
	}
}

// Seal says in small print that a message is encrypted.
func (l *drawn) Seal() string {
	return map[string]string{"sealed": ", encrypted", "opened": ", decrypted"}[l.Look]
}

// Above is where the text of an arrow stands.
func (l *drawn) Above() int { return l.Y - 6 }

// Below is where its small print stands.
func (l *drawn) Below() int { return l.Y + 13 }

// duration gives a time for people, as exact as it matters.
func duration(d time.Duration) string {
	switch {
	case d >= 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d >= 100*time.Millisecond:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.2f ms", float64(d.Microseconds())/1000)
}
