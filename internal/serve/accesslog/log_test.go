package accesslog

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// notes collects what an operator is told.
type notes struct {
	mu  sync.Mutex
	all []string
}

func (n *notes) add(text string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all = append(n.all, text)
}

func open(t *testing.T, s Settings, n *notes) *Log {
	t.Helper()
	l, err := Open(s, nil, n.add)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// lines gives the paths of a log's lines.
func lines(t *testing.T, file string) (paths []string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var e asJSON
		if err := json.Unmarshal([]byte(line), &e); err != nil || !strings.HasSuffix(line, "\n") {
			t.Fatalf("%q: %v", line, err)
		}
		paths = append(paths, e.Path)
	}
	return paths
}

// Every request is in one of the files, whole, and no more of them are kept than
// is said.
func TestRotation(t *testing.T) {
	file, n := filepath.Join(t.TempDir(), "access.log"), &notes{}
	l := open(t, Settings{To: file, Bytes: 2000, Keep: 3}, n)
	for i := range 60 {
		l.Tell(&Entry{Time: time.Now(), Path: fmt.Sprint("/", i)})
		for len(l.queue) > 0 { // or all would be written at once
			time.Sleep(time.Millisecond)
		}
	}
	l.Close()
	var all []string
	for _, name := range []string{".3", ".2", ".1", ""} {
		paths := lines(t, file+name)
		if info, _ := os.Stat(file + name); info.Size() > 2000 || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %d bytes, %v", name, info.Size(), info.Mode())
		}
		all = append(all, paths...)
	}
	if _, err := os.Stat(file + ".4"); err == nil {
		t.Error("more are kept")
	}
	if len(all) < 30 || all[len(all)-1] != "/59" {
		t.Errorf("%d lines, the last is %s", len(all), all[len(all)-1])
	}
	for i, path := range all {
		if path != fmt.Sprint("/", 60-len(all)+i) {
			t.Errorf("line %d is %s", i, path)
		}
	}
	if len(n.all) > 0 {
		t.Error(n.all)
	}
}

// A file that logrotate takes away is made anew, and what is there is added to.
func TestTakenAway(t *testing.T) {
	file := filepath.Join(t.TempDir(), "access.log")
	l := open(t, Settings{To: file}, &notes{})
	l.Tell(&Entry{Path: "/1"})
	for len(l.queue) > 0 {
		time.Sleep(time.Millisecond)
	}
	if err := os.Rename(file, file+"-old"); err != nil {
		t.Fatal(err)
	}
	time.Sleep(lookEvery + 100*time.Millisecond)
	l.Tell(&Entry{Path: "/2"})
	l.Close()
	l = open(t, Settings{To: file}, &notes{})
	l.Tell(&Entry{Path: "/3"})
	l.Close()
	if old, now := lines(t, file+"-old"), lines(t, file); fmt.Sprint(old, now) != "[/1] [/2 /3]" {
		t.Error(old, now)
	}
}

// slow is written to when it is let.
type slow chan bool

func (s slow) Write(b []byte) (int, error) { <-s; return len(b), nil }

// Requests do not wait for a log that cannot follow, and it is said how many are
// lost.
func TestTooFast(t *testing.T) {
	out, n := make(slow), &notes{}
	l, err := Open(Settings{To: Stdout}, map[string]io.Writer{Stdout: out}, n.add)
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	for range 2 * queued {
		l.Tell(&Entry{})
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	close(out)
	l.Close()
	if len(n.all) == 0 || l.lost.Load() != 0 || !strings.Contains(n.all[0], "requests are not in the access log") {
		t.Error(n.all)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestBroken(t *testing.T) {
	n := &notes{}
	l, err := Open(Settings{To: Stderr}, map[string]io.Writer{Stderr: broken{}}, n.add)
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		l.Tell(&Entry{})
	}
	l.Close()
	if len(n.all) != 1 {
		t.Errorf("it is said %d times: %v", len(n.all), n.all)
	}
	if _, err := Open(Settings{To: filepath.Join(t.TempDir(), "none", "x")}, nil, n.add); err == nil {
		t.Error("no error")
	}
}

// A line is a line, whatever a client sends.
func TestHostileLines(t *testing.T) {
	hostile := "a\r\n\"\\\x00\x1b[31m\u2028é\xff"
	e := &Entry{Time: time.Unix(0, 0), Peer: hostile, Client: hostile, Host: hostile, Method: hostile, Path: hostile, Query: hostile, Proto: hostile, Agent: hostile, Referer: "https://x/?" + hostile}
	for _, s := range []Settings{{}, {Query: true}, {Combined: true}, {Combined: true, Query: true}} {
		line := string(e.line(&s))
		body := strings.TrimSuffix(line, "\n")
		if strings.ContainsAny(body, "\r\n\x00\x1b") || line == body {
			t.Errorf("%q", line)
		}
		if s.Combined && strings.Count(body, `"`) != 6 {
			t.Errorf("%q", line)
		}
	}
	want := `192.0.2.1 - - [01/Jan/1970:00:00:00 +0000] "GET /x HTTP/2.0" 200 12 "https://a.example/b" "agent" 00000000000000aa` + "\n"
	e = &Entry{Time: time.Unix(0, 0).UTC(), Peer: "192.0.2.1:1", Method: "GET", Path: "/x", Query: "secret", Proto: "HTTP/2.0", Status: 200, Bytes: 12,
		Referer: "https://me:pw@a.example/b?secret#secret", Agent: "agent", Connection: "00000000000000aa"}
	if got := string(e.line(&Settings{Combined: true})); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func FuzzLine(f *testing.F) {
	f.Add("/x", "https://a.example/?b", "agent\n", true)
	f.Add("/\"", "::", "\x00", false)
	f.Fuzz(func(t *testing.T, path, referer, agent string, combined bool) {
		e := &Entry{Path: path, Query: path, Referer: referer, Agent: agent, Host: agent, Method: path}
		line := string(e.line(&Settings{Combined: combined}))
		if body, ok := strings.CutSuffix(line, "\n"); !ok || strings.ContainsAny(body, "\r\n") {
			t.Errorf("%q", line)
		}
		if !combined && !json.Valid([]byte(line)) {
			t.Errorf("%q", line)
		}
	})
}
