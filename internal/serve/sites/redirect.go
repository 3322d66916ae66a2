package sites

import (
	"net"
	"net/http"
	"strconv"
	"strings"
)

// Redirect sends clients to an address, with the path and query of the request
// behind it, and a status of 301 to 308.
func Redirect(to string, status int) http.Handler {
	to = strings.TrimSuffix(to, "/")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, to+r.URL.RequestURI(), status)
	})
}

// ToHTTPS sends clients to the same address with https and a port.
func ToHTTPS(port uint16) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := HostOf(r.Host)
		switch {
		case port != 443:
			host = net.JoinHostPort(host, strconv.Itoa(int(port)))
		case strings.Contains(host, ":"):
			host = "[" + host + "]"
		}
		http.Redirect(w, r, "https://"+host+r.URL.RequestURI(), http.StatusPermanentRedirect)
	})
}
