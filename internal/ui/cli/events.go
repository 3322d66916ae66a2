package cli

import (
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"

	"github.com/handsel-tls/handsel/internal/observe/eventlog"
	"github.com/handsel-tls/handsel/internal/observe/fingerprint"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
	"github.com/handsel-tls/handsel/internal/serve/bindings"
	"github.com/handsel-tls/handsel/internal/serve/certs"
	"github.com/handsel-tls/handsel/internal/serve/config"
	"github.com/handsel-tls/handsel/internal/serve/endpoint"
)

// An eventFeed hands the handshakes of a server to the event log, as far as there
// is something to say of them.
type eventFeed struct {
	dir   string
	err   io.Writer
	log   atomic.Pointer[eventlog.Log]
	mu    sync.Mutex // of configure
	looks looks
}

// configure goes over to what a configuration says of the log. A log that cannot
// be had is no reason not to serve: it is said.
func (f *eventFeed) configure(c config.Events) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c.Enabled != nil && !*c.Enabled {
		f.stop()
		return
	}
	s := eventlog.Settings{Age: time.Duration(c.Days) * 24 * time.Hour, Bytes: int64(c.Megabytes) << 20}
	s.Names.UnmarshalText([]byte(c.Names)) // they were checked
	s.Addresses.UnmarshalText([]byte(c.Addresses))
	if log := f.log.Load(); log != nil {
		log.Configure(s)
		return
	}
	log, err := eventlog.Open(f.dir, s, func(err error) { fmt.Fprintf(f.err, "note: %v\n", err) })
	if err != nil {
		fmt.Fprintf(f.err, "note: no events are kept: %v\n", err)
		return
	}
	f.log.Store(log)
}

// first has the log be open before the first connection comes: it wraps what
// reads the configuration.
func (f *eventFeed) first(load func() (*config.File, error)) func() (*config.File, error) {
	if load == nil {
		f.configure(config.Events{})
		return nil
	}
	var once sync.Once
	return func() (*config.File, error) {
		file, err := load()
		if err == nil {
			once.Do(func() { f.configure(file.Events) })
		}
		return file, err
	}
}

func (f *eventFeed) stop() {
	if log := f.log.Swap(nil); log != nil {
		log.Close()
	}
}

func (f *eventFeed) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stop()
}

// tell hands a handshake over. It does not block.
func (f *eventFeed) tell(h *endpoint.Handshake) {
	if log := f.log.Load(); log != nil {
		log.Tell(&told{h, &f.looks})
	}
}

// told is a handshake that the log has yet to ask about.
type told struct {
	*endpoint.Handshake
	looks *looks
}

// Describe is of eventlog.Told.
func (t *told) Describe(yield func(*eventlog.Entry)) {
	if t.Failure != nil {
		yield(t.failed())
		return
	}
	if len(t.Weak) > 0 {
		e := t.entry(eventlog.WeakUsed, "weak")
		e.Weak = t.Weak
		yield(e)
	}
	if t.Unresumed != "" && t.Unresumed != trace.Expired.String() {
		e := t.entry(eventlog.NotResumed, "session-not-resumed")
		e.Session = t.Unresumed
		yield(e)
	}
	t.looks.look(t.Handshake, time.Now(), func(b *bindings.Binding, c *x509.Certificate, expired bool) {
		yield(ends(b.Key.String(), certificateName(c), c.NotAfter, expired))
	})
}

// ends describes a certificate that expires soon, or has expired.
func ends(binding, name string, at time.Time, expired bool) *eventlog.Entry {
	id, cause := eventlog.CertificateEnd, "certificate-expires-soon"
	if expired {
		id, cause = eventlog.CertificateOld, "certificate-expired"
	}
	e := internal(id, cause)
	e.Binding, e.Certificate, e.Ends = binding, name, at
	return e
}

// internal begins the description of what is about the server itself.
func internal(id eventlog.ID, cause string) *eventlog.Entry {
	return &eventlog.Entry{Event: eventlog.Event{ID: id, Class: eventlog.Internal, Cause: cause, Time: time.Now()}}
}

// failed describes a handshake that failed.
func (t *told) failed() *eventlog.Entry {
	f := t.Failure
	e := t.entry(eventOf(f.Fault, f.By, f.Alert), kebab(f.Fault))
	e.Fault, e.Sentence, e.Detail, e.Clause, e.Whose = f.Fault, f.Sentence, f.Detail, f.Clause, f.Whose
	e.EndedBy, e.State, e.Alert, e.AlertCode = f.By, f.State, f.Alert, f.Number
	e.Client = ja4(t.ClientHello)
	e.Offer = []byte(e.Client)
	return e
}

