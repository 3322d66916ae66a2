package explain

import (
	"slices"
	"strconv"
	"strings"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// ids are the findings of faults that have one of their own; the others are
// protocol violations, or mistakes of this side.
var ids = map[fault.Code]string{
	fault.NoSharedVersion: "no-common-version", fault.VersionNotOffered: "no-common-version", fault.RenegotiationVersion: "malformed-message",
	fault.SSL2Hello: "old-hello", fault.InappropriateFallback: "fallback", fault.Downgraded: "downgraded",
	fault.NoSharedSuite: "no-common-suite", fault.NoSharedGroup: "no-common-group", fault.NoSharedFinite: "no-common-group", fault.PrimeLength: "weak-dh",
	fault.NoSharedScheme: "no-common-scheme", fault.NoSharedScheme12: "no-common-scheme", fault.SchemesMissing: "no-common-scheme", fault.SchemeNotOffered: "no-common-scheme",
	fault.NoSharedProtocol: "no-common-alpn", fault.ProtocolNotOffered: "no-common-alpn",
	fault.UnrecognizedName: "unrecognized-name", fault.NoBinding: "no-binding", fault.Rejected: "binding-rejects", fault.RefusedByProgram: "server-policy",
	fault.HTTPRequest: "http-to-tls-port", fault.HTTPSProxyRequest: "proxy-request-to-tls-port", fault.NotTLS: "client-speaks-no-tls",
	fault.NoCertificate: "server-certificate-unavailable", fault.CertificateUnusable: "server-certificate-unavailable", fault.ConfigFailed: "server-configuration",
	fault.SigningFailed: "key-unusable", fault.StatusUnavailable: "server-configuration",
	fault.UnknownCA: "issuer-not-trusted", fault.MissingIntermediate: "missing-intermediate", fault.SelfSigned: "self-signed",
	fault.CertificateExpired: "certificate-expired", fault.CertificateNotYetValid: "certificate-not-yet-valid", fault.CertificateRevoked: "certificate-revoked", fault.RevocationUnknown: "revocation-unknown",
	fault.NameMismatch: "name-mismatch", fault.WrongPurpose: "wrong-purpose", fault.WeakKey: "weak-certificate", fault.BadCertificate: "certificate-refused",
	fault.CertificateRefused: "certificate-refused", fault.CertificateParse: "certificate-unreadable", fault.RawKeyUnknown: "raw-key-unknown",
	fault.NoSharedCertificateType: "no-common-certificate-form", fault.CertificateTypeRefused: "no-common-certificate-form",
	fault.CurveNotOffered: "no-suite-for-certificate", fault.CertificateCurveWrong: "no-suite-for-certificate", fault.KeyAlgorithmNotOffered: "no-common-scheme",
	fault.CertificateKeyUnsupported: "no-suite-for-certificate", fault.KeyUsageWrong: "wrong-purpose", fault.StatusRefused: "staple-refused",
	fault.CertificateMissing: "client-certificate-missing", fault.CertificateMissing12: "client-certificate-missing", fault.NoSharedIssuer: "client-certificate-issuer",
	fault.CertificateTypeUnasked: "client-certificate-issuer",
	fault.NoSharedPSK:            "psk-unknown", fault.BinderWrong: "psk-wrong", fault.PSKModeUnsupported: "psk-unknown",
	fault.SignatureWrong: "proof-wrong", fault.FinishedWrong: "proof-wrong", fault.BadRecordMAC: "record-altered", fault.RecordTooShort: "record-altered",
	fault.EMSRequired: "extended-master-secret", fault.EMSMissing: "extended-master-secret", fault.EMSUnexpected: "extended-master-secret",
	fault.NoRenegotiation: "renegotiation-refused", fault.RenegotiationUnsafe: "renegotiation-unsafe",
	fault.ECHRejected: "ech-rejected", fault.MissingExtension: "extension-missing", fault.MissingGroups: "extension-missing", fault.MissingKeyShare: "extension-missing",
	fault.HandshakeTime: "too-slow", fault.Canceled: "canceled",
	fault.EarlyDataVersion: "early-data", fault.EarlyDataTooLong: "early-data", fault.EarlyDataOverLimit: "early-data",
}

// ofClients are findings about a client's certificate, in place of those about a
// server's.
var ofClients = map[string]string{
	"issuer-not-trusted": "client-certificate-untrusted", "missing-intermediate": "client-certificate-untrusted", "self-signed": "client-certificate-untrusted",
	"certificate-expired": "client-certificate-expired", "certificate-not-yet-valid": "client-certificate-expired",
	"certificate-refused": "client-certificate-refused", "certificate-revoked": "client-certificate-refused", "revocation-unknown": "client-certificate-refused", "wrong-purpose": "client-certificate-refused",
	"weak-certificate": "client-certificate-refused", "name-mismatch": "client-certificate-refused", "certificate-unreadable": "client-certificate-refused",
}

// fault explains what this side found wrong: its record knows.
func (v *view) fault() {
	code := v.Failure.Code
	id := ids[code]
	switch {
	case id != "":
	case code.Whose() == fault.Local:
		id = v.Seen.String() + "-failed"
	default:
		id = "malformed-message"
	}
	if of := ofClients[id]; of != "" && v.Seen == trace.Server {
		id = of
	}
	if (code == fault.NotTLS || code == fault.HTTPRequest) && v.Seen == trace.Client {
		id = "server-speaks-no-tls"
	}
	if code == fault.NoSharedSuite && v.keyRulesOut() {
		id = "no-suite-for-certificate"
	}
	if b := v.firstBytes(); b != nil {
		if v.Seen == trace.Client {
			v.serverSpeaks(b)
		} else {
			v.clientSpeaks(b)
		}
		return
	}
	if id == "no-common-scheme" && v.suitesApart() {
		id = "no-common-suite"
	}
	if chain := v.chain(trace.Server); v.Seen == trace.Client && code.Whose() == fault.Trust && len(chain) > 0 && misplaced(chain) > 0 {
		id = "chain-order"
	}
	if id == "certificate-refused" || id == "client-certificate-refused" {
		id = v.refusedBy(id)
	}
	if id == "issuer-not-trusted" && v.rootless() {
		return
	}
	f := v.add(id, certain)
	if vague[id] || id == "certificate-refused" || id == "client-certificate-refused" { // which of many it was is known here
		f.Cause = sentence(v.Failure.Error())
	} else if v.Failure.Detail != "" {
		f.For = append(f.For, v.Failure.Detail)
	}
	v.point(f, code)
	if !notOffered[id] {
		f.Changes = v.changes()
	}
}

// firstBytes gives how the peer began if that is no TLS, as the failure tells it.
func (v *view) firstBytes() []byte {
	_, quoted, _ := strings.Cut(v.Failure.Detail, "they are ")
	if s, err := strconv.Unquote(quoted); err == nil && v.Failure.Code == fault.NotTLS {
		return []byte(s)
	}
	return nil
}

// suitesApart reports whether the server allows none of the client's suites.
func (v *view) suitesApart() bool {
	set := v.Settings[trace.Server-1]
	return set != nil && v.offered && !slices.ContainsFunc(set.Suites, func(s iana.Suite) bool { return v.offer.Hello.CipherSuites.Has(s) })
}

// refusedBy names what this side's verdict on a chain was about, if that has a name of
// its own: the chain shows it.
func (v *view) refusedBy(id string) string {
	if v.Seen != trace.Client || v.Failure.Code != fault.BadCertificate {
		return id
	}
	for _, f := range append(v.flaws(), v.forged()...) {
		if oneOf(f.kind, "constraints", "signature", "order", "strength") {
			return f.id
		}
	}
	return id
}

// rootless takes a server's certificate that came alone, and whose issuer is not
// trusted here: whether that is a root or an intermediate authority is not known.
func (v *view) rootless() bool {
	chain := v.chain(trace.Server)
	if v.Seen != trace.Client || len(chain) != 1 || selfIssued(chain[0]) {
		return false
	}
	root, middle := 72, 58
	if intermediate(chain[0].Issuer.CommonName) {
		root, middle = 58, 74
	}
	see := &Said{Name: "Certificate"}
	v.add("issuer-not-trusted", root, v.Failure.Detail).see(see, "Certificate.certificate_list[0].issuer", chain[0].Issuer.String()).settle("whether " + distinguished(chain[0].Issuer.String()) + " is a root")
	v.add("missing-intermediate", middle, "only the server's own certificate was sent").see(see, "Certificate.certificate_list", "one certificate").settle("whether " + distinguished(chain[0].Issuer.String()) + " is a root")
	return true
}

// notOffered are causes that no other offer would have mended: the server had
// refused before it looked at what is offered.
var notOffered = map[string]bool{"no-binding": true, "binding-rejects": true, "unrecognized-name": true, "server-policy": true}

// vague are causes of many kinds: what a fault says is more.
var vague = map[string]bool{"malformed-message": true, "server-failed": true, "client-failed": true, "client-speaks-no-tls": true, "server-policy": true, "early-data": true}

// point adds the place of the ClientHello that a fault is about.
func (v *view) point(f *Finding, code fault.Code) {
	if !v.offered {
		return
	}
	hello := v.said(trace.Client, 1)
	if hello == nil {
		hello = &Said{Name: "ClientHello"}
	}
	switch f.ID {
	case "no-common-version", "fallback":
		f.see(hello, "ClientHello.extensions.supported_versions", names(v.offeredVersions()))
	case "no-common-suite", "no-suite-for-certificate":
		f.see(hello, "ClientHello.cipher_suites", v.suites())
	case "no-common-group":
		f.see(hello, "ClientHello.extensions.supported_groups", names(v.groups()))
	case "no-common-scheme":
		f.see(hello, "ClientHello.extensions.signature_algorithms", names(v.schemes()))
	case "no-common-alpn":
		f.see(hello, "ClientHello.extensions.application_layer_protocol_negotiation", v.protocols())
	case "unrecognized-name", "no-binding", "binding-rejects", "name-mismatch":
		f.see(hello, "ClientHello.extensions.server_name", v.offer.ServerName)
	}
}

// sentence makes a sentence of what a fault says.
func sentence(s string) string {
	if s == "" {
		return s
	}
	if c := s[0]; c >= 'a' && c <= 'z' {
		s = string(c-'a'+'A') + s[1:]
	}
	if s[len(s)-1] != '.' {
		s += "."
	}
	return s
}
