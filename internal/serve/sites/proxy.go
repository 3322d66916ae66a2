package sites

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"time"
)

// What a Proxy does if nothing else is said.
const (
	connectTime = 10 * time.Second // to connect, and again for the handshake
	answerTime  = time.Minute      // until the header of the answer is there
	downAfter   = 3                // failures in a row
	downFor     = 10 * time.Second
	checkEvery  = 10 * time.Second
	checkTime   = 3 * time.Second
)

// ProxyTo says where a Proxy passes requests on to, and how. What is 0 or empty
// is as usual.
type ProxyTo struct {
	// URLs have the scheme http, https (HTTP/2 if the server behind can), or h2c
	// (HTTP/2 without TLS), a host, and a path that goes before that of requests.
	URLs []string
	// Roots are the authorities of https servers; nil: those of the system.
	Roots *x509.CertPool
	// LeastBusy has a request go to the server with the fewest requests under way,
	// and not to the next one.
	LeastBusy bool
	// Connect is how long a connection may take, Answer how long a server may think
	// until its answer begins.
	Connect, Answer time.Duration
	// After DownAfter failures in a row a server gets no requests for DownFor, as
	// long as there is another.
	DownAfter int
	DownFor   time.Duration
	// CheckPath is what is asked of each server every CheckEvery, to find out
	// whether it is well: it has to answer within CheckTime with a status below 400.
	// Empty: nothing is asked.
	CheckPath             string
	CheckEvery, CheckTime time.Duration
	// SendProxy is the version of the PROXY protocol, 1 or 2, by which servers are
	// told whose connection it is; 0: not. HTTP/1.1 only.
	SendProxy int
	// ClientCertificate has servers be told of the client's certificate: see
	// setCertificate.
	ClientCertificate bool
}

// ParseProxy reads a URL of a ProxyTo.
func ParseProxy(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "h2c" {
		return nil, errors.New("it is not an address such as http://127.0.0.1:3000, https://10.0.0.5 or h2c://127.0.0.1:50051")
	}
	return u, nil
}

// A Proxy passes requests on to other servers, WebSocket and gRPC too. The path
// stays as it is. What the client says of itself in X-Forwarded headers, and in
// those of setCertificate, is replaced by what is known.
type Proxy struct {
	*pool
	reverse httputil.ReverseProxy
}

func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.reverse.ServeHTTP(w, withRelease(w, r))
}

// NewProxy makes a Proxy.
func NewProxy(to ProxyTo) (*Proxy, error) {
	p, err := newPool(to)
	if err != nil {
		return nil, err
	}
	return &Proxy{p, httputil.ReverseProxy{
		Transport: p,
		ErrorLog:  log.New(io.Discard, "", 0), // what matters is answered
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetXForwarded()
			stripCertificate(r.Out)
			if to.ClientCertificate {
				setCertificate(r.Out.Header, r.In.TLS)
			}
		},
		ErrorHandler: notAnswered,
	}}, nil
}

// newTransport makes the transport for servers that speak the scheme.
func newTransport(scheme string, to *ProxyTo) *http.Transport {
	t := &http.Transport{
		DialContext:           (&net.Dialer{Timeout: cmp.Or(to.Connect, connectTime)}).DialContext,
		TLSHandshakeTimeout:   cmp.Or(to.Connect, connectTime),
		ResponseHeaderTimeout: cmp.Or(to.Answer, answerTime),
		IdleConnTimeout:       time.Minute,
		MaxIdleConnsPerHost:   64,
		TLSClientConfig:       &tls.Config{RootCAs: to.Roots},
		ForceAttemptHTTP2:     true,
		DisableCompression:    true, // what a client accepts is for the client to say
	}
	if scheme == "h2c" {
		t.Protocols = new(http.Protocols)
		t.Protocols.SetUnencryptedHTTP2(true)
	}
	if to.SendProxy != 0 {
		sendProxy(t, byte(to.SendProxy))
	}
	return t
}

// notAnswered tells the client no more than it needs to know.
func notAnswered(w http.ResponseWriter, _ *http.Request, err error) {
	var timeout net.Error
	switch {
	case errors.Is(err, context.Canceled): // the client went away
	case errors.As(err, &timeout) && timeout.Timeout():
		http.Error(w, "504 Gateway Timeout: the server behind this one is too slow.", http.StatusGatewayTimeout)
	default:
		http.Error(w, "502 Bad Gateway: the server behind this one does not answer.", http.StatusBadGateway)
	}
}
