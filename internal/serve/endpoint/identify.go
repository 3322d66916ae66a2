package endpoint

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/handsel-tls/handsel/internal/serve/bindings"
	"github.com/handsel-tls/handsel/internal/serve/sites"
	"github.com/handsel-tls/handsel/tls"
)

// guardsPath reports whether clients are asked for their certificate with a
// request for the path.
func guardsPath(set *bindings.Settings, requested string) bool {
	clean := sites.Clean(requested)
	return slices.ContainsFunc(set.ClientAuthPaths, func(p string) bool { return strings.HasPrefix(clean, sites.Clean(p)) })
}

// identify asks the client for its certificate, if the binding wants to see one
// for the path and the connection has not shown it. It gives why the request may
// not go on, empty if it may.
//
// A client is asked once, and in a way that lets it decline: so that it is told
// by an answer and not by an alert what it needs.
func (s *Setup) identify(r *http.Request, v *visitor, b *bindings.Binding) (why string) {
	if !guardsPath(&b.Settings, r.URL.Path) {
		return ""
	}
	conn, required := tls.ConnOf(r.Context()), b.Settings.ClientAuth == bindings.ClientAuthRequire
	known := func() bool { return len(conn.ConnectionState().VerifiedChains) > 0 }
	if known() {
		return ""
	}
	if !v.asked.Swap(true) {
		err := conn.RequestCertificate(r.Context(), s.laterConfig(b))
		switch state := conn.ConnectionState(); {
		case err == nil && known():
			r.TLS = &state
			return ""
		case err == nil:
		case errors.Is(err, tls.ErrNoPostHandshakeAuth):
			why = "a client certificate is needed here, and your program does not allow to ask for it with TLS 1.3 (post-handshake authentication)."
		case errors.Is(err, tls.ErrRenegotiationRefused):
			why = "a client certificate is needed here, and your program does not renegotiate."
		default:
			return "a client certificate is needed here, and could not be had."
		}
	}
	switch {
	case !required:
		return ""
	case why != "":
		return why
	}
	return "a client certificate is needed here."
}

// laterConfig is the config with which a certificate is asked for.
func (s *Setup) laterConfig(b *bindings.Binding) *tls.Config {
	if c, ok := s.later.Load(b); ok {
		return c.(*tls.Config)
	}
	c := s.newConfig(b)
	c.ClientAuth = tls.VerifyClientCertIfGiven
	kept, _ := s.later.LoadOrStore(b, c)
	return kept.(*tls.Config)
}
