package explain

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/negotiate"
	"github.com/handsel-tls/handsel/internal/protocol/suite"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// versions explains protocol_version right after the ClientHello.
func (v *view) versions() {
	hello := v.said(trace.Client, iana.MsgClientHello)
	if v.SSL2Hello {
		f := v.add("old-hello", 90, "the ClientHello has the format of SSL 2.0").see(hello, "ClientHello.version", "")
		if v.Version == iana.SSL20 {
			f.weight = certain
			return
		}
	}
	f := v.add("no-common-version", certain, "protocol_version (70) right after the ClientHello says so")
	if !v.offered {
		return
	}
	offered := v.offeredVersions()
	f.because(fmt.Sprintf("The two have no protocol version in common: the client offers %s, and the server takes none of that.", names(offered)))
	field := "ClientHello.legacy_version"
	if v.offer.Has(iana.ExtSupportedVersions) {
		field = "ClientHello.extensions.supported_versions"
	}
	f.see(hello, field, names(offered))
	if v.currentClient() {
		f.because(fmt.Sprintf("The two have no protocol version in common: the client offers %s, so that the server speaks older versions only, or a newer one alone.", names(offered)))
	}
}

// currentClient reports whether the client offers TLS 1.2 or 1.3, and nothing older.
func (v *view) currentClient() bool {
	offered := v.offeredVersions()
	return offered[len(offered)-1] >= iana.TLS12
}

// offeredVersions gives the versions that the client offers, the newest first.
func (v *view) offeredVersions() (list []iana.Version) {
	for _, x := range []iana.Version{iana.TLS13, iana.TLS12, iana.TLS11, iana.TLS10, iana.SSL30} {
		if v.offer.Has(iana.ExtSupportedVersions) && v.offer.Versions.Has(x) || !v.offer.Has(iana.ExtSupportedVersions) && x == min(v.offer.Hello.Version, iana.TLS12) {
			list = append(list, x)
		}
	}
	if len(list) == 0 {
		list = append(list, v.offer.OfferedVersion())
	}
	return list
}

// protocols lists the application protocols of the client.
func (v *view) protocols() string {
	var list []string
	for p := range v.offer.Protocols.All() {
		list = append(list, string(p))
	}
	return strings.Join(list, ", ")
}

// preceded reports whether a header of the PROXY protocol came before the ClientHello,
// and notes that the server may not have expected it.
func (v *view) preceded() bool {
	for _, kind := range v.Before {
		if strings.HasPrefix(kind, "proxy-") {
			v.add("proxy-protocol-unexpected", 85, "the connection begins with a header of the PROXY protocol, and the server did not go on to its ServerHello").settle("the server's log")
			return true
		}
	}
	return false
}

// serverRefusedHello weighs what the server may not have liked about the
// ClientHello: handshake_failure and its like say no more than that.
func (v *view) serverRefusedHello() {
	a := v.Ended.Alert
	hello := v.said(trace.Client, iana.MsgClientHello)
	said := "the server sent " + v.alertName() + " right after the ClientHello"
	if v.stage == retried {
		said = "the server sent " + v.alertName() + " after its HelloRetryRequest"
	}
	switch {
	case a == iana.AlertInsufficientSecurity:
		v.add("no-common-suite", 80, said+": what the client offers is too weak for it").see(hello, "ClientHello.cipher_suites", v.suites())
		return
	case a == iana.AlertAccessDenied:
		v.add("server-policy", 80, said+": it knows the client and does not want it")
		return
	case !v.offered:
		v.add("malformed-message", probable, said, "the ClientHello could not be read here either")
		return
	case a != iana.AlertHandshakeFailure:
		v.add("server-policy", 50, said).settle("the server's log")
		return
	}
	v.weighOffer(said)
	if v.SSL2Hello || v.offer.OfferedVersion() <= iana.SSL30 {
		v.add("old-hello", 92, said, fmt.Sprintf("the client offers %v at most; OpenSSL refuses such hellos with handshake_failure", v.offer.OfferedVersion()))
	}
	if v.offer.ServerName == "" {
		v.add("no-server-name", 55, said+", and the ClientHello has no server_name: a server with several sites may not know which is meant").
			see(hello, "ClientHello.extensions", "no server_name")
	}
	v.add("server-policy", 35, said).settle("the server's log", "handsel connect with one thing changed at a time, from the same network")
}

