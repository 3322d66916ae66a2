package lexicon

// A phrase is a text of a program; says are parts of it in lower case, any of which
// is enough.
type phrase struct {
	says []string
	Entry
}

func said(by, title, means string, causes []string, find string, says ...string) phrase {
	return phrase{says, Entry{Title: title, SaidBy: by, Means: means, Causes: causes, Find: find}}
}

const (
	ofOpenSSL = "OpenSSL, and what is built on it (curl, nginx, Python, Node.js, Ruby, PHP)"
	ofCurl    = "curl"
	ofGo      = "Go (crypto/tls, net/http)"
	ofJava    = "Java (JSSE)"
	ofGnuTLS  = "GnuTLS (gnutls-cli, wget, Exim)"
	ofChrome  = "Chrome, Edge, Electron"
	ofFirefox = "Firefox, NSS"
	ofNode    = "Node.js"
	ofPython  = "Python (ssl, requests, urllib3)"
	ofDotNet  = ".NET, PowerShell"
	ofWindows = "Windows"
)

// texts are what programs print, but for alerts that came.
var texts = append([]phrase{
	// OpenSSL
	said(ofOpenSSL, "wrong version number", "What came is no TLS record: the peer speaks something else on this port, mostly plain HTTP, or a protocol that wants STARTTLS first. It has nothing to do with TLS versions.", []string{"server-speaks-no-tls", "client-speaks-no-tls"}, "curl -v http://HOST:PORT/ ; openssl s_client -starttls smtp", "wrong version number", "wrong_version_number", "packet length too long", "packet_length_too_long", "unknown protocol", "unknown_protocol"),
	said(ofOpenSSL, "http request", "A server of OpenSSL got plain HTTP on a port of TLS.", []string{"http-to-tls-port"}, "", "http request", "http_request"),
	said(ofOpenSSL, "https proxy request", "A server got CONNECT in the clear: the client takes it for a proxy.", []string{"proxy-request-to-tls-port"}, "", "https proxy request", "https_proxy_request"),
	said(ofOpenSSL, "no shared cipher", "The server found no cipher suite that both have, or none that goes with its certificate's key.", []string{"no-common-suite", "no-suite-for-certificate", "no-common-group"}, findHello, "no shared cipher", "no_shared_cipher"),
	said(ofOpenSSL, "unsupported protocol", "The version that the peer offered, or chose, is not allowed here. MinProtocol of openssl.cnf and the security level count as well.", []string{"no-common-version"}, "openssl s_client -tls1_2 ...; -cipher DEFAULT:@SECLEVEL=0 for TLS 1.0 and 1.1", "unsupported protocol", "unsupported_protocol"),
	said(ofOpenSSL, "version too low", "The peer's version is below what is allowed here.", []string{"no-common-version", "old-hello"}, "", "version too low", "version_too_low"),
	said(ofOpenSSL, "no protocols available", "No version is left: the settings of this side exclude each other.", []string{"no-common-version"}, "MinProtocol and MaxProtocol in openssl.cnf, -tls1 with a security level above 0", "no protocols available", "no_protocols_available"),
	said(ofOpenSSL, "no ciphers available", "No cipher suite is left: the settings of this side exclude each other.", []string{"no-common-suite"}, "", "no ciphers available", "no_ciphers_available"),
	said(ofOpenSSL, "dh key too small", "The server's prime for DHE is too short for this side.", []string{"weak-dh"}, "", "dh key too small", "dh_key_too_small"),
	said(ofOpenSSL, "ee key too small", "The key of the certificate is too short for the security level.", []string{"weak-certificate"}, "", "ee key too small", "ee_key_too_small", "ca md too weak", "ca_md_too_weak", "ca key too small"),
	said(ofOpenSSL, "no suitable key share", "No group of the key exchange in common (TLS 1.3).", []string{"no-common-group"}, "", "no suitable key share", "no_suitable_key_share", "no suitable groups"),
	said(ofOpenSSL, "no suitable signature algorithm", "The server has no key that signs in a way that the client can verify.", []string{"no-common-scheme"}, "", "no suitable signature algorithm", "no_suitable_signature_algorithm", "no shared signature algorithms", "no_shared_signature_algor"),
	said(ofOpenSSL, "certificate verify failed", "The certificate of the peer did not verify; the line beside it says why (\"unable to get local issuer certificate\", \"certificate has expired\", ...).", []string{"issuer-not-trusted", "missing-intermediate", "certificate-expired", "name-mismatch"}, findChain, "certificate verify failed", "certificate_verify_failed"),
	said(ofOpenSSL, "unable to get local issuer certificate", "The issuer of a certificate is neither among those sent nor among those trusted: a private authority that this client does not have, or a missing intermediate certificate.", []string{"issuer-not-trusted", "missing-intermediate"}, findChain, "unable to get local issuer certificate", "unable_to_get_issuer_cert_locally", "num=20:", "unable to get issuer certificate"),
	said(ofOpenSSL, "unable to verify the first certificate", "Only the server's own certificate was sent, and its issuer is not known here.", []string{"missing-intermediate", "issuer-not-trusted"}, findChain, "unable to verify the first certificate", "unable_to_verify_leaf_signature", "num=21:"),
	said(ofOpenSSL, "self-signed certificate in certificate chain", "The chain ends at a root that this client does not trust: a private authority, or a device that opens TLS.", []string{"issuer-not-trusted"}, findChain, "self-signed certificate in certificate chain", "self signed certificate in certificate chain", "self_signed_cert_in_chain", "num=19:"),
	said(ofOpenSSL, "self-signed certificate", "The server's certificate is signed by itself.", []string{"self-signed"}, findChain, "self-signed certificate", "self signed certificate", "depth_zero_self_signed_cert", "num=18:"),
	said(ofOpenSSL, "certificate has expired", "A certificate of the chain has expired: the server's own, or an intermediate or root one.", []string{"certificate-expired"}, findChain, "certificate has expired", "cert_has_expired", "num=10:"),
	said(ofOpenSSL, "certificate is not yet valid", "A certificate of the chain is not valid yet, or the clock here is behind.", []string{"certificate-not-yet-valid"}, "", "certificate is not yet valid", "cert_not_yet_valid", "num=9:"),
	said(ofOpenSSL, "hostname mismatch", "The certificate is not for the name.", []string{"name-mismatch"}, findChain, "hostname mismatch", "num=62:", "ip address mismatch"),
	said(ofOpenSSL, "unsuitable certificate purpose", "The certificate's extendedKeyUsage does not allow this use.", []string{"wrong-purpose", "client-certificate-refused"}, "", "unsuitable certificate purpose", "unsupported certificate purpose", "num=26:"),
	said(ofOpenSSL, "unable to get certificate CRL", "Revocation is checked, and there is no list of revoked certificates for the issuer.", []string{"revocation-unknown"}, "", "unable to get certificate crl", "num=3:"),
	said(ofOpenSSL, "permitted subtree violation", "The authority is not allowed to issue this certificate: not for this name, not at this depth, or none.", []string{"constraints-violated"}, "", "permitted subtree violation", "excluded subtree violation", "num=47:", "num=48:", "num=49:", "num=50:", "invalid ca certificate", "num=24:", "path length constraint exceeded", "num=25:"),
	said(ofOpenSSL, "unhandled critical extension", "A certificate has an extension that is marked critical and that is not known here.", []string{"critical-extension"}, "", "unhandled critical extension", "num=34:"),
	said(ofOpenSSL, "certificate revoked", "The certificate was revoked.", []string{"certificate-revoked", "client-certificate-refused"}, "", "num=23:", "cert_revoked"),
	said(ofOpenSSL, "certificate signature failure", "The signature of a certificate is not that of its issuer: it was altered, or an authority of the same name has issued it.", []string{"certificate-altered", "missing-intermediate"}, findChain, "certificate signature failure", "num=7:", "cert_signature_failure"),
	said(ofOpenSSL, "invalid status response", "The OCSP response that came is not in order.", []string{"staple-refused"}, "openssl s_client -connect HOST:443 -status", "invalid status response", "invalid_status_response", "no ocsp response received"),
	said(ofOpenSSL, "callback failed", "A callback of the server, which was to choose settings or a certificate for the name, has failed.", []string{"server-configuration", "server-certificate-unavailable", "unrecognized-name"}, "the server's log", "callback failed", "callback_failed", "cert cb error", "cert_cb_error"),
	said(ofOpenSSL, "peer did not return a certificate", "The server wants a certificate of the client, and there came none.", []string{"client-certificate-missing", "client-certificate-issuer"}, findClients, "peer did not return a certificate", "peer_did_not_return_a_certificate"),
	said(ofOpenSSL, "key values mismatch", "Certificate and key do not belong together; the server does not start with them.", []string{"key-unusable", "connection-refused"}, "compare: openssl x509 -noout -pubkey, openssl pkey -pubout", "key values mismatch", "key_values_mismatch"),
	said(ofOpenSSL, "unexpected eof while reading", "The peer closed the connection without close_notify. In a handshake: right after the ClientHello, mostly.", []string{"closed-after-hello", "server-closed"}, "handsel trace -v FILE shows after which message", "unexpected eof while reading", "unexpected_eof_while_reading", "eof occurred in violation of protocol"),
	said(ofOpenSSL, "unsafe legacy renegotiation disabled", "The peer does not know secure renegotiation (RFC 5746), and OpenSSL 3 does not talk to such by itself.", []string{"renegotiation-unsafe"}, "", "unsafe legacy renegotiation disabled", "unsafe_legacy_renegotiation_disabled"),
	said(ofOpenSSL, "bad signature", "The signature over the key exchange does not verify.", []string{"proof-wrong"}, "", "bad signature", "bad_signature", "digest check failed", "digest_check_failed"),
	said(ofOpenSSL, "decryption failed or bad record mac", "A record could not be decrypted.", []string{"record-altered"}, "", "decryption failed or bad record mac", "decryption_failed_or_bad_record_mac"),
	said(ofOpenSSL, "inappropriate fallback", "The client tried again with an older version, and the server knows a newer one.", []string{"fallback"}, "", "inappropriate fallback"),
	said(ofOpenSSL, "no application protocol", "No application protocol (ALPN) in common.", []string{"no-common-alpn"}, "", "no application protocol", "no_application_protocol"),
	said(ofOpenSSL, "callback failed, cert cb error", "The server's program gave no certificate for the connection.", []string{"server-configuration"}, "", "cert cb error", "cert_cb_error", "clienthello tlsext", "callback failed"),
	said(ofOpenSSL, "write:errno=104", "The connection was reset: right after the ClientHello, mostly.", []string{"reset-after-hello"}, "", "write:errno=104", "read:errno=104", "errno=104"),

	// curl
	said(ofCurl, "curl: (35)", "The handshake failed, or the connection ended during it. What follows the number says how.", []string{"no-common-version", "no-common-suite", "reset-after-hello", "closed-after-hello", "server-speaks-no-tls"}, "curl -v, handsel connect HOST", "curl: (35)", "curl error 35", "curle_ssl_connect_error"),
	said(ofCurl, "curl: (60)", "The server's certificate did not verify. With the text \"certificate expired\" and a client certificate in use it may be the client's own: an alert of the server.", []string{"issuer-not-trusted", "missing-intermediate", "name-mismatch", "certificate-expired", "client-certificate-expired"}, findChain, "curl: (60)", "curl error 60", "ssl certificate problem", "curle_peer_failed_verification"),
	said(ofCurl, "curl: (51), no alternative certificate subject name matches", "The certificate is not for the name. curl looks at it after the handshake.", []string{"name-mismatch"}, findChain, "no alternative certificate subject name matches", "curl: (51)", "does not match target host name"),
	said(ofCurl, "curl: (56)", "Reading failed after the handshake. In TLS 1.3 a refused client's certificate shows only here.", []string{"client-certificate-missing", "client-certificate-refused", "server-closed"}, findClients, "curl: (56)", "curl error 56"),
	said(ofCurl, "curl: (52) Empty reply from server", "The server closed without an answer: plain HTTP to a port of TLS, mostly.", []string{"http-to-tls-port", "server-closed"}, "write https://", "empty reply from server", "curl: (52)"),
	said(ofCurl, "curl: (7)", "There is no TCP connection.", []string{"connection-refused", "connection-unanswered"}, "", "curl: (7)", "failed to connect to", "couldn't connect to server"),
	said(ofCurl, "curl: (58), (77): a file", "A certificate or key file of this client cannot be read.", []string{"client-failed"}, "check the paths of --cert, --key and --cacert", "curl: (58)", "curl: (77)", "error setting certificate verify locations", "unable to set private key file"),
	said(ofCurl, "Connection reset by peer", "The connection was reset: nothing bound to the name, a firewall, or a load balancer without a healthy server.", []string{"reset-after-hello", "server-policy"}, "handsel trace -v FILE shows after which message", "connection reset by peer", "connection was reset", "econnreset", "connectionreseterror"),

	// Go
	said(ofGo, "x509: certificate signed by unknown authority", "The issuer is not trusted here, or an intermediate certificate is missing.", []string{"issuer-not-trusted", "missing-intermediate", "self-signed", "client-certificate-untrusted"}, findChain, "certificate signed by unknown authority"),
	said(ofGo, "x509: certificate is valid for X, not Y", "The certificate is not for the name.", []string{"name-mismatch"}, findChain, "x509: certificate is valid for", "cannot validate certificate for", "doesn't contain any ip sans", "certificate is not valid for any names", "relies on legacy common name field"),
	said(ofGo, "x509: certificate has expired or is not yet valid", "The dates do not fit: \"is after\" it has expired, \"is before\" it is not valid yet.", []string{"certificate-expired", "certificate-not-yet-valid"}, "check the clock", "certificate has expired or is not yet valid"),
	said(ofGo, "x509: certificate specifies an incompatible key usage", "The certificate's extendedKeyUsage does not allow this use.", []string{"wrong-purpose", "client-certificate-refused"}, "", "incompatible key usage"),
	said(ofGo, "x509: not authorized to sign for this name", "The authority may not issue for this name (name constraints).", []string{"constraints-violated"}, "", "not authorized to sign for this name"),
	said(ofGo, "tls: first record does not look like a TLS handshake", "What came is no TLS: the peer speaks something else.", []string{"server-speaks-no-tls", "client-speaks-no-tls", "http-to-tls-port"}, "", "first record does not look like a tls handshake"),
	said(ofGo, "http: server gave HTTP response to HTTPS client", "The server speaks plain HTTP on this port.", []string{"server-speaks-no-tls"}, "write http://, or switch TLS on", "server gave http response to https client"),
	said(ofGo, "client sent an HTTP request to an HTTPS server", "The client speaks plain HTTP to a port of TLS.", []string{"http-to-tls-port"}, "", "client sent an http request to an https server"),
	said(ofGo, "tls: client offered only unsupported versions", "The client's versions are all switched off here; their numbers follow in hexadecimal (301: TLS 1.0, 302: 1.1, 303: 1.2, 304: 1.3).", []string{"no-common-version"}, "", "client offered only unsupported versions", "server selected unsupported protocol version", "no supported versions satisfy"),
	said(ofGo, "tls: no cipher suite supported by both client and server", "No cipher suite in common, or none that goes with the certificate's key or a common group.", []string{"no-common-suite", "no-suite-for-certificate", "no-common-group"}, findHello, "no cipher suite supported by both client and server"),
	said(ofGo, "tls: no key exchanges supported by both client and server", "No group of the key exchange in common.", []string{"no-common-group"}, "", "no key exchanges supported by both", "no ecdhe curve supported by both"),
	said(ofGo, "tls: peer doesn't support any of the certificate's signature algorithms", "The client cannot verify what the certificate's key signs.", []string{"no-common-scheme"}, "", "certificate's signature algorithms"),
	said(ofGo, "tls: client requested unsupported application protocols", "No application protocol (ALPN) in common.", []string{"no-common-alpn"}, "", "unsupported application protocols"),
	said(ofGo, "tls: client didn't provide a certificate", "The server wants a certificate of the client, and there came none: the client has none of an authority in the server's list.", []string{"client-certificate-missing", "client-certificate-issuer"}, findClients, "client didn't provide a certificate"),
	said(ofGo, "tls: private key does not match public key", "Certificate and key do not belong together.", []string{"key-unusable"}, "", "private key does not match public key", "private key type does not match"),
	said(ofGo, "tls: unsupported SSLv2 handshake received", "The client begins with SSL 2.0.", []string{"old-hello"}, "", "unsupported sslv2 handshake received"),
	said(ofGo, "tls: bad record MAC", "A record could not be decrypted. With \"local error\" after a client refused the certificate in TLS 1.3: the client sent its alert in the clear, as OpenSSL does.", []string{"record-altered", "certificate-refused"}, "", "local error: tls: bad record mac"),
	said(ofGo, "tls: no renegotiation", "The server wants another handshake on the open connection, mostly for a client's certificate, and this client does not.", []string{"renegotiation-refused"}, "Config.Renegotiation", "tls: no renegotiation"),
	said(ofGo, "tls: server rejected ECH", "The server does not know the key of the Encrypted Client Hello.", []string{"ech-rejected"}, "", "server rejected ech"),
	said(ofGo, "net/http: TLS handshake timeout", "The handshake took longer than ten seconds.", []string{"server-silent", "hello-lost", "large-hello-dropped", "too-slow"}, "", "tls handshake timeout"),
	said(ofGo, "connection refused", "Nothing listens on the port.", []string{"connection-refused"}, "", "connection refused", "econnrefused"),
	said(ofGo, "EOF", "The peer closed the connection without a word.", []string{"closed-after-hello", "http-to-tls-port", "server-closed"}, "", "tls handshake error from eof", "handshake: eof", ": eof"),

	// Java
	said(ofJava, "PKIX path building failed", "The issuer is not in the truststore of this Java (cacerts, or javax.net.ssl.trustStore), or an intermediate certificate is missing.", []string{"issuer-not-trusted", "missing-intermediate", "self-signed"}, "keytool -list -cacerts; handsel connect HOST", "pkix path building failed", "unable to find valid certification path to requested target"),
	said(ofJava, "PKIX path validation failed", "The chain was found, and something of it is not in order: dates, revocation, constraints.", []string{"certificate-expired", "certificate-revoked", "revocation-unknown", "certificate-refused"}, "", "pkix path validation failed"),
	said(ofJava, "No subject alternative DNS name matching X found", "The certificate is not for the name.", []string{"name-mismatch"}, findChain, "no subject alternative dns name matching", "no subject alternative names present", "no subject alternative names matching", "no name matching"),
	said(ofJava, "No appropriate protocol", "No version or suite is left on this side: jdk.tls.disabledAlgorithms excludes TLS 1.0 and 1.1 since 2021.", []string{"no-common-version", "no-common-suite"}, "java -Djdk.tls.client.protocols=TLSv1.2,TLSv1.3", "no appropriate protocol", "protocol is disabled or cipher suites are inappropriate"),
	said(ofJava, "Unsupported or unrecognized SSL message", "What came is no TLS: the peer speaks something else.", []string{"server-speaks-no-tls"}, "", "unsupported or unrecognized ssl message", "unrecognized ssl message, plaintext connection"),
	said(ofJava, "Remote host terminated the handshake", "The server closed the connection without a word, mostly right after the ClientHello.", []string{"closed-after-hello", "server-closed"}, "", "remote host terminated the handshake", "remote host closed connection during handshake", "ssl peer shut down incorrectly"),
	said(ofJava, "no cipher suites in common", "No cipher suite in common, or the server's keystore has no certificate that goes with one.", []string{"no-common-suite", "server-certificate-unavailable", "no-suite-for-certificate"}, "", "no cipher suites in common"),
	said(ofJava, "handshake alert: unrecognized_name", "The server warned that it does not know the name; old Java gives up on that.", []string{"unrecognized-name"}, "jsse.enableSNIExtension=false only as a last resort", "handshake alert: unrecognized_name"),
	said(ofJava, "DHPublicKey does not comply to algorithm constraints", "The server's prime for DHE is too short.", []string{"weak-dh"}, "", "dhpublickey does not comply", "could not generate dh keypair"),
	said(ofJava, "Extended key usage does not permit use for TLS server authentication", "The certificate is not for servers.", []string{"wrong-purpose"}, "", "extended key usage does not permit"),
	said(ofJava, "Empty client certificate chain", "The server wants a certificate of the client, and there came none.", []string{"client-certificate-missing"}, findClients, "empty client certificate chain", "null cert chain"),
	said(ofJava, "Algorithm constraints check failed", "A certificate has a key or a signature that Java takes for too weak.", []string{"weak-certificate"}, "", "algorithm constraints check failed", "certificates do not conform to algorithm constraints"),
	said(ofJava, "No supported CertificateVerify signature algorithm", "The key of the client's certificate cannot sign in a way that the server takes, mostly a card or HSM without RSA-PSS.", []string{"no-common-scheme"}, "", "no supported certificateverify signature algorithm"),
	said(ofJava, "Could not determine revocation status", "Revocation is checked, and the answer could not be had.", []string{"revocation-unknown"}, "", "could not determine revocation status"),

	// GnuTLS
	said(ofGnuTLS, "An unexpected TLS packet was received", "What came is no TLS: the peer speaks something else.", []string{"server-speaks-no-tls", "malformed-message"}, "", "unexpected tls packet was received", "tls packet with unexpected length"),
	said(ofGnuTLS, "The TLS connection was non-properly terminated", "The peer closed the connection without close_notify.", []string{"closed-after-hello", "server-closed"}, "", "non-properly terminated"),
	said(ofGnuTLS, "No supported cipher suites have been found", "No cipher suite in common.", []string{"no-common-suite", "no-common-version", "no-suite-for-certificate"}, "", "no supported cipher suites have been found", "no or insufficient priorities"),
	said(ofGnuTLS, "The certificate is NOT trusted", "The certificate did not verify; the sentences after it say why.", []string{"issuer-not-trusted", "certificate-expired", "name-mismatch"}, findChain, "certificate is not trusted", "certificate issuer is unknown", "the certificate issuer is not a ca"),
	said(ofGnuTLS, "The name in the certificate does not match the expected", "The certificate is not for the name.", []string{"name-mismatch"}, findChain, "name in the certificate does not match"),
	said(ofGnuTLS, "The Diffie-Hellman prime is not acceptable", "The server's prime for DHE is too short.", []string{"weak-dh"}, "", "diffie-hellman prime sent by the server is not acceptable"),

	// browsers
	said(ofChrome, "ERR_SSL_VERSION_OR_CIPHER_MISMATCH", "No version or cipher suite in common: the server sent protocol_version or insufficient_security, or handshake_failure to the ClientHello.", []string{"no-common-version", "no-common-suite", "no-suite-for-certificate", "no-common-group", "no-server-name"}, findHello, "err_ssl_version_or_cipher_mismatch"),
	said(ofChrome, "ERR_SSL_PROTOCOL_ERROR", "Something in the handshake was not as it should be, and Chrome has no better word for it: often a server that speaks no TLS on the port.", []string{"server-speaks-no-tls", "malformed-message", "server-configuration"}, "handsel connect HOST", "err_ssl_protocol_error"),
	said(ofChrome, "ERR_BAD_SSL_CLIENT_AUTH_CERT", "The server refuses the client's certificate, or that there is none.", []string{"client-certificate-missing", "client-certificate-untrusted", "client-certificate-expired", "client-certificate-refused"}, findClients, "err_bad_ssl_client_auth_cert"),
	said(ofChrome, "ERR_SSL_CLIENT_AUTH_SIGNATURE_FAILED", "The key of the client's certificate could not sign: a card or HSM without RSA-PSS, mostly.", []string{"no-common-scheme", "key-unusable"}, "", "err_ssl_client_auth_signature_failed", "err_ssl_client_auth_no_common_algorithms"),
	said(ofChrome, "ERR_CERT_AUTHORITY_INVALID", "The issuer is not trusted, or the certificate is signed by itself.", []string{"issuer-not-trusted", "self-signed", "missing-intermediate"}, findChain, "err_cert_authority_invalid"),
	said(ofChrome, "ERR_CERT_COMMON_NAME_INVALID", "The certificate is not for the name.", []string{"name-mismatch"}, findChain, "err_cert_common_name_invalid"),
	said(ofChrome, "ERR_CERT_DATE_INVALID", "The certificate has expired, is not valid yet, or the clock is wrong.", []string{"certificate-expired", "certificate-not-yet-valid"}, "", "err_cert_date_invalid"),
	said(ofChrome, "ERR_CERT_REVOKED", "The certificate was revoked.", []string{"certificate-revoked"}, "", "err_cert_revoked"),
	said(ofChrome, "ERR_CERT_INVALID", "The certificate is not in order: its purpose, its constraints, or its form.", []string{"wrong-purpose", "certificate-unreadable"}, "", "err_cert_invalid"),
	said(ofChrome, "ERR_CERT_WEAK_KEY, ERR_CERT_WEAK_SIGNATURE_ALGORITHM", "The certificate's key or signature is too weak.", []string{"weak-certificate"}, "", "err_cert_weak_key", "err_cert_weak_signature_algorithm"),
	said(ofChrome, "ERR_CERTIFICATE_TRANSPARENCY_REQUIRED", "The certificate is in no public log. Only browsers want that: other clients take it.", []string{"certificate-refused"}, "", "err_certificate_transparency_required"),
	said(ofChrome, "ERR_CERT_VALIDITY_TOO_LONG", "The certificate is valid for longer than browsers allow (398 days). Other clients take it.", []string{"certificate-refused"}, "", "err_cert_validity_too_long"),
	said(ofChrome, "ERR_SSL_UNRECOGNIZED_NAME_ALERT", "The server has no site for the name.", []string{"unrecognized-name"}, "", "err_ssl_unrecognized_name_alert"),
	said(ofChrome, "ERR_SSL_KEY_USAGE_INCOMPATIBLE", "The certificate's keyUsage does not allow what its key is used for.", []string{"wrong-purpose"}, "", "err_ssl_key_usage_incompatible"),
	said(ofChrome, "ERR_TLS13_DOWNGRADE_DETECTED", "The server knows TLS 1.3 and TLS 1.2 came: a device between opens or changes TLS.", []string{"downgraded"}, "", "err_tls13_downgrade_detected"),
	said(ofChrome, "ERR_ECH_NOT_NEGOTIATED", "The server rejected the Encrypted Client Hello.", []string{"ech-rejected"}, "", "err_ech_not_negotiated"),
	said(ofChrome, "ERR_SSL_RENEGOTIATION_REQUESTED", "The server wants another handshake on the connection, and Chrome does not.", []string{"renegotiation-refused"}, "", "err_ssl_renegotiation_requested", "err_ssl_no_renegotiation"),
	said(ofChrome, "ERR_CONNECTION_RESET", "The connection was reset.", []string{"reset-after-hello"}, "", "err_connection_reset"),
	said(ofChrome, "ERR_CONNECTION_CLOSED", "The server closed the connection without a word.", []string{"closed-after-hello"}, "", "err_connection_closed"),
	said(ofChrome, "ERR_EMPTY_RESPONSE", "The server closed without an answer: plain HTTP to a port of TLS, mostly.", []string{"http-to-tls-port"}, "", "err_empty_response"),
	said(ofChrome, "ERR_CONNECTION_REFUSED", "Nothing listens on the port.", []string{"connection-refused"}, "", "err_connection_refused"),
	said(ofChrome, "ERR_CONNECTION_TIMED_OUT", "The server did not answer.", []string{"connection-unanswered", "hello-lost", "server-silent"}, "", "err_connection_timed_out", "err_timed_out"),
	said(ofFirefox, "SSL_ERROR_NO_CYPHER_OVERLAP", "No cipher suite in common.", []string{"no-common-suite", "no-suite-for-certificate"}, findHello, "ssl_error_no_cypher_overlap"),
	said(ofFirefox, "SSL_ERROR_UNSUPPORTED_VERSION", "No version in common: the server is too old.", []string{"no-common-version"}, "", "ssl_error_unsupported_version", "ssl_error_protocol_version_alert"),
	said(ofFirefox, "SSL_ERROR_RX_RECORD_TOO_LONG", "What came is no TLS: the server speaks plain HTTP on the port, mostly.", []string{"server-speaks-no-tls"}, "", "ssl_error_rx_record_too_long"),
	said(ofFirefox, "SSL_ERROR_BAD_CERT_DOMAIN", "The certificate is not for the name.", []string{"name-mismatch"}, findChain, "ssl_error_bad_cert_domain"),
	said(ofFirefox, "SEC_ERROR_UNKNOWN_ISSUER", "The issuer is not trusted, or an intermediate certificate is missing.", []string{"issuer-not-trusted", "missing-intermediate"}, findChain, "sec_error_unknown_issuer", "sec_error_untrusted_issuer", "mozilla_pkix_error_mitm_detected"),
	said(ofFirefox, "MOZILLA_PKIX_ERROR_SELF_SIGNED_CERT", "The certificate is signed by itself.", []string{"self-signed"}, findChain, "mozilla_pkix_error_self_signed_cert"),
	said(ofFirefox, "SEC_ERROR_EXPIRED_CERTIFICATE", "The certificate has expired.", []string{"certificate-expired"}, "", "sec_error_expired_certificate", "sec_error_expired_issuer_certificate"),
	said(ofFirefox, "MOZILLA_PKIX_ERROR_NOT_YET_VALID_CERTIFICATE", "The certificate is not valid yet.", []string{"certificate-not-yet-valid"}, "", "mozilla_pkix_error_not_yet_valid"),
	said(ofFirefox, "SEC_ERROR_REVOKED_CERTIFICATE", "The certificate was revoked.", []string{"certificate-revoked"}, "", "sec_error_revoked_certificate"),
	said(ofFirefox, "SEC_ERROR_INADEQUATE_CERT_TYPE", "The certificate is not for servers.", []string{"wrong-purpose"}, "", "sec_error_inadequate_cert_type", "sec_error_inadequate_key_usage"),
	said(ofFirefox, "MOZILLA_PKIX_ERROR_REQUIRED_TLS_FEATURE_MISSING", "The certificate wants an OCSP response to be stapled (must-staple), and the server did not.", []string{"staple-refused"}, "", "mozilla_pkix_error_required_tls_feature_missing", "sec_error_ocsp_invalid_signing_cert", "sec_error_ocsp_malformed_response", "sec_error_ocsp_old_response", "sec_error_ocsp_future_response", "mozilla_pkix_error_ocsp_response_for_cert_missing"),
	said(ofFirefox, "PR_END_OF_FILE_ERROR", "The server closed the connection without a word.", []string{"closed-after-hello"}, "", "pr_end_of_file_error"),
	said(ofFirefox, "PR_CONNECT_RESET_ERROR", "The connection was reset.", []string{"reset-after-hello"}, "", "pr_connect_reset_error"),

	// Node.js, Python, .NET
	said(ofNode, "ERR_TLS_CERT_ALTNAME_INVALID", "The certificate is not for the name.", []string{"name-mismatch"}, findChain, "err_tls_cert_altname_invalid", "hostname/ip does not match certificate's altnames"),
	said(ofNode, "Client network socket disconnected before secure TLS connection was established", "The server closed the connection in the handshake.", []string{"closed-after-hello", "server-closed"}, "", "client network socket disconnected before secure tls connection"),
	said(ofPython, "SSLEOFError: EOF occurred in violation of protocol", "The peer closed the connection without close_notify.", []string{"closed-after-hello", "server-closed"}, "", "ssleoferror"),
	said(ofPython, "certificate verify failed: Hostname mismatch", "The certificate is not for the name.", []string{"name-mismatch"}, findChain, "hostname mismatch, certificate is not valid for", "doesn't match either of"),
	said(ofDotNet, "Could not create SSL/TLS secure channel", "The handshake failed, mostly because the program asks only for old versions.", []string{"no-common-version", "no-common-suite"}, "SystemDefaultTlsVersions=1, SchUseStrongCrypto=1; or [Net.ServicePointManager]::SecurityProtocol = 'Tls12'", "could not create ssl/tls secure channel"),
	said(ofDotNet, "The remote certificate is invalid according to the validation procedure", "The server's certificate did not verify; RemoteCertificateNameMismatch, RemoteCertificateChainErrors say which check.", []string{"issuer-not-trusted", "name-mismatch", "certificate-expired"}, findChain, "remote certificate is invalid", "could not establish trust relationship", "remotecertificatechainerrors"),
	said(ofDotNet, "RemoteCertificateNameMismatch", "The certificate is not for the name.", []string{"name-mismatch"}, findChain, "remotecertificatenamemismatch"),
	said(ofDotNet, "The underlying connection was closed: An unexpected error occurred on a send", "The handshake failed or the connection ended in it, mostly because of old versions.", []string{"no-common-version", "reset-after-hello"}, "", "an unexpected error occurred on a send", "an unexpected error occurred on a receive"),
	said(ofWindows, "An existing connection was forcibly closed by the remote host", "The connection was reset.", []string{"reset-after-hello"}, "", "forcibly closed by the remote host"),
	said(ofWindows, "The target principal name is incorrect", "The certificate is not for the name.", []string{"name-mismatch"}, "", "target principal name is incorrect"),
	said(ofWindows, "issued by an authority that is not trusted", "The issuer is not trusted here.", []string{"issuer-not-trusted", "missing-intermediate"}, "", "issued by an authority that is not trusted"),
	said(ofWindows, "The client and server cannot communicate, because they do not possess a common algorithm", "No version or cipher suite in common.", []string{"no-common-version", "no-common-suite"}, "", "do not possess a common algorithm"),
	said(ofWindows, "the message received was unexpected or badly formatted", "The peer has sent an alert that Schannel has no code for, mostly handshake_failure, or what came is no TLS.", []string{"no-common-suite", "no-common-version", "server-speaks-no-tls"}, "", "message received was unexpected or badly formatted"),
	said(ofWindows, "A specified logon session does not exist (0x80070520)", "IIS cannot use the private key of the certificate.", []string{"key-unusable"}, "import the certificate again with its key", "a specified logon session does not exist", "0x80070520"),
	said("nginx, IIS", "400 No required SSL certificate was sent; 496; 403.7", "The handshake was complete, and the client has shown no certificate though the site wants one.", []string{"client-certificate-missing"}, findClients, "no required ssl certificate was sent", "403.7"),
	said("nginx, IIS", "400 The SSL certificate error; 495; 403.16", "The handshake was complete, and the client's certificate did not verify.", []string{"client-certificate-untrusted", "client-certificate-expired", "client-certificate-refused"}, findClients, "the ssl certificate error", "403.16", "403.17"),
	said("nginx, Apache", "The plain HTTP request was sent to HTTPS port (497)", "The client speaks plain HTTP to a port of TLS.", []string{"http-to-tls-port"}, "", "plain http request was sent to https port", "you're speaking plain http to an ssl-enabled server port"),
	said("Apache, nginx, Caddy, Handsel", "421 Misdirected Request", "The connection was made for another name and is not allowed to serve this one: the browser shares connections between names of one certificate.", nil, "bindings with the same settings for both names, or certificates of their own", "421 misdirected request", "misdirected request"),
	said("HTTP/2", "HTTP_1_1_REQUIRED", "The server wants the request over HTTP/1.1, because it has to ask for a client's certificate, which HTTP/2 does not allow on an open connection.", []string{"renegotiation-refused", "client-certificate-missing"}, "ask for the certificate in the handshake, or switch HTTP/2 off for the name", "http_1_1_required"),
}, furtherTexts...)
