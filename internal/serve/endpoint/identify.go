package endpoint

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
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
	if r.ProtoMajor == 2 { // and tls.Config.HTTP11Required says so: RFC 9113, section 9.2.1
		panic(http.ErrAbortHandler)
	}
	if !v.asked.Swap(true) {
		err := conn.RequestCertificate(r.Context(), made(&s.later, b, s.laterConfig))
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

// laterConfig makes the config with which a certificate is asked for.
func (s *Setup) laterConfig(b *bindings.Binding) *tls.Config {
	c := s.newConfig(b)
	c.ClientAuth = tls.VerifyClientCertIfGiven
	return c
}

// nowConfig makes the config for clients that have to be asked in the handshake.
// A session from before, in which nobody was asked, must not be resumed: a client
// that resumes is not asked.
func (s *Setup) nowConfig(b *bindings.Binding) *tls.Config {
	c := s.laterConfig(b)
	c.SessionTicketsDisabled = true
	return c
}

// asksNow reports whether a client has to be asked for its certificate in the
// handshake, because some path is guarded and it could not be asked later: it has
// TLS 1.3 without post-handshake authentication. As long as it speaks HTTP/2 it
// is told to come again with HTTP/1.1 if it wants one of these paths, and is asked
// then.
func asksNow(set *bindings.Settings, hello *tls.ClientHelloInfo) bool {
	return len(set.ClientAuthPaths) > 0 &&
		(set.NoHTTP2 || !slices.Contains(hello.SupportedProtos, "h2")) &&
		(set.MaxVersion == 0 || set.MaxVersion >= iana.TLS13) && slices.Contains(hello.SupportedVersions, tls.VersionTLS13) &&
		!slices.Contains(hello.Extensions, uint16(iana.ExtPostHandshakeAuth))
}
