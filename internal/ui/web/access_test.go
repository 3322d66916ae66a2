package web

import (
	"crypto/tls"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/handsel-tls/handsel/internal/serve/endpoint"
)

// visited is a server whose page has something everywhere: a failure, a success and a
// stranger, in that order, and an event of the first.
func visited(t *testing.T) (s *serving, failed string) {
	t.Helper()
	s = serve(t)
	visit(t, s.address, "shop.example.com", tls.VersionTLS11)
	arrived(t, s.Feed, 1)
	visit(t, s.address, "shop.example.com", tls.VersionTLS12)
	res, err := http.Get("http://" + s.address)
	if err == nil {
		res.Body.Close()
	}
	arrived(t, s.Feed, 3)
	s.log.Close()
	rows, _ := s.Rows(&Filter{Cause: "no-common-version"}, 0, 1)
	return s, "/handshake/" + rows[0].ID
}

// TestWithoutScript does everything with the page but to follow the feed, in a browser
// that runs no script.
func TestWithoutScript(t *testing.T) {
	t.Parallel()
	s, failed := visited(t)
	s.forms = func(h *endpoint.Handshake) []Form {
		return []Form{{"txt", "Copy as text", func(w io.Writer) error { _, err := io.WriteString(w, h.Failure.Error()); return err }}}
	}
	p, _ := open(t, s.options())
	b := newBrowser(t, p)
	call(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	shows := func(selector chromedp.CSS, want string) {
		t.Helper()
		if got := b.text(selector); !strings.Contains(got, want) {
			t.Errorf("%s: %q is not in %q", selector, want, got)
		}
	}
	place := func(want string) {
		t.Helper()
		if got := strings.TrimPrefix(b.eval("location.href"), b.eval("location.origin")); got != want {
			t.Errorf("it is at %s, not %s", got, want)
		}
	}
	// The list, and its filter.
	b.run(chromedp.Navigate(b.eval("location.origin")+"/"), visible("#handshakes"))
	shows(".count", "Reload the page")
	if b.eval(`String(document.getElementById("live").checkVisibility())`) != "false" {
		t.Error("there is a feed that does not run")
	}
	b.run(chromedp.SendKeys(chromedp.CSS("input[name=name]"), "shop"), chromedp.Click(chromedp.CSS("input[name=failed]")))
	b.click("form.filter button", "form.filter .doing a")
	shows(".count", "1 to 1 of 1 that the filter chooses")
	// One handshake: why, evidence, fields, messages, the picture, the text.
	b.click("#handshakes tr.failed a", ".why")
	place(failed)
	shows(".why", "Would have worked")
	b.click(".evidence a", "#hex mark")
	shows("#hex mark", "00 2b")
	b.run(chromedp.Click(`//summary[contains(., "server_name")]`), chromedp.Click(`//summary[contains(., "Server Name List")]`))
	b.click(`a.field[data-path$="host_name"]`, "a.field.chosen[data-path$=host_name]")
	shows("#hex mark", "73 68")
	b.click("a[rel=next]", `svg a.alert.chosen`)
	shows("#message h2", "Alert")
	b.click("svg a.message", "svg a.message.chosen")
	shows("#message h2", "ClientHello")
	b.click(`#message .term[href="/learn/message/client_hello"]`, "main h1")
	shows("main h1", "client_hello")
	b.run(chromedp.Navigate(b.eval("location.origin")+failed), visible("#message"))
	b.click(`.others a[href="/?cause=no-common-version"]`, "#handshakes")
	b.click("#handshakes tr.failed a", ".why")
	b.run(chromedp.Click(chromedp.CSS("a[data-copy]")), visible("pre"))
	shows("body", "no protocol version in common")
	// The other pages.
	b.run(chromedp.Navigate(b.eval("location.origin")+failed), visible(".why"))
	b.click(`nav a[href="/sites"]`, "#sites")
	b.run(chromedp.SendKeys(chromedp.CSS("input[name=local]"), s.address), chromedp.SendKeys(chromedp.CSS("input[name=sni]"), "shop.example.com\r"), visible("#rule"))
	shows("#rule", "by exact name")
	b.run(chromedp.SendKeys(chromedp.CSS("input[name=q]"), "0.0.0.0\r"), visible(`form a[href="/sites"]`))
	shows(".count", "1 to 1 of 1")
	b.click(`nav a[href="/causes"]`, "#groups")
	b.run(chromedp.Click(chromedp.CSS("#others summary")))
	b.click("#others a", ".notice")
	shows("#groups", "http-to-tls-port")
	b.click(`nav a[href="/causes"]`, "#others")
	b.click(`a[href="/causes?by=binding"]`, `a[href="/causes?by=binding"][aria-current]`)
	b.click(`a[href*="span=month"]`, `a[href*="span=month"][aria-current]`)
	shows("#groups", "shop.example.com:")
	b.click("#groups a", "#events")
	b.click("#events a", ".why")
	shows("#message h2", "ClientHello")
	b.click(`nav a[href="/learn"]`, ".lessons")
	b.click(`a[href="/learn?kind=alert"]`, `a[href="/learn?kind=alert"][aria-current]`)
	b.run(chromedp.SendKeys(chromedp.CSS("input[name=q]"), "unknown_ca\r"), visible(`a[href="/learn/alert/unknown_ca"]`))
	b.click(`a[href="/learn/alert/unknown_ca"]`, "main .where")
}

// TestAccessible: axe finds nothing on the pages that no other test comes to.
func TestAccessible(t *testing.T) {
	t.Parallel()
	s, failed := visited(t)
	p, _ := open(t, s.options())
	b := newBrowser(t, p)
	origin := b.eval("location.origin")
	for _, path := range []string{"/?failed=1&name=shop", "/?name=nobody", "/nowhere", "/?token=wrong", "/learn?q=key", "/learn?q=nothing+like+that",
		"/causes?by=program", "/causes?by=binding&span=month", "/causes?class=http", "/sites?local=x&q=nothing"} {
		b.run(chromedp.Navigate(origin+path), visible("h1"))
		b.accessible(path)
	}
	b.forgive("404")
	b.forgive("403")
	// What is heard of the picture says who sends what, and when.
	b.run(chromedp.Navigate(origin+failed), visible("svg a"))
	if got := b.eval(`[...document.querySelectorAll("svg a.message")].map(a => a.querySelector("text").textContent + ": " + a.querySelector("desc").textContent.replace(/after [\d.]+ m?s\..*/, "after N")).join("; ")`); got !=
		"ClientHello: From the client to the server after N; Alert: protocol_version: From the server to the client after N" {
		t.Errorf("the arrows are told as %s", got)
	}
}

// TestTabOrder: the tab key comes to everything that does something, in the order of the
// page, and what has the focus is seen to have it.
func TestTabOrder(t *testing.T) {
	t.Parallel()
	s, failed := visited(t)
	p, _ := open(t, s.options())
	b := newBrowser(t, p)
	origin := b.eval("location.origin")
	const step = `(() => {
		const e = document.activeElement;
		if (e === document.body || e === window.last) return "";
		const before = window.last, look = getComputedStyle(e), touch = e.querySelector(".touch");
		window.last = e;
		(window.came ||= new Set()).add(e);
		const told = e.tagName + " " + (e.getAttribute("href") || e.textContent.slice(0, 30));
		if (before && !(before.compareDocumentPosition(e) & Node.DOCUMENT_POSITION_FOLLOWING)) return told + " comes after what stands behind it";
		if (look.outlineStyle === "none" && !(touch && getComputedStyle(touch).strokeWidth === "2.5px")) return told + " is not seen to have the focus";
		return "in order";
	})()`
	for _, path := range []string{"/", failed, "/sites", "/causes"} {
		b.run(chromedp.Navigate(origin+path), visible("h1"))
		for {
			b.run(chromedp.KeyEvent("\t"))
			told := b.eval(step)
			if told == "" {
				break
			}
			if told != "in order" {
				t.Errorf("%s: %s", path, told)
			}
		}
		if left := b.eval(`[...document.querySelectorAll("a[href], button, input, select, summary")].filter(e => e.checkVisibility() && !window.came.has(e)).map(e => e.outerHTML.slice(0, 99)).join("; ")`); left != "" {
			t.Errorf("%s: the tab key does not come to %s", path, left)
		}
	}
}
