package lexicon_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/handsel-tls/handsel/internal/observe/explain/lexicon"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// alertTexts are what four stacks print of an alert that came: number, OpenSSL, Go,
// GnuTLS, Java's name if it is not that of the registry. "-": nothing of its own.
var alertTexts = []struct {
	number              int
	openssl, golang, gt string
}{
	{10, "sslv3 alert unexpected message", "unexpected message", "Unexpected message"},
	{20, "sslv3 alert bad record mac", "bad record MAC", "Bad record MAC"},
	{21, "tlsv1 alert decryption failed", "decryption failed", "Decryption failed"},
	{22, "tlsv1 alert record overflow", "record overflow", "Record overflow"},
	{30, "sslv3 alert decompression failure", "decompression failure", "Decompression failed"},
	{40, "sslv3 alert handshake failure", "handshake failure", "Handshake failed"},
	{41, "sslv3 alert no certificate", "alert(41)", "No certificate (SSL 3.0)"},
	{42, "sslv3 alert bad certificate", "bad certificate", "Certificate is bad"},
	{43, "sslv3 alert unsupported certificate", "unsupported certificate", "Certificate is not supported"},
	{44, "sslv3 alert certificate revoked", "revoked certificate", "Certificate was revoked"},
	{45, "sslv3 alert certificate expired", "expired certificate", "Certificate is expired"},
	{46, "sslv3 alert certificate unknown", "unknown certificate", "Unknown certificate"},
	{47, "sslv3 alert illegal parameter", "illegal parameter", "Illegal parameter"},
	{48, "tlsv1 alert unknown ca", "unknown certificate authority", "CA is unknown"},
	{49, "tlsv1 alert access denied", "access denied", "Access was denied"},
	{50, "tlsv1 alert decode error", "error decoding message", "Decode error"},
	{51, "tlsv1 alert decrypt error", "error decrypting message", "Decrypt error"},
	{52, "reason(1052)", "alert(52)", "-"},
	{60, "tlsv1 alert export restriction", "export restriction", "Export restriction"},
	{70, "tlsv1 alert protocol version", "protocol version not supported", "Error in protocol version"},
	{71, "tlsv1 alert insufficient security", "insufficient security level", "Insufficient security"},
	{80, "tlsv1 alert internal error", "internal error", "Internal error"},
	{86, "tlsv1 alert inappropriate fallback", "inappropriate fallback", "Inappropriate fallback"},
	{90, "tlsv1 alert user cancelled", "user canceled", "User canceled"},
	{100, "tlsv1 alert no renegotiation", "no renegotiation", "No renegotiation is allowed"},
	{109, "tlsv13 alert missing extension", "missing extension", "An extension was expected but was not seen"},
	{110, "tlsv1 unsupported extension", "unsupported extension", "An unsupported extension was sent"},
	{111, "tlsv1 certificate unobtainable", "certificate unobtainable", "Could not retrieve the specified certificate"},
	{112, "tlsv1 unrecognized name", "unrecognized name", "The server name sent was not recognized"},
	{113, "tlsv1 bad certificate status response", "bad certificate status response", "-"},
	{114, "tlsv1 bad certificate hash value", "bad certificate hash value", "-"},
	{115, "tlsv1 alert unknown psk identity", "unknown PSK identity", "The SRP/PSK username is missing or not known"},
	{116, "tlsv13 alert certificate required", "certificate required", "Certificate is required"},
	{117, "reason(1117)", "alert(117)", "-"},
	{120, "tlsv1 alert no application protocol", "no application protocol", "No supported application protocol could be negotiated"},
	{121, "reason(1121)", "encrypted client hello required", "-"},
}

