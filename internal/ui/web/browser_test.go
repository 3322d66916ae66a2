package web

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// A browser is Chromium, with what it complains about.
type browser struct {
	*testing.T
	ctx context.Context

	mu         sync.Mutex
	complaints []string
	asked      []string // addresses of other hosts that were asked for something
}

// shared is the browser of all tests: to start it takes longer than most of them.
var shared struct {
	once sync.Once
	ctx  context.Context
	end  func()
	err  error
}

// chromium starts the browser, in which each test has a tab.
func chromium(t *testing.T, program string) context.Context {
	t.Helper()
	shared.once.Do(func() {
		dir, err := os.MkdirTemp("", "handsel-chromium")
		if err != nil {
			shared.err = err
			return
		}
		options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.WindowSize(1500, 1100), chromedp.UserDataDir(dir))
		allocator, end := chromedp.NewExecAllocator(context.Background(), options...)
		ctx, endTab := chromedp.NewContext(allocator)
		shared.ctx, shared.end = ctx, func() { endTab(); end(); os.RemoveAll(dir) }
		shared.err = chromedp.Do(ctx, chromedp.Navigate("about:blank"))
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.ctx
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.end != nil {
		shared.end()
	}
	os.Exit(code)
}

// newBrowser opens a tab of Chromium with a page. At the end of the test there must be no
// error on the console, no violation of the Content-Security-Policy and no request
// to anywhere else.
func newBrowser(t *testing.T, p *Page) *browser {
	t.Helper()
	if testing.Short() {
		t.Skip("a browser takes seconds: not with -short")
	}
	program, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("HANDSEL_PEERS") == "required" {
			t.Fatal("chromium is not installed, and HANDSEL_PEERS=required")
		}
		t.Skip("chromium is not installed")
	}
	ctx, end := chromedp.NewContext(chromium(t, program))
	t.Cleanup(end)
	b := &browser{T: t, ctx: ctx}
	if err := chromedp.Listen(ctx, b.hear); err != nil {
		t.Fatal(err)
	}
	b.ctx, end = context.WithTimeout(ctx, 3*time.Minute)
	t.Cleanup(end)
	call(b, log.Enable, cdp.Empty{})
	call(b, audits.Enable, cdp.Empty{})
	call(b, network.Enable, network.EnableParams{})
	call(b, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}) // there are other tabs
	b.run(chromedp.Navigate(p.URL()))
	t.Cleanup(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, c := range b.complaints {
			t.Errorf("the browser complains: %s", c)
		}
		for _, url := range b.asked {
			t.Errorf("a request has left for %s", url)
		}
	})
	return b
}

func (b *browser) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	complain := func(format string, args ...any) { b.complaints = append(b.complaints, fmt.Sprintf(format, args...)) }
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		for _, a := range e.Args {
			complain("console %s: %s %s", e.Type, a.Value, a.Description)
		}
	case *runtime.EventExceptionThrown:
		complain("%v", e.ExceptionDetails)
	case *log.EventEntryAdded:
		complain("%s %s: %s %s", e.Entry.Source, e.Entry.Level, e.Entry.Text, e.Entry.URL)
	case *audits.EventIssueAdded:
		if e.Issue.Code == audits.InspectorIssueCodeContentSecurityPolicyIssue {
			complain("Content-Security-Policy: %+v", e.Issue.Details.ContentSecurityPolicyIssueDetails)
		}
	case *page.EventJavascriptDialogOpening:
		complain("a dialog opens: %s", e.Message)
	case *network.EventRequestWillBeSent:
		if !strings.HasPrefix(e.Request.URL, "http://127.0.0.1:") {
			b.asked = append(b.asked, e.Request.URL)
		}
	}
}

// forgive drops complaints with a text in them, which the test has brought about.
func (b *browser) forgive(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.complaints = slices.DeleteFunc(b.complaints, func(c string) bool { return strings.Contains(c, text) })
}

// run does something with the page.
func (b *browser) run(actions ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		b.Fatal(err)
	}
}

// call calls a command of the protocol.
func call[P, R any](b *browser, command cdp.Command[P, R], params P) {
	b.Helper()
	if _, err := chromedp.Call(b.ctx, command, params); err != nil {
		b.Fatal(err)
	}
}

