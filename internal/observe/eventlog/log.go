package eventlog

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Settings are how long and what a log keeps.
type Settings struct {
	Age   time.Duration // 0: DefaultAge
	Bytes int64         // 0: DefaultBytes
	Privacy
}

// What is kept unless somebody says otherwise.
const (
	DefaultAge   = 30 * 24 * time.Hour
	DefaultBytes = 256 << 20
)

// Told is a handshake as whoever saw it has it.
type Told interface {
	// Describe gives the events of it: most handshakes have none. It is called on
	// the goroutine of the log.
	Describe(yield func(*Entry))
}

// An Entry is an event before it is known whether it is one of many.
type Entry struct {
	Event
	// Offer is what tells one ClientHello from another, for telling scanners from
	// people; nil: it has nothing to do with that.
	Offer []byte
	// Complete finds out the rest of the event, if it is a new one.
	Complete func(*Event)
}

// A Log is written while a server runs.
type Log struct {
	queue queue
	quit  chan struct{}
	done  chan struct{}
	once  sync.Once
	hash  *hasher
	// complain is told of what fails.
	complain func(error)

	mu       sync.Mutex
	settings Settings

	store    *store
	folder   *folder
	classes  *classifier
	mended   []mending
	spare    []Told
	lost     int
	computer string
	private  Privacy // of the events that are open
	failed   bool    // the last writing failed
}

const (
	queueLength = 1 << 13
	lookEvery   = 100 * time.Millisecond
	flushEvery  = 500 * time.Millisecond
	flushAfter  = 512 // new and changed events
	trimEvery   = time.Minute
)

// Open opens the log in a data folder, or makes one. A log that is damaged is put
// aside. complain is told, on the log's goroutine, when writing begins to fail; it
// may be nil.
func Open(dir string, s Settings, complain func(error)) (*Log, error) {
	if complain == nil {
		complain = func(error) {}
	}
	hash, err := openHasher(filepath.Join(dir, keyFile))
	if err != nil {
		return nil, fmt.Errorf("the event log: %w", err)
	}
	store, notice, err := openOrRenew(filepath.Join(dir, FileName))
	if err != nil {
		return nil, fmt.Errorf("the event log: %w", err)
	}
	if notice != "" {
		complain(fmt.Errorf("%s", notice))
	}
	l := &Log{
		queue: newQueue(), quit: make(chan struct{}), done: make(chan struct{}), hash: hash, complain: complain,
		settings: s, store: store, folder: newFolder(), classes: newClassifier(),
	}
	l.computer, _ = os.Hostname()
	go l.run()
	return l, nil
}

// Configure changes what is kept, from now on.
func (l *Log) Configure(s Settings) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.settings = s
}

func (l *Log) config() Settings {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.settings
}

// A queue holds what the log is to look at. It is no channel, because that would
// wake the log's goroutine for each handshake, which costs more than all the rest:
// the log looks now and then.
type queue struct {
	mu   sync.Mutex
	told []Told
	lost int
	full chan struct{} // it is about to be
}

func newQueue() queue {
	return queue{told: make([]Told, 0, queueLength), full: make(chan struct{}, 1)}
}

// Tell hands a handshake over. It does not block: those that do not fit are
// counted.
func (l *Log) Tell(t Told) {
	q := &l.queue
	q.mu.Lock()
	if len(q.told) < queueLength {
		q.told = append(q.told, t)
	} else {
		q.lost++
	}
	near := len(q.told) == queueLength/2
	q.mu.Unlock()
	if near {
		select {
		case q.full <- struct{}{}:
		default:
		}
	}
}

