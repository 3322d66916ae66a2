package web

import (
	"crypto/rand"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// A guard lets those in who have the token, which is printed where the page is
// opened. Whoever else is on the computer, or on a web page that its browser shows,
// stays outside.
type guard struct {
	token  string
	cookie string // a name for each port: browsers give cookies to every port of a host
	name   string // that the operator has given to listen on; empty: an address
}

func newGuard(listen, named string) *guard {
	_, port, _ := net.SplitHostPort(listen)
	host, _, _ := net.SplitHostPort(named)
	if _, err := netip.ParseAddr(host); err == nil {
		host = ""
	}
	return &guard{token: rand.Text(), cookie: "handsel-" + port, name: host}
}

// contentPolicy is the Content-Security-Policy: style and script of the page's own, and
// nothing else from anywhere.
const contentPolicy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; " +
	"base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// wrap gives the handler behind the guard.
func (g *guard) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		switch {
		case !g.ours(r.Host):
			refuse(w, http.StatusMisdirectedRequest, "This page is not served under that name.", "")
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			h.Set("Allow", "GET, HEAD")
			refuse(w, http.StatusMethodNotAllowed, "This page is for looking only.", "")
		case !g.sameSite(r):
			refuse(w, http.StatusForbidden, "Another site has asked for this page.", "")
		case r.URL.Query().Has("token"):
			g.enter(w, r)
		case !g.knows(r):
			refuse(w, http.StatusForbidden, "Open this page with the address that handsel printed at its start: it has a token in it. "+
				"If a link on another site has brought you here and you had opened the page before, reload it.", "Reload")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// ours reports whether a request names this computer: by an address, which no
// foreign name server can turn to us (DNS rebinding), by localhost, or by the name
// that the operator listens on.
func (g *guard) ours(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if strings.EqualFold(host, "localhost") || g.name != "" && strings.EqualFold(host, g.name) {
		return true
	}
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil
}

// sameSite refuses what a page of another site loads. Going here from there is
// allowed: it shows that page nothing.
func (g *guard) sameSite(r *http.Request) bool {
	if origin := r.Header.Get("Origin"); origin != "" { // also of a browser that does not say what follows
		if _, host, _ := strings.Cut(origin, "://"); host != r.Host {
			return false
		}
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
		return true
	}
	return r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
}

// enter takes the token out of the address and into a cookie.
func (g *guard) enter(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if !g.right(q.Get("token")) {
		refuse(w, http.StatusForbidden, "The token is not the one that handsel printed at its start. It is another one each time.", "")
		return
	}
	http.SetCookie(w, &http.Cookie{Name: g.cookie, Value: g.token, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
	q.Del("token")
	to := url.URL{Path: "/" + strings.TrimLeft(r.URL.Path, "/\\"), RawQuery: q.Encode()}
	w.Header().Set("Location", to.String())
	w.WriteHeader(http.StatusSeeOther)
}

func (g *guard) knows(r *http.Request) bool {
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return g.right(bearer)
	}
	c, err := r.Cookie(g.cookie)
	return err == nil && g.right(c.Value)
}

func (g *guard) right(token string) bool {
	return subtle.ConstantTimeCompare([]byte(token), []byte(g.token)) == 1
}

// refuse answers without the page: it is for who may not see it.
func refuse(w http.ResponseWriter, status int, text, reload string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_ = templates().ExecuteTemplate(w, "refused", map[string]string{"Text": text, "Reload": reload}) // if it fails, nobody is there to be told
}