// get gives what an action gives.
func get[T any](b *browser, a chromedp.Action[T]) T {
	b.Helper()
	v, err := chromedp.Run(b.ctx, a)
	if err != nil {
		b.Fatal(err)
	}
	return v
}

// visible waits until an element can be seen.
func visible(selector chromedp.CSS) chromedp.Action[chromedp.Void] {
	return chromedp.WaitVisible(selector)
}

// text gives the text of the first element that a selector chooses.
func (b *browser) text(selector chromedp.CSS) string {
	b.Helper()
	return get(b, chromedp.Text(selector))
}

// click clicks it, and waits for what comes of it.
func (b *browser) click(selector, then chromedp.CSS) {
	b.Helper()
	b.run(chromedp.Click(selector), visible(then))
}

func (b *browser) eval(script string) string {
	b.Helper()
	return get(b, chromedp.Evaluate[string](script))
}

// accessible has axe look at the page, in the light and in the dark.
func (b *browser) accessible(what string) {
	b.Helper()
	axe, err := os.ReadFile("testdata/node_modules/axe-core/axe.min.js")
	if err != nil {
		if os.Getenv("HANDSEL_PEERS") == "required" {
			b.Fatal("axe-core is not there, and HANDSEL_PEERS=required")
		}
		b.Log("axe-core is not there: npm ci --prefix internal/ui/web/testdata")
		return
	}
	get(b, chromedp.Evaluate[chromedp.Void](string(axe)))
	for _, scheme := range []string{"light", "dark"} {
		media(b, scheme)
		only := ""
		if scheme == "dark" { // the rest is the same
			only = `, runOnly: ["color-contrast"]`
		}
		found := get(b, chromedp.Evaluate[string](`axe.run(document, {resultTypes: ["violations"]`+only+`}).then(r => JSON.stringify(r.violations.map(v =>
			({id: v.id, impact: v.impact, nodes: v.nodes.slice(0, 3).map(n => n.html.slice(0, 200) + " " + n.failureSummary)}))))`, chromedp.EvalAwaitPromise))
		var list []struct {
			ID, Impact string
			Nodes      []string
		}
		if err := json.Unmarshal([]byte(found), &list); err != nil {
			b.Fatal(err)
		}
		for _, v := range list {
			b.Errorf("%s, %s: %s (%s): %s", what, scheme, v.ID, v.Impact, strings.Join(v.Nodes, "\n"))
		}
	}
	media(b, "light")
}

// media has the page be light or dark.
func media(b *browser, scheme string) {
	b.Helper()
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
}

// shoot keeps a picture of the page.
func (b *browser) shoot(dir, name string, width, height int64) {
	b.Helper()
	b.run(chromedp.EmulateViewport(width, height))
	png := get(b, chromedp.CaptureScreenshot())
	b.run(chromedp.ResetViewport())
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		b.Fatal(err)
	}
}

// serverName is the link of the tree that explains the extension.
const serverName = `document.querySelector('.tree a.term[href="/learn/extension/server_name"]')`