// TestAlertTexts: an alert is known in the words of each stack, as they stand in its
// programs' output and in logs.
func TestAlertTexts(t *testing.T) {
	for _, a := range alertTexts {
		name := iana.Alert(a.number).String()
		want := fmt.Sprintf("(%d)", a.number)
		name = strings.TrimSuffix(name, "_RESERVED")
		screaming := strings.ToUpper(strings.ReplaceAll(a.openssl, " ", "_"))
		code := fmt.Sprintf("0A%06X", 1000+a.number)
		texts := []string{
			strconv.Itoa(a.number), "alert " + strconv.Itoa(a.number), name, strings.ReplaceAll(name, "_", " "), strings.ToUpper(name), strings.ReplaceAll(name, "_", "-"),
			"Received fatal alert: " + name,
			"javax.net.ssl.SSLHandshakeException: Received fatal alert: " + name + "\n\tat java.base/sun.security.ssl.Alert.createSSLException(Alert.java:131)",
			"SSL alert number " + strconv.Itoa(a.number),
			"139:error:" + code + ":SSL routines:ssl3_read_bytes:" + a.openssl + ":../ssl/record/rec_layer_s3.c:1602:SSL alert number " + strconv.Itoa(a.number),
			"curl: (35) OpenSSL/3.0.17: error:" + code + ":SSL routines::" + a.openssl,
			"error:" + code + ":SSL routines::" + a.openssl,
			"2026/11/24 10:00:00 [crit] 77#77: *4 SSL_do_handshake() failed (SSL: error:" + code + ":SSL routines::" + a.openssl + ":SSL alert number " + strconv.Itoa(a.number) + ") while SSL handshaking, client: 192.0.2.7, server: 0.0.0.0:443",
			"ssl.SSLError: [SSL: " + screaming + "] " + a.openssl + " (_ssl.c:1006)",
			"write EPROTO 40A7:error:" + code + ":SSL routines:ssl3_read_bytes:" + a.openssl + ":../deps/openssl/openssl/ssl/record/rec_layer_s3.c:1605:SSL alert number " + strconv.Itoa(a.number),
			"remote error: tls: " + a.golang,
			"2026/11/24 10:00:00 http: TLS handshake error from 192.0.2.7:50000: remote error: tls: " + a.golang,
			`Get "https://www.example.com/": remote error: tls: ` + a.golang,
		}
		if !strings.HasPrefix(a.openssl, "reason(") {
			texts = append(texts, a.openssl)
		}
		if a.gt != "-" {
			texts = append(texts, "*** Received alert ["+strconv.Itoa(a.number)+"]: "+a.gt)
		}
		for _, text := range texts {
			if found := lexicon.Look(text); len(found) == 0 || !strings.HasSuffix(found[0].Title, want) {
				t.Errorf("%s\n\twant %s%s, got %s", text, name, want, titles(found))
			}
		}
	}
}

func titles(found []lexicon.Entry) (all []string) {
	for _, e := range found {
		all = append(all, e.Title)
	}
	return all
}

