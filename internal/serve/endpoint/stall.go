package endpoint

import (
	"errors"
	"io"
	"net"
	"net/http"
	"time"
)

// Every wait has a limit: also that for a client who sends a part of a request and
// no more, or who asks for much and takes none of it.

// A stalling connection is one of plain HTTP whose client may take nothing for so
// long; package tls has that for the others.
type stalling struct {
	net.Conn
	limit time.Duration
	armed time.Time // when the limit was set
}

func (s *stalling) Write(b []byte) (int, error) {
	if now := time.Now(); now.Sub(s.armed) > s.limit/2 {
		s.armed = now
		s.SetWriteDeadline(now.Add(s.limit + s.limit/2))
	}
	return s.Conn.Write(b)
}

// patient limits how long the body of a request may take to go on. A stream of
// HTTP/2 may rest as long as it wants, as those of gRPC do: it holds no connection.
func (s *Server) patient(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor < 2 && r.Body != http.NoBody {
			r.Body = &patientBody{r.Body, http.NewResponseController(w), s.options.StallTimeout}
		}
		next(w, r)
	}
}

type patientBody struct {
	io.ReadCloser
	conn  *http.ResponseController
	limit time.Duration
}

func (p *patientBody) Read(b []byte) (int, error) {
	p.conn.SetReadDeadline(time.Now().Add(p.limit))
	n, err := p.ReadCloser.Read(b)
	if errors.Is(err, io.EOF) { // what comes next is another request, whenever it comes
		p.conn.SetReadDeadline(time.Time{})
	}
	return n, err
}
