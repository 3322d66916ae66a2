package sites

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// unpack reads what is compressed.
func unpack(t *testing.T, coding, body string) string {
	t.Helper()
	var r io.Reader = strings.NewReader(body)
	var err error
	switch coding {
	case "gzip":
		r, err = gzip.NewReader(r)
	case "br":
		r = brotli.NewReader(r)
	case "zstd":
		r, err = zstd.NewReader(r)
	}
	if err != nil {
		t.Fatal(coding, err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(coding, err)
	}
	return string(text)
}

var long = strings.Repeat("a page that says the same again and again\n", 1000)

func TestWhichCoding(t *testing.T) {
	s := httptest.NewServer(Compress(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("ETag", `"1"`)
		io.WriteString(w, long)
	})))
	defer s.Close()
	for _, test := range []struct{ accept, want string }{
		{"gzip", "gzip"}, {"gzip, deflate, br, zstd", "zstd"}, {"gzip, deflate, br", "br"}, {"br;q=0.5, gzip;q=0.8", "gzip"}, {"GZIP", "gzip"},
		{"gzip;q=0", ""}, {"*", "zstd"}, {"*;q=0.1, zstd;q=0", "br"}, {"identity", ""}, {"deflate", ""}, {"", ""}, {"gzip;q=nonsense", ""},
		{"gzip;q=0.5, identity", ""}, {"gzip ; q=1.0 , identity; q=0.5", "gzip"}, {";;,,q=", ""},
	} {
		_, h, body := raw(t, s, "GET", "/", "Accept-Encoding: "+test.accept)
		if h.Get("Content-Encoding") != test.want || unpack(t, test.want, body) != long {
			t.Errorf("%q: %q, %d bytes", test.accept, h.Get("Content-Encoding"), len(body))
		}
		if test.want != "" && (len(body) > len(long)/10 || h.Get("ETag") != `W/"1"` || h.Get("Vary") != "Accept-Encoding") {
			t.Errorf("%q: %d bytes, %v", test.accept, len(body), h)
		}
	}
	if _, h, body := raw(t, s, "HEAD", "/", "Accept-Encoding: gzip"); h.Get("Content-Encoding") != "gzip" || body != "" {
		t.Error(h, body)
	}
}

func TestWhatIsNotCompressed(t *testing.T) {
	for what, header := range map[string][2]string{
		"a picture": {"Content-Type", "image/png"}, "compressed already": {"Content-Encoding", "br"}, "not to be changed": {"Cache-Control", "public, no-transform"},
		"events": {"Content-Type", "text/event-stream"}, "gRPC": {"Content-Type", "application/grpc"}, "a part": {"Content-Range", "bytes 0-1/2"}, "short": {"Content-Length", "999"},
	} {
		s := httptest.NewServer(Compress(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			w.Header().Set(header[0], header[1])
			io.WriteString(w, long[:999])
		})))
		if _, h, body := raw(t, s, "GET", "/", "Accept-Encoding: gzip"); h.Get("Content-Encoding") == "gzip" || body != long[:999] {
			t.Errorf("%s: %v", what, h)
		}
		s.Close()
	}
	for _, status := range []int{204, 304} {
		s := httptest.NewServer(Compress(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			w.WriteHeader(status)
		})))
		if got, h, body := raw(t, s, "GET", "/", "Accept-Encoding: gzip"); got != status || h.Get("Content-Encoding") != "" || body != "" {
			t.Errorf("%d: %v %q", got, h, body)
		}
		s.Close()
	}
}

// What is flushed arrives, and an answer that is broken off does not look whole.
func TestCompressedStreams(t *testing.T) {
	release := make(chan bool)
	s := httptest.NewServer(Compress(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		io.WriteString(w, "first")
		w.(http.Flusher).Flush()
		<-release
		panic(http.ErrAbortHandler)
	})))
	defer s.Close()
	r, _ := http.NewRequest("GET", s.URL, nil)
	r.Header.Set("Accept-Encoding", "gzip")
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	z, err := gzip.NewReader(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 5)
	if _, err := io.ReadFull(z, b); err != nil || string(b) != "first" {
		t.Errorf("%q %v", b, err)
	}
	close(release)
	if rest, err := io.ReadAll(z); err == nil {
		t.Errorf("what was broken off ends well, with %q", rest)
	}
}

