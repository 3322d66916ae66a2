package endpoint_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/serve/endpoint"
)

// A client that stops in the middle, of what it sends or of what it takes, is not
// waited for; one that is slow, and goes on, is.
func TestStallingClients(t *testing.T) {
	const stall = 600 * time.Millisecond
	h := newHost(t, endpoint.Options{StallTimeout: stall}, twoSites)
	const size = 32 << 20 // more than what buffers on the way hold
	h.write("a/big.bin", strings.Repeat("x", size))
	over := map[string]chan error{"/up/HTTP": make(chan error, 10), "/up/HTTPS": make(chan error, 10)}
	l, err := net.Listen("tcp", "127.0.0.1:"+h.ports["$OTHER"])
	if err != nil {
		t.Fatal(err)
	}
	back := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		over[r.URL.Path] <- err
		fmt.Fprint(w, n)
	})}
	go back.Serve(l)
	t.Cleanup(func() { back.Close() })
	if err := h.apply(strings.Replace(twoSites, "sites:\n", "sites:\n  - {name: up, hosts: [a.localhost], path: /up/, proxy: \"http://127.0.0.1:$OTHER\"}\n", 1)); err != nil {
		t.Fatal(err)
	}
	dials := map[string]func() (net.Conn, error){
		"HTTP": func() (net.Conn, error) { return net.Dial("tcp", "127.0.0.1:"+h.ports["$HTTP_"]) },
		"HTTPS": func() (net.Conn, error) {
			return tls.Dial("tcp", "127.0.0.1:"+h.ports["$HTTPS"], &tls.Config{ServerName: "a.localhost", RootCAs: h.roots})
		},
	}
	for name, dial := range dials {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			over := over["/up/"+name]
			open := func() net.Conn {
				c, err := dial()
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { c.Close() })
				c.SetDeadline(time.Now().Add(20 * time.Second))
				return c
			}
			c := open()
			fmt.Fprint(c, "POST /up/"+name+" HTTP/1.1\r\nHost: a.localhost\r\nContent-Length: 100\r\n\r\nhalf")
			select {
			case err := <-over:
				if err == nil {
					t.Errorf("%s: half of a request counts as all of it", name)
				}
			case <-time.After(10 * time.Second):
				t.Errorf("%s: half of a request is waited for", name)
			}
			c = open()
			fmt.Fprint(c, "POST /up/"+name+" HTTP/1.1\r\nHost: a.localhost\r\nContent-Length: 10\r\n\r\n")
			for range 10 {
				time.Sleep(stall / 6)
				fmt.Fprint(c, "x")
			}
			b := bufio.NewReader(c)
			if res, err := http.ReadResponse(b, nil); err != nil || res.StatusCode != 200 {
				t.Errorf("%s: a slow client: %v %v", name, res, err)
			}
			<-over
			time.Sleep(stall * 3 / 2) // between requests it may rest
			fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: a.localhost\r\n\r\n")
			b.Discard(2) // of the answer before, "10"
			if res, err := http.ReadResponse(b, nil); err != nil || res.StatusCode != 200 {
				t.Errorf("%s: the next request: %v %v", name, res, err)
			}
			c = open()
			fmt.Fprint(c, "GET /big.bin HTTP/1.1\r\nHost: a.localhost\r\n\r\n")
			time.Sleep(3 * stall)
			if n, err := io.Copy(io.Discard, c); n > size {
				t.Errorf("%s: it has waited, and sent %d bytes: %v", name, n, err)
			}
			c = open()
			fmt.Fprint(c, "GET /big.bin HTTP/1.1\r\nHost: a.localhost\r\nConnection: close\r\n\r\n")
			var all int64
			for range 4 {
				time.Sleep(stall / 4)
				n, _ := io.CopyN(io.Discard, c, size/4)
				all += n
			}
			if n, err := io.Copy(io.Discard, c); all+n < size {
				t.Errorf("%s: a slow client got %d bytes: %v", name, all+n, err)
			}
		})
	}
}
