package sites

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// named is a server behind that says its name.
func named(t *testing.T, name string) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		io.WriteString(w, name)
	}))
	t.Cleanup(s.Close)
	return s
}

// nobody is the address of a server that is not there.
func nobody(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "http://" + l.Addr().String()
}

func ask(t *testing.T, f *httptest.Server, method, body string) (int, string) {
	t.Helper()
	var send io.Reader
	if body != "" {
		send = strings.NewReader(body)
	}
	r, err := http.NewRequest(method, f.URL, send)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(text)
}

func TestRoundRobin(t *testing.T) {
	f := front(t, ProxyTo{URLs: []string{named(t, "a").URL, named(t, "b").URL, named(t, "c").URL}})
	count := map[string]int{}
	for range 30 {
		_, body := ask(t, f, "GET", "")
		count[body]++
	}
	if fmt.Sprint(count) != "map[a:10 b:10 c:10]" {
		t.Error(count)
	}
}

func TestLeastBusy(t *testing.T) {
	release := make(chan bool)
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(200)
		w.(http.Flusher).Flush()
		<-release // the answer has begun, and is under way
	}))
	defer slow.Close()
	defer close(release)
	f := front(t, ProxyTo{URLs: []string{slow.URL, named(t, "quick").URL}, LeastBusy: true})
	held := 0
	for range 20 {
		res, err := http.Get(f.URL)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if res.ContentLength < 0 {
			held++
			continue
		}
		io.Copy(io.Discard, res.Body)
	}
	if held != 1 {
		t.Errorf("%d requests wait for the busy one", held)
	}
}

// A server that is not there is no reason for a request to fail, whatever its
// method: nothing was sent.
func TestAnotherServer(t *testing.T) {
	f := front(t, ProxyTo{URLs: []string{nobody(t), named(t, "a").URL, nobody(t)}})
	for range 6 {
		for method, body := range map[string]string{"GET": "", "POST": "text", "PUT": "text", "PATCH": "text"} {
			if status, got := ask(t, f, method, body); status != 200 || got != "a" {
				t.Errorf("%s: %d %q", method, status, got)
			}
		}
	}
	f = front(t, ProxyTo{URLs: []string{nobody(t), nobody(t)}})
	if status, _ := ask(t, f, "GET", ""); status != 502 {
		t.Error(status)
	}
}

// breaking takes requests, and breaks the connection.
func breaking(t *testing.T, seen *atomic.Int32) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen.Add(1)
		io.Copy(io.Discard, r.Body)
		panic(http.ErrAbortHandler)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// Once something was sent, only what may be sent twice goes to another server.
func TestSentTwice(t *testing.T) {
	for _, test := range []struct {
		method, body string
		twice        bool
	}{{"GET", "", true}, {"HEAD", "", true}, {"DELETE", "", true}, {"PUT", "text", false}, {"POST", "", false}, {"POST", "text", false}, {"PATCH", "", false}} {
		var seen atomic.Int32
		f := front(t, ProxyTo{URLs: []string{breaking(t, &seen), named(t, "a").URL}, DownAfter: 100})
		for range 4 {
			before := seen.Load()
			status, _ := ask(t, f, test.method, test.body)
			if broken := seen.Load() > before; status != 200 && (!broken || test.twice) || status == 200 && broken && !test.twice {
				t.Errorf("%s %q: %d, the broken one saw it: %t", test.method, test.body, status, broken)
			}
		}
		if seen.Load() == 0 {
			t.Errorf("%s: the broken one was not asked", test.method)
		}
	}
}

