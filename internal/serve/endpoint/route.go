package endpoint

import (
	"cmp"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/handsel-tls/handsel/internal/serve/bindings"
	"github.com/handsel-tls/handsel/internal/serve/sites"
	"github.com/handsel-tls/handsel/tls"
)

// serveHTTPS leads a request over TLS to its site. RFC 9110, section 15.5.20:
// a connection that is not authoritative for the Host gets 421, whereupon the
// client opens one that is.
func (s *Server) serveHTTPS(w http.ResponseWriter, r *http.Request) {
	setup, v := s.setup.Load(), visitorOf(r)
	if v == nil || v.binding == nil {
		say(w, http.StatusInternalServerError, "the connection has no binding.")
		return
	}
	local, err := localOf(v.raw.LocalAddr())
	if err != nil {
		say(w, http.StatusInternalServerError, "the connection has no address.")
		return
	}
	host, name := sites.HostOf(r.Host), sites.HostOf(r.TLS.ServerName)
	if r.Host == "" { // HTTP/1.0 has no Host, but said in SNI what it wants
		host = name
	}
	binding := setup.bindingOf(v.binding, local, name, host)
	if binding == nil {
		say(w, http.StatusMisdirectedRequest, "this connection is not for "+strconv.Quote(host)+".")
		return
	}
	site := setup.Router.Find(host, r.URL.Path, binding.Settings.Site)
	if site != nil && setup.guarded[site.Name] > demandOf(&binding.Settings) {
		say(w, http.StatusMisdirectedRequest, "that site needs a connection with a client certificate, or with a key.")
		return
	}
	if tooEarly(r, &binding.Settings) {
		w.Header().Set("Cache-Control", "no-store")
		say(w, http.StatusTooEarly, "send it again when the handshake is complete.")
		return
	}
	if why := setup.identify(r, v, binding); why != "" {
		w.Header().Set("Connection", "close")
		say(w, http.StatusForbidden, why)
		return
	}
	serve(w, r, site, host)
}

// tooEarly reports whether a request has to be sent again, because it came as
// early data, which somebody else may have sent again, and may change something.
// One that changes nothing goes on, marked as early for a server behind this
// one. RFC 8470, sections 5.1 and 5.2; RFC 9110, section 9.2.1.
func tooEarly(r *http.Request, set *bindings.Settings) bool {
	if !tls.InEarlyData(r) {
		return false
	}
	r.Header.Set("Early-Data", "1")
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return !set.EarlyData || guardsPath(set, r.URL.Path) // it came by a connection to another binding
	}
	return true
}

// bindingOf gives the binding of a host if the connection may serve it, nil if
// not. The connection was led to the binding was, by the name or by none.
//
// It may serve its own name, any host of the same record, and any host that its
// certificate is for and whose record asks the same of clients. A record that
// asks for a client certificate serves nothing by way of another.
func (s *Setup) bindingOf(was *bindings.Binding, local netip.AddrPort, name, host string) *bindings.Binding {
	its := s.Table.Lookup(local, host).Binding
	if its == nil || its.Settings.Reject || !sameDemands(&was.Settings, &its.Settings) {
		return nil
	}
	if its.Key == was.Key || host == name {
		return its
	}
	if demandOf(&its.Settings) != demandNothing {
		return nil
	}
	// A client without SNI could not say what it wants, and took what there was.
	if name == "" || s.certified(was, local, name, host) {
		return its
	}
	return nil
}

// sameDemands reports whether a client that was good enough for one record is
// for the other.
func sameDemands(a, b *bindings.Settings) bool {
	if a == b {
		return true
	}
	return a.SSL2 == b.SSL2 && a.ClientAuth == b.ClientAuth && slices.Equal(a.ClientCAs, b.ClientCAs) && slices.Equal(a.ClientKeys, b.ClientKeys) && a.PSKFile == b.PSKFile && a.OnlyPSK() == b.OnlyPSK() && slices.Equal(a.ClientAuthPaths, b.ClientAuthPaths) &&
		strings.EqualFold(cmp.Or(a.Policy, "modern"), cmp.Or(b.Policy, "modern")) &&
		a.MinVersion == b.MinVersion && a.MaxVersion == b.MaxVersion && slices.Equal(a.Suites, b.Suites)
}

// certified reports whether a certificate that the binding has for a connection is
// for the host.
func (s *Setup) certified(b *bindings.Binding, local netip.AddrPort, name, host string) bool {
	return slices.ContainsFunc(s.namesOf(b, local, name), func(name string) bool {
		cert, err := s.Certificate(name)
		return err == nil && cert.Leaf != nil && cert.Leaf.VerifyHostname(host) == nil
	})
}

// serveHTTP leads a plain request to its site, or to HTTPS.
func (s *Server) serveHTTP(w http.ResponseWriter, r *http.Request) {
	setup, host := s.setup.Load(), sites.HostOf(r.Host)
	if setup.Answer != nil && setup.Answer(w, r) {
		return
	}
	site := setup.Router.Find(host, r.URL.Path, "")
	if site != nil && len(setup.HTTPS) > 0 && (setup.RedirectHTTP || setup.guarded[site.Name] > 0 || setup.guardedHost(r, host)) {
		sites.ToHTTPS(setup.HTTPS[0].Port()).ServeHTTP(w, r)
		return
	}
	serve(w, r, site, host)
}

// guardedHost reports whether all bindings that a host leads to on the address
// of a plain request ask for a client certificate, so that it may not be had
// without TLS.
func (s *Setup) guardedHost(r *http.Request, host string) bool {
	guarded := false
	for _, to := range s.HTTPS {
		b := s.Table.Lookup(to, host).Binding
		if b != nil && demandOf(&b.Settings) == demandNothing {
			return false
		}
		guarded = guarded || b != nil
	}
	return guarded
}

// demand is how much a binding demands of clients: for some paths is less than
// for all. A pre-shared key proves as much as a certificate that is required.
type demand uint8

const demandNothing demand = 0

func demandOf(set *bindings.Settings) demand {
	switch auth := demand(set.ClientAuth); {
	case set.OnlyPSK():
		return 2 * demand(bindings.ClientAuthRequire)
	case auth == demandNothing || len(set.ClientAuthPaths) > 0:
		return auth
	default:
		return auth + demand(bindings.ClientAuthRequire)
	}
}

// guards gives for each site that bindings name the least that they ask of
// clients: a site behind client certificates is not to be had by another way. A
// site that is not in it is for everybody.
func guards(t *bindings.Table) map[string]demand {
	if !t.Demanding() {
		return nil
	}
	least := map[string]demand{}
	for _, b := range t.Bindings() {
		site, asked := b.Settings.Site, demandOf(&b.Settings)
		if b.Settings.Reject || site == "" {
			continue
		}
		if before, ok := least[site]; !ok || asked < before {
			least[site] = asked
		}
	}
	return least
}

// serve answers with a site. None: 400, as HTTP.SYS does.
func serve(w http.ResponseWriter, r *http.Request, site *sites.Site, host string) {
	if site == nil {
		say(w, http.StatusBadRequest, "there is no site "+strconv.Quote(host)+" here.")
		return
	}
	sites.NoteSite(r.Context(), site.Name)
	site.Handler.ServeHTTP(w, r)
}

func say(w http.ResponseWriter, status int, text string) {
	http.Error(w, strconv.Itoa(status)+" "+http.StatusText(status)+": "+text, status)
}
