package eventlog

import "time"

// What is folded into one event: the same that comes again within foldIdle,
// for as long as foldLongest. When many new events come, as in an attack from
// many addresses, they are folded more coarsely: by everything but the peer, and
// then by the fault alone. So a flood does not fill the disk.
const (
	foldIdle        = 10 * time.Minute
	foldLongest     = time.Hour
	newByFault      = 60  // new events a minute of one fault at one binding
	newAltogether   = 600 // new events a minute
	mostFolds       = 1 << 13
	mostCounted     = 1 << 16 // addresses of one event
	mostConnections = 32
)

// foldKey is what two events have in common that are folded into one. The cause is
// not in it: that is found out when an event is new, and follows from the rest but
// for what only an expert would tell apart.
type foldKey struct {
	id      ID
	class   Class
	fault   string
	alert   uint8
	binding string
	peer    string
	name    string
	client  string
	more    string // of a failure its state; else what was weak, or which certificate
}

// A fold is an event that is open to more of the same.
type fold struct {
	event     *Event
	stored    bool
	dirty     bool
	addresses map[string]struct{} // nil: one
}

// folder decides what is a new event.
type folder struct {
	open    map[foldKey]*fold
	written []*fold // new ones and changed ones, in their order

	minute     time.Time
	byFault    map[foldKey]int
	altogether int
}

func newFolder() *folder {
	return &folder{open: map[foldKey]*fold{}, byFault: map[foldKey]int{}}
}

func keyOf(e *Event) foldKey {
	k := foldKey{id: e.ID, class: e.Class, fault: e.Fault, alert: e.AlertCode, binding: e.Binding, peer: e.Peer, name: e.ServerName, client: e.Client, more: e.State}
	switch e.ID {
	case WeakUsed:
		k.more = e.Version + e.Suite
	case CertificateEnd, CertificateOld:
		k = foldKey{id: e.ID, more: e.Certificate, binding: e.Binding}
	case StapleMissing, Revoked, IssueFailed, Issued:
		k = foldKey{id: e.ID, more: e.Certificate, name: e.ServerName}
	case NotResumed: // after a restart that is every client's
		k.peer, k.name, k.client, k.more = "", "", "", e.Session
	}
	if e.Class == Scanner || e.Class == Probe || e.Class == Health || e.Class == HTTP {
		k = foldKey{id: e.ID, class: e.Class, peer: e.Peer}
	}
	return k
}

// add folds an event into one that is open, or opens it. It gives the fold that is
// new, nil if there was one: only then is the rest of the event worth finding out.
func (f *folder) add(e *Event) *fold {
	if e.Time.Sub(f.minute) >= time.Minute || e.Time.Before(f.minute) {
		f.minute, f.altogether = e.Time, 0
		clear(f.byFault)
	}
	k := keyOf(e)
	if f.join(k, e) {
		return nil
	}
	if f.byFault[k.cluster()] >= newByFault {
		k = k.cluster()
		if f.join(k, e) {
			return nil
		}
	}
	if f.altogether >= newAltogether {
		k = foldKey{id: k.id, class: k.class, fault: k.fault}
		if f.join(k, e) {
			return nil
		}
	}
	f.byFault[k.cluster()]++
	f.altogether++
	if len(f.open) >= mostFolds {
		f.sweep(e.Time)
	}
	own := *e // what e is a part of may hold a whole handshake
	e = &own
	n := &fold{event: e, dirty: true}
	if k.peer == "" && e.Peer != "" {
		n.addresses = map[string]struct{}{e.Peer: {}}
		e.Addresses, e.Peer, e.Port = 1, "", 0
	}
	if k.name == "" {
		e.ServerName = ""
	}
	e.Count, e.Last = max(e.Count, 1), e.Time
	f.open[k] = n
	f.written = append(f.written, n)
	return n
}

// cluster is the key without the peer and what it asks for.
func (k foldKey) cluster() foldKey {
	k.peer, k.name, k.client = "", "", ""
	return k
}

// join adds an event to the open one of a key, if there is one.
func (f *folder) join(k foldKey, e *Event) bool {
	n := f.open[k]
	if n == nil || e.Time.Sub(n.event.Last) > foldIdle || e.Time.Sub(n.event.Time) > foldLongest {
		return false
	}
	n.event.Count++
	n.event.Lost += e.Lost
	if n.event.Connections = append(n.event.Connections, e.Connections...); len(n.event.Connections) > mostConnections {
		n.event.Connections = n.event.Connections[len(n.event.Connections)-mostConnections:]
	}
	if e.Time.After(n.event.Last) {
		n.event.Last = e.Time
	}
	if n.addresses != nil && len(n.addresses) < mostCounted {
		n.addresses[e.Peer] = struct{}{}
		n.event.Addresses = len(n.addresses)
	}
	if !n.dirty {
		n.dirty = true
		f.written = append(f.written, n)
	}
	return true
}

// close closes what a peer did as one of a class: it turned out to be of another.
func (f *folder) close(peer string, was Class) {
	for k := range f.open {
		if k.peer == peer && k.class == was {
			delete(f.open, k)
		}
	}
}

// sweep closes what nothing was added to for a while, or else everything: then
// what comes again is a new event.
func (f *folder) sweep(now time.Time) {
	for k, n := range f.open {
		if now.Sub(n.event.Last) > foldIdle {
			delete(f.open, k)
		}
	}
	if len(f.open) >= mostFolds {
		clear(f.open)
	}
}
