package web

import (
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/handsel-tls/handsel/internal/serve/bindings"
	"github.com/handsel-tls/handsel/internal/serve/endpoint"
)

const (
	mostKept     = 2000    // handshakes that are kept, and as many failures
	mostCounted  = 1 << 16 // bindings whose handshakes are counted
	countMinutes = 60
)

// A Feed is the handshakes of a server as they happen. The latest are kept, and
// the latest failures beside them; of all it counts.
type Feed struct {
	forms func(h *endpoint.Handshake) []Form
	run   string // tells the marks of this feed from those of another

	mu      sync.Mutex
	total   uint64 // handshakes ever
	failed  uint64 // of them failures
	all     ring
	fails   ring
	minutes map[bindings.Key]*hour
}

// A kept is a handshake with its number.
type kept struct {
	number    uint64 // from 1
	failure   uint64 // among the failures, from 1; 0: it is none
	handshake *endpoint.Handshake

	once sync.Once
	row  Row
}

// A ring holds the latest handshakes of a kind.
type ring struct {
	slots [mostKept]*kept
	n     uint64 // ever put in
}

func (r *ring) put(k *kept) {
	r.slots[r.n%mostKept] = k
	r.n++
}

// at gives the one that was put in as the nth, from 1; nil: it is gone.
func (r *ring) at(n uint64) *kept {
	if n == 0 || n > r.n || n+mostKept <= r.n {
		return nil
	}
	return r.slots[(n-1)%mostKept]
}

// An hour counts by minutes.
type hour struct {
	good, bad [countMinutes]uint32
	last      int64 // the minute that was counted last, since 1970
}

// NewFeed makes an empty one. forms gives the ways to take a handshake away.
func NewFeed(forms func(*endpoint.Handshake) []Form) *Feed {
	return &Feed{forms: forms, run: strconv.FormatInt(time.Now().UnixMicro(), 36), minutes: map[bindings.Key]*hour{}}
}

// Tell takes a handshake. It does not block, and costs less than a microsecond.
func (f *Feed) Tell(h *endpoint.Handshake) {
	k := &kept{handshake: h}
	b := h.Binding()
	now := h.Started.Add(h.Duration).Unix() / 60
	f.mu.Lock()
	defer f.mu.Unlock()
	f.total++
	k.number = f.total
	f.all.put(k)
	if h.Failure != nil {
		f.failed++
		k.failure = f.failed
		f.fails.put(k)
	}
	if b == nil {
		return
	}
	c := f.minutes[b.Key]
	if c == nil {
		if len(f.minutes) >= mostCounted {
			return
		}
		c = &hour{last: now}
		f.minutes[b.Key] = c
	}
	c.advance(now)
	if h.Failure != nil {
		c.bad[now%countMinutes]++
	} else {
		c.good[now%countMinutes]++
	}
}

// advance forgets minutes that are more than an hour ago.
func (c *hour) advance(now int64) {
	for ; c.last < now; c.last++ {
		if now-c.last > countMinutes {
			c.last = now - countMinutes
		}
		c.good[(c.last+1)%countMinutes], c.bad[(c.last+1)%countMinutes] = 0, 0
	}
}

// Hour gives how many handshakes of a binding succeeded and failed, minute by
// minute, the latest last.
func (f *Feed) Hour(k bindings.Key) (good, bad [countMinutes]uint32) {
	now := time.Now().Unix() / 60
	f.mu.Lock()
	defer f.mu.Unlock()
	c := f.minutes[k]
	if c == nil {
		return good, bad
	}
	c.advance(now)
	for i := range int64(countMinutes) {
		at := (now + 1 + i) % countMinutes
		good[i], bad[i] = c.good[at], c.bad[at]
	}
	return good, bad
}

// Mark says how far the feed has come, for who goes on from there: see after.
func (f *Feed) Mark() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.mark(f.total)
}

func (f *Feed) mark(number uint64) string { return f.run + "-" + strconv.FormatUint(number, 10) }

