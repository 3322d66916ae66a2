package sites

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// newFolder makes a folder to serve, with a secret beside it.
func newFolder(t *testing.T) string {
	t.Helper()
	base := t.TempDir()
	for name, text := range map[string]string{
		"secret.txt":                     "secret",
		"web/index.html":                 "home",
		"web/a.txt":                      "0123456789",
		"web/with/index.html":            "with",
		"web/without/file.txt":           "file",
		"web/.env":                       "secret",
		"web/.git/config":                "secret",
		"web/.well-known/acme/challenge": "token",
		"web/odd%2fname":                 "odd",
	} {
		path := filepath.Join(base, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	web := filepath.Join(base, "web")
	for link, to := range map[string]string{
		"out.txt": "../secret.txt", "out": "..", "abs.txt": filepath.Join(base, "secret.txt"),
		"in.txt": "a.txt", "loop": "loop", "root": "/",
	} {
		if err := os.Symlink(to, filepath.Join(web, link)); err != nil {
			t.Fatal(err)
		}
	}
	return web
}

func serveFolder(t *testing.T, dir string) *httptest.Server {
	t.Helper()
	h, err := Folder(dir)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

// raw sends a request line as it is: clients would clean the path.
func raw(t *testing.T, s *httptest.Server, method, target string, header ...string) (int, http.Header, string) {
	t.Helper()
	c, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(5 * time.Second))
	fmt.Fprintf(c, "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s\r\n", method, target, strings.Join(append(header, ""), "\r\n"))
	r, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%s %s: %v", method, target, err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, target, err)
	}
	return r.StatusCode, r.Header, string(body)
}

func TestFolder(t *testing.T) {
	s := serveFolder(t, newFolder(t))
	tests := []struct {
		method, target string
		header         string
		status         int
		body           string
	}{
		{"GET", "/", "", 200, "home"},
		{"GET", "/a.txt", "", 200, "0123456789"},
		{"HEAD", "/a.txt", "", 200, ""},
		{"GET", "/a.txt?query", "", 200, "0123456789"},
		{"GET", "/a.txt", "Range: bytes=2-4", 206, "234"},
		{"GET", "/a.txt", "Range: bytes=-3", 206, "789"},
		{"GET", "/a.txt", "Range: bytes=20-", 416, ""},
		{"GET", "/with/", "", 200, "with"},
		{"GET", "/with", "", 301, ""},
		{"GET", "/index.html", "", 301, ""},
		{"GET", "/in.txt", "", 200, "0123456789"},
		{"GET", "/.well-known/acme/challenge", "", 200, "token"},
		{"GET", "/odd%252fname", "", 200, "odd"},
		{"GET", "/without/", "", 404, ""},
		{"GET", "/without", "", 404, ""},
		{"GET", "/without/file.txt", "", 200, "file"},
		{"GET", "/none", "", 404, ""},
		{"GET", "/.env", "", 404, ""},
		{"GET", "/.git/config", "", 404, ""},
		{"POST", "/a.txt", "Content-Length: 0", 405, ""},
		{"DELETE", "/a.txt", "", 405, ""},
		{"GET", "/loop", "", 404, ""},
	}
	for _, tt := range tests {
		status, _, body := raw(t, s, tt.method, tt.target, tt.header+"\r\nX: y")
		if status != tt.status || tt.body != "" && body != tt.body {
			t.Errorf("%s %s %s: %d %q, want %d %q", tt.method, tt.target, tt.header, status, body, tt.status, tt.body)
		}
	}
}

func TestFolderIsNotLeft(t *testing.T) {
	dir := newFolder(t)
	s := serveFolder(t, dir)
	targets := []string{
		"/../secret.txt", "/../../../../../../etc/passwd", "/a/../../secret.txt", "/%2e%2e/secret.txt",
		"/..%2fsecret.txt", "/%2e%2e%2fsecret.txt", "/..%5csecret.txt", "/..\\secret.txt", "/....//secret.txt",
		"/.%2e/secret.txt", "//secret.txt", "/./../secret.txt", "/%252e%252e/secret.txt", "/..;/secret.txt",
		"/a.txt/../../secret.txt", "/out.txt", "/out/secret.txt", "/out/web/a.txt", "/abs.txt", "/root/etc/passwd",
		"/out/", "/root/", "/%00", "/a.txt%00.html", "/..%00/secret.txt", "/" + dir + "/../secret.txt",
		"/%c0%ae%c0%ae/secret.txt", "/web/../../secret.txt", "/with/../../secret.txt",
	}
	for _, target := range targets {
		status, _, body := raw(t, s, "GET", target)
		if status == 200 || strings.Contains(body, "secret") || strings.Contains(body, "root:") || strings.Contains(body, dir) {
			t.Errorf("%s: %d %q", target, status, body)
		}
	}
}

func TestFolderThatIsNotThere(t *testing.T) {
	if _, err := Folder(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("no error")
	}
}

func TestCaching(t *testing.T) {
	s := serveFolder(t, newFolder(t))
	_, header, _ := raw(t, s, "GET", "/a.txt")
	modified := header.Get("Last-Modified")
	if modified == "" || !strings.HasPrefix(header.Get("Content-Type"), "text/plain") {
		t.Fatal(header)
	}
	if status, _, body := raw(t, s, "GET", "/a.txt", "If-Modified-Since: "+modified); status != 304 || body != "" {
		t.Error(status, body)
	}
}
