package tls

import (
	"context"
	stdtls "crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// serveHTTP starts a server that says what it sees, and gives its port.
func serveHTTP(t *testing.T, protocols ...string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %t %s", r.Proto, r.TLS.NegotiatedProtocol, r.TLS.HandshakeComplete, body)
	})}
	done := make(chan error, 1)
	go func() {
		done <- Serve(srv, l, &Config{Certificates: []Certificate{certOf("P-256")}, Time: testTime, NextProtos: protocols})
	}()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := srv.Shutdown(ctx); err != nil {
			t.Error("shutdown:", err)
		}
		if err := <-done; err != http.ErrServerClosed {
			t.Error(err)
		}
	})
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

func get(t *testing.T, rt http.RoundTripper, url string) string {
	t.Helper()
	client := &http.Client{Transport: rt, Timeout: 10 * time.Second}
	r, err := client.Post(url, "text/plain", strings.NewReader("body"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	if r.TLS == nil || r.TLS.Version != VersionTLS13 {
		t.Errorf("Response.TLS is %v", r.TLS)
	}
	return string(body)
}

func TestHTTP(t *testing.T) {
	both, one := serveHTTP(t), serveHTTP(t, "http/1.1")
	std := &http.Transport{TLSClientConfig: &stdtls.Config{RootCAs: roots(), Time: testTime}, ForceAttemptHTTP2: true}
	ours := NewTransport(&Config{RootCAs: roots(), Time: testTime})
	old := NewTransport(&Config{RootCAs: roots(), Time: testTime, NextProtos: []string{"http/1.1"}})
	for name, rt := range map[string]http.RoundTripper{"net/http": std, "ours": ours} {
		for range 3 {
			if got := get(t, rt, "https://localhost:"+both+"/"); got != "HTTP/2.0 h2 true body" {
				t.Errorf("%s: %s", name, got)
			}
			if got := get(t, rt, "https://localhost:"+one+"/"); got != "HTTP/1.1 http/1.1 true body" {
				t.Errorf("%s: %s", name, got)
			}
		}
	}
	if got := get(t, old, "https://localhost:"+both+"/"); got != "HTTP/1.1 http/1.1 true body" {
		t.Error(got)
	}
	std.CloseIdleConnections()
	ours.CloseIdleConnections()
	old.CloseIdleConnections()
}

func TestHTTPClientOfStandardServer(t *testing.T) {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.Proto)
	}))
	srv.EnableHTTP2 = true
	srv.TLS = &stdtls.Config{Certificates: []Certificate{certOf("RSA-2048")}, Time: testTime}
	srv.StartTLS()
	defer srv.Close()
	rt := NewTransport(&Config{RootCAs: roots(), Time: testTime})
	defer rt.CloseIdleConnections()
	if got := get(t, rt, srv.URL); got != "HTTP/2.0" {
		t.Error(got)
	}
}

// TestProtocolIsTheOneOfALPN is ALPACA's ground (Brinkmann and others, 2021): a
// client that is served another protocol than it agreed on. The preface of
// HTTP/2 alone must not lead to HTTP/2, nor "h2" to HTTP/1.1.
func TestProtocolIsTheOneOfALPN(t *testing.T) {
	port := serveHTTP(t)
	const request, preface = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", beginsHTTP2 + "\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"
	for _, c := range []struct {
		alpn, sent string
		ok         bool
	}{
		{"h2", preface, true}, {"http/1.1", request, true}, {"", request, true}, {"h2", "POST" + request[3:], false},
		{"h2", request, false}, {"http/1.1", preface, false}, {"", preface, false},
	} {
		config := &Config{RootCAs: roots(), Time: testTime, ServerName: "localhost"}
		if c.alpn != "" {
			config.NextProtos = []string{c.alpn}
		}
		for _, cut := range []int{1, len(c.sent)} {
			plain, err := net.Dial("tcp", "localhost:"+port)
			if err != nil {
				t.Fatal(err)
			}
			conn := Client(plain, config)
			conn.SetDeadline(time.Now().Add(10 * time.Second))
			for rest := c.sent; len(rest) > 0; rest = rest[min(cut, len(rest)):] {
				if _, err := io.WriteString(conn, rest[:min(cut, len(rest))]); err != nil {
					break
				}
			}
			b := make([]byte, 16)
			if n, _ := conn.Read(b); (n > 0) != c.ok {
				t.Errorf("%q with ALPN %q, %d bytes at a time: the answer is %q", c.sent[:10], c.alpn, cut, b[:n])
			}
			plain.Close()
		}
	}
}

func TestPlainHTTPIsToldSo(t *testing.T) {
	c, err := net.Dial("tcp", "localhost:"+serveHTTP(t))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(5 * time.Second))
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
	all, _ := io.ReadAll(c)
	if got := string(all); !strings.HasPrefix(got, "HTTP/1.1 400 ") || strings.Count(got, "HTTP/1.1") != 1 || !strings.Contains(got, "https://") {
		t.Errorf("%q", got)
	}
}
