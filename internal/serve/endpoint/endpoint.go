// Package endpoint runs what a configuration says: it listens, leads each
// connection to its binding and each request to its site, and takes a new
// configuration without dropping anything.
package endpoint

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/handsel-tls/handsel/internal/serve/accesslog"
	"github.com/handsel-tls/handsel/internal/serve/bindings"
	"github.com/handsel-tls/handsel/internal/serve/sites"
	"github.com/handsel-tls/handsel/tls"
)

// Limits of a server. A connection in its handshake costs a goroutine and a few
// kilobytes, so that there may be tens of thousands of them.
const (
	handshakeTimeout  = 10 * time.Second
	readHeaderTimeout = 15 * time.Second
	idleTimeout       = 2 * time.Minute
	stallTimeout      = time.Minute // of a client in the middle of a request of HTTP/1.1, or of an answer
	maxHeaderBytes    = 64 << 10
	mostWaiting       = 1 << 16 // connections that have sent no request
	defaultFileLimit  = 1 << 14 // where the system does not tell
)

// Options are what a Server is made with.
type Options struct {
	// OnHandshake is called with every handshake that is over. It must not
	// block.
	OnHandshake func(*Handshake)
	// KeepMessages has the handshakes hold what was said in them: see
	// tls.Config.KeepMessages.
	KeepMessages bool
	// ErrorLog takes what net/http has to say; nil: nothing is kept.
	ErrorLog *log.Logger
	// Stdout and Stderr are what an access log may be written to by these names; nil:
	// nothing is written.
	Stdout, Stderr io.Writer
	// Note is told what an operator should know, such as of a server behind that is
	// down. nil: nobody is.
	Note func(string)
	// HandshakeTimeout is the longest time a handshake may take, 0: 10 seconds.
	HandshakeTimeout time.Duration
	// StallTimeout is how long a client may send nothing in the middle of a request
	// of HTTP/1.1, or take nothing of an answer, at least. 0: a minute.
	StallTimeout time.Duration
	// MostWaiting is how many connections may be in their handshake, or have
	// sent no request yet. 0: three quarters of the files the process may open,
	// 65,536 at most. When there are more the oldest are closed.
	MostWaiting int
}

// A Handshake is one that is over, whether it succeeded or failed.
type Handshake struct {
	*tls.Record
	setup *Setup
}

// Path tells how the connection was led to its binding. ok is false if the
// handshake did not come so far as to have a ClientHello.
func (h *Handshake) Path() (p bindings.Path, ok bool) {
	local, ok := h.led()
	if !ok {
		return p, false
	}
	return h.setup.Table.Explain(local, h.ServerName), true
}

// led gives the address that the connection was led by to its binding.
func (h *Handshake) led() (local netip.AddrPort, ok bool) {
	local, err := localOf(h.Local)
	return local, err == nil && (len(h.ClientHello) > 0 || h.PostHandshake)
}

// Binding gives the binding that the connection was led to, nil if there is none,
// at less expense than Path.
func (h *Handshake) Binding() *bindings.Binding {
	local, ok := h.led()
	if !ok {
		return nil
	}
	return h.setup.Table.Lookup(local, h.ServerName).Binding
}

// Certificates gives those that a binding has now, as far as they can be had.
func (h *Handshake) Certificates(b *bindings.Binding) (list []*x509.Certificate) {
	local, _ := h.led()
	certs, _ := h.setup.certificates(h.setup.namesOf(b, local, h.ServerName))
	for _, c := range certs {
		if c.Leaf != nil {
			list = append(list, c.Leaf)
		}
	}
	return list
}

// A Server serves a Setup, and another one when it is told to.
type Server struct {
	options Options
	base    *tls.Config // keeps the ticket keys from one setup to the next
	setup   atomic.Pointer[Setup]
	https   *http.Server
	http    *http.Server
	crowd   *crowd
	inside  visitors

	log atomic.Pointer[accesslog.Log] // nil: requests are not written down

	mu        sync.Mutex
	listeners map[place]net.Listener
	watched   map[*sites.Site]context.CancelFunc // that pass requests on
	wait      sync.WaitGroup
	closed    bool
	failed    chan error
}

// A place is what is listened on.
type place struct {
	addr  netip.AddrPort
	plain bool // HTTP without TLS
}

