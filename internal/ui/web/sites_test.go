package web

import (
	"crypto/tls"
	"database/sql"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/handsel-tls/handsel/internal/observe/eventlog"
)

func TestSites(t *testing.T) {
	s := serve(t)
	visit(t, s.address, "shop.example.com", 0)
	visit(t, s.address, "shop.example.com", tls.VersionTLS11)
	arrived(t, s.Feed, 2)
	_, get := open(t, s.options())
	_, page := get("/sites")
	for _, want := range []string{"shop.example.com:", "0.0.0.0:", "89 days left", `1 complete, <strong class="bad">1 failed</strong>`, `<svg class="plot"`, `class="bad"/>`} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is missing:\n%s", want, page)
		}
	}
	if _, page := get("/sites?q=SHOP.example"); strings.Contains(page, "<h3>0.0.0.0:") || !strings.Contains(page, "<h3>shop.example.com:") {
		t.Error("the search is not heeded")
	}
	rule := regexp.MustCompile(`(?s)<p id="rule" class="notice">(.*?)</p>`)
	for sni, want := range map[string]string{"shop.example.com": "by exact name", "": "<strong>0.0.0.0:", "other.example.com": "<strong>0.0.0.0:"} {
		_, page := get("/sites?local=" + s.address + "&sni=" + sni)
		if m := rule.FindStringSubmatch(page); m == nil || !strings.Contains(m[1], want) || strings.Contains(m[1], "does not listen") {
			t.Errorf("%q: %q", sni, m)
		}
	}
	if _, page := get("/sites?local=192.0.2.1:1&sni=x"); !strings.Contains(page, "does not listen there") {
		t.Error("it does not say that nothing listens")
	}
	if _, page := get("/sites?local=" + url.QueryEscape(`"><script>`)); !strings.Contains(page, "is no address with a port") || strings.Contains(page, `"><script>`) {
		t.Error("a wrong address")
	}
}

func TestCauses(t *testing.T) {
	s := serve(t)
	_, get := open(t, s.options())
	if _, page := get("/causes"); !strings.Contains(page, "Nothing has failed") {
		t.Errorf("%s", page)
	}
	for range 3 {
		visit(t, s.address, "shop.example.com", tls.VersionTLS11)
	}
	if c, err := net.Dial("tcp", s.address); err == nil {
		fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		c.Close()
	}
	arrived(t, s.Feed, 4)
	s.log.Close()
	_, page := get("/causes")
	for _, want := range []string{`>no-common-version</a>`, `class="number">3</td>`, "Scanners, health checks", "class=http", `<svg class="plot"`} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is missing:\n%s", want, page)
		}
	}
	if table := page[:strings.Index(page, `id="others"`)]; strings.Contains(table, "http-to-tls-port") {
		t.Error("strangers stand among the causes of people")
	}
	if _, page := get("/causes?class=http"); !strings.Contains(page, "http-to-tls-port") {
		t.Errorf("%s", page)
	}
	_, page = get("/causes?cause=no-common-version&span=hour")
	for _, want := range []string{"t11d", "shop.example.com:", "192.0.2.1", "Examples", "3 times"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is missing:\n%s", want, page)
		}
	}
	link := regexp.MustCompile(`href="(/event/\d+)"`).FindStringSubmatch(page)
	_, page = get(link[1] + "?m=0&f=ClientHello.legacy_version")
	for _, want := range []string{"Would have worked", "<mark>03 02</mark>", "Alert: protocol_version", `href="` + link[1] + `" data-link>Permanent link`, "3 times since"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is missing:\n%s", want, page)
		}
	}
	for path, want := range map[string]int{"/event/99": 404, "/event/x": 404, "/causes?class=x": 200, "/causes?cause=" + url.QueryEscape("' OR 1=1 --"): 200, "/causes?span=x": 200} {
		if res, page := get(path); res.StatusCode != want || strings.Contains(page, "SQL") {
			t.Errorf("%s: %s", path, res.Status)
		}
	}
}

// TestSitesAndCausesInBrowser looks at both.
func TestSitesAndCausesInBrowser(t *testing.T) {
	t.Parallel()
	s := serve(t)
	visit(t, s.address, "shop.example.com", 0)
	visit(t, s.address, "shop.example.com", tls.VersionTLS11)
	arrived(t, s.Feed, 2)
	s.log.Close()
	p, _ := open(t, s.options())
	b := newBrowser(t, p)
	b.click(`nav a[href="/sites"]`, "#sites")
	b.accessible("sites")
	b.run(chromedp.SendKeys(chromedp.CSS("input[name=local]"), s.address), chromedp.SendKeys(chromedp.CSS("input[name=sni]"), "shop.example.com\r"), visible("#rule"))
	if rule := b.text("#rule"); !strings.Contains(rule, "by exact name") || !strings.Contains(rule, "It hides 0.0.0.0:") {
		t.Errorf("the rule: %s", rule)
	}
	b.accessible("lookup")
	b.click(`nav a[href="/causes"]`, "#groups")
	b.accessible("causes")
	b.click("#groups a", "#events")
	b.accessible("a cause")
	b.click("#events a", ".why")
	b.accessible("an event")
}