// empty gives what is in the queue, and how many did not fit. spare is what it gave
// the last time.
func (q *queue) empty(spare []Told) (told []Told, lost int) {
	clear(spare)
	if cap(spare) == 0 {
		spare = make([]Told, 0, queueLength)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	told, lost = q.told, q.lost
	q.told, q.lost = spare[:0], 0
	return told, lost
}

// Close writes what is left and closes the file.
func (l *Log) Close() error {
	l.once.Do(func() { close(l.quit) })
	<-l.done
	return l.store.close()
}

func (l *Log) run() {
	defer close(l.done)
	look, flush, trim := time.NewTicker(lookEvery), time.NewTicker(flushEvery), time.NewTicker(trimEvery)
	defer look.Stop()
	defer flush.Stop()
	defer trim.Stop()
	l.trim()
	for {
		select {
		case <-look.C:
			l.look()
		case <-l.queue.full:
			l.look()
		case <-flush.C:
			l.flush()
		case <-trim.C:
			l.folder.sweep(time.Now())
			l.trim()
		case <-l.quit:
			l.look()
			l.flush()
			return
		}
	}
}

// look has everything in the queue describe itself.
func (l *Log) look() {
	told, lost := l.queue.empty(l.spare)
	for _, t := range told {
		t.Describe(l.take)
		if len(l.folder.written) >= flushAfter {
			l.flush()
		}
	}
	l.spare, l.lost = told, l.lost+lost
}

// take takes an event in.
func (l *Log) take(n *Entry) {
	settings := l.config()
	if settings.Privacy != l.private { // what was stored in another way is not added to
		clear(l.folder.open)
		l.private = settings.Privacy
	}
	e := &n.Event
	e.Source, e.Computer = Source, l.computer
	kind := e.ID.Kind()
	e.Level = kind.Level
	if e.Fault != "" {
		v := l.classes.classify(&Sighting{ID: e.ID, Time: e.Time, Peer: e.Peer, Name: e.ServerName, Offer: n.Offer, Fault: e.Fault, Detail: e.Detail})
		e.Class, e.ClassWhy = v.class, v.why
		if !v.since.IsZero() {
			l.folder.close(e.Peer, v.was)
			if peer := settings.Addresses.apply(e.Peer, l.hash.address); peer != "" {
				l.mended = append(l.mended, mending{peer, v.was, v.class, v.since})
			}
		}
	}
	if !e.Class.ofPeople() {
		e.Level = Information
	}
	f := l.folder.add(e)
	if f == nil {
		return
	}
	e = f.event
	if n.Complete != nil {
		n.Complete(e)
	}
	if f.addresses != nil { // it is of many programs
		e.Client, e.OuterName = "", ""
	}
	if len(e.Hello) > 0 {
		e.Hello = Redact(e.Hello, settings.Names == KeepAll && f.addresses == nil)
	}
	settings.keepOut(e, l.hash)
}

// flush writes what is new and what has changed.
func (l *Log) flush() {
	if n := l.lost; n > 0 {
		l.lost = 0
		l.take(&Entry{Event: Event{ID: EventsLost, Class: Internal, Cause: "events-lost", Time: time.Now(), Count: 1, Fields: Fields{Lost: n}}})
	}
	if len(l.folder.written)+len(l.mended) == 0 {
		return
	}
	err := l.store.write(l.folder.written, l.mended)
	if err != nil {
		if !l.failed {
			l.complain(fmt.Errorf("the event log cannot be written: %w", err))
		}
		l.failed = true
		if len(l.folder.written) < mostFolds {
			return // they wait for better times
		}
		l.lost += len(l.folder.written)
		clear(l.folder.open)
	} else {
		l.failed = false
	}
	l.folder.written, l.mended = nil, nil
}

// trim removes what is too old or too much.
func (l *Log) trim() {
	s := l.config()
	if s.Age == 0 {
		s.Age = DefaultAge
	}
	if s.Bytes == 0 {
		s.Bytes = DefaultBytes
	}
	for more, rounds := true, 0; more && rounds < 10; rounds++ {
		var err error
		if more, err = l.store.trim(time.Now().Add(-s.Age), s.Bytes); err != nil {
			if !l.failed {
				l.complain(fmt.Errorf("the event log cannot be trimmed: %w", err))
			}
			return
		}
	}
}
