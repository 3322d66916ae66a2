package endpoint_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// program gives the path of a program that is not ours. Without it the test is
// skipped, or fails with HANDSEL_PEERS=required.
func program(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if os.Getenv("HANDSEL_PEERS") == "required" {
		t.Fatalf("%s is not installed, and HANDSEL_PEERS=required", name)
	}
	t.Skip(name + " is not installed")
	return ""
}

// curl asks for a page with curl, and gives its body, and behind it the status and
// the version of HTTP.
func (h *host) curl(host, path string, more ...string) string {
	h.t.Helper()
	ca := filepath.Join(h.dir, "ca.pem")
	if _, err := os.Stat(ca); err != nil {
		h.write("ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: h.data.CA.Certificate().Raw})))
	}
	args := append([]string{"-sS", "--max-time", "10", "--cacert", ca, "--resolve", host + ":" + h.ports["$HTTPS"] + ":127.0.0.1",
		"-w", " %{http_code} %{http_version}"}, more...)
	out, err := exec.Command(program(h.t, "curl"), append(args, "https://"+host+":"+h.ports["$HTTPS"]+path)...).CombinedOutput()
	if err != nil {
		return fmt.Sprintf("%s %v", out, err)
	}
	return string(out)
}

// writePair writes a client's certificate and key as curl takes them.
func (h *host) writePair(name string, pair tls.Certificate) string {
	h.t.Helper()
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		h.t.Fatal(err)
	}
	h.write(name, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]}))+
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})))
	return filepath.Join(h.dir, name)
}

// A client of HTTP/2 is told that a guarded path needs HTTP/1.1, where it can be
// asked for its certificate, and curl knows what to do then.
func TestGuardedPathWithHTTP2(t *testing.T) {
	h, pair := newGuardedPath(t)
	if status, body := h.get(h.client("mixed.localhost"), "mixed.localhost", "/private/"); status != 0 || !strings.Contains(body, "HTTP_1_1_REQUIRED") {
		t.Errorf("net/http: %d %q", status, body)
	}
	both := h.client("mixed.localhost")
	for range 20 { // the connection goes on
		if status, body := h.get(both, "mixed.localhost", "/"); status != 200 || body != "site b" {
			t.Fatalf("%d %q", status, body)
		}
		if status, body := h.get(both, "mixed.localhost", "/private/x"); status != 0 || !strings.Contains(body, "HTTP_1_1_REQUIRED") {
			t.Fatalf("%d %q", status, body)
		}
	}
	file := h.writePair("client.pem", pair)
	for _, version := range []string{"--tls-max 1.3", "--tls-max 1.2"} {
		more := strings.Fields("--http2 " + version)
		if got := h.curl("mixed.localhost", "/", more...); got != "site b 200 2" {
			t.Errorf("%s: %q", version, got)
		}
		if got := h.curl("mixed.localhost", "/private/", append(more, "--cert", file)...); got != "private 200 1.1" {
			t.Errorf("%s: %q", version, got)
		}
		if got := h.curl("mixed.localhost", "/private/", more...); !strings.HasSuffix(got, " 403 1.1") {
			t.Errorf("%s, without a certificate: %q", version, got)
		}
		if got := h.curl("asks.localhost", "/private/", more...); got != "private 200 1.1" {
			t.Errorf("%s, where none is required: %q", version, got)
		}
	}
}

// A browser has no post-handshake authentication: on the connection of HTTP/1.1 to
// which it was sent it is asked in the handshake.
func TestGuardedPathWithABrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("a browser takes seconds: not with -short")
	}
	chromium := program(t, "chromium")
	h, _ := newGuardedPath(t)
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("ignore-certificate-errors", true), chromedp.Flag("host-resolver-rules", "MAP *.localhost 127.0.0.1"))
	allocator, end := chromedp.NewExecAllocator(t.Context(), options...)
	defer end()
	ctx, end := chromedp.NewContext(allocator)
	defer end()
	watchdog := time.AfterFunc(time.Minute, end)
	defer watchdog.Stop()
	base := ".localhost:" + h.ports["$HTTPS"]
	page := func(url string) string {
		_, err := chromedp.Run(ctx, chromedp.Navigate(url))
		if err != nil {
			t.Fatal(err)
		}
		text, err := chromedp.Run(ctx, chromedp.TextContent(chromedp.CSS("body")))
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(text)
	}
	open, asked, refused := page("https://asks"+base+"/"), page("https://asks"+base+"/private/"), page("https://mixed"+base+"/private/")
	if open != "site b" || asked != "private" || !strings.Contains(refused, "403 Forbidden: a client certificate is needed here") {
		t.Errorf("%q, %q, %q", open, asked, refused)
	}
	var requested, first int
	for _, s := range h.all() {
		for _, step := range s.Steps() {
			switch {
			case step.Name != "certificate_request":
			case s.Protocol == "h2":
				first++
			default:
				requested++
			}
		}
	}
	if requested == 0 || first != 0 {
		t.Errorf("it was asked %d times, and %d times on HTTP/2", requested, first)
	}
}