var withRace bool // the test binary was built with -race

// TestManyEvents: with a million events (30,000 where other programs are not
// required either) the first page answers in less than 50 ms, and that of the causes
// in less than a second, whatever the time.
func TestManyEvents(t *testing.T) {
	if testing.Short() {
		t.Skip("to write many events takes seconds: not with -short")
	}
	if withRace {
		t.Skip("it measures time, and SQLite takes thirty times as much with -race")
	}
	many := 30_000
	if os.Getenv("HANDSEL_PEERS") == "required" {
		many = 1_000_000
	}
	s := serve(t)
	visit(t, s.address, "shop.example.com", tls.VersionTLS11)
	arrived(t, s.Feed, 1)
	s.log.Close()
	s.remember(t, many)
	_, get := open(t, s.options())
	median := func(path string, n int) time.Duration {
		var took []time.Duration
		for range n {
			from := time.Now()
			if res, page := get(path); res.StatusCode != 200 || strings.Contains(page, `role="alert"`) {
				t.Errorf("%s: %s", path, res.Status)
			}
			took = append(took, time.Since(from))
		}
		slices.Sort(took)
		return took[n/2]
	}
	for _, c := range []struct {
		path  string
		times int
		most  time.Duration
	}{{"/", 5, 50 * time.Millisecond}, {"/sites", 5, 50 * time.Millisecond}, {"/event/20000", 3, 50 * time.Millisecond},
		{"/causes?span=hour", 3, time.Second}, {"/causes", 3, time.Second}, {"/causes?span=week", 3, time.Second}, {"/causes?span=month", 3, time.Second},
		{"/causes?span=month&by=program", 3, time.Second}, {"/causes?span=month&by=binding", 3, time.Second},
		{"/causes?cause=cause-7", 3, time.Second}, {"/causes?span=month&cause=cause-7", 3, 2 * time.Second}, {"/causes?span=month&program=t13d0007h2_00000000abcd_00000000abcd", 3, time.Second},
		{"/causes?span=month&binding=host7.example.com:443", 3, time.Second}} {
		took := median(c.path, c.times)
		t.Logf("%-40s %v", c.path, took.Round(100*time.Microsecond))
		if took > c.most {
			t.Errorf("%s takes %v", c.path, took)
		}
	}
}

// remember fills the log with a month of failures with forty causes, of three hundred
// programs at five hundred bindings.
func (s *serving) remember(t *testing.T, many int) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(s.dir, eventlog.FileName))
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	// Indexes and counts are made when all are there: that takes less time.
	_, err = db.Exec(fmt.Sprintf(`PRAGMA synchronous=OFF; DROP INDEX events_last; DROP INDEX events_cause; DROP INDEX events_client; DROP INDEX events_binding;
DROP TABLE counts; DROP TRIGGER counts_in; DROP TRIGGER counts_out; DROP TRIGGER counts_more; DROP TRIGGER counts_moved;
WITH RECURSIVE c(i,t) AS (SELECT 0, '' UNION ALL SELECT i+1, strftime('%%Y-%%m-%%dT%%H:%%M:%%f000Z', 'now', '-'||((i+1)*%f)||' seconds') FROM c WHERE i<%d)
INSERT INTO events (number,change,time,last,count,id,level,class,cause,peer,server_name,binding,client,computer,message,fields)
SELECT 10+i, 10+i, t, t, 1+i%%7, 100+i%%5, 2,
 'client', 'cause-'||(i%%40), '10.'||(i%%200)||'.'||(i%%251)||'.7', 'host'||(i%%5000)||'.example.com', 'host'||(i%%500)||'.example.com:443',
 substr('t13d000', 1, 8-length(i%%300))||(i%%300)||'h2_00000000abcd_00000000abcd', 'here', 'A handshake failed.', '{"fault":"NoSharedVersion"}' FROM c WHERE i>0`,
		30*24*3600/float64(many), many))
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
	log, err := eventlog.Open(s.dir, eventlog.Settings{Bytes: 10 << 30, Age: 100 * 24 * time.Hour}, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	log.Close()
}
