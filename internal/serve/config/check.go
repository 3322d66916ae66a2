package config

import (
	"errors"
	"fmt"
	"net/mail"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/handsel-tls/handsel/internal/serve/bindings"
	"github.com/handsel-tls/handsel/internal/serve/sites"
)

// A checker collects mistakes: whoever has made three wants to know them all.
type checker struct {
	*File
	known *Known // of a part: what there is beside it
	found []error
}

func (c *checker) wrong(at, format string, args ...any) {
	c.found = append(c.found, c.Wrong(at, format, args...))
}

// check refuses what cannot be served.
func (f *File) check() error {
	c := &checker{File: f}
	c.listen()
	c.noMatch()
	c.acme()
	c.certificates()
	c.sites()
	c.bindings()
	c.events()
	c.accessLog()
	c.admin()
	return Join(c.found...)
}

// Join joins mistakes in the order of their places; nil if there are none.
func Join(mistakes ...error) error {
	line := func(err error) int {
		if e, ok := errors.AsType[*Error](err); ok {
			return e.Line
		}
		return 0
	}
	slices.SortStableFunc(mistakes, func(a, b error) int { return line(a) - line(b) })
	return errors.Join(mistakes...)
}

func (c *checker) listen() {
	if c.path != "" && len(c.Listen.HTTPS)+len(c.Listen.HTTP) == 0 {
		c.wrong("$.listen", "there is no address to listen on: write listen: {https: [\"127.0.0.1:8443\"]}")
	}
	seen := map[netip.AddrPort]string{}
	for _, list := range []struct {
		at    string
		addrs []string
	}{{"$.listen.https", c.Listen.HTTPS}, {"$.listen.http", c.Listen.HTTP}} {
		for i, text := range list.addrs {
			at := fmt.Sprintf("%s[%d]", list.at, i)
			addr, err := netip.ParseAddrPort(text)
			switch {
			case err != nil || addr.Port() == 0:
				c.wrong(at, "%q is not an IP address and a port, such as 127.0.0.1:8443 or [::]:8443", text)
			case seen[addr] != "":
				c.wrong(at, "%v stands in %s already: one port speaks one protocol", addr, seen[addr])
			}
			seen[addr] = strings.TrimPrefix(list.at, "$.")
		}
	}
	c.proxyProtocol(seen)
	if c.Listen.RedirectHTTP && len(c.Listen.HTTPS) == 0 {
		c.wrong("$.listen.redirect_http", "there is no https address that plain requests could be sent to")
	}
}

func (c *checker) noMatch() {
	var noMatch bindings.NoMatch
	if err := noMatch.UnmarshalText([]byte(c.NoMatch)); err != nil {
		c.wrong("$.no_match", "%v", err)
	}
	switch key, err := bindings.ParseKey(c.Default); {
	case noMatch == bindings.NoMatchDefault && c.Default == "":
		c.wrong("$.no_match", "no_match is default: write default: with the binding that is meant")
	case c.Default == "" || c.path == "" && err == nil:
	case err != nil:
		c.wrong("$.default", "%v", err)
	case !slices.ContainsFunc(c.Bindings, func(b Binding) bool { k, err := bindings.ParseKey(b.On); return err == nil && k == key }):
		c.wrong("$.default", "there is no binding on %v", key)
	}
}

// acme checks what is said of a certificate authority.
func (c *checker) acme() {
	a := c.ACME
	if a == nil {
		return
	}
	if !a.Agree {
		c.wrong("$.acme.agree", "a certificate authority issues nothing to those who have not agreed to its terms: read them, and write agree: true")
	}
	if a.Email != "" {
		if _, err := mail.ParseAddress(a.Email); err != nil {
			c.wrong("$.acme.email", "%q is no mail address", a.Email)
		}
	}
	if u, err := url.Parse(a.Directory); a.Directory != "" && (err != nil || u.Host == "" || u.Scheme != "https") {
		c.wrong("$.acme.directory", "%q is not an address such as https://acme-v02.api.letsencrypt.org/directory", a.Directory)
	}
	if a.Roots != "" && a.Directory == "" {
		c.wrong("$.acme.roots", "they are for a directory of your own: write directory as well")
	}
}