// unoffered finds a ServerHello with a cipher suite that the client has not offered.
// RFC 9846, section 4.2.3; RFC 5246, section 7.4.1.3.
func (v *view) unoffered() bool {
	if !v.offered || v.SSL2Hello || v.Suite == 0 || v.offer.Hello.CipherSuites.Has(v.Suite) {
		return false
	}
	v.add("malformed-message", 94, fmt.Sprintf("%v stands in the ServerHello, and not among the suites of the ClientHello", v.Suite)).
		because(fmt.Sprintf("The server chose a cipher suite that the client had not offered, %v, and the client ended the connection with %s.", v.Suite, v.alertName())).
		see(v.said(trace.Server, iana.MsgServerHello), "ServerHello.cipher_suite", v.Suite.String()).
		see(v.said(trace.Client, iana.MsgClientHello), "ClientHello.cipher_suites", v.suites()).
		settle("the server's log", "a capture at the other end: something between may have changed the bytes")
	return true
}

// impatience is how long clients wait at least for an answer before they give up.
const impatience = 1500 * time.Millisecond

// weighOffer looks for what of the offer few servers take.
func (v *view) weighOffer(said string) {
	hello := v.said(trace.Client, iana.MsgClientHello)
	out, err := negotiate.Try(&v.offer, reference)
	code, _ := fault.Of(err)
	weigh := func(id string, weight int, field, value, why string) {
		f := v.add(id, weight, said, why)
		f.see(hello, field, value)
		f.settle("the server's log")
	}
	groups, schemes := v.groups(), v.schemes()
	switch {
	case err == nil:
	case !v.anySuite():
		weigh("no-common-suite", 85, "ClientHello.cipher_suites", v.suites(), "no suite of the client is one that servers of today commonly have: "+v.suites()+v.unusual())
	case code == fault.NoSharedGroup:
		weigh("no-common-group", 85, "ClientHello.extensions.supported_groups", names(groups), "the client's groups ("+names(groups)+") are none that servers commonly have")
	case code == fault.NoSharedSuite:
		weigh("no-common-suite", 85, "ClientHello.cipher_suites", v.suites(), "no suite of the client is one that servers of today commonly have: "+v.suites())
	case code == fault.NoSharedScheme || code == fault.NoSharedScheme12:
		weigh("no-common-scheme", 80, "ClientHello.extensions.signature_algorithms", names(schemes), "the client verifies only "+names(schemes))
	case code == fault.NoSharedVersion:
		weigh("no-common-version", 75, "ClientHello.legacy_version", v.offer.OfferedVersion().String(), fmt.Sprintf("the client offers %v at most, which servers of today refuse; not all of them with protocol_version", v.offer.OfferedVersion()))
	case code == fault.MissingGroups || code == fault.MissingKeyShare || code == fault.MissingExtension:
		weigh("extension-missing", 75, "ClientHello.extensions", "", err.Error())
	}
	if err != nil {
		return
	}
	usual := v.kindsOfSuites()
	switch {
	case out.Version <= iana.TLS12 && usual.rsa == 0 && usual.ecdsa > 0:
		weigh("no-suite-for-certificate", 66, "ClientHello.cipher_suites", v.suites(), "all suites of the client want a certificate with an ECDSA key, and most servers have one with an RSA key")
	case out.Version <= iana.TLS12 && usual.ecdsa == 0 && usual.rsa > 0:
		weigh("no-suite-for-certificate", 50, "ClientHello.cipher_suites", v.suites(), "all suites of the client want a certificate with an RSA key: the server's may have another")
	}
	if offered := v.offeredVersions(); v.offer.Has(iana.ExtSupportedVersions) && len(offered) == 1 {
		weigh("no-common-version", 46, "ClientHello.extensions.supported_versions", names(offered), fmt.Sprintf("the client offers %v alone; GnuTLS says handshake_failure if it does not take it", offered[0]))
	}
	if n := usual.rsa + usual.ecdsa; out.Version >= iana.TLS13 && n > 0 && n <= 2 {
		weigh("no-common-suite", 48, "ClientHello.cipher_suites", v.suites(), "for a server that has no TLS 1.3 the client offers few suites: "+v.suites())
	}
	if out.Version <= iana.TLS12 && usual.rsa+usual.ecdsa <= 4 {
		weigh("no-common-suite", 64-4*(usual.rsa+usual.ecdsa), "ClientHello.cipher_suites", v.suites(), "the client offers few suites: "+v.suites())
	}
	if n := v.suites13(); out.Version >= iana.TLS13 && n == 1 {
		weigh("no-common-suite", 64, "ClientHello.cipher_suites", v.suites(), "the client offers a single suite of TLS 1.3")
	}
	if len(groups) == 1 && out.Version <= iana.TLS12 && usual.ecdhe > 0 && !v.offer.Groups.Has(iana.X25519) && !v.offer.Groups.Has(iana.Secp256r1) {
		weigh("no-common-group", 64, "ClientHello.extensions.supported_groups", names(groups), "the client offers one group, and not one that all servers have: "+names(groups))
	}
	if n := len(groups); n > 0 && n <= 2 && (out.Version >= iana.TLS13 || usual.ecdhe == usual.rsa+usual.ecdsa) {
		weight := 74 - 8*n
		if !v.offer.Groups.Has(iana.X25519) && !v.offer.Groups.Has(iana.Secp256r1) {
			weight += 20
		}
		weigh("no-common-group", weight, "ClientHello.extensions.supported_groups", names(groups), "the client offers few groups: "+names(groups))
	}
	if n := len(schemes); n > 0 && n <= 3 {
		weigh("no-common-scheme", 62-4*n, "ClientHello.extensions.signature_algorithms", names(schemes), "the client verifies few signature schemes: "+names(schemes))
	}
	if !v.offer.Has(iana.ExtSignatureAlgorithms) && v.offer.OfferedVersion() == iana.TLS12 {
		weigh("no-common-scheme", 58, "ClientHello.extensions", "no signature_algorithms", "a client of TLS 1.2 without signature_algorithms stands for SHA-1, which servers of today refuse to sign with")
	}
}

