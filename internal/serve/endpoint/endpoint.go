// Package endpoint runs what a configuration says: it listens, leads each
// connection to its binding and each request to its site, and takes a new
// configuration without dropping anything.
package endpoint

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/handsel-tls/handsel/tls"
)

// Limits of a server. A connection in its handshake costs a goroutine and a few
// kilobytes, so that there may be tens of thousands of them.
const (
	handshakeTimeout  = 10 * time.Second
	readHeaderTimeout = 15 * time.Second
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 64 << 10
)

// Options are what a Server is made with.
type Options struct {
	// OnHandshake is called with the record of every handshake.
	OnHandshake func(*tls.Record)
	// ErrorLog takes what net/http has to say; nil: nothing is kept.
	ErrorLog *log.Logger
}

// A Server serves a Setup, and another one when it is told to.
type Server struct {
	options Options
	setup   atomic.Pointer[Setup]
	https   *http.Server
	http    *http.Server

	mu        sync.Mutex
	listeners map[string]net.Listener // by address, "https " or "http " in front
	wait      sync.WaitGroup
	closed    bool
	failed    chan error
}

// New makes a server. Apply starts it.
func New(o Options) *Server {
	if o.ErrorLog == nil {
		o.ErrorLog = log.New(io.Discard, "", 0)
	}
	s := &Server{options: o, listeners: map[string]net.Listener{}, failed: make(chan error, 1)}
	server := func(h http.Handler) *http.Server {
		return &http.Server{
			Handler: h, ErrorLog: o.ErrorLog, MaxHeaderBytes: maxHeaderBytes,
			ReadHeaderTimeout: readHeaderTimeout, IdleTimeout: idleTimeout,
		}
	}
	s.https, s.http = server(http.HandlerFunc(s.serveHTTPS)), server(http.HandlerFunc(s.serveHTTP))
	tls.PrepareServer(s.https)
	return s
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
	wanted := next.addresses()
	opened := map[string]net.Listener{}
	for key, addr := range wanted {
		if s.listeners[key] != nil {
			continue
		}
		l, err := net.Listen("tcp", addr.String())
		if err != nil {
			for _, o := range opened {
				o.Close()
			}
			return fmt.Errorf("cannot listen on %v: %w", addr, err)
		}
		opened[key] = l
	}
	next.onHandshake = s.options.OnHandshake
	next.prepare()
	s.setup.Store(next)
	for key, l := range s.listeners {
		if _, ok := wanted[key]; !ok {
			l.Close()
			delete(s.listeners, key)
		}
	}
	for key, l := range opened {
		s.listeners[key] = l
		s.serve(key, l)
	}
	return nil
}

// serve takes connections in the background.
func (s *Server) serve(key string, l net.Listener) {
	s.wait.Add(1)
	go func() {
		defer s.wait.Done()
		var err error
		if key[:len(httpsKey)] == httpsKey {
			err = s.https.Serve(tls.NewHTTPListener(l, func() *tls.Config { return s.setup.Load().config }))
		} else {
			err = s.http.Serve(l)
		}
		if !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			select {
			case s.failed <- err:
			default:
			}
		}
	}()
}

// Failed gives an error if a listener broke.
func (s *Server) Failed() <-chan error { return s.failed }

// Addrs gives the addresses that are listened on.
func (s *Server) Addrs() (all []net.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.listeners {
		all = append(all, l.Addr())
	}
	return all
}

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
	s.wait.Wait()
	return errors.Join(errs...)
}