// Not more are compressed at a time than there is memory for, and each that is over
// makes room.
func TestMostCompressed(t *testing.T) {
	s := httptest.NewServer(Compress(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		io.WriteString(w, long)
	})))
	defer s.Close()
	coding := func() string {
		_, h, body := raw(t, s, "GET", "/", "Accept-Encoding: br")
		if unpack(t, h.Get("Content-Encoding"), body) != long {
			t.Error("the page is another")
		}
		return h.Get("Content-Encoding")
	}
	for range 2 * mostCompressed {
		if coding() != "br" {
			t.Fatal("it is not compressed")
		}
	}
	underWay.Add(mostCompressed)
	defer underWay.Add(-mostCompressed)
	if got := coding(); got != "" {
		t.Error(got)
	}
}

// Conditional requests and ranges know what is compressed from what is not.
func TestCompressedFolder(t *testing.T) {
	dir := newFolder(t)
	for name, text := range map[string]string{"page.html": long, "app.js": long, "old.js": long, "data": long} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	io.WriteString(z, "packed")
	z.Close()
	for _, name := range []string{"app.js.gz", "old.js.gz", "data.gz", "a.txt.br"} {
		if err := os.WriteFile(filepath.Join(dir, name), packed.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	os.Symlink("../secret.txt", filepath.Join(dir, "page.html.gz"))
	before := time.Now().Add(-time.Hour)
	os.Chtimes(filepath.Join(dir, "old.js.gz"), before, before)
	os.Chtimes(filepath.Join(dir, "a.txt.br"), before, before)
	folder, err := Folder(dir)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(Compress(folder))
	defer s.Close()
	const accept = "Accept-Encoding: gzip"
	for target, want := range map[string]string{"/app.js": "packed", "/data": "packed", "/old.js": long, "/page.html": long} {
		status, h, body := raw(t, s, "GET", target, accept)
		if status != 200 || h.Get("Content-Encoding") != "gzip" || unpack(t, "gzip", body) != want || !strings.Contains(h.Get("Vary"), "Accept-Encoding") || h.Get("Content-Type") == "application/gzip" {
			t.Errorf("%s: %d %v %.10q", target, status, h, body)
		}
		if status, h, body := raw(t, s, "GET", target); status != 200 || h.Get("Content-Encoding") != "" || body != long {
			t.Errorf("%s as it is: %d %v", target, status, h)
		}
		tag := h.Get("ETag")
		if status, _, _ := raw(t, s, "GET", target, accept, "If-None-Match: "+tag); status != 304 {
			t.Errorf("%s again: %d with %s", target, status, tag)
		}
		plain := func(more ...string) (int, http.Header, string) {
			return raw(t, s, "GET", target, append(more, "Range: bytes=2-5")...)
		}
		if status, h, body := plain(); status != 206 || body != long[2:6] || h.Get("Content-Range") == "" {
			t.Errorf("%s: a range: %d %q", target, status, body)
		}
		if status, _, body := plain("If-Range: " + tag); status != 200 || body != long { // it has the other
			t.Errorf("%s: a range of what is compressed: %d %.10q", target, status, body)
		}
	}
	if _, h, body := raw(t, s, "GET", "/app.js.gz"); h.Get("Content-Encoding") != "" || body != packed.String() {
		t.Error("the compressed file by itself:", h)
	}
	for _, tag := range []string{"*", `"x", "y"`} {
		_, h, _ := raw(t, s, "GET", "/a.txt")
		if strings.HasPrefix(tag, `"`) {
			tag += ", " + h.Get("ETag")
		}
		if status, _, _ := raw(t, s, "GET", "/a.txt", "If-None-Match: "+tag); status != 304 {
			t.Errorf("If-None-Match %s: %d", tag, status)
		}
		if status, _, _ := raw(t, s, "GET", "/a.txt", "If-Match: \"x\""); status != 412 {
			t.Errorf("If-Match: %d", status)
		}
	}
}

// A folder that is replaced by another is noticed, and nothing of the old is.
func TestFolderIsReplaced(t *testing.T) {
	base := t.TempDir()
	for _, name := range []string{"1", "2"} {
		if err := os.MkdirAll(filepath.Join(base, name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(base, name, "index.html"), []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	current := filepath.Join(base, "current")
	if err := os.Symlink("1", current); err != nil {
		t.Fatal(err)
	}
	s := serveFolder(t, current)
	if _, _, body := raw(t, s, "GET", "/"); body != "1" {
		t.Fatal(body)
	}
	os.Remove(current)
	if err := os.Symlink("2", current); err != nil {
		t.Fatal(err)
	}
	for begun := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		if _, _, body := raw(t, s, "GET", "/"); body == "2" {
			return
		} else if body != "1" || time.Since(begun) > 5*time.Second {
			t.Fatalf("%q after %v", body, time.Since(begun))
		}
	}
}

// Below a path, its name without / at the end is another address.
func TestUnder(t *testing.T) {
	folder, err := Folder(newFolder(t))
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(Under("/docs/", folder))
	defer s.Close()
	if status, h, _ := raw(t, s, "GET", "/docs?x=y"); status != 301 || h.Get("Location") != "docs/?x=y" {
		t.Errorf("%d %v", status, h)
	}
	for target, want := range map[string]string{"/docs/": "home", "/docs/a.txt": "0123456789", "/docs/with/": "with"} {
		if status, _, body := raw(t, s, "GET", target); status != 200 || body != want {
			t.Errorf("%s: %d %q", target, status, body)
		}
	}
	for target, want := range map[string]string{"/docs/with": "with/", "/docs/index.html": "./", "/docs/a.txt/": "../a.txt"} {
		if status, h, _ := raw(t, s, "GET", target); status != 301 || h.Get("Location") != want {
			t.Errorf("%s: %d %v", target, status, h)
		}
	}
}

// What is compressed is what curl makes of it.
func TestCurlDecompresses(t *testing.T) {
	curl, err := exec.LookPath("curl")
	if err != nil {
		if os.Getenv("HANDSEL_PEERS") == "required" {
			t.Fatal("curl is not installed, and HANDSEL_PEERS=required")
		}
		t.Skip("curl is not installed")
	}
	dir := newFolder(t)
	if err := os.WriteFile(filepath.Join(dir, "page.html"), []byte(long), 0o644); err != nil {
		t.Fatal(err)
	}
	folder, err := Folder(dir)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(Compress(folder))
	defer s.Close()
	for _, accept := range []string{"gzip", "br", "zstd"} {
		out, err := exec.Command(curl, "-sS", "--compressed", "-H", "Accept-Encoding: "+accept, "-w", "%header{content-encoding}", s.URL+"/page.html").CombinedOutput()
		if err != nil || string(out) != long+accept {
			t.Errorf("%s: %d bytes, %v", accept, len(out), err)
		}
	}
}

// Whatever a client writes, it is given what it has named, or what * stands for.
func FuzzAccepted(f *testing.F) {
	for _, text := range []string{"gzip, deflate, br;q=0.9, zstd", "*;q=0", "gzip;q=NaN", ";;q=,,", "br;q=1e309"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, c := range accepted(&http.Request{Header: http.Header{"Accept-Encoding": {text}}}) {
			if l := strings.ToLower(text); !strings.Contains(l, c.name) && !strings.Contains(l, "*") {
				t.Errorf("%q is given %s", text, c.name)
			}
		}
	})
}