// TestCaptureInBrowser opens the failed connection of a capture, reads why, expands
// the ClientHello and follows its bytes.
func TestCaptureInBrowser(t *testing.T) {
	t.Parallel()
	p, _ := open(t, Options{Source: failing(t)})
	b := newBrowser(t, p)
	b.run(visible("#handshakes"))
	if url := b.eval("location.href"); strings.Contains(url, "token") {
		t.Errorf("the token is in the address: %s", url)
	}
	b.accessible("list")
	b.click("#handshakes tr.failed a", ".why")
	if why := b.text(".why"); !strings.Contains(why, "no protocol version in common") {
		t.Errorf("why: %s", why)
	}
	b.accessible("handshake")
	b.click(`svg a[href*="m=0"]`, "#hex")
	if hash := b.eval("location.hash"); hash != "#message" {
		t.Errorf("it does not go to the message: %s", hash)
	}
	b.run(chromedp.Click(`//summary[contains(., "server_name")]`), chromedp.Click(`//summary[contains(., "Server Name List")]`))
	before := b.eval("String(performance.timeOrigin)")
	b.click(`a.field[data-path$="host_name"]`, "#hex mark")
	if got := b.eval(`[...document.querySelectorAll("#hex mark")].map(m => m.textContent).join("|")`); got != "73 68|sh|6f 70 2e 65 78 61 6d 70 6c 65 2e 63 6f 6d|op.example.com" {
		t.Errorf("marked: %q", got)
	}
	if b.eval("String(performance.timeOrigin)") != before {
		t.Error("the page was loaded again to mark bytes")
	}
	if where := b.text("#where"); !strings.Contains(where, "ClientHello.extensions.server_name.server_name_list.host_name, bytes ") {
		t.Errorf("where: %s", where)
	}
	b.accessible("message")
	// The address is a permanent link: what it shows is the same without the script.
	marked := b.eval(`document.getElementById("hex").innerHTML`)
	b.run(chromedp.Reload(), visible("#hex mark"))
	if again := b.eval(`document.getElementById("hex").innerHTML`); again != marked {
		t.Errorf("the server marks\n%s\nand the script\n%s", again, marked)
	}
	for _, what := range []string{"focus({focusVisible: true})", "blur()"} {
		b.eval("String(" + serverName + "." + what + ")")
		seen := b.eval(`getComputedStyle(` + serverName + `.querySelector(".tip")).opacity`)
		if hint := b.eval(serverName + ".textContent"); !strings.Contains(hint, "RFC 6066, section 3") || (seen == "1") != (what != "blur()") {
			t.Errorf("after %s server_name is explained by %q, opacity %s", what, hint, seen)
		}
	}
	b.click(`.tree a.term[href="/learn/extension/server_name"]`, ".where")
	b.accessible("lesson")
	b.run(chromedp.Navigate(b.eval("location.origin")+"/learn"), visible(".lessons"))
	b.accessible("learn")
}

// TestKeyboard: with the tab key alone one comes from the list to the bytes of a field.
func TestKeyboard(t *testing.T) {
	t.Parallel()
	p, _ := open(t, Options{Source: failing(t)})
	b := newBrowser(t, p)
	reach := func(what string) {
		t.Helper()
		for range 80 {
			b.run(chromedp.KeyEvent("\t"))
			if b.eval(`String(document.activeElement.matches(`+fmt.Sprintf("%q", what)+`))`) == "true" {
				return
			}
		}
		t.Fatalf("the tab key does not come to %s", what)
	}
	b.run(visible("#handshakes"))
	reach("#handshakes tr.failed a")
	b.run(chromedp.KeyEvent("\r"), visible(".why"))
	reach("svg a")
	b.run(chromedp.KeyEvent("\r"), visible("#hex"))
	reach("a.field[data-path$=legacy_version]")
	b.run(chromedp.KeyEvent("\r"), visible("#hex mark"))
	if got := b.text("#hex mark"); got != "03 02" {
		t.Errorf("marked: %q", got)
	}
}

// evil are texts that run if they become markup.
var evil = []string{`<script>alert(1)</script>`, `"><img src=//evil.example/x onerror=alert(1)>`, `</title><script src=//evil.example/x.js></script>`}

// place gives the middle of a byte in the dump, in the window.
func (b *browser) place(number int) (x, y float64) {
	b.Helper()
	at := b.eval(fmt.Sprintf(`(() => {
		const pre = document.getElementById("hex"), walk = document.createTreeWalker(pre, NodeFilter.SHOW_TEXT), range = document.createRange();
		pre.scrollIntoView({block: "center"});
		const line = pre.textContent.split("\n")[0].length + 1;
		let left = Math.floor(%[1]d / 16) * line + 6 + 3 * (%[1]d %% 16);
		for (let n = walk.nextNode(); n; left -= n.length, n = walk.nextNode()) {
			if (left >= n.length) continue;
			range.setStart(n, left);
			range.setEnd(n, left + 1);
			break;
		}
		const r = range.getBoundingClientRect();
		return (r.left + r.width / 2) + " " + (r.top + r.height / 2);
	})()`, number))
	if _, err := fmt.Sscan(at, &x, &y); err != nil {
		b.Fatal(at, err)
	}
	return x, y
}

