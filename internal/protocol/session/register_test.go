package session

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

const window = 20 * time.Second

func TestRegister(t *testing.T) {
	r := NewRegister(3, now)
	at := func(seconds int, what string, want trace.Why) {
		t.Helper()
		if why := r.Seen([]byte(what), window, now.Add(time.Duration(seconds)*time.Second)); why != want {
			t.Errorf("%s after %d s: %v, want %v", what, seconds, why, want)
		}
	}
	at(0, "a", trace.RegisterYoung)
	at(20, "a", trace.RegisterYoung)
	at(21, "a", 0)
	at(21, "a", trace.Seen)
	at(41, "a", trace.Seen)
	at(41, "b", 0)
	at(41, "c", 0)
	at(41, "d", trace.RegisterFull)
	at(61, "b", trace.Seen)
	at(62, "d", trace.RegisterFull)
	at(82, "d", 0) // the others are forgotten: the ages of their tickets are not believed any more
	at(103, "b", 0)
	at(50, "e", trace.RegisterYoung) // the clock was put back
	at(71, "e", 0)
	at(71, "b", trace.Seen)
}

// What comes to many connections at once is taken by one of them.
func TestRegisterConcurrently(t *testing.T) {
	r := NewRegister(1000, now)
	later := now.Add(time.Minute)
	var wg sync.WaitGroup
	var taken atomic.Int32
	for range 8 {
		wg.Go(func() {
			for i := range 100 {
				if r.Seen(fmt.Append(nil, i), window, later) == 0 {
					taken.Add(1)
				}
			}
		})
	}
	if wg.Wait(); taken.Load() != 100 {
		t.Errorf("%d were taken, of 100", taken.Load())
	}
}

// Keys that rotate by themselves have a register, which knows of all that came;
// those that somebody has set have none, and neither have their clones.
func TestRegisterOfKeys(t *testing.T) {
	var own Keys
	r := own.Register()
	if r == nil || r != own.Register() || r.Seen([]byte("a"), window, now) != 0 || r.Seen([]byte("a"), window, now) != trace.Seen {
		t.Error("the register of keys of one's own")
	}
	if own.Clone().Register() != nil {
		t.Error("a clone of keys has a register")
	}
	var set Keys
	set.Set([][32]byte{{1}})
	if set.Register() != nil {
		t.Error("keys that were set have a register")
	}
	if own.Set([][32]byte{{1}}); own.Register() != nil {
		t.Error("keys that were set later have a register")
	}
}

// What is left of a session's week goes to the ticket.
func TestLeft(t *testing.T) {
	for after, want := range map[time.Duration]uint32{0: 3600, 7*24*time.Hour - time.Minute: 60, 7 * 24 * time.Hour: 0, 8 * 24 * time.Hour: 0} {
		if got := Left(now.Unix(), 3600, now.Add(after)); got != want {
			t.Errorf("after %v: %d s, want %d", after, got, want)
		}
	}
}
