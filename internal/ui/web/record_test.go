package web

import (
	"crypto/tls"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/handsel-tls/handsel/internal/observe/eventlog"
	"github.com/handsel-tls/handsel/internal/observe/flow"
)

// TestServerSeesInside: every arrow of a handshake of a server leads to the fields of
// its message, also where it is encrypted on the wire.
func TestServerSeesInside(t *testing.T) {
	for version, want := range map[uint16]struct{ clear, sealed string }{
		tls.VersionTLS13: {"ClientHello ServerHello ChangeCipherSpec", "EncryptedExtensions Certificate CertificateVerify Finished Finished"},
		tls.VersionTLS12: {"ClientHello ServerHello Certificate ServerKeyExchange ServerHelloDone ClientKeyExchange ChangeCipherSpec ChangeCipherSpec", "Finished Finished"},
	} {
		s := serve(t)
		if !visit(t, s.address, "shop.example.com", version) {
			t.Fatal("it fails")
		}
		arrived(t, s.Feed, 1)
		rows, _ := s.Rows(&Filter{}, 0, 1)
		h := s.Find(rows[0].ID)
		var steps []string
		for _, step := range h.Steps {
			steps = append(steps, step.Text)
		}
		if order := strings.Join(steps, " "); version == tls.VersionTLS12 && !strings.Contains(order, "WAIT_CCS ChangeCipherSpec WAIT_FINISHED Finished") {
			t.Errorf("in order: %s", order)
		}
		var clear, sealed []string
		for _, m := range h.Messages {
			if m.Tree == nil || m.Length == 0 || len(m.Tree.Raw) != m.Length || m.Tree.Error != "" {
				t.Errorf("%s: %+v", m.Name, m)
			}
			if m.Seal == "" {
				clear = append(clear, m.Name)
			} else {
				sealed = append(sealed, m.Name)
			}
		}
		if got := strings.Join(clear, " "); got != want.clear {
			t.Errorf("in the clear: %s", got)
		}
		if got := strings.Join(sealed, " "); got != want.sealed {
			t.Errorf("encrypted: %s", got)
		}
	}
}

// TestPermanentLink: the link to a failed handshake leads to what the event log has
// kept of it when the server is gone.
func TestPermanentLink(t *testing.T) {
	s := serve(t)
	visit(t, s.address, "shop.example.com", tls.VersionTLS11)
	visit(t, s.address, "shop.example.com", tls.VersionTLS12)
	visit(t, s.address, "shop.example.com", tls.VersionTLS11) // is folded into the first event
	arrived(t, s.Feed, 3)
	rows, _ := s.Rows(&Filter{}, 0, 3)
	_, get := open(t, s.options())
	for _, r := range rows {
		if res, page := get("/handshake/" + r.ID); res.StatusCode != 200 || strings.Contains(page, "no longer") {
			t.Errorf("%s: %s", r.ID, res.Status)
		}
	}
	s.log.Close()
	_, get = open(t, Options{Source: NewFeed(nil), Events: func() (*eventlog.Reader, error) { return eventlog.Read(s.dir) }})
	for _, r := range rows {
		res, page := get("/handshake/" + r.ID)
		if !r.Failed {
			if res.StatusCode != 404 {
				t.Errorf("%s, which did not fail: %s", r.ID, res.Status)
			}
			continue
		}
		for _, want := range []string{"no-common-version", "Would have worked", ">ClientHello</text>", "2 times since"} {
			if !strings.Contains(page, want) {
				t.Errorf("%s: %q is missing:\n%s", r.ID, want, page)
			}
		}
		if res.StatusCode != 200 || !strings.Contains(page, "what the event log has kept") {
			t.Errorf("%s: %s", r.ID, res.Status)
		}
	}
	id := rows[0].ID
	for _, other := range []string{strings.Replace(id, "NoSharedVersion", "NoSharedSuite", 1), "1-1-NoSharedVersion", "zzzzzzzzzzzz-1-NoSharedVersion", "%00", url.PathEscape("<script>")} {
		if res, _ := get("/handshake/" + other); res.StatusCode != 404 {
			t.Errorf("%s: %s", other, res.Status)
		}
	}
}

// TestDownloads: the forms of a handshake are files with a name, but for the text.
func TestDownloads(t *testing.T) {
	c := failing(t)
	c.forms = func(id string, _ *flow.Story) []Form {
		write := func(text string) func(io.Writer) error {
			return func(w io.Writer) error { _, err := io.WriteString(w, text); return err }
		}
		return []Form{{"txt", "Copy as text", write("text")}, {"json", "Download JSON", write("{}")}, {"pcapng", "Download pcapng", write("packets")},
			{"broken", "", func(io.Writer) error { return io.ErrUnexpectedEOF }}}
	}
	_, get := open(t, Options{Source: c})
	for name, want := range map[string]struct{ kind, file, body string }{
		"txt": {"text/plain; charset=utf-8", "", "text"}, "json": {"application/json", `attachment; filename="handshake-0.0.json"`, "{}"},
		"pcapng": {"application/octet-stream", `attachment; filename="handshake-0.0.pcapng"`, "packets"},
	} {
		res, body := get("/handshake/0.0/" + name)
		if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != want.kind || res.Header.Get("Content-Disposition") != want.file || body != want.body {
			t.Errorf("%s: %s %v %q", name, res.Status, res.Header, body)
		}
	}
	for path, want := range map[string]int{"0.0/broken": 500, "0.0/exe": 404, "9.9/json": 404} {
		if res, _ := get("/handshake/" + path); res.StatusCode != want {
			t.Errorf("%s: %s", path, res.Status)
		}
	}
}
