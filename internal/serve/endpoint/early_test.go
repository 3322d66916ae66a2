package endpoint_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/serve/endpoint"
	"github.com/handsel-tls/handsel/tls"
)

const earlySites = `listen:
  https: ["127.0.0.1:$HTTPS"]
certificates:
  - {name: both, local_ca: [a.localhost, b.localhost]}
sites:
  - {name: behind, proxy: "http://BEHIND"}
bindings:
  - {on: "a.localhost:$HTTPS", certificates: [both], site: behind, early_data: true}
  - {on: "b.localhost:$HTTPS", certificates: [both], site: behind}
`

// once lets a client write its first flight, and nothing after it: it is not
// there, or it is somebody who sends again what it has seen.
type once struct {
	net.Conn
	written bool
}

func (o *once) Write(b []byte) (int, error) {
	if o.written {
		return len(b), nil
	}
	o.written = true
	return o.Conn.Write(b)
}

// TestEarlyData sends requests as early data. RFC 8470, sections 5.1 and 5.2.
func TestEarlyData(t *testing.T) {
	behind := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %q", r.Method, r.Header.Get("Early-Data"))
	}))
	defer behind.Close()
	h := newHost(t, endpoint.Options{}, strings.ReplaceAll(earlySites, "BEHIND", behind.Listener.Addr().String()))
	config := &tls.Config{RootCAs: h.roots, NextProtos: []string{"http/1.1"}, ClientSessionCache: tls.NewLRUClientSessionCache(4)}
	// ask sends a request, early if it can be, and gives the answer. Without
	// more, nothing follows the early data.
	ask := func(name, host, method string, more bool) (early bool, answer string) {
		t.Helper()
		raw, err := net.Dial("tcp", "127.0.0.1:"+h.ports["$HTTPS"])
		if err != nil {
			t.Fatal(err)
		}
		defer raw.Close()
		raw.SetDeadline(time.Now().Add(5 * time.Second))
		if !more {
			raw = &once{Conn: raw}
		}
		c := config.Clone()
		c.ServerName = name
		conn := tls.Client(raw, c)
		request := method + " / HTTP/1.1\r\nHost: " + host + "\r\nContent-Length: 0\r\n\r\n"
		conn.SetEarlyData([]byte(request))
		if err := conn.Handshake(); err != nil {
			t.Fatal(err)
		}
		n := conn.EarlyDataAccepted()
		io.WriteString(conn, request[n:])
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return n > 0, fmt.Sprint(res.StatusCode, " ", string(body))
	}
	for i, c := range []struct {
		name, host, method string
		more, early        bool
		answer             string
	}{
		{"a.localhost", "a.localhost", "POST", true, false, `200 POST ""`},
		{"a.localhost", "a.localhost", "GET", false, true, `200 GET "1"`},
		{"a.localhost", "a.localhost", "POST", true, false, `200 POST ""`}, // the ticket is used up
		{"a.localhost", "a.localhost", "POST", false, true, "425 425 Too Early: send it again when the handshake is complete.\n"},
		{"a.localhost", "a.localhost", "GET", true, false, `200 GET ""`},
		{"a.localhost", "b.localhost", "GET", false, true, "425 425 Too Early: send it again when the handshake is complete.\n"},
		{"b.localhost", "b.localhost", "GET", true, false, `200 GET ""`},
		{"b.localhost", "b.localhost", "GET", true, false, `200 GET ""`},
	} {
		if early, answer := ask(c.name, c.host, c.method, c.more); early != c.early || answer != c.answer {
			t.Errorf("request %d: early %v, %s", i, early, answer)
		}
	}
}
