package lexicon

import (
	"maps"
	"regexp"
	"strconv"
	"strings"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// words are how OpenSSL, Go and GnuTLS tell of an alert that came, in lower case, if
// it is not by the registry's name.
var words = map[iana.Alert]struct{ openssl, golang, gnutls string }{
	30:  {"", "", "decompression failed"},
	40:  {"", "", "handshake failed"},
	41:  {"no certificate", "alert(41)", "no certificate (ssl 3.0)"},
	42:  {"", "", "certificate is bad"},
	43:  {"", "", "certificate is not supported"},
	44:  {"", "revoked certificate", "certificate was revoked"},
	45:  {"", "expired certificate", "certificate is expired"},
	46:  {"", "unknown certificate", "unknown certificate"},
	48:  {"", "unknown certificate authority", "ca is unknown"},
	49:  {"", "", "access was denied"},
	50:  {"", "error decoding message", ""},
	51:  {"", "error decrypting message", ""},
	52:  {"reason(1052)", "alert(52)", ""},
	70:  {"", "protocol version not supported", "error in protocol version"},
	71:  {"", "insufficient security level", ""},
	90:  {"user cancelled", "", ""},
	100: {"", "", "no renegotiation is allowed"},
	109: {"", "", "an extension was expected but was not seen"},
	110: {"", "", "an unsupported extension was sent"},
	111: {"", "", "could not retrieve the specified certificate"},
	112: {"", "", "the server name sent was not recognized"},
	115: {"", "", "the srp/psk username is missing or not known"},
	116: {"", "", "certificate is required"},
	117: {"reason(1117)", "alert(117)", ""},
	120: {"", "", "no supported application protocol could be negotiated"},
	121: {"reason(1121)", "encrypted client hello required", ""},
}

// A naming is how a stack tells of an alert that came.
type naming struct {
	by      string
	begins  string // what is said first: who sent it, where the words tell
	pattern *regexp.Regexp
	numbers map[string]iana.Alert
}

const (
	peerSent = "The peer has sent this alert. "
	selfSent = "This side has sent this alert. "
)

// received are the ways of telling of an alert, that came or that was sent, that have its name in them.
var received = func() []naming {
	registered, openssl, golang, gnutls, nss := map[string]iana.Alert{}, map[string]iana.Alert{}, map[string]iana.Alert{}, map[string]iana.Alert{}, map[string]iana.Alert{}
	for n := range alertTable {
		name := plainName(n)
		registered[name], nss[name] = n, n
		name = strings.ReplaceAll(name, "_", " ")
		for _, of := range []struct {
			names map[string]iana.Alert
			other string
		}{{openssl, words[n].openssl}, {golang, words[n].golang}, {gnutls, words[n].gnutls}} {
			of.names[name] = n
			if of.other != "" {
				of.names[of.other] = n
			}
		}
	}
	every := map[string]iana.Alert{}
	for _, names := range []map[string]iana.Alert{registered, openssl, golang, gnutls} {
		maps.Copy(every, names)
	}
	for name, n := range map[string]iana.Alert{
		"bad_cert": 42, "unsupported_cert": 43, "revoked_cert": 44, "expired_cert": 45, "certificate_unknown": 46, "rx_certificate_required": 116, "bad_mac": 20,
		"decryption_failed": 21, "export_restriction": 60, "bad_cert_status_response": 113, "bad_cert_hash_value": 114, "no_certificate": 41,
	} {
		nss[name] = n
	}
	return []naming{
		{ofOpenSSL, peerSent, regexp.MustCompile(`(?:sslv3|tlsv13|tlsv1|ssl/tls)[ _](?:alert[ _])?([a-z][a-z_ ]+)`), spaced(openssl)},
		{ofGo, peerSent, regexp.MustCompile(`remote error: tls: ([a-z]+\(\d+\)|[a-z ]+)`), golang},
		{ofJava, peerSent, regexp.MustCompile(`received fatal alert: ([a-z_]+)`), registered},
		{ofGnuTLS, peerSent, regexp.MustCompile(`alert \[\d+\]: ([a-z/ ]+(?:\(ssl 3\.0\))?)`), gnutls},
		{ofFirefox, peerSent, regexp.MustCompile(`ssl_error_([a-z_]+?)_alert\b`), nss},
		{ofChrome, peerSent, regexp.MustCompile(`err_ssl_([a-z_]+?)_alert\b`), nss},
		{"rustls", peerSent, regexp.MustCompile(`received fatal alert: ([a-z]+)`), joined(registered)},
		{ofDotNet, peerSent, regexp.MustCompile(`sent a tls alert: '([a-z]+)'`), joined(registered)},
		{ofGnuTLS, peerSent, regexp.MustCompile(`gnutls_handshake\(\) failed: ([a-z/ ]+)`), gnutls},
		{ofCurl, peerSent, regexp.MustCompile(`\(in\), tls alert, ([a-z ]+)`), every},
		{ofCurl, selfSent, regexp.MustCompile(`\(out\), tls alert, ([a-z ]+)`), every},
		{ofCurl, "", regexp.MustCompile(`^\W*tls alert, ([a-z ]+)`), every},
		{ofOpenSSL, peerSent, regexp.MustCompile(`ssl3 alert read:(?:fatal|warning):([a-z ]+)`), every},
		{ofOpenSSL, selfSent, regexp.MustCompile(`ssl3 alert write:(?:fatal|warning):([a-z ]+)`), every},
		{ofApple, selfSent, regexp.MustCompile(`write alert, level: [a-z]+, description: ([a-z_ ]+)`), every},
		{ofApple, peerSent, regexp.MustCompile(`read alert, level: [a-z]+, description: ([a-z_ ]+)`), every},
		{"Java (Bouncy Castle)", peerSent, regexp.MustCompile(`tlsfatalalertreceived: ([a-z_]+)`), registered},
		{"Java (Bouncy Castle)", selfSent, regexp.MustCompile(`tlsfatalalert: ([a-z_]+)`), registered},
		{"Erlang, Elixir", peerSent, regexp.MustCompile(`received (?:server|client) alert: (?:fatal|warning) - ([a-z ]+)`), every},
		{"Erlang, Elixir", selfSent, regexp.MustCompile(`generated (?:server|client) alert: (?:fatal|warning) - ([a-z ]+)`), every},
		{"Wireshark, tshark", "", regexp.MustCompile(`description: ([a-z_ ]+)`), every},
		{"the trace of a stack", "", regexp.MustCompile(`alert, (?:fatal|warning), ([a-z_ ]+)`), every},
		{ofGo, "", regexp.MustCompile(`^\W*tls: ([a-z ]+)$`), golang},
	}
}()

// plainName is the registry's name of an alert, without what says that it is reserved.
func plainName(a iana.Alert) string {
	return strings.ToLower(strings.TrimSuffix(strings.TrimSuffix(a.String(), "_RESERVED"), "_reserved"))
}

// spaced lets names be written with underscores as well, as Python does.
func spaced(m map[string]iana.Alert) map[string]iana.Alert {
	all := map[string]iana.Alert{}
	for k, v := range m {
		all[k], all[strings.ReplaceAll(k, " ", "_")] = v, v
	}
	return all
}

// joined has the names without their underscores.
func joined(m map[string]iana.Alert) map[string]iana.Alert {
	all := map[string]iana.Alert{}
	for k, v := range m {
		all[strings.ReplaceAll(k, "_", "")] = v
	}
	return all
}

var (
	packedCode = regexp.MustCompile(`error:([0-9a-f]{8})\b`)
	reasonText = regexp.MustCompile(`\breason\((1[01]\d\d|12[0-4]\d|125[0-5])\)`)
)

// packed takes the number of an alert out of a code of OpenSSL: its reasons from 1000
// on are the alerts that came. The library is in the bits above: from OpenSSL 3 on
// from bit 23, before from bit 24.
func packed(text string) []Entry {
	reason := 0
	if m := reasonText.FindStringSubmatch(text); m != nil {
		reason = atoi(m[1])
	}
	if m := packedCode.FindStringSubmatch(text); m != nil {
		const ssl = 20 // the number of the library
		switch n, _ := strconv.ParseUint(m[1], 16, 32); {
		case n>>23 == ssl:
			reason = int(n & (1<<23 - 1))
		case n>>24 == ssl:
			reason = int(n & 0xfff)
		}
	}
	if reason < 1000 || reason > 1255 {
		return nil
	}
	found := alertEntry(reason-1000, 45)
	for i := range found {
		found[i].SaidBy = ofOpenSSL
		found[i].Means = peerSent + found[i].Means
	}
	return found
}
