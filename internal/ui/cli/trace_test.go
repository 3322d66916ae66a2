package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/observe/packet"
	"github.com/handsel-tls/handsel/internal/observe/pcap"
	"github.com/handsel-tls/handsel/internal/observe/synth"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

const traceHello = "\x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x03" + "0123456789abcdef0123456789abcdef" + "\x00\x00\x02\xc0\x2f\x01\x00"

// capture writes a file with a connection that is closed and one that failed.
func capture(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "capture.pcapng")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := pcap.NewWriter(f, nil)
	number := 0
	write := func(p *pcap.Packet) {
		number++
		p.Number = number
		if err := w.Write(p); err != nil {
			t.Fatal(err)
		}
	}
	plain := synth.New("192.0.2.1:40000", "198.51.100.1:80", write)
	plain.Open()
	plain.Send(trace.Client, []byte("GET / HTTP/1.0\r\n\r\n"))
	plain.Close(trace.Server)
	quiet := synth.New("192.0.2.1:40001", "198.51.100.1:443", write)
	quiet.Open()
	quiet.Send(trace.Client, []byte(traceHello))
	failed := synth.New("192.0.2.1:40002", "198.51.100.1:443", write)
	failed.Open()
	failed.Send(trace.Client, []byte(traceHello))
	failed.Send(trace.Server, []byte("\x15\x03\x03\x00\x02\x02\x28"))
	failed.Close(trace.Server)
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return name
}

func runTrace(args ...string) (code int, out, errs string) {
	var o, e bytes.Buffer
	code = Main(append([]string{"trace"}, args...), strings.NewReader(""), &o, &e)
	return code, o.String(), e.String()
}

func TestTrace(t *testing.T) {
	name := capture(t)
	code, out, errs := runTrace(name)
	if code != 0 || errs != "" {
		t.Fatalf("%d %s", code, errs)
	}
	lines := strings.Split(out, "\n")
	if !strings.HasPrefix(lines[0], "#2 ") || !strings.Contains(lines[0], "failed: alert handshake_failure by the server") || !strings.HasPrefix(lines[1], "    Likely: ") || !strings.HasPrefix(lines[2], "#1 ") ||
		!strings.Contains(out, "2 connections with TLS, 1 of them failed") {
		t.Errorf("the failed one has to come first:\n%s", out)
	}
	_, out, _ = runTrace("-v", "--failed", name)
	for _, want := range []string{"SYN, ACK  frame", "C ->  ClientHello  45 bytes  frame ", "<- S  Alert fatal handshake_failure", "checksum 0x", " right"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing:\n%s", want, out)
		}
	}
	if strings.Contains(out, "#1 ") {
		t.Errorf("--failed shows one that has not:\n%s", out)
	}
	_, out, _ = runTrace("--json", "--all", name)
	dec := json.NewDecoder(strings.NewReader(out))
	n := 0
	for dec.More() {
		var v traceView
		if err := dec.Decode(&v); err != nil {
			t.Fatal(err)
		}
		if v.Stream == 2 && (!v.Failed || v.Ended.Alert != "handshake_failure" || len(v.Messages) != 2 || len(v.Opening) != 3 || v.JA4 == "") {
			t.Errorf("%+v", v)
		}
		n++
	}
	if n != 3 {
		t.Errorf("%d objects", n)
	}
}

// TestTraceKeys decrypts with a key log, and with one that is in the capture.
func TestTraceKeys(t *testing.T) {
	const captures = "../../../../shared/captures/"
	name := captures + "gen__fail-tls13-client-cert-missing.pcap"
	if _, err := os.Stat(name); err != nil {
		t.Skip("the captures with ground truth are not there")
	}
	for _, c := range []struct {
		want string
		args []string
	}{
		{"failed: an encrypted alert by the server", []string{name}},
		{"failed: alert certificate_required by the server", []string{"--keylog", name + ".keys", name}},
		{"C ->  Finished  16 bytes", []string{"-v", captures + "gen__odd-file-ng-dsb.pcapng"}},
	} {
		if code, out, errs := runTrace(c.args...); code != 0 || !strings.Contains(out, c.want) {
			t.Errorf("%q: %d %s, without %q:\n%s", c.args, code, errs, c.want, out)
		}
	}
}