// TestBytesLeadToFields: a click on a byte chooses the field that it belongs to, and
// opens the tree there; the arrow keys go through the tree.
func TestBytesLeadToFields(t *testing.T) {
	t.Parallel()
	p, _ := open(t, Options{Source: failing(t)})
	b := newBrowser(t, p)
	b.run(chromedp.Navigate(b.eval("location.origin")+"/handshake/0.0?m=0"), visible("#hex"))
	x, y := b.place(100) // within the name
	b.run(chromedp.MouseClickXY(x, y), visible("#hex mark"))
	if where := b.text("#where"); !strings.HasSuffix(where, "host_name, bytes 94 to 110") {
		t.Errorf("the byte leads to %s", where)
	}
	b.run(visible("a.field.chosen"), chromedp.Focus(chromedp.CSS("a.field.chosen")))
	for _, c := range []struct{ key, want string }{{kb.ArrowUp, "Server Name Length: 16"}, {kb.ArrowLeft, "Server Name List"}, {kb.ArrowDown, "Extension: ec_point_formats (len=2)"}, {kb.ArrowRight, "Extension: ec_point_formats (len=2)"}, {kb.ArrowDown, "bytes 110 to 116 of Extension: ec_point_formats (len=2)"}} {
		b.run(chromedp.KeyEvent(c.key))
		if got := b.eval("document.activeElement.textContent"); got != c.want {
			t.Errorf("%q leads to %q", c.key, got)
		}
	}
}

// TestDiagramExplains: messages, states and alerts of the picture explain themselves to
// who points at them and to who comes with the tab key, and Escape puts that away.
func TestDiagramExplains(t *testing.T) {
	t.Parallel()
	s := serve(t)
	visit(t, s.address, "shop.example.com", tls.VersionTLS11)
	arrived(t, s.Feed, 1)
	rows, _ := s.Rows(&Filter{}, 0, 1)
	p, _ := open(t, s.options())
	b := newBrowser(t, p)
	b.run(chromedp.Navigate(b.eval("location.origin")+"/handshake/"+rows[0].ID), visible("svg a"))
	for selector, want := range map[string]string{"svg a.message": "The client begins", "svg a.state": "The server has the ClientHello", "svg a.alert": "The two have no version in common"} {
		shown := func() string {
			return b.eval(`getComputedStyle(document.querySelector("` + selector + ` .tip")).display`)
		}
		if shown() != "none" {
			t.Errorf("%s: the explanation is there unasked", selector)
		}
		b.eval(`String(document.querySelector("` + selector + `").focus({focusVisible: true}))`)
		if text := b.eval(`document.querySelector("` + selector + ` .tip").textContent`); shown() == "none" || !strings.Contains(text, want) || !strings.Contains(text, "RFC 9846") {
			t.Errorf("%s: on focus %s: %q", selector, shown(), text)
		}
		b.run(chromedp.KeyEvent(kb.Escape))
		if shown() != "none" {
			t.Errorf("%s: Escape does not put the explanation away", selector)
		}
		b.eval(`String(document.activeElement.blur())`)
		var x, y float64
		at := b.eval(`(() => { const r = document.querySelector("` + selector + ` text").getBoundingClientRect(); return (r.left + r.width / 2) + " " + (r.top + r.height / 2); })()`)
		fmt.Sscan(at, &x, &y)
		call(b, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: input.DispatchMouseEventTypeMouseMoved, X: x, Y: y})
		if shown() == "none" {
			t.Errorf("%s: no explanation for who points at it", selector)
		}
		call(b, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: input.DispatchMouseEventTypeMouseMoved, X: 1, Y: 1})
	}
}

