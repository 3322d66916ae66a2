package sites

import (
	"bufio"
	"crypto/sha1"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// seen answers with what a request looks like behind the proxy.
func seen(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	fmt.Fprintf(w, "%s %s %s host=%s for=%s proto=%s body=%s", r.Proto, r.Method, r.URL.RequestURI(), r.Host,
		r.Header.Get("X-Forwarded-For"), r.Header.Get("X-Forwarded-Proto"), body)
}

func front(t *testing.T, to ProxyTo) *httptest.Server {
	t.Helper()
	h, err := NewProxy(to)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

func TestProxyProtocols(t *testing.T) {
	plain := httptest.NewServer(http.HandlerFunc(seen))
	defer plain.Close()
	secure := httptest.NewUnstartedServer(http.HandlerFunc(seen))
	secure.EnableHTTP2 = true
	secure.StartTLS()
	defer secure.Close()
	h2c := httptest.NewUnstartedServer(http.HandlerFunc(seen))
	h2c.Config.Protocols = new(http.Protocols)
	h2c.Config.Protocols.SetUnencryptedHTTP2(true)
	h2c.Start()
	defer h2c.Close()
	roots := x509.NewCertPool()
	roots.AddCert(secure.Certificate())

	tests := []struct {
		name string
		to   ProxyTo
		want string // in front of the rest
	}{
		{"http", ProxyTo{URLs: []string{plain.URL}}, "HTTP/1.1 POST /x/y?z=1"},
		{"path in front", ProxyTo{URLs: []string{plain.URL + "/base/"}}, "HTTP/1.1 POST /base/x/y?z=1"},
		{"https", ProxyTo{URLs: []string{secure.URL}, Roots: roots}, "HTTP/2.0 POST /x/y?z=1"},
		{"h2c", ProxyTo{URLs: []string{strings.Replace(h2c.URL, "http", "h2c", 1)}}, "HTTP/2.0 POST /x/y?z=1"},
	}
	for _, tt := range tests {
		f := front(t, tt.to)
		status, _, body := raw(t, f, "POST", "/x/y?z=1", "Content-Length: 4\r\nX-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\n\r\nbody")
		want := tt.want + " host=x for=127.0.0.1 proto=http body=body"
		if status != 200 || body != want {
			t.Errorf("%s: %d %q, want %q", tt.name, status, body, want)
		}
	}
}

func TestProxyFailures(t *testing.T) {
	gone := httptest.NewServer(http.HandlerFunc(seen))
	gone.Close()
	untrusted := httptest.NewTLSServer(http.HandlerFunc(seen))
	defer untrusted.Close()
	untrusted.Config.ErrorLog = nil
	for _, url := range []string{gone.URL, untrusted.URL} {
		status, _, body := raw(t, front(t, ProxyTo{URLs: []string{url}}), "GET", "/")
		if status != 502 || strings.Contains(body, "127.0.0.1") {
			t.Errorf("%s: %d %q: the client need not know more", url, status, body)
		}
	}
	for _, bad := range []string{"", "127.0.0.1:80", "ftp://x", "http://", "http://[::1", "://"} {
		if _, err := NewProxy(ProxyTo{URLs: []string{bad}}); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

func TestProxyStreams(t *testing.T) {
	release := make(chan bool)
	back := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		io.WriteString(w, "data: 1\n\n")
		w.(http.Flusher).Flush()
		select {
		case <-release:
		case <-time.After(5 * time.Second):
		}
	}))
	defer back.Close()
	f := front(t, ProxyTo{URLs: []string{back.URL}})
	r, err := http.Get(f.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	line, err := bufio.NewReader(r.Body).ReadString('\n')
	close(release)
	if line != "data: 1\n" {
		t.Errorf("%q, %v: the first event came with the end", line, err)
	}
}

// echo is a WebSocket server that sends back what comes: RFC 6455 as far as it
// takes for short messages.
func echo(w http.ResponseWriter, r *http.Request) {
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		http.Error(w, "no WebSocket", http.StatusBadRequest)
		return
	}
	c, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer c.Close()
	fmt.Fprintf(rw, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
		accept(r.Header.Get("Sec-WebSocket-Key")))
	rw.Flush()
	for {
		var head [6]byte // FIN and opcode, length, mask
		if _, err := io.ReadFull(rw, head[:]); err != nil {
			return
		}
		text := make([]byte, head[1]&0x7f)
		if _, err := io.ReadFull(rw, text); err != nil {
			return
		}
		for i := range text {
			text[i] ^= head[2+i%4]
		}
		rw.Write(append([]byte{head[0], byte(len(text))}, text...))
		rw.Flush()
	}
}

func accept(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

func TestProxyWebSocket(t *testing.T) {
	back := httptest.NewServer(http.HandlerFunc(echo))
	defer back.Close()
	f := front(t, ProxyTo{URLs: []string{back.URL}})
	c, err := net.Dial("tcp", f.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(5 * time.Second))
	const key = "AAAAAAAAAAAAAAAAAAAAAA=="
	fmt.Fprintf(c, "GET /chat HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n", key)
	b := bufio.NewReader(c)
	r, err := http.ReadResponse(b, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.StatusCode != 101 || r.Header.Get("Sec-WebSocket-Accept") != accept(key) {
		t.Fatal(r.Status, r.Header)
	}
	for _, text := range []string{"hello", "again", ""} {
		frame := append([]byte{0x81, 0x80 | byte(len(text)), 0, 0, 0, 0}, text...)
		if _, err := c.Write(frame); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 2+len(text))
		if _, err := io.ReadFull(b, got); err != nil || string(got[2:]) != text {
			t.Fatalf("%q, %v", got, err)
		}
	}
}
