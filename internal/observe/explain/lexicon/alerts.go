package lexicon

import (
	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

type alert struct {
	means  string
	causes []string
	find   string
}

const (
	findPeer    = "the log of the side that sent it has the reason; a capture at the moment of the failure shows what it answers: handsel trace -v FILE"
	findHello   = "handsel connect HOST shows what is offered and chosen; try it with --tls12, --policy compatible and with another --sni; on the server, its log"
	findChain   = "handsel connect HOST shows the chain that the server sends, and each check of it"
	findClients = "the server's log names the check that failed; openssl x509 -in client.pem -noout -text shows issuer, dates and extendedKeyUsage"
)

// alertTable has what each alert means. RFC 9846, section 6.2, and the RFCs that
// have added to it.
var alertTable = map[iana.Alert]alert{
	iana.AlertCloseNotify:                  {"Not an error: the sender has nothing more to say. In the middle of a handshake it means that the sender gave up without giving a reason.", []string{"client-gave-up", "certificate-refused"}, ""},
	iana.AlertUnexpectedMessage:            {"A message came that does not belong there. Servers also answer so to what is no TLS, or to a renegotiation that they do not want.", []string{"malformed-message", "http-to-tls-port", "renegotiation-refused", "old-hello"}, findPeer},
	iana.AlertBadRecordMAC:                 {"A record could not be decrypted: it was changed on the way, or the two have different keys.", []string{"record-altered"}, "does it happen without the devices between the two? with another cipher suite?"},
	iana.AlertRecordOverflow:               {"A record is longer than the protocol allows. Often the bytes are no TLS at all.", []string{"malformed-message", "server-speaks-no-tls"}, findPeer},
	iana.AlertHandshakeFailure:             {"The sender could not agree to anything that was offered, and does not say to what. Right after the ClientHello: no suite, group or signature scheme in common, or no certificate that goes with them. After the client's answer in TLS 1.2: the client's certificate is missing.", []string{"no-common-suite", "no-suite-for-certificate", "no-common-group", "no-common-scheme", "client-certificate-missing", "weak-dh", "no-server-name"}, findHello},
	iana.AlertBadCertificate:               {"The sender does not take the certificate, and does not say why. Go and GnuTLS send it for every reason; OpenSSL for a wrong name or one that is not valid yet.", []string{"issuer-not-trusted", "name-mismatch", "certificate-expired", "certificate-not-yet-valid", "missing-intermediate", "client-certificate-refused"}, findChain},
	iana.AlertUnsupportedCertificate:       {"The certificate is of a kind, or for a purpose, that the sender does not take.", []string{"wrong-purpose", "client-certificate-refused"}, findChain},
	iana.AlertCertificateRevoked:           {"The certificate was revoked by its issuer.", []string{"certificate-revoked", "client-certificate-refused"}, findChain},
	iana.AlertCertificateExpired:           {"The certificate has expired, or is not valid yet. Of a server: it is the client's certificate.", []string{"certificate-expired", "client-certificate-expired", "certificate-not-yet-valid"}, findChain},
	iana.AlertCertificateUnknown:           {"The sender does not take the certificate for another reason. Java sends it for every reason.", []string{"issuer-not-trusted", "name-mismatch", "certificate-expired", "missing-intermediate", "client-certificate-refused"}, findChain},
	iana.AlertIllegalParameter:             {"A field has a value that it may not have, or that does not fit another one.", []string{"malformed-message", "downgraded"}, findPeer},
	iana.AlertUnknownCA:                    {"The certificate was issued by an authority that the sender does not trust, or an intermediate certificate is missing. Of a server: it is the client's certificate.", []string{"issuer-not-trusted", "missing-intermediate", "self-signed", "client-certificate-untrusted"}, findChain},
	iana.AlertAccessDenied:                 {"The certificate is in order, and the sender does not let its owner in.", []string{"server-policy", "client-certificate-refused"}, findClients},
	iana.AlertDecodeError:                  {"A message could not be read: a length or a field does not fit.", []string{"malformed-message", "closed-after-hello"}, findPeer},
	iana.AlertDecryptError:                 {"A signature or a Finished did not verify: the two have not seen the same messages, or the key does not belong to the certificate.", []string{"proof-wrong"}, "compare certificate and key on every node behind the address"},
	iana.AlertProtocolVersion:              {"The two have no protocol version in common: mostly an old client and a server without TLS 1.0 and 1.1, or a new client and an old server.", []string{"no-common-version", "old-hello"}, "handsel connect HOST --max 1.2, --min 1.0 --policy legacy, ... show which versions the server takes"},
	iana.AlertInsufficientSecurity:         {"What is offered is too weak for the sender.", []string{"no-common-suite", "weak-dh"}, findHello},
	iana.AlertInternalError:                {"The sender made a mistake of its own: it is not about the peer. A server right after the ClientHello: it has no settings, certificate or key for the name.", []string{"server-configuration", "server-failed", "key-unusable", "no-common-version"}, "the log of the side that sent it"},
	iana.AlertInappropriateFallback:        {"The client tried again with an older version although the server knows a newer one (RFC 7507): its first try was broken off.", []string{"fallback"}, "why did the first try fail? A capture shows it"},
	iana.AlertUserCanceled:                 {"The sender ends the handshake for a reason that has nothing to do with TLS.", []string{"canceled"}, ""},
	iana.AlertNoRenegotiation:              {"The sender does not want another handshake on the open connection. It is a warning; the other side may go on or give up.", []string{"renegotiation-refused"}, ""},
	iana.AlertMissingExtension:             {"The hello lacks an extension that the version cannot do without.", []string{"extension-missing"}, findPeer},
	iana.AlertUnsupportedExtension:         {"The peer answered with an extension that was not asked for.", []string{"malformed-message"}, findPeer},
	iana.AlertUnrecognizedName:             {"The server has no site for the name in server_name, or wants one and there is none. As a warning it is no failure.", []string{"unrecognized-name", "no-server-name"}, "handsel bind test --ip ADDRESS --port 443 --sni NAME on a server of Handsel; else its list of sites"},
	iana.AlertBadCertificateStatusResponse: {"The OCSP response of the server is not in order, or one was wanted and is missing.", []string{"staple-refused"}, "openssl s_client -connect HOST:443 -status"},
	iana.AlertUnknownPSKIdentity:           {"The server does not know the pre-shared key that the client offers.", []string{"psk-unknown"}, ""},
	iana.AlertCertificateRequired:          {"The server wants a certificate of the client, and the client has shown none (TLS 1.3).", []string{"client-certificate-missing"}, findClients},
	iana.AlertNoApplicationProtocol:        {"The two have no application protocol (ALPN) in common.", []string{"no-common-alpn"}, "handsel connect HOST --alpn h2,http/1.1"},
	iana.AlertECHRequired:                  {"The server rejected the encrypted ClientHello, and the client does not go on without.", []string{"ech-rejected"}, ""},
	iana.AlertGeneralError:                 {"The sender made a mistake that no other alert names.", []string{"server-failed", "client-failed"}, "the log of the side that sent it"},
	21:                                     {"A record could not be decrypted (TLS 1.0; bad_record_mac takes its place since).", []string{"record-altered"}, findPeer},
	30:                                     {"A record could not be decompressed. Nobody compresses records any more.", []string{"malformed-message"}, findPeer},
	41:                                     {"SSL 3.0: the client has no certificate to show.", []string{"client-certificate-missing"}, findClients},
	60:                                     {"Export suites were not allowed. No stack has them any more.", []string{"no-common-suite"}, ""},
	111:                                    {"A certificate could not be had from the address that the client gave.", []string{"client-certificate-refused"}, ""},
	114:                                    {"The hash of a certificate at an address does not fit.", []string{"client-certificate-refused"}, ""},
	52:                                     {"Too many connection IDs were asked for (RFC 9146); DTLS.", []string{"malformed-message"}, ""},
}