func TestTraceMistakes(t *testing.T) {
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{nil, exitUsage, "files"},
		{[]string{"no-such-file.pcap"}, exitFailed, "no such file"},
		{[]string{"--since", "yesterday", "x.pcap"}, exitUsage, "is no time"},
		{[]string{"--filter", "port 443", "x.pcap"}, exitUsage, "goes with -i"},
		{[]string{"-i", "no-such-interface"}, exitNetwork, "no-such-interface"},
		{[]string{"--keylog", "no-such-file", "x.pcap"}, exitUsage, "no such file"},
		{[]string{"--rsa-key", "trace_test.go", "x.pcap"}, exitUsage, "no PEM block"},
	} {
		if code, _, errs := runTrace(c.args...); code != c.code || !strings.Contains(errs, c.want) {
			t.Errorf("%q: %d %s", c.args, code, errs)
		}
	}
}

// TestTraceDocs: docs/trace-json.md has every field that there is, and no other.
func TestTraceDocs(t *testing.T) {
	b, err := os.ReadFile("../../../docs/trace-json.md")
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string]bool{}
	collect(reflect.TypeOf(traceView{}), fields)
	for name := range fields {
		if !strings.Contains(string(b), "`"+name+"`") {
			t.Errorf("the field %s is not documented", name)
		}
	}
	for _, m := range regexp.MustCompile("`([a-z_0-9]+)`").FindAllStringSubmatch(string(b), -1) {
		if !fields[m[1]] {
			t.Errorf("there is no field %s", m[1])
		}
	}
}

func collect(t reflect.Type, fields map[string]bool) {
	for t.Kind() == reflect.Slice || t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return
	}
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if name == "" {
			continue
		}
		fields[name] = true
		if t.Field(i).Type != reflect.SliceOf(t) { // a tree
			collect(t.Field(i).Type, fields)
		}
	}
}

// TestTraceWeb: a capture is shown as a page, and a connection of it can be taken
// away again.
func TestTraceWeb(t *testing.T) {
	name := capture(t)
	ctx, end := context.WithCancel(context.Background())
	defer end()
	errs, out := &notices{}, new(bytes.Buffer)
	a := &app{strings.NewReader(""), out, errs}
	root := a.root()
	root.SetArgs([]string{"trace", "--web", name})
	done := make(chan error)
	go func() { done <- root.ExecuteContext(ctx) }()
	address := errs.wait(t, regexp.MustCompile(`The page: (http://127\.0\.0\.1:\d+/)\?token=(\w+)`))
	get := func(path string) []byte {
		t.Helper()
		req, err := http.NewRequest("GET", address[1]+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+address[2])
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s %v", path, res.Status, err)
		}
		return b
	}
	if page := string(get("")); !strings.Contains(page, "alert handshake_failure") && !strings.Contains(page, "handshake/0.2") {
		t.Errorf("the page:\n%s", page)
	}
	var v traceView
	if err := json.Unmarshal(get("handshake/0.2/json"), &v); err != nil || v.Stream != 2 || v.Messages[0].Fields == nil || len(v.Findings) == 0 {
		t.Errorf("%v %+v", err, v)
	}
	if text := string(get("handshake/0.2/txt")); !strings.Contains(text, "Handshake Protocol: ClientHello") {
		t.Errorf("as text: %s", text)
	}
	part := filepath.Join(t.TempDir(), "part.pcapng")
	if err := os.WriteFile(part, get("handshake/0.2/pcapng"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, out, _ := runTrace(part); !strings.Contains(out, "192.0.2.1:40002") || !strings.Contains(out, "1 connection with TLS") {
		t.Errorf("the packets: %s", out)
	}
	end()
	if err := <-done; err != nil || out.Len() > 0 {
		t.Errorf("%v %s", err, out)
	}
}

// notices are what a command says while it runs.
type notices struct {
	mu   sync.Mutex
	text strings.Builder
}

func (n *notices) Write(b []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.Write(b)
}

// wait waits until something is said.
func (n *notices) wait(t *testing.T, what *regexp.Regexp) []string {
	t.Helper()
	for start := time.Now(); time.Since(start) < 10*time.Second; time.Sleep(5 * time.Millisecond) {
		n.mu.Lock()
		m := what.FindStringSubmatch(n.text.String())
		n.mu.Unlock()
		if m != nil {
			return m
		}
	}
	t.Fatalf("it did not say %v", what)
	return nil
}

// TestTraceOddities: what TCP has lost, sent twice or in another order is told of,
// and how a handshake ended that came to nothing.
func TestTraceOddities(t *testing.T) {
	name := filepath.Join(t.TempDir(), "odd.pcap")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := pcap.NewClassicWriter(f, pcap.LinkEthernet)
	c := synth.New("192.0.2.1:40000", "198.51.100.1:443", func(p *pcap.Packet) { w.Write(p) })
	c.Open()
	c.Segment(trace.Client, packet.ACK, []byte(traceHello)[:20])
	c.Seq[0] -= 20
	c.Segment(trace.Client, packet.ACK, []byte(traceHello)[:20]) // again
	c.Seq[0] -= 10
	c.Segment(trace.Client, packet.ACK, []byte(traceHello)[10:]) // overlaps
	c.Seq[1] += 100                                              // lost
	c.Send(trace.Server, []byte("\x15\x03\x03\x00\x02\x01\x00"))
	c.Close(trace.Client)
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	_, out, _ := runTrace("-v", name)
	for _, want := range []string{
		"TCP of the client: 1 segment was sent again, 1 overlaps what came before", "TCP of the server: 100 bytes were not captured",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing:\n%s", want, out)
		}
	}
	_, out, _ = runTrace(name)
	if strings.Contains(out, "sent again") || !strings.Contains(out, "100 bytes were not captured") {
		t.Errorf("without -v only what is missing is told:\n%s", out)
	}
}

