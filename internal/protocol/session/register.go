package session

import (
	"crypto/sha256"
	"sync"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// A Register remembers what came with early data, so that nothing is taken
// twice. RFC 9846, sections 8.1 and 8.2. It holds a bounded number of marks for
// as long as one may come again, and says no when it cannot know: when it is
// full, and at first, because what came before it began may come again. It is
// safe for concurrent use.
type Register struct {
	mu         sync.Mutex
	limit      int
	began      time.Time // of what it can know
	turned     time.Time // when young was begun
	young, old map[mark]struct{}
}

// A mark stands for what came.
type mark [16]byte

// NewRegister gives a register of at most limit marks, of 16 bytes each, that
// begins now.
func NewRegister(limit int, now time.Time) *Register {
	return &Register{limit: limit, began: now, turned: now}
}

// Seen says why what came may not be taken, 0 if it has not come within the
// window, and remembers it. The window has to be the same in all calls.
func (r *Register) Seen(what []byte, window time.Duration, now time.Time) trace.Why {
	sum := sha256.Sum256(what)
	m := mark(sum[:])
	r.mu.Lock()
	defer r.mu.Unlock()
	r.turn(window, now)
	_, young := r.young[m]
	_, old := r.old[m]
	switch {
	case young || old:
		return trace.Seen
	case now.Sub(r.began) <= window:
		return trace.RegisterYoung
	case len(r.young)+len(r.old) >= r.limit:
		return trace.RegisterFull
	}
	if r.young == nil {
		r.young = make(map[mark]struct{})
	}
	r.young[m] = struct{}{}
	return 0
}

// turn drops marks that are older than the window. Each is kept for one window
// at least, and two at most. A clock that goes back begins everything anew.
func (r *Register) turn(window time.Duration, now time.Time) {
	switch age := now.Sub(r.turned); {
	case age < 0:
		r.began, r.turned = now, now
	case age > 2*window:
		r.young, r.old, r.turned = nil, nil, now
	case age > window:
		r.young, r.old, r.turned = nil, r.young, now
	}
}
