package web

import (
	"sync"

	"github.com/handsel-tls/handsel/internal/observe/flow"
)

// mostStories is how many connections of a capture are kept, those that failed
// first.
const mostStories = 100_000

// A Capture is the connections of captures.
type Capture struct {
	name  string
	forms func(id string, s *flow.Story) []Form

	mu   sync.RWMutex
	rows []Row
	of   map[string]told
	left int // not kept
}

// A told is a connection of a file.
type told struct {
	file  string
	story *flow.Story
}

// NewCapture makes an empty one. forms gives the ways to take a connection away.
func NewCapture(name string, forms func(id string, s *flow.Story) []Form) *Capture {
	return &Capture{name: name, forms: forms, of: map[string]told{}}
}

// Add adds a connection of a file, which is named if there are several. Its id is in the
// addresses of pages.
func (c *Capture) Add(id, file string, s *flow.Story) {
	row := ofStory(id, s)
	row.File = file
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.rows) >= mostStories && !row.Failed || len(c.rows) >= 2*mostStories {
		c.left++
		return
	}
	c.rows, c.of[id] = append(c.rows, row), told{file, s}
}

// Left gives how many connections are not kept.
func (c *Capture) Left() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.left
}

// Title names the files.
func (c *Capture) Title() string { return c.name }

// Live reports that no more are to come.
func (c *Capture) Live() bool { return false }

// Rows gives the failed ones first.
func (c *Capture) Rows(f *Filter, skip, most int) (rows []Row, total int) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	for _, failed := range [...]bool{true, false} {
		for i := range c.rows {
			r := &c.rows[i]
			if r.Failed != failed || !f.Wants(r) {
				continue
			}
			if total++; total > skip && len(rows) < most {
				rows = append(rows, *r)
			}
		}
	}
	return rows, total
}

// Find gives a connection in full.
func (c *Capture) Find(id string) *Handshake {
	c.mu.RLock()
	t := c.of[id]
	c.mu.RUnlock()
	if t.story == nil {
		return nil
	}
	h := pageOfStory(id, t.story)
	h.File = t.file
	h.fact(Fact{"File", t.file, ""})
	h.Forms = c.forms(id, t.story)
	return h
}
