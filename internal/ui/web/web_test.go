package web

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/handsel-tls/handsel/internal/observe/field"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// TestHandshakePage opens a failed handshake, follows the evidence to a field, and
// finds its bytes marked.
func TestHandshakePage(t *testing.T) {
	c := failing(t)
	_, get := open(t, Options{Source: c})
	_, list := get("/?failed=1")
	if !strings.Contains(list, `href="/handshake/0.0"`) || strings.Contains(list, `href="/handshake/0.1"`) {
		t.Fatalf("the filter is not heeded:\n%s", list)
	}
	_, page := get("/handshake/0.0")
	for _, want := range []string{"no-common-version", "What can be done", "From the client", ">ClientHello</text>", "Alert: protocol_version", "SYN, ACK"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is missing:\n%s", want, page)
		}
	}
	link := regexp.MustCompile(`See <a href="(/handshake/0\.0\?m=0&amp;f=[^"#]+)#message"`).FindStringSubmatch(page)
	if link == nil {
		t.Fatalf("no evidence:\n%s", page)
	}
	_, page = get(strings.ReplaceAll(link[1], "&amp;", "&"))
	if !strings.Contains(page, "<mark>00 2b 00 05 04 03 02 03</mark>") {
		t.Errorf("the version is not marked:\n%s", regexp.MustCompile("(?s)<pre.*</pre>").FindString(page))
	}
	_, page = get("/handshake/0.0?m=0&f=ClientHello.extensions.server_name.server_name_list.host_name")
	if !strings.Contains(page, "<mark>73 68</mark>") || !strings.Contains(page, "<mark>op.example.com</mark>") {
		t.Errorf("the name is not marked:\n%s", regexp.MustCompile("(?s)<pre.*</pre>").FindString(page))
	}
	_, page = get("/handshake/0.1?m=2")
	if !strings.Contains(page, "shop.example.com") || !strings.Contains(page, "Certificate") {
		t.Errorf("%s", page)
	}
}

// TestNothingBecomesMarkup: what strangers send is text, wherever it stands.
func TestNothingBecomesMarkup(t *testing.T) {
	evil := []string{
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `'onmouseover='alert(1)`, `</title><script>alert(1)</script>`,
		`javascript:alert(1)`, `</textarea><svg onload=alert(1)>`, `{{printf "%s" "x"}}`, `<!--`, "\u202egnp.exe", `<a href="javascript:alert(1)">x</a>`, `</text><foreignObject><iframe src=x>`,
	}
	var said [][]spoken
	for _, s := range evil[:9] {
		server := &tls.Config{Certificates: []tls.Certificate{certificate(t, s)}, MaxVersion: tls.VersionTLS12, NextProtos: []string{s}}
		said = append(said, talk(t, &tls.Config{ServerName: s, InsecureSkipVerify: true, NextProtos: []string{s, "h2"}}, server))
	}
	said = append(said, []spoken{{trace.Client, []byte("GET /" + evil[0] + " HTTP/1.1\r\nHost: " + evil[1] + "\r\n\r\n")}, {trace.Server, []byte("HTTP/1.1 400 " + evil[3] + "\r\n\r\n" + evil[9])}})
	c := capture(t, said...)
	_, get := open(t, Options{Source: c})
	paths := []string{"/", "/learn/message/" + `%3Cscript%3E`}
	for _, s := range evil {
		paths = append(paths, "/?"+(&Filter{Site: s, Cause: s, Program: s, Peer: s, Version: s}).query().Encode())
	}
	seen := map[string]bool{}
	rows, _ := c.Rows(&Filter{}, 0, 100)
	for _, r := range rows {
		h := c.Find(r.ID)
		paths = append(paths, "/handshake/"+r.ID, "/handshake/"+r.ID+"?m=0&f="+`%22%3E%3Cscript%3E`)
		for i := range h.Messages {
			paths = append(paths, fmt.Sprintf("/handshake/%s?m=%d", r.ID, i))
		}
	}
	for _, path := range paths {
		_, page := get(path)
		tree, err := html.Parse(strings.NewReader(page))
		if err != nil {
			t.Fatal(err)
		}
		harmless(t, path, tree)
		for _, s := range evil {
			seen[s] = seen[s] || strings.Contains(text(tree), s)
		}
	}
	for _, s := range evil[:8] {
		if !seen[s] {
			t.Errorf("%q is nowhere: it is to be shown as it is", s)
		}
	}
}

