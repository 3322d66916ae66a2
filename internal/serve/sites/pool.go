package sites

import (
	"cmp"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A pool are the servers behind a Proxy. As an http.RoundTripper it chooses one
// for each request.
type pool struct {
	to   ProxyTo
	all  []*backend
	next atomic.Uint32
	tell atomic.Pointer[func(string)] // the operator, what becomes of servers
}

func newPool(to ProxyTo) (*pool, error) {
	p := &pool{to: to}
	transports := map[string]*http.Transport{}
	for _, text := range to.URLs {
		target, err := ParseProxy(text)
		if err != nil {
			return nil, err
		}
		b := &backend{url: text, target: target, transport: transports[target.Scheme]}
		if b.transport == nil {
			b.transport = newTransport(target.Scheme, &to)
			transports[target.Scheme] = b.transport
		}
		if target.Scheme == "h2c" {
			target.Scheme = "http"
		}
		p.all = append(p.all, b)
	}
	return p, nil
}

// A backend is a server behind.
type backend struct {
	url       string // as it was written
	target    *url.URL
	transport *http.Transport
	busy      atomic.Int64 // requests under way

	mu       sync.Mutex
	failures int       // of requests, in a row
	until    time.Time // it gets none, because of them
	missed   int       // checks, in a row
	sick     bool      // by checks
}

// well reports whether a server is to get requests.
func (b *backend) well(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.sick && !now.Before(b.until)
}

// RoundTrip is of http.RoundTripper. If a server cannot be had, the request goes
// to another, provided that nothing of it has been sent, or that it may be sent
// twice.
func (p *pool) RoundTrip(r *http.Request) (*http.Response, error) {
	body := newKeptBody(r)
	var tried []*backend
	for {
		b := p.choose(tried, time.Now())
		tried = append(tried, b)
		noteBackend(r.Context(), b.url)
		res, connected, err := b.send(r, body)
		switch {
		case err == nil:
			p.worked(b)
			return res, nil
		case r.Context().Err() != nil: // the client went away
			return nil, err
		}
		p.failed(b, err)
		twice := r.Body == nil && idempotent(r.Method) && !isTimeout(err)
		if len(tried) == len(p.all) || body.read.Load() || connected && !twice {
			return nil, err
		}
	}
}

// idempotent is of RFC 9110, section 9.2.2.
func idempotent(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace, http.MethodPut, http.MethodDelete:
		return true
	}
	return false
}

func isTimeout(err error) bool {
	t, ok := err.(interface{ Timeout() bool })
	return ok && t.Timeout()
}

// choose gives a server that has not been tried, one that is well if there is.
func (p *pool) choose(tried []*backend, now time.Time) *backend {
	if len(p.all) == 1 {
		return p.all[0]
	}
	first := int(p.next.Add(1)) % len(p.all)
	var best, poor *backend
	for i := range p.all {
		b := p.all[(first+i)%len(p.all)]
		switch {
		case slices.Contains(tried, b):
		case !b.well(now):
			poor = cmp.Or(poor, b)
		case best == nil || p.to.LeastBusy && b.busy.Load() < best.busy.Load():
			best = b
		}
	}
	return cmp.Or(best, poor)
}

// send sends a request to a server. connected says whether it came so far that
// something may have been sent.
func (b *backend) send(r *http.Request, body *keptBody) (res *http.Response, connected bool, err error) {
	ctx := httptrace.WithClientTrace(withClient(r.Context(), r), &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected = true }})
	out, address := r.WithContext(ctx), *r.URL // the rest is nobody's but ours
	out.URL = &address
	(&httputil.ProxyRequest{In: r, Out: out}).SetURL(b.target)
	out.Host = r.Host
	if r.Body != nil {
		out.Body = body
	}
	b.busy.Add(1)
	res, err = b.transport.RoundTrip(out)
	if err != nil {
		b.busy.Add(-1)
		return nil, connected, err
	}
	res.Body = b.untilClosed(res.Body)
	return res, true, nil
}

// untilClosed counts a request as under way until its answer is read. What
// follows an upgrade can be written to as well.
func (b *backend) untilClosed(body io.ReadCloser) io.ReadCloser {
	counted := &countedBody{ReadCloser: body, done: sync.OnceFunc(func() { b.busy.Add(-1) })}
	if w, ok := body.(io.Writer); ok {
		return &struct {
			*countedBody
			io.Writer
		}{counted, w}
	}
	return counted
}

type countedBody struct {
	io.ReadCloser
	done func()
}

func (c *countedBody) Close() error {
	c.done()
	return c.ReadCloser.Close()
}

// worked notes that a server has answered a request.
func (p *pool) worked(b *backend) {
	b.mu.Lock()
	back := b.failures >= cmp.Or(p.to.DownAfter, downAfter)
	b.failures, b.until = 0, time.Time{}
	b.mu.Unlock()
	if back {
		p.say(b, "answers again")
	}
}

// failed notes that it has not.
func (p *pool) failed(b *backend, err error) {
	b.mu.Lock()
	b.failures++
	most := cmp.Or(p.to.DownAfter, downAfter)
	if b.failures >= most {
		b.until = time.Now().Add(cmp.Or(p.to.DownFor, downFor))
	}
	down := b.failures == most
	b.mu.Unlock()
	if down {
		p.say(b, "does not answer: "+err.Error())
	}
}

// say tells the operator.
func (p *pool) say(b *backend, what string) {
	if tell := p.tell.Load(); tell != nil {
		(*tell)("the server " + b.url + " " + what)
	}
}

// A BackendState is how a server behind fares.
type BackendState struct {
	URL      string `json:"url"`
	Up       bool   `json:"up"`                 // it gets requests
	Busy     int    `json:"busy"`               // with so many
	Failures int    `json:"failures,omitempty"` // of requests, in a row
	Sick     bool   `json:"sick,omitempty"`     // by the checks of its health
}

// Backends gives how the servers fare.
func (p *pool) Backends() (list []BackendState) {
	now := time.Now()
	for _, b := range p.all {
		up := b.well(now)
		b.mu.Lock()
		list = append(list, BackendState{b.url, up, int(b.busy.Load()), b.failures, b.sick})
		b.mu.Unlock()
	}
	return list
}