// CheckAdmin refuses an address for the admin API that nobody could use, or that
// anybody could.
func CheckAdmin(a *Admin) error {
	c := &checker{File: &File{Admin: a}}
	c.known = &Known{Certificate: func(string) error { return nil }}
	c.admin()
	return Join(c.found...)
}

func (c *checker) admin() {
	a := c.Admin
	if a == nil {
		return
	}
	if addr, err := netip.ParseAddrPort(a.Listen); err != nil || addr.Port() == 0 {
		c.wrong("$.admin.listen", "%q is not an IP address and a port, such as 127.0.0.1:9443", a.Listen)
	}
	if len(a.ClientCAs) == 0 {
		c.wrong("$.admin.client_cas", "whoever reaches the admin API can do everything: name the PEM files of those whose certificates may, or of the authorities of such")
	}
	if a.Certificate != "" {
		if err := c.known.Certificate(a.Certificate); err != nil {
			c.wrong("$.admin.certificate", "%v", err)
		}
		if len(a.LocalNames) > 0 {
			c.wrong("$.admin.local_ca_names", "they are for a certificate of the local CA: leave out certificate")
		}
	}
}

func (c *checker) events() {
	for _, limit := range []struct {
		key   string
		value int
	}{{"days", c.Events.Days}, {"megabytes", c.Events.Megabytes}} {
		if limit.value < 0 {
			c.wrong("$.events."+limit.key, "%d: write how many there may be, or nothing for what is usual", limit.value)
		}
	}
	for _, keep := range []struct{ key, value string }{{"names", c.Events.Names}, {"addresses", c.Events.Addresses}} {
		if words := []string{"keep", "hash", "drop"}; keep.value != "" && !slices.Contains(words, keep.value) {
			c.wrong("$.events."+keep.key, "%q is none of keep, hash and drop%s", keep.value, didYouMean(keep.value, words))
		}
	}
}

func (c *checker) certificates() {
	seen := map[string]bool{}
	for i, x := range c.Certificates {
		at := fmt.Sprintf("$.certificates[%d]", i)
		if x.Name == "" {
			c.wrong(at, "a certificate needs a name, by which bindings call it")
		} else if seen[x.Name] {
			c.wrong(at+".name", "there is a certificate %q already", x.Name)
		}
		seen[x.Name] = true
		if count(len(x.Files) > 0, x.Thumbprint != "", len(x.LocalCA) > 0, x.ACME != "") != 1 {
			c.wrong(at, "certificate %q needs one of files, thumbprint, local_ca and acme, and only one", x.Name)
		}
		if x.ACME != "" && c.ACME == nil {
			c.wrong(at+".acme", "it is not said which authority issues it: write acme: {agree: true, email: you@example.com}")
		}
		if len(x.Signer) > 0 && len(x.Files) == 0 {
			c.wrong(at+".signer", "a program that signs goes with a certificate from files only")
		}
		if x.Staple != "" && len(x.Files) == 0 {
			c.wrong(at+".staple", "an OCSP response goes with a certificate from files only")
		}
	}
}

func (c *checker) sites() {
	names, places := map[string]bool{}, map[string]string{}
	for i, s := range c.Sites {
		at := fmt.Sprintf("$.sites[%d]", i)
		if names[s.Name] {
			c.wrong(at+".name", "there is a site %q already", s.Name)
		}
		names[s.Name] = true
		for j, h := range s.Hosts {
			place := s.Place(h)
			if other, ok := places[place]; ok && other != s.Name {
				c.wrong(fmt.Sprintf("%s.hosts[%d]", at, j), "site %q has this host and path already", other)
			}
			places[place] = s.Name
		}
		c.site(i)
	}
}

// Place gives a host and the path of the site in a form in which those of two
// sites can be compared.
func (s *Site) Place(host string) string { return sites.HostOf(host) + "/" + strings.Trim(s.Path, "/") }

// site checks one site by itself.
func (c *checker) site(i int) {
	s, at := &c.Sites[i], fmt.Sprintf("$.sites[%d]", i)
	if s.Name == "" {
		c.wrong(at, "a site needs a name, by which bindings call it")
	}
	if s.Path != "" && !strings.HasPrefix(s.Path, "/") {
		c.wrong(at+".path", "a path begins with /: write %q", "/"+s.Path)
	}
	for j, h := range s.Hosts {
		c.host(fmt.Sprintf("%s.hosts[%d]", at, j), h)
	}
	c.content(at, s)
}

