package web

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// Places in the diagram, in units of its own, which are about a pixel each.
const (
	timeX       = 58 // times end here
	clientX     = 70 // the client's line
	serverX     = 388
	wide        = 396
	aboveArrow  = 22 // for its text
	stepHeight  = 42 // of an arrow, with its small print
	smallHeight = 19 // of a state, and of a gap in time
	layerHeight = 26
	mostSteps   = 200 // that are drawn unless all are asked for
	mostLabel   = 46  // characters above an arrow
	mostPrint   = 50  // and below it
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
	Balloon   *balloon // what Learn says of it; nil: nothing
}

// draw lays the steps of a handshake out, whose page is here. chosen is the message that is shown
// beside it.
func draw(h *Handshake, here string, chosen int, all bool) *diagram {
	d := &diagram{Width: wide, ClientX: clientX, ServerX: serverX, TimeX: timeX, Between: serverX - clientX, Client: h.Client, Server: h.Server}
	steps := h.Steps
	if !all && len(steps) > mostSteps {
		d.Left, steps = len(steps)-mostSteps, steps[:mostSteps]
		d.All = here + "?all=1"
	}
	y, before, layer := 0, "", ""
	add := func(l drawn, above, high int) {
		l.Y = y + above
		y += high
		l.place(here)
		d.Lines = append(d.Lines, l)
	}
	for i, s := range steps {
		if i > 0 {
			if gap := s.At - steps[i-1].At; gap > longGap {
				add(drawn{Step: Step{Kind: "gap", Text: duration(gap) + " pass", Message: -1}}, smallHeight-6, smallHeight)
			}
		}
		if of := layerOf(s.Kind); of != "" && of != layer {
			layer = of
			add(drawn{Step: Step{Kind: "layer", Text: layer, Message: -1}}, layerHeight-6, layerHeight)
		}
		line := drawn{Step: s, Chosen: s.Message >= 0 && s.Message == chosen}
		if t := duration(s.At); t != before {
			line.Time, before = t, t
		}
		if line.arrow() {
			add(line, aboveArrow, stepHeight)
		} else {
			add(line, smallHeight-6, smallHeight)
		}
	}
	d.Height = y + 4
	return d
}

// layerOf says of which protocol a step is.
func layerOf(kind string) string {
	return map[string]string{"segment": "TCP", "message": "TLS"}[kind]
}

// arrow reports whether a line goes from one side to the other.
func (l *drawn) arrow() bool { return l.Kind == "message" || l.Kind == "segment" }

// place gives an arrow its ends, a state its place at the server's line, and either
// what it leads to and what Learn says of it.
func (l *drawn) place(here string) {
	word := wordOf(&l.Step)
	if word != nil {
		l.Href = word.Href()
	}
	if l.Message >= 0 {
		l.Href = fmt.Sprintf("%s?m=%d#message", here, l.Message)
	}
	l.TextX, l.Anchor = (clientX+serverX)/2, "middle"
	switch {
	case l.Kind == "state":
		l.TextX, l.Anchor = serverX-12, "end"
	case l.arrow():
		l.X1, l.X2 = clientX, serverX
		back := -9
		if l.From == trace.Server {
			l.X1, l.X2, back = serverX, clientX, 9
		}
		l.Head = fmt.Sprintf("%d,%d %d,%d %d,%d", l.X2, l.Y, l.X2+back, l.Y-5, l.X2+back, l.Y+5)
	}
	if word != nil {
		above := smallHeight - 4
		if l.arrow() {
			above = aboveArrow
		}
		l.Balloon = blow(word, l.Y-above)
	}
}

// wordOf gives the lesson of a step; nil: there is none.
func wordOf(s *Step) *lesson {
	name, _, _ := strings.Cut(s.Text, " (")
	switch alert, ok := strings.CutPrefix(name, "Alert: "); {
	case s.Kind == "state":
		return teach("state", name)
	case s.Kind != "message":
		return nil
	case ok:
		return teach("alert", alert)
	}
	return ofMessage(name)
}

// Label is the text of a line, as far as there is room for it.
func (l *drawn) Label() string { return short(l.Text, mostLabel) }

// Print is the small print of an arrow: it says, too, that a message is encrypted.
func (l *drawn) Print() string {
	return short(l.Beside+map[string]string{"sealed": ", encrypted", "opened": ", decrypted"}[l.Look], mostPrint)
}

// Way says of an arrow, to who cannot see it, whence it goes and when.
func (l *drawn) Way() string {
	way := "From the client to the server"
	if l.From == trace.Server {
		way = "From the server to the client"
	}
	return way + " after " + duration(l.At) + "."
}

// Top is where the part of an arrow begins that can be clicked.
func (l *drawn) Top() int { return l.Y - 20 }

// Above is where the text of an arrow stands.
func (l *drawn) Above() int { return l.Y - 6 }

// Below is where its small print stands.
func (l *drawn) Below() int { return l.Y + 13 }

// short cuts a text that is too long.
func short(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}

// A balloon is what Learn says of a line of the diagram, above the line.
type balloon struct {
	X, Y, Width, Height int
	Lines               []phrase
	Said                string // the same for who hears it
}

// A phrase is a line of a balloon.
type phrase struct {
	X, Y  int
	Text  string
	Where bool
}

// blow makes the balloon of a lesson that ends at a height.
func blow(l *lesson, bottom int) *balloon {
	const characters, high, edge = 56, 16, 9
	var texts []phrase
	for _, text := range wrap(l.Text, characters) {
		texts = append(texts, phrase{Text: text})
	}
	texts = append(texts, phrase{Text: l.Where, Where: true})
	b := &balloon{X: clientX - 30, Width: serverX - clientX + 38, Height: len(texts)*high + 2*edge - 4, Said: l.Hint()}
	b.Y = bottom - b.Height
	for i := range texts {
		texts[i].X, texts[i].Y = b.X+edge+2, b.Y+edge+high*(i+1)-5
	}
	b.Lines = texts
	return b
}

// wrap breaks a text into lines.
func wrap(text string, most int) (lines []string) {
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > most {
			lines, line = append(lines, line), ""
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	return append(lines, line)
}

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