func TestDownAndUpAgain(t *testing.T) {
	var broken, seen atomic.Int32
	broken.Store(1)
	a := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if seen.Add(1); broken.Load() == 1 {
			panic(http.ErrAbortHandler)
		}
		io.WriteString(w, "a")
	}))
	defer a.Close()
	p, err := NewProxy(ProxyTo{URLs: []string{a.URL, named(t, "b").URL}, DownAfter: 2, DownFor: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	f := httptest.NewServer(p)
	defer f.Close()
	said := newListener(t, p)
	for range 20 {
		if status, _ := ask(t, f, "GET", ""); status != 200 {
			t.Error(status)
		}
	}
	if n := seen.Load(); n < 2 || n > 6 { // the transport itself may try twice
		t.Errorf("the broken server was asked %d times", n)
	}
	if s := p.Backends()[0]; s.Up || s.Failures != 2 {
		t.Errorf("%+v", s)
	}
	broken.Store(0)
	p.all[0].mu.Lock()
	if left := time.Until(p.all[0].until); left < 50*time.Minute {
		t.Errorf("it gets no requests for %v", left)
	}
	p.all[0].until = time.Now() // an hour later
	p.all[0].mu.Unlock()
	count := map[string]int{}
	for range 20 {
		_, body := ask(t, f, "GET", "")
		count[body]++
	}
	if count["a"] != 10 || !p.Backends()[0].Up {
		t.Errorf("%v, %+v", count, p.Backends())
	}
	if text := said(); strings.Count(text, "does not answer") != 1 || strings.Count(text, "answers again") != 1 {
		t.Errorf("the operator was told %q", text)
	}
}

// newListener runs a proxy, and gives what it has said.
func newListener(t *testing.T, p *Proxy) func() string {
	t.Helper()
	var mu sync.Mutex
	var all strings.Builder
	ctx, end := context.WithCancel(context.Background())
	done := make(chan bool)
	running := make(chan bool)
	go func() {
		close(running)
		p.Run(ctx, func(text string) {
			mu.Lock()
			defer mu.Unlock()
			all.WriteString(text + "\n")
		})
		close(done)
	}()
	<-running
	for p.tell.Load() == nil {
		time.Sleep(time.Millisecond)
	}
	t.Cleanup(func() { end(); <-done })
	return func() string {
		mu.Lock()
		defer mu.Unlock()
		return all.String()
	}
}

func TestHealth(t *testing.T) {
	var sick atomic.Int32
	a := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/base/health" && sick.Load() == 1 {
			w.WriteHeader(503)
			return
		}
		io.WriteString(w, "a")
	}))
	defer a.Close()
	p, err := NewProxy(ProxyTo{URLs: []string{a.URL + "/base", named(t, "b").URL}, CheckPath: "/health", CheckEvery: 10 * time.Millisecond, CheckTime: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	f := httptest.NewServer(p)
	defer f.Close()
	said := newListener(t, p)
	wait := func(up bool) {
		t.Helper()
		for range 500 {
			if p.Backends()[0].Up == up {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Fatalf("%+v: up should be %t; %s", p.Backends(), up, said())
	}
	wait(true)
	sick.Store(1)
	wait(false)
	for range 10 {
		if _, body := ask(t, f, "GET", ""); body != "b" {
			t.Errorf("%q answers, which is not well", body)
		}
	}
	sick.Store(0)
	wait(true)
	if text := said(); !strings.Contains(text, "is not well: /health is answered with 503 Service Unavailable") || !strings.Contains(text, "is well again") {
		t.Errorf("the operator was told %q", text)
	}
}

// A server that takes connections and says nothing is not well, and holds nobody
// for longer than it may.
func TestTimeLimits(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	p, err := NewProxy(ProxyTo{URLs: []string{"http://" + l.Addr().String()}, Answer: 100 * time.Millisecond, CheckPath: "/", CheckEvery: 10 * time.Millisecond, CheckTime: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	f := httptest.NewServer(p)
	defer f.Close()
	begun := time.Now()
	if status, _ := ask(t, f, "GET", ""); status != 504 || time.Since(begun) > 5*time.Second {
		t.Errorf("%d after %v", status, time.Since(begun))
	}
	newListener(t, p)
	for range 500 {
		if !p.Backends()[0].Up {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%+v", p.Backends())
}

// A client that goes away says nothing of the server.
func TestClientGoesAway(t *testing.T) {
	arrived := make(chan bool, 1)
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrived <- true
		<-r.Context().Done()
	}))
	defer slow.Close()
	p, err := NewProxy(ProxyTo{URLs: []string{slow.URL}})
	if err != nil {
		t.Fatal(err)
	}
	f := httptest.NewServer(p)
	defer f.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-arrived; cancel() }()
	r, _ := http.NewRequestWithContext(ctx, "GET", f.URL, nil)
	if _, err := http.DefaultClient.Do(r); err == nil {
		t.Error("no error")
	}
	for range 500 {
		if p.Backends()[0].Busy == 0 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if s := p.Backends()[0]; s.Failures != 0 || s.Busy != 0 {
		t.Errorf("%+v", s)
	}
}

// A server that answers before it has the whole request is not kept waiting for
// the rest, which may never come.
func TestAnswerBeforeTheEnd(t *testing.T) {
	back := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.ReadFull(r.Body, make([]byte, 5))
		w.WriteHeader(http.StatusTeapot)
	}))
	back.Config.Protocols = new(http.Protocols)
	back.Config.Protocols.SetUnencryptedHTTP2(true)
	back.Start()
	defer back.Close()
	f := front(t, ProxyTo{URLs: []string{strings.Replace(back.URL, "http", "h2c", 1)}})
	c, err := net.Dial("tcp", f.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(5 * time.Second))
	fmt.Fprint(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhello") // and no more
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil || res.StatusCode != http.StatusTeapot {
		t.Error(res, err)
	}
}
