package web

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestGuard: without the token nobody sees anything, nor under a foreign name, nor
// from another site's page.
func TestGuard(t *testing.T) {
	p, _ := open(t, Options{Source: failing(t)})
	base, query, _ := strings.Cut(p.URL(), "/?")
	token := strings.TrimPrefix(query, "token=")
	cookie := p.guard.cookie + "=" + token
	for _, c := range []struct {
		name, method, path, host string
		header                   map[string]string
		want                     int
	}{
		{"no token", "GET", "/", "", nil, 403},
		{"no token, style", "GET", "/page.css", "", nil, 403},
		{"no token, a handshake", "GET", "/handshake/0.0", "", nil, 403},
		{"wrong token", "GET", "/?token=AAAA", "", nil, 403},
		{"wrong cookie", "GET", "/", "", map[string]string{"Cookie": p.guard.cookie + "=AAAA"}, 403},
		{"token", "GET", "/?token=" + token, "", nil, 303},
		{"cookie", "GET", "/", "", map[string]string{"Cookie": cookie}, 200},
		{"bearer", "GET", "/", "", map[string]string{"Authorization": "Bearer " + token}, 200},
		{"localhost", "GET", "/", "localhost:1", map[string]string{"Cookie": cookie}, 200},
		{"IPv6", "GET", "/", "[::1]:1", map[string]string{"Cookie": cookie}, 200},
		{"a name that was turned here", "GET", "/", "evil.example:80", map[string]string{"Cookie": cookie}, 421},
		{"the same with the token", "GET", "/?token=" + token, "evil.example", nil, 421},
		{"a method that changes", "POST", "/", "", map[string]string{"Cookie": cookie}, 405},
		{"loaded by another site", "GET", "/page.js", "", map[string]string{"Cookie": cookie, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"}, 403},
		{"framed by another port", "GET", "/", "", map[string]string{"Cookie": cookie, "Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}, 403},
		{"a link on another site", "GET", "/", "", map[string]string{"Cookie": cookie, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, 200},
		{"its own page", "GET", "/page.js", "", map[string]string{"Cookie": cookie, "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"}, 200},
		{"asked by another site in an old browser", "GET", "/", "", map[string]string{"Cookie": cookie, "Origin": "https://evil.example"}, 403},
		{"asked by nobody who says who", "GET", "/", "", map[string]string{"Cookie": cookie, "Origin": "null"}, 403},
		{"asked by itself", "GET", "/page.js", "", map[string]string{"Cookie": cookie, "Origin": base}, 200},
		{"nothing there", "GET", "/nowhere", "", map[string]string{"Cookie": cookie}, 404},
		{"no such handshake", "GET", "/handshake/9.9", "", map[string]string{"Cookie": cookie}, 404},
		{"away from here", "GET", "//evil.example/?token=" + token, "", nil, 303},
	} {
		req, err := http.NewRequest(c.method, base+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = c.host
		for k, v := range c.header {
			req.Header.Set(k, v)
		}
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if res.StatusCode != c.want {
			t.Errorf("%s: %s", c.name, res.Status)
		}
		if c.want >= 400 && c.want != 404 && (strings.Contains(string(body), "shop.example.com") || strings.Contains(string(body), token)) {
			t.Errorf("%s: %s", c.name, body)
		}
		h := res.Header
		if h.Get("Content-Security-Policy") != contentPolicy || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" ||
			h.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %v", c.name, h)
		}
		if to := h.Get("Location"); to != "" && (!strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//")) {
			t.Errorf("%s: it leads to %q", c.name, to)
		}
		if set := h.Get("Set-Cookie"); set != "" && (!strings.Contains(set, "HttpOnly") || !strings.Contains(set, "SameSite=Strict")) {
			t.Errorf("%s: %s", c.name, set)
		}
	}
}

func TestExposed(t *testing.T) {
	for address, want := range map[string]bool{"127.0.0.1:0": false, "0.0.0.0:0": true} {
		p, err := Listen(address, Options{Source: failing(t)})
		if err != nil {
			t.Fatal(err)
		}
		if p.Exposed() != want || !strings.HasPrefix(p.URL(), "http://127.0.0.1:") {
			t.Errorf("%s: %v %s", address, p.Exposed(), p.URL())
		}
		p.Close()
	}
}