// others are texts that tell of something else than an alert that came, with the cause
// that has to come first or second.
var others = []struct{ text, cause string }{
	{"verify error:num=20:unable to get local issuer certificate", "missing-intermediate"},
	{"verify error:num=21:unable to verify the first certificate", "missing-intermediate"},
	{"Verify return code: 19 (self-signed certificate in certificate chain)", "issuer-not-trusted"},
	{"Verify return code: 18 (self-signed certificate)", "self-signed"},
	{"verify error:num=10:certificate has expired", "certificate-expired"},
	{"verify error:num=62:hostname mismatch", "name-mismatch"},
	{"verify error:num=3:unable to get certificate CRL", "revocation-unknown"},
	{"verify error:num=24:invalid CA certificate", "constraints-violated"},
	{"verify error:num=25:path length constraint exceeded", "constraints-violated"},
	{"verify error:num=34:unhandled critical extension", "critical-extension"},
	{"verify error:num=47:permitted subtree violation", "constraints-violated"},
	{"verify error:num=48:excluded subtree violation", "constraints-violated"},
	{"verify error:num=26:unsuitable certificate purpose", "wrong-purpose"},
	{"verify error:num=23:certificate revoked", "certificate-revoked"},
	{"verify error:num=7:certificate signature failure", "certificate-altered"},
	{"error:0A000102:SSL routines::unsupported protocol", "no-common-version"},
	{"error:0A00018A:SSL routines:tls_process_ske_dhe:dh key too small", "weak-dh"},
	{"error:0A0000C1:SSL routines:tls_post_process_client_hello:no shared cipher", "no-common-suite"},
	{"error:0A000065:SSL routines:final_key_share:no suitable key share", "no-common-group"},
	{"error:0A000076:SSL routines:tls_choose_sigalg:no suitable signature algorithm", "no-common-scheme"},
	{"error:0A000178:SSL routines::no shared signature algorithms", "no-common-scheme"},
	{"error:0A00009C:SSL routines:ssl3_get_record:http request", "http-to-tls-port"},
	{"error:0A00009B:SSL routines::https proxy request", "proxy-request-to-tls-port"},
	{"error:0A00010B:SSL routines:ssl3_get_record:wrong version number", "server-speaks-no-tls"},
	{"SSL routines:SSL23_GET_SERVER_HELLO:unknown protocol", "server-speaks-no-tls"},
	{"error:0A0000C7:SSL routines:tls_process_client_certificate:peer did not return a certificate", "client-certificate-missing"},
	{"error:0A000126:SSL routines::unexpected eof while reading", "closed-after-hello"},
	{"error:0A000152:SSL routines::unsafe legacy renegotiation disabled", "renegotiation-unsafe"},
	{"error:0A00007B:SSL routines::bad signature", "proof-wrong"},
	{"error:0A000095:SSL routines::digest check failed", "proof-wrong"},
	{"error:0A0000EA:SSL routines::callback failed", "server-configuration"},
	{"error:05800074:x509 certificate routines::key values mismatch", "key-unusable"},
	{`nginx: [emerg] SSL_CTX_use_PrivateKey("/etc/nginx/key.pem") failed (SSL: error:05800074:x509 certificate routines::key values mismatch)`, "key-unusable"},
	{"invalid status response", "staple-refused"},
	{"write:errno=104", "reset-after-hello"},
	{"certificate verify failed: unable to get local issuer certificate (_ssl.c:1006)", "missing-intermediate"},
	{"requests.exceptions.SSLError: HTTPSConnectionPool(host='x', port=443): Max retries exceeded with url: / (Caused by SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has expired (_ssl.c:1006)')))", "certificate-expired"},
	{"ConnectionResetError: [Errno 104] Connection reset by peer", "reset-after-hello"},
	{"ssl.SSLEOFError: [SSL: UNEXPECTED_EOF_WHILE_READING] EOF occurred in violation of protocol (_ssl.c:1006)", "closed-after-hello"},
	// Go
	{"x509: certificate signed by unknown authority", "issuer-not-trusted"},
	{"tls: failed to verify certificate: x509: certificate is valid for www.example.com, not localhost", "name-mismatch"},
	{"x509: certificate has expired or is not yet valid: current time 2026-11-24T10:00:00Z is after 2025-01-01T00:00:00Z", "certificate-expired"},
	{"x509: certificate has expired or is not yet valid: current time 2026-11-24T10:00:00Z is before 2027-01-01T00:00:00Z", "certificate-not-yet-valid"},
	{"x509: cannot validate certificate for 127.0.0.1 because it doesn't contain any IP SANs", "name-mismatch"},
	{"x509: certificate relies on legacy Common Name field, use SANs instead", "name-mismatch"},
	{"x509: certificate is not valid for any names, but wanted to match localhost", "name-mismatch"},
	{"x509: certificate specifies an incompatible key usage", "wrong-purpose"},
	{"x509: a root or intermediate certificate is not authorized to sign for this name", "constraints-violated"},
	{"x509: unhandled critical extension", "critical-extension"},
	{"x509: too many intermediates for path length constraint", "constraints-violated"},
	{`x509: invalid signature: parent certificate cannot sign this kind of certificate`, "constraints-violated"},
	{"x509: negative serial number", "certificate-unreadable"},
	{"tls: client offered only unsupported versions: [301]", "no-common-version"},
	{"tls: no cipher suite supported by both client and server; client offered: [c030 ff]", "no-common-suite"},
	{"tls: no key exchanges supported by both client and server", "no-common-group"},
	{"tls: no ECDHE curve supported by both client and server", "no-common-group"},
	{"tls: peer doesn't support any of the certificate's signature algorithms", "no-common-scheme"},
	{"tls: client didn't provide a certificate", "client-certificate-missing"},
	{"tls: failed to verify certificate: x509: certificate signed by unknown authority", "issuer-not-trusted"},
	{"tls: client requested unsupported application protocols ([\"imap\"])", "no-common-alpn"},
	{"tls: server selected unsupported protocol version 301", "no-common-version"},
	{"tls: unsupported SSLv2 handshake received", "old-hello"},
	{"tls: first record does not look like a TLS handshake", "server-speaks-no-tls"},
	{"http: server gave HTTP response to HTTPS client", "server-speaks-no-tls"},
	{"client sent an HTTP request to an HTTPS server", "http-to-tls-port"},
	{"local error: tls: no renegotiation", "renegotiation-refused"},
	{"local error: tls: bad record MAC", "record-altered"},
	{"tls: invalid signature by the server certificate: ECDSA verification failure", "proof-wrong"},
	{"tls: private key does not match public key", "key-unusable"},
	{"read tcp 10.0.0.1:1->10.0.0.2:443: read: connection reset by peer", "reset-after-hello"},
	{"dial tcp 127.0.0.1:443: connect: connection refused", "connection-refused"},
	{"dial tcp 10.0.0.1:443: i/o timeout", "connection-unanswered"},
	{"net/http: TLS handshake timeout", "server-silent"},
	{"tls: handshake message of length 65600 bytes exceeds maximum of 65536 bytes", "malformed-message"},
	{"tls: server rejected ECH", "ech-rejected"},
	{"tls: unsupported certificate key (*dsa.PublicKey)", "certificate-refused"},
	{`Get "https://x/": EOF`, "closed-after-hello"},
	// curl
	{"curl: (60) SSL certificate problem: unable to get local issuer certificate", "missing-intermediate"},
	{"curl: (60) SSL: no alternative certificate subject name matches target host name 'x'", "name-mismatch"},
	{"curl: (35) Recv failure: Connection reset by peer", "reset-after-hello"},
	{"curl: (35) OpenSSL SSL_connect: Connection reset by peer in connection to x:443", "reset-after-hello"},
	{"curl: (35) OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to x:443", "closed-after-hello"},
	{"curl: (52) Empty reply from server", "http-to-tls-port"},
	{"curl: (7) Failed to connect to x port 443 after 0 ms: Couldn't connect to server", "connection-refused"},
	{"curl: (28) Connection timed out after 2001 milliseconds", "server-silent"},
	{"curl: (56) OpenSSL SSL_read: error:0A00045C:SSL routines::tlsv13 alert certificate required, errno 0", "client-certificate-missing"},
	{"curl: (90) SSL: public key does not match pinned public key", "certificate-refused"},
	{"curl: (91) No OCSP response received", "staple-refused"},
	{"curl: (58) could not load PEM client certificate", "client-failed"},
	{"curl: (56) CONNECT tunnel failed, response 403", "proxy-refused"},
	{"curl: (56) Received HTTP code 407 from proxy after CONNECT", "proxy-refused"},
	{"curl: (35) schannel: next InitializeSecurityContext failed: SEC_E_UNTRUSTED_ROOT (0x80090325) - The certificate chain was issued by an authority that is not trusted.", "issuer-not-trusted"},
	// Java
	{"sun.security.provider.certpath.SunCertPathBuilderException: unable to find valid certification path to requested target", "issuer-not-trusted"},
	{"java.security.cert.CertificateException: No subject alternative DNS name matching x found.", "name-mismatch"},
	{"java.security.cert.CertificateException: No name matching x found", "name-mismatch"},
	{"No subject alternative names present", "name-mismatch"},
	{"java.security.cert.CertificateExpiredException: NotAfter: Wed Jan 01 00:00:00 UTC 2025", "certificate-expired"},
	{"java.security.cert.CertificateNotYetValidException: NotBefore: Wed Jan 01 00:00:00 UTC 2030", "certificate-not-yet-valid"},
	{"javax.net.ssl.SSLException: Unsupported or unrecognized SSL message", "server-speaks-no-tls"},
	{"javax.net.ssl.SSLException: Unrecognized SSL message, plaintext connection?", "server-speaks-no-tls"},
	{"javax.net.ssl.SSLHandshakeException: Remote host terminated the handshake\nCaused by: java.io.EOFException: SSL peer shut down incorrectly", "closed-after-hello"},
	{"java.net.SocketException: Connection reset", "reset-after-hello"},
	{"java.net.ConnectException: Connection refused", "connection-refused"},
	{"java.security.cert.CertPathValidatorException: Path does not chain with any of the trust anchors", "issuer-not-trusted"},
	{"java.security.InvalidAlgorithmParameterException: the trustAnchors parameter must be non-empty", "issuer-not-trusted"},
	{"javax.net.ssl.SSLHandshakeException: DHPublicKey does not comply to algorithm constraints", "weak-dh"},
	{"Extended key usage does not permit use for TLS server authentication", "wrong-purpose"},
	{"javax.net.ssl.SSLHandshakeException: no cipher suites in common", "no-common-suite"},
	{"javax.net.ssl.SSLHandshakeException: handshake alert: unrecognized_name", "unrecognized-name"},
	{"Received close_notify during handshake", "client-gave-up"},
	{"No supported CertificateVerify signature algorithm for RSA key", "no-common-scheme"},
	{"java.security.cert.CertPathValidatorException: Could not determine revocation status", "revocation-unknown"},
	// GnuTLS
	{"*** Fatal error: An unexpected TLS packet was received.", "server-speaks-no-tls"},
	{"*** Fatal error: The TLS connection was non-properly terminated.", "closed-after-hello"},
	{"- Status: The certificate is NOT trusted. The certificate issuer is unknown.", "issuer-not-trusted"},
	{"- Status: The certificate is NOT trusted. The certificate chain uses expired certificate.", "certificate-expired"},
	{"- Status: The certificate is NOT trusted. The name in the certificate does not match the expected.", "name-mismatch"},
	{"- Status: The certificate is NOT trusted. The certificate chain uses not yet valid certificate.", "certificate-not-yet-valid"},
	{"- Status: The certificate is NOT trusted. The certificate requires the server to include an OCSP status in its response, but the OCSP status is missing.", "staple-refused"},
	{"*** Fatal error: Error in the push function.", "closed-after-hello"},
	{"*** Fatal error: No supported cipher suites have been found.", "no-common-suite"},
	{"*** Fatal error: Key usage violation in certificate has been detected.", "wrong-purpose"},
	{"*** Fatal error: The Diffie-Hellman prime sent by the server is not acceptable (not long enough).", "weak-dh"},
	{"*** Fatal error: Certificate is required.", "client-certificate-missing"},
	// browsers
	{"This site can't provide a secure connection ERR_SSL_PROTOCOL_ERROR", "server-speaks-no-tls"},
	{"ERR_SSL_BAD_RECORD_MAC_ALERT", "record-altered"}, {"ERR_SSL_DECRYPT_ERROR_ALERT", "proof-wrong"}, {"ERR_SSL_DECOMPRESSION_FAILURE_ALERT", "malformed-message"},
	{"ERR_SSL_UNRECOGNIZED_NAME_ALERT", "unrecognized-name"}, {"net::ERR_TLS13_DOWNGRADE_DETECTED", "downgraded"}, {"ERR_SSL_KEY_USAGE_INCOMPATIBLE", "wrong-purpose"},
	{"ERR_CERT_AUTHORITY_INVALID", "issuer-not-trusted"}, {"ERR_CERT_DATE_INVALID", "certificate-expired"}, {"ERR_CERT_INVALID", "wrong-purpose"}, {"ERR_CERT_NAME_CONSTRAINT_VIOLATION", "constraints-violated"},
	{"ERR_CERT_VALIDITY_TOO_LONG", "certificate-refused"}, {"ERR_CERTIFICATE_TRANSPARENCY_REQUIRED", "certificate-refused"}, {"ERR_SSL_CLIENT_AUTH_SIGNATURE_FAILED", "no-common-scheme"}, {"ERR_ECH_NOT_NEGOTIATED", "ech-rejected"},
	{"ERR_CONNECTION_RESET", "reset-after-hello"}, {"ERR_CONNECTION_CLOSED", "closed-after-hello"}, {"ERR_TIMED_OUT", "connection-unanswered"}, {"ERR_CONNECTION_TIMED_OUT", "connection-unanswered"}, {"ERR_EMPTY_RESPONSE", "http-to-tls-port"},
	{"ERR_CONNECTION_REFUSED", "connection-refused"}, {"ERR_SSL_RENEGOTIATION_REQUESTED", "renegotiation-refused"}, {"ERR_SSL_NO_RENEGOTIATION", "renegotiation-refused"}, {"ERR_TUNNEL_CONNECTION_FAILED", "proxy-refused"},
	{"ERR_SSL_PINNED_KEY_NOT_IN_CERT_CHAIN", "certificate-refused"}, {"ERR_SSL_OBSOLETE_VERSION", "no-common-version"}, {"ERR_SSL_SERVER_CERT_BAD_FORMAT", "certificate-unreadable"}, {"ERR_CERT_UNABLE_TO_CHECK_REVOCATION", "revocation-unknown"}, {"NET::ERR_CERT_REVOKED", "certificate-revoked"},
	{"Error code: SSL_ERROR_RX_RECORD_TOO_LONG", "server-speaks-no-tls"}, {"SSL_ERROR_NO_CYPHER_OVERLAP", "no-common-suite"}, {"SSL_ERROR_UNSUPPORTED_VERSION", "no-common-version"}, {"SSL_ERROR_PROTOCOL_VERSION_ALERT", "no-common-version"},
	{"SSL_ERROR_BAD_CERT_DOMAIN", "name-mismatch"}, {"SSL_ERROR_UNRECOGNIZED_NAME_ALERT", "unrecognized-name"}, {"SSL_ERROR_BAD_CERT_ALERT", "client-certificate-refused"}, {"SSL_ERROR_UNKNOWN_CA_ALERT", "issuer-not-trusted"}, {"SSL_ERROR_EXPIRED_CERT_ALERT", "certificate-expired"},
	{"SSL_ERROR_RX_CERTIFICATE_REQUIRED_ALERT", "client-certificate-missing"}, {"SSL_ERROR_INTERNAL_ERROR_ALERT", "server-configuration"}, {"SSL_ERROR_BAD_MAC_READ", "record-altered"}, {"SSL_ERROR_WEAK_SERVER_EPHEMERAL_DH_KEY", "weak-dh"}, {"SSL_ERROR_NEXT_PROTOCOL_NO_PROTOCOL", "no-common-alpn"},
	{"SSL_ERROR_NO_CERTIFICATE", "server-certificate-unavailable"}, {"SSL_ERROR_UNSAFE_NEGOTIATION", "renegotiation-unsafe"}, {"SSL_ERROR_RENEGOTIATION_NOT_ALLOWED", "renegotiation-refused"}, {"SSL_ERROR_INAPPROPRIATE_FALLBACK_ALERT", "fallback"}, {"SSL_ERROR_ACCESS_DENIED_ALERT", "server-policy"},
	{"SEC_ERROR_UNKNOWN_ISSUER", "issuer-not-trusted"}, {"SEC_ERROR_EXPIRED_CERTIFICATE", "certificate-expired"}, {"SEC_ERROR_EXPIRED_ISSUER_CERTIFICATE", "certificate-expired"}, {"SEC_ERROR_REVOKED_CERTIFICATE", "certificate-revoked"}, {"SEC_ERROR_BAD_SIGNATURE", "proof-wrong"},
	{"SEC_ERROR_CA_CERT_INVALID", "constraints-violated"}, {"SEC_ERROR_PATH_LEN_CONSTRAINT_INVALID", "constraints-violated"}, {"SEC_ERROR_CERT_NOT_IN_NAME_SPACE", "constraints-violated"}, {"SEC_ERROR_UNKNOWN_CRITICAL_EXTENSION", "critical-extension"}, {"SEC_ERROR_CERT_SIGNATURE_ALGORITHM_DISABLED", "weak-certificate"},
	{"SEC_ERROR_INADEQUATE_CERT_TYPE", "wrong-purpose"}, {"SEC_ERROR_UNSUPPORTED_KEYALG", "certificate-refused"}, {"SEC_ERROR_OCSP_INVALID_SIGNING_CERT", "staple-refused"}, {"SEC_ERROR_OCSP_SERVER_ERROR", "revocation-unknown"}, {"SEC_ERROR_UNTRUSTED_ISSUER", "issuer-not-trusted"},
	{"MOZILLA_PKIX_ERROR_REQUIRED_TLS_FEATURE_MISSING", "staple-refused"}, {"MOZILLA_PKIX_ERROR_SELF_SIGNED_CERT", "self-signed"}, {"MOZILLA_PKIX_ERROR_KEY_PINNING_FAILURE", "certificate-refused"}, {"MOZILLA_PKIX_ERROR_CA_CERT_USED_AS_END_ENTITY", "chain-order"}, {"MOZILLA_PKIX_ERROR_INADEQUATE_KEY_SIZE", "weak-certificate"},
	{"PR_CONNECT_RESET_ERROR", "reset-after-hello"}, {"PR_END_OF_FILE_ERROR", "closed-after-hello"}, {"PR_CONNECT_REFUSED_ERROR", "connection-refused"}, {"NS_ERROR_NET_TIMEOUT", "connection-unanswered"}, {"NS_ERROR_NET_RESET", "reset-after-hello"}, {"NS_ERROR_CONNECTION_REFUSED", "connection-refused"}, {"NS_ERROR_NET_INTERRUPT", "closed-after-hello"}, {"NS_ERROR_NET_INADEQUATE_SECURITY", "no-common-suite"},
	// Node.js
	{"Error: self-signed certificate in certificate chain { code: 'SELF_SIGNED_CERT_IN_CHAIN' }", "issuer-not-trusted"}, {"DEPTH_ZERO_SELF_SIGNED_CERT", "self-signed"}, {"UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "missing-intermediate"}, {"CERT_HAS_EXPIRED", "certificate-expired"}, {"CERT_NOT_YET_VALID", "certificate-not-yet-valid"},
	{"UNABLE_TO_VERIFY_LEAF_SIGNATURE", "missing-intermediate"}, {"ERR_TLS_CERT_ALTNAME_INVALID", "name-mismatch"}, {"Error: Client network socket disconnected before secure TLS connection was established", "closed-after-hello"}, {"Error: read ECONNRESET", "reset-after-hello"}, {"connect ECONNREFUSED 127.0.0.1:443", "connection-refused"},
	{"ERR_SSL_WRONG_VERSION_NUMBER", "server-speaks-no-tls"}, {"ERR_SSL_UNSUPPORTED_PROTOCOL", "no-common-version"}, {"ERR_SSL_NO_SHARED_CIPHER", "no-common-suite"}, {"EPROTO", "no-common-version"}, {"ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION", "no-common-version"}, {"ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE", "no-common-suite"},
	{"ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE", "no-common-suite"}, {"ERR_SSL_DH_KEY_TOO_SMALL", "weak-dh"}, {"ERR_SSL_UNSAFE_LEGACY_RENEGOTIATION_DISABLED", "renegotiation-unsafe"}, {"ETIMEDOUT", "connection-unanswered"},
	{"socket hang up", "closed-after-hello"}, {"error:0A000410:SSL routines::ssl/tls alert handshake failure", "no-common-suite"}, {"error:14094410:SSL routines:ssl3_read_bytes:sslv3 alert handshake failure", "no-common-suite"}, {"error:1408F10B:SSL routines:ssl3_get_record:wrong version number", "server-speaks-no-tls"},
	{"error:1409442E:SSL routines:ssl3_read_bytes:tlsv1 alert protocol version", "no-common-version"},
	// Schannel, .NET
	{"SEC_E_WRONG_PRINCIPAL", "name-mismatch"}, {"The target principal name is incorrect.", "name-mismatch"}, {"SEC_E_CERT_EXPIRED", "certificate-expired"}, {"SEC_E_CERT_WRONG_USAGE", "wrong-purpose"}, {"SEC_E_UNSUPPORTED_FUNCTION", "no-common-version"}, {"SEC_E_ALGORITHM_MISMATCH", "no-common-suite"},
	{"SEC_E_INVALID_TOKEN", "server-speaks-no-tls"}, {"The token supplied to the function is invalid", "server-speaks-no-tls"}, {"CRYPT_E_REVOCATION_OFFLINE", "revocation-unknown"}, {"CERT_E_CHAINING", "missing-intermediate"}, {"CERT_E_CN_NO_MATCH", "name-mismatch"}, {"0x80092012", "revocation-unknown"}, {"0x80092013", "revocation-unknown"}, {"0x80090331", "no-common-suite"}, {"-2146893007", "no-common-suite"}, {"2148074278", "no-common-suite"}, {"80090326", "no-common-suite"}, {"0x80090322", "name-mismatch"}, {"-2146762481", "name-mismatch"}, {"0x800b0109", "issuer-not-trusted"}, {"HRESULT: 0x80090325", "issuer-not-trusted"},
	{"0x8009030D", "key-unusable"}, {"0x80070520", "key-unusable"}, {"netsh: SSL Certificate add failed, Error: 1312", "key-unusable"}, {"An existing connection was forcibly closed by the remote host", "reset-after-hello"}, {"The request was aborted: Could not create SSL/TLS secure channel.", "no-common-version"}, {"WinHttp 12175", "issuer-not-trusted"}, {"ERROR_WINHTTP_SECURE_FAILURE", "issuer-not-trusted"}, {"0x80072F8F", "issuer-not-trusted"}, {"0x80072F7D", "no-common-version"},
	{"AuthenticationException: The remote certificate is invalid according to the validation procedure: RemoteCertificateNameMismatch", "name-mismatch"}, {"RemoteCertificateChainErrors", "issuer-not-trusted"}, {"The remote certificate was rejected by the provided RemoteCertificateValidationCallback", "issuer-not-trusted"}, {"System.IO.IOException: Received an unexpected EOF or 0 bytes from the transport stream.", "closed-after-hello"}, {"Cannot determine the frame size or a corrupted frame was received", "server-speaks-no-tls"}, {"UntrustedRoot", "issuer-not-trusted"}, {"PartialChain", "missing-intermediate"}, {"NotTimeValid", "certificate-expired"}, {"The handshake failed due to an unexpected packet format", "server-speaks-no-tls"},
	{"36871 10013", "no-common-version"}, {"36870 10001 0x8009030D", "key-unusable"}, {"event 36882", "issuer-not-trusted"}, {"36884", "name-mismatch"}, {"36881", "certificate-expired"}, {"36883", "certificate-revoked"}, {"36885", "client-certificate-missing"}, {"36889", "missing-intermediate"}, {"15021", "reset-after-hello"}, {"36888(70,105)", "no-common-version"}, {"36888 10 1203", "http-to-tls-port"}, {"36888 20 960", "record-altered"}, {"Schannel 36888 40 1204", "no-common-suite"}, {"36869", "key-unusable"},
	{`<Event><System><Provider Name="Schannel"/><EventID>36888</EventID></System><EventData><Data Name="AlertDesc">40</Data><Data Name="ErrorState">1205</Data></EventData></Event>`, "no-common-suite"},
	{"A fatal error occurred while creating a TLS client credential. The internal error state is 10013.", "no-common-version"},
	{"An TLS 1.2 connection request was received from a remote client application, but none of the cipher suites supported by the client application are supported by the server. The TLS connection request has failed.", "no-common-suite"},
	{"A fatal error occurred when attempting to access the TLS server credential private key. The error code returned from the cryptographic module is 0x8009030D. The internal error state is 10001.", "key-unusable"},
	{"STATUS_CONNECTION_RESET", "reset-after-hello"}, {"0xC000020D", "reset-after-hello"}, {"WSAECONNRESET 10054", "reset-after-hello"}, {"WSAETIMEDOUT", "connection-unanswered"}, {"WSAECONNREFUSED", "connection-refused"},
}

// ask gives the causes of what comes first.
func ask(text string) []string {
	var causes []string
	for i, e := range lexicon.Look(text) {
		if i < 2 {
			causes = append(causes, e.Causes...)
		}
	}
	return causes
}

func TestOthers(t *testing.T) {
	for _, c := range others {
		first := lexicon.Look(c.text)
		if len(first) == 0 || !slices.Contains(first[0].Causes, c.cause) {
			t.Errorf("%s\n\twant %s, got %v of %v", c.text, c.cause, ask(c.text), titles(first))
		}
		for _, other := range []string{strings.ToUpper(c.text), strings.ToLower(c.text), "  " + c.text + "\n", "Nov 24 10:00:00 www app[77]: ERROR " + c.text, "> " + c.text} {
			if found := lexicon.Look(other); len(found) == 0 || len(first) > 0 && found[0].Title != first[0].Title {
				t.Errorf("%q\n\tgot %v, and without what was changed %v", other, titles(found), titles(first))
			}
		}
	}
}

// TestFacts: whatever stands in backquotes in the collections of facts as a program's
// text is known, where they are at hand.
func TestFacts(t *testing.T) {
	b, err := os.ReadFile("../../../../../shared/facts/causes.md")
	if err != nil {
		t.Skip("the collection of facts is not here:", err)
	}
	whole := string(b)
	texts := regexp.MustCompile(`(?:prints|O|S|G|c \d+|J|Ch|Node|curl|server|client|GnuTLS|Python) (?:server |client )?`+"`([^`]{8,})`").FindAllStringSubmatch(whole, -1)
	for _, name := range regexp.MustCompile(`\b(?:ERR|SEC_E|CRYPT_E|CERT_E|SEC_ERROR|MOZILLA_PKIX_ERROR)_[A-Z0-9_]+\b`).FindAllString(whole, -1) {
		texts = append(texts, []string{"", name})
	}
	if len(texts) < 80 {
		t.Fatalf("there are %d texts only", len(texts))
	}
	for _, m := range texts {
		if len(lexicon.Look(m[1])) == 0 && !strings.Contains(m[1], " -") && !strings.HasSuffix(m[1], "_") && !strings.HasPrefix(m[1], "Get") {
			t.Errorf("%s is unknown", m[1])
		}
	}
}