// ja4 gives the fingerprint of a ClientHello with its header, empty if it cannot
// be read.
func ja4(hello []byte) string {
	if len(hello) < wire.HeaderLen {
		return ""
	}
	m, err := wire.ParseClientHello(hello[wire.HeaderLen:])
	if err != nil {
		return ""
	}
	return fingerprint.JA4(&m)
}

// entry begins the description of a handshake with what every kind of event has.
func (t *told) entry(id eventlog.ID, cause string) *eventlog.Entry {
	e := &eventlog.Entry{Event: eventlog.Event{ID: id, Cause: cause, Time: t.Started.Add(t.Duration), ServerName: t.ServerName, Fields: eventlog.Fields{Connections: []string{t.Connection.String()}}}}
	if a, ok := t.Remote.(*net.TCPAddr); ok {
		e.Peer, e.Port = a.AddrPort().Addr().Unmap().String(), uint16(a.Port)
	}
	if b := t.Binding(); b != nil {
		e.Binding = b.Key.String()
	}
	e.Complete = t.complete
	return e
}

// complete adds what is stored once and costs more to find out.
func (t *told) complete(e *eventlog.Event) {
	if t.Local != nil {
		e.Local = t.Local.String()
	}
	if path, ok := t.Path(); ok {
		e.Rule = path.Result.Rule.String()
		if path.Result.Binding != nil {
			e.Site = path.Result.Binding.Settings.Site
		}
	}
	if e.Client == "" {
		e.Client = ja4(t.ClientHello)
	}
	e.OuterName, e.Protocol, e.Milliseconds = t.OuterName, t.Protocol, millis(t.Duration)
	e.Version, e.Suite, e.Group, _ = t.Names()
	e.Hello = t.ClientHello
	if e.Findings = t.Explain(); len(e.Findings) > 0 {
		e.Cause = e.Findings[0].ID
	}
}

// eventOf says what kind of event a failure is.
func eventOf(name, by, alert string) eventlog.ID {
	switch name {
	case fault.NoBytes.Name():
		return eventlog.NothingSent
	case fault.HTTPRequest.Name(), fault.HTTPSProxyRequest.Name():
		return eventlog.PlainHTTP
	case fault.PeerAlert.Name(), fault.HelloRefused.Name():
		return eventlog.AlertReceived
	}
	switch {
	case by == trace.ByPeer.String():
		return eventlog.ClosedByPeer
	case by == trace.ByNetwork.String():
		return eventlog.Broken
	case alert != "":
		return eventlog.AlertSent
	}
	return eventlog.ClosedHere
}

// kebab gives the name of a fault in the form of the ids of findings, for a failure
// that nothing explains.
func kebab(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		if unicode.IsUpper(r) && i > 0 && (!unicode.IsUpper(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1])) {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

func certificateName(c *x509.Certificate) string {
	if len(c.DNSNames) > 0 {
		return c.DNSNames[0]
	}
	return c.Subject.String()
}

// looks remembers which certificates were looked at, and of which was told.
type looks struct {
	at   map[*bindings.Binding]time.Time
	told map[string]time.Time // by binding and certificate
}

const (
	lookEvery = time.Hour
	tellEvery = 24 * time.Hour
	mostLooks = 1 << 16
)

// look calls tell for each certificate of the binding of a handshake that expires
// soon or has, once a day.
func (l *looks) look(h *endpoint.Handshake, now time.Time, tell func(b *bindings.Binding, c *x509.Certificate, expired bool)) {
	b := h.Binding()
	if b == nil || now.Sub(l.at[b]) < lookEvery {
		return
	}
	if l.at == nil || len(l.at) >= mostLooks { // also of bindings that are gone
		l.at, l.told = map[*bindings.Binding]time.Time{}, map[string]time.Time{}
	}
	l.at[b] = now
	for _, c := range h.Certificates(b) {
		if certs.EndsSoon(c.NotBefore, c.NotAfter, now) && l.first(b.Key.String(), string(certs.ThumbprintOf(c)), now) {
			tell(b, c, now.After(c.NotAfter))
		}
	}
}

// first reports whether nothing was told of a certificate today.
func (l *looks) first(binding, certificate string, now time.Time) bool {
	key := binding + " " + certificate
	if now.Sub(l.told[key]) < tellEvery {
		return false
	}
	if l.told == nil {
		l.told = map[string]time.Time{}
	}
	l.told[key] = now
	return true
}
