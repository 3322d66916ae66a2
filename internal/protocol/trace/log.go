package trace

import (
	"sync"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// logSize is how many events a Log holds; the oldest are overwritten.
const logSize = 96

// A Log is the ring of a handshake's events. All methods may be called on a
// nil Log, which keeps nothing.
type Log struct {
	ring [logSize]Event
	n    uint32 // events ever written
	now  uint32 // microseconds since the handshake began
}

var pool = sync.Pool{New: func() any { return new(Log) }}

// NewLog takes an empty log from the pool.
func NewLog() *Log {
	l := pool.Get().(*Log)
	l.n, l.now = 0, 0
	return l
}

// Free gives the log back to the pool. It must not be used afterwards.
func (l *Log) Free() {
	if l != nil {
		pool.Put(l)
	}
}

// At sets the time of the events to come, counted from the start of the
// handshake. It saturates after 71 minutes.
func (l *Log) At(since time.Duration) {
	if l != nil {
		l.now = uint32(min(max(since.Microseconds(), 0), 1<<32-1))
	}
}

func (l *Log) add(e Event) {
	if l == nil {
		return
	}
	l.ring[l.n%logSize] = e
	l.n++
}

// Entered a state of the machine.
func (l *Log) Entered(machine Topic, state uint8) {
	l.stamp(Entered, machine, uint16(state))
}

// Received a handshake message.
func (l *Log) Received(t iana.HandshakeType) { l.stamp(Received, 0, uint16(t)) }

// Sent a handshake message.
func (l *Log) Sent(t iana.HandshakeType) { l.stamp(Sent, 0, uint16(t)) }

// AlertReceived from the peer.
func (l *Log) AlertReceived(level iana.AlertLevel, a iana.Alert) {
	l.stamp(AlertReceived, 0, uint16(level)<<8|uint16(a))
}

// AlertSent to the peer.
func (l *Log) AlertSent(level iana.AlertLevel, a iana.Alert) {
	l.stamp(AlertSent, 0, uint16(level)<<8|uint16(a))
}

// Keys were changed, those for reading or those for writing.
func (l *Log) Keys(k Kind) { l.stamp(k, 0, 0) }

// Asked the host a question.
func (l *Log) Asked(question uint8) { l.stamp(Asked, 0, uint16(question)) }

// Answered by the host.
func (l *Log) Answered(question uint8) { l.stamp(Answered, 0, uint16(question)) }

// Chose a candidate.
func (l *Log) Chose(t Topic, code uint16) { l.add(Event{Chose, t, code, 0}) }

// Refused a candidate.
func (l *Log) Refused(t Topic, code uint16, why Why) {
	l.add(Event{Refused, t, code, uint32(why)})
}

func (l *Log) stamp(k Kind, t Topic, code uint16) {
	if l != nil {
		l.add(Event{k, t, code, l.now})
	}
}

// Events gives the events that are still held, oldest first, and how many were
// overwritten.
func (l *Log) Events() (events []Event, lost int) {
	if l == nil {
		return nil, 0
	}
	first := uint32(0)
	if l.n > logSize {
		first = l.n - logSize
	}
	events = make([]Event, 0, l.n-first)
	for i := first; i < l.n; i++ {
		events = append(events, l.ring[i%logSize])
	}
	return events, int(first)
}
