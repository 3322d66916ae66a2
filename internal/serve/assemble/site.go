package assemble

import (
	"net/http"
	"strings"

	"github.com/handsel-tls/handsel/internal/serve/config"
	"github.com/handsel-tls/handsel/internal/serve/sites"
)

// newSite makes a site. at is where in the file it stands.
func (p *Plan) newSite(at string, c *config.Site) *sites.Site {
	s := &sites.Site{Name: c.Name, Path: c.Path}
	for _, h := range c.Hosts {
		s.Hosts = append(s.Hosts, sites.HostOf(h))
	}
	if !strings.HasSuffix(s.Path, "/") {
		s.Path += "/"
	}
	var err error
	switch {
	case c.Folder != "":
		at += ".folder"
		s.Handler, err = sites.Folder(p.file.Abs(c.Folder))
		if s.Path != "/" && err == nil {
			s.Handler = sites.Under(s.Path, s.Handler)
		}
	case len(c.Proxy) > 0:
		to := p.proxyTo(at, c)
		at += ".proxy"
		var proxy *sites.Proxy
		if proxy, err = sites.NewProxy(to); err == nil {
			s.Handler, s.Proxy = proxy, proxy
		}
	default:
		status := c.Status
		if status == 0 {
			status = http.StatusPermanentRedirect
		}
		s.Handler = sites.Redirect(c.Redirect, status)
	}
	if err != nil {
		p.wrong(at, err)
		return s
	}
	if c.Compress == nil && c.Folder != "" || c.Compress != nil && *c.Compress {
		s.Handler = sites.Compress(s.Handler)
	}
	return s
}

// proxyTo gives what a site passes requests on to.
func (p *Plan) proxyTo(at string, c *config.Site) sites.ProxyTo {
	to := sites.ProxyTo{
		URLs: c.Proxy, LeastBusy: c.Balance == "least_connections", Connect: config.Duration(c.ConnectWithin), Answer: config.Duration(c.AnswerWithin),
		DownAfter: c.DownAfter, DownFor: config.Duration(c.DownFor), CheckPath: c.HealthPath, CheckEvery: config.Duration(c.HealthEvery),
		CheckTime: config.Duration(c.HealthWithin), SendProxy: map[string]int{"v1": 1, "v2": 2}[c.SendProxy], ClientCertificate: c.ClientCert,
	}
	if c.ProxyCA != "" {
		to.Roots = pool(p.authorities(at+".proxy_ca", c.ProxyCA))
	}
	return to
}