// anySuite reports whether a suite of the client is one that servers commonly have.
func (v *view) anySuite() bool {
	return slices.ContainsFunc(v.offer.Hello.CipherSuites.Values(), func(s iana.Suite) bool { return reference.Policy.AllowsSuite(s) })
}

// unusual says what all suites of a client have in common that servers do without.
func (v *view) unusual() string {
	for _, kind := range []struct{ word, means string }{
		{"_anon_", "none of them proves who the server is"}, {"_NULL_", "none of them encrypts"}, {"_EXPORT_", "they are of the days of export restrictions"}, {"PSK_", "all want a pre-shared key"}, {"_RC4_", "all use RC4"}, {"_3DES_", "all use 3DES"},
	} {
		all := true
		for _, s := range v.offer.Hello.CipherSuites.Values() {
			all = all && (s.IsGREASE() || s == iana.TLS_EMPTY_RENEGOTIATION_INFO_SCSV || s == iana.TLS_FALLBACK_SCSV || strings.Contains(s.String(), kind.word))
		}
		if all {
			return "; " + kind.means
		}
	}
	return ""
}

// kinds counts a client's suites of TLS 1.2 and below that are in use today.
type kinds struct{ rsa, ecdsa, ecdhe int }

func (v *view) kindsOfSuites() (k kinds) {
	for i := range v.offer.Hello.CipherSuites.Len() {
		p, ok := suite.Of(v.offer.Hello.CipherSuites.At(i))
		if !ok || p.MinVersion >= iana.TLS13 {
			continue
		}
		switch p.Auth {
		case suite.RSAKey:
			k.rsa++
		case suite.ECDSAKey:
			k.ecdsa++
		}
		if p.KeyExchange == suite.ECDHE {
			k.ecdhe++
		}
	}
	return k
}

// suites13 counts the client's suites of TLS 1.3.
func (v *view) suites13() (n int) {
	for _, id := range v.offer.Hello.CipherSuites.Values() {
		if p, ok := suite.Of(id); ok && p.MinVersion >= iana.TLS13 {
			n++
		}
	}
	return n
}

// suites lists the client's suites that are no signals.
func (v *view) suites() string {
	var list []iana.Suite
	for _, s := range v.offer.Hello.CipherSuites.Values() {
		if !s.IsGREASE() && s != iana.TLS_FALLBACK_SCSV && s != iana.TLS_EMPTY_RENEGOTIATION_INFO_SCSV {
			list = append(list, s)
		}
	}
	return names(list)
}

func (v *view) groups() (list []iana.Group) {
	for _, g := range v.offer.Groups.Values() {
		if !g.IsGREASE() {
			list = append(list, g)
		}
	}
	return list
}

func (v *view) schemes() (list []iana.SignatureScheme) {
	for _, s := range v.offer.Schemes.Values() {
		if !s.IsGREASE() {
			list = append(list, s)
		}
	}
	return list
}

