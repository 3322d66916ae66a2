package explain

import (
	"fmt"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// emptyRefused are the alerts of servers that wanted a certificate and were shown none:
// handshake_failure is that of the RFC, decode_error that of GnuTLS.
var emptyRefused = []iana.Alert{iana.AlertHandshakeFailure, iana.AlertNoCertificate, iana.AlertBadCertificate, iana.AlertCertificateUnknown,
	iana.AlertDecodeError, iana.AlertAccessDenied, iana.AlertCertificateRequired}

// handedNothing reports whether the server has asked for a certificate, and the client's
// Certificate message is empty.
func (v *view) handedNothing() bool {
	return v.requested() && v.said(trace.Client, iana.MsgCertificate) != nil && len(v.Chains[trace.Client-1]) == 0
}

// serverRefusedClient weighs an alert of the server after the client's answer.
func (v *view) serverRefusedClient() {
	if !v.Ended.Known {
		v.refusedUnseenByServer()
		return
	}
	said := "the server sent " + v.alertName() + " after the client's answer"
	certificate := v.said(trace.Client, iana.MsgCertificate)
	switch a := v.Ended.Alert; {
	case oneOf(a, emptyRefused...) && v.handedNothing():
		v.add("client-certificate-missing", 95, said, "the server has asked for a certificate, and the client's Certificate message is empty").
			see(certificate, "Certificate.certificate_list", "empty").see(v.said(trace.Server, iana.MsgCertificateRequest), "CertificateRequest.certificate_authorities", "")
	case a == iana.AlertUnknownCA:
		v.add("client-certificate-untrusted", 95, said+": it does not know the issuer of the client's certificate").see(certificate, "Certificate.certificate_list", "")
	case a == iana.AlertCertificateExpired:
		v.add("client-certificate-expired", 95, said).see(certificate, "Certificate.certificate_list", "")
	case oneOf(a, iana.AlertBadCertificate, iana.AlertCertificateUnknown, iana.AlertUnsupportedCertificate, iana.AlertCertificateRevoked, iana.AlertAccessDenied):
		v.add("client-certificate-refused", 90, said).see(certificate, "Certificate.certificate_list", "").settle("the server's log")
	case v.stage == finished:
		v.add("server-failed", 50, said).settle("the server's log")
	case v.requested():
		v.add("client-certificate-refused", 65, said, "the server has asked for a certificate").settle("the server's log")
	default:
		v.add("server-policy", 50, said).settle("the server's log")
	}
}

// refusedUnseenByServer weighs an encrypted alert that answers the client's
// Finished. The lengths of the client's records tell whether there was a
// certificate: without one there is Finished alone.
func (v *view) refusedUnseenByServer() {
	said := "the server answered the client's Finished with a record as long as an alert"
	if v.ECH && v.clientAlerted() {
		v.add("ech-rejected", 72, "the client ended the connection right after its Finished, and had offered Encrypted Client Hello").
			settle("the key log of the client: handsel trace --keylog FILE")
		return
	}
	switch first := v.firstReply(); {
	case !v.is13():
		v.add("proof-wrong", 50, said).settle(askKeys, "the server's log")
	case first == 0 || first == 53 || first == 69: // Finished with SHA-256 and SHA-384, its type and tag
		v.add("server-failed", 50, said, "the client has shown no certificate: it was not asked for one").settle(askKeys, "the server's log")
	case first < 150: // by itself or in one record with Finished, padded or not: a certificate takes more
		v.add("client-certificate-missing", 85, said, fmt.Sprintf("the client's first protected record has %d bytes: a Certificate message without a certificate", first)).settle(askKeys, "the server's log")
	default:
		v.add("client-certificate-refused", 68, said, fmt.Sprintf("the client has shown a certificate: its first protected record has %d bytes", first)).settle(askKeys, "the server's log")
	}
}

// firstReply gives the length of the client's first protected record.
func (v *view) firstReply() int {
	for _, s := range v.Said {
		if s.From == trace.Client && s.Encrypted && len(s.Lengths) > 0 {
			return s.Lengths[0]
		}
	}
	return 0
}

// clientAlerted reports whether the client sent something as long as an alert
// before the server did.
func (v *view) clientAlerted() bool {
	for _, s := range v.Said {
		if s.Short {
			return s.From == trace.Client
		}
	}
	return false
}