// TestNarrow: no page is wider than a phone, and the list has all its columns on a laptop.
func TestNarrow(t *testing.T) {
	t.Parallel()
	s := serve(t)
	visit(t, s.address, "shop.example.com", tls.VersionTLS11)
	visit(t, s.address, "shop.example.com", tls.VersionTLS12)
	arrived(t, s.Feed, 2)
	s.log.Close()
	rows, _ := s.Rows(&Filter{}, 0, 2)
	p, _ := open(t, s.options())
	b := newBrowser(t, p)
	b.run(chromedp.EmulateViewport(360, 740))
	origin := b.eval("location.origin")
	for _, path := range []string{"/", "/handshake/" + rows[0].ID + "?m=2", "/handshake/" + rows[1].ID, "/sites?local=" + s.address + "&sni=shop.example.com", "/causes", "/causes?cause=no-common-version", "/event/1", "/learn", "/learn?kind=suite", "/learn/alert/unknown_ca", "/nowhere"} {
		b.run(chromedp.Navigate(origin+path), visible("h1"))
		if wide := b.eval("String(document.documentElement.scrollWidth)"); wide != "360" {
			t.Errorf("%s is %s pixels wide", path, wide)
		}
	}
	b.run(chromedp.EmulateViewport(1280, 800), chromedp.Navigate(origin+"/"), visible("#handshakes"))
	if cut := b.eval(`(e => String(e.scrollWidth - e.clientWidth))(document.querySelector(".scroll"))`); cut != "0" {
		t.Errorf("%s pixels of the list are not seen", cut)
	}
	b.forgive("404")
}

// TestNothingRuns: what strangers send does not run in a browser, be it in a capture
// or to a server whose page is open: names, application protocols, certificates of
// clients, and HTTP.
func TestNothingRuns(t *testing.T) {
	t.Parallel()
	var said [][]spoken
	for _, s := range evil {
		server := &tls.Config{Certificates: []tls.Certificate{certificate(t, s)}, MaxVersion: tls.VersionTLS12, NextProtos: []string{s}}
		said = append(said, talk(t, &tls.Config{ServerName: s, InsecureSkipVerify: true, NextProtos: []string{s}}, server))
	}
	c := capture(t, said...)
	p, _ := open(t, Options{Source: c})
	b := newBrowser(t, p)
	rows, _ := c.Rows(&Filter{}, 0, 100)
	for _, r := range rows {
		b.eachMessage(c.Find(r.ID))
	}
}

// eachMessage looks at the messages of a handshake that have texts in them.
func (b *browser) eachMessage(h *Handshake) {
	b.Helper()
	origin := b.eval("location.origin")
	for i, m := range h.Messages {
		switch m.Name {
		case "ClientHello", "Certificate", "EncryptedExtensions":
		default:
			continue
		}
		b.run(chromedp.Navigate(fmt.Sprintf("%s/handshake/%s?m=%d", origin, h.ID, i)), visible("h1"))
	}
}

// TestNothingRunsLive is the same on the page of a server: what comes with the feed is
// drawn by the script.
func TestNothingRunsLive(t *testing.T) {
	t.Parallel()
	s := serve(t)
	p, _ := open(t, s.options())
	b := newBrowser(t, p)
	b.run(visible("#pause"))
	n := uint64(0)
	for _, text := range evil[1:] {
		for _, protocols := range [][]string{nil, {text}} {
			c, err := tls.Dial("tcp", s.address, &tls.Config{ServerName: text, InsecureSkipVerify: true, NextProtos: protocols, Certificates: []tls.Certificate{certificate(t, text)}})
			if err == nil {
				c.Close()
			}
			n++
		}
		c, err := net.Dial("tcp", s.address)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(c, "GET /%s HTTP/1.1\r\nHost: %s\r\n\r\n", text, text)
		c.Close()
		n++
	}
	arrived(t, s.Feed, n)
	b.run(visible(chromedp.CSS(fmt.Sprintf("#handshakes tbody tr:nth-child(%d)", n))))
	if list := b.text("#handshakes"); !strings.Contains(list, evil[1]) || !strings.Contains(list, evil[2]) {
		t.Errorf("the names are not shown as they are: %s", list)
	}
	rows, _ := s.Rows(&Filter{}, 0, 100)
	for _, r := range rows {
		b.eachMessage(s.Find(r.ID))
	}
	s.log.Close()
	for _, path := range []string{"/causes", "/causes?class=http", "/causes?by=binding", "/causes?cause=no-common-alpn", "/event/1", "/event/2", "/sites?local=" + s.address + "&sni=" + url.QueryEscape(evil[1]), "/?name=" + url.QueryEscape(evil[0]), "/learn?q=" + url.QueryEscape(evil[2])} {
		b.run(chromedp.Navigate(b.eval("location.origin")+path), visible("h1"))
	}
}