// serverInternal weighs internal_error right after the ClientHello.
func (v *view) serverInternal() {
	said := "the server sent internal_error (80) right after the ClientHello"
	weight := 70
	if v.offered && v.offer.OfferedVersion() <= iana.TLS11 {
		weight = 60
		v.add("no-common-version", 73, said, fmt.Sprintf("the client offers %v at most: OpenSSL answers so when its security level rules that out", v.offer.OfferedVersion())).
			see(v.said(trace.Client, iana.MsgClientHello), "ClientHello.legacy_version", v.offer.OfferedVersion().String()).but("the alert for that is protocol_version (70)")
	}
	f := v.add("server-configuration", weight, said, "a server that has no settings, certificate or key for the name answers so")
	f.see(v.said(trace.Client, iana.MsgClientHello), "ClientHello.extensions.server_name", v.offer.ServerName).settle("the server's log")
	if v.offered && v.offer.ServerName == "" && net.ParseIP(v.host()) != nil {
		v.add("no-server-name", 45, said, "the ClientHello has no server_name")
	}
}

// closed weighs a connection that was closed or reset without a word.
func (v *view) closed(how string) {
	by := v.Ended.By
	switch {
	case v.stage == finished:
		v.closedAfter()
		return
	case v.stage == nothing && by == trace.Client:
		v.add("port-probe", 80, "the client opened the connection and closed it without having sent anything")
	case v.stage == nothing:
		v.add("server-closed", probable, "the server ended the connection before the client had said anything")
	case by == trace.Server && v.stage <= retried:
		v.closedAtHello(how)
	case by == trace.Server && v.stage >= replied:
		v.add("server-closed", probable, "the server ended the connection without an alert, after the client's answer").settle("the server's log")
		if v.requested() {
			v.add("client-certificate-refused", 62, "the server had asked for a certificate")
		}
	case by == trace.Server:
		v.add("server-failed", probable, "the server ended the connection in the middle of its own flight").settle("the server's log")
	case by == trace.Client && v.stage <= retried && v.Silent > impatience:
		v.add("server-silent", 72, fmt.Sprintf("the client waited for %v after its ClientHello and then ended the connection", v.Silent.Round(100*time.Millisecond))).
			settle("the server's log and load", "a capture at the server: did it answer?")
	case by == trace.Client && v.stage <= retried:
		v.add("client-gave-up", 65, "the client ended the connection before the server had answered its ClientHello").
			settle("the client's log: its time limit, or somebody pressed stop")
	case by == trace.Client && v.stage <= shown && v.Silent > impatience && (v.stage == answered || v.Cut[trace.Server-1]):
		v.add("answer-lost", 72, fmt.Sprintf("the server's flight stops in the middle, and the client waited for %v before it ended the connection", v.Silent.Round(100*time.Millisecond))).
			settle("a capture at the server: did it send the rest?", "the server's log")
		v.add("client-gave-up", 55, "the client ended the connection before it had all of the server's flight")
	case by == trace.Client && v.stage <= shown:
		v.rejectedSilently(how)
	default:
		v.add("connection-broken", 50, "the connection ended in the middle of the handshake")
	}
	if then := v.Ended.Then; then != 0 && len(v.found) > 0 {
		f := &v.found[0]
		f.For = append(f.For, fmt.Sprintf("the alert %v (%d) that the other side sent came after that, and tells of the end, not of its cause", then, uint8(then)))
	}
}

// closedAtHello weighs FIN or RST of a server as its answer to the ClientHello.
func (v *view) closedAtHello(how string) {
	if v.preceded() {
		return
	}
	hello := v.said(trace.Client, iana.MsgClientHello)
	if how == "rst" {
		f := v.add("reset-after-hello", 75, "RST came right after the ClientHello, and no alert").see(hello, "ClientHello.extensions.server_name", v.offer.ServerName)
		f.settle("a capture at the server: did it send the RST, and does its TTL fit the server's other packets?", "another name in server_name from the same client: a device between that filters by name lets it pass")
		if v.offered && v.offer.ServerName == "" {
			v.add("no-server-name", 65, "the ClientHello has no server_name, and nothing may be bound to the address alone").see(hello, "ClientHello.extensions", "no server_name")
		}
		return
	}
	v.add("closed-after-hello", 75, "the server closed the connection right after the ClientHello, without an alert").see(hello, "", "").
		settle("the server's log", "whether the port expects the PROXY protocol or another preamble", "whether what stands behind a TCP proxy is up")
	if v.SSL2Hello || v.offered && v.offer.OfferedVersion() <= iana.TLS10 {
		v.add("old-hello", 62, "the ClientHello is one that servers of today do not read")
	}
}

// requested reports whether the server is known to have asked for a certificate.
func (v *view) requested() bool { return v.said(trace.Server, iana.MsgCertificateRequest) != nil }
