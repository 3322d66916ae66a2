package endpoint_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/serve/endpoint"
)

// logLine waits for line i of access.log, and reads it.
func (h *host) logLine(i int) map[string]any {
	h.t.Helper()
	for range 500 {
		text, _ := os.ReadFile(filepath.Join(h.dir, "access.log"))
		if lines := strings.SplitAfter(string(text), "\n"); len(lines) > i+1 {
			line := map[string]any{}
			if err := json.Unmarshal([]byte(lines[i]), &line); err != nil {
				h.t.Fatalf("%q: %v", lines[i], err)
			}
			return line
		}
		time.Sleep(10 * time.Millisecond)
	}
	h.t.Fatalf("there is no line %d", i)
	return nil
}

// Each request is in the log with the ID of its connection, by which the
// handshake's record is found, and without anything that is secret.
func TestAccessLog(t *testing.T) {
	h := newHost(t, endpoint.Options{}, "access_log: {to: access.log}\n"+twoSites)
	client := h.client("a.localhost")
	send := func(host, path string) {
		t.Helper()
		r, _ := http.NewRequest("GET", "https://"+host+path, nil)
		for name, value := range map[string]string{"User-Agent": "test/1\x7f", "Referer": "https://user:hidden@b.example/page?session=hidden#hidden", "Cookie": "id=hidden", "Authorization": "Bearer hidden"} {
			r.Header[name] = []string{strings.ReplaceAll(value, "\x7f", "\u00e9")}
		}
		res, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
	}
	send("a.localhost", "/?token=hidden")
	send("a.localhost", "/none%20%22x")
	send("elsewhere.example", "/") // 421
	h.plain("b.localhost", "/")
	record := h.handshake(0)
	for i, want := range []map[string]any{
		{"host": "a.localhost", "method": "GET", "path": "/", "status": 200.0, "bytes": 6.0, "site": "a", "proto": "HTTP/2.0", "version": "TLS 1.3", "referer": "https://b.example/page"},
		{"path": "/none%20%22x", "status": 404.0, "site": "a"},
		{"host": "elsewhere.example", "status": 421.0, "site": nil, "connection": h.logLine(2)["connection"]}, // one of its own
		{"host": "b.localhost", "status": 200.0, "proto": "HTTP/1.1", "connection": nil, "version": nil},
	} {
		line := h.logLine(i)
		if _, ok := want["connection"]; !ok {
			want["connection"], want["peer"] = record.Connection.String(), record.Remote.String()
		}
		for key, value := range want {
			if line[key] != value {
				t.Errorf("line %d: %s is %v, want %v", i, key, line[key], value)
			}
		}
		if at, err := time.Parse(time.RFC3339, fmt.Sprint(line["time"])); err != nil || time.Since(at) > time.Minute {
			t.Errorf("%v %v", line["time"], err)
		}
	}
	text, err := os.ReadFile(filepath.Join(h.dir, "access.log"))
	if err != nil || bytes.Contains(text, []byte("hidden")) {
		t.Errorf("%s %v", text, err)
	}
	if info, err := os.Stat(filepath.Join(h.dir, "access.log")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
}

// A client that was asked later is in the log with its name.
func TestAccessLogNamesTheClient(t *testing.T) {
	h, pair := newGuardedPath(t)
	if err := h.apply("access_log: {to: access.log}\n" + guardedPath); err != nil {
		t.Fatal(err)
	}
	client := h.later("mixed.localhost", pair)
	h.get(client, "mixed.localhost", "/")
	h.get(client, "mixed.localhost", "/private/")
	h.get(h.client("mixed.localhost"), "mixed.localhost", "/private/") // HTTP_1_1_REQUIRED
	if line := h.logLine(0); line["client"] != nil || line["status"] != 200.0 {
		t.Error(line)
	}
	if line := h.logLine(1); line["client"] == nil || line["status"] != 200.0 {
		t.Error(line)
	}
	if line := h.logLine(2); line["broken"] != true || line["status"] != 0.0 {
		t.Error(line)
	}
}

// safeBuffer is written to by several goroutines.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(b)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// A reload changes the log, and takes it away.
func TestReloadOfTheAccessLog(t *testing.T) {
	var out safeBuffer
	h := newHost(t, endpoint.Options{Stdout: &out}, "access_log: {to: stdout, format: combined}\n"+twoSites)
	h.plain("a.localhost", "/x\"y?query=1")
	want := regexp.MustCompile(`^127\.0\.0\.1 - - \[\d\d/\w+/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "GET /x\\x22y HTTP/1.1" 404 \d+ "-" "-" -\n$`)
	for range 500 {
		if out.String() != "" {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if !want.MatchString(out.String()) {
		t.Errorf("%q", out.String())
	}
	if err := h.apply("access_log: {to: access.log, query: true, addresses: drop}\n" + twoSites); err != nil {
		t.Fatal(err)
	}
	h.plain("a.localhost", "/?query=1")
	if line := h.logLine(0); line["query"] != "query=1" || line["peer"] != nil {
		t.Error(line)
	}
	if err := h.apply("access_log: {to: none/access.log}\n" + twoSites); err == nil || !strings.Contains(err.Error(), "access log") {
		t.Errorf("a log that cannot be written: %v", err)
	}
	if err := h.apply(twoSites); err != nil {
		t.Fatal(err)
	}
	h.plain("a.localhost", "/")
	h.shutdown(time.Second)
	if text, _ := os.ReadFile(filepath.Join(h.dir, "access.log")); strings.Count(string(text), "\n") != 1 {
		t.Errorf("%s", text)
	}
}

// A request that is under way when the log becomes another is in the new one.
func TestReloadDuringARequest(t *testing.T) {
	begun, end := make(chan bool), make(chan bool)
	behind := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		begun <- true
		<-end
	}))
	t.Cleanup(behind.Close)
	sites := strings.Replace(twoSites, "folder: a", fmt.Sprintf("proxy: %q", behind.URL), 1)
	h := newHost(t, endpoint.Options{}, "access_log: {to: before.log}\n"+sites)
	applied := make(chan error, 1)
	go func() {
		<-begun
		applied <- h.apply("access_log: {to: access.log}\n" + sites)
		close(end)
	}()
	h.plain("a.localhost", "/slow")
	if err := <-applied; err != nil {
		t.Error(err)
	}
	if line := h.logLine(0); line["path"] != "/slow" || line["status"] != 200.0 {
		t.Error(line)
	}
}