// host checks a host of a site: what stands in a Host header, without the port.
func (c *checker) host(at, host string) {
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return
	}
	if strings.Contains(host, ":") {
		c.wrong(at, "%q: a host stands here without scheme and port, such as www.example.com", host)
	} else if _, err := bindings.NameKey(host, 443); err != nil {
		c.wrong(at, "%v", err)
	}
}

func count(given ...bool) (n int) {
	for _, g := range given {
		if g {
			n++
		}
	}
	return n
}

func (c *checker) bindings() {
	if len(c.Listen.HTTPS) > 0 && len(c.Bindings) == 0 {
		c.wrong("$.listen.https", "no connection can be answered: there are no bindings; write bindings: [{on: \"www.example.com:443\", certificates: [...]}]")
	}
	known := c.names()
	c.known = &known
	seen := map[bindings.Key]bool{}
	for i, b := range c.Bindings {
		if key, err := bindings.ParseKey(b.On); err == nil {
			if seen[key] {
				c.wrong(fmt.Sprintf("$.bindings[%d].on", i), "there is a binding on %v already", key)
			}
			seen[key] = true
		}
		c.binding(i)
	}
}

// names says what a binding of the file may name.
func (c *checker) names() Known {
	return Known{
		Site:        OneOf("site", names(c.Sites, func(s Site) string { return s.Name })),
		Certificate: OneOf("certificate", names(c.Certificates, func(x Certificate) string { return x.Name })),
	}
}

// OneOf gives an error for what is not one of some names, with the nearest of
// them.
func OneOf(kind string, names []string) func(string) error {
	there := make(map[string]bool, len(names))
	for _, n := range names {
		there[n] = true
	}
	return func(name string) error {
		if there[name] {
			return nil
		}
		return fmt.Errorf("there is no %s %q%s", kind, name, didYouMean(name, names))
	}
}

// binding checks one binding by itself, and gives its settings.
func (c *checker) binding(i int) bindings.Settings {
	b, at := &c.Bindings[i], fmt.Sprintf("$.bindings[%d]", i)
	if b.On == "" {
		c.wrong(at, "a binding needs on: an address and port, or a host name and port, such as www.example.com:443")
	} else if _, err := bindings.ParseKey(b.On); err != nil {
		c.wrong(at+".on", "%v", err)
	}
	if b.Site != "" {
		if err := c.known.Site(b.Site); err != nil {
			c.wrong(at+".site", "%v", err)
		}
	}
	if key, err := bindings.ParseKey(b.On); err == nil && key.Kind() == bindings.KindCentral {
		c.central(at, b)
	} else if b.Central != "" || b.CentralPass != "" {
		c.wrong(at+".central", "a folder in which certificates are found by name is for a binding such as ccs=443")
	} else if len(b.Certificates) == 0 && b.RawKey == "" && b.PSKFile == "" && !b.Reject {
		c.wrong(at, "a binding needs certificates%s", map[bool]string{true: ": a list of names from certificates above"}[c.path != ""])
	}
	for j, x := range b.Certificates {
		if err := c.known.Certificate(x); err != nil {
			c.wrong(fmt.Sprintf("%s.certificates[%d]", at, j), "%v", err)
		}
	}
	return c.settings(i)
}

// central checks a binding whose certificates are found by name in a folder.
func (c *checker) central(at string, b *Binding) {
	switch {
	case b.Reject:
	case b.Central == "":
		c.wrong(at, "a binding such as %s needs central: the folder with the certificates, each in a file called by its host name (www.example.com.pfx, _.example.com.pfx)", b.On)
	case len(b.Certificates) > 0 || b.RawKey != "" || b.PSKFile != "" || b.SSL2:
		c.wrong(at+".central", "the certificates come from the folder: leave out certificates, raw_key, psk_file and ssl2")
	}
}

func names[T any](list []T, name func(T) string) (all []string) {
	for _, x := range list {
		if n := name(x); n != "" {
			all = append(all, n)
		}
	}
	return all
}
