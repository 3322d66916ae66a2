package endpoint

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/serve/accesslog"
	"github.com/handsel-tls/handsel/internal/serve/sites"
	"github.com/handsel-tls/handsel/tls"
)

// openLog opens the access log of a setup. It gives the one there is if that is
// the same, and nil if there is to be none.
func (s *Server) openLog(next *Setup) (*accesslog.Log, error) {
	if next.AccessLog.To == "" {
		return nil, nil
	}
	if l := s.log.Load(); l != nil && l.Settings() == next.AccessLog {
		return l, nil
	}
	return accesslog.Open(next.AccessLog, map[string]io.Writer{accesslog.Stdout: s.options.Stdout, accesslog.Stderr: s.options.Stderr}, s.options.Note)
}

// useLog goes over to a log. A request goes into the one that there is when it ends.
func (s *Server) useLog(l *accesslog.Log) {
	if old := s.log.Swap(l); old != nil && old != l {
		old.Close()
	}
}

// logged writes down what becomes of requests, if that is wanted.
func (s *Server) logged(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if s.log.Load() == nil {
			next(w, r)
			return
		}
		e, note := newEntry(r), &sites.Note{}
		r = r.WithContext(sites.WithNote(r.Context(), note))
		answered := &answer{ResponseWriter: w}
		e.Broken = true // until next has returned, and not panicked
		defer func() {
			e.Duration, e.Status, e.Bytes = time.Since(e.Time), answered.status, answered.bytes
			if e.Status == 0 && !e.Broken {
				e.Status = http.StatusOK // net/http says so
			}
			e.Site, e.Backend = note.Site, note.Backend
			if r.TLS != nil && len(r.TLS.VerifiedChains) > 0 { // it may have been asked for meanwhile
				e.Client = r.TLS.PeerCertificates[0].Subject.String()
			}
			if l := s.log.Load(); l != nil {
				l.Tell(e)
			}
		}()
		next(answered, r)
		e.Broken = false
	}
}

func newEntry(r *http.Request) *accesslog.Entry {
	target, _, _ := strings.Cut(r.RequestURI, "?")
	e := &accesslog.Entry{
		Time: time.Now(), Peer: r.RemoteAddr, Host: r.Host, Method: r.Method, Path: target, Query: r.URL.RawQuery,
		Proto: r.Proto, Agent: r.UserAgent(), Referer: r.Referer(),
	}
	if c := tls.ConnOf(r.Context()); c != nil {
		e.Connection, e.Version = c.ID().String(), iana.Version(r.TLS.Version).String()
	}
	return e
}

// An answer is one whose status and length are noted.
type answer struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (a *answer) WriteHeader(status int) {
	if a.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	n, err := a.ResponseWriter.Write(b)
	a.bytes += int64(n)
	return n, err
}

// Hijack is for http.ResponseController. What takes the connection over answers by
// itself: it goes over to another protocol.
func (a *answer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c, rw, err := http.NewResponseController(a.ResponseWriter).Hijack()
	if err == nil && a.status == 0 {
		a.status = http.StatusSwitchingProtocols
	}
	return c, rw, err
}

// Flush is of http.Flusher.
func (a *answer) Flush() { http.NewResponseController(a.ResponseWriter).Flush() }

// Unwrap is for http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
