package endpoint_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/serve/endpoint"
)

// slow is a site behind a proxy whose answers take as long as the test wants.
func slow(t *testing.T) (yaml string, arrived chan bool, release func()) {
	t.Helper()
	arrived, gate := make(chan bool, 16), make(chan bool)
	back := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrived <- true
		select {
		case <-gate:
		case <-time.After(10 * time.Second):
		}
		io.WriteString(w, "slow")
	}))
	t.Cleanup(back.Close)
	release = sync.OnceFunc(func() { close(gate) })
	t.Cleanup(release)
	return strings.Replace(twoSites, "{name: a, hosts: [a.localhost], folder: a}", "{name: a, hosts: [a.localhost], proxy: \""+back.URL+"\"}", 1), arrived, release
}

func await(t *testing.T, c <-chan bool, what string) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(10 * time.Second):
		t.Fatal(what)
	}
}

// Requests that are under way, connections that stay open and connections that
// are made all the while do not notice a reload.
func TestReloadDropsNothing(t *testing.T) {
	text, arrived, release := slow(t)
	h := newHost(t, endpoint.Options{}, text)
	results := make(chan string, 2)
	for _, change := range []func(*tls.Config){http1, func(*tls.Config) {}} {
		client := h.client("a.localhost", change)
		go func() { results <- h.told(client, "a.localhost") }()
		await(t, arrived, "the request did not arrive")
	}

	var requests, failures atomic.Int64
	ctx, stop := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	for i := range 4 {
		client := h.client("b.localhost", map[bool]func(*tls.Config){true: http1, false: func(*tls.Config) {}}[i%2 == 0])
		fresh := i < 2
		wait.Go(func() {
			for ctx.Err() == nil {
				if status, body := h.get(client, "b.localhost", "/"); status != 200 {
					t.Errorf("%d %s", status, body)
					failures.Add(1)
				}
				requests.Add(1)
				if fresh {
					client.CloseIdleConnections()
				}
			}
		})
	}
	for i := range 20 {
		other := text
		if i%2 == 0 {
			other = strings.Replace(text, `"127.0.0.1:$HTTPS"]`, `"127.0.0.1:$HTTPS", "127.0.0.1:$OTHER"]`, 1)
		}
		if err := h.apply(other); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
	stop()
	wait.Wait()
	if requests.Load() < 20 || failures.Load() > 0 {
		t.Errorf("%d of %d requests failed", failures.Load(), requests.Load())
	}
	release()
	for range 2 {
		select {
		case got := <-results:
			if got != "200 slow" {
				t.Error(got)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("the request from before the reloads was not answered")
		}
	}
}

func TestReloadChangesWhatIsServed(t *testing.T) {
	h := newHost(t, endpoint.Options{}, twoSites)
	client := h.client("a.localhost")
	if _, body := h.get(client, "a.localhost", "/"); body != "site a" {
		t.Fatal(body)
	}
	if err := h.apply(strings.Replace(twoSites, "folder: a}", "folder: c}", 1)); err != nil {
		t.Fatal(err)
	}
	if _, body := h.get(client, "a.localhost", "/"); body != "site c" { // on the same connection
		t.Error(body)
	}
	if n := len(h.all()); n != 1 {
		t.Errorf("%d handshakes", n)
	}
}

// A connection from before is not good enough when the record asks for more.
func TestReloadAsksMore(t *testing.T) {
	h := newHost(t, endpoint.Options{}, twoSites)
	h.write("clients.pem", mustClientPEM(t))
	for _, more := range []string{"min_version: \"1.3\"", "client_auth: require, client_cas: [clients.pem]"} {
		for proto, change := range map[string]func(*tls.Config){"HTTP/1.1": http1, "HTTP/2": func(*tls.Config) {}} {
			if err := h.apply(twoSites); err != nil {
				t.Fatal(err)
			}
			client := h.client("a.localhost", change)
			if status, _ := h.get(client, "a.localhost", "/"); status != 200 {
				t.Fatal(status)
			}
			if err := h.apply(strings.Replace(twoSites, "certificates: [a],", "certificates: [a], "+more+",", 1)); err != nil {
				t.Fatal(err)
			}
			if status, body := h.get(client, "a.localhost", "/"); status != 421 {
				t.Errorf("%s, %s: %d %q", proto, more, status, body)
			}
		}
	}
}

func TestReloadOfAddresses(t *testing.T) {
	h := newHost(t, endpoint.Options{}, twoSites)
	connects := func(port string) bool {
		c, err := net.DialTimeout("tcp", "127.0.0.1:"+h.ports[port], time.Second)
		if err == nil {
			c.Close()
		}
		return err == nil
	}
	// An address that another program has changes nothing.
	taken, err := net.Listen("tcp", "127.0.0.1:"+h.ports["$OTHER"])
	if err != nil {
		t.Fatal(err)
	}
	moved := strings.Replace(twoSites, `"127.0.0.1:$HTTPS"]`, `"127.0.0.1:$OTHER"]`, 1)
	if err := h.apply(moved); err == nil || !strings.Contains(err.Error(), h.ports["$OTHER"]) {
		t.Fatal(err)
	}
	if status, body := h.get(h.client("a.localhost"), "a.localhost", "/"); status != 200 {
		t.Error(status, body)
	}
	taken.Close()
	if err := h.apply(moved); err != nil {
		t.Fatal(err)
	}
	if !connects("$OTHER") || connects("$HTTPS") || !connects("$HTTP_") {
		t.Error("the addresses are not those of the configuration")
	}
	// All addresses of a port instead of one, and back.
	if err := h.apply(strings.Replace(twoSites, `"127.0.0.1:$HTTPS"]`, `"0.0.0.0:$OTHER"]`, 1)); err != nil {
		t.Fatal(err)
	}
	if !connects("$OTHER") {
		t.Error("0.0.0.0")
	}
	if err := h.apply(twoSites); err != nil {
		t.Fatal(err)
	}
	if connects("$OTHER") || !connects("$HTTPS") {
		t.Error("back again")
	}
}

// Sessions from before a reload are resumed after it.
func TestReloadKeepsSessions(t *testing.T) {
	h := newHost(t, endpoint.Options{}, twoSites)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		cache := tls.NewLRUClientSessionCache(1)
		for i := range 2 {
			client := h.client("a.localhost", http1, func(c *tls.Config) { c.ClientSessionCache, c.MinVersion, c.MaxVersion = cache, version, version })
			res, err := client.Get("https://a.localhost/")
			if err != nil {
				t.Fatal(err)
			}
			io.Copy(io.Discard, res.Body)
			res.Body.Close()
			if res.TLS.DidResume != (i == 1) {
				t.Errorf("%x: resumed %t", version, res.TLS.DidResume)
			}
			client.CloseIdleConnections()
			if err := h.apply(twoSites); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestShutdownDrains(t *testing.T) {
	text, arrived, release := slow(t)
	h := newHost(t, endpoint.Options{}, text)
	results := make(chan string, 2)
	for _, change := range []func(*tls.Config){http1, func(*tls.Config) {}} {
		client := h.client("a.localhost", change)
		go func() { results <- h.told(client, "a.localhost") }()
		await(t, arrived, "the request did not arrive")
	}
	idle := h.client("b.localhost")
	h.get(idle, "b.localhost", "/")

	down := make(chan error, 1)
	go func() { down <- h.shutdown(10 * time.Second) }()
	for range 100 { // until nobody listens
		c, err := net.Dial("tcp", "127.0.0.1:"+h.ports["$HTTPS"])
		if err != nil {
			break
		}
		c.Close()
		time.Sleep(10 * time.Millisecond)
	}
	select {
	case err := <-down:
		t.Fatal("it did not wait for the requests", err)
	case <-time.After(100 * time.Millisecond):
	}
	release()
	for range 2 {
		select {
		case got := <-results:
			if got != "200 slow" {
				t.Error(got)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("a request was not answered")
		}
	}
	select {
	case err := <-down:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(12 * time.Second):
		t.Fatal("it goes on though all is done")
	}
	if err := h.apply(text); err == nil {
		t.Error("a server that was shut down takes a configuration")
	}
}

func TestShutdownHasAnEnd(t *testing.T) {
	text, arrived, _ := slow(t)
	h := newHost(t, endpoint.Options{}, text)
	client := h.client("a.localhost", http1)
	result := make(chan string, 1)
	go func() { result <- h.told(client, "a.localhost") }()
	await(t, arrived, "the request did not arrive")
	start := time.Now()
	if err := h.shutdown(200 * time.Millisecond); err == nil {
		t.Error("no error though a request was cut off")
	}
	if d := time.Since(start); d > 3*time.Second {
		t.Error("it took", d)
	}
	select {
	case got := <-result:
		if !strings.HasPrefix(got, "0 ") {
			t.Error(got)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("the connection was not closed")
	}
}

// A WebSocket takes the connection out of net/http's hands, which has to work
// though that does not know it is TLS.
func TestUpgrade(t *testing.T) {
	back := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			http.Error(w, err.Error(), 500)
			return
		}
		defer c.Close()
		io.WriteString(rw, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: "+r.Header.Get("Upgrade")+"\r\nConnection: Upgrade\r\n\r\n")
		rw.Flush()
		for {
			line, err := rw.ReadString('\n')
			if err != nil {
				return
			}
			io.WriteString(rw, strings.ToUpper(line))
			rw.Flush()
		}
	}))
	defer back.Close()
	h := newHost(t, endpoint.Options{}, strings.Replace(twoSites, "{name: a, hosts: [a.localhost], folder: a}", "{name: a, hosts: [a.localhost], proxy: \""+back.URL+"\"}", 1))
	c, err := tls.Dial("tcp", "127.0.0.1:"+h.ports["$HTTPS"], &tls.Config{RootCAs: h.roots, ServerName: "a.localhost"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Second))
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: a.localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	b := bufio.NewReader(c)
	res, err := http.ReadResponse(b, nil)
	if err != nil || res.StatusCode != 101 {
		t.Fatal(res, err)
	}
	for _, line := range []string{"one\n", "two\n"} {
		io.WriteString(c, line)
		if got, err := b.ReadString('\n'); got != strings.ToUpper(line) {
			t.Fatalf("%q %v", got, err)
		}
		if err := h.apply(strings.Replace(twoSites, "folder: a}", "folder: c}", 1)); err != nil { // it lasts over a reload
			t.Fatal(err)
		}
	}
}