// harmless reports what may run or load anything that is not the page's own.
func harmless(t *testing.T, path string, n *html.Node) {
	if n.Type == html.ElementNode {
		switch n.Data {
		case "img":
			if n.Attr[0].Val != "/icon.svg" {
				t.Errorf("%s: there is an <img> of %s", path, n.Attr[0].Val)
			}
		case "iframe", "object", "embed", "base", "foreignObject", "style", "textarea":
			t.Errorf("%s: there is a <%s>", path, n.Data)
		}
		for _, a := range n.Attr {
			value := strings.ToLower(strings.TrimSpace(a.Val))
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "srcdoc" ||
				(a.Key == "href" || a.Key == "src" || a.Key == "action") && !strings.HasPrefix(value, "/") && !strings.HasPrefix(value, "#") && value != "" {
				t.Errorf("%s: <%s %s=%q>", path, n.Data, a.Key, a.Val)
			}
		}
		if n.Data == "script" && (n.FirstChild != nil || len(n.Attr) == 0 || n.Attr[0].Val != "/page.js") {
			t.Errorf("%s: there is a script", path)
		}
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		harmless(t, path, c)
	}
}

func text(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		b.WriteString(text(c))
	}
	return b.String()
}

// TestEveryWordIsTaught: every message, extension, alert, suite, group, scheme,
// version and state has a lesson that says where it is defined.
func TestEveryWordIsTaught(t *testing.T) {
	want := map[string][]string{"state": {"START", "RECVD_CH (session)", "NEGOTIATED", "WAIT_EOED", "WAIT_CERT", "WAIT_CV", "WAIT_FINISHED", "CONNECTED", "WAIT_SH", "WAIT_EE",
		"WAIT_CERT_CR", "WAIT_CCS", "WAIT_CKE", "WAIT_SHD", "WAIT_SKE", "WAIT_STATUS", "WAIT_TICKET"}, "message": {"ClientHello", "HelloRetryRequest", "Alert", "ChangeCipherSpec", "Application Data", "Encrypted Handshake Message"}}
	collect := func(kind string, names ...string) { want[kind] = append(want[kind], names...) }
	for _, v := range iana.HandshakeTypes() {
		collect("message", v.String())
	}
	for _, v := range iana.ExtensionTypes() {
		collect("extension", v.String())
	}
	for _, v := range iana.Alerts() {
		collect("alert", v.String())
	}
	for _, v := range iana.Suites() {
		collect("suite", v.String())
	}
	for _, v := range iana.Groups() {
		collect("group", v.String())
	}
	for _, v := range iana.SignatureSchemes() {
		collect("scheme", v.String())
	}
	for _, v := range iana.Versions() {
		collect("version", v.String())
	}
	collect("extension", iana.ExtensionType(0x1a1a).String(), iana.ExtensionType(0xfff0).String())
	collect("suite", iana.Suite(0x3a3a).String(), iana.Suite(0xfefe).String())
	collect("group", iana.Group(0xfefe).String())
	collect("alert", iana.Alert(250).String())
	for _, name := range []string{"", "nonsense", "<b>(0x12)"} {
		if teach("extension", name) != nil || teach("nonsense", "GREASE(0x0a0a)") != nil {
			t.Errorf("%q is taught", name)
		}
	}
	where := regexp.MustCompile(`^(RFC \d+, (section|appendix) [0-9A-Z.]+|draft-\S+(, section [0-9.]+)?|ETSI .+)$`)
	for kind, names := range want {
		for _, name := range names {
			if l := teach(kind, name); l == nil || l.Text == "" || !where.MatchString(l.Where) {
				t.Errorf("%s %s: %+v", kind, name, l)
			}
		}
	}
	for _, s := range subjects() {
		for _, l := range s.Lessons {
			if !strings.HasSuffix(strings.TrimSuffix(l.Text, ")"), ".") {
				t.Errorf("%s %s: %q", l.Kind, l.Name, l.Text)
			}
		}
	}
}