// TestTraceGivenUp: a flood of SYN takes little, and what was given up is said.
func TestTraceGivenUp(t *testing.T) {
	name := filepath.Join(t.TempDir(), "flood.pcap")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := pcap.NewClassicWriter(f, pcap.LinkRaw)
	for i := range 200 {
		c := synth.New(fmt.Sprintf("192.0.2.1:%d", 40000+i), "198.51.100.1:443", func(p *pcap.Packet) { w.Write(p) })
		c.Link = pcap.LinkRaw
		c.Open()
		if i%2 == 0 {
			c.Send(trace.Client, []byte(traceHello))
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if _, _, errs := runTrace(name); errs != "" {
		t.Error(errs)
	}
	code, out, errs := runTrace("--most-open", "50", name)
	if code != 0 || !strings.Contains(errs, "connections were given up: more than 50 were open at a time, or 10 in which nothing was said; --most-open") ||
		!strings.Contains(out, "given up, because too many connections were open") || !strings.Contains(out, "100 connections with TLS") {
		t.Errorf("%d %s\n%s", code, errs, out)
	}
	if code, _, errs := runTrace("-w", name, name); code != exitUsage || !strings.Contains(errs, "would write over the capture") {
		t.Errorf("%d %s", code, errs)
	}
	if code, _, errs := runTrace("-w", "-", name); code != exitUsage || !strings.Contains(errs, "name of a file") {
		t.Errorf("%d %s", code, errs)
	}
	if info, err := f.Stat(); err != nil || info.Size() == 0 {
		t.Errorf("the capture was written over: %v", err)
	}
}

// TestTraceWhileItGrows: of a connection that was reset standard input tells though
// nothing more comes.
func TestTraceWhileItGrows(t *testing.T) {
	in, feed := io.Pipe()
	out := &notices{}
	done := make(chan int)
	go func() { done <- Main([]string{"trace", "-"}, in, out, io.Discard) }()
	w := pcap.NewClassicWriter(feed, pcap.LinkEthernet)
	c := synth.New("192.0.2.1:40000", "198.51.100.1:443", func(p *pcap.Packet) { w.Write(p) })
	c.Open()
	c.Send(trace.Client, []byte(traceHello))
	c.Reset(trace.Server)
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	out.wait(t, regexp.MustCompile(`failed: reset by the server`))
	feed.Close()
	if code := <-done; code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// TestTraceComments shows the comments of a capture.
func TestTraceComments(t *testing.T) {
	name := filepath.Join(t.TempDir(), "comments.pcapng")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := pcap.NewWriter(f, nil)
	c := synth.New("192.0.2.1:40000", "198.51.100.1:443", func(p *pcap.Packet) {
		if p.Number == 4 {
			p.Comment = "here it begins"
		}
		w.Write(p)
	})
	c.Open()
	c.Send(trace.Client, []byte(traceHello))
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if _, out, _ := runTrace("-v", name); !strings.Contains(out, "comment on frame 4: here it begins") {
		t.Error(out)
	}
	if _, out, _ := runTrace("--json", name); !strings.Contains(out, `{"code":"comment","frame":4,"text":"comment on frame 4: here it begins"}`) {
		t.Error(out)
	}
}
