package cli

import (
	"bytes"
	"encoding/json"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/serve/endpoint"
	"github.com/handsel-tls/handsel/tls"
)

var started = time.Date(2026, 3, 1, 12, 30, 45, 678e6, time.UTC)

func record(change func(*tls.Record)) *tls.Record {
	r := &tls.Record{
		Server: true, Remote: &net.TCPAddr{IP: net.IPv4(192, 0, 2, 7), Port: 50000}, Local: &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 443},
		Started: started, Duration: 12345 * time.Microsecond, ServerName: "www.example.com",
		Version: tls.VersionTLS13, CipherSuite: tls.TLS_AES_128_GCM_SHA256, Curve: tls.X25519,
	}
	change(r)
	return r
}

func TestLines(t *testing.T) {
	const head = "12:30:45.678  192.0.2.7:50000        "
	tests := []struct {
		name   string
		change func(*tls.Record)
		want   string
	}{
		{"full", func(*tls.Record) {}, "www.example.com  TLS 1.3  TLS_AES_128_GCM_SHA256  x25519  full  12.3 ms"},
		{"resumed, without a group", func(r *tls.Record) { r.Resumed, r.Curve = true, 0 }, "www.example.com  TLS 1.3  TLS_AES_128_GCM_SHA256  resumed  12.3 ms"},
		{"retried", func(r *tls.Record) { r.Retried = true }, "www.example.com  TLS 1.3  TLS_AES_128_GCM_SHA256  x25519  full, retried  12.3 ms"},
		{"failed", func(r *tls.Record) {
			r.ServerName, r.Failure = "", &tls.Failure{Sentence: "it went wrong", Detail: "badly", Alert: "decode_error"}
		}, "(no SNI)  failed: it went wrong: badly (alert decode_error)  12.3 ms"},
		{"failed without an alert", func(r *tls.Record) { r.Failure = &tls.Failure{Sentence: "it went wrong"} }, "www.example.com  failed: it went wrong  12.3 ms"},
		{"what a stranger wrote", func(r *tls.Record) {
			r.ServerName, r.Failure = "\x1b[31mevil\n", &tls.Failure{Sentence: "no", Detail: "name \x07"}
		}, `"\x1b[31mevil\n"  failed: no: "name \a"  12.3 ms`},
	}
	for _, tt := range tests {
		v := newView(record(tt.change))
		if got := v.line(colors{}); got != head+tt.want {
			t.Errorf("%s:\n%s, want\n%s", tt.name, got, head+tt.want)
		}
	}
	v := newView(record(func(r *tls.Record) { r.Failure = &tls.Failure{Sentence: "no"} }))
	if got := v.line(colors{red: "<red>", off: "<off>"}); !strings.Contains(got, "<red>failed: no<off>") {
		t.Error(got)
	}
}

func TestPlain(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "www.example.com": "www.example.com", `name "x"`: `name "x"`, `a\b`: `a\b`, "ü": "ü",
		"a\nb": `"a\nb"`, "\x1b[2J": `"\x1b[2J"`, "\u202eab": `"\u202eab"`, "\xff": `"\xff"`,
	} {
		if got := plain(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

// A reader that has stopped reading stops no handshake.
func TestPrinterDoesNotBlock(t *testing.T) {
	w := &gate{open: make(chan bool)}
	p := newPrinter(w, false)
	h := &endpoint.Handshake{Record: record(func(*tls.Record) {})}
	done := make(chan bool)
	const many = 10_000
	go func() {
		for range many {
			p.print(h)
		}
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("print blocks")
	}
	start := time.Now()
	p.close()
	if d := time.Since(start); d > 5*time.Second {
		t.Error("close took", d)
	}
	close(w.open)
	<-p.done
	if n := strings.Count(w.String(), "TLS 1.3"); n < 4096 || n >= many || !strings.Contains(w.String(), "handshakes are not shown") {
		t.Errorf("%d of %d lines", n, many)
	}
}

type gate struct {
	open chan bool
	mu   sync.Mutex
	bytes.Buffer
}

func (g *gate) Write(b []byte) (int, error) {
	<-g.open
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.Buffer.Write(b)
}

// Probes that say nothing leave one line, and their number at the end.
func TestPrinterCountsProbes(t *testing.T) {
	var out bytes.Buffer
	p := newPrinter(&out, false)
	for _, name := range []string{"NoBytes", "NoBytes", "Truncated", "NoBytes"} {
		p.print(&endpoint.Handshake{Record: record(func(r *tls.Record) { r.Failure = &tls.Failure{Fault: name, Sentence: "it went away"} })})
	}
	p.close()
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 3 || !strings.Contains(lines[0], "closed without a byte") || !strings.Contains(lines[1], "failed: it went away") ||
		lines[2] != "(3 connections were closed without a byte)" {
		t.Errorf("%q", lines)
	}
}

func TestPrinterJSON(t *testing.T) {
	var out bytes.Buffer
	p := newPrinter(&out, true)
	p.print(&endpoint.Handshake{Record: record(func(*tls.Record) {})})
	p.print(&endpoint.Handshake{Record: record(func(r *tls.Record) { r.ServerName = "a\nb" })})
	p.close()
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 2 {
		t.Fatalf("%q", out.String())
	}
	for _, line := range lines {
		var v view
		if err := json.Unmarshal([]byte(line), &v); err != nil || v.Role != "server" || v.Millis != 12.345 || v.Binding != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
}

func TestColors(t *testing.T) {
	if c := colorsFor(&bytes.Buffer{}); c != (colors{}) {
		t.Error("colors in a buffer")
	}
	f, err := os.CreateTemp(t.TempDir(), "out")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if c := colorsFor(f); c != (colors{}) {
		t.Error("colors in a file")
	}
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0) // a character device, as a terminal is
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "")
	if c := colorsFor(null); c.red == "" {
		t.Error("no colors on a terminal")
	}
	t.Setenv("NO_COLOR", "1")
	if c := colorsFor(null); c != (colors{}) {
		t.Error("colors in spite of NO_COLOR")
	}
}

func TestSplitTarget(t *testing.T) {
	for in, want := range map[string][2]string{
		"www.example.com":         {"www.example.com", "www.example.com:443"},
		"www.example.com:8443":    {"www.example.com", "www.example.com:8443"},
		"192.0.2.1":               {"192.0.2.1", "192.0.2.1:443"},
		"::1":                     {"::1", "[::1]:443"},
		"[::1]":                   {"::1", "[::1]:443"},
		"[::1]:8443":              {"::1", "[::1]:8443"},
		"www.example.com:https":   {"www.example.com", "www.example.com:https"},
		"https://www.example.com": {},
		"::1:443:x":               {},
		":443":                    {},
		"":                        {},
	} {
		host, addr, err := splitTarget(in)
		if host != want[0] || addr != want[1] || (err == nil) != (want[0] != "") {
			t.Errorf("%q: %q %q %v", in, host, addr, err)
		}
	}
}

func TestShellQuote(t *testing.T) {
	for in, want := range map[string]string{
		"/home/u/.config/handsel/local-ca.pem": "/home/u/.config/handsel/local-ca.pem",
		"/Users/u/Application Support/x":       "'/Users/u/Application Support/x'",
		"it's":                                 `'it'\''s'`,
	} {
		if got := shellQuote(in); got != want {
			t.Errorf("%s: %s", in, got)
		}
	}
}