// TestLearnFinds: a word is found by a part of its name, by its number, and by what is
// said of it.
func TestLearnFinds(t *testing.T) {
	_, get := open(t, Options{Source: failing(t)})
	for query, want := range map[string]string{"key": "/learn/message/server_key_exchange", "ServerHello": "/learn/message/server_hello", "48": "/learn/alert/unknown_ca",
		"0x1301": "/learn/suite/TLS_AES_128_GCM_SHA256", "0x001d": "/learn/group/x25519", "middleboxes": "/learn/message/change_cipher_spec"} {
		if _, page := get("/learn?q=" + query); !strings.Contains(page, `<a href="`+want+`">`) {
			t.Errorf("%q does not find %s", query, want)
		}
	}
	if _, page := get("/learn?q=70000"); !strings.Contains(page, "Nothing here has 70000") {
		t.Errorf("%s", page)
	}
}

func TestDump(t *testing.T) {
	raw := make([]byte, 40)
	copy(raw, "0123456789abcdefGHIJ")
	var plain strings.Builder
	marked := ""
	for _, p := range dump(raw, 14, 18) {
		plain.WriteString(p.Text)
		if p.Marked {
			marked += p.Text + "|"
		}
	}
	const want = "0000  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66  0123456789abcdef\n" +
		"0010  47 48 49 4a 00 00 00 00 00 00 00 00 00 00 00 00  GHIJ............\n" +
		"0020  00 00 00 00 00 00 00 00                          ........\n"
	if plain.String() != want || marked != "65 66|ef|47 48|GH|" {
		t.Errorf("%q\n%s", marked, plain.String())
	}
	if n := len(dump(bytes.Repeat([]byte{1}, 1<<17), 0, 0)); n != 1 {
		t.Errorf("%d pieces", n)
	}
}

// TestElsewhere: a field of what was decompressed is marked in that.
func TestElsewhere(t *testing.T) {
	inner := []byte("decompressed")
	root := &field.Field{Name: "A", End: 4, Raw: []byte("pack"), Sub: []field.Field{{Name: "B", Raw: inner, Start: 4, End: 4, Sub: []field.Field{{Name: "C", Start: 2, End: 4}}}}}
	h := &Handshake{Row: Row{ID: "1"}, Messages: []Message{{Name: "A", Tree: root}}}
	s := h.show("/x", 0, "a.b.c")
	if s.Chosen == nil || len(s.Bytes) == 0 || s.Bytes[1].Text != "63 6f" || !s.Tree.Sub[0].Sub[0].Elsewhere || s.Tree.Sub[0].Elsewhere {
		t.Errorf("%+v", s)
	}
	if h.show("/x", 1, "") != nil || h.show("/x", -1, "") != nil {
		t.Error("there is no such message")
	}
}

func TestDiagramLeavesOut(t *testing.T) {
	h := &Handshake{Row: Row{ID: "1"}}
	for i := range mostSteps + 50 {
		h.Steps = append(h.Steps, Step{Kind: "message", From: trace.Client, Message: i})
	}
	// One more line is where TLS begins.
	if d := draw(h, "/x", 0, false); d.Left != 50 || len(d.Lines) != 1+mostSteps || d.All == "" {
		t.Errorf("%d left, %d drawn", d.Left, len(d.Lines))
	}
	if d := draw(h, "/x", 0, true); d.Left != 0 || len(d.Lines) != 1+mostSteps+50 {
		t.Errorf("%d left, %d drawn", d.Left, len(d.Lines))
	}
}