// New makes a server. Apply starts it.
func New(o Options) *Server {
	if o.ErrorLog == nil {
		o.ErrorLog = log.New(io.Discard, "", 0)
	}
	if o.Note == nil {
		o.Note = func(string) {}
	}
	for _, w := range []*io.Writer{&o.Stdout, &o.Stderr} {
		if *w == nil {
			*w = io.Discard
		}
	}
	if o.HandshakeTimeout == 0 {
		o.HandshakeTimeout = handshakeTimeout
	}
	if o.StallTimeout == 0 {
		o.StallTimeout = stallTimeout
	}
	if o.MostWaiting == 0 {
		o.MostWaiting = int(min(fileLimit()/4*3, mostWaiting))
	}
	s := &Server{
		options: o, listeners: map[place]net.Listener{}, failed: make(chan error, 1), crowd: newCrowd(o.MostWaiting),
		inside: visitors{byConn: map[net.Conn]*visitor{}, byRaw: map[net.Conn]*visitor{}},
		base:   &tls.Config{HandshakeTimeout: o.HandshakeTimeout, WriteStall: o.StallTimeout, NextProtos: []string{"h2", "http/1.1"}, KeepMessages: o.KeepMessages},
	}
	server := func(h http.HandlerFunc) *http.Server {
		return &http.Server{
			Handler: h, ErrorLog: o.ErrorLog, MaxHeaderBytes: maxHeaderBytes,
			ReadHeaderTimeout: readHeaderTimeout, IdleTimeout: idleTimeout, ConnState: s.changed,
		}
	}
	s.https, s.http = server(s.patient(s.logged(s.serveHTTPS))), server(s.patient(s.logged(s.serveHTTP)))
	tls.PrepareServer(s.https)
	before := s.https.ConnContext
	s.https.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		return s.inside.arrived(before(ctx, c), c)
	}
	return s
}

// changed is the ConnState of both servers.
func (s *Server) changed(c net.Conn, state http.ConnState) {
	s.crowd.changed(c, state)
	s.inside.changed(c, state)
}

// Apply goes over to a setup. Addresses that are new are listened on first: if
// one cannot be had, nothing changes. Addresses that are gone take no more
// connections; those that exist go on.
func (s *Server) Apply(next *Setup) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errors.New("the server is shutting down")
	}
	wanted := next.places()
	log, err := s.openLog(next)
	if err != nil {
		return err
	}
	opened, err := s.open(wanted)
	if err != nil {
		if log != nil && log != s.log.Load() {
			log.Close()
		}
		return err
	}
	next.prepare(s)
	s.setup.Store(next)
	s.useLog(log)
	s.watch(next)
	for p, l := range s.listeners {
		if !wanted[p] {
			l.Close()
			delete(s.listeners, p)
		}
	}
	for p, l := range opened {
		s.listeners[p] = l
		s.serve(p, l)
	}
	return nil
}

// open listens where nobody listens yet. An address may be had only once
// another is given up, such as 0.0.0.0:443 and 192.0.2.1:443: then that is
// closed first, and opened again if it was in vain.
func (s *Server) open(wanted map[place]bool) (map[place]net.Listener, error) {
	opened, given := map[place]net.Listener{}, []place{}
	for p := range wanted {
		if s.listeners[p] != nil {
			continue
		}
		l, err := listen(p.addr)
		if err != nil {
			given = append(given, s.giveUp(p.addr.Port(), wanted)...)
			l, err = listen(p.addr)
		}
		if err != nil {
			for _, o := range opened {
				o.Close()
			}
			s.takeBack(given)
			return nil, fmt.Errorf("cannot listen on %v: %w", p.addr, err)
		}
		opened[p] = l
	}
	return opened, nil
}

// listen opens an address: [::] for IPv6 alone, so that it does not take what
// 0.0.0.0 is for.
func listen(addr netip.AddrPort) (net.Listener, error) {
	network := "tcp6"
	if addr.Addr().Unmap().Is4() {
		network = "tcp4"
	}
	return net.Listen(network, addr.String())
}

// giveUp closes the listeners of a port that are no longer wanted.
func (s *Server) giveUp(port uint16, wanted map[place]bool) (given []place) {
	for p, l := range s.listeners {
		if p.addr.Port() == port && !wanted[p] {
			l.Close()
			delete(s.listeners, p)
			given = append(given, p)
		}
	}
	return given
}

func (s *Server) takeBack(given []place) {
	for _, p := range given {
		l, err := listen(p.addr)
		if err != nil {
			s.fail(fmt.Errorf("%v was closed to listen elsewhere, and cannot be opened again: %w", p.addr, err))
			continue
		}
		s.listeners[p] = l
		s.serve(p, l)
	}
}

// serve takes connections in the background.
func (s *Server) serve(p place, l net.Listener) {
	l = &believing{l, s, p}
	s.wait.Go(func() {
		var err error
		if p.plain {
			err = s.http.Serve(l)
		} else {
			err = s.https.Serve(tls.NewHTTPListener(l, func() *tls.Config { return s.setup.Load().config }))
		}
		if !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			s.fail(err)
		}
	})
}

func (s *Server) fail(err error) {
	select {
	case s.failed <- err:
	default:
	}
}

// Failed gives an error if a listener broke.
func (s *Server) Failed() <-chan error { return s.failed }

// Shutdown takes no more connections, lets those that are busy finish until
// the context is done, and then closes them.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	var wait sync.WaitGroup
	errs := make([]error, 2)
	for i, server := range []*http.Server{s.https, s.http} {
		wait.Go(func() {
			if errs[i] = server.Shutdown(ctx); errs[i] != nil {
				server.Close()
			}
		})
	}
	wait.Wait()
	s.mu.Lock()
	s.unwatch()
	s.mu.Unlock()
	s.wait.Wait()
	s.useLog(nil)
	return errors.Join(errs...)
}
