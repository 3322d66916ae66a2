package web

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/handsel-tls/handsel/internal/observe/field"
)

// A node is a field of a message on the page.
type node struct {
	Path, Label, Value, Error string
	Start, End                int
	Elsewhere                 bool // its offsets do not count in the bytes that are shown
	Open, Chosen              bool
	Href                      string
	Term                      *lesson // nil: Learn says nothing of it
	Sub                       []node
}

// A shown is the message that is shown beside the diagram.
type shown struct {
	Message
	Number   int
	Tree     *node
	Previous string // addresses; empty: there is none
	Next     string
	Chosen   *node
	Bytes    []piece
	Lesson   *lesson
}

// Closed says why the message cannot be taken apart; empty: its bytes are not kept.
func (s *shown) Closed() string {
	if s.Seal == "encrypted" {
		return "It is encrypted, and there are no keys to see inside: handsel trace --keylog or --rsa-key takes them."
	}
	return ""
}

// show gives the message of a number of a handshake whose page is here, with the field of a path, which may be empty.
func (h *Handshake) show(here string, number int, path string) *shown {
	if number < 0 || number >= len(h.Messages) {
		return nil
	}
	base := func(n int) string { return fmt.Sprintf("%s?m=%d", here, n) }
	s := &shown{Message: h.Messages[number], Number: number}
	s.Lesson = ofMessage(s.Name)
	if number > 0 {
		s.Previous = base(number-1) + "#message"
	}
	if number+1 < len(h.Messages) {
		s.Next = base(number+1) + "#message"
	}
	root := h.Messages[number].Tree
	if root == nil {
		return s
	}
	b := builder{chosen: strings.ToLower(path), base: base(number), raw: root.Raw}
	tree := b.node(root, "", "", root.Raw)
	s.Tree = &tree
	raw, start, end := root.Raw, 0, 0
	if b.found != nil {
		s.Chosen, start, end, raw = b.found, b.found.Start, b.found.End, b.foundIn
	}
	s.Bytes = dump(raw, start, end)
	return s
}

// A builder makes the nodes of a tree.
type builder struct {
	chosen, base string
	raw          []byte // that the root's offsets count in
	found        *node
	foundIn      []byte
}

func (b *builder) node(f *field.Field, above, parent string, raw []byte) node {
	path := f.Name
	if above != "" {
		path = above + "." + f.Name
	}
	n := node{
		Path: path, Label: f.Label, Value: f.Value, Error: f.Error, Start: f.Start, End: min(f.End, len(raw)),
		Href: b.base + "&f=" + url.QueryEscape(path) + "#message", Open: above == "" || f.Name == "extensions" || f.Error != "",
		Term: ofField(parent, f), Elsewhere: len(raw) != len(b.raw) || len(raw) > 0 && &raw[0] != &b.raw[0],
	}
	if strings.ToLower(path) == b.chosen {
		n.Chosen, n.Open = true, true
		found := n
		b.found, b.foundIn = &found, raw
	}
	if f.Raw != nil {
		raw = f.Raw
	}
	for i := range f.Sub {
		sub := b.node(&f.Sub[i], path, f.Name, raw)
		n.Open = n.Open || sub.Open && sub.Error != "" || b.chosen != "" && strings.HasPrefix(b.chosen, strings.ToLower(path)+".")
		n.Sub = append(n.Sub, sub)
	}
	return n
}

// A piece is a part of the bytes as text.
type piece struct {
	Text   string
	Marked bool
}

// rowBytes is how many bytes a line of the dump has. The script knows the form of
// a line, too.
const rowBytes = 16

// dump gives bytes in lines: the offset, two spaces, the bytes in hexadecimal
// digits, a space, and the characters. Those from start to end are marked.
func dump(raw []byte, start, end int) []piece {
	var w writer
	width := max(4, len(fmt.Sprintf("%x", len(raw))))
	for at := 0; at < len(raw); at += rowBytes {
		row := raw[at:min(at+rowBytes, len(raw))]
		line := fmt.Sprintf("% x ", row) + strings.Repeat(" ", 3*(rowBytes-len(row)))
		text := characters(row)
		from, to := min(max(start-at, 0), len(row)), min(max(end-at, 0), len(row))
		w.add(fmt.Sprintf("%0*x  ", width, at), false)
		if from >= to {
			w.add(line+" "+text+"\n", false)
			continue
		}
		w.add(line[:3*from], false)
		w.add(line[3*from:3*to-1], true)
		w.add(line[3*to-1:]+" "+text[:from], false)
		w.add(text[from:to], true)
		w.add(text[to:]+"\n", false)
	}
	w.add("", !w.marked)
	return w.pieces
}

// A writer collects pieces of text.
type writer struct {
	pieces []piece
	buf    []byte
	marked bool
}

func (w *writer) add(text string, marked bool) {
	if marked != w.marked && len(w.buf) > 0 {
		w.pieces = append(w.pieces, piece{string(w.buf), w.marked})
		w.buf = w.buf[:0]
	}
	w.marked = marked
	w.buf = append(w.buf, text...)
}

// characters gives what prints, and points for the rest.
func characters(row []byte) string {
	text := make([]byte, len(row))
	for i, c := range row {
		if text[i] = c; c < ' ' || c > '~' {
			text[i] = '.'
		}
	}
	return string(text)
}
