package config

import (
	"fmt"
	"net/url"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/handsel-tls/handsel/internal/serve/sites"
)

// content checks what a site serves.
func (c *checker) content(at string, s *Site) {
	if count(s.Folder != "", len(s.Proxy) > 0, s.Redirect != "") != 1 {
		c.wrong(at, "site %q needs one of folder, proxy and redirect, and only one", s.Name)
	}
	if s.Folder != "" {
		info, err := os.Stat(c.Abs(s.Folder))
		if err != nil {
			c.wrong(at+".folder", "there is no folder %s: paths are relative to the configuration file", c.Abs(s.Folder))
		} else if !info.IsDir() {
			c.wrong(at+".folder", "%s is not a folder", c.Abs(s.Folder))
		}
	}
	if len(s.Proxy) > 0 {
		c.proxyTo(at, s)
	} else {
		c.onlyOfProxies(at, s)
	}
	if s.Redirect != "" {
		u, err := url.Parse(s.Redirect)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			c.wrong(at+".redirect", "%q is not an address such as https://www.example.com", s.Redirect)
		}
		if s.Compress != nil {
			c.wrong(at+".compress", "there is nothing to compress in a redirect")
		}
	}
	if statuses := []int{301, 302, 303, 307, 308}; s.Status != 0 && (s.Redirect == "" || !slices.Contains(statuses, s.Status)) {
		c.wrong(at+".redirect_status", "it is %d, and has to be one of %v, with redirect", s.Status, statuses)
	}
}

// proxyTo checks what is said of servers behind.
func (c *checker) proxyTo(at string, s *Site) {
	secure, plainH2, seen := 0, 0, map[string]bool{}
	for i, text := range s.Proxy {
		here := fmt.Sprintf("%s.proxy[%d]", at, i)
		if seen[text] {
			c.wrong(here, "%s is there twice", text)
		}
		seen[text] = true
		u, err := sites.ParseProxy(text)
		if err != nil {
			c.wrong(here, "%q: %v", text, err)
			continue
		}
		secure += count(u.Scheme == "https")
		plainH2 += count(u.Scheme == "h2c")
	}
	if s.ProxyCA != "" && secure == 0 {
		c.wrong(at+".proxy_ca", "proxy_ca is for a proxy with https, and there is none")
	}
	if words := []string{"round_robin", "least_connections"}; s.Balance != "" && !slices.Contains(words, s.Balance) {
		c.wrong(at+".balance", "%q is neither round_robin nor least_connections%s", s.Balance, didYouMean(s.Balance, words))
	}
	switch words := []string{"v1", "v2"}; {
	case s.SendProxy != "" && !slices.Contains(words, s.SendProxy):
		c.wrong(at+".send_proxy", "%q is no version of the PROXY protocol: write v1 or v2", s.SendProxy)
	case s.SendProxy != "" && plainH2 > 0:
		c.wrong(at+".send_proxy", "a connection with a header of the PROXY protocol is for one client, and so HTTP/1.1: write http in place of h2c")
	}
	if s.DownAfter < 0 {
		c.wrong(at+".down_after", "%d: write after how many failures a server gets no requests for a while, or nothing for 3", s.DownAfter)
	}
	if s.HealthPath != "" && (!strings.HasPrefix(s.HealthPath, "/") || path.Clean(s.HealthPath) == ".") {
		c.wrong(at+".health_path", "a path begins with /: write %q", "/"+s.HealthPath)
	}
	if s.HealthPath == "" && (s.HealthEvery != "" || s.HealthWithin != "") {
		c.wrong(at+".health_every", "it is not said what is asked of the servers: write health_path as well, such as /health")
	}
	for _, t := range s.times() {
		c.duration(at+"."+t.key, *t.text)
	}
}

type siteTime struct {
	key  string
	text *string
}

// times are the settings of a proxy that say how long something may take.
func (s *Site) times() []siteTime {
	return []siteTime{{"connect_within", &s.ConnectWithin}, {"answer_within", &s.AnswerWithin}, {"down_for", &s.DownFor},
		{"health_every", &s.HealthEvery}, {"health_within", &s.HealthWithin}}
}

// onlyOfProxies refuses what says nothing without a proxy.
func (c *checker) onlyOfProxies(at string, s *Site) {
	refuse := func(key string, said bool) {
		if said {
			c.wrong(at+"."+key, "%s is for a proxy, and there is none", key)
		}
	}
	if s.ProxyCA != "" {
		c.wrong(at+".proxy_ca", "proxy_ca is for a proxy with https, and there is none")
	}
	refuse("balance", s.Balance != "")
	refuse("down_after", s.DownAfter != 0)
	refuse("health_path", s.HealthPath != "")
	refuse("send_proxy", s.SendProxy != "")
	refuse("client_certificate_headers", s.ClientCert)
	for _, t := range s.times() {
		refuse(t.key, *t.text != "")
	}
}

// duration checks a length of time.
func (c *checker) duration(at, text string) {
	if text == "" {
		return
	}
	if d, err := time.ParseDuration(text); err != nil || d < time.Millisecond || d > 24*time.Hour {
		c.wrong(at, "%q is not a time such as 10s, 500ms or 2m, of a day at most", text)
	}
}

// Duration gives a length of time that was checked, 0 for none.
func Duration(text string) time.Duration {
	d, _ := time.ParseDuration(text)
	return d
}