// after gives the number of the last handshake that somebody has seen who has a mark,
// or of the latest if it is none of this feed.
func (f *Feed) after(mark string) uint64 {
	run, digits, _ := strings.Cut(mark, "-")
	number, err := strconv.ParseUint(digits, 10, 64)
	f.mu.Lock()
	defer f.mu.Unlock()
	if run != f.run || err != nil || number > f.total {
		return f.total
	}
	return number
}

// Title says what it is.
func (f *Feed) Title() string { return "this server" }

// Live reports that more are to come.
func (f *Feed) Live() bool { return true }

// id names a handshake for good: by when it was over, to the microsecond, by its number
// and by its fault. With the first and the last of them the event log finds it when
// this server is gone.
func (k *kept) id() string {
	id := strconv.FormatInt(k.handshake.Started.Add(k.handshake.Duration).UnixMicro(), 36) + "-" + strconv.FormatUint(k.number, 10)
	if k.handshake.Failure != nil {
		id += "-" + k.handshake.Failure.Fault
	}
	return id
}

// readID gives what an id says.
func readID(id string) (over time.Time, number uint64, fault string, ok bool) {
	micros, rest, _ := strings.Cut(id, "-")
	digits, fault, _ := strings.Cut(rest, "-")
	us, err := strconv.ParseInt(micros, 36, 64)
	if err == nil {
		number, err = strconv.ParseUint(digits, 10, 64)
	}
	return time.UnixMicro(us), number, fault, err == nil
}

// full gives the row with what takes a while to find out.
func (f *Feed) full(k *kept) *Row {
	k.once.Do(func() {
		k.row = ofRecord(k.id(), k.handshake)
		k.row.Program = programOf(k.handshake.ClientHello)
		if k.handshake.Failure != nil {
			k.row.because(k.handshake.Explain())
		}
	})
	return &k.row
}

// mayWant reports whether a filter may choose a handshake, as far as that is seen
// at once.
func (f *Filter) mayWant(h *endpoint.Handshake) bool {
	quick := *f
	quick.Cause, quick.Program, quick.Version = "", "", ""
	r := Row{Name: h.ServerName, Connection: h.Connection.String(), Failed: h.Failure != nil}
	if b := h.Binding(); b != nil && f.Site != "" {
		r.Binding = b.Key.String()
	}
	if f.Peer != "" {
		r.Client = address(h.Remote)
	}
	return (h.Failure != nil || f.Cause == "") && quick.Wants(&r)
}

// Rows gives the latest in front: all that are kept, and older failures after
// them.
func (f *Feed) Rows(filter *Filter, skip, most int) (rows []Row, total int) {
	for _, k := range f.latest() {
		if !filter.mayWant(k.handshake) {
			continue
		}
		if !filter.plain() && !filter.Wants(f.full(k)) {
			continue
		}
		if total++; total > skip && len(rows) < most {
			rows = append(rows, *f.full(k))
		}
	}
	return rows, total
}

// plain reports whether a filter can be decided on at once.
func (f *Filter) plain() bool { return f.Cause == "" && f.Program == "" && f.Version == "" }

// latest gives what is kept, the latest in front.
func (f *Feed) latest() []*kept {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := make([]*kept, 0, mostKept)
	oldest := f.total + 1
	for n := f.total; n > 0; n-- {
		k := f.all.at(n)
		if k == nil {
			break
		}
		list, oldest = append(list, k), n
	}
	for n := f.failed; n > 0; n-- {
		k := f.fails.at(n)
		if k == nil {
			break
		}
		if k.number < oldest {
			list = append(list, k)
		}
	}
	return list
}

// Find gives a handshake in full.
func (f *Feed) Find(id string) *Handshake {
	_, n, _, ok := readID(id)
	if !ok {
		return nil
	}
	k := f.find(n)
	if k == nil || k.id() != id {
		return nil
	}
	h := pageOfRecord(*f.full(k), k.handshake)
	if f.forms != nil {
		h.Forms = f.forms(k.handshake)
	}
	return h
}

func (f *Feed) find(n uint64) *kept {
	f.mu.Lock()
	defer f.mu.Unlock()
	if k := f.all.at(n); k != nil {
		return k
	}
	for _, k := range f.fails.slots {
		if k != nil && k.number == n {
			return k
		}
	}
	return nil
}
