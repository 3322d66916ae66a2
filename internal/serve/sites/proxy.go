package sites

import (
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

// answerTime is how long the server behind may think about its answer.
const answerTime = time.Minute

// ProxyTo says where Proxy passes requests on to.
type ProxyTo struct {
	// URL has the scheme http, https (HTTP/2 if the server behind can), or h2c
	// (HTTP/2 without TLS), a host, and a path that goes before that of requests.
	URL string
	// Roots are the authorities of an https server; nil: those of the system.
	Roots *x509.CertPool
}

// ParseProxy reads the URL of a ProxyTo.
func ParseProxy(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "h2c" {
		return nil, errors.New("it is not an address such as http://127.0.0.1:3000, https://10.0.0.5 or h2c://127.0.0.1:50051")
	}
	return u, nil
}

// Proxy passes requests on to another server, WebSocket too. The path stays as
// it is. What the client says of itself in X-Forwarded headers is replaced by
// what is known.
func Proxy(to ProxyTo) (http.Handler, error) {
	target, err := ParseProxy(to.URL)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: answerTime,
		IdleConnTimeout:       time.Minute,
		MaxIdleConnsPerHost:   64,
		TLSClientConfig:       &tls.Config{RootCAs: to.Roots},
		ForceAttemptHTTP2:     true,
	}
	if target.Scheme == "h2c" {
		target.Scheme = "http"
		transport.Protocols = new(http.Protocols)
		transport.Protocols.SetUnencryptedHTTP2(true)
	}
	return &httputil.ReverseProxy{
		Transport: transport,
		ErrorLog:  log.New(io.Discard, "", 0), // what matters is answered
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(target)
			p.SetXForwarded()
			p.Out.Host = p.In.Host
		},
		ErrorHandler: notAnswered,
	}, nil
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
